"""Fills: what a fill makes of an account: positions opened, added to, reduced, reversed or closed, with their deals.

On a hedging account each entry is a position of its own. On a netting account a symbol has at most one: an entry on the same
side adds to it at the average price, one on the other side reduces it, and what is left over opens the opposite position.
"""

from typing import NamedTuple

from bridges.simulator.answers import Reason, Retcode
from bridges.simulator.commissions import commission_of
from bridges.simulator.corrections import remember
from bridges.simulator.matching import LOTS_STEP_E8, depth_left_e8, opposite
from bridges.simulator.state import Account, Execution, Position, PositionMode, State, TradeMode
from bridges.simulator.tellings import Tellings
from bridges.simulator.valuation import (
    can_value,
    equity_minor,
    is_convertible,
    margin_minor,
    margin_of,
    profit_of_deal,
)
from firm.inputs import DealEntry, Side
from firm.money import divided_rounded_half_away
from firm.price import LOTS_SCALE
from firm.sessions import is_open

LOTS_MAX_E8 = 200 * LOTS_SCALE
OPEN_MAX = 100  # positions and pending orders of one account


class Entry(NamedTuple):
    """An order's fill before it meets the account's positions."""

    symbol: str
    side: Side
    lots_e8: int
    price: int
    stop_loss: int
    take_profit: int
    order_id: str


