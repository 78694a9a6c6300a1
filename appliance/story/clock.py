"""Clock of a story: days and local times as people write them, refused where a change of the clocks leaves two readings or none."""

import re
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from appliance.story.refused import near
from firm.instant import datetime_of, instant_of

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
YEAR_MIN, YEAR_MAX = 2001, 2098
"""What platforms tell is believed of this century; a day of a story has one before it, and many after it."""
_DAY = re.compile(r"([A-Za-z]+) (\d{1,2}) ([A-Za-z]+) (\d{4})")
TIME = r"\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?"
_PARTS = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?")


class Unclear(ValueError):
    """A day or time that has no single meaning; the text says why, and what to write."""


class Reading(NamedTuple):
    """One meaning of a local time: the instant, and what the zone's time is called then ("CEST")."""

    at_us: int
    name: str


def zone_named(name: str) -> str:
    """The IANA name itself, or Unclear."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Unclear(f"there is no zone {name!r}: write an IANA name such as Europe/Prague") from None
    return name


def day_of(text: str) -> date | None:
    """ "Monday 2 June 2025"; None for a line that is no day, Unclear for one whose parts disagree."""
    found = _DAY.fullmatch(text)
    if found is None:
        return None
    weekday, day, month, year = found.groups()
    if month not in MONTHS:
        raise Unclear(f"there is no month {month!r}{near(month, MONTHS)}")
    if weekday not in WEEKDAYS:
        raise Unclear(f"there is no weekday {weekday!r}{near(weekday, WEEKDAYS)}")
    if not YEAR_MIN <= int(year) <= YEAR_MAX:
        raise Unclear(f"no story is played in {year}: write a year from {YEAR_MIN} to {YEAR_MAX}")
    try:
        meant = date(int(year), MONTHS.index(month) + 1, int(day))
    except ValueError:
        raise Unclear(f"{month} {year} has no day {day}") from None
    if WEEKDAYS[meant.weekday()] != weekday:
        raise Unclear(f"{day} {month} {year} is a {WEEKDAYS[meant.weekday()]}: correct the weekday or the date")
    return meant


def time_of(text: str) -> time:
    """ "9:30", "09:30:15" or "09:30:15.250"."""
    found = _PARTS.fullmatch(text)
    assert found is not None, f"{text!r} was taken for a time"
    hour, minute, second, fraction = found.groups()
    try:
        return time(int(hour), int(minute), int(second or 0), int((fraction or "0").ljust(6, "0")))
    except ValueError:
        raise Unclear(f"{text} is no time of day") from None


def instant_at(zone: str, day: date, at: time, name: str = "") -> int:
    """The instant of a local time. `name`: which of two readings is meant, "CEST". Unclear where that cannot be told."""
    readings = readings_of(zone, day, at)
    shown = at.isoformat("auto")
    if not readings:
        raise Unclear(f"{shown} does not exist on {day} in {zone}: the clocks pass over it. {_around(zone, day, at)}")
    if name:
        named = [reading for reading in readings if reading.name == name]
        if not named:
            raise Unclear(f"{shown} on {day} in {zone} is {readings[0].name}, not {name}")
        return named[0].at_us
    if len(readings) > 1:
        first, second = (f"{shown} {one.name} ({datetime_of(one.at_us):%H:%M:%S} UTC)" for one in readings)
        raise Unclear(f"{shown} comes twice on {day} in {zone}: write {first} or {second}")
    return readings[0].at_us


def readings_of(zone: str, day: date, at: time) -> tuple[Reading, ...]:
    """All that a local time can mean: one reading, two where the clocks go back over it, none where they pass over it."""
    tz, wall = ZoneInfo(zone), datetime.combine(day, at)
    readings = []
    for fold in (0, 1):
        local = wall.replace(tzinfo=tz, fold=fold)
        again = datetime_of(instant_of(local)).astimezone(tz)
        reading = Reading(instant_of(local), local.tzname() or "")
        if again.replace(tzinfo=None, fold=0) == wall and reading not in readings:
            readings.append(reading)
    return tuple(readings)


def day_text(zone: str, at_us: int) -> str:
    """ "Monday 2 June 2025"."""
    local = datetime_of(at_us).astimezone(ZoneInfo(zone))
    return f"{WEEKDAYS[local.weekday()]} {local.day} {MONTHS[local.month - 1]} {local.year}"


def time_text(zone: str, at_us: int) -> str:
    """ "09:30:15", with the fraction where there is one, and "02:30:00 CEST" where the hour comes twice."""
    local = datetime_of(at_us).astimezone(ZoneInfo(zone))
    twice = len(readings_of(zone, local.date(), local.time())) > 1
    fraction = f"{local:.%f}".rstrip("0") if local.microsecond else ""
    return f"{local:%H:%M:%S}{fraction}{f' {local.tzname()}' if twice else ''}"


def _around(zone: str, day: date, at: time) -> str:
    """Which times there are before and after the gap."""
    gone = datetime.combine(day, at)
    step = timedelta(minutes=1)
    before, after = gone - step, gone + step
    while not readings_of(zone, before.date(), before.time()):
        before -= step
    while not readings_of(zone, after.date(), after.time()):
        after += step
    return f"After {before:%H:%M} comes {after.replace(second=0):%H:%M}"
