"""Orders: what waits for a price: placed, changed, cancelled, expired, or filled when its price comes.

Expiry is an instant of its own, passed like any timed event: an order that ends at an instant takes no price of that instant.
"""

from enum import StrEnum
from typing import NamedTuple

from bridges.belief import is_price
from bridges.simulator.answers import Retcode
from bridges.simulator.fills import Entry, Fills
from bridges.simulator.matching import are_stops_sound, is_reached, price_for
from bridges.simulator.state import Account, OrderType, Pending, State, TradeMode
from bridges.simulator.symbols import rollover_after
from bridges.simulator.tellings import Tellings
from firm.inputs import Side
from firm.price import SymbolSpec

NEVER_US = 2**62


class Lifetime(StrEnum):
    """How long an order waits; a day ends at the platform's rollover, or where its symbol closes early."""

    GOOD_TILL_CANCELLED = "gtc"
    DAY = "day"
    UNTIL = "until"


class Terms(NamedTuple):
    """What of an order can be changed while it waits. `limit_price` is a stop-limit's alone, `until_us` of `Lifetime.UNTIL`."""

    price: int
    stop_loss: int = 0
    take_profit: int = 0
    limit_price: int = 0
    lifetime: Lifetime = Lifetime.GOOD_TILL_CANCELLED
    until_us: int = 0


class Ticket(NamedTuple):
    """A pending order as a trader asks for it."""

    symbol: str
    side: Side
    order_type: OrderType
    lots_e8: int
    terms: Terms


