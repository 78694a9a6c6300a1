"""View: an account as its platform has it, put into texts for the ticket's pages. Everything is read at one instant."""

import msgspec

from bridges.simulator.state import Account, Pending, Position, State, TradeMode
from bridges.simulator.tempers import BY_HAND
from bridges.simulator.ticket.figures import lots, moment, money, price
from bridges.simulator.valuation import close_price, equity_minor, margin_minor, profit_minor
from firm.inputs import Side
from firm.sessions import is_open

MODES = {
    TradeMode.FULL: ("good", "circle-check", "May trade"),
    TradeMode.CLOSE_ONLY: ("warn", "lock", "May only close"),
    TradeMode.BLOCKED: ("bad", "octagon-x", "Blocked"),
}


class QuoteLine(msgspec.Struct, frozen=True):
    """A symbol's last price. `spread` is in points."""

    symbol: str
    bid: str
    ask: str
    spread: int
    is_open: bool


class PositionLine(msgspec.Struct, frozen=True):
    """An open position, its profit before costs and swap; empty texts where there is no stop, target, trailing distance or swap."""

    number: str
    symbol: str
    side: Side
    lots: str
    opened_at: str
    now_at: str
    stop_loss: str
    take_profit: str
    trail_points: str
    swap: str
    profit: str
    tone: str


class OrderLine(msgspec.Struct, frozen=True):
    """A pending order."""

    number: str
    symbol: str
    side: Side
    kind: str
    lots: str
    price: str
    limit_price: str
    stop_loss: str
    take_profit: str
    until: str


class TicketView(msgspec.Struct, frozen=True, kw_only=True):
    """One account. `bot`: the temper that trades it meanwhile, "" once a person does. `ended_at`: when the prices ended, "" before.

    `held_in_silence`: it may only close because the platform does not hear the firm.
    """

    login: str
    currency: str
    balance: str
    equity: str
    floating: str
    floating_tone: str
    margin: str
    free: str
    level: str
    mode: TradeMode
    held_in_silence: bool
    bot: str
    at: str
    ended_at: str
    quotes: tuple[QuoteLine, ...]
    positions: tuple[PositionLine, ...]
    orders: tuple[OrderLine, ...]

    @property
    def symbols(self) -> list[tuple[str, str]]:
        """What can be ordered, as choices of a form."""
        return [(quote.symbol, quote.symbol) for quote in self.quotes]


def view_of(state: State, account: Account, prices_ended_us: int | None) -> TicketView:
    equity, margin = equity_minor(account, state), margin_minor(account, state)
    floating = equity - account.balance_minor
    return TicketView(
        login=account.login,
        currency=account.currency,
        balance=money(account.balance_minor, account.exponent),
        equity=money(equity, account.exponent),
        floating=money(floating, account.exponent, signed=True),
        floating_tone=_tone(floating),
        margin=money(margin, account.exponent),
        free=money(equity - margin, account.exponent),
        level=f"{equity * 100 // margin:,} %" if margin else "–",
        mode=account.mode,
        held_in_silence=account.held_in_silence and account.mode is TradeMode.CLOSE_ONLY,
        bot="" if account.temper == BY_HAND else account.temper.replace("_", " "),
        at=moment(state.clocks.now_us),
        ended_at="" if prices_ended_us is None else moment(prices_ended_us),
        quotes=tuple(_quote_line(state, symbol) for symbol in _listed(state) if symbol in state.quotes),
        positions=tuple(position_line(state, account, held) for held in account.positions.values()),
        orders=tuple(_order_line(state, order) for order in account.orders.values()),
    )


def position_line(state: State, account: Account, held: Position) -> PositionLine:
    profit = profit_minor(account, held, state)
    return PositionLine(
        number=held.position_id,
        symbol=held.symbol,
        side=held.side,
        lots=lots(held.lots_e8),
        opened_at=price(state, held.symbol, held.price_open),
        now_at=price(state, held.symbol, close_price(held, state)),
        stop_loss=price(state, held.symbol, held.stop_loss),
        take_profit=price(state, held.symbol, held.take_profit),
        trail_points=str(held.trail_points or ""),
        swap=money(held.swap_minor, account.exponent, signed=True) if held.swap_minor else "",
        profit=money(profit, account.exponent, signed=True),
        tone=_tone(profit),
    )


def _listed(state: State) -> list[str]:
    return [listing.spec.symbol for listing in state.catalogue.listings]


def _quote_line(state: State, symbol: str) -> QuoteLine:
    quote = state.quotes[symbol]
    is_trading = is_open(state.listing(symbol).spec, state.clocks.now_us)
    return QuoteLine(
        symbol, price(state, symbol, quote.bid), price(state, symbol, quote.ask), quote.ask - quote.bid, is_trading
    )


def _order_line(state: State, order: Pending) -> OrderLine:
    return OrderLine(
        number=order.order_id,
        symbol=order.symbol,
        side=order.side,
        kind=order.order_type.value.replace("_", "-"),
        lots=lots(order.lots_e8),
        price=price(state, order.symbol, order.price),
        limit_price=price(state, order.symbol, order.limit_price),
        stop_loss=price(state, order.symbol, order.stop_loss),
        take_profit=price(state, order.symbol, order.take_profit),
        until=moment(order.expires_us) if order.expires_us else "it is cancelled",
    )


def _tone(minor: int) -> str:
    return "gain" if minor > 0 else "loss" if minor < 0 else ""
