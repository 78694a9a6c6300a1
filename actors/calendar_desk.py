"""Calendar desk: by which calendars of economic news the firm goes, each the newest of its name. Account desks see them by the turn."""

import msgspec

from actors.desk import Turn
from actors.messages import Message
from firm.bounds import CALENDARS_MAX
from firm.commands import AdoptCalendar
from firm.facts import CalendarAdopted, Fact, Refusal, Refused
from firm.inputs import Input
from firm.news import BadCalendar, news_calendar


class CalendarState(msgspec.Struct, frozen=True):
    """Calendars by name, as last adopted, with their versions."""

    adopted: dict[str, CalendarAdopted]


class CalendarDesk:
    """The firm's one shelf of calendars."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.state = CalendarState({})

    def fold(self, body: Input | Fact, seq: int, account: int, happened_us: int) -> None:  # noqa: ARG002
        if isinstance(body, CalendarAdopted):
            self.state = CalendarState({**self.state.adopted, body.calendar.name: body})

    def capture(self) -> CalendarState:
        return self.state

    def restore(self, state: CalendarState) -> None:
        self.state = state

    def decide(self, message: Message | Input, turn: Turn) -> None:
        assert isinstance(message, AdoptCalendar), f"{self.name} takes no {type(message).__name__}"
        known = self.state.adopted
        try:
            calendar = news_calendar(message.calendar.name, message.calendar.items)
        except BadCalendar as bad:
            turn.record(Refused(refusal=Refusal.BAD_CALENDAR, detail=str(bad)))
            return
        version = calendar.version
        if calendar.name in known and version == known[calendar.name].version:
            detail = f"{calendar.name} is {version} already"
            turn.record(Refused(refusal=Refusal.CALENDAR_KNOWN, detail=detail))
        elif calendar.name not in known and len(known) >= CALENDARS_MAX:
            detail = f"there are {CALENDARS_MAX} calendars: take the name of one of them"
            turn.record(Refused(refusal=Refusal.BAD_CALENDAR, detail=detail))
        else:
            turn.record(CalendarAdopted(version=version, calendar=calendar))
