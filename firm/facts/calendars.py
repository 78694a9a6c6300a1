"""Facts about calendars: which economic news, and which market days, the firm goes by."""

from firm.facts.fact import Fact
from firm.market_days import MarketDays
from firm.news import NewsCalendar


class CalendarAdopted(Fact, frozen=True, kw_only=True):
    """The calendar of its name is this one from now on. `version`: the name under which decisions rest on it."""

    version: str
    calendar: NewsCalendar


class MarketDaysAdopted(Fact, frozen=True, kw_only=True):
    """The market days of this name are these from now on, for rules that name them. `version`: as above."""

    version: str
    days: MarketDays
