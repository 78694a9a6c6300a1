"""Opening: when a market that is closed trades again, by the sessions and closed stretches that its platform lists now."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from firm.instant import datetime_of, instant_of
from firm.price import SymbolSpec
from firm.sessions import DAY_MINUTES, is_open

AHEAD_DAYS = 16  # a closed stretch lasts 14 at most, and may end at a weekend


def opens_us(spec: SymbolSpec, now_us: int) -> int | None:
    """The next instant at which it trades; None where it does now, or not in sight."""
    if is_open(spec, now_us):
        return None
    edges = (*_session_starts(spec, now_us), *(to_us for _, to_us in spec.closed))
    return next((edge_us for edge_us in sorted(edges) if edge_us > now_us and is_open(spec, edge_us)), None)


def _session_starts(spec: SymbolSpec, now_us: int) -> Iterator[int]:
    """By the wall clock of the symbol's zone, from today on."""
    zone = ZoneInfo(spec.zone)
    today = datetime_of(now_us).astimezone(zone).date()
    for day in (today + timedelta(ahead) for ahead in range(AHEAD_DAYS)):
        for start, _ in spec.sessions:
            weekday, minute = divmod(start, DAY_MINUTES)
            if weekday == day.weekday():
                yield instant_of(datetime.combine(day, time(*divmod(minute, 60)), zone))
