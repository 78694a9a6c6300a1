"""Outcome: what a press did to an account, in words: what was bought, sold, closed, placed or changed, at which price and for how much.

It is read off the account itself, before and after: so it says what happened, and not what was asked for.
"""

from collections.abc import Sequence
from typing import NamedTuple

from bridges.events import Deal
from bridges.simulator.answers import Retcode
from bridges.simulator.state import Account, OrderType, Pending, State
from bridges.simulator.ticket.figures import lots, moment, money, price
from firm.inputs import DealEntry, Side

DONE = frozenset({Retcode.DONE, Retcode.DONE_PARTIAL})
_NOTHING = "Nothing was changed."
_UNSEEN = (
    "Done: see below how the account stands."  # of a deal that was pushed out of the account's newest as it was made
)


class Followed(NamedTuple):
    """What a form led to: the platform's answer, and in words what was done; "" where nothing was."""

    answer: Retcode
    told: str = ""


class Before(NamedTuple):
    """What of an account a press can change, as it was. `lots_e8` and `protected` (stop, target, trailing distance) by position."""

    deals: frozenset[str]
    orders: dict[str, Pending]
    lots_e8: dict[str, int]
    protected: dict[str, tuple[int, int, int]]


def before(account: Account) -> Before:
    protected = {
        name: (held.stop_loss, held.take_profit, held.trail_points) for name, held in account.positions.items()
    }
    return Before(frozenset(account.deals), dict(account.orders), _lots_e8(account), protected)


def told_of(
    state: State, account: Account, was: Before, answer: Retcode, t_us: int, asked_e8: int | None = None
) -> str:
    """What is otherwise since a press at `t_us`, as sentences; "" where it was refused. `asked_e8`: lots, None for a whole position.

    With its time: read again later, it is not taken for what was done just now.
    """
    if answer not in DONE:
        return ""
    deals = [deal for name, deal in account.deals.items() if name not in was.deals]
    told = [_deal(state, account, deal) for deal in deals]
    told += [
        f"Placed: {order_in_words(state, order)}." for name, order in account.orders.items() if name not in was.orders
    ]
    told += [
        f"Cancelled: {order_in_words(state, order)}."
        for name, order in was.orders.items()
        if name not in account.orders
    ]
    told = told or _protection(state, account, was)
    if not told and was.lots_e8 == _lots_e8(account):
        return _NOTHING
    part = [_part(was, deals, asked_e8)] if answer is Retcode.DONE_PARTIAL else []
    return " ".join([*(told or [_UNSEEN]), *part, f"Market time: {moment(t_us)}."])


def ending_of(state: State, account: Account, position: str) -> str:
    """Where and when a position was closed: "at 1.38600 on 2 May 2014, 12:30:05 UTC"; "" where the newest deals have no word of it."""
    closings = [deal for deal in account.deals.values() if deal.pos_id == position and deal.entry is DealEntry.OUT]
    if not closings:
        return ""
    return f"at {price(state, closings[-1].sym, closings[-1].px)} on {moment(closings[-1].t_us)}"


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


def _lots_e8(account: Account) -> dict[str, int]:
    return {name: held.lots_e8 for name, held in account.positions.items()}


def _part(was: Before, deals: Sequence[Deal], asked_e8: int | None) -> str:
    """That it was less than was asked for."""
    if asked_e8 is None and deals:
        asked_e8 = was.lots_e8.get(deals[0].pos_id)
    asked = f"You asked for {lots(asked_e8)} lots; no" if asked_e8 is not None else "No"
    return f"{asked} more was to be had at this price."


def _deal(state: State, account: Account, deal: Deal) -> str:
    volume, at = f"{lots(deal.vol)} lots", f"at {price(state, deal.sym, deal.px)}"
    if deal.entry is DealEntry.IN:
        return f"{'Bought' if deal.action is Side.BUY else 'Sold'} {volume} of {deal.sym} {at}{_costs(deal, '; ')}."
    left = account.positions.get(deal.pos_id)
    rest = f" {lots(left.lots_e8)} lots stay open." if left is not None else ""
    return (
        f"Closed {volume} of position {deal.pos_id} ({deal.sym}) {at} with {_result(deal)}{_costs(deal, '; ')}.{rest}"
    )


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
            what = f"{lots(held.lots_e8)} lots of position {name} ({held.symbol})"
            return [f"{what}: stop loss {stop}{trails}, take profit {target}."]
    return []
