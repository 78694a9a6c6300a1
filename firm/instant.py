"""Instants: whole microseconds since 1970-01-01T00:00:00 UTC, always named `..._us`."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant_of(moment: datetime) -> int:
    """The instant of an aware datetime, exact to the microsecond."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no zone: an instant needs one")
    return (moment - _EPOCH) // timedelta(microseconds=1)


def datetime_of(instant_us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=instant_us)


def utc_text(instant_us: int) -> str:
    """ISO 8601 with microseconds and Z: 2014-05-02T12:30:00.250000Z."""
    return datetime_of(instant_us).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_utc(text: str) -> int:
    """Read an ISO 8601 instant; one without a zone is taken as UTC."""
    moment = datetime.fromisoformat(text)
    return instant_of(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def instant_in_words(at_us: int, zone: str) -> str:
    """UTC first, then the rules' clock: "2026-03-02, 12:16:51.814 UTC, 13:16:51.814 in Prague"; its date too where it differs."""
    utc = datetime_of(at_us)
    local = utc.astimezone(ZoneInfo(zone))
    there = f"{local:%H:%M:%S}.{at_us % 1_000_000 // 1_000:03d}"
    if local.date() != utc.date():
        there = f"{local:%Y-%m-%d}, {there}"
    told = f"{utc:%Y-%m-%d, %H:%M:%S}.{at_us % 1_000_000 // 1_000:03d} UTC"
    place = zone.rpartition("/")[2].replace("_", " ")
    return told if place in ("UTC", "GMT") else f"{told}, {there} in {place}"
