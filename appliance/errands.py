"""Errands: the machine's own housekeeping: the prices of days gone by are sealed into segments, what is old is let go."""

import logging

import anyio
from anyio import to_thread

from appliance.assembly import Machine
from appliance.clock import wall_us
from appliance.retention import let_go
from firm.instant import DAY_US
from storage.errors import FrontRefused
from storage.ledger import Ledger
from storage.reader import LedgerReader
from storage.segments import seal

LOOK_EVERY_S = 60

_LOG = logging.getLogger("evenhand.appliance")


async def keep_house(machine: Machine) -> None:
    """Now and then, a little at a time; the ledger's writer does its part between two batches."""
    while True:
        await anyio.sleep(LOOK_EVERY_S)
        if machine.runner.held:
            continue
        await seal_days_gone_by(machine)
        await to_thread.run_sync(_forget_ended_sessions, machine)
        machine.runner.between_batches(Ledger.drop_sealed_frames)
        await let_go(machine)


def _forget_ended_sessions(machine: Machine) -> None:
    """What has ended counts for nothing, so it may stay a little longer."""
    try:
        machine.sessions.purge(wall_us())
        machine.throttle.purge(wall_us())
    except FrontRefused as refused:
        _LOG.warning("sessions that have ended were not removed: %s", refused)


async def seal_days_gone_by(machine: Machine) -> None:
    """Put the frames of every day (UTC) of firm time that is over into a segment, and tell the ledger."""
    today_us = machine.clock.now_us() // DAY_US * DAY_US
    upto_seq = await to_thread.run_sync(_last_seq_before, machine.reader, today_us)
    if upto_seq <= machine.reader.sealed_through():
        return
    sealed = await to_thread.run_sync(lambda: seal(machine.directory, upto_seq=upto_seq))
    if sealed is not None:
        machine.put(sealed)


def _last_seq_before(reader: LedgerReader, instant_us: int) -> int:
    """The last row received before the instant: firm time never goes back along the ledger, so this bisects."""
    low, high = 0, reader.size()
    while low < high:
        middle = (low + high + 1) // 2
        row = reader.row(middle)
        if row is not None and row.received_us < instant_us:
            low = middle
        else:
            high = middle - 1
    return low
