"""Facts about calendars: which economic news the firm goes by."""

from firm.facts.fact import Fact
from firm.news import NewsCalendar


class CalendarAdopted(Fact, frozen=True, kw_only=True):
    """The calendar of its name is this one from now on. `version`: the name under which decisions rest on it."""

    version: str
    calendar: NewsCalendar
