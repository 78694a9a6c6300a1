"""Holdings: the open positions of an account as rules see them at given prices."""

from firm.account import AccountState, Position
from firm.arithmetic import Figure
from firm.equity import Board, Leg, leg_of
from firm.price import Quote
from firm.rules.figures import Marks
from firm.track import HeldPosition, Part, Stops

_NO_STOPS = Stops("", 0, 0, 0)


def positions_held(account: AccountState, board: Board) -> tuple[HeldPosition, ...]:
    """Each open position. Figures that need a price, or a conversion, that is not known are None."""
    stops = {one.position_id: one for one in account.track.stops}
    parts = {one.position_id: one.parts for one in account.track.parts}
    return tuple(
        _held(account, held, board, stops.get(held.position_id, _NO_STOPS), parts.get(held.position_id, ()))
        for held in account.positions
    )


def marks_of(account: AccountState, equity: Figure) -> Marks:
    """What conduct is measured by. The day's starting profit is the balance with which it began, less the initial one."""
    initial = Figure(account.initial.minor, f"{account.opened_seq}/initial/minor")
    day = account.day
    made = 0 if day is None else day.balance - account.initial.minor - account.cash_net
    return Marks(initial, equity, Figure(made, "" if day is None else f"{day.seq}/balance/minor"))


def _held(account: AccountState, held: Position, board: Board, stops: Stops, parts: tuple[Part, ...]) -> HeldPosition:
    leg = leg_of(account, held, board)
    if leg is not None and not _is_priced(leg, board):
        leg = None
    return HeldPosition(
        position_id=held.position_id,
        symbol=held.symbol,
        side=held.side,
        lots_e8=held.lots_e8,
        price_open=held.price_open,
        opened_us=held.opened_us,
        floating=None if leg is None else leg.profit(board.quotes) + held.swap,
        stop_loss=stops.stop_loss,
        take_profit=stops.take_profit,
        stop_risk=-_profit_at(leg, board, stops.stop_loss) if leg is not None and stops.stop_loss else None,
        target_gain=_profit_at(leg, board, stops.take_profit) if leg is not None and stops.take_profit else None,
        notional=None if leg is None else _notional(leg, board),
        margin=None,  # only where a rule asks for it: firm/rules/margin.py
        seq=held.seq,
        path=held.path,
        stops_seq=stops.seq,
        parts=parts,
    )


def _is_priced(leg: Leg, board: Board) -> bool:
    return leg.symbol in board.quotes and all(hop.symbol in board.quotes for hop in leg.hops)


def _profit_at(leg: Leg, board: Board, price: int) -> int:
    """What it would make if it were closed at a price, by the other exchange rates of now."""
    now = board.quotes[leg.symbol]
    rates = {hop.symbol: board.quotes[hop.symbol] for hop in leg.hops}
    return leg.profit({**rates, leg.symbol: Quote(leg.symbol, now.t_us, price, price, now.frame, now.index)})


def _notional(leg: Leg, board: Board) -> int:
    """What is held, at the price at which it would be closed, in minor units of the account's currency."""
    worth = leg._replace(is_long=leg.is_long or bool(leg.hops), price_open=0)
    return worth.profit(board.quotes) if worth.is_long else -worth.profit(board.quotes)
