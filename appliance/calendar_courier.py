"""Calendar courier: economic news are fetched from where they are published, now and then, and what is new goes to the engine.

Where that fails the firm goes by the calendar that it has, and the log says so once for each reason.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated

import anyio
from anyio import to_thread
from msgspec import Meta

from actors.arrival import Decided, Overloaded
from appliance.outside import require_url
from appliance.seam import why_it_failed
from appliance.section import Section
from bridges.calendars.content import CONTENT_BYTES_MAX, zone_of
from bridges.calendars.formats import CalendarFormat, read_calendar
from bridges.outbound.client import Outbound
from bridges.outbound.destination import Call, Destination
from bridges.outbound.errors import CallFailed, CallRefused
from firm.commands import AdoptCalendar
from firm.facts import Refused
from firm.news import NEWS_NAME, BadCalendar

# Publishers move their files about; the next look is an hour away.
_DESTINATION = Destination(
    name="calendar", whole_s=60, answer_bytes_max=CONTENT_BYTES_MAX, tries_max=3, redirects_max=3
)
_VALIDATORS = {"etag": "if-none-match", "last-modified": "if-modified-since"}
_VALIDATOR_LENGTH_MAX = 1_024  # characters; a longer one, or one that no header may hold, is not sent back
_OK, _NOT_MODIFIED = 200, 304

_LOG = logging.getLogger("evenhand.appliance")


class CalendarSettings(Section, frozen=True, kw_only=True):
    """Economic news that rules go by, fetched from where they are published. docs/calendars.md describes the formats."""

    url: Annotated[
        str,
        Meta(
            max_length=2_000,
            description="What is fetched, by https. Empty: nothing, news are imported by hand.",
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
    """`version`: which calendar the firm goes by, "" for none. `ask` brings a command to the engine. `is_current` is told each time
    that it turned out, or became, what is published.
    """

    def __init__(
        self,
        settings: CalendarSettings,
        version: Callable[[], str],
        ask: Callable[[AdoptCalendar], Awaitable[Decided]],
        outbound: Outbound,
        is_current: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._version = version
        self._ask = ask
        self._outbound = outbound
        self._is_current = is_current
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
        if not why:
            self._is_current()
        elif why != self._told:
            _LOG.warning("the calendar was not taken (%s): the firm goes by the one before", why)
        self._told = why

    async def _bring(self) -> None:
        try:
            fetched = await self._outbound.call(_DESTINATION, Call(url=self._settings.url, headers=self._seen))
        except CallRefused:
            self._seen = {}  # should it be these that are refused, the next look goes without
            raise
        if fetched.status == _NOT_MODIFIED:
            return
        if fetched.status != _OK:
            raise CallFailed(f"it answered {fetched.status}")
        await self._take(fetched.body)
        self._seen = _validators_in(fetched.headers)

    async def _take(self, content: bytes) -> None:
        settings = self._settings
        calendar = await to_thread.run_sync(read_calendar, settings.format, NEWS_NAME, content, settings.zone)
        if calendar.version == self._version():
            return
        decided = await self._ask(AdoptCalendar(by="courier", calendar=calendar))
        for _, fact in decided.facts:
            if isinstance(fact, Refused):
                raise BadCalendar("", fact.detail)


def _validators_in(headers: Mapping[str, str]) -> dict[str, str]:
    """By which its server knows again what it sent, as a request says them; without those that no request could hold."""
    told = {asked: headers.get(name, "") for name, asked in _VALIDATORS.items()}
    return {asked: value for asked, value in told.items() if value and _is_sendable(value)}


def _is_sendable(value: str) -> bool:
    return len(value) <= _VALIDATOR_LENGTH_MAX and value.isascii() and value.isprintable()
