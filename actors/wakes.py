"""Wakes: which accounts a price touches: bands per symbol in heaps, columns, days in a heap. An index, rebuilt from account states.

Bands cost a price a look at four heap tops, however many accounts hold the symbol. Entries are dropped lazily: an account's
newer watch outdates its older entries by number. Columns cost some operations a price, and little more for each account in
them: where few accounts follow every high they stand behind bands too.
"""

import heapq
from bisect import insort
from collections.abc import Collection, Mapping

from msgspec.structs import replace

from actors.columns import Columns
from actors.desk import Watch
from firm.price import Quote

COLUMNS_FROM = 250  # accounts that follow every high: in a trend so many wakes a price cost more than columns do
_NEVER = 1 << 64  # no price in points comes near
SLACK = 64  # outdated entries a heap may hold beyond four for each account


class _Edge:
    """One direction of one side of one symbol's quote: accounts to wake once the price is beyond their threshold.

    `top`: the nearest threshold, times the sign.
    """

    __slots__ = ("heap", "sign", "top")

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.heap: list[tuple[int, int, int]] = []
        self.top = _NEVER

    def add(self, threshold: int, account: int, number: int, numbers: dict[int, int]) -> None:
        if len(self.heap) > SLACK + 4 * len(numbers):
            self.heap = [entry for entry in self.heap if numbers.get(entry[1]) == entry[2]]
            heapq.heapify(self.heap)
        heapq.heappush(self.heap, (self.sign * threshold, account, number))
        self.top = self.heap[0][0]

    def pop_beyond(self, key: int, numbers: dict[int, int], found: set[int]) -> None:
        """Pop every entry whose threshold the price, times the sign, has passed; outdated ones among them vanish."""
        while self.heap and self.heap[0][0] < key:
            _, account, number = heapq.heappop(self.heap)
            if numbers.get(account) == number:
                found.add(account)
        self.top = self.heap[0][0] if self.heap else _NEVER


class _SymbolEdges:
    """The four edges of a symbol: bid and ask, falling and rising."""

    __slots__ = ("_all", "falling", "rising")

    def __init__(self) -> None:
        # A falling price passes high thresholds first, a rising one low ones first; negation turns one into the other.
        self.falling = {"bid": _Edge(-1), "ask": _Edge(-1)}
        self.rising = {"bid": _Edge(1), "ask": _Edge(1)}
        self._all = (self.falling["bid"], self.rising["bid"], self.falling["ask"], self.rising["ask"])

    def beyond(self, quote: Quote, numbers: dict[int, int]) -> set[int]:
        """Pop of every edge. Nearly every price passes none: a look at four tops is all it costs."""
        found: set[int] = set()
        bid, ask = quote.bid, quote.ask
        bid_falls, bid_rises, ask_falls, ask_rises = self._all
        if bid_falls.top < -bid:
            bid_falls.pop_beyond(-bid, numbers, found)
        if bid_rises.top < bid:
            bid_rises.pop_beyond(bid, numbers, found)
        if ask_falls.top < -ask:
            ask_falls.pop_beyond(-ask, numbers, found)
        if ask_rises.top < ask:
            ask_rises.pop_beyond(ask, numbers, found)
        return found


