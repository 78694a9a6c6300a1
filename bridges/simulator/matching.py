"""Matching: at which price and in which size an order meets the market, from the last price alone. Pure, in integers.

Entries pay the ask when buying and the bid when selling. Stops take the first price at or beyond their own, also after a
gap; limits and targets take a price at or better than their own. Slippage only ever makes a price worse.
"""

from typing import NamedTuple

from bridges.belief import is_price
from bridges.simulator.answers import Reason
from bridges.simulator.state import OrderType, Pending, Position, Quoted
from bridges.simulator.symbols import Listing
from firm.inputs import Side

LOTS_STEP_E8 = 1_000_000  # 0.01 lots
BURST_FULL = 60  # prices in one second at which slippage is largest and depth smallest
_CALM_SLIP_SHARE = 10  # a tenth of the spread
_RUSH_DEPTH_SHARE = 4  # a quarter of the calm depth


class Seen(NamedTuple):
    """The price that a trader saw when ordering, and how many points worse may still be filled."""

    price: int
    deviation_points: int


def opposite(side: Side) -> Side:
    return Side.SELL if side is Side.BUY else Side.BUY


def price_for(side: Side, quote: Quoted) -> int:
    """What the market asks of a buyer, or bids a seller."""
    return quote.ask if side is Side.BUY else quote.bid


def slip_max_points(quote: Quoted) -> int:
    """How much worse than the quote a market order may fill: a tenth of the spread, and in a rush up to a whole one more."""
    spread = quote.ask - quote.bid
    return spread // _CALM_SLIP_SHARE + spread * min(quote.burst, BURST_FULL) // BURST_FULL


def worsened(side: Side, price: int, points: int) -> int:
    """A price made worse for that side; none falls below one point."""
    return price + points if side is Side.BUY else max(1, price - points)


def is_requoted(side: Side, price: int, seen: Seen) -> bool:
    """The price has moved against the trader by more than they allowed. A better one is always taken."""
    worse = price - seen.price if side is Side.BUY else seen.price - price
    return worse > seen.deviation_points


def depth_left_e8(side: Side, listing: Listing, quote: Quoted) -> int:
    """What this price still has for a buyer or seller, in whole steps: the listing's depth, down to a quarter of it in a rush."""
    rush = (_RUSH_DEPTH_SHARE - 1) * min(quote.burst, BURST_FULL)
    depth = listing.depth_e8 * (_RUSH_DEPTH_SHARE * BURST_FULL - rush) // (_RUSH_DEPTH_SHARE * BURST_FULL)
    taken = quote.ask_taken_e8 if side is Side.BUY else quote.bid_taken_e8
    return max(0, depth // LOTS_STEP_E8 * LOTS_STEP_E8 - taken)


def is_reached(order: Pending, quote: Quoted) -> bool:
    """Whether the price is where the order waits for it."""
    if order.is_triggered:
        return True
    price = price_for(order.side, quote)
    return price <= order.price if waits_below(order) else price >= order.price


def waits_below(order: Pending) -> bool:
    """A buyer's limit waits below the market, a buyer's stop above; a seller's the other way about."""
    return (order.order_type is OrderType.LIMIT) is (order.side is Side.BUY)


def exit_reached(position: Position, price: int) -> Reason | None:
    """Whether a position's stop or target is reached at its closing price; the stop counts first."""
    sign = 1 if position.side is Side.BUY else -1
    # A short gains as prices fall: mirrored, one comparison serves both sides.
    if position.stop_loss and sign * price <= sign * position.stop_loss:
        return Reason.STOP_LOSS
    return Reason.TAKE_PROFIT if position.take_profit and sign * price >= sign * position.take_profit else None


def trailed_stop(position: Position, price: int) -> int:
    """The stop after this closing price: the trailing distance behind it, where that is in the position's favour."""
    if not position.trail_points:
        return position.stop_loss
    if position.side is Side.BUY:
        behind = price - position.trail_points
        return max(position.stop_loss, behind) if behind > 0 else position.stop_loss
    behind = price + position.trail_points
    return min(position.stop_loss or behind, behind)


def are_stops_sound(side: Side, price: int, stop_loss: int, take_profit: int) -> bool:
    """A stop lies on the losing side of a price and a target on the winning one, where prices can be; 0 is none."""
    sign = 1 if side is Side.BUY else -1
    if not all(points == 0 or is_price(points) for points in (stop_loss, take_profit)):
        return False
    return (not stop_loss or sign * stop_loss < sign * price) and (not take_profit or sign * take_profit > sign * price)
