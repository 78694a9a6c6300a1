"""Column groups: positions that one operation values, and rows that a price concerns, side by side.

Positions of which a point is a whole number of minor units, in the account's own currency, are worth together exactly what they
are worth one by one: an account's stand in a group as one, whichever their sides. Where something is rounded, each stands alone
and is rounded by itself, as the platform does it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from firm.equity import Leg
from firm.price import TEN_TO, Hop, Quote

Ints = NDArray[np.int64]
Quotes = Mapping[str, Quote]

_LEGS_AT_FIRST, _ROWS_AT_FIRST = 64, 64
_EVEN = 100  # a divisor that most fractions of a minor unit can be brought to: to divide all by one number is quicker


class GroupKey(NamedTuple):
    """What positions have in common that one operation values."""

    symbol: str
    hops: tuple[Hop, ...]
    is_whole: bool


class Entry(NamedTuple):
    """What stands in a group: a position, or whole ones taken together. At a price it is worth bid times `of_bid` and ask times
    `of_ask` less `offset`, over `divisor`; `worth`: now, in minor units.
    """

    of_bid: int
    of_ask: int
    offset: int
    divisor: int
    worth: int


class _Rates(NamedTuple):
    """By what a gain and a loss are multiplied and divided on their way to the account's currency."""

    gain: int
    gain_divisor: int
    loss: int
    loss_divisor: int


def entries_of(legs: Sequence[Leg], quotes: Quotes) -> Iterator[tuple[GroupKey, Entry]]:
    """How positions stand in groups, at the prices of now."""
    whole: dict[GroupKey, Entry] = {}
    for leg in legs:
        entry, is_whole = _entry(leg, quotes), leg.divisor == 1 and not leg.hops
        key = GroupKey(leg.symbol, leg.hops, is_whole)
        if not is_whole:
            yield key, entry
        elif (others := whole.get(key)) is None:
            whole[key] = entry
        else:
            # Nothing of them is rounded: the sum of the profits is the profit of the sums.
            of_bid, of_ask = others.of_bid + entry.of_bid, others.of_ask + entry.of_ask
            whole[key] = Entry(of_bid, of_ask, others.offset + entry.offset, 1, others.worth + entry.worth)
    yield from whole.items()


