"""Columns: accounts whose floor follows every new high, valued side by side: one NumPy operation a price instead of thousands of wakes.

Each row is an account, each group (`actors/column_groups.py`) positions of one symbol in all rows. A price revalues the
groups that depend on it, in 64-bit integers and rounded position by position as `firm.price.floating_profit` does: equity here is the
account's to the last minor unit. A new high is kept in the row, and handed to the account's desk when that next looks at its state.
Only rows that may have reached a floor wake their desk.

What could outgrow 64 bits is not taken in: each position is measured against a reach that prices stay below, and where a price
comes to it, all that depend on the price are let go to the slow lane, and measured anew.
"""

from collections import defaultdict
from typing import NamedTuple

import numpy as np

from actors.column_groups import Dependents, Group, GroupKey, Ints, Quotes, entries_of, even, ints, twice
from actors.desk import Follower, High
from actors.price_log import PriceLog
from firm.bounds import EQUITY_MINOR_MAX
from firm.price import TEN_TO, Quote

_ROWS_AT_FIRST = 256
_NO_HIGH = 0  # ordinals of prices begin at 1


class Columns:
    """The accounts of one bridge that are valued side by side."""

    def __init__(self) -> None:
        self._rows: dict[int, int] = {}
        self._free: list[int] = []
        self._followers: dict[int, Follower] = {}  # by row
        self._places: dict[int, list[tuple[Group, int]]] = {}  # of each row's positions
        self._let_go: set[int] = set()  # rows that outgrew their reach: their highs are kept, nothing else
        self._accounts, self._equity, self._peak, self._floor, self._gap, self._ceiling, self._since, self._high_at = (
            ints(_ROWS_AT_FIRST) for _ in range(8)
        )
        # When the newest high since its admission came, and in which frame: until the desk is watched anew nobody else knows.
        self._rose_us, self._rose_in = ints(_ROWS_AT_FIRST), ints(_ROWS_AT_FIRST)
        self._newest_since_us = self._newest_rise_us = 0
        self._groups: dict[GroupKey, Group] = {}
        self._of_symbol: dict[str, list[Group]] = defaultdict(list)
        self._dependents: dict[str, Dependents] = defaultdict(Dependents)
        self._reach: dict[str, int] = {}
        self._log = PriceLog()
        self._is_deciding, self._begun_at = False, self._log.ordinal
        # Peaks and their prices as this input found them, once one has risen: written over and over, for to allocate costs more.
        self._peak_before, self._high_at_before = ints(_ROWS_AT_FIRST), ints(_ROWS_AT_FIRST)
        self._is_kept = False
        self._published = Highs(ints(0), ints(0))
        self._is_published = True

    def __len__(self) -> int:
        return len(self._rows)

    # --- who stands here ---

    def admit(self, follower: Follower, quotes: Quotes) -> bool:
        """Take an account in, or what has changed of one; False where it could outgrow 64 bits. All it needs must be priced."""
        row = self._rows.get(follower.account)
        known = self._followers.get(row) if row is not None else None
        if not _is_storable(follower):
            self.drop(follower.account)
            return False
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
                    twice(column) for column in (self._accounts, self._equity, self._peak, self._floor)
                )
                self._gap, self._ceiling, self._since, self._high_at = (
                    twice(column) for column in (self._gap, self._ceiling, self._since, self._high_at)
                )
                self._rose_us, self._rose_in = twice(self._rose_us), twice(self._rose_in)
                self._peak_before, self._high_at_before = twice(self._peak_before), twice(self._high_at_before)
            self._free.append(size)
        row = self._rows[account] = self._free.pop()
        return row

    def _stand(self, row: int, follower: Follower, quotes: Quotes) -> None:
        places = self._places[row] = []
        for place, (key, entry) in enumerate(entries_of(follower.legs, quotes)):
            group = self._groups.get(key)
            if group is None:
                group = self._groups[key] = Group(key)
                for symbol in {key.symbol, *(hop.symbol for hop in key.hops)}:
                    self._of_symbol[symbol].append(group)
            places.append((group, group.add(row, entry, place)))
        for symbol in follower.needed:
            self._dependents[symbol].add(row)
            self._log.begin(quotes[symbol])

    def _leave_groups(self, row: int) -> None:
        places = self._places.pop(row, None)
        if places is None:
            return
        for symbol in self._followers[row].needed:
            self._dependents[symbol].remove(row)
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
            factor, divisor = even(leg)
            scaled = max(self._reach[leg.symbol], leg.price_open) * factor
            for hop in leg.hops:
                # Each direction multiplies by one of the two and divides by the other.
                scaled *= TEN_TO[hop.digits] if hop.inverse else self._reach[hop.symbol]
                divisor *= self._reach[hop.symbol] if hop.inverse else TEN_TO[hop.digits]
            most += 2 * (scaled + divisor)
        return most < EQUITY_MINOR_MAX

    def _outgrow(self, symbol: str) -> list[int]:
        """A price has come to its reach: let all that depend on it go, and wake them."""
        rows = self._dependents[symbol].rows.tolist()
        for row in rows:
            self._leave_groups(row)
            self._let_go.add(row)
        return [int(self._accounts[row]) for row in rows]

    # --- prices ---

    def touched_by(self, quote: Quote, quotes: Quotes, off_market: bool = False) -> list[int]:
        """Value what depends on a price; the accounts that may have reached a floor. `quotes` hold it already."""
        dependents = self._dependents.get(quote.symbol)
        if dependents is None:
            return []
        self._log.add(quote, off_market)
        if self._log.is_full:
            self._forget_prices()
        if quote.ask >= self._reach[quote.symbol]:
            return self._outgrow(quote.symbol)
        for group in self._of_symbol[quote.symbol]:
            if group.count:
                group.revalue(quotes, self._equity)
        return self._look(dependents.rows, quote) if len(dependents.rows) else []

    def behind(self, quote: Quote) -> list[int]:
        """Accounts with a high that is newer than this price, the newest of its symbol, or as new: it may show that there was none.

        Of two with one stamp in the same frame it is known which came first.
        """
        if quote.t_us > self._newest_rise_us or quote.symbol not in self._dependents:
            return []
        rows = self._dependents[quote.symbol].rows
        rose_us = self._rose_us.take(rows)
        is_behind = (rose_us > quote.t_us) | ((rose_us == quote.t_us) & (self._rose_in.take(rows) != quote.frame))
        found: list[int] = self._accounts[rows[is_behind]].tolist() if is_behind.any() else []
        return found

    def _forget_prices(self) -> None:
        before = self._high_at_before.tolist() if self._is_kept else []
        self._log.forget_all_but({self._begun_at, *self._high_at.tolist(), *before})

    def _look(self, rows: Ints, quote: Quote) -> list[int]:
        """Keep the new highs; the accounts that may have reached a floor."""
        equity = self._equity.take(rows)
        is_low = equity <= self._floor.take(rows)
        low: list[int] = self._accounts[rows[is_low]].tolist() if is_low.any() else []
        is_high = equity > self._peak.take(rows)
        if quote.t_us < self._newest_since_us:
            # Behind a deal: at that price something else was held.
            is_high &= self._since.take(rows) <= quote.t_us
        if is_high.all():
            self._rise(rows, equity, quote)
        elif is_high.any():
            self._rise(rows[is_high], equity[is_high], quote)
        return low

    def _rise(self, rows: Ints, equity: Ints, quote: Quote) -> None:
        if self._is_deciding and not self._is_kept:
            np.copyto(self._peak_before, self._peak)
            np.copyto(self._high_at_before, self._high_at)
            self._is_kept = True
        self._peak[rows] = equity
        self._high_at[rows] = self._log.ordinal
        self._rose_us[rows], self._rose_in[rows] = quote.t_us, quote.frame
        self._newest_rise_us = max(self._newest_rise_us, quote.t_us)
        # No floor rises by more than its high does, nor above its ceiling.
        risen = np.minimum(equity - self._gap.take(rows), self._ceiling.take(rows))
        self._floor[rows] = np.maximum(self._floor.take(rows), risen)
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
        peak, high_at = (self._peak_before, self._high_at_before) if self._is_kept else (self._peak, self._high_at)
        if row is None or not high_at[row]:
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
        self._is_deciding, self._is_kept, self._begun_at = True, False, self._log.ordinal

    def settle(self) -> None:
        """The input is decided."""
        self._is_deciding = self._is_kept = False

    def take_back(self) -> None:
        """Put back the highs as the input found them. All else is of prices that are undone: each account is to be admitted afresh."""
        if not self._is_deciding:
            return
        if self._is_kept:
            np.copyto(self._peak, self._peak_before)
            np.copyto(self._high_at, self._high_at_before)
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


def _is_storable(follower: Follower) -> bool:
    """Whether 64 bits hold what it is measured by, and the difference of any two of them: a floor is a high less a gap."""
    measured = (follower.equity, follower.peak, follower.floor, follower.gap)
    return max(map(abs, measured)) < EQUITY_MINOR_MAX and abs(follower.ceiling) <= EQUITY_MINOR_MAX
