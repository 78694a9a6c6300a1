"""Synthetic prices: a market made up from a seed, in integers alone, so that every machine makes up the same one.

Each symbol's day has dice of its own, thrown from seed, symbol and date; its price goes on from the day before. A longer market
therefore begins with the shorter one, and another symbol beside it changes nothing. The price between bid and ask is kept in
millionths of a point, moves in millionths of itself (ppm) with each tick, and stays between a quarter and four times its start.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from bridges.simulator.holidays import opening_catalogue
from bridges.simulator.market_spec import Kind, MarketSpec, SymbolMarket, start_points
from bridges.simulator.ticks import BadLine, in_time_order
from firm.instant import DAY_US, HOUR_US, MINUTE_US, SECOND_US
from firm.price import SymbolSpec
from firm.quote_frame import Tick
from firm.sessions import is_open

GENERATOR = "synthetic-1"  # part of a market's fingerprint: another way of making prices up is another market
MINUTES_OF_DAY = DAY_US // MINUTE_US
_SCALE = 1_000_000
_WORD = (1 << 64) - 1
_BELL_SPREAD = 37_837  # standard deviation of the sum of four 16-bit throws
_BURST_US, _BURST_TIMES, _BURST_SPREAD = 5 * SECOND_US, 8, 3
_JUMP_US, _JUMP_TICKS, _JUMP_SPREAD = 3 * SECOND_US, 20, 4
_WEEKEND_US = DAY_US  # what is closed for longer reopens three times as far away

# How busy each hour of the day is, UTC, in percent of the mean: quiet in Asia, busiest where London and New York overlap.
_BUSY_PERCENT = (
    45, 45, 45, 45, 45, 55, 80, 120, 150, 140, 125, 125, 160, 190, 190, 180, 150, 125, 95, 85, 70, 55, 40, 40,
)  # fmt: skip


class Dice:
    """SplitMix64, begun from the SHA-256 of what it is for."""

    def __init__(self, *purpose: object) -> None:
        text = "/".join(map(str, purpose))
        self._state = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")

    def word(self) -> int:
        """The next 64 bits."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & _WORD
        mixed = ((self._state ^ (self._state >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _WORD
        return mixed ^ (mixed >> 31)

    def below(self, count: int) -> int:
        """0 to count - 1."""
        return (self.word() * count) >> 64

    def sign(self) -> int:
        return 1 if self.word() >> 63 else -1

    def bell(self) -> int:
        """Around 0, nearly normal, with a standard deviation of `_BELL_SPREAD`."""
        word = self.word()
        return (word & 0xFFFF) + (word >> 16 & 0xFFFF) + (word >> 32 & 0xFFFF) + (word >> 48) - 2 * 0xFFFF


class _Moment(NamedTuple):
    """When a tick comes, how many times its usual spread it has, and how far the price jumps with it, in ppm."""

    t_us: int
    spread_times: int = 1
    jump_ppm: int = 0


class SyntheticPrices:
    """All symbols of a made-up market as one stream in time order; at one instant the one named first goes first."""

    def __init__(self, spec: MarketSpec) -> None:
        self._spec = spec
        self.end_us = spec.from_us + spec.days * DAY_US
        self.first_us = next(self.ticks(self.end_us, None), Tick("", spec.from_us, 1, 1)).t_us // SECOND_US * SECOND_US
        listings = [_contract(market.symbol, spec.from_us) for market in spec.symbols]
        said = GENERATOR.encode() + msgspec.json.encode((spec, listings))
        self.fingerprint = hashlib.sha256(said).hexdigest()

    def ticks(self, to_us: int, skipped: Counter[BadLine] | None) -> Iterator[Tick]:  # noqa: ARG002  (no line here is bad)
        spec = self._spec
        return in_time_order(
            [Course(market, spec.seed, spec.from_us, spec.days).ticks() for market in spec.symbols], to_us
        )


def _contract(symbol: str, from_us: int) -> SymbolSpec:
    """As it is listed where such a market begins, holidays included."""
    listing = opening_catalogue(from_us).listing(symbol)
    assert listing is not None, f"{symbol} is not listed"
    return listing.spec


class Course:
    """How one symbol's price goes."""

    def __init__(self, market: SymbolMarket, seed: int, from_us: int, days: int) -> None:
        self._market = market
        self._listing = _contract(market.symbol, from_us)
        self._seed = seed
        self._from_us = from_us
        self._days = days
        self._start_e6 = self._mid_e6 = start_points(market) * _SCALE
        self._last_us = from_us
        self._trend = (-1, 1)  # the block of hours, and its direction
        self._closed_us = 0  # how long the market has been closed when the minute begins

    def ticks(self) -> Iterator[Tick]:
        """From the first to the last, once."""
        for day in range(self._days):
            midnight_us = self._from_us + day * DAY_US
            dice = Dice(GENERATOR, self._seed, self._market.symbol, midnight_us // DAY_US)
            for minute in range(MINUTES_OF_DAY):
                minute_us = midnight_us + minute * MINUTE_US
                if not is_open(self._listing, minute_us):
                    self._closed_us += MINUTE_US
                    continue
                self._reopen(dice)
                for moment in self._moments(dice, minute_us):
                    yield self._tick(dice, moment)

    def _reopen(self, dice: Dice) -> None:
        """Where a market that gaps was closed, it goes on elsewhere: further after a weekend."""
        closed_us, self._closed_us = self._closed_us, 0
        if closed_us and Kind.GAPS in self._market.kinds:
            self._move(dice.bell() * self._market.gap_ppm * (3 if closed_us > _WEEKEND_US else 1) // _BELL_SPREAD)

    def _moments(self, dice: Dice, minute_us: int) -> list[_Moment]:
        """When this minute's ticks come, in order."""
        market = self._market
        busy = _BUSY_PERCENT[minute_us % DAY_US // HOUR_US] * (50 + dice.below(101))
        ticks, rest = divmod(market.ticks_per_minute * busy, 10_000)
        ticks += dice.below(10_000) < rest
        moments = [_Moment(minute_us + dice.below(MINUTE_US)) for _ in range(ticks)]
        if Kind.BURSTS in market.kinds and not dice.below(market.burst_every_min):
            began_us = minute_us + dice.below(MINUTE_US - _BURST_US)
            crowd = _BURST_TIMES * market.ticks_per_minute
            moments += [_Moment(began_us + dice.below(_BURST_US), _BURST_SPREAD) for _ in range(crowd)]
        if Kind.JUMPS in market.kinds and not dice.below(market.jump_every_min):
            began_us = minute_us + dice.below(MINUTE_US - _JUMP_US)
            jump_ppm = dice.sign() * market.jump_ppm * (500 + dice.below(1_001)) // 1_000
            moments.append(_Moment(began_us, _JUMP_SPREAD, jump_ppm))
            moments += [_Moment(began_us + 1 + dice.below(_JUMP_US - 1), _JUMP_SPREAD) for _ in range(_JUMP_TICKS)]
        return sorted(moments)

    def _tick(self, dice: Dice, moment: _Moment) -> Tick:
        market = self._market
        self._move(moment.jump_ppm)
        self._mid_e6 += self._mid_e6 * market.step_ppm * dice.bell() // (_BELL_SPREAD * _SCALE)
        if Kind.TREND in market.kinds:
            self._drift(moment.t_us)
        if Kind.RANGE in market.kinds:
            self._mid_e6 += (self._start_e6 - self._mid_e6) * market.pull_ppm // _SCALE
        self._mid_e6 = max(self._start_e6 // 4, min(self._mid_e6, 4 * self._start_e6))
        self._last_us = moment.t_us
        spread_e6 = self._mid_e6 * market.spread_ppm * (100 + dice.below(51)) // (100 * _SCALE)
        spread = max(1, spread_e6 // _SCALE) * moment.spread_times
        bid = max(1, self._mid_e6 // _SCALE - spread // 2)
        return Tick(market.symbol, moment.t_us, bid, bid + spread)

    def _drift(self, t_us: int) -> None:
        """With the direction of these hours; while the market is closed nothing drifts."""
        block = t_us // (self._market.trend_hours * HOUR_US)
        if block != self._trend[0]:
            self._trend = (block, Dice(GENERATOR, self._seed, self._market.symbol, "trend", block).sign())
        passed_us = min(t_us - self._last_us, MINUTE_US)
        drift_e6 = self._mid_e6 * self._market.trend_ppm_per_hour * passed_us // (HOUR_US * _SCALE)
        self._mid_e6 += self._trend[1] * drift_e6

    def _move(self, ppm: int) -> None:
        self._mid_e6 += self._mid_e6 * ppm // _SCALE
