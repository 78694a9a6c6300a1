"""Columns: accounts whose floor follows every new high, valued side by side: one NumPy operation a price instead of thousands of wakes.

Each row is an account, each group the positions of one symbol in all rows, with the same conversions. A price revalues the
groups that depend on it, in 64-bit integers and rounded position by position as `firm.price.floating_profit` does: equity here is the
account's to the last minor unit. A new high is kept in the row, and handed to the account's desk when that next looks at its state.
Only rows that may have reached a floor wake their desk.

What could outgrow 64 bits is not taken in: each position is measured against a reach that prices stay below, and where a price
comes to it, all that depend on the price are let go to the slow lane, and measured anew.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from actors.desk import Follower, High
from actors.price_log import PriceLog
from firm.bounds import EQUITY_MINOR_MAX
from firm.equity import Leg
from firm.price import TEN_TO, Hop, Quote

Ints = NDArray[np.int64]
Quotes = Mapping[str, Quote]

_ROWS_AT_FIRST, _LEGS_AT_FIRST = 256, 64
_NO_HIGH = 0  # ordinals of prices begin at 1


class GroupKey(NamedTuple):
    """What positions have in common that one operation values."""

    symbol: str
    hops: tuple[Hop, ...]


class _Rates(NamedTuple):
    """By what a gain and a loss are multiplied and divided on their way to the account's currency."""

    gain: int
    gain_divisor: int
    loss: int
    loss_divisor: int


class _Group:
    """Positions of one key, in all rows. `legs_at`: whose position stands where: its row, and its place among the row's.

    `longs` are one or nought; `factors` of short positions are below nought.
    """

    __slots__ = ("_fractions", "count", "divisors", "factors", "key", "legs_at", "longs", "opens", "rows", "worth")

    def __init__(self, key: GroupKey) -> None:
        self.key = key
        self.count = 0
        self.legs_at: list[tuple[int, int]] = []
        self.rows, self.opens, self.longs, self.factors, self.divisors, self.worth = (
            _ints(_LEGS_AT_FIRST) for _ in range(6)
        )
        self._fractions = 0  # positions of which a point is no whole number of minor units

    def add(self, row: int, leg: Leg, place: int, worth: int) -> int:
        """Where it stands now."""
        at = self.count
        if at == len(self.rows):
            self.rows, self.opens, self.longs, self.factors, self.divisors, self.worth = map(_twice, self._columns())
        self.rows[at], self.opens[at], self.longs[at], self.worth[at] = row, leg.price_open, leg.is_long, worth
        self.factors[at], self.divisors[at] = leg.factor if leg.is_long else -leg.factor, leg.divisor
        self.legs_at.append((row, place))
        self._fractions += leg.divisor != 1
        self.count += 1
        return at

    def remove(self, at: int) -> tuple[int, int]:
        """Take one out; the last one moves to its place: whose that is."""
        last = self.count - 1
        self._fractions -= int(self.divisors[at]) != 1
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
        closing = quote.ask - (quote.ask - quote.bid) * self.longs[:count]
        scaled = (closing - self.opens[:count]) * self.factors[:count]
        if not self._fractions and not self.key.hops:
            return scaled
        divisors = self.divisors[:count]
        if self.key.hops:
            rates, gains = rates_of(self.key.hops, quotes), scaled > 0
            scaled = scaled * np.where(gains, rates.gain, rates.loss)
            divisors = divisors * np.where(gains, rates.gain_divisor, rates.loss_divisor)
        # Half away from zero, position by position.
        rounded = (2 * np.abs(scaled) + divisors) // (2 * divisors)
        signed: Ints = np.sign(scaled) * rounded
        return signed

    def _columns(self) -> tuple[Ints, ...]:
        return self.rows, self.opens, self.longs, self.factors, self.divisors, self.worth


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


