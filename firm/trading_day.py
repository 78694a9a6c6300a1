"""Trading day: from one local rollover to the next in an IANA zone, right over summer time.

A day is [start, end) and is labelled by the local date on which it starts. It lasts 23, 24 or 25 hours.
A rollover time that a clock change skips happens at the first instant after the gap; one that happens twice
counts the first time.
"""

import zoneinfo
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

from firm.instant import datetime_of, instant_of

# The zones of the pinned tzdata package, never the machine's: a day must not depend on where it is computed.
zoneinfo.reset_tzpath(to=())


class TradingCalendar(msgspec.Struct, frozen=True):
    """How days are cut: `zone` is an IANA name, `rollover` the local time "HH:MM" at which a day begins."""

    zone: str
    rollover: str

    def day_at(self, instant_us: int) -> "TradingDay":
        """The day that holds the instant; its first instant belongs to it, its end to the next."""
        local = datetime_of(instant_us).astimezone(ZoneInfo(self.zone)).date()
        # The rollover of the local date may still lie ahead, and a gap can push it past midnight: try from the next day back.
        for label in (local + timedelta(days=1), local, local - timedelta(days=1)):
            start_us = _rollover_instant(self.zone, self.rollover, label)
            if start_us <= instant_us:
                return TradingDay(
                    label.isoformat(), start_us, _rollover_instant(self.zone, self.rollover, label + timedelta(days=1))
                )
        raise AssertionError(f"no trading day in {self.zone} holds {instant_us}")


class TradingDay(msgspec.Struct, frozen=True):
    """One day: local start date as ISO text, and its bounds as instants."""

    label: str
    start_us: int
    end_us: int


@lru_cache(maxsize=4096)
def _rollover_instant(zone: str, rollover: str, label: date) -> int:
    hour, minute = rollover.split(":")
    tz = ZoneInfo(zone)
    wall = datetime.combine(label, time(int(hour), int(minute)), tzinfo=tz)
    instant_us = instant_of(wall)
    if datetime_of(instant_us).astimezone(tz).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return instant_us
    # The wall time does not exist: fold=0 reads it with the offset before the gap, fold=1 with the one after.
    after = instant_of(wall.replace(fold=1))
    return _first_instant_after_gap(tz, min(instant_us, after), max(instant_us, after))


def _first_instant_after_gap(tz: ZoneInfo, low_us: int, high_us: int) -> int:
    """Bisect the instant at which the zone's offset changes between two instants."""
    before = datetime_of(low_us).astimezone(tz).utcoffset()
    while high_us - low_us > 1:
        middle = (low_us + high_us) // 2
        if datetime_of(middle).astimezone(tz).utcoffset() == before:
            low_us = middle
        else:
            high_us = middle
    return high_us
