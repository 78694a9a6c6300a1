"""Holidays: when a listing is closed, or closes early, although its week says that it is open: by rule, for any year.

Simplified from the exchanges' calendars: gold and the US index follow New York, DE40 follows Xetra, currencies rest on Christmas
and New Year's Day alone. A stretch of New York's begins at the close of the day before, when the platform's day ends.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from bridges.simulator.catalogue import Catalogue
from bridges.simulator.symbols import BERLIN, LISTED, NEW_YORK
from firm.instant import datetime_of, instant_of

Stretch = tuple[int, int]
"""[from_us, to_us)."""

_EARLY, _EARLY_ON_THE_EVE, _CLOSE, _REOPEN = (13, 0), (13, 15), (17, 0), (18, 0)
_MONDAY, _THURSDAY, _SATURDAY = 0, 3, 5


def opening_catalogue(from_us: int) -> Catalogue:
    """What is listed where a market begins, with the holidays of that year and the next."""
    year = datetime_of(from_us).year
    listings = []
    for symbol, listing in LISTED.items():
        closed = (*closed_in(symbol, year), *closed_in(symbol, year + 1))
        listings.append(replace(listing, spec=replace(listing.spec, closed=closed)))
    return Catalogue(tuple(listings))


def closed_in(symbol: str, year: int) -> tuple[Stretch, ...]:
    """The stretches of a year in which a listed symbol is closed, in order and apart."""
    match symbol:
        case "DE40":
            found = _xetra(year)
        case "US500":
            found = [*_whole_days(year), *_good_friday(year), *_us_early(year)]
        case "XAUUSD":
            found = [*_whole_days(year), *_good_friday(year)]
        case _:
            found = _whole_days(year)
    return tuple(sorted(found))


def _xetra(year: int) -> list[Stretch]:
    easter = easter_sunday(year)
    eves_and_days = [date(year, 1, 1), date(year, 5, 1), *(date(year, 12, day) for day in (24, 25, 26, 31))]
    days = [easter - timedelta(2), easter + timedelta(1), *eves_and_days]
    return [(_at(BERLIN, day, (0, 0)), _at(BERLIN, day + timedelta(1), (0, 0))) for day in days]


def _whole_days(year: int) -> list[Stretch]:
    """New Year's Day and Christmas: from the close of the day before until the evening."""
    return [_new_york(day - timedelta(1), _CLOSE, day, _REOPEN) for day in (date(year, 1, 1), date(year, 12, 25))]


def _good_friday(year: int) -> list[Stretch]:
    day = easter_sunday(year) - timedelta(2)
    return [_new_york(day - timedelta(1), _CLOSE, day, _CLOSE)]


def _us_early(year: int) -> list[Stretch]:
    """Holidays on which the index trades until one o'clock, and eves of holidays: until the daily rest, after which it opens again."""
    thanksgiving, fourth = _nth(year, 11, _THURSDAY, 4), date(year, 7, 4)
    memorial_day = _nth(year, 6, _MONDAY, 1) - timedelta(7)
    holidays = [_nth(year, 1, _MONDAY, 3), _nth(year, 2, _MONDAY, 3), memorial_day, _nth(year, 9, _MONDAY, 1)]
    eves = [thanksgiving + timedelta(1), date(year, 12, 24)]
    if fourth.weekday() < _SATURDAY:
        holidays.append(fourth)
        eves.append(fourth - timedelta(1))
    early = [(day, _EARLY) for day in (*holidays, thanksgiving)] + [(day, _EARLY_ON_THE_EVE) for day in eves]
    return [_new_york(day, minute, day, _CLOSE) for day, minute in early if day.weekday() < _SATURDAY]


def _nth(year: int, month: int, weekday: int, number: int) -> date:
    """The n-th such weekday of a month."""
    first = date(year, month, 1)
    return first + timedelta((weekday - first.weekday()) % 7 + 7 * (number - 1))


def easter_sunday(year: int) -> date:
    """By the Gregorian computus (Meeus, Jones, Butcher)."""
    golden, (century, short) = year % 19, divmod(year, 100)
    moon = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    week = (32 + 2 * (century % 4) + 2 * (short // 4) - moon - short % 4) % 7
    shift = (golden + 11 * moon + 22 * week) // 451
    month, day = divmod(moon + week - 7 * shift + 114, 31)
    return date(year, month, day + 1)


def _new_york(from_day: date, from_time: tuple[int, int], to_day: date, to_time: tuple[int, int]) -> Stretch:
    return _at(NEW_YORK, from_day, from_time), _at(NEW_YORK, to_day, to_time)


def _at(zone: str, day: date, time: tuple[int, int]) -> int:
    return instant_of(datetime(day.year, day.month, day.day, *time, tzinfo=ZoneInfo(zone)))
