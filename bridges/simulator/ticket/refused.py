"""Refused: what the platform's noes mean to whoever pressed, and beside which field of their form each belongs."""

from bridges.simulator.answers import Retcode
from bridges.simulator.matching import are_stops_sound, price_for
from bridges.simulator.orders import Ticket
from bridges.simulator.state import OrderType, State
from bridges.simulator.ticket.asked import MarketOrder
from bridges.simulator.ticket.figures import moment
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
    Retcode.INVALID_VOLUME: "That volume is not possible: 0.01 to 200 lots, and no more than is there.",
    Retcode.INVALID_PRICE: "An order waits for a price that is not there yet: look at which side of the market yours lies on.",
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


def ended(at_us: int) -> str:
    """Why nothing is done any more once there are no further prices."""
    return f"The prices ended at {moment(at_us)}. From here on nothing moves: orders are not filled any more, and nothing was done."


def of_order(answer: Retcode, order: MarketOrder | Ticket, state: State) -> dict[str, str]:
    """The refusal of a new order by the fields that it is about; under "" where it is about none."""
    fields: tuple[str, ...] = _FIELDS.get(answer, ("",))
    if answer is Retcode.INVALID_STOPS:
        fields = _unsound(order, state)
    elif answer is Retcode.INVALID_PRICE and isinstance(order, Ticket) and _is_limit_beyond(order):
        return {"limit_price": "The limit lies beyond the stop's own price: what it becomes there would be no limit."}
    return dict.fromkeys(fields, REFUSALS[answer])


def of_protection(answer: Retcode, stop_loss: int, take_profit: int, side: Side, price: int) -> dict[str, str]:
    """Likewise, of another stop and target for a position whose closing price is now `price`."""
    fields: tuple[str, ...] = ("",)
    if answer is Retcode.INVALID_STOPS:
        fields = _unsound_at(side, price, stop_loss, take_profit)
    return dict.fromkeys(fields, REFUSALS[answer])


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
