"""Refused start: the alarm of a firm that could be opened for reading alone, told as any other while its pages are up.

There is no engine whose figures could be looked at: this alarm is all that is known.
"""

import time

import anyio

from appliance.alarms.book import AlarmBook
from appliance.alarms.notice import Alarm, Notice, Reading, Standing
from appliance.alarms.remedies import REMEDIES
from appliance.alarms.secret_texts import SecretTexts
from appliance.alarms.watch import couriers_of, tell_log
from appliance.clock import wall_us
from appliance.settings import Settings


class RefusedStart:
    """It stands until the process ends. It is also what pages see of the machine (`web.machine.MachineView`)."""

    metrics_token = ""  # there is nothing to measure

    def __init__(self, settings: Settings, texts: SecretTexts, reading: Reading) -> None:
        self._every_s = settings.alarms.look_every_s
        self._book = AlarmBook(settings.alarms, settings.firm.name)
        self._couriers = couriers_of(settings.alarms, texts)
        self._reading = reading

    async def run(self) -> None:
        """Until cancelled."""
        async with anyio.create_task_group() as tasks:
            for courier in self._couriers:
                tasks.start_soon(courier.run)
            while True:
                self.look()
                await anyio.sleep(self._every_s)

    def look(self) -> list[Notice]:
        """What was handed on: once at first, and again every `alarms.repeat_h`."""
        notices = self._book.learn([self._reading], time.monotonic(), wall_us())
        for notice in notices:
            tell_log(notice)
            for courier in self._couriers:
                courier.hand(notice)
        return notices

    def alarms(self) -> tuple[Standing, ...]:
        return self._book.standing()

    def first_step(self, alarm: str) -> str:
        return REMEDIES[Alarm(alarm)]

    def copies(self) -> None:
        """Nobody looks at them before the firm is served again."""

    def metrics(self, live_pages: int) -> str:  # noqa: ARG002
        return ""
