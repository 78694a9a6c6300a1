"""Watch: looks the machine over every few seconds, and hands what is to be said to the couriers. The engine never waits for it."""

import logging
import time
from collections.abc import Sequence

import anyio
from anyio import to_thread

from appliance.alarms.checks import look_over
from appliance.alarms.courier import Courier
from appliance.alarms.figures import Figures, FileFigures
from appliance.alarms.gather import Gatherer, file_figures, nothing_seen
from appliance.alarms.notice import Alarm, Notice, Standing
from appliance.alarms.remedies import REMEDIES
from appliance.alarms.ways import tell_log
from appliance.assembly import Machine
from appliance.clock import wall_us
from appliance.heartbeat import Heartbeat
from appliance.metrics import metrics_text
from appliance.seam import why_it_failed
from web.machine import NONE_REFUSED, AskedTooMuch, CopiesSeen

FILES_DEADLINE_S = 4.0  # a look comes every few seconds
LOOKS_UNSEEN_MAX = 3  # so many in a row are an alarm

_LOG = logging.getLogger("evenhand.alarms")


class Watch:
    """One machine's. It is also what pages see of the machine (`web.machine.MachineView`)."""

    def __init__(self, machine: Machine, couriers: Sequence[Courier]) -> None:
        self.couriers = couriers
        self.heartbeat = Heartbeat(machine.settings.heartbeat, lambda: machine.meter.batches, machine.outbound)
        self.metrics_token = machine.secret_texts.metrics_token
        self.looks_failed = 0
        self._machine = machine
        self._gatherer = Gatherer(machine)
        # The commit has its own threads: a disk that hangs must not take one of them for a look.
        self._thread = anyio.CapacityLimiter(1)
        self._awaited = False  # by a thread: what a hanging disk has not answered is not asked again and again
        self._looks_unseen = 0
        self._seen = self._gatherer.look(self._first_files())

    async def run(self) -> None:
        """Until cancelled."""
        async with anyio.create_task_group() as tasks:
            for courier in self.couriers:
                tasks.start_soon(courier.run)
            tasks.start_soon(self.heartbeat.run)
            while True:
                if why := await why_it_failed(self.look):
                    self.looks_failed += 1
                    _LOG.error("the machine could not be looked over (%s): alarms stay as they were", why)
                await anyio.sleep(self._machine.settings.alarms.look_every_s)

    async def look(self) -> list[Notice]:
        """One look; what it led to was handed on."""
        machine = self._machine
        self._seen = self._gatherer.look(await self._files())
        readings = look_over(self._seen, machine.settings.alarms)
        notices = machine.alarms.learn(readings, time.monotonic(), self._seen.at_us)
        for notice in notices:
            tell_log(notice)
            for courier in self.couriers:
                courier.hand(notice)
        return notices

    async def _files(self) -> FileFigures:
        """What the disk shows; what it showed last where it cannot be asked, or does not answer: the alarms must still be told."""
        why = f"no answer within {FILES_DEADLINE_S:g} s"
        if not self._awaited:
            try:
                with anyio.move_on_after(FILES_DEADLINE_S):
                    files = await to_thread.run_sync(self._ask_disk, limiter=self._thread, abandon_on_cancel=True)
                    self._note_unseen("")
                    return files
            except OSError as failed:
                why = failed.strerror or type(failed).__name__
        self._note_unseen(why)
        return self._seen.files

    def _first_files(self) -> FileFigures:
        """A start is not refused for what only alarms look at."""
        try:
            return file_figures(self._machine.directory, self._machine.reader)
        except OSError as failed:
            self._note_unseen(failed.strerror or type(failed).__name__)
            return nothing_seen(wall_us())

    def _note_unseen(self, why: str) -> None:
        """One slow moment is none."""
        self._looks_unseen = self._looks_unseen + 1 if why else 0
        self._machine.files_unseen = why if self._looks_unseen >= LOOKS_UNSEEN_MAX else ""
        if why:
            _LOG.error("the firm's files could not be looked at (%s): see whether its disk is well", why)

    def _ask_disk(self) -> FileFigures:
        """In a thread."""
        self._awaited = True
        try:
            return file_figures(self._machine.directory, self._machine.reader)
        finally:
            self._awaited = False

    # --- what pages see ---

    @property
    def figures(self) -> Figures:
        """Of the last look."""
        return self._seen

    def alarms(self) -> tuple[Standing, ...]:
        return self._machine.alarms.standing()

    def first_step(self, alarm: str) -> str:
        return REMEDIES[Alarm(alarm)]

    def copies(self) -> CopiesSeen:
        """As the last look saw them."""
        seen, check = self._seen, self._seen.files.copies_check
        return CopiesSeen(
            wanted=seen.backups_wanted,
            snapshot_us=seen.files.backup_us,
            checked_us=check.at_us,
            problems=check.problems,
        )

    def metrics(self, live_pages: int, asked: AskedTooMuch = NONE_REFUSED) -> str:
        """Prometheus text: health as it is now, and what the last look saw of files and bridges."""
        return metrics_text(
            self._machine,
            self._seen,
            self.couriers,
            self.heartbeat,
            live_pages=live_pages,
            asked=asked,
            looks_failed=self.looks_failed,
        )
