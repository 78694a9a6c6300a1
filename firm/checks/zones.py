"""Zones and calendars: zones that exist, and days that can be told apart."""

import re
from datetime import date, timedelta
from functools import cache
from zoneinfo import available_timezones

from firm.checks.problem import Problem, Problems
from firm.ruleset_bounds import MERGED_MAX
from firm.trading_day import MERGED_IN_A_ROW_MAX, LabelledCalendar

_TIME_OF_DAY = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_FIXED_ALL_YEAR = {
    "EST": ("America/New_York", "Etc/GMT+5"),
    "MST": ("America/Denver", "Etc/GMT+7"),
    "HST": ("Pacific/Honolulu", "Etc/GMT+10"),
}
"""Abbreviations that people write for a city's time: (the city's zone, the same all year)."""
_DAY = timedelta(days=1)


def zone_problems(path: str, zone: str) -> Problems:
    if zone in _FIXED_ALL_YEAR:
        city, fixed = _FIXED_ALL_YEAR[zone]
        yield Problem(path, f"{zone} knows no summer time: {city} is meant, or {fixed} where it is not")
    elif zone not in _zones():
        yield Problem(path, f"there is no zone {zone}: an IANA name such as Europe/Prague or Etc/GMT-3")


def _meant(text: str) -> str:
    return f"write 0{text}" if _TIME_OF_DAY.fullmatch(f"0{text}") else "00:00 to 23:59"


def calendar_problems(calendar: LabelledCalendar) -> Problems:
    yield from zone_problems("zone", calendar.zone)
    if not _TIME_OF_DAY.fullmatch(calendar.rollover):
        yield Problem("rollover", f"{calendar.rollover} is no time of day: {_meant(calendar.rollover)}")
    if len(calendar.merged) > MERGED_MAX:
        yield Problem("merged", f"{len(calendar.merged)} days: a calendar has no more than {MERGED_MAX} of them")
        return
    before: date | None = None
    in_a_row = 0
    for place, label in enumerate(calendar.merged):
        day = _day(label)
        if day is None:
            yield Problem(f"merged[{place}]", f"{label} is no date: 2026-12-25")
        elif before is not None and day <= before:
            yield Problem(f"merged[{place}]", f"{label} does not come after the day before it in the list")
        else:
            in_a_row = in_a_row + 1 if before is not None and day - before == _DAY else 1
            before = day
            if in_a_row > MERGED_IN_A_ROW_MAX:
                yield Problem(f"merged[{place}]", f"more than {MERGED_IN_A_ROW_MAX} days in a row would be one")


@cache
def _zones() -> set[str]:
    """Of the pinned package, which `firm/trading_day.py` reads as well."""
    return available_timezones()


def _day(label: str) -> date | None:
    try:
        day = date.fromisoformat(label)
    except ValueError:
        return None
    return day if day.isoformat() == label else None  # a week's date is one too, but no label
