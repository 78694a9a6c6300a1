"""Erasing: what is to be forgotten by now is destroyed in the vault, and the ledger is told.

What is owed stands in the ledger, so that neither a crash nor a restore from older copies forgets to forget.
"""

import logging
from collections.abc import Callable, Iterator, Sequence

import anyio
from anyio import to_thread

from actors.arrival import Overloaded
from actors.names import trader_desk
from appliance.assembly import Machine
from appliance.seam import why_it_failed
from firm.bounds import POOLED_TOLD_MAX
from firm.ids import id_text
from firm.inputs import DeletionReported, ErasureReported, Input, MonthForgotten
from firm.instant import DAY_US
from storage.errors import DiskRefused, FrontRefused, VaultDamaged
from storage.logins_pooled import pooled_logins
from storage.people import SESSION, month_of, reference
from storage.readmodels.documents import documents_to_destroy
from storage.readmodels.erasures import Erasure, erasures_due
from storage.readmodels.seals import months_sealed
from storage.sqlite_file import TracesRemain

LOOK_EVERY_S = 5.0
DUE_AT_ONCE = 2_000

_LOG = logging.getLogger("evenhand.appliance")


async def forget_who_is_due(machine: Machine) -> None:
    """Until cancelled."""
    told = ""
    while True:
        await anyio.sleep(LOOK_EVERY_S)
        if machine.runner.held:
            continue
        why = await forget_once(machine)
        if why and why != told:
            _LOG.error("somebody who is to be forgotten is not yet, which is tried again: %s", why)
        told = why


async def forget_once(machine: Machine) -> str:
    """Whoever and whatever is due by now; why not all of it was done or told, "" where it was. What is left stays due."""
    # Each by itself: where one document cannot go, nobody's erasure waits for it.
    whys = [await _told(machine, work) for work in (forget_documents, forget)]
    return "; ".join(why for why in whys if why)


async def _told(machine: Machine, work: Callable[[Machine], Sequence[Input]]) -> str:
    """What it destroyed is told to the ledger; why not all of it was, or ""."""

    async def forget_and_tell() -> None:
        for report in await to_thread.run_sync(work, machine):
            await machine.ask(report)

    return await why_it_failed(forget_and_tell, DiskRefused, FrontRefused, VaultDamaged, TracesRemain, Overloaded)


async def forget_old_months(machine: Machine) -> None:
    """Refused events of months that are old enough. A kill between the two leaves the second to the next time."""

    async def forget_and_tell() -> None:
        for told in await to_thread.run_sync(forget_months, machine):
            await machine.ask(told)

    if why := await why_it_failed(forget_and_tell, DiskRefused, VaultDamaged, TracesRemain, Overloaded):
        _LOG.error("refused events of months gone by are not destroyed yet, which is tried again: %s", why)


def forget_months(machine: Machine) -> list[MonthForgotten]:
    """Destroys the keys of these months, and with them what bridges sent that nobody could read or place. Never in the loop."""
    kept_since = month_of(machine.clock.now_us() - machine.settings.ledger.refused_keep_days * DAY_US)
    with machine.reader.connection() as book:
        old = [(month, SESSION) for month in months_sealed(book) if month < kept_since]
    gone = machine.vault.erase_each(old) if old else []
    return [MonthForgotten(whose=month, values=values) for (month, _), values in zip(old, gone, strict=True)]


def forget_documents(machine: Machine) -> list[DeletionReported]:
    """Destroys documents that were taken back or deleted; what the engine is to hear of it. Never in the loop."""
    with machine.reader.connection() as book:
        due = documents_to_destroy(book, DUE_AT_ONCE)
    if not due:
        return []
    machine.vault.erase_values([each.sealed for each in due])
    for each in due:
        _LOG.info("document %s of trader:%d was destroyed", id_text(each.document), each.trader)
    return [DeletionReported(trader=each.trader, document=each.document, sealed=each.sealed) for each in due]


def forget(machine: Machine) -> list[ErasureReported]:
    """Destroys what is due by now; what the engine is to hear of it. Takes as long as the vault's files are large: never in the loop."""
    with machine.reader.connection() as book:
        found_due = erasures_due(book, machine.clock.now_us(), DUE_AT_ONCE)
        stopped = machine.engine.own.state.stopped
        # A stopped desk would only park what it is told, round after round.
        due = [each for each in found_due if trader_desk(each.trader) not in stopped]
        pooled = {each: list(pooled_logins(book, each.trader)) for each in due if each.klass == SESSION}
    for person in {reference("trader", each.trader) for each in due}:
        machine.sessions.delete_person(person)
        machine.devices.forget_person(person)
        machine.links.forget_person(person)
    if any(pooled.values()):
        machine.vault.erase_values([commitment for found in pooled.values() for commitment in found])
    gone = machine.vault.erase_each([(reference("trader", each.trader), each.klass) for each in due]) if due else []
    reports: list[ErasureReported] = []
    for each, values in zip(due, gone, strict=True):
        found = pooled.get(each, [])
        _LOG.info("trader:%d was forgotten: %d values of class %s", each.trader, values + len(found), each.klass)
        reports += [*_of_pooled(each, found), _report(each, values, (), finished=True)]
    return reports


def _of_pooled(due: Erasure, found: list[str]) -> Iterator[ErasureReported]:
    """What earlier releases sealed of the trader's logins under the key of all logins: single values went, their key stays."""
    for at in range(0, len(found), POOLED_TOLD_MAX):
        part = tuple(found[at : at + POOLED_TOLD_MAX])
        yield _report(due, len(part), part, finished=False)


def _report(due: Erasure, values: int, pooled: tuple[str, ...], *, finished: bool) -> ErasureReported:
    return ErasureReported(trader=due.trader, klass=due.klass, values=values, pooled=pooled, finished=finished)
