"""Books: the platform's own record of accounts: fills, stops, swap, margin and cash, in exact integers.

Every change is told to `Tellings` at the moment it happens, deal first, then the position, so that what goes over the wire is in
the platform's order.
"""

import random
from enum import StrEnum

from bridges.simulator.state import Account, OrderType, Pending, Position, State, TradeMode
from bridges.simulator.symbols import LISTED, is_open, nights_at
from bridges.simulator.tellings import Tellings
from bridges.simulator.valuation import (
    can_value,
    close_price,
    commission_minor,
    equity_minor,
    margin_minor,
    margin_of,
    profit_of_deal,
    swap_of_nights,
)
from firm.inputs import CashKind, DealEntry, Side
from firm.money import divided_rounded_half_away

LOTS_STEP_E8 = 1_000_000  # 0.01 lots
LOTS_MAX_E8 = 200 * 10**8
OPEN_MAX = 100  # positions and pending orders of one account
BURST_FULL = 60  # prices in one second at which a market order slips by up to a whole spread


class Retcode(StrEnum):
    """The platform's answer to a request."""

    DONE = "DONE"
    MARKET_CLOSED = "MARKET_CLOSED"
    NO_MONEY = "NO_MONEY"
    NO_PRICES = "NO_PRICES"
    TRADE_DISABLED = "TRADE_DISABLED"
    CLOSE_ONLY = "CLOSE_ONLY"
    INVALID_VOLUME = "INVALID_VOLUME"
    INVALID_PRICE = "INVALID_PRICE"
    INVALID_ARGS = "INVALID_ARGS"
    LIMIT_REACHED = "LIMIT_REACHED"
    UNKNOWN_SYMBOL = "UNKNOWN_SYMBOL"
    UNKNOWN_POSITION = "UNKNOWN_POSITION"
    UNKNOWN_ACCOUNT = "UNKNOWN_ACCOUNT"
    UNKNOWN_ACTION = "UNKNOWN_ACTION"
    LOGIN_TAKEN = "LOGIN_TAKEN"


class Reason(StrEnum):
    """Why a deal was done."""

    CLIENT = "client"
    STOP_LOSS = "sl"
    TAKE_PROFIT = "tp"
    STOP_OUT = "so"
    DEALER = "dealer"


