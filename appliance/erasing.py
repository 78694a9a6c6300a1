"""Erasing: what is to be forgotten by now is destroyed in the vault, and the ledger is told.

What is owed stands in the ledger, so that neither a crash nor a restore from older copies forgets to forget.
"""

import logging

import anyio
from anyio import to_thread

from appliance.assembly import Machine
from firm.bounds import POOLED_TOLD_MAX
from firm.inputs import ErasureReported
from storage.errors import DiskRefused, FrontRefused, VaultDamaged
from storage.logins_pooled import pooled_logins
from storage.people import SESSION, reference
from storage.readmodels.erasures import Erasure, erasures_due
from storage.sqlite_file import TracesRemain

LOOK_EVERY_S = 5.0
DUE_AT_ONCE = 50

_LOG = logging.getLogger("evenhand.appliance")


async def forget_who_is_due(machine: Machine) -> None:
    """Until cancelled."""
    told = ""
    while True:
        await anyio.sleep(LOOK_EVERY_S)
        if machine.runner.held:
            continue
        why = ""
        try:
            for report in await to_thread.run_sync(forget, machine):
                await machine.ask(report)
        except (DiskRefused, FrontRefused, VaultDamaged, TracesRemain) as failed:
            why = str(failed)
        if why and why != told:
            _LOG.error("somebody who is to be forgotten is not yet, which is tried again: %s", why)
        told = why


def forget(machine: Machine) -> list[ErasureReported]:
    """Destroys what is due by now; what the engine is to hear of it. Takes as long as the vault's files are large: never in the loop."""
    with machine.reader.connection() as book:
        due = erasures_due(book, machine.clock.now_us(), DUE_AT_ONCE)
    return [report for each in due for report in _forgotten(machine, each)]


def _forgotten(machine: Machine, due: Erasure) -> list[ErasureReported]:
    person = reference("trader", due.trader)
    machine.sessions.delete_person(person)
    pooled = _pooled(machine, due) if due.klass == SESSION else []
    values = machine.vault.erase(person, due.klass)
    _LOG.info("%s was forgotten: %d values of class %s", person, values + len(pooled), due.klass)
    parts = [pooled[at : at + POOLED_TOLD_MAX] for at in range(0, len(pooled), POOLED_TOLD_MAX)]
    reports = [_report(due, len(part), tuple(part), finished=False) for part in parts]
    return [*reports, _report(due, values, (), finished=True)]


def _pooled(machine: Machine, due: Erasure) -> list[str]:
    """What earlier releases sealed of the trader's logins under the key of all logins: single values go, their key stays."""
    with machine.reader.connection() as book:
        found = list(pooled_logins(book, due.trader))
    if found:
        machine.vault.erase_values(found)
    return found


def _report(due: Erasure, values: int, pooled: tuple[str, ...], *, finished: bool) -> ErasureReported:
    return ErasureReported(trader=due.trader, klass=due.klass, values=values, pooled=pooled, finished=finished)
