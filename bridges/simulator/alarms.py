"""Alarms: the prices between which nothing can happen to anybody, so that most ticks need no look at any account. Never misses.

For each account and symbol a band is drawn: inside it no stop, target or pending order is reached, no trailing stop moves, and
the margin level cannot have crossed the margin call or come down to the stop-out. Touching the band's edge wakes the account,
which then decides exactly. Bands can be drawn afresh at any time: they change the work, not the outcome.
"""

import heapq
from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

from msgspec.structs import replace

from bridges.simulator.matching import waits_below
from bridges.simulator.state import Account, Pending, Position, Quoted, State
from bridges.simulator.valuation import (
    MARGIN_CALL_LEVEL_PERCENT,
    STOP_OUT_LEVEL_PERCENT,
    close_price,
    conversion_symbols,
    has_come_down_to,
    margin_of,
    profit_of_deal,
)
from firm.inputs import Side

_FAR = 2**62
_BOUNDS = (("bid_over", -1), ("bid_under", 1), ("ask_over", -1), ("ask_under", 1))
_SLACK = 64  # outdated entries a heap may hold beyond four for each account
_ROOMS = tuple(2**n for n in range(14, -1, -1))  # how many points of room are tried, the most first


class Band(NamedTuple):
    """Quiet while `bid_over` < bid < `bid_under` and `ask_over` < ask < `ask_under`."""

    bid_over: int = -_FAR
    bid_under: int = _FAR
    ask_over: int = -_FAR
    ask_under: int = _FAR

    def within(self, other: "Band") -> "Band":
        """The prices that are quiet for both."""
        return Band(
            max(self.bid_over, other.bid_over),
            min(self.bid_under, other.bid_under),
            max(self.ask_over, other.ask_over),
            min(self.ask_under, other.ask_under),
        )

    def is_quiet(self, bid: int, ask: int) -> bool:
        return self.bid_over < bid < self.bid_under and self.ask_over < ask < self.ask_under


class _Edge:
    """One bound of all bands of a symbol, the nearest on top. `sign`: 1 where a price that rises reaches it, -1 where one that falls."""

    def __init__(self, bound: str, sign: int) -> None:
        self._bound = bound
        self._sign = sign
        self._heap: list[tuple[int, str]] = []

    def add(self, login: str, band: Band, bands: dict[str, Band]) -> None:
        key = self._sign * int(getattr(band, self._bound))
        if key == _FAR:  # no price reaches it
            return
        if len(self._heap) > _SLACK + 4 * len(bands):
            self._heap = [entry for entry in set(self._heap) if self._is_drawn(entry, bands)]
            heapq.heapify(self._heap)
        heapq.heappush(self._heap, (key, login))

    def reached(self, price: int, bands: dict[str, Band], found: set[str]) -> None:
        """Take every entry off that the price has reached; outdated ones among them vanish."""
        while self._heap and self._heap[0][0] <= self._sign * price:
            entry = heapq.heappop(self._heap)
            if self._is_drawn(entry, bands):
                found.add(entry[1])

    def _is_drawn(self, entry: tuple[int, str], bands: dict[str, Band]) -> bool:
        band = bands.get(entry[1])
        return band is not None and self._sign * getattr(band, self._bound) == entry[0]


class Alarms:
    """The bands of all accounts, and for each symbol its four bounds in order: a price costs a look at the nearest ones."""

    def __init__(self) -> None:
        self._bands: dict[str, dict[str, Band]] = {}
        self._edges: dict[str, tuple[_Edge, ...]] = {}

    def draw(self, account: Account, state: State) -> None:
        """Draw the account's bands around the present prices: after each change of it, and after it was woken."""
        drawn = _bands_of(account, state)
        for symbol in sorted({*self._bands, *drawn}):
            known, band = self._bands.setdefault(symbol, {}), drawn.get(symbol)
            if band is None:
                known.pop(account.login, None)
                continue
            known[account.login] = band
            if symbol not in self._edges:
                self._edges[symbol] = tuple(_Edge(bound, sign) for bound, sign in _BOUNDS)
            for edge in self._edges[symbol]:
                edge.add(account.login, band, known)

    def woken_by(self, symbol: str, bid: int, ask: int) -> set[str]:
        """The logins that this price may concern. Their bands are to be drawn afresh."""
        found: set[str] = set()
        for edge, price in zip(self._edges.get(symbol, ()), (bid, bid, ask, ask), strict=False):
            edge.reached(price, self._bands[symbol], found)
        return found