class Books:
    """All accounts, and the operations that change them. Times are market time. `changes` counts fills, closes and orders."""

    def __init__(self, state: State, tellings: Tellings) -> None:
        self._state = state
        self._tell = tellings
        self.changes = 0

    # --- trading ---

    def open_market(
        self, account: Account, symbol: str, side: Side, lots_e8: int, stop_loss: int, take_profit: int, t_us: int
    ) -> Retcode:
        """Fill at the ask (buy) or bid (sell), made worse by slippage."""
        refusal = self._refusal(account, symbol, lots_e8, t_us)
        if refusal is not None:
            return refusal
        quote = self._state.quotes[symbol]
        price = quote.ask if side is Side.BUY else quote.bid
        if not self._has_margin(account, symbol, lots_e8, price):
            return Retcode.NO_MONEY
        slipped = self._slipped(account, symbol, side, price)
        self._fill(account, symbol, side, lots_e8, slipped, stop_loss, take_profit, t_us, self._number("order"))
        return Retcode.DONE

    def place(
        self,
        account: Account,
        symbol: str,
        side: Side,
        order_type: OrderType,
        lots_e8: int,
        price: int,
        stop_loss: int,
        take_profit: int,
        t_us: int,
    ) -> Retcode:
        """Leave an order that waits for a price; one that would fill at once is refused."""
        refusal = self._refusal(account, symbol, lots_e8, t_us)
        if refusal is not None:
            return refusal
        order = Pending(self._number("order"), symbol, side, order_type, lots_e8, price, stop_loss, take_profit, t_us)
        if price <= 0 or self._is_reached(order):
            return Retcode.INVALID_PRICE
        account.orders[order.order_id] = order
        self.changes += 1
        self._tell.order(account, order, "placed", t_us)
        return Retcode.DONE

    def cancel(self, account: Account, order: Pending, t_us: int) -> Retcode:
        """Take a pending order back."""
        self.changes += 1
        del account.orders[order.order_id]
        self._tell.order(account, order, "cancelled", t_us)
        return Retcode.DONE

    def close(
        self, account: Account, position: Position, t_us: int, reason: Reason, lots_e8: int | None = None
    ) -> Retcode:
        """Close all, or part, at the market with slippage. A trader who is blocked may not; the dealer may."""
        if reason is Reason.CLIENT and account.mode is TradeMode.BLOCKED:
            return Retcode.TRADE_DISABLED
        lots_e8 = position.lots_e8 if lots_e8 is None else lots_e8
        if not 0 < lots_e8 <= position.lots_e8:
            return Retcode.INVALID_VOLUME
        if not is_open(LISTED[position.symbol].spec, t_us):
            return Retcode.MARKET_CLOSED
        if not can_value(account, position.symbol, self._state.quotes):
            return Retcode.NO_PRICES
        exit_side = Side.SELL if position.side is Side.BUY else Side.BUY
        price = self._slipped(account, position.symbol, exit_side, close_price(position, self._state.quotes))
        self._close_at(account, position, lots_e8, price, t_us, reason)
        return Retcode.DONE

    # --- what prices and time bring ---

    def run_stops(self, account: Account, symbol: str, t_us: int) -> None:
        """Stops, targets and pending orders that the last price of the symbol reached: filled at that price."""
        for position in [held for held in account.positions.values() if held.symbol == symbol]:
            reason = self._stop_reached(position)
            if reason is not None:
                price = close_price(position, self._state.quotes)
                self._close_at(account, position, position.lots_e8, price, t_us, reason)
        for order in [order for order in account.orders.values() if order.symbol == symbol and self._is_reached(order)]:
            self._fill_pending(account, order, t_us)

    def stop_out_worst(self, account: Account, t_us: int) -> bool:
        """Close the position with the largest loss whose market is open, at the last price; False where none could be closed."""
        quotes = self._state.quotes
        worst = sorted(
            account.positions.values(),
            key=lambda held: (
                profit_of_deal(account, held, held.lots_e8, close_price(held, quotes), quotes) + held.swap_minor,
                int(held.position_id),
            ),
        )
        for position in worst:
            if is_open(LISTED[position.symbol].spec, t_us):
                price = close_price(position, quotes)
                self._close_at(account, position, position.lots_e8, price, t_us, Reason.STOP_OUT)
                return True
        return False

    def post_swap(self, account: Account, rollover_us: int) -> None:
        """Add the night's swap to each position, stamped at the rollover itself."""
        nights = nights_at(rollover_us)
        if not nights:
            return
        for position in account.positions.values():
            position.swap_minor += swap_of_nights(account, position, nights, self._state.quotes)
            self._tell.position(account, position, "changed", self._state.quotes, rollover_us)

    # --- the firm's side ---

    def move_cash(self, account: Account, amount_minor: int, kind: CashKind, comment: str, t_us: int) -> str:
        """Pay in, pay out or correct; gives the operation's number."""
        account.balance_minor += amount_minor
        account.version += 1
        cash_id = self._number("cash")
        self._tell.cash(account, cash_id, kind, amount_minor, comment, t_us)
        return cash_id

    def can_pay(self, account: Account, amount_minor: int) -> bool:
        """Money may leave an account down to the margin that its positions bind."""
        quotes = self._state.quotes
        return amount_minor >= 0 or equity_minor(account, quotes) + amount_minor >= margin_minor(account, quotes)

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
        return random.Random(f"{self._state.seed}/{account.trader}/{account.draws}").randrange(sides)  # noqa: S311

    # --- the workings ---

    def _refusal(self, account: Account, symbol: str, lots_e8: int, t_us: int) -> Retcode | None:
        if account.mode is not TradeMode.FULL:
            return Retcode.TRADE_DISABLED if account.mode is TradeMode.BLOCKED else Retcode.CLOSE_ONLY
        if symbol not in LISTED:
            return Retcode.UNKNOWN_SYMBOL
        if not 0 < lots_e8 <= LOTS_MAX_E8 or lots_e8 % LOTS_STEP_E8:
            return Retcode.INVALID_VOLUME
        if len(account.positions) + len(account.orders) >= OPEN_MAX:
            return Retcode.LIMIT_REACHED
        if not can_value(account, symbol, self._state.quotes):
            return Retcode.NO_PRICES
        return None if is_open(LISTED[symbol].spec, t_us) else Retcode.MARKET_CLOSED

    def _has_margin(self, account: Account, symbol: str, lots_e8: int, price: int) -> bool:
        quotes = self._state.quotes
        needed = margin_of(account, symbol, lots_e8, price, quotes) - commission_minor(account, lots_e8)
        return equity_minor(account, quotes) >= margin_minor(account, quotes) + needed

    def _slipped(self, account: Account, symbol: str, side: Side, price: int) -> int:
        """Worse than the quote by chance: a tenth of the spread in a calm market, up to a whole one more in a rush."""
        quote = self._state.quotes[symbol]
        spread = quote.ask - quote.bid
        slip = self.draw(account, 1 + spread // 10 + spread * min(quote.burst, BURST_FULL) // BURST_FULL)
        return price + slip if side is Side.BUY else max(1, price - slip)

    def _fill(
        self,
        account: Account,
        symbol: str,
        side: Side,
        lots_e8: int,
        price: int,
        stop_loss: int,
        take_profit: int,
        t_us: int,
        order_id: str,
    ) -> None:
        position = Position(self._number("position"), symbol, side, lots_e8, price, stop_loss, take_profit, 0, t_us)
        account.positions[position.position_id] = position
        self.changes += 1
        commission = commission_minor(account, lots_e8)
        account.balance_minor += commission
        self._tell.deal(
            account, position, self._number("deal"), order_id, DealEntry.IN, side, lots_e8, price, 0, commission, 0,
            Reason.CLIENT.value, t_us,
        )  # fmt: skip
        self._tell.position(account, position, "opened", self._state.quotes, t_us)
        self._tell.equity(account, self._state.quotes, t_us)

    def _fill_pending(self, account: Account, order: Pending, t_us: int) -> None:
        quote = self._state.quotes[order.symbol]
        price = quote.ask if order.side is Side.BUY else quote.bid
        del account.orders[order.order_id]
        if not self._has_margin(account, order.symbol, order.lots_e8, price):
            self._tell.order(account, order, "cancelled", t_us)
            return
        self._tell.order(account, order, "filled", t_us)
        self._fill(
            account, order.symbol, order.side, order.lots_e8, price, order.stop_loss, order.take_profit, t_us,
            order.order_id,
        )  # fmt: skip

    def _close_at(
        self, account: Account, position: Position, lots_e8: int, price: int, t_us: int, reason: Reason
    ) -> None:
        profit = profit_of_deal(account, position, lots_e8, price, self._state.quotes)
        commission = commission_minor(account, lots_e8)
        swap = _share(position.swap_minor, lots_e8, position.lots_e8)
        account.balance_minor += profit + commission + swap
        position.lots_e8 -= lots_e8
        position.swap_minor -= swap
        self.changes += 1
        exit_side = Side.SELL if position.side is Side.BUY else Side.BUY
        self._tell.deal(
            account, position, self._number("deal"), self._number("order"), DealEntry.OUT, exit_side, lots_e8, price,
            profit, commission, swap, reason.value, t_us,
        )  # fmt: skip
        if not position.lots_e8:
            del account.positions[position.position_id]
        self._tell.position(account, position, "changed" if position.lots_e8 else "closed", self._state.quotes, t_us)
        self._tell.equity(account, self._state.quotes, t_us)

    def _stop_reached(self, position: Position) -> Reason | None:
        price = close_price(position, self._state.quotes)
        if position.side is Side.SELL:
            # A short gains as prices fall: mirrored, one comparison serves both sides.
            stop, target, price = -position.stop_loss, -position.take_profit, -price
        else:
            stop, target = position.stop_loss, position.take_profit
        if stop and price <= stop:
            return Reason.STOP_LOSS
        return Reason.TAKE_PROFIT if target and price >= target else None

    def _is_reached(self, order: Pending) -> bool:
        quote = self._state.quotes[order.symbol]
        price = quote.ask if order.side is Side.BUY else quote.bid
        waits_below = (order.order_type is OrderType.LIMIT) is (order.side is Side.BUY)
        return price <= order.price if waits_below else price >= order.price

    def _number(self, kind: str) -> str:
        """The next number of a kind."""
        number: int = getattr(self._state.counters, kind)
        setattr(self._state.counters, kind, number + 1)
        return str(number)


def _share(amount_minor: int, lots_e8: int, of_lots_e8: int) -> int:
    """The part of an amount that belongs to a partial close, rounded half away; the last part takes what is left."""
    if lots_e8 == of_lots_e8:
        return amount_minor
    return divided_rounded_half_away(amount_minor * lots_e8, of_lots_e8)
