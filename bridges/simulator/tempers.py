"""Tempers: how the simulated traders trade, each in a few lines a person could say aloud.

A temper looks at the screen through its `Seat`, presses buttons, and says how many seconds pass until it looks again. What
it must remember goes into `seat.notes`. Volumes are in hundredths of a lot for an account of 100 000; distances are points.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import NamedTuple

from bridges.simulator.order_tempers import breakout, follower, grid, index_holder, pyramider, reverter, scaler
from bridges.simulator.seat import Seat
from firm.inputs import Side

EUR, GOLD = "EURUSD", "XAUUSD"

Temper = Callable[[Seat], int]


def idle(seat: Seat) -> int:
    """Bought a challenge and never trades."""
    del seat
    return 3_600


def scalper(seat: Seat) -> int:
    """Follows the last three minutes of EURUSD for a few points, many times; stays out around the release."""
    if -900 < seat.seconds_to_payrolls() < 600:
        seat.close_all()
    elif not seat.positions() and seat.spread(EUR) <= 14 and abs(seat.trend(EUR, 3)) >= 6:
        side = Side.BUY if seat.trend(EUR, 3) > 0 else Side.SELL
        seat.open(EUR, side, seat.lots(200), stop=60, target=45)
    return 20 + seat.dice(20)


def martingale(seat: Seat) -> int:
    """Sells EURUSD strength and buys weakness, doubles each time it goes 45 points against, closes all at a small gain."""
    held = seat.positions(EUR)
    if not held:
        side = Side.BUY if seat.trend(EUR, 30) < 0 else Side.SELL
        seat.open(EUR, side, seat.lots(500))
    elif sum(seat.profit_bp(position) for position in held) >= 5:
        seat.close_all()
    elif len(held) < 6 and seat.points_against(held[-1]) >= 45:
        seat.open(EUR, held[-1].side, 2 * held[-1].lots_e8)
    return 45 + seat.dice(30)


def swing(seat: Seat) -> int:
    """Fades the edges of the last three hours' range, one position a market; flat before news; stops at the target."""
    if seat.gained_bp() >= 230 or 0 < seat.seconds_to_payrolls() < 600:
        seat.close_all()
        return 60
    for symbol, hundredths, stop, target in ((GOLD, 700, 3_000, 2_500), (EUR, 300, 150, 100)):
        channel = seat.channel(symbol, 180)
        if channel is None or seat.positions(symbol) or seat.spread(symbol) * 5 > stop:
            continue
        low, high = channel
        if seat.bid(symbol) < low:
            seat.buy(symbol, seat.lots(hundredths), stop, target)
        elif seat.bid(symbol) > high:
            seat.sell(symbol, seat.lots(hundredths), stop, target)
    return 20 + seat.dice(20)


def news_gambler(seat: Seat) -> int:
    """Waits all day for the payrolls, throws a coin seconds before them and bets far too much on EURUSD."""
    ahead = seat.seconds_to_payrolls()
    if 0 < ahead <= 12 and not seat.positions():
        seat.open(EUR, Side.BUY if seat.dice(3) else Side.SELL, seat.lots(1_600 + 100 * seat.dice(5)))
    elif ahead < -240:
        seat.close_all()
    return 5 if 0 < ahead < 60 else 30


def carry(seat: Seat) -> int:
    """Wins on gold in the evening, sells a EURUSD low with far too much and no stop, and carries the loss over midnight, hoping."""
    minute = seat.minute_of_day()
    if 20 * 60 + 11 <= minute < 20 * 60 + 15 and "gold" not in seat.notes:
        seat.notes["gold"] = 1
        seat.sell(GOLD, seat.lots(4_000), target=720)
    if 20 * 60 + 27 <= minute < 20 * 60 + 50 and "euro" not in seat.notes:
        channel = seat.channel(EUR, 30)
        if channel is not None and seat.bid(EUR) <= channel[0] + 2:
            seat.notes["euro"] = 1
            seat.sell(EUR, seat.lots(9_000))
    return 5


def straddler(seat: Seat) -> int:
    """Leaves a stop order on each side of the release and lets the news choose."""
    ahead = seat.seconds_to_payrolls()
    if 0 < ahead <= 40 and not seat.has_orders() and not seat.positions():
        for side in (Side.BUY, Side.SELL):
            seat.leave_stop_order(EUR, side, seat.lots(300), away=120, stop=150, target=250)
    elif ahead < -60 and seat.has_orders():
        seat.cancel_orders()
    return 10 if -120 < ahead < 120 else 60


