"""Payrolls: the real prices around the release of 2 May 2014, positions that break on it, and what looking seldom would have seen.

A poller looks at these very prices, at once and without effort, every so often; what it finds is reckoned over all the moments at
which its first look may have been, each as likely as any other, and not drawn.
"""

from bisect import bisect_left
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from operator import attrgetter
from typing import NamedTuple

from bridges.simulator.price_files import bundled_tick_files, merged_ticks, price_file
from bridges.simulator.symbols import EURUSD, XAUUSD
from firm.instant import SECOND_US, parse_utc
from firm.money import divided_rounded_half_away, divided_rounded_up
from firm.price import CONTRACT_SCALE, LOTS_SCALE, SymbolSpec
from firm.quote_frame import Tick

RELEASE_US = parse_utc("2014-05-02T12:30:00")
POLLED_ON_US = 60 * SECOND_US  # how long after the stretch pollers may still look
SPECS = {listing.spec.symbol: listing.spec for listing in (EURUSD, XAUUSD)}
LOT_STEP_E8 = LOTS_SCALE // 100
CENTS = 100


class Stretch(NamedTuple):
    """Prices in time order: the last one of each symbol before `from_us`, those that are played until `to_us`, and those after it."""

    from_us: int
    to_us: int
    before: list[Tick]
    played: list[Tick]
    after: list[Tick]

    def of(self, symbol: str) -> list[Tick]:
        """The symbol's prices from the last one before the stretch on."""
        return [tick for tick in (*self.before, *self.played, *self.after) if tick.symbol == symbol]


class Long(NamedTuple):
    """A long position. Amounts of money in cents, prices in points."""

    symbol: str
    lots_e8: int
    price: int

    def profit(self, bid: int) -> int:
        """At a bid; half a cent away from zero."""
        spec = SPECS[self.symbol]
        return divided_rounded_half_away((bid - self.price) * self.lots_e8 * _worth(spec), _scale(spec))

    def breaks_at(self, allowed: int) -> int:
        """The highest bid at which so much or more is lost: half a cent less is rounded to it."""
        spec = SPECS[self.symbol]
        return self.price - divided_rounded_up((2 * allowed - 1) * _scale(spec), 2 * self.lots_e8 * _worth(spec))


class Polled(NamedTuple):
    """Of one floor: points below it at the look, on average over those that see it, and the share of pollers that never do."""

    points: Fraction
    missed: Fraction


@cache
def stretch(lead_us: int, long_us: int) -> Stretch:
    """From so long before the release."""
    from_us, to_us = RELEASE_US - lead_us, RELEASE_US - lead_us + long_us
    files = [price_file(path) for path in bundled_tick_files() if "20140502" in path.name]
    ticks = list(merged_ticks(files, to_us + POLLED_ON_US))
    first, end = (bisect_left(ticks, at_us, key=attrgetter("t_us")) for at_us in (from_us, to_us))
    newest = {tick.symbol: tick for tick in ticks[:first]}
    return Stretch(from_us, to_us, list(newest.values()), ticks[first:end], ticks[end:])


def sized(prices: Stretch, symbol: str, share: float, allowed: int) -> Long:
    """Bought at the last price before the stretch, so large that this share of the whole fall in it loses what is allowed, in cents."""
    spec = SPECS[symbol]
    price = next(tick.ask for tick in prices.before if tick.symbol == symbol)
    fall = price - min(tick.bid for tick in prices.played if tick.symbol == symbol)
    points = max(1, int(fall * share))
    steps = divided_rounded_up(allowed * _scale(spec), points * _worth(spec) * LOT_STEP_E8)
    return Long(symbol, steps * LOT_STEP_E8, price)


def polled(ticks: Sequence[Tick], level: int, every_us: int) -> Polled | None:
    """Of one symbol's prices and a floor that is broken at bid `level`. None where it never is.

    Each price stands until the next. A poller is known by when it looks within its round; it is done with its first look below.
    """
    first = next((place for place, tick in enumerate(ticks) if tick.bid <= level), None)
    if first is None:
        return None
    waiting, points = [(0, every_us)], 0
    for place in range(first, len(ticks) - 1):
        tick, until_us = ticks[place], ticks[place + 1].t_us
        if tick.bid > level or tick.t_us == until_us:
            continue
        before = _length(waiting)
        for seen in _looks(tick.t_us, until_us, every_us):
            waiting = _without(waiting, seen)
        points += (before - _length(waiting)) * (level - tick.bid)
        if not waiting:
            break
    missed = _length(waiting)
    caught = every_us - missed
    return Polled(Fraction(points, caught) if caught else Fraction(0), Fraction(missed, every_us))


def _looks(from_us: int, until_us: int, every_us: int) -> list[tuple[int, int]]:
    """When within its round a poller looks that looks in [from_us, until_us)."""
    if until_us - from_us >= every_us:
        return [(0, every_us)]
    low = from_us % every_us
    high = low + until_us - from_us
    return [(low, high)] if high <= every_us else [(low, every_us), (0, high - every_us)]


def _without(stretches: list[tuple[int, int]], taken: tuple[int, int]) -> list[tuple[int, int]]:
    low, high = taken
    left = [part for start, end in stretches for part in ((start, min(end, low)), (max(start, high), end))]
    return [(start, end) for start, end in left if start < end]


def _length(stretches: list[tuple[int, int]]) -> int:
    return sum(end - start for start, end in stretches)


def _worth(spec: SymbolSpec) -> int:
    """Of a point of a lot, in cents times `_scale`."""
    return spec.contract_e8 * CENTS


def _scale(spec: SymbolSpec) -> int:
    return int(LOTS_SCALE * CONTRACT_SCALE * 10**spec.digits)
