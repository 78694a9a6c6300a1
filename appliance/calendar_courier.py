"""Calendar courier: economic news are fetched from where they are published, now and then, and what is new goes to the engine.

Where that fails the firm goes by the calendar that it has, and the log says so once for each reason.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import Annotated

import anyio
from anyio import to_thread
from msgspec import Meta

from actors.arrival import Decided, Overloaded
from appliance.outside import CallFailed, fetch, host_of, require_url
from appliance.seam import why_it_failed
from appliance.section import Section
from bridges.calendars.content import CONTENT_BYTES_MAX, zone_of
from bridges.calendars.formats import CalendarFormat, read_calendar
from firm.commands import AdoptCalendar
from firm.facts import Refused
from firm.news import NEWS_NAME, BadCalendar

FETCH_DEADLINE_S = 60.0
_VALIDATORS = {"etag": "if-none-match", "last-modified": "if-modified-since"}
_OK, _NOT_MODIFIED = 200, 304

_LOG = logging.getLogger("evenhand.appliance")


class CalendarSettings(Section, frozen=True, kw_only=True):
    """Economic news that rules go by, fetched from where they are published. docs/calendars.md describes the formats."""

    url: Annotated[
        str,
        Meta(
            max_length=2_000,
            description="What is fetched. Empty: nothing, news are imported by hand. https beyond this machine.",
        ),
    ] = ""
    format: Annotated[CalendarFormat, Meta(description="What kind of file it is.")] = CalendarFormat.FOREXFACTORY
    zone: Annotated[
        str, Meta(max_length=64, description="Whose days are meant by dates without a time, as Europe/Prague.")
    ] = "UTC"
    every_min: Annotated[int, Meta(ge=5, le=1_440, description="How often. Who publishes it may want it seldom.")] = 60

    def __post_init__(self) -> None:
        """Refuse what nobody could fetch or read."""
        require_url("calendar.url", self.url)
        try:
            zone_of(self.zone)
        except BadCalendar as unknown:
            raise ValueError(f"calendar.zone: {unknown}") from unknown


class CalendarCourier:
    """`version`: which calendar the firm goes by, "" for none. `ask` brings a command to the engine."""

    def __init__(
        self,
        settings: CalendarSettings,
        version: Callable[[], str],
        ask: Callable[[AdoptCalendar], Awaitable[Decided]],
    ) -> None:
        self._settings = settings
        self._version = version
        self._ask = ask
        self._seen: dict[str, str] = {}  # what was last read, in the words of its server
        self._told = ""

    async def run(self) -> None:
        """Until cancelled; at once where there is no URL."""
        while self._settings.url:
            await self.look()
            await anyio.sleep(self._settings.every_min * 60)

    async def look(self) -> None:
        """Whether there are other news, once."""
        why = await why_it_failed(self._bring, CallFailed, BadCalendar, Overloaded)
        if why and why != self._told:
            host = host_of(self._settings.url)
            _LOG.warning("the calendar at %s was not taken (%s): the firm goes by the one before", host, why)
        self._told = why

    async def _bring(self) -> None:
        with anyio.move_on_after(FETCH_DEADLINE_S) as waited:
            fetched = await fetch(self._settings.url, self._seen, CONTENT_BYTES_MAX)
        if waited.cancelled_caught:
            raise CallFailed("no whole answer in time")
        if fetched.status == _NOT_MODIFIED:
            return
        if fetched.status != _OK:
            raise CallFailed(f"it answered {fetched.status}")
        await self._take(fetched.body)
        self._seen = {asked: fetched.headers[told] for told, asked in _VALIDATORS.items() if told in fetched.headers}

    async def _take(self, content: bytes) -> None:
        settings = self._settings
        calendar = await to_thread.run_sync(read_calendar, settings.format, NEWS_NAME, content, settings.zone)
        if calendar.version == self._version():
            return
        decided = await self._ask(AdoptCalendar(by="courier", calendar=calendar))
        for _, fact in decided.facts:
            if isinstance(fact, Refused):
                raise BadCalendar("", fact.detail)
