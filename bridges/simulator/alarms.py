"""Alarms: the prices between which nothing can happen to anybody, so that most ticks need no look at any account. Never misses.

For each account and symbol a band is drawn: inside it no stop, target or pending order is reached, no trailing stop moves, and
the margin level cannot have crossed the margin call or come down to the stop-out. Touching the band's edge wakes the account,
which then decides exactly. Accounts whose profit is converted are woken by every price they depend on. Bands can be drawn
afresh at any time: they change the work, not the outcome.
"""

from typing import NamedTuple

from bridges.simulator.matching import waits_below
from bridges.simulator.state import Account, Pending, Position, State
from bridges.simulator.valuation import (
    MARGIN_CALL_LEVEL_PERCENT,
    STOP_OUT_LEVEL_PERCENT,
    conversion_symbols,
    equity_minor,
    margin_minor,
)
from firm.inputs import Side
from firm.money import divided_rounded_up
from firm.price import CONTRACT_SCALE, LOTS_SCALE, TEN_TO

_FAR = 2**62


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


class Alarms:
    """The bands of all accounts, and for each symbol the band that is quiet for everybody."""

    def __init__(self) -> None:
        self._bands: dict[str, dict[str, Band]] = {}
        self._common: dict[str, Band | None] = {}

    def draw(self, account: Account, state: State) -> None:
        """Draw the account's bands around the present prices: after each change of it, and after it was woken."""
        drawn = _bands_of(account, state)
        for symbol in {*self._bands, *drawn}:
            known = self._bands.setdefault(symbol, {})
            if symbol in drawn:
                known[account.login] = drawn[symbol]
                self._common[symbol] = None
            elif known.pop(account.login, None) is not None:
                self._common[symbol] = None

    def woken_by(self, symbol: str, bid: int, ask: int) -> frozenset[str]:
        """The logins that this price may concern."""
        bands = self._bands.get(symbol)
        if not bands:
            return frozenset()
        common = self._common.get(symbol)
        if common is None:
            common = Band()
            for band in bands.values():
                common = common.within(band)
            self._common[symbol] = common
        if common.is_quiet(bid, ask):
            return frozenset()
        return frozenset(login for login, band in bands.items() if not band.is_quiet(bid, ask))


def _bands_of(account: Account, state: State) -> dict[str, Band]:
    bands: dict[str, Band] = {}
    for held in account.positions.values():
        bands[held.symbol] = bands.get(held.symbol, Band()).within(_exits(held))
    for order in account.orders.values():
        bands[order.symbol] = bands.get(order.symbol, Band()).within(_wait(order))
    if account.positions:
        points = _points_of_room(account, state)
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


def _points_of_room(account: Account, state: State) -> int:
    """How many points every held symbol may move before the margin level can have come to one that matters.

    That is the margin call from either side, for it is told again after the level has recovered, or the stop-out.
    """
    point_minor = 0
    for held in account.positions.values():
        if conversion_symbols(account, held.symbol, state):
            return 0
        spec = state.listing(held.symbol).spec
        worth = held.lots_e8 * spec.contract_e8 * TEN_TO[account.exponent]
        point_minor += divided_rounded_up(worth, TEN_TO[spec.digits] * LOTS_SCALE * CONTRACT_SCALE)
    equity, margin = equity_minor(account, state), margin_minor(account, state)
    call, stop_out = (
        divided_rounded_up(margin * level, 100) for level in (MARGIN_CALL_LEVEL_PERCENT, STOP_OUT_LEVEL_PERCENT)
    )
    distance = min(equity - stop_out, call - equity) if account.in_margin_call else equity - call
    # Each position's profit is rounded by itself: one minor unit of slack for each, before and after.
    room = distance - 2 * len(account.positions) - 1
    return max(0, room) // point_minor
