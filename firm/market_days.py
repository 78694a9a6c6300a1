"""Market days: a firm's own list of days on which markets rest or close early, for what platforms do not report themselves."""

import hashlib
import re
from bisect import bisect_left
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from firm.closures import local_instant
from firm.instant import DAY_US
from firm.price import SymbolSpec
from firm.terms.words import Clock

MARKET_DAYS_MAX = 2_000
MARKET_SYMBOLS_MAX = 500
MARKET_NAME_MAX = 32
_MIDNIGHT = "00:00"
_NAME = re.compile(rf"[a-z0-9][a-z0-9-]{{0,{MARKET_NAME_MAX - 1}}}")
# On either side of an instant: further than any closure reaches that is looked at there.
_NEAR_US = 40 * DAY_US


class MarketDay(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A day's closure by local time. `closes`: from when, "00:00" for the whole day. `reopens`: until when; "00:00" is its end."""

    date: date
    name: str
    closes: Clock
    reopens: Clock


class MarketDays(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """The days of one market, in order. `zone`: whose clocks and dates are meant. `symbols`: what it concerns; none: everything."""

    name: str
    zone: str
    symbols: tuple[str, ...]
    days: Annotated[tuple[MarketDay, ...], Meta(max_length=MARKET_DAYS_MAX)]

    @property
    def version(self) -> str:
        """SHA-256 of its canonical bytes: a decision that rests on it names it."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()

    def stretches(self) -> tuple[tuple[int, int], ...]:
        """When the market is closed, as [from_us, to_us)."""
        return tuple(
            (
                local_instant(self.zone, day.closes, day.date),
                local_instant(self.zone, day.reopens, day.date + timedelta(days=day.reopens == _MIDNIGHT)),
            )
            for day in self.days
        )

    @cached_property
    def _in_order(self) -> tuple[tuple[int, int], ...]:
        return tuple(sorted(self.stretches()))

    def closing_near(self, spec: SymbolSpec, instant_us: int) -> SymbolSpec:
        """A symbol with those of these days closed as well that lie around an instant: the same for all instants of one UTC day."""
        if self.symbols and spec.symbol not in self.symbols:
            return spec
        noon_us = instant_us // DAY_US * DAY_US + DAY_US // 2
        first = bisect_left(self._in_order, (noon_us - _NEAR_US, 0))
        last = bisect_left(self._in_order, (noon_us + _NEAR_US, 0))
        near = self._in_order[first:last]
        return replace(spec, closed=tuple(sorted({*spec.closed, *near}))) if near else spec

    def closing(self, spec: SymbolSpec) -> SymbolSpec:
        """A symbol with these days closed as well, if they concern it."""
        if self.symbols and spec.symbol not in self.symbols:
            return spec
        return replace(spec, closed=tuple(sorted({*spec.closed, *self.stretches()})))


def market_days(name: str, zone: str, symbols: tuple[str, ...], days: tuple[MarketDay, ...]) -> MarketDays:
    """A list of days in order; a ValueError names the first that is there twice, or reopens before it closes.

    So does one whose zone does not exist, and one that concerns too many symbols.
    """
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as unknown:
        raise ValueError(f"{zone!r} is no zone: give an IANA name such as America/New_York") from unknown
    if len(symbols) > MARKET_SYMBOLS_MAX or len(set(symbols)) < len(symbols):
        raise ValueError(f"{len(symbols)} symbols: at most {MARKET_SYMBOLS_MAX}, each once")
    ordered = tuple(sorted(days, key=lambda day: day.date))
    if len(ordered) > MARKET_DAYS_MAX:
        raise ValueError(f"{len(ordered)} market days: at most {MARKET_DAYS_MAX}")
    for earlier, later in pairwise(ordered):
        if earlier.date == later.date:
            raise ValueError(f"{later.date} is there twice: {earlier.name!r} and {later.name!r}")
    for day in ordered:
        if day.reopens != _MIDNIGHT and day.reopens <= day.closes:
            raise ValueError(f"{day.date} {day.name!r} reopens at {day.reopens}, which is not after {day.closes}")
    return MarketDays(name=name, zone=zone, symbols=symbols, days=ordered)


def require_market_name(name: str) -> None:
    """A ValueError where a term could not name it."""
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"{name!r} is no name of a calendar: small letters, digits and dashes, at most {MARKET_NAME_MAX}"
        )