class Wakes:
    """The index of one bridge's accounts."""

    def __init__(self) -> None:
        self._watches: dict[int, Watch] = {}
        self._numbers: dict[int, int] = {}
        self._counter = 0
        self._edges: dict[str, _SymbolEdges] = {}
        self.columns = Columns()
        self._trailing = 0
        self._every: dict[str, set[int]] = {}  # whom each price of a symbol wakes
        self._woken_by: dict[int, tuple[str, ...]] = {}  # their symbols
        self._days: list[tuple[int, int]] = []
        self._provisional: dict[int, set[int]] = {}
        self._marked: list[set[int]] = [set()]  # in as many parts as there are turns
        self._late: dict[str, set[int]] = {}
        self._breached: dict[str, set[int]] = {}
        self._unfilled: dict[str, set[int]] = {}
        self._newest: dict[
            str, list[tuple[int, int]]
        ] = {}  # (instant, account), the newest last; some of them outdated

    def watch(self, watch: Watch, quotes: Mapping[str, Quote]) -> None:
        """Replace what is known of an account. `quotes`: the prices on the board, by which the watch was made."""
        account = watch.account
        if watch == Watch(account):
            self._forget(account)
            return
        if not self._only_prices_differ(watch):
            known_day_end_us = self._forget(account)
            self._await(watch, known_day_end_us)
        self._counter += 1
        self._watches[account] = watch
        self._numbers[account] = self._counter
        self._wait_for_prices(watch, quotes)

    @property
    def has_columns(self) -> bool:
        """Whether so many accounts follow every high that they are valued side by side."""
        return self._trailing >= COLUMNS_FROM

    def _wait_for_prices(self, watch: Watch, quotes: Mapping[str, Quote]) -> None:
        account, is_follower = watch.account, False
        if watch.follower is not None:
            is_follower = self.columns.admit(watch.follower, quotes)
        else:
            self.columns.drop(account)
        self._wake_by_every(account, watch.needed if watch.bands is None and not is_follower else ())
        for symbol, side, low, high in watch.bands or ():
            edges = self._edges.get(symbol)
            if edges is None:
                edges = self._edges[symbol] = _SymbolEdges()
            if low is not None:
                edges.falling[side].add(low, account, self._counter, self._numbers)
            if high is not None:
                edges.rising[side].add(high, account, self._counter, self._numbers)

    def _wake_by_every(self, account: int, symbols: tuple[str, ...]) -> None:
        known = self._woken_by.get(account, ())
        if symbols == known:
            return
        for symbol in known:
            self._every[symbol].discard(account)
        for symbol in symbols:
            self._every.setdefault(symbol, set()).add(account)
        if symbols:
            self._woken_by[account] = symbols
        else:
            del self._woken_by[account]

    def watch_of(self, account: int) -> Watch:
        """What is known of an account."""
        return self._watches.get(account, Watch(account))

    def _only_prices_differ(self, watch: Watch) -> bool:
        """Whether the account is in the index already as it must be, but for its prices: so it is at nearly every wake."""
        known = self._watches.get(watch.account)
        return (
            known is not None
            and known.day_end_us == watch.day_end_us
            and known.marked == watch.marked
            and known.provisional_us == watch.provisional_us
            and known.trails == watch.trails
            and known.late == watch.late
            and known.breached == watch.breached
            and known.newest_us == watch.newest_us
            and known.unfilled == watch.unfilled
        )

    def _await(self, watch: Watch, known_day_end_us: int) -> None:
        account = watch.account
        self._trailing += watch.trails
        if watch.day_end_us and watch.day_end_us != known_day_end_us:
            heapq.heappush(self._days, (watch.day_end_us, account))
        if watch.provisional_us:
            self._provisional.setdefault(watch.provisional_us, set()).add(account)
        if watch.marked:
            self._marked[account % len(self._marked)].add(account)
        for symbol in watch.late:
            self._late.setdefault(symbol, set()).add(account)
        for symbol in watch.breached:
            self._breached.setdefault(symbol, set()).add(account)
        for symbol in watch.unfilled:
            self._unfilled.setdefault(symbol, set()).add(account)
        if watch.newest_us:
            for symbol in {*watch.late, *watch.breached}:
                self._await_behind(symbol, watch)

    def _await_behind(self, symbol: str, watch: Watch) -> None:
        entries = self._newest.setdefault(symbol, [])
        concerned = len(self._late.get(symbol, ())) + len(self._breached.get(symbol, ()))
        if len(entries) > SLACK + 4 * concerned:
            entries[:] = sorted({entry for entry in entries if self._is_behind(symbol, *entry)})
        insort(entries, (watch.newest_us, watch.account))

    def _is_behind(self, symbol: str, newest_us: int, account: int) -> bool:
        """Whether an entry still says what the account's watch does."""
        watch = self._watches.get(account)
        return watch is not None and watch.newest_us == newest_us and symbol in (*watch.late, *watch.breached)

    def touched_by(self, quote: Quote, quotes: Mapping[str, Quote], off_market: bool = False) -> list[int]:
        """Accounts that this price must wake, by id, so that the order of decisions never depends on the index.

        `quotes`: the board, with this price on it. `off_market`: it is beyond its symbol's sanity band.
        """
        symbol = quote.symbol
        in_columns, edges, every = (
            self.columns.touched_by(quote, quotes, off_market),
            self._edges.get(symbol),
            self._every.get(symbol),
        )
        beyond = edges.beyond(quote, self._numbers) if edges is not None else ()
        if not (in_columns or beyond or every):
            return []
        return sorted({*in_columns, *beyond, *(every or ())})

    def await_day_end(self, account: int, at_us: int) -> None:
        """Let an account's next day end at an instant, whatever it was watched for."""
        self._watches[account] = replace(self.watch_of(account), day_end_us=at_us)
        heapq.heappush(self._days, (at_us, account))

    def next_day_end_us(self) -> int | None:
        """The earliest instant at which an account's day ends."""
        self._drop_outdated_days()
        return self._days[0][0] if self._days else None

    def days_ended(self, at_us: int) -> list[int]:
        """Accounts whose day ends exactly at `at_us`, by id."""
        ended: set[int] = set()
        self._drop_outdated_days()
        while self._days and self._days[0][0] == at_us:
            account = heapq.heappop(self._days)[1]
            ended.add(account)
            # Out of the heap, so that watching the account for the same day again would put it back.
            self._watches[account] = replace(self._watches[account], day_end_us=0)
            self._drop_outdated_days()
        return sorted(ended)

    def provisional_instants(self) -> Collection[int]:
        """Instants whose marks await the watermark."""
        return self._provisional.keys()

    def provisional(self) -> list[tuple[int, list[int]]]:
        """Instants whose marks await the watermark, with their accounts."""
        return [(instant_us, sorted(accounts)) for instant_us, accounts in sorted(self._provisional.items())]

    def marked(self, place: int, places: int) -> list[int]:
        """Accounts whose turn it is to be marked: those in one of `places` equal parts."""
        if len(self._marked) != places:
            accounts = [account for part in self._marked for account in part]
            self._marked = [set() for _ in range(places)]
            for account in accounts:
                self._marked[account % places].add(account)
        return sorted(self._marked[place])

    def judging_late(self, symbol: str) -> list[int]:
        """Accounts that judge a price of this symbol which comes late."""
        return sorted(self._late.get(symbol, ()))

    def measured_by(self, symbol: str) -> list[int]:
        """Accounts that measure by this symbol's contract, be it only a breach that they ended with."""
        return sorted(self._late.get(symbol, set()) | self._breached.get(symbol, set()))

    def behind(self, quote: Quote) -> list[int]:
        """Accounts to which this price is late although it is the newest of its symbol."""
        symbol, in_columns, newest = quote.symbol, self.columns.behind(quote), self._newest.get(quote.symbol, ())
        if not in_columns and (not newest or newest[-1][0] <= quote.t_us):
            return []  # so it is at nearly every price
        found = set(in_columns)
        for newest_us, account in reversed(newest):
            if newest_us <= quote.t_us:
                break
            if self._is_behind(symbol, newest_us, account):
                found.add(account)
        return sorted(found)

    def unfilled(self, symbol: str) -> list[int]:
        """Accounts that wait for this symbol's full prices. After an overload a bridge may answer a thousand stretches one by one."""
        return sorted(self._unfilled.get(symbol, ()))

    def _drop_outdated_days(self) -> None:
        while self._days and self._day_end_of(self._days[0][1]) != self._days[0][0]:
            heapq.heappop(self._days)

    def _day_end_of(self, account: int) -> int:
        watch = self._watches.get(account)
        return watch.day_end_us if watch is not None else 0

    def _forget(self, account: int) -> int:
        """Take an account out of the index; the day end it was watched for, which may still be in the heap."""
        known = self._watches.pop(account, None)
        if known is None:
            return 0
        self._numbers.pop(account, None)
        self.columns.drop(account)
        self._wake_by_every(account, ())
        self._trailing -= known.trails
        if known.provisional_us:
            waiting = self._provisional[known.provisional_us]
            waiting.discard(account)
            if not waiting:
                del self._provisional[known.provisional_us]
        self._marked[account % len(self._marked)].discard(account)
        for symbol in known.late:
            self._late[symbol].discard(account)
        for symbol in known.breached:
            self._breached[symbol].discard(account)
        for symbol in known.unfilled:
            self._unfilled[symbol].discard(account)
        return known.day_end_us