class Columns:
    """The accounts of one bridge that are valued side by side."""

    def __init__(self) -> None:
        self._rows: dict[int, int] = {}
        self._free: list[int] = []
        self._followers: dict[int, Follower] = {}  # by row
        self._places: dict[int, list[tuple[_Group, int]]] = {}  # of each row's positions
        self._let_go: set[int] = set()  # rows that outgrew their reach: their highs are kept, nothing else
        self._accounts, self._equity, self._peak, self._floor, self._gap, self._ceiling, self._since, self._high_at = (
            _ints(_ROWS_AT_FIRST) for _ in range(8)
        )
        # When the newest high since its admission came, and in which frame: until the desk is watched anew nobody else knows.
        self._rose_us, self._rose_in = _ints(_ROWS_AT_FIRST), _ints(_ROWS_AT_FIRST)
        self._newest_since_us = self._newest_rise_us = 0
        self._groups: dict[GroupKey, _Group] = {}
        self._of_symbol: dict[str, list[_Group]] = defaultdict(list)
        self._reach: dict[str, int] = {}
        self._log = PriceLog()
        self._is_deciding, self._begun_at = False, self._log.ordinal
        self._before: tuple[Ints, Ints] | None = None  # peaks and their prices as this input found them
        self._published = Highs(_ints(0), _ints(0))
        self._is_published = True

    def __len__(self) -> int:
        return len(self._rows)

    # --- who stands here ---

    def admit(self, follower: Follower, quotes: Quotes) -> bool:
        """Take an account in, or what has changed of one; False where it could outgrow 64 bits. All it needs must be priced."""
        row = self._rows.get(follower.account)
        known = self._followers.get(row) if row is not None else None
        if known is None or known.legs is not follower.legs or row in self._let_go:
            self.drop(follower.account)
            if not self._fits(follower, quotes):
                return False
            row = self._new_row(follower.account)
            self._stand(row, follower, quotes)
        assert row is not None
        self._followers[row] = follower
        self._accounts[row] = follower.account
        self._equity[row], self._peak[row], self._floor[row] = follower.equity, follower.peak, follower.floor
        self._gap[row], self._ceiling[row], self._since[row] = follower.gap, follower.ceiling, follower.since_us
        self._high_at[row], self._rose_us[row] = _NO_HIGH, 0
        self._newest_since_us = max(self._newest_since_us, follower.since_us)
        self._is_published = False
        return True

    def drop(self, account: int) -> None:
        """Let an account go, whose desk has taken its high."""
        row = self._rows.pop(account, None)
        if row is None:
            return
        self._leave_groups(row)
        self._let_go.discard(row)
        del self._followers[row]
        self._high_at[row] = self._accounts[row] = 0
        self._free.append(row)
        self._is_published = False

    def _new_row(self, account: int) -> int:
        if not self._free:
            size = len(self._followers)
            if size == len(self._equity):
                self._accounts, self._equity, self._peak, self._floor = (
                    _twice(column) for column in (self._accounts, self._equity, self._peak, self._floor)
                )
                self._gap, self._ceiling, self._since, self._high_at = (
                    _twice(column) for column in (self._gap, self._ceiling, self._since, self._high_at)
                )
                self._rose_us, self._rose_in = _twice(self._rose_us), _twice(self._rose_in)
            self._free.append(size)
        row = self._rows[account] = self._free.pop()
        return row

    def _stand(self, row: int, follower: Follower, quotes: Quotes) -> None:
        places = self._places[row] = []
        for place, leg in enumerate(follower.legs):
            key = GroupKey(leg.symbol, leg.hops)
            group = self._groups.get(key)
            if group is None:
                group = self._groups[key] = _Group(key)
                for symbol in {leg.symbol, *(hop.symbol for hop in leg.hops)}:
                    self._of_symbol[symbol].append(group)
            places.append((group, group.add(row, leg, place, leg.profit(quotes))))
        for symbol in follower.needed:
            self._log.begin(quotes[symbol])

    def _leave_groups(self, row: int) -> None:
        places = self._places.pop(row, [])
        while places:
            group, at = places.pop()
            moved_row, moved_place = group.remove(at)
            if (moved_row, moved_place) != (row, len(places)):
                # The last of its group stands where this one stood: another row's, or an earlier position of the same.
                theirs = places if moved_row == row else self._places[moved_row]
                theirs[moved_place] = (group, at)

    # --- what cannot be outgrown ---

    def _fits(self, follower: Follower, quotes: Quotes) -> bool:
        """Whether nothing that is worked out of it passes 2^62 while each price stays below its reach."""
        for symbol in follower.needed:
            ask = quotes[symbol].ask
            if self._reach.get(symbol, 0) <= ask:
                self._reach[symbol] = 1 << (2 * ask).bit_length()
        most = abs(follower.equity)
        for leg in follower.legs:
            scaled = max(self._reach[leg.symbol], leg.price_open) * leg.factor
            divisor = leg.divisor
            for hop in leg.hops:
                # Each direction multiplies by one of the two and divides by the other.
                scaled *= TEN_TO[hop.digits] if hop.inverse else self._reach[hop.symbol]
                divisor *= self._reach[hop.symbol] if hop.inverse else TEN_TO[hop.digits]
            most += 2 * (scaled + divisor)
        return most < EQUITY_MINOR_MAX

    def _outgrow(self, symbol: str) -> list[int]:
        """A price has come to its reach: let all that depend on it go, and wake them."""
        rows = {row for group in self._of_symbol[symbol] for row, _ in group.legs_at}
        for row in rows:
            self._leave_groups(row)
            self._let_go.add(row)
        return [int(self._accounts[row]) for row in rows]

    # --- prices ---

    def touched_by(self, quote: Quote, quotes: Quotes, off_market: bool = False) -> list[int]:
        """Value what depends on a price; the accounts that may have reached a floor. `quotes` hold it already."""
        groups = self._of_symbol.get(quote.symbol)
        if not groups:
            return []
        self._log.add(quote, off_market)
        if self._log.is_full:
            self._forget_prices()
        if quote.ask >= self._reach[quote.symbol]:
            return self._outgrow(quote.symbol)
        for group in groups:
            if group.count:
                group.revalue(quotes, self._equity)
        low: list[int] = []
        for group in groups:
            if group.count:
                self._look(group.rows[: group.count], quote, low)
        return low

    def behind(self, quote: Quote) -> list[int]:
        """Accounts with a high that is newer than this price, the newest of its symbol, or as new: it may show that there was none.

        Of two with one stamp in the same frame it is known which came first.
        """
        found: set[int] = set()
        if quote.t_us > self._newest_rise_us:
            return []
        for group in self._of_symbol.get(quote.symbol, ()):
            rows = group.rows[: group.count]
            rose_us = self._rose_us[rows]
            is_behind = (rose_us > quote.t_us) | ((rose_us == quote.t_us) & (self._rose_in[rows] != quote.frame))
            if is_behind.any():
                found.update(self._accounts[rows[is_behind]].tolist())
        return list(found)

    def _forget_prices(self) -> None:
        before = () if self._before is None else self._before[1]
        self._log.forget_all_but({self._begun_at, *self._high_at.tolist(), *map(int, before)})

    def _look(self, rows: Ints, quote: Quote, low: list[int]) -> None:
        equity = self._equity[rows]
        is_high = equity > self._peak[rows]
        is_low = equity <= self._floor[rows]
        if is_low.any():
            low.extend(self._accounts[rows[is_low]].tolist())
        if quote.t_us < self._newest_since_us:
            # Behind a deal: at that price something else was held.
            is_high &= self._since[rows] <= quote.t_us
        if is_high.any():
            self._rise(rows[is_high], equity[is_high], quote)

    def _rise(self, rows: Ints, equity: Ints, quote: Quote) -> None:
        if self._is_deciding and self._before is None:
            self._before = (self._peak.copy(), self._high_at.copy())
        self._peak[rows] = equity
        self._high_at[rows] = self._log.ordinal
        self._rose_us[rows], self._rose_in[rows] = quote.t_us, quote.frame
        self._newest_rise_us = max(self._newest_rise_us, quote.t_us)
        # No floor rises by more than its high does, nor above its ceiling.
        risen = np.minimum(equity - self._gap[rows], self._ceiling[rows])
        self._floor[rows] = np.maximum(self._floor[rows], risen)
        self._is_published = False

    # --- highs ---

    def take_high(self, account: int) -> High | None:
        """The high that prices brought since the account's desk last looked, to be kept by the desk from now on."""
        row = self._rows.get(account)
        if row is None or not self._high_at[row]:
            return None
        high = self._high(row, self._peak, self._high_at)
        self._high_at[row] = _NO_HIGH
        return high

    def high_before(self, account: int) -> High | None:
        """As `take_high`, without taking it, as it was before the input that is being decided."""
        row = self._rows.get(account)
        peak, high_at = self._before or (self._peak, self._high_at)
        if row is None or row >= len(peak) or not high_at[row]:
            return None
        return self._high(row, peak, high_at)

    def _high(self, row: int, peak: Ints, high_at: Ints) -> High:
        needed, ordinal = self._followers[row].needed, int(high_at[row])
        stood = self._log.stood_at(needed, ordinal)
        quotes, off_market = tuple(price.quote for price in stood), any(price.off_market for price in stood)
        return High(int(peak[row]), self._log.t_us_at(ordinal, needed), quotes, off_market)

    # --- inputs ---

    def begin(self) -> None:
        """An input with prices is about to be decided, and may have to be undone."""
        self._is_deciding, self._before, self._begun_at = True, None, self._log.ordinal

    def settle(self) -> None:
        """The input is decided."""
        self._is_deciding, self._before = False, None

    def take_back(self) -> None:
        """Put back the highs as the input found them. All else is of prices that are undone: each account is to be admitted afresh."""
        if not self._is_deciding:
            return
        if self._before is not None:
            peak, high_at = self._before
            self._peak[: len(peak)], self._high_at[: len(high_at)] = peak, high_at
            self._high_at[len(high_at) :] = _NO_HIGH
        self._log.forget_after(self._begun_at)
        for row in self._followers:
            self._leave_groups(row)
            self._let_go.add(row)
        self.settle()

    def published(self) -> "Highs":
        """The highs as they are now, for pages."""
        if not self._is_published:
            self._published = Highs(self._accounts.copy(), self._peak.copy())
            self._is_published = True
        return self._published

    def row_of(self, account: int) -> int | None:
        return self._rows.get(account)


class Highs(NamedTuple):
    """Equity highs by row, and whose they are."""

    accounts: Ints
    peaks: Ints

    def of(self, account: int, row: int | None) -> int | None:
        """The high of an account that stood in this row."""
        if row is None or row >= len(self.accounts) or self.accounts[row] != account:
            return None
        return int(self.peaks[row])


def _ints(size: int) -> Ints:
    return np.zeros(size, np.int64)


def _twice(column: Ints) -> Ints:
    return np.concatenate([column, np.zeros(len(column), np.int64)])
