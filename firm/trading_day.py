"""Trading day: from one local rollover to the next in an IANA zone, right over summer time.

A day is [start, end) and is labelled by the local date on which it starts (or ends). It lasts 23, 24 or 25 hours, or more where
holidays merge into it.
A rollover time that a clock change skips happens at the first instant after the gap; one that happens twice
counts the first time.
"""

import zoneinfo
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from firm.instant import datetime_of, instant_of

MERGED_IN_A_ROW_MAX = 7  # days that a holiday may merge into one
_DAY = timedelta(days=1)

# The zones of the pinned tzdata package, never the machine's: a day must not depend on where it is computed.
zoneinfo.reset_tzpath(to=())


class TradingCalendar(msgspec.Struct, frozen=True):
    """How days are cut: `zone` is an IANA name, `rollover` the local time "HH:MM" at which a day begins."""

    zone: Annotated[str, Meta(description="The time zone by its IANA name, such as Europe/Prague.")]
    rollover: Annotated[str, Meta(description='The local time at which a day begins, as "HH:MM".')]

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


class DayLabel(StrEnum):
    """By which local date a trading day is called."""

    START = "start"
    END = "end"  # a futures day that begins on Sunday evening is Monday's


class LabelledCalendar(TradingCalendar, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Days that are called by the local date on which they start or end, some of them merged into the next.

    `merged`: labels of days that do not end with a rollover: a holiday's session belongs to the next day. At most seven follow one another.
    """

    label: DayLabel
    merged: tuple[str, ...]

    def day_at(self, instant_us: int) -> "TradingDay":
        day = super().day_at(instant_us)
        start = date.fromisoformat(day.label)
        first = last = start
        for _ in range(MERGED_IN_A_ROW_MAX):
            first = first - _DAY if self._label_of(first - _DAY) in self.merged else first
            last = last + _DAY if self._label_of(last) in self.merged else last
        return TradingDay(
            self._label_of(last),
            _rollover_instant(self.zone, self.rollover, first),
            _rollover_instant(self.zone, self.rollover, last + _DAY),
        )

    def _label_of(self, start: date) -> str:
        return (start if self.label is DayLabel.START else start + _DAY).isoformat()


class TradingDay(msgspec.Struct, frozen=True):
    """One day: its local date as ISO text, and its bounds as instants."""

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
