"""Gather: one look at the machine: its health, its bridges, its clock and its files, brought together as figures."""

import contextlib
import os
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from statistics import median_low

import apsw

from actors.enforcement_desk import EnforcementDesk
from actors.enforcement_plans import keeps_failing, why_withheld
from actors.live import BridgeHealth
from actors.names import enforcement_desk
from appliance.alarms.backup_age import last_backup_us
from appliance.alarms.copies_check import CopiesCheck, last_check
from appliance.alarms.figures import BridgeFigures, Figures, FileFigures
from appliance.assembly import Machine
from appliance.clock import SystemClock, wall_us
from appliance.mail_courier import MailsSeen
from bridges.sessions import VAULT_NOT_WRITABLE, WAITS_FOR_THE_VAULT
from bridges.translate import PROTECTION_LEFT_OUT
from firm.instant import SECOND_US
from firm.sessions import is_open
from storage.errors import LedgerDamaged, LedgerRefused
from storage.files import FirmDirectory
from storage.reader import LedgerReader
from storage.readmodels.registry import READ_MODELS
from storage.refold import lost_tables, stale_models

REFUSED_WINDOW_S = 300
HELD_BACK = "held back"  # what the gateway counts when it only waits, and refuses nothing
# The vault has an alarm of its own; and no trader rings one by asking for a target that no price reaches.
NO_FAULT_OF_BRIDGES = {HELD_BACK, PROTECTION_LEFT_OUT, VAULT_NOT_WRITABLE, WAITS_FOR_THE_VAULT}
US_PER_MS = 1_000


class _Rise:
    """By how much a counter rose within the last five minutes."""

    def __init__(self, now_s: float) -> None:
        self._seen: deque[tuple[float, int]] = deque([(now_s, 0)])

    def within(self, total: int, now_s: float) -> int:
        self._seen.append((now_s, total))
        while self._seen[0][0] < now_s - REFUSED_WINDOW_S:
            self._seen.popleft()
        return total - self._seen[0][1]


