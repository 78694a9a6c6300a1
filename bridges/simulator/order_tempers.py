"""Order tempers: traders who use what the order book offers, on whatever symbol they fancy, for made-up markets above all.

Distances are multiples of the pace, which is how far the price usually gets within a minute: so they fit every symbol. Volumes
are the share of the account that their margin binds.
"""

from bridges.simulator.seat import Seat
from bridges.simulator.state import OrderType
from firm.inputs import Side

BOTH = (Side.BUY, Side.SELL)


def grid(seat: Seat) -> int:
    """Limits above and below, a step apart, each good for one step; tears it all down when the sum of it hurts."""
    symbol = seat.favourite()
    step = 8 * seat.pace(symbol)
    if step and sum(map(seat.profit_bp, seat.positions())) < -200:
        seat.cancel_orders()
        seat.close_all()
    elif step and len(seat.orders()) < 3:
        seat.cancel_orders()
        for rung in (1, 2, 3):
            for side in BOTH:
                seat.leave_order(
                    OrderType.LIMIT, symbol, side, seat.lots_binding(symbol, 2), rung * step, 8 * step, step
                )
    return 120 + seat.dice(60)


def breakout(seat: Seat) -> int:
    """When an hour's range breaks, wants in on the way back: a stop-limit on each edge, taken away after half an hour."""
    symbol = seat.favourite()
    channel, pace = seat.channel(symbol, 60), seat.pace(symbol)
    if channel and pace and not seat.orders() and not seat.positions():
        room = {Side.BUY: channel[1] - seat.ask(symbol), Side.SELL: seat.bid(symbol) - channel[0]}
        for side in BOTH:
            away, lots = max(room[side], 0) + pace, seat.lots_binding(symbol, 10)
            seat.leave_order(OrderType.STOP_LIMIT, symbol, side, lots, away, 12 * pace, 24 * pace, pace, for_s=1_800)
    return 60 + seat.dice(60)


def reverter(seat: Seat) -> int:
    """Believes that prices come back: limits well away from them that end after a quarter of an hour; takes half early."""
    symbol = seat.favourite()
    pace = seat.pace(symbol)
    for position in seat.positions():
        number, halved = int(position.position_id), f"halved {position.side}"
        if -seat.points_against(position) >= 5 * pace > 0 and seat.notes.get(halved) != number:
            seat.notes[halved] = number
            seat.close_half(position)
    if pace and not seat.orders() and not seat.positions():
        for side in BOTH:
            seat.leave_order(
                OrderType.LIMIT, symbol, side, seat.lots_binding(symbol, 8), 6 * pace, 15 * pace, 10 * pace, for_s=900
            )
    return 45 + seat.dice(45)


def follower(seat: Seat) -> int:
    """Goes with an hour's trend and lets a trailing stop say when it is over."""
    symbol = seat.favourite()
    pace = seat.pace(symbol)
    for position in seat.positions():
        if pace and not position.trail_points:
            seat.trail(position, 10 * pace)
    if pace and not seat.positions() and abs(seat.trend(symbol, 60)) >= 6 * pace:
        side = Side.BUY if seat.trend(symbol, 60) > 0 else Side.SELL
        seat.open(symbol, side, seat.lots_binding(symbol, 12), stop=10 * pace)
    return 60 + seat.dice(60)


def scaler(seat: Seat) -> int:
    """Opens on a coin's word, sells a third at a time as it gains, and puts the stop where it opened after the first."""
    symbol = seat.favourite()
    pace = seat.pace(symbol)
    for position in seat.positions():
        thirds = seat.notes.get("thirds", 0)
        if pace and thirds < 2 and -seat.points_against(position) >= 4 * pace * (thirds + 1):
            seat.notes["thirds"] = thirds + 1
            seat.close_part(position, 33 if thirds == 0 else 50)
            seat.move_stop(position, position.price_open)
    if pace and not seat.positions():
        seat.notes["thirds"] = 0
        seat.open(symbol, BOTH[seat.dice(2)], seat.lots_binding(symbol, 9), stop=10 * pace, target=20 * pace)
    return 40 + seat.dice(40)


def pyramider(seat: Seat) -> int:
    """Adds to what wins and sells into what loses, always with market orders: on a netting account one position breathes."""
    symbol = seat.favourite()
    held = seat.positions(symbol)
    lots = seat.lots_binding(symbol, 3) if symbol else 0
    if not held:
        if seat.pace(symbol):
            seat.open(symbol, BOTH[seat.dice(2)], lots)
    elif sum(map(seat.profit_bp, held)) < -60:
        seat.close_all()
    elif seat.points_against(held[-1]) > 3 * seat.pace(symbol):
        seat.open(symbol, Side.SELL if held[-1].side is Side.BUY else Side.BUY, lots)
    elif sum(position.lots_e8 for position in held) < 6 * lots:
        seat.open(symbol, held[-1].side, lots)
    return 180 + seat.dice(120)


def index_holder(seat: Seat) -> int:
    """Buys a stock index in a bracket and holds it for days, through rollovers and dividends; nothing else is worth owning."""
    for symbol in seat.indices():
        pace = seat.pace(symbol)
        if pace and not seat.positions(symbol):
            seat.buy(symbol, seat.lots_binding(symbol, 8), stop=60 * pace, target=90 * pace)
    return 600 + seat.dice(600)
