"""Sessions: whether a symbol trades at an instant, by the weekly stretches its platform reports, less holidays and early closes."""

from collections.abc import Iterator
from datetime import timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from firm.bounds import CLOSED_STRETCH_MAX_US
from firm.instant import MINUTE_US, SECOND_US, datetime_of
from firm.price import SymbolSpec

DAY_MINUTES = 1_440
WEEK_MINUTES = 7 * DAY_MINUTES


def is_open(spec: SymbolSpec, instant_us: int) -> bool:
    """Whether the instant lies in an open stretch and in no closed one; a symbol that reports no stretches always trades."""
    if spec.renamed_to or is_closed(spec, instant_us):
        return False
    if not spec.sessions:
        return True
    minute = _minute_of_week(spec.zone, instant_us // MINUTE_US)
    return any(start <= minute < end for start, end in spec.sessions)


def is_closed(spec: SymbolSpec, instant_us: int) -> bool:
    """Whether the instant lies in a closed stretch, a holiday or an early close. One that is too long is not believed."""
    return any(from_us <= instant_us < to_us for from_us, to_us in _believed(spec))


def open_since_us(spec: SymbolSpec, instant_us: int) -> int | None:
    """When the session that is open at the instant began, over stretches that join; None: none is open. 0: it never closed."""
    if not is_open(spec, instant_us):
        return None
    reopened_us = max((to_us for _, to_us in _believed(spec) if to_us <= instant_us), default=0)
    return max(reopened_us, _week_open_since_us(spec, instant_us))


def _believed(spec: SymbolSpec) -> Iterator[tuple[int, int]]:
    return ((from_us, to_us) for from_us, to_us in spec.closed if to_us - from_us <= CLOSED_STRETCH_MAX_US)


def _week_open_since_us(spec: SymbolSpec, instant_us: int) -> int:
    """By the week alone, in which it is open."""
    if not spec.sessions:
        return 0
    now = instant_us // MINUTE_US
    minute = _minute_of_week(spec.zone, now)
    opened = next(start for start, end in spec.sessions if start <= minute < end)
    before = {end % WEEK_MINUTES: start for start, end in spec.sessions}
    behind = minute - opened
    while (joined := before.get(opened)) is not None:
        behind += (opened - joined) % WEEK_MINUTES or WEEK_MINUTES
        opened = joined
        if behind >= WEEK_MINUTES:
            return 0
    # By the wall clock of the platform's zone, which is where sessions are told.
    local = datetime_of(now * MINUTE_US).astimezone(ZoneInfo(spec.zone)) - timedelta(minutes=behind)
    return int(local.timestamp()) * SECOND_US


@lru_cache(maxsize=1024)
def _minute_of_week(zone: str, minute: int) -> int:
    local = datetime_of(minute * MINUTE_US).astimezone(ZoneInfo(zone))
    return local.weekday() * DAY_MINUTES + local.hour * 60 + local.minute