class Gatherer:
    """Remembers what the look before saw, where an alarm is about a change."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._batches = self._commit_us = self._commit_max_us = 0
        self._were_here: set[str] = set()
        self._committed_s = time.monotonic()
        self._refusals, self._vault_refusals = _Rise(self._committed_s), _Rise(self._committed_s)

    def look(self, files: FileFigures) -> Figures:
        """In the event loop. `files`: from `file_figures`, which a thread has read."""
        machine = self._machine
        idle_ms = self._idle_ms()
        health = machine.health.now()
        return Figures(
            at_us=wall_us(),
            health=health,
            bridges=tuple(self._bridge(told) for told in health.bridges),
            outside=machine.outbound.seen(),
            files=files,
            backups_wanted=bool(machine.settings.backups.destination),
            copies_unseen=machine.copies_unseen,
            space_unseen=machine.space_unseen,
            files_unseen=machine.files_unseen,
            calendar_us=machine.calendar_current_us if machine.settings.calendar.url else None,
            held=machine.runner.held,
            idle_ms=idle_ms,
            commit_us=self._commit_us,
            commit_max_us=self._commit_max_us,
            refused=self._refusals.within(self._refused(), time.monotonic()),
            vault_refused=self._vault_refusals.within(machine.vault.refusals, time.monotonic()),
            mails=MailsSeen() if machine.mails is None else machine.mails.seen,
            clock_off_ms=self._clock_off_ms(),
        )

    def _idle_ms(self) -> int:
        """How long there was no commit. What commits took stays as it was meanwhile: a look within a slow one sees no quick one."""
        meter, now_s = self._machine.meter, time.monotonic()
        if new := min(meter.batches - self._batches, len(meter.commit_us)):
            recent = list(meter.commit_us)[-new:]
            self._batches, self._committed_s = meter.batches, now_s
            self._commit_us, self._commit_max_us = median_low(recent), max(recent)
        return int((now_s - self._committed_s) * 1_000)

    def _refused(self) -> int:
        return sum(many for reason, many in self._machine.counters.items() if reason not in NO_FAULT_OF_BRIDGES)

    def _clock_off_ms(self) -> int:
        """A simulated clock is not the machine's, and is not compared with it."""
        clock = self._machine.clock
        return (wall_us() - clock.now_us()) // US_PER_MS if isinstance(clock, SystemClock) else 0

    def _bridge(self, told: BridgeHealth) -> BridgeFigures:
        """Of one that was revoked nobody expects anything; what it was still ordered to do a person has to settle. Nor is a price
        expected of one that played what was recorded, once that is over.
        """
        machine, now_us, bridge = self._machine, self._machine.clock.now_us(), told.bridge
        is_revoked = machine.directory_of_bridges.is_revoked(bridge)
        if told.connected or told.journal_seq or told.watermark_us:
            self._were_here.add(bridge)
        desk = machine.engine.desk(enforcement_desk(bridge))
        assert isinstance(desk, EnforcementDesk)
        waits_since_us = min((one.since_us for one in desk.state.commands.values()), default=now_us)
        return BridgeFigures(
            bridge=bridge,
            was_here=bridge in self._were_here and not is_revoked,
            connected=told.connected,
            platform_up=told.platform_up,
            silent_ms=None if is_revoked or told.prices_ended_us else self._silent_ms(bridge, now_us),
            command_ms=max(0, now_us - waits_since_us) // US_PER_MS,
            owed=len(desk.state.owed),
            enforced=not is_revoked and not why_withheld(desk.state),
            failing=0 if is_revoked else sum(keeps_failing(plan) for plan in desk.state.plans.values()),
        )

    def _silent_ms(self, bridge: str, now_us: int) -> int | None:
        board = self._machine.engine.market(bridge).board
        # Open now and at the limit's other end: the hours before a session began are no silence.
        earlier_us = now_us - self._machine.settings.alarms.feed_silent_s * SECOND_US
        newest = [
            quote.t_us
            for symbol, quote in board.quotes.items()
            if is_open(board.specs[symbol], now_us) and is_open(board.specs[symbol], earlier_us)
        ]
        return max(0, now_us - max(newest)) // US_PER_MS if newest else None


def file_figures(directory: Path, reader: LedgerReader) -> FileFigures:
    """What the disk shows; in a thread."""
    files = FirmDirectory(directory)
    names = files.databases()
    found = os.statvfs(directory)
    return FileFigures(
        sizes={path.stem: _size(path) for path in names},
        wal_sizes={path.stem: _size(path.with_name(f"{path.name}-wal")) for path in names},
        disk_free=found.f_bavail * found.f_frsize,
        backup_us=last_backup_us(directory),
        copies_check=last_check(directory),
        first_row_us=_first_row_us(reader),
        models_behind=tuple(_models_behind(reader)),
    )


def nothing_seen(now_us: int) -> FileFigures:
    """Until the disk can be looked at: as if all were well, because what nobody knows is no alarm but that nobody knows it."""
    return FileFigures(
        sizes={},
        wal_sizes={},
        disk_free=-1,
        backup_us=now_us,
        copies_check=CopiesCheck(at_us=now_us),
        first_row_us=0,
        models_behind=(),
    )


def _size(path: Path) -> int:
    with contextlib.suppress(FileNotFoundError):
        return path.stat().st_size
    return 0


def _first_row_us(reader: LedgerReader) -> int:
    with contextlib.suppress(apsw.Error, LedgerDamaged, LedgerRefused):  # which `models_behind` tells
        first = reader.row(1)
        return 0 if first is None else first.received_us
    return 0


def _models_behind(reader: LedgerReader) -> Iterator[str]:
    try:
        with reader.connection() as book:
            stale = set(stale_models(book, READ_MODELS))
            for model in READ_MODELS:
                if model.name in stale or lost_tables(book, model.name):
                    yield model.name
    except (apsw.Error, LedgerDamaged, LedgerRefused) as unreadable:
        yield f"(the book could not be read: {type(unreadable).__name__})"
