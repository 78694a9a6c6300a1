"""Books: the platform's own record of accounts, and what traders and the firm can do to it, in exact integers.

Every change is told to `Tellings` at the moment it happens, deal first, then the position, so that what goes over the wire is in
the platform's order.
"""

import random

from bridges.simulator.answers import Reason, Retcode
from bridges.simulator.fills import Entry, Fills
from bridges.simulator.margin import MarginWatch
from bridges.simulator.matching import (
    Seen,
    are_stops_sound,
    exit_reached,
    is_requoted,
    opposite,
    price_for,
    slip_max_points,
    trailed_stop,
    worsened,
)
from bridges.simulator.orders import Orders
from bridges.simulator.state import Account, Position, State, TradeMode
from bridges.simulator.symbols import nights_at
from bridges.simulator.tellings import Tellings
from bridges.simulator.valuation import can_value, close_price, equity_minor, margin_minor, swap_of_nights
from firm.inputs import CashKind, Side
from firm.sessions import is_open


class Books:
    """All accounts, and the operations that change them. Times are market time. `orders` holds what waits for a price."""

    def __init__(self, state: State, tellings: Tellings) -> None:
        self._state = state
        self._tell = tellings
        self._fills = Fills(state, tellings)
        self._margin = MarginWatch(state, tellings, self._fills)
        self.orders = Orders(state, tellings, self._fills)

    @property
    def changes(self) -> int:
        """How many fills, closes and changes of orders and stops there were."""
        return self._fills.changes

    # --- trading ---

    def open_market(
        self,
        account: Account,
        symbol: str,
        side: Side,
        lots_e8: int,
        stop_loss: int,
        take_profit: int,
        t_us: int,
        seen: Seen | None = None,
    ) -> Retcode:
        """Fill at the ask (buy) or bid (sell), made worse by slippage; all, or as much as the price has.

        With `seen` the order is refused where that would be too far from the price that the trader saw.
        """
        refusal = self._fills.refusal(account, symbol, side, lots_e8, t_us)
        if refusal is not None:
            return refusal
        price = price_for(side, self._state.quotes[symbol])
        if not are_stops_sound(side, price, stop_loss, take_profit):
            return Retcode.INVALID_STOPS
        filled_e8 = self._fills.available_e8(account, symbol, side, lots_e8)
        if not filled_e8:
            return Retcode.NO_LIQUIDITY
        if not self._fills.has_margin(account, symbol, side, filled_e8, price):
            return Retcode.NO_MONEY
        slipped = self._slipped(account, symbol, side)
        if seen is not None and is_requoted(side, slipped, seen):
            return Retcode.REQUOTE
        entry = Entry(symbol, side, filled_e8, slipped, stop_loss, take_profit, self._fills.number("order"))
        self._fills.enter(account, entry, t_us)
        return Retcode.DONE if filled_e8 == lots_e8 else Retcode.DONE_PARTIAL

    def close(
        self, account: Account, position: Position, t_us: int, reason: Reason, lots_e8: int | None = None
    ) -> Retcode:
        """Close all, or part, at the market with slippage. A trader who is blocked may not; the dealer may, at any size."""
        if self._state.is_down:
            return Retcode.NO_CONNECTION
        if reason is Reason.CLIENT and account.mode is TradeMode.BLOCKED:
            return Retcode.TRADE_DISABLED
        lots_e8 = position.lots_e8 if lots_e8 is None else lots_e8
        if not 0 < lots_e8 <= position.lots_e8:
            return Retcode.INVALID_VOLUME
        if not is_open(self._state.listing(position.symbol).spec, t_us):
            return Retcode.MARKET_CLOSED
        if not can_value(account, position.symbol, self._state):
            return Retcode.NO_PRICES
        side, filled_e8 = opposite(position.side), lots_e8
        if reason is Reason.CLIENT:
            filled_e8 = self._fills.available_e8(account, position.symbol, side, lots_e8)
            if not filled_e8:
                return Retcode.NO_LIQUIDITY
        price = self._slipped(account, position.symbol, side)
        self._fills.leave(account, position, filled_e8, price, t_us, reason)
        return Retcode.DONE if filled_e8 == lots_e8 else Retcode.DONE_PARTIAL

    def protect(
        self, account: Account, position: Position, stop_loss: int, take_profit: int, t_us: int, trail_points: int = 0
    ) -> Retcode:
        """Give a position another stop and target, and with `trail_points` a stop that follows the price at that distance."""
        if self._state.is_down:
            return Retcode.NO_CONNECTION
        if account.mode is TradeMode.BLOCKED:
            return Retcode.TRADE_DISABLED
        price = close_price(position, self._state)
        if trail_points < 0 or not are_stops_sound(position.side, price, stop_loss, take_profit):
            return Retcode.INVALID_STOPS
        position.stop_loss, position.take_profit, position.trail_points = stop_loss, take_profit, trail_points
        position.stop_loss = trailed_stop(position, price)
        self._changed(account, position, t_us)
        return Retcode.DONE

    # --- what prices and time bring ---

    def work_price(self, account: Account, symbol: str, t_us: int) -> None:
        """What the last price of a symbol does to an account: stops and targets, pending orders, then its margin."""
        for position in [held for held in account.positions.values() if held.symbol == symbol]:
            price = close_price(position, self._state)
            reason = exit_reached(position, price)
            if reason is not None:
                self._fills.leave(account, position, position.lots_e8, price, t_us, reason)
            elif (stop := trailed_stop(position, price)) != position.stop_loss:
                position.stop_loss = stop
                self._changed(account, position, t_us)
        self.orders.work(account, symbol, t_us)
        self._margin.look(account, t_us)

    def post_swap(self, account: Account, rollover_us: int) -> None:
        """Add the night's swap to each position, stamped at the rollover itself."""
        nights = nights_at(rollover_us)
        if not nights:
            return
        for position in account.positions.values():
            position.swap_minor += swap_of_nights(account, position, nights, self._state)
            self._tell.position(account, position, "changed", self._state, rollover_us)

    # --- the firm's side ---

    def move_cash(self, account: Account, amount_minor: int, kind: CashKind, comment: str, t_us: int) -> str:
        """Pay in, pay out or correct; gives the operation's number."""
        account.balance_minor += amount_minor
        account.version += 1
        cash_id = self._fills.number("cash")
        self._tell.cash(account, cash_id, kind, amount_minor, comment, t_us)
        return cash_id

    def can_pay(self, account: Account, amount_minor: int) -> bool:
        """Money may leave an account down to the margin that its positions bind."""
        state = self._state
        return amount_minor >= 0 or equity_minor(account, state) + amount_minor >= margin_minor(account, state)

    def change_mode(self, account: Account, mode: TradeMode, t_us: int) -> None:
        """Let the trader trade, only close, or do nothing. Whoever asks for it takes over from the dead-man policy."""
        account.mode = mode
        account.held_in_silence = False
        self.record_changed(account, t_us)

    def record_changed(self, account: Account, t_us: int) -> None:
        """Tell the account's record after a change of group, leverage or rights."""
        account.version += 1
        self._tell.account(account, t_us)

    def draw(self, account: Account, sides: int) -> int:
        """A throw of the account's dice, 0 to sides - 1: the n-th throw depends on seed, trader and n alone."""
        account.draws += 1
        # Not for secrets: the dice must fall the same way in every run.
        return random.Random(f"{self._state.seed}/{account.trader}/{account.draws}").randrange(sides)  # noqa: S311  (a simulated trader)

    # --- the workings ---

    def _slipped(self, account: Account, symbol: str, side: Side) -> int:
        """The price for a market order, made worse by a throw of the account's dice."""
        quote = self._state.quotes[symbol]
        return worsened(side, price_for(side, quote), self.draw(account, 1 + slip_max_points(quote)))

    def _changed(self, account: Account, position: Position, t_us: int) -> None:
        self._fills.changes += 1
        self._tell.position(account, position, "changed", self._state, t_us)
