"""Closures: the stretches in which a symbol does not trade, from its week, its holidays and its early closes."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec

from firm.bounds import CLOSED_STRETCH_MAX_US
from firm.instant import DAY_US, datetime_of, instant_of
from firm.price import SymbolSpec
from firm.sessions import DAY_MINUTES, WEEK_MINUTES
from firm.trading_day import TradingCalendar

Stretch = tuple[int, int]
"""[from_us, to_us)."""

# On either side: the longest closure that is believed, and a week, so that both its ends are seen.
_AROUND = timedelta(days=CLOSED_STRETCH_MAX_US // DAY_US + 7)
_WEEK = timedelta(days=7)


class MarketClosure(msgspec.Struct, frozen=True, gc=False):
    """[since_us, until_us). `early`: it begins within a session of the week, which a holiday or an early close cut short."""

    since_us: int
    until_us: int
    early: bool


def closures_around(spec: SymbolSpec, instant_us: int) -> tuple[MarketClosure, ...]:
    """The closures of the weeks around an instant, in order. A symbol that reports no week has only its holidays."""
    return _closures(spec, instant_us // DAY_US)


def local_instant(zone: str, clock: str, day: date) -> int:
    """When clocks of a zone show a time on a date: the first time, and after the gap where they skip it."""
    last = instant_of(datetime.combine(day, time.max, tzinfo=ZoneInfo(zone)))
    return TradingCalendar(zone, clock).day_at(last).start_us


@lru_cache(maxsize=4096)
def _closures(spec: SymbolSpec, utc_day: int) -> tuple[MarketClosure, ...]:
    around = datetime_of(utc_day * DAY_US).astimezone(ZoneInfo(spec.zone)).date()
    week = list(_week_stretches(spec, around - _AROUND, around + _AROUND))
    closed = sorted(stretch for stretch in spec.closed if stretch[1] - stretch[0] <= CLOSED_STRETCH_MAX_US)
    traded = list(_less(_joined(week), closed))
    return tuple(
        MarketClosure(since_us, until_us, any(start < since_us < end for start, end in week))
        for (_, since_us), (until_us, _) in pairwise(traded)
    )


def _week_stretches(spec: SymbolSpec, first: date, last: date) -> Iterator[Stretch]:
    sessions = spec.sessions or ((0, WEEK_MINUTES),)
    monday = first - timedelta(days=first.weekday())
    while monday <= last:
        yield from ((_at(spec.zone, monday, start), _at(spec.zone, monday, end)) for start, end in sorted(sessions))
        monday += _WEEK


def _at(zone: str, monday: date, minute: int) -> int:
    days, minutes = divmod(minute, DAY_MINUTES)
    return local_instant(zone, f"{minutes // 60:02}:{minutes % 60:02}", monday + timedelta(days=days))


def _joined(stretches: Iterable[Stretch]) -> Iterator[Stretch]:
    """Stretches in order, those that touch as one."""
    running: Stretch | None = None
    for start, end in stretches:
        if running is not None and start <= running[1]:
            running = running[0], max(end, running[1])
            continue
        if running is not None:
            yield running
        running = start, end
    if running is not None:
        yield running


def _less(stretches: Iterable[Stretch], closed: Iterable[Stretch]) -> Iterator[Stretch]:
    """What is left of stretches in order."""
    gaps = list(closed)
    for start, end in stretches:
        left = start
        for from_us, to_us in gaps:
            if from_us < end and left < to_us:
                if left < from_us:
                    yield left, from_us
                left = to_us
        if left < end:
            yield left, end
