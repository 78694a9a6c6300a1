"""Track of stops and orders: where open positions end by themselves, and which orders wait, for rules that look at them."""

from msgspec.structs import replace

from firm.account import AccountState
from firm.bounds import ORDERS_TRACKED_MAX
from firm.inputs import OrderReported, PositionReported
from firm.needs import needs_of
from firm.track import OrderWaiting, Stops, Track

_WAITS, _CLOSED = "placed", "closed"


def with_stops(state: AccountState, report: PositionReported, seq: int) -> AccountState:
    """The platform told where a position ends, or that it is closed."""
    if not needs_of(state.ruleset).orders:
        return state
    track = state.track
    others = tuple(one for one in track.stops if one.position_id != report.position_id)
    if report.op != _CLOSED:
        others = (*others, Stops(report.position_id, report.stop_loss, report.take_profit, seq))
    return replace(state, track=replace(track, stops=others))


def with_order(state: AccountState, report: OrderReported, seq: int) -> AccountState:
    """The platform told of a pending order: it waits, or does no more."""
    if not needs_of(state.ruleset).orders:
        return state
    track = state.track
    others = tuple(order for order in track.orders if order.order_id != report.order_id)
    if report.state == _WAITS:
        waiting = (*others, OrderWaiting(report.order_id, report.symbol, report.t_us, seq))
        return replace(state, track=replace(track, orders=waiting[-ORDERS_TRACKED_MAX:]))
    return replace(state, track=_with_gone(track, others, report.t_us))


def _with_gone(track: Track, left: tuple[OrderWaiting, ...], at_us: int) -> Track:
    return replace(track, orders=left, orders_gone_us=max(track.orders_gone_us, at_us))
