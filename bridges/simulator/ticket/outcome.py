"""Outcome: what a press did to an account, in words: what was bought, sold, closed, placed or changed, at which price and for how much.

It is read off the account itself, before and after: so it says what happened, and not what was asked for.
"""

from typing import NamedTuple

from bridges.events import Deal
from bridges.simulator.answers import Retcode
from bridges.simulator.state import Account, OrderType, Pending, State
from bridges.simulator.ticket.figures import lots, moment, money, price
from firm.inputs import DealEntry, Side

DONE = frozenset({Retcode.DONE, Retcode.DONE_PARTIAL})
_PART = " That is a part: the price had no more than that."
_UNSEEN = (
    "Done: see below how the account stands."  # of a deal that was pushed out of the account's newest as it was made
)


class Followed(NamedTuple):
    """What a form led to: the platform's answer, and in words what was done; "" where nothing was."""

    answer: Retcode
    told: str = ""


class Before(NamedTuple):
    """What of an account a press can change, as it was. `protected`: stop, target and trailing distance by position."""

    deals: frozenset[str]
    orders: dict[str, Pending]
    protected: dict[str, tuple[int, int, int]]


def before(account: Account) -> Before:
    protected = {
        name: (held.stop_loss, held.take_profit, held.trail_points) for name, held in account.positions.items()
    }
    return Before(frozenset(account.deals), dict(account.orders), protected)


def told_of(state: State, account: Account, was: Before, answer: Retcode) -> str:
    """What is otherwise now, as sentences."""
    if answer not in DONE:
        return ""
    told = [_deal(state, account, deal) for name, deal in account.deals.items() if name not in was.deals]
    told += [
        f"Placed: {order_in_words(state, order)}." for name, order in account.orders.items() if name not in was.orders
    ]
    told += [
        f"Cancelled: {order_in_words(state, order)}."
        for name, order in was.orders.items()
        if name not in account.orders
    ]
    told = told or _protection(state, account, was) or [_UNSEEN]
    return " ".join(told) + (_PART if answer is Retcode.DONE_PARTIAL else "")


def order_in_words(state: State, order: Pending) -> str:
    """ "buy limit of 0.20 lots of EURUSD at 1.37700, waiting until it is cancelled"."""
    kind = order.order_type.value.replace("_", "-")
    then = (
        f", then as a limit at {price(state, order.symbol, order.limit_price)}"
        if order.order_type is OrderType.STOP_LIMIT
        else ""
    )
    until = moment(order.expires_us) if order.expires_us else "it is cancelled"
    at = price(state, order.symbol, order.price)
    return f"{order.side.value} {kind} of {lots(order.lots_e8)} lots of {order.symbol} at {at}{then}, waiting until {until}"


def _deal(state: State, account: Account, deal: Deal) -> str:
    what = f"{lots(deal.vol)} lots of {deal.sym} at {price(state, deal.sym, deal.px)}"
    if deal.entry is DealEntry.IN:
        return f"{'Bought' if deal.action is Side.BUY else 'Sold'} {what}{_costs(deal, '; ')}."
    left = account.positions.get(deal.pos_id)
    rest = f" {lots(left.lots_e8)} lots stay open." if left is not None else ""
    return f"Closed {what} with {_result(deal)}{_costs(deal, '; ')}.{rest}"


def _result(deal: Deal) -> str:
    amount = f"{money(abs(deal.profit), deal.exponent)} {deal.ccy}"
    if deal.profit:
        return f"a profit of {amount}" if deal.profit > 0 else f"a loss of {amount}"
    return "neither profit nor loss"


def _costs(deal: Deal, joined: str) -> str:
    costs = [("commission", deal.commission), ("swap", deal.swap), ("fee", deal.fee)]
    told = [f"{name} {money(minor, deal.exponent, signed=True)} {deal.ccy}" for name, minor in costs if minor]
    return joined + ", ".join(told) if told else ""


def _protection(state: State, account: Account, was: Before) -> list[str]:
    """Of the position whose stop, target or distance is another now; a form that changed nothing is told as that."""
    for name, held in account.positions.items():
        if was.protected.get(name) != (held.stop_loss, held.take_profit, held.trail_points):
            stop, target = (
                price(state, held.symbol, points) or "none" for points in (held.stop_loss, held.take_profit)
            )
            trails = f", trailing by {held.trail_points} points" if held.trail_points else ""
            return [f"{lots(held.lots_e8)} lots of {held.symbol}: stop loss {stop}{trails}, take profit {target}."]
    return []
