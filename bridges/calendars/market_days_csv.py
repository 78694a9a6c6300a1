"""A CSV of market days: a header with date and name; closes and reopens, local times, for days that are not closed whole."""

import re

from bridges.calendars.content import day_of, whole_days, zone_of
from bridges.calendars.csv_rows import Row, rows_of
from firm.market_days import MARKET_DAYS_MAX, MarketDay, MarketDays, market_days
from firm.news import BadCalendar

_REQUIRED = frozenset({"date", "name"})
_OPTIONAL = frozenset({"closes", "reopens"})
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]\Z")
_MIDNIGHT = "00:00"


def read_market_days_csv(name: str, content: bytes, zone: str, symbols: tuple[str, ...]) -> MarketDays:
    """The days of a market by its zone's clocks. BadCalendar says which line is refused, and why."""
    zone_of(zone)
    days: list[MarketDay] = []
    for row in rows_of(content, _REQUIRED, _OPTIONAL):
        if len(days) == MARKET_DAYS_MAX:
            raise BadCalendar(row.where, f"more than {MARKET_DAYS_MAX} days")
        days.append(_day(row, zone))
    try:
        return market_days(name, zone, symbols, tuple(days))
    except ValueError as wrong:
        raise BadCalendar("", str(wrong)) from wrong


def _day(row: Row, zone: str) -> MarketDay:
    day = day_of(row.fields["date"], row.where)
    if day is None:
        raise BadCalendar(row.where, f"{row.fields['date']!r} is no date such as 2025-11-28")
    whole_days(zone, day, day, row.where)
    closes, reopens = (_clock(row, column) for column in ("closes", "reopens"))
    return MarketDay(date=day, name=row.fields["name"], closes=closes, reopens=reopens)


def _clock(row: Row, column: str) -> str:
    text = row.fields[column] or _MIDNIGHT
    if not _CLOCK.match(text):
        raise BadCalendar(row.where, f"{column} {text!r} is no time of day such as 13:15")
    return text