def _bands_of(account: Account, state: State) -> dict[str, Band]:
    bands: dict[str, Band] = {}
    for held in account.positions.values():
        bands[held.symbol] = bands.get(held.symbol, Band()).within(_exits(held))
    for order in account.orders.values():
        bands[order.symbol] = bands.get(order.symbol, Band()).within(_wait(order))
    if account.positions:
        points = next((points for points in _ROOMS if _is_roomy(account, state, points)), 0)
        for symbol in _depends_on(account, state):
            bid, ask = state.quotes[symbol].bid, state.quotes[symbol].ask
            room = Band(bid - points, bid + points, ask - points, ask + points)
            bands[symbol] = bands.get(symbol, Band()).within(room)
    return bands


def _exits(held: Position) -> Band:
    """A long leaves at the bid, below its stop or above its target; a short at the ask, the other way about.

    A trailing stop moves with the first price that is further than its distance on the good side of it.
    """
    ahead = held.trail_points + 1
    if held.side is Side.BUY:
        under = [held.take_profit, held.stop_loss + ahead if held.trail_points else 0]
        return _edge(is_ask=False, over=held.stop_loss, under=min(filter(None, under), default=0))
    over = max(held.take_profit, held.stop_loss - ahead if held.trail_points else 0)
    return _edge(is_ask=True, over=over, under=held.stop_loss)


def _wait(order: Pending) -> Band:
    is_ask = order.side is Side.BUY
    if order.is_triggered:
        return _edge(is_ask=is_ask, over=_FAR, under=0)  # takes any price
    below = waits_below(order)
    return _edge(is_ask=is_ask, over=order.price if below else 0, under=0 if below else order.price)


def _edge(*, is_ask: bool, over: int, under: int) -> Band:
    """Bounds for one side of the price; 0 is none."""
    low, high = over or -_FAR, under or _FAR
    return Band(ask_over=low, ask_under=high) if is_ask else Band(bid_over=low, bid_under=high)


def _depends_on(account: Account, state: State) -> set[str]:
    symbols = {held.symbol for held in account.positions.values()}
    return symbols.union(*(conversion_symbols(account, symbol, state) for symbol in symbols))


def _is_roomy(account: Account, state: State, points: int) -> bool:
    """Whether every price the account depends on may move so many points before its margin level has come to one that matters.

    That is the margin call from either side, for it is told again after the level has recovered, or the stop-out.
    """
    equity_low = equity_high = account.balance_minor
    margin_low = margin_high = 0
    for held in account.positions.values():
        moved = tuple(_rates_moved(account, held, state, points))
        profits, margins = _profits_within(account, held, state, moved, points), _margins_within(account, held, moved)
        equity_low += min(profits) + held.swap_minor
        equity_high += max(profits) + held.swap_minor
        margin_low += min(margins)
        margin_high += max(margins)
    if not account.in_margin_call:
        return not has_come_down_to(MARGIN_CALL_LEVEL_PERCENT, equity_low, margin_high)
    stays_in_call = has_come_down_to(MARGIN_CALL_LEVEL_PERCENT, equity_high, margin_low)
    return stays_in_call and not has_come_down_to(STOP_OUT_LEVEL_PERCENT, equity_low, margin_high)


def _profits_within(
    account: Account, held: Position, state: State, rates_moved: tuple[State, ...], points: int
) -> list[int]:
    """Among these are the least and the most that the profit can be: it goes one way with each price while the others stand."""
    price = close_price(held, state)
    return [
        profit_of_deal(account, held, held.lots_e8, at, moved)
        for moved in rates_moved
        for at in (price - points, price + points)
    ]


def _margins_within(account: Account, held: Position, rates_moved: tuple[State, ...]) -> list[int]:
    """Among these are the least and the most margin."""
    return [margin_of(account, held.symbol, held.lots_e8, held.price_open, moved) for moved in rates_moved]


def _rates_moved(account: Account, held: Position, state: State, points: int) -> Iterator[State]:
    """What converts a position's profit, each way that its prices may have moved by `points`."""
    symbols, quotes = conversion_symbols(account, held.symbol, state), state.quotes
    for signs in product((-points, points), repeat=len(symbols)):
        moved = {
            symbol: Quoted(quotes[symbol].t_us, max(1, quotes[symbol].bid + by), max(1, quotes[symbol].ask + by), 1)
            for symbol, by in zip(symbols, signs, strict=True)
        }
        yield replace(state, quotes=moved)
