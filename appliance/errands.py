"""Errands: the machine's own housekeeping: the prices of days gone by are sealed into segments, what is old is let go."""

import logging
from collections.abc import Awaitable, Callable

import anyio
from anyio import to_thread

from actors.arrival import Overloaded
from appliance.assembly import Machine
from appliance.clock import wall_us
from appliance.erasing import forget_old_months
from appliance.lapsing import lapse_unpaid
from appliance.never_confirmed import NeverConfirmed
from appliance.retention import let_go
from appliance.seam import why_it_failed
from appliance.space import MB, SPARE_SHARE
from firm.instant import DAY_US
from storage.errors import FrontRefused
from storage.ledger import Ledger
from storage.reader import LedgerReader
from storage.segments import seal

LOOK_EVERY_S = 60

_LOG = logging.getLogger("evenhand.appliance")


async def keep_house(machine: Machine) -> None:
    """Now and then, a little at a time; the ledger's writer does its part between two batches."""
    sealing, letting_go = Errand("prices of days gone by were not sealed"), Errand("what is old was not let go")
    forsaken = NeverConfirmed(machine)
    while True:
        await anyio.sleep(LOOK_EVERY_S)
        if machine.runner.held:
            continue
        await sealing.run(lambda: seal_days_gone_by(machine))
        await to_thread.run_sync(_forget_ended_sessions, machine)
        machine.runner.between_batches(Ledger.drop_sealed_frames)
        await letting_go.run(lambda: let_go(machine))
        if why := await why_it_failed(forsaken.forget, Overloaded):
            _LOG.error("who never confirmed their mail address was not forgotten, which is tried again: %s", why)
        await lapse_unpaid(machine)
        await forget_old_months(machine)


class Errand:
    """What can wait: where the disk refuses it, it is told once for each reason, and tried again the next time."""

    def __init__(self, undone: str) -> None:
        self._undone = undone
        self._told = ""

    async def run(self, errand: Callable[[], Awaitable[None]]) -> None:
        why = ""
        try:
            await errand()
        except OSError as failed:
            why = str(failed)
        if why and why != self._told:
            _LOG.error("%s, which is tried again each minute: %s", self._undone, why)
        self._told = why


def _forget_ended_sessions(machine: Machine) -> None:
    """What has ended counts for nothing, so it may stay a little longer."""
    try:
        machine.sessions.purge(wall_us())
        machine.throttle.purge(wall_us())
        machine.devices.purge(wall_us())
        machine.links.purge(wall_us())
    except FrontRefused as refused:
        _LOG.warning("sessions that have ended were not removed: %s", refused)


async def seal_days_gone_by(machine: Machine) -> None:
    """Put the frames of every day (UTC) of firm time that is over into a segment, and tell the ledger."""
    today_us = machine.clock.now_us() // DAY_US * DAY_US
    upto_seq = await to_thread.run_sync(_last_seq_before, machine.reader, today_us)
    if upto_seq <= machine.reader.sealed_through():
        return
    least_bytes = machine.settings.ledger.space_min_mb * MB
    leave_bytes = least_bytes + least_bytes // SPARE_SHARE  # a firm that stops for want of space goes on with so much
    sealed = await to_thread.run_sync(lambda: seal(machine.directory, upto_seq=upto_seq, leave_bytes=leave_bytes))
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
