"""Outage: how long prices were missing of what could be traded. The hours in which a market was closed are no silence."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from firm.instant import DAY_US, HOUR_US, MINUTE_US, datetime_of, instant_of
from firm.price import SymbolSpec
from firm.sessions import is_open, open_since_us

LOOKED_BACK_US = 28 * DAY_US  # a longer stretch is measured from its last four weeks


def silent_since_us(spec: SymbolSpec, told_us: int, now_us: int) -> int | None:
    """Since when prices are missing in the session that is open, of which everything before `told_us` is known; None: none is open."""
    opened_us = open_since_us(spec, now_us)
    return None if opened_us is None else max(told_us, opened_us)


def longest_silence_us(spec: SymbolSpec, from_us: int, until_us: int) -> int:
    """The longest part of [from_us, until_us) in which the market was open without a break; 0 where it was closed all the time."""
    return max((to_us - at_us for at_us, to_us in open_stretches(spec, from_us, until_us)), default=0)


def open_stretches(spec: SymbolSpec, from_us: int, until_us: int) -> Iterator[tuple[int, int]]:
    """The parts of [from_us, until_us) in which the market was open, each as long as it goes on."""
    from_us = max(from_us, until_us - LOOKED_BACK_US)
    begun_us: int | None = None
    cuts = _cuts(spec, from_us, until_us) if from_us < until_us else []
    for at_us in cuts:
        if is_open(spec, at_us):
            begun_us = at_us if begun_us is None else begun_us
        elif begun_us is not None:
            yield begun_us, at_us
            begun_us = None
    if begun_us is not None:
        yield begun_us, until_us


def days_lost(lost_us: int) -> int:
    """By how many days a clock that went on is to be put back: whole ones, rounded up in the trader's favour."""
    return max(1, -(-lost_us // DAY_US))


def _cuts(spec: SymbolSpec, from_us: int, until_us: int) -> list[int]:
    """The beginning, and every instant after it at which the market may open or close."""
    closed = [us for stretch in spec.closed for us in stretch]
    weekly = _weekly_cuts(spec, from_us, until_us) if spec.sessions else []
    return [from_us, *sorted({us for us in (*closed, *weekly) if from_us < us < until_us})]


def _weekly_cuts(spec: SymbolSpec, from_us: int, until_us: int) -> Iterator[int]:
    """By the wall clock of the platform's zone; where that shows a time twice, both, and the hours around it."""
    zone = ZoneInfo(spec.zone)
    minutes = {minute for session in spec.sessions for minute in session}
    monday = datetime_of(from_us - DAY_US).astimezone(zone).replace(tzinfo=None)
    monday = (monday - timedelta(days=monday.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
    while instant_of(monday.replace(tzinfo=UTC)) <= until_us + DAY_US:
        for minute in minutes:
            for fold in (0, 1):
                local = monday + timedelta(minutes=minute)
                yield instant_of(local.replace(tzinfo=zone, fold=fold))
        monday += timedelta(days=7)
    yield from _clock_changes(zone, from_us, until_us)


def _clock_changes(zone: ZoneInfo, from_us: int, until_us: int) -> Iterator[int]:
    """The instants at which the zone's clocks were changed: a wall time may come again, or never."""
    at_us = from_us // HOUR_US * HOUR_US
    while at_us < until_us:
        if _offset(zone, at_us) != _offset(zone, at_us + DAY_US):
            yield from range(at_us, at_us + DAY_US, 30 * MINUTE_US)
        at_us += DAY_US


def _offset(zone: ZoneInfo, at_us: int) -> timedelta | None:
    return datetime.fromtimestamp(at_us // 1_000_000, zone).utcoffset()