class Orders:
    """The pending orders of all accounts."""

    def __init__(self, state: State, tellings: Tellings, fills: Fills) -> None:
        self._state = state
        self._tell = tellings
        self._fills = fills
        self._next_expiry_us = self._first_expiry_us()

    @property
    def next_expiry_us(self) -> int:
        """No order expires before this instant."""
        return self._next_expiry_us

    # --- the trader's side ---

    def place(self, account: Account, ticket: Ticket, t_us: int) -> Retcode:
        """Leave an order that waits for a price; one that would fill at once is refused."""
        refusal = self._fills.refusal(account, ticket.symbol, ticket.side, ticket.lots_e8, t_us)
        if refusal is not None:
            return refusal
        order = Pending(
            "", ticket.symbol, ticket.side, ticket.order_type, ticket.lots_e8, ticket.terms.price, 0, 0, t_us
        )  # fmt: skip
        answer = self._agree(order, ticket.terms, t_us)
        if answer is Retcode.DONE:
            order.order_id = self._fills.number("order")
            account.orders[order.order_id] = order
            self._told(account, order, "placed", t_us)
        return answer

    def modify(self, account: Account, order: Pending, terms: Terms, t_us: int) -> Retcode:
        """Give a waiting order other terms, by the same rules as a new one; its lifetime counts from now."""
        if self._state.is_down:
            return Retcode.NO_CONNECTION
        if account.mode is not TradeMode.FULL:
            return Retcode.TRADE_DISABLED if account.mode is TradeMode.BLOCKED else Retcode.CLOSE_ONLY
        if order.is_triggered:
            return Retcode.INVALID_PRICE
        answer = self._agree(order, terms, t_us)
        if answer is Retcode.DONE:
            self._told(account, order, "changed", t_us)
        return answer

    def cancel(self, account: Account, order: Pending, t_us: int) -> Retcode:
        """Take a pending order back."""
        if self._state.is_down:
            return Retcode.NO_CONNECTION
        del account.orders[order.order_id]
        self._told(account, order, "cancelled", t_us)
        return Retcode.DONE

    # --- what prices and time bring ---

    def work(self, account: Account, symbol: str, t_us: int) -> None:
        """Fill what the last price of the symbol reached."""
        quote = self._state.quotes[symbol]
        for order in [held for held in account.orders.values() if held.symbol == symbol and is_reached(held, quote)]:
            if order.order_type is OrderType.STOP_LIMIT:
                order.order_type, order.price, order.limit_price = OrderType.LIMIT, order.limit_price, 0
                self._told(account, order, "changed", t_us)
            if is_reached(order, quote):
                self._fill(account, order, t_us)

    def expire(self, now_us: int) -> list[Account]:
        """End every order whose time has come; gives the accounts that had one."""
        touched = []
        for account in self._state.accounts.values():
            ended = [order for order in account.orders.values() if 0 < order.expires_us <= now_us]
            for order in ended:
                del account.orders[order.order_id]
                self._told(account, order, "expired", order.expires_us)
            if ended:
                touched.append(account)
        self._next_expiry_us = self._first_expiry_us()
        return touched

    # --- the workings ---

    def _agree(self, order: Pending, terms: Terms, t_us: int) -> Retcode:
        """Put the terms into the order, or say why not and leave it as it was."""
        is_stop_limit = order.order_type is OrderType.STOP_LIMIT
        opens_at = terms.limit_price if is_stop_limit else terms.price
        if not is_price(terms.price) or not is_price(opens_at) or bool(terms.limit_price) is not is_stop_limit:
            return Retcode.INVALID_PRICE
        # Beyond its stop, a stop-limit's limit would be no limit at all.
        if opens_at > terms.price if order.side is Side.BUY else opens_at < terms.price:
            return Retcode.INVALID_PRICE
        probe = Pending(
            "", order.symbol, order.side, order.order_type, order.lots_e8, terms.price, 0, 0, t_us
        )  # fmt: skip
        if is_reached(probe, self._state.quotes[order.symbol]):
            return Retcode.INVALID_PRICE
        if not are_stops_sound(order.side, opens_at, terms.stop_loss, terms.take_profit):
            return Retcode.INVALID_STOPS
        expires_us = _expires_us(terms, self._state.listing(order.symbol).spec, t_us)
        if 0 < expires_us <= t_us or (terms.lifetime is Lifetime.UNTIL and expires_us <= 0):
            return Retcode.INVALID_EXPIRY
        order.price, order.limit_price = terms.price, terms.limit_price
        order.stop_loss, order.take_profit = terms.stop_loss, terms.take_profit
        order.expires_us = expires_us
        self._next_expiry_us = min(self._next_expiry_us, expires_us or NEVER_US)
        return Retcode.DONE

    def _fill(self, account: Account, order: Pending, t_us: int) -> None:
        """Fill what the price has; the rest of a limit waits on, the rest of a stop takes whatever prices come next."""
        price = price_for(order.side, self._state.quotes[order.symbol])
        order.is_triggered = order.order_type is OrderType.STOP
        lots_e8 = self._fills.available_e8(account, order.symbol, order.side, order.lots_e8)
        if not lots_e8:
            return
        if not self._fills.has_margin(account, order.symbol, order.side, lots_e8, price):
            self.cancel(account, order, t_us)
            return
        if lots_e8 < order.lots_e8:
            order.lots_e8 -= lots_e8
            self._told(account, order, "changed", t_us)
        else:
            del account.orders[order.order_id]
            self._told(account, order, "filled", t_us)
        entry = Entry(
            order.symbol, order.side, lots_e8, price, order.stop_loss, order.take_profit, order.order_id
        )  # fmt: skip
        self._fills.enter(account, entry, t_us)

    def _told(self, account: Account, order: Pending, state: str, t_us: int) -> None:
        self._fills.changes += 1
        self._tell.order(account, order, state, t_us)

    def _first_expiry_us(self) -> int:
        return min(
            (
                order.expires_us
                for account in self._state.accounts.values()
                for order in account.orders.values()
                if order.expires_us
            ),
            default=NEVER_US,
        )


def _expires_us(terms: Terms, spec: SymbolSpec, t_us: int) -> int:
    match terms.lifetime:
        case Lifetime.GOOD_TILL_CANCELLED:
            return 0
        case Lifetime.DAY:
            closes_us = min((from_us for from_us, _ in spec.closed if from_us > t_us), default=NEVER_US)
            return min(rollover_after(t_us), closes_us)
        case Lifetime.UNTIL:
            return terms.until_us
