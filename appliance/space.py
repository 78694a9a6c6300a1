"""Space: before the disk is full the firm takes nothing more, so that its pages stay up; with room again it goes on by itself.

What bridges send meanwhile stays with them, unacknowledged. A ballast file is set aside for the worse case, a disk that filled
faster than it was looked at: it is given up at the next start, and laid again once there is room.
"""

import logging
import os
from contextlib import suppress
from pathlib import Path

import anyio
from anyio import to_thread

from appliance.assembly import Machine
from storage.errors import LedgerInUse
from storage.files import BALLAST_BYTES, FirmDirectory, drop_ballast, has_ballast, lay_ballast
from storage.lock import writers_kept_out
from storage.segments import clear_cut_short

LOOK_EVERY_S = 1.0
BALLAST_AGAIN_S = 60.0  # after it was refused
MB = 1_000_000
ROOM_TO_START_BYTES = 16 * MB  # with less, the files of a firm cannot even be opened and read
# Room must be had with something to spare, or the firm would stop and go on with every file that comes and goes.
SPARE_SHARE = 10

_LOG = logging.getLogger("evenhand.appliance")


class Space:
    """Watches the free space under a firm's directory, and holds its engine while there is too little."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._runner = machine.runner
        self._files = FirmDirectory(machine.directory)
        self._least_bytes = machine.settings.ledger.space_min_mb * MB
        # The commit has its own threads: a disk that takes long over the ballast must not have one of them.
        self._thread = anyio.CapacityLimiter(1)

    async def watch(self) -> None:
        """Until cancelled."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._keep_ballast)
            while True:
                await anyio.sleep(LOOK_EVERY_S)
                self.look()

    def look(self) -> None:
        """Hold the engine, let it go on, or leave it as it is: also where the disk does not say how much is free, which is told."""
        try:
            free = free_bytes(self._files.path)
        except OSError as failed:
            self._note_unseen(f"how much is free under {self._files.path} cannot be seen ({failed.strerror or failed})")
            return
        self._note_unseen("")
        enough = self._least_bytes + (self._least_bytes // SPARE_SHARE if self._runner.held else 0)
        if free < enough:
            self._hold(free)
        elif self._runner.held:
            _LOG.warning("there is room again, %d MB: the firm goes on", free // MB)
            self._runner.go_on()

    def _hold(self, free: int) -> None:
        """From the second look on only the figure is told anew: whoever reads it makes room by it."""
        why = (
            f"the firm's disk has only {free // MB} MB free, and takes nothing more below {self._least_bytes // MB} MB"
        )
        if not self._runner.held:
            self._machine.held_since_us = self._machine.clock.now_us()
            _LOG.error("%s: make room in %s; pages stay up, and the firm goes on by itself", why, self._files.path)
        self._runner.hold(why)

    def _note_unseen(self, why: str) -> None:
        before, self._machine.space_unseen = self._machine.space_unseen, why
        if why and not before:
            _LOG.error("%s: see whether its file system is still mounted", why)
        elif before and not why:
            _LOG.warning("how much is free can be seen again")

    async def _keep_ballast(self) -> None:
        """Laid beside everything else. A firm without it is poorer by a precaution, and by nothing else."""
        while True:
            wait_s = LOOK_EVERY_S
            try:
                if self._may_lay_ballast():
                    await to_thread.run_sync(lay_ballast, self._files, limiter=self._thread, abandon_on_cancel=True)
            except OSError as refused:
                wait_s = BALLAST_AGAIN_S
                _LOG.warning("no ballast is laid (%s); again in %g s", refused, wait_s)
            await anyio.sleep(wait_s)

    def _may_lay_ballast(self) -> bool:
        if self._runner.held or has_ballast(self._files):
            return False
        return free_bytes(self._files.path) >= self._least_bytes + BALLAST_BYTES


def free_bytes(folder: Path) -> int:
    """What this user may still write."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def make_room_to_start(folder: Path) -> None:
    """Remove what a sealing left that was cut short, and give the ballast up where the files could not even be opened."""
    files = FirmDirectory(folder)
    try:
        with (
            suppress(LedgerInUse),
            writers_kept_out(files.lock) as alone,
        ):  # who has it may be sealing; the start says who
            for name in clear_cut_short(folder) if alone else ():
                _LOG.warning("%s was removed from the segments: its sealing had been cut short", name)
        if files.ballast.exists() and free_bytes(folder) < ROOM_TO_START_BYTES:
            drop_ballast(files)
            _LOG.warning("%s is full: the ballast was given up so that the firm can start", folder)
    except OSError as failed:  # the start itself meets whatever is wrong, and says it
        _LOG.warning("whether there is room in %s could not be seen or made: %s", folder, failed)
