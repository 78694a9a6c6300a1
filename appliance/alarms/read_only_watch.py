"""Read-only watch: tells people that the firm takes nothing, and why, for as long as its pages are read-only.

By the same couriers as every alarm. The heartbeat is silent meanwhile, and silence is what calls: nothing is committed.
"""

import logging
import time
from collections.abc import Callable
from typing import NamedTuple

import anyio

from actors.live import Health
from appliance.alarms.book import AlarmBook
from appliance.alarms.notice import Alarm, Notice, Reading, Standing
from appliance.alarms.remedies import REMEDIES
from appliance.alarms.secret_texts import SecretTexts
from appliance.alarms.ways import couriers_for, hand_over, tell_log
from appliance.clock import wall_us
from appliance.metrics import read_only_text
from appliance.portal_door import PortalDoor
from appliance.seam import why_it_failed
from appliance.settings import Settings
from appliance.way_out import way_out
from web.machine import NONE_REFUSED, AskedTooMuch

_LOG = logging.getLogger("evenhand.alarms")


class Told(NamedTuple):
    """What a stay leaves for whoever comes after it: its book, and by courier the notices that did not come to an end."""

    book: AlarmBook
    undelivered: dict[str, tuple[Notice, ...]]


class ReadOnlyWatch:
    """Of one stay, and what its pages see of the machine (`web.machine.MachineView`). `earlier`: what the stay before it has told."""

    def __init__(
        self,
        settings: Settings,
        texts: SecretTexts,
        reading: Reading,
        door: PortalDoor,
        health: Callable[[], Health],
        earlier: Told | None = None,
    ) -> None:
        self.couriers = couriers_for(settings.alarms, texts, way_out(settings))
        self.metrics_token = texts.metrics_token
        self.book = AlarmBook(settings.alarms, settings.firm.name)
        if earlier is not None:
            self.book.go_on_from(earlier.book)
            hand_over(earlier.undelivered, self.couriers)
        self._look_every_s, self._reading = settings.alarms.look_every_s, reading
        self._door, self._health = door, health

    async def run(self) -> None:
        """Until cancelled."""
        async with anyio.create_task_group() as tasks:
            for courier in self.couriers:
                tasks.start_soon(courier.run)
            while True:
                if why := await why_it_failed(self.look):
                    _LOG.error("that the firm is read-only could not be told (%s)", why)
                await anyio.sleep(self._look_every_s)

    async def look(self) -> list[Notice]:
        """There is one thing to see, and it lasts as long as the stay."""
        notices = self.book.learn([self._reading], time.monotonic(), wall_us())
        for notice in notices:
            tell_log(notice)
            for courier in self.couriers:
                courier.hand(notice)
        return notices

    def told(self) -> Told:
        """So that whoever heard of it hears nothing twice, and whoever did not is still told."""
        return Told(self.book, {courier.name: courier.undelivered for courier in self.couriers})

    # --- what pages see ---

    def alarms(self) -> tuple[Standing, ...]:
        return self.book.standing()

    def first_step(self, alarm: str) -> str:
        return REMEDIES[Alarm(alarm)]

    def copies(self) -> None:
        """Nobody looks at them before the firm is served again."""

    def metrics(self, live_pages: int, asked: AskedTooMuch = NONE_REFUSED) -> str:
        return read_only_text(
            self._health(), self._door, self.alarms(), self.couriers, live_pages=live_pages, asked=asked
        )
