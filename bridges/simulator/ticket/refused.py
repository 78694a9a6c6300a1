"""Refused: what the platform's noes mean to whoever pressed, and beside which field of their form each belongs."""

from bridges.simulator.answers import Retcode
from bridges.simulator.fills import margin_needed
from bridges.simulator.matching import are_stops_sound, price_for
from bridges.simulator.orders import Ticket
from bridges.simulator.state import Account, OrderType, Position, State
from bridges.simulator.ticket.asked import MarketOrder
from bridges.simulator.ticket.figures import lots, moment, money
from bridges.simulator.ticket.opening import opens_us
from bridges.simulator.valuation import equity_minor, margin_minor
from firm.inputs import Side

REFUSALS = {
    Retcode.REQUOTE: "The price has moved on. Look at the new one and try again.",
    Retcode.NO_LIQUIDITY: "Nobody takes the other side at this price right now. Try again.",
    Retcode.MARKET_CLOSED: "This market is closed at the moment.",
    Retcode.NO_MONEY: "The account has too little free margin for that.",
    Retcode.NO_CONVERSION: "Nothing converts this market's profits into the account's currency.",
    Retcode.NO_CONNECTION: "The platform is down at the moment.",
    Retcode.NO_PRICES: "There is no price yet. Wait for the first one.",
    Retcode.TRADE_DISABLED: "Trading is not allowed on this account: nothing can be opened, closed or changed.",
    Retcode.CLOSE_ONLY: "This account may only close what it holds.",
    Retcode.INVALID_VOLUME: "That volume is not possible: 0.01 to 200 lots.",
    Retcode.INVALID_PRICE: "A buy limit lies below the present price and a sell limit above it; stops lie the other way.",
    Retcode.INVALID_STOPS: "A stop loss lies on the losing side of the price, a take profit on the winning side.",
    Retcode.INVALID_EXPIRY: "That time has passed already.",
    Retcode.LIMIT_REACHED: "The account has as many positions and orders as it may have.",
    Retcode.UNKNOWN_SYMBOL: "This symbol is not listed any more.",
    Retcode.UNKNOWN_POSITION: "That position or order is not there any more.",
}
_FIELDS = {
    Retcode.MARKET_CLOSED: ("symbol",),
    Retcode.NO_MONEY: ("lots",),
    Retcode.NO_CONVERSION: ("symbol",),
    Retcode.NO_PRICES: ("symbol",),
    Retcode.INVALID_VOLUME: ("lots",),
    Retcode.INVALID_PRICE: ("price",),
    Retcode.INVALID_EXPIRY: ("lifetime",),
    Retcode.UNKNOWN_SYMBOL: ("symbol",),
}


ENDED = "Nothing was done: there are no prices any more."
"""Beneath the notice that says since when, and what that means."""


def in_words(answer: Retcode, state: State, symbol: str = "") -> str:
    """A refusal as a sentence; of a symbol whose market is closed with when it opens, where that is known."""
    listing = state.catalogue.listing(symbol) if answer is Retcode.MARKET_CLOSED else None
    at_us = opens_us(listing.spec, state.clocks.now_us) if listing is not None else None
    return REFUSALS[answer] + (f" It opens on {moment(at_us)}." if at_us is not None else "")


def too_much(held: Position) -> str:
    """Of a volume that a position does not have."""
    return f"No more can be closed than is there: {lots(held.lots_e8)} lots."


def of_order(answer: Retcode, order: MarketOrder | Ticket, account: Account, state: State) -> dict[str, str]:
    """The refusal of a new order by the fields that it is about; under "" where it is about none."""
    fields: tuple[str, ...] = _FIELDS.get(answer, ("",))
    if answer is Retcode.NO_MONEY:
        return dict.fromkeys(fields, REFUSALS[answer] + _how_much(order, account, state))
    if answer is Retcode.INVALID_STOPS:
        fields = _unsound(order, state)
    elif answer is Retcode.INVALID_PRICE and isinstance(order, Ticket) and _is_limit_beyond(order):
        return {"limit_price": "The limit lies beyond the stop's own price: what it becomes there would be no limit."}
    return dict.fromkeys(fields, in_words(answer, state, order.symbol))


def of_protection(answer: Retcode, stop_loss: int, take_profit: int, side: Side, price: int) -> dict[str, str]:
    """Likewise, of another stop and target for a position whose closing price is now `price`."""
    fields: tuple[str, ...] = ("",)
    if answer is Retcode.INVALID_STOPS:
        fields = _unsound_at(side, price, stop_loss, take_profit)
    return dict.fromkeys(fields, REFUSALS[answer])


def _how_much(order: MarketOrder | Ticket, account: Account, state: State) -> str:
    """What it takes and what there is. Prices may have moved since it was refused: "" where there would be enough by now."""
    price = price_for(order.side, state.quotes[order.symbol])
    needed = margin_needed(account, order.symbol, order.side, order.lots_e8, price, state)
    free = equity_minor(account, state) - margin_minor(account, state)
    if needed is None or needed <= free:
        return ""
    figures = [f"{money(minor, account.exponent)} {account.currency}" for minor in (needed, free)]
    return f" It takes {figures[0]} with its commission, and {figures[1]} are free."


def _is_limit_beyond(order: Ticket) -> bool:
    limit, stop = order.terms.limit_price, order.terms.price
    if order.order_type is not OrderType.STOP_LIMIT:
        return False
    return limit > stop if order.side is Side.BUY else limit < stop


def _unsound(order: MarketOrder | Ticket, state: State) -> tuple[str, ...]:
    if isinstance(order, Ticket):
        price, stop_loss, take_profit = order.terms.limit_price or order.terms.price, *order.terms[1:3]
    else:
        price, stop_loss, take_profit = (
            price_for(order.side, state.quotes[order.symbol]), order.stop_loss, order.take_profit
        )  # fmt: skip
    return _unsound_at(order.side, price, stop_loss, take_profit)


def _unsound_at(side: Side, price: int, stop_loss: int, take_profit: int) -> tuple[str, ...]:
    """Which of the two is on the wrong side. A price may have moved since: then it is both."""
    wrong = [name for name, stop, target in (("stop_loss", stop_loss, 0), ("take_profit", 0, take_profit))
             if not are_stops_sound(side, price, stop, target)]  # fmt: skip
    return tuple(wrong) or ("stop_loss", "take_profit")
