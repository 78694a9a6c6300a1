"""Calendar desk: by which calendars of economic news and of market days the firm goes, each the newest of its name.

Account desks see them by the turn.
"""

from collections.abc import Mapping

import msgspec

from actors.desk import Turn
from actors.messages import Message
from firm.bounds import CALENDARS_MAX
from firm.commands import AdoptCalendar, AdoptMarketDays
from firm.facts import CalendarAdopted, Fact, MarketDaysAdopted, Refusal, Refused
from firm.inputs import Input
from firm.market_days import market_days, require_market_name
from firm.news import BadCalendar, news_calendar


class CalendarState(msgspec.Struct, frozen=True):
    """Calendars by name, as last adopted, with their versions; `market`: market days likewise."""

    adopted: dict[str, CalendarAdopted]
    market: dict[str, MarketDaysAdopted] = msgspec.field(default_factory=dict)


class CalendarDesk:
    """The firm's one shelf of calendars."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.state = CalendarState({})

    def fold(self, body: Input | Fact, seq: int, account: int, happened_us: int) -> None:  # noqa: ARG002
        state = self.state
        if isinstance(body, CalendarAdopted):
            self.state = CalendarState({**state.adopted, body.calendar.name: body}, state.market)
        elif isinstance(body, MarketDaysAdopted):
            self.state = CalendarState(state.adopted, {**state.market, body.days.name: body})

    def capture(self) -> CalendarState:
        return self.state

    def restore(self, state: CalendarState) -> None:
        self.state = state

    def decide(self, message: Message | Input, turn: Turn) -> None:
        if isinstance(message, AdoptMarketDays):
            self._adopt_market_days(message, turn)
            return
        assert isinstance(message, AdoptCalendar), f"{self.name} takes no {type(message).__name__}"
        known = self.state.adopted
        try:
            calendar = news_calendar(message.calendar.name, message.calendar.items)
        except BadCalendar as bad:
            turn.record(Refused(refusal=Refusal.BAD_CALENDAR, detail=str(bad)))
            return
        told = CalendarAdopted(version=calendar.version, calendar=calendar)
        self._adopt(told, calendar.name, known, f"there are {CALENDARS_MAX} calendars", turn)

    def _adopt_market_days(self, message: AdoptMarketDays, turn: Turn) -> None:
        told, known = message.days, self.state.market
        try:
            require_market_name(told.name)
            days = market_days(told.name, told.zone, told.symbols, told.days)
        except ValueError as bad:
            turn.record(Refused(refusal=Refusal.BAD_CALENDAR, detail=str(bad)))
            return
        adopted = MarketDaysAdopted(version=days.version, days=days)
        self._adopt(adopted, days.name, known, f"there are market days of {CALENDARS_MAX} names", turn)

    def _adopt(
        self,
        told: CalendarAdopted | MarketDaysAdopted,
        name: str,
        known: Mapping[str, CalendarAdopted | MarketDaysAdopted],
        full: str,
        turn: Turn,
    ) -> None:
        """Go by it from now on, unless it is gone by already, or `full` is all that may be said of a new name."""
        if name in known and told.version == known[name].version:
            turn.record(Refused(refusal=Refusal.CALENDAR_KNOWN, detail=f"{name} is {told.version} already"))
        elif name not in known and len(known) >= CALENDARS_MAX:
            turn.record(Refused(refusal=Refusal.BAD_CALENDAR, detail=f"{full}: take the name of one of them"))
        else:
            turn.record(told)
