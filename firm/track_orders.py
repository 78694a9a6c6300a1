"""Track of stops and orders: where open positions end by themselves, and which orders wait, for rules that look at them
and for what an outage of prices may have passed over."""

from msgspec.structs import replace

from firm.account import AccountState
from firm.bounds import ORDERS_FILLED_KEPT, ORDERS_TRACKED_MAX, POSITIONS_MAX
from firm.inputs import OrderReported, PositionReported
from firm.track import OrderWaiting, Stops, Track

_WAITS, _FILLED, _CLOSED = ("placed", "changed"), "filled", "closed"


def with_stops(state: AccountState, report: PositionReported, seq: int) -> AccountState:
    """The platform told where a position ends, or that it is closed."""
    track = state.track
    before = next((one for one in track.stops if one.position_id == report.position_id), None)
    others = tuple(one for one in track.stops if one is not before)
    if report.op != _CLOSED:
        told = (report.stop_loss, report.take_profit)
        moved = before is not None and (before.stop_loss, before.take_profit) != told
        others = (*others[1 - POSITIONS_MAX :], Stops(report.position_id, *told, seq, moved))
    return replace(state, track=replace(track, stops=others))


def with_order(state: AccountState, report: OrderReported, seq: int) -> AccountState:
    """The platform told of a pending order: it waits, or does no more."""
    track = state.track
    before = next((order for order in track.orders if order.order_id == report.order_id), None)
    others = tuple(order for order in track.orders if order is not before)
    if report.state in _WAITS:
        waiting = (*others, before or OrderWaiting(report.order_id, report.symbol, report.t_us, seq))
        return replace(state, track=replace(track, orders=waiting[-ORDERS_TRACKED_MAX:]))
    return replace(state, track=_with_gone(track, others, report))


def _with_gone(track: Track, left: tuple[OrderWaiting, ...], report: OrderReported) -> Track:
    filled = track.orders_filled
    if report.state == _FILLED:
        filled = (*filled, report.order_id)[-ORDERS_FILLED_KEPT:]
    return replace(track, orders=left, orders_filled=filled, orders_gone_us=max(track.orders_gone_us, report.t_us))


def is_of_pending(track: Track, order_id: str) -> bool:
    """Whether an order waited for its price before its deal came: a platform tells that it is filled, or smaller, before the deal."""
    return order_id in track.orders_filled or any(order.order_id == order_id for order in track.orders)