def even(leg: Leg) -> tuple[int, int]:
    """Factor and divisor of a position, as they are worked with here: the same fraction."""
    if leg.hops or leg.divisor == 1 or _EVEN % leg.divisor:
        return leg.factor, leg.divisor
    return leg.factor * (_EVEN // leg.divisor), _EVEN


def _entry(leg: Leg, quotes: Quotes) -> Entry:
    factor, divisor = even(leg)
    if leg.is_long:
        return Entry(factor, 0, leg.price_open * factor, divisor, leg.profit(quotes))
    return Entry(0, -factor, leg.price_open * -factor, divisor, leg.profit(quotes))


class Group:
    """Positions of one key, in all rows. `legs_at`: whose position stands where: its row, and its place among the row's."""

    __slots__ = ("_divisors", "asks", "bids", "count", "divisors", "key", "legs_at", "offsets", "rows", "worth")

    def __init__(self, key: GroupKey) -> None:
        self.key = key
        self.count = 0
        self.legs_at: list[tuple[int, int]] = []
        self.rows, self.bids, self.asks, self.offsets, self.divisors, self.worth = (
            ints(_LEGS_AT_FIRST) for _ in range(6)
        )
        self._divisors: Counter[int] = Counter()  # how many stand over each

    def add(self, row: int, entry: Entry, place: int) -> int:
        """Where it stands now."""
        at = self.count
        if at == len(self.rows):
            self.rows, self.bids, self.asks, self.offsets, self.divisors, self.worth = map(twice, self._columns())
        self.rows[at], self.bids[at], self.asks[at], self.offsets[at] = row, entry.of_bid, entry.of_ask, entry.offset
        self.divisors[at], self.worth[at] = entry.divisor, entry.worth
        self._divisors[entry.divisor] += 1
        self.legs_at.append((row, place))
        self.count += 1
        return at

    def remove(self, at: int) -> tuple[int, int]:
        """Take one out; the last one moves to its place: whose that is."""
        last, divisor = self.count - 1, int(self.divisors[at])
        self._divisors[divisor] -= 1
        if not self._divisors[divisor]:
            del self._divisors[divisor]
        for column in self._columns():
            column[at] = column[last]
        moved = self.legs_at.pop()
        if at != last:
            self.legs_at[at] = moved
        self.count = last
        return moved

    def revalue(self, quotes: Quotes, equity: Ints) -> None:
        """Work out each position's profit again, and move its row's equity by the difference."""
        count = self.count
        now = self._profits(quotes)
        np.add.at(equity, self.rows[:count], now - self.worth[:count])
        self.worth[:count] = now

    def _profits(self, quotes: Quotes) -> Ints:
        count, quote = self.count, quotes[self.key.symbol]
        scaled = self.bids[:count] * quote.bid
        scaled += self.asks[:count] * quote.ask
        scaled -= self.offsets[:count]
        if self.key.is_whole:
            return scaled
        divisors: Any = next(iter(self._divisors)) if len(self._divisors) == 1 else self.divisors[:count]
        if self.key.hops:
            gains = scaled > 0
            rate, divisor = _converting(rates_of(self.key.hops, quotes), True if gains.all() else gains)
            scaled *= rate
            divisors = divisors * divisor
        # Half away from zero, position by position.
        rounded = (2 * np.abs(scaled) + divisors) // (2 * divisors)
        signed: Ints = np.sign(scaled) * rounded
        return signed

    def _columns(self) -> tuple[Ints, ...]:
        return self.rows, self.bids, self.asks, self.offsets, self.divisors, self.worth


def _converting(rates: _Rates, gains: Any) -> tuple[Any, Any]:
    """By what each is multiplied and divided. Sums, for a choice between two goes slowly where gains and losses are mixed."""
    rate = rates.loss + gains * (rates.gain - rates.loss)
    return rate, rates.loss_divisor + gains * (rates.gain_divisor - rates.loss_divisor)


def rates_of(hops: Sequence[Hop], quotes: Quotes) -> _Rates:
    """As `firm.price.floating_profit` converts: a profit where its currency is sold, a loss where it is bought."""
    gain = gain_divisor = loss = loss_divisor = 1
    for hop in hops:
        quote, ten = quotes[hop.symbol], TEN_TO[hop.digits]
        if hop.inverse:
            gain, loss = gain * ten, loss * ten
            gain_divisor, loss_divisor = gain_divisor * quote.ask, loss_divisor * quote.bid
        else:
            gain, loss = gain * quote.bid, loss * quote.ask
            gain_divisor, loss_divisor = gain_divisor * ten, loss_divisor * ten
    return _Rates(gain, gain_divisor, loss, loss_divisor)


class Dependents:
    """The rows that depend on one symbol, each once, in no order."""

    __slots__ = ("_at", "_rows")

    def __init__(self) -> None:
        self._at: dict[int, int] = {}
        self._rows = ints(_ROWS_AT_FIRST)

    @property
    def rows(self) -> Ints:
        """Until the next one comes or goes."""
        return self._rows[: len(self._at)]

    def add(self, row: int) -> None:
        at = self._at[row] = len(self._at)
        if at == len(self._rows):
            self._rows = twice(self._rows)
        self._rows[at] = row

    def remove(self, row: int) -> None:
        """The last one moves to its place."""
        at, last = self._at.pop(row), len(self._at)
        if at != last:
            moved = int(self._rows[last])
            self._rows[at], self._at[moved] = moved, at


def ints(size: int) -> Ints:
    return np.zeros(size, np.int64)


def twice(column: Ints) -> Ints:
    return np.concatenate([column, np.zeros(len(column), np.int64)])