class Fills:
    """Books entries and exits at prices that were decided before. `changes` counts whatever changed an account by trading."""

    def __init__(self, state: State, tellings: Tellings) -> None:
        self._state = state
        self._tell = tellings
        self.changes = 0

    # --- whether ---

    def refusal(self, account: Account, symbol: str, side: Side, lots_e8: int, t_us: int) -> Retcode | None:
        """Why an order of this size cannot be taken now, whatever its price."""
        if self._state.is_down:
            return Retcode.NO_CONNECTION
        listing = self._state.catalogue.listing(symbol)
        if listing is None:
            return Retcode.UNKNOWN_SYMBOL
        if not 0 < lots_e8 <= LOTS_MAX_E8 or lots_e8 % LOTS_STEP_E8:
            return Retcode.INVALID_VOLUME
        if account.mode is TradeMode.BLOCKED:
            return Retcode.TRADE_DISABLED
        if not self._only_reduces(account, symbol, side, lots_e8):
            if account.mode is TradeMode.CLOSE_ONLY:
                return Retcode.CLOSE_ONLY
            if len(account.positions) + len(account.orders) >= OPEN_MAX:
                return Retcode.LIMIT_REACHED
        if not is_convertible(account, symbol, self._state):
            return Retcode.NO_CONVERSION
        if not can_value(account, symbol, self._state):
            return Retcode.NO_PRICES
        return None if is_open(listing.spec, t_us) else Retcode.MARKET_CLOSED

    def has_margin(self, account: Account, symbol: str, side: Side, lots_e8: int, price: int) -> bool:
        """Whether equity covers all margin afterwards. What only reduces a position always may."""
        needed = margin_needed(account, symbol, side, lots_e8, price, self._state)
        return needed is None or equity_minor(account, self._state) >= margin_minor(account, self._state) + needed

    def available_e8(self, account: Account, symbol: str, side: Side, wanted_e8: int) -> int:
        """How much of a volume can be filled at the last price."""
        if account.execution is Execution.MARKET:
            return wanted_e8
        return min(wanted_e8, depth_left_e8(side, self._state.listing(symbol), self._state.quotes[symbol]))

    # --- what it does ---

    def enter(self, account: Account, entry: Entry, t_us: int) -> None:
        """Book an entry by the account's position mode."""
        self._use_depth(account, entry.symbol, entry.side, entry.lots_e8)
        held = _netted(account, entry.symbol)
        if held is None:
            self._open(account, entry, t_us)
        elif held.side is entry.side:
            self._add(account, held, entry, t_us)
        else:
            closing_e8 = min(held.lots_e8, entry.lots_e8)
            left_e8 = entry.lots_e8 - closing_e8
            self._book_exit(account, held, closing_e8, entry.price, t_us, Reason.CLIENT, entry.order_id)
            if left_e8:
                self._open(account, entry._replace(lots_e8=left_e8), t_us)

    def leave(self, account: Account, position: Position, lots_e8: int, price: int, t_us: int, reason: Reason) -> None:
        """Close all or part of a position. Only a trader's own closing uses up depth: the house takes what protects an account."""
        if reason is Reason.CLIENT:
            self._use_depth(account, position.symbol, opposite(position.side), lots_e8)
        self._book_exit(account, position, lots_e8, price, t_us, reason)

    def number(self, kind: str) -> str:
        """The next number of a kind."""
        number: int = getattr(self._state.counters, kind)
        setattr(self._state.counters, kind, number + 1)
        return str(number)

    # --- the workings ---

    def _open(self, account: Account, entry: Entry, t_us: int) -> None:
        position = Position(
            self.number("position"), entry.symbol, entry.side, entry.lots_e8, entry.price, entry.stop_loss,
            entry.take_profit, 0, t_us,
        )  # fmt: skip
        account.positions[position.position_id] = position
        self._book_entry(account, position, entry, "opened", t_us)

    def _add(self, account: Account, held: Position, entry: Entry, t_us: int) -> None:
        """Add at the average price, rounded half away as the firm does it; stops that were given replace those before."""
        lots_e8 = held.lots_e8 + entry.lots_e8
        weighted = held.price_open * held.lots_e8 + entry.price * entry.lots_e8
        held.price_open, held.lots_e8 = divided_rounded_half_away(weighted, lots_e8), lots_e8
        held.stop_loss = entry.stop_loss or held.stop_loss
        held.take_profit = entry.take_profit or held.take_profit
        self._book_entry(account, held, entry, "changed", t_us)

    def _book_entry(self, account: Account, position: Position, entry: Entry, op: str, t_us: int) -> None:
        self.changes += 1
        commission = commission_of(account, DealEntry.IN, entry.lots_e8)
        account.balance_minor += commission
        deal = self._tell.deal(
            account, position, self.number("deal"), entry.order_id, DealEntry.IN, entry.side, entry.lots_e8,
            entry.price, 0, commission, 0, Reason.CLIENT.value, t_us,
        )  # fmt: skip
        remember(account, deal)
        self._tell.position(account, position, op, self._state, t_us)
        self._tell.equity(account, self._state, t_us)

    def _book_exit(
        self,
        account: Account,
        position: Position,
        lots_e8: int,
        price: int,
        t_us: int,
        reason: Reason,
        order_id: str = "",
    ) -> None:
        profit = profit_of_deal(account, position, lots_e8, price, self._state)
        commission = commission_of(account, DealEntry.OUT, lots_e8)
        swap = _share(position.swap_minor, lots_e8, position.lots_e8)
        account.balance_minor += profit + commission + swap
        position.lots_e8 -= lots_e8
        position.swap_minor -= swap
        self.changes += 1
        deal = self._tell.deal(
            account, position, self.number("deal"), order_id or self.number("order"), DealEntry.OUT,
            opposite(position.side), lots_e8, price, profit, commission, swap, reason.value, t_us,
        )  # fmt: skip
        remember(account, deal)
        if not position.lots_e8:
            del account.positions[position.position_id]
            # Without positions there is no margin, and no price wakes the account to see that.
            account.in_margin_call = account.in_margin_call and bool(account.positions)
        self._tell.position(account, position, "changed" if position.lots_e8 else "closed", self._state, t_us)
        self._tell.equity(account, self._state, t_us)

    def _only_reduces(self, account: Account, symbol: str, side: Side, lots_e8: int) -> bool:
        held = _netted(account, symbol)
        return held is not None and held.side is not side and lots_e8 <= held.lots_e8

    def _use_depth(self, account: Account, symbol: str, side: Side, lots_e8: int) -> None:
        if account.execution is Execution.MARKET:
            return
        quote = self._state.quotes[symbol]
        if side is Side.BUY:
            quote.ask_taken_e8 += lots_e8
        else:
            quote.bid_taken_e8 += lots_e8


def margin_needed(account: Account, symbol: str, side: Side, lots_e8: int, price: int, state: State) -> int | None:
    """What an entry takes of the free margin, its commission with it, in minor units; None of what only reduces a position."""
    held = _netted(account, symbol)
    opening_e8, freed = lots_e8, 0
    if held is not None and held.side is not side:
        opening_e8 = lots_e8 - held.lots_e8
        if opening_e8 <= 0:
            return None
        freed = margin_of(account, symbol, held.lots_e8, held.price_open, state)
    commission = commission_of(account, DealEntry.IN, lots_e8)
    return margin_of(account, symbol, opening_e8, price, state) - commission - freed


def _netted(account: Account, symbol: str) -> Position | None:
    """The one position that a netting account holds in a symbol."""
    if account.position_mode is PositionMode.HEDGING:
        return None
    return next((held for held in account.positions.values() if held.symbol == symbol), None)


def _share(amount_minor: int, lots_e8: int, of_lots_e8: int) -> int:
    """The part of an amount that belongs to a partial close, rounded half away; the last part takes what is left."""
    if lots_e8 == of_lots_e8:
        return amount_minor
    return divided_rounded_half_away(amount_minor * lots_e8, of_lots_e8)
