"""Dealing: lines about orders that wait, stops that are moved, and what the platform's staff book: corrections and dividends."""

from appliance.story.cast import Cast
from appliance.story.clock import Unclear
from appliance.story.deeds import DeedOfPlatform, Scene
from appliance.story.forms import Blanks, Form
from bridges.simulator.answers import Retcode
from bridges.simulator.orders import Terms, Ticket
from bridges.simulator.state import OrderType
from firm.inputs import Side

_WAYS = {"buy": Side.BUY, "sell": Side.SELL}


class OrderLeft(DeedOfPlatform, frozen=True, kw_only=True):
    """A trader leaves an order that waits for its price: a limit for a better one, a stop for a worse one."""

    account: str
    order: str
    side: Side
    lots_e8: int
    symbol: str
    price: int
    stop: int
    target: int

    def carry_out(self, scene: Scene) -> Retcode:
        terms = Terms(price=self.price, stop_loss=self.stop, take_profit=self.target)
        kind = OrderType.LIMIT if scene.venue.is_better(self.symbol, self.side, self.price) else OrderType.STOP
        ticket = Ticket(self.symbol, self.side, kind, self.lots_e8, terms)
        placed = scene.venue.leave_order(scene.account(self.account), ticket)
        if isinstance(placed, Retcode):
            return placed
        scene.places(self.order, self.account, placed.order_id)
        return Retcode.DONE


class OrderCancelled(DeedOfPlatform, frozen=True, kw_only=True):
    """A trader takes an order back."""

    order: str

    def carry_out(self, scene: Scene) -> Retcode:
        found = scene.waiting(self.order)
        return Retcode.UNKNOWN_POSITION if found is None else scene.venue.cancel_order(*found)


class Protected(DeedOfPlatform, frozen=True, kw_only=True):
    """A trader moves a position's stop or target. None: it stays as it is; 0: there is none any more."""

    position: str
    stop: int | None
    target: int | None

    def carry_out(self, scene: Scene) -> Retcode:
        found = scene.held(self.position)
        return Retcode.UNKNOWN_POSITION if found is None else scene.venue.protect(*found, self.stop, self.target)


class DealDeleted(DeedOfPlatform, frozen=True, kw_only=True):
    """The platform's staff take a position's newest deal out of the history."""

    position: str

    def carry_out(self, scene: Scene) -> Retcode:
        found = scene.traded(self.position)
        return Retcode.UNKNOWN_POSITION if found is None else scene.venue.delete_deal(*found)


class DealCorrected(DeedOfPlatform, frozen=True, kw_only=True):
    """They give it another price, or another profit. What is None stays."""

    position: str
    price: int | None
    profit: int | None

    def carry_out(self, scene: Scene) -> Retcode:
        found = scene.traded(self.position)
        if found is None:
            return Retcode.UNKNOWN_POSITION
        changes = {"px": self.price, "profit": self.profit}
        return scene.venue.correct_deal(*found, {name: told for name, told in changes.items() if told is not None})


class DividendPaid(DeedOfPlatform, frozen=True, kw_only=True):
    """The platform books what a position brings (or, below zero, costs) because its symbol goes ex dividend."""

    position: str
    minor: int

    def carry_out(self, scene: Scene) -> Retcode:
        found = scene.held(self.position)
        return Retcode.UNKNOWN_POSITION if found is None else scene.venue.pay_dividend(*found, self.minor)


def _left(said: Blanks, cast: Cast) -> OrderLeft:
    account, symbol = cast.account(said["who"]), said["symbol"]
    cast.opens(said["position"], account, symbol)
    return OrderLeft(
        account=account,
        order=said["position"],
        side=_WAYS[said["way"]],
        lots_e8=cast.lots_e8(said["lots"]),
        symbol=symbol,
        price=cast.points(symbol, said["price"]),
        stop=cast.points(symbol, said["stop"]) if said["stop"] else 0,
        target=cast.points(symbol, said["target"]) if said["target"] else 0,
    )


def _cancelled(said: Blanks, cast: Cast) -> OrderCancelled:
    _own(said, cast)
    return OrderCancelled(order=said["position"])


def _moved(said: Blanks, cast: Cast) -> Protected:
    points = cast.points(_own(said, cast), said["price"])
    return _protected(said, points)


def _removed(said: Blanks, cast: Cast) -> Protected:
    _own(said, cast)
    return _protected(said, 0)


def _protected(said: Blanks, points: int) -> Protected:
    is_stop = said["leg"] == "stop"
    return Protected(position=said["position"], stop=points if is_stop else None, target=None if is_stop else points)


def _own(said: Blanks, cast: Cast) -> str:
    """The symbol of a position or order, which is the trader's own."""
    held, account = cast.held(said["position"]), cast.account(said["who"])
    if held.account != account:
        raise Unclear(f"{said['position']} is held by {held.account}, not by {account}")
    return held.symbol


def _deleted(said: Blanks, cast: Cast) -> DealDeleted:
    cast.held(said["position"])
    return DealDeleted(position=said["position"])


def _repriced(said: Blanks, cast: Cast) -> DealCorrected:
    points = cast.points(cast.held(said["position"]).symbol, said["price"])
    return DealCorrected(position=said["position"], price=points, profit=None)


def _revalued(said: Blanks, cast: Cast) -> DealCorrected:
    cast.held(said["position"])
    return DealCorrected(position=said["position"], price=None, profit=cast.minor(said["money"]))


def _dividend(said: Blanks, cast: Cast) -> DividendPaid:
    cast.held(said["position"])
    return DividendPaid(position=said["position"], minor=cast.minor(said["money"]))


DEALING = (
    Form(
        "WHO leaves an order to WAY LOTS lot[s] SYMBOL at PRICE as POSITION[, stop STOP][, target TARGET]",
        _left,
    ),
    Form("WHO cancels order POSITION", _cancelled),
    Form("WHO moves LEG of POSITION to PRICE", _moved),
    Form("WHO removes LEG of POSITION", _removed),
    Form("deal of POSITION is deleted", _deleted),
    Form("price of POSITION is corrected to PRICE", _repriced),
    Form("profit of POSITION is corrected to MONEY", _revalued),
    Form("dividend of POSITION MONEY", _dividend),
)
