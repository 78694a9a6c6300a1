"""Sessions: whether a symbol trades at an instant, by the weekly stretches its platform reports."""

from functools import lru_cache
from zoneinfo import ZoneInfo

from firm.instant import MINUTE_US, datetime_of
from firm.price import SymbolSpec


def is_open(spec: SymbolSpec, instant_us: int) -> bool:
    """Whether the instant lies in an open stretch; a symbol that reports none always trades."""
    if not spec.sessions:
        return True
    minute = _minute_of_week(spec.zone, instant_us // MINUTE_US)
    return any(start <= minute < end for start, end in spec.sessions)


@lru_cache(maxsize=1024)
def _minute_of_week(zone: str, minute: int) -> int:
    local = datetime_of(minute * MINUTE_US).astimezone(ZoneInfo(zone))
    return local.weekday() * 1440 + local.hour * 60 + local.minute