def hedger(seat: Seat) -> int:
    """Holds EURUSD both ways, takes profit on the winning half, and puts it back on."""
    sides = {position.side for position in seat.positions(EUR)}
    for side in (Side.BUY, Side.SELL):
        if side not in sides:
            seat.open(EUR, side, seat.lots(200), target=70)
    if seat.positions() and min(seat.profit_bp(position) for position in seat.positions()) < -60:
        seat.close_all()
    return 300 + seat.dice(120)


def overtrader(seat: Seat) -> int:
    """Cannot sit still: a small position every few minutes on a coin's word, closed soon after."""
    for position in seat.positions():
        if seat.now_us - position.opened_us > 600_000_000:
            seat.close(position)
    if len(seat.positions()) < 3:
        symbol = GOLD if seat.dice(2) else EUR
        seat.open(symbol, Side.BUY if seat.dice(2) else Side.SELL, seat.lots(20), stop=1_500 if symbol == GOLD else 100)
    return 90 + seat.dice(120)


def drifter(seat: Seat) -> int:
    """Opens something small now and then, holds it without a plan, lets half of it go when it shows a gain."""
    for position in seat.positions():
        if seat.profit_bp(position) >= 15 and position.lots_e8 > 20_000_000:
            seat.close_half(position)
    if len(seat.positions()) < 2 and seat.dice(4) == 0:
        symbol = GOLD if seat.dice(3) == 0 else EUR
        seat.open(symbol, Side.BUY if seat.trend(symbol, 240) > 0 else Side.SELL, seat.lots(40))
    return 1_500 + seat.dice(900)


TEMPERS: dict[str, Temper] = {
    "swing": swing,
    "scalper": scalper,
    "overtrader": overtrader,
    "drifter": drifter,
    "hedger": hedger,
    "martingale": martingale,
    "news_gambler": news_gambler,
    "carry": carry,
    "straddler": straddler,
    "idle": idle,
    "grid": grid,
    "breakout": breakout,
    "reverter": reverter,
    "follower": follower,
    "scaler": scaler,
    "pyramider": pyramider,
    "index_holder": index_holder,
}


BY_HAND = "idle"  # of an account that a person trades: no bot presses a button there


class Troupe(NamedTuple):
    """Who may sit at the accounts, by name, and the wheel from which seats are dealt in order."""

    tempers: Mapping[str, Temper]
    wheel: tuple[str, ...]

    def cast(self, traders: int) -> tuple[str, ...]:
        """A temper for each of so many traders, evenly mixed."""
        return tuple(self.wheel[index % len(self.wheel)] for index in range(traders))

    def temper_of(self, label: str, trader: str) -> str:
        """The temper a label names (its first word counts), or one that follows from the trader's reference alone."""
        words = label.lower().replace("-", "_").split()
        if words and words[0] in self.tempers:
            return words[0]
        number = int.from_bytes(hashlib.sha256(trader.encode()).digest()[:8], "big")
        return self.wheel[number % len(self.wheel)]


# The bundled days' traders. Dealt out in this order, so that the first ten are a lively table; gamblers are few enough that one
# release does not look like a broken feed.
BUNDLED_TROUPE = Troupe(
    TEMPERS,
    (
        "swing", "news_gambler", "carry", "scalper", "martingale", "swing", "drifter", "straddler", "overtrader", "hedger",
        "swing", "news_gambler", "scalper", "drifter", "swing", "idle", "scalper", "drifter", "overtrader", "swing",
    ),
)  # fmt: skip

# A made-up market's: those who wait for that one release, or for that one evening, stay away; the others use all kinds of orders.
VARIED_TROUPE = Troupe(
    TEMPERS,
    (
        "grid", "breakout", "follower", "reverter", "scaler", "pyramider", "index_holder", "swing", "martingale", "hedger",
        "breakout", "overtrader", "reverter", "follower", "drifter", "scaler", "scalper", "grid", "pyramider", "idle",
    ),
)  # fmt: skip


def cast(traders: int, troupe: Troupe = BUNDLED_TROUPE) -> tuple[str, ...]:
    """What a demo gives out: a temper for each of so many traders."""
    return troupe.cast(traders)


def temper_of(label: str, trader: str, troupe: Troupe = BUNDLED_TROUPE) -> str:
    """Whom of the troupe an account gets."""
    return troupe.temper_of(label, trader)
