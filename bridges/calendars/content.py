"""Content: what all calendar files have in common: their size, their text, their dates and their words for impact."""

import re
import zoneinfo
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from bridges.bounds import EARLIEST_US, LATEST_US
from firm.closures import local_instant
from firm.instant import instant_of
from firm.news import BadCalendar
from firm.terms.conduct import Impact

CONTENT_BYTES_MAX = 8 * 1024 * 1024

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_CURRENCY = re.compile(r"[A-Za-z]{3}\Z")
_EVERYBODY = frozenset({"all", "*"})
_MIDNIGHT = "00:00"
_DAY = timedelta(days=1)


def bounded(content: bytes) -> bytes:
    if len(content) > CONTENT_BYTES_MAX:
        raise BadCalendar("", f"it has {len(content)} bytes: at most {CONTENT_BYTES_MAX}")
    return content


def text_of(content: bytes) -> str:
    """The text of a file, with or without a byte order mark."""
    try:
        return bounded(content).decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        line = content[: wrong.start].count(b"\n") + 1
        raise BadCalendar(f"line {line}", "it is no UTF-8: save it as such") from wrong


def zone_of(name: str, where: str = "") -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as wrong:
        raise BadCalendar(where, f"{name!r} is no zone of the zone database, such as America/New_York") from wrong


def currency_of(text: str, where: str) -> str:
    """A code in capitals; "" where the file says that it concerns all."""
    if text.lower() in _EVERYBODY:
        return ""
    if not _CURRENCY.match(text):
        raise BadCalendar(where, f"{text!r} is no currency code, nor All")
    return text.upper()


def impact_of(text: str, where: str) -> Impact:
    try:
        return Impact(text.strip().lower())
    except ValueError as wrong:
        raise BadCalendar(where, f"{text!r} is no impact: low, medium, high or holiday") from wrong


def day_of(text: str, where: str) -> date | None:
    """The date, if that is all that the text says."""
    if not _DATE.match(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as wrong:
        raise BadCalendar(where, f"{text} is on no calendar") from wrong


def moment_of(text: str, where: str) -> datetime:
    """An ISO 8601 instant that says its offset from UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as wrong:
        raise BadCalendar(where, f"{text!r} is no date and time such as 2025-06-06T08:30:00-04:00") from wrong
    if moment.tzinfo is None:
        raise BadCalendar(where, f"{text!r} says no offset from UTC, such as Z or -04:00")
    return moment


def believed(moment: datetime, where: str) -> int:
    """The instant in microseconds; one that no calendar is about is refused."""
    at_us = instant_of(moment)
    if not EARLIEST_US <= at_us < LATEST_US:
        raise BadCalendar(where, f"{moment.isoformat()} lies before 2000 or after 2099")
    return at_us


def whole_days(zone: str, first: date, last: date, where: str) -> tuple[int, int]:
    """From the first local instant of a date to the last one of another, as [from_us, to_us)."""
    for day in (first, last):
        believed(datetime(day.year, day.month, day.day, tzinfo=UTC), where)
    return local_instant(zone, _MIDNIGHT, first), local_instant(zone, _MIDNIGHT, last + _DAY)
