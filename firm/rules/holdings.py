"""Holdings: the open positions of an account as rules see them at given prices."""

from msgspec.structs import replace

from firm.account import AccountState, Position
from firm.arithmetic import PLAIN, Figure
from firm.equity import Board, position_profit
from firm.inputs import Side
from firm.money import divided_rounded_half_away
from firm.price import CONTRACT_SCALE, LOTS_SCALE, TEN_TO, Quote
from firm.rules.figures import Marks
from firm.track import HeldPosition, Stops

_NO_STOPS = Stops("", 0, 0, 0)


def positions_held(account: AccountState, board: Board) -> tuple[HeldPosition, ...]:
    """Each open position. Figures that need a price, or a conversion, that is not known are None."""
    stops = {one.position_id: one for one in account.track.stops}
    return tuple(_held(account, held, board, stops.get(held.position_id, _NO_STOPS)) for held in account.positions)


def marks_of(account: AccountState, equity: Figure) -> Marks:
    """What conduct is measured by. The day's starting profit is the balance with which it began, less the initial one."""
    initial = Figure(account.initial.minor, f"{account.opened_seq}/initial/minor")
    day = account.day
    made = 0 if day is None else day.balance - account.initial.minor - account.cash_net
    return Marks(initial, equity, Figure(made, "" if day is None else f"{day.seq}/balance/minor"))


def _held(account: AccountState, held: Position, board: Board, stops: Stops) -> HeldPosition:
    priced = _is_priced(account, held, board)
    return HeldPosition(
        position_id=held.position_id,
        symbol=held.symbol,
        side=held.side,
        lots_e8=held.lots_e8,
        price_open=held.price_open,
        opened_us=held.opened_us,
        floating=position_profit(PLAIN, account, held, board, held.symbol) + held.swap if priced else None,
        stop_loss=stops.stop_loss,
        take_profit=stops.take_profit,
        stop_risk=-_profit_at(account, held, board, stops.stop_loss) if priced and stops.stop_loss else None,
        target_gain=_profit_at(account, held, board, stops.take_profit) if priced and stops.take_profit else None,
        notional=_notional(account, held, board) if priced else None,
        margin=None,
        seq=held.seq,
    )


def _is_priced(account: AccountState, held: Position, board: Board) -> bool:
    spec = board.specs.get(held.symbol)
    hops = None if spec is None else board.path(spec.currency_profit, account.initial.currency)
    return hops is not None and all(symbol in board.quotes for symbol in (held.symbol, *(hop.symbol for hop in hops)))


def _profit_at(account: AccountState, held: Position, board: Board, price: int) -> int:
    """What it would make if it were closed at a price, by the exchange rates of now."""
    quote = board.quotes[held.symbol]
    then = Quote(held.symbol, quote.t_us, price, price, quote.frame, quote.index)
    return position_profit(PLAIN, account, held, board.at({**board.quotes, held.symbol: then}), held.symbol)


def _notional(account: AccountState, held: Position, board: Board) -> int:
    """What is held, at the price at which it would be closed, in minor units of the account's currency."""
    spec, quote = board.specs[held.symbol], board.quotes[held.symbol]
    at_nothing = replace(held, side=Side.BUY, price_open=0)
    if spec.currency_profit == account.initial.currency:
        price = quote.bid if held.side is Side.BUY else quote.ask
        worth = price * held.lots_e8 * spec.contract_e8 * TEN_TO[account.initial.exponent]
        return divided_rounded_half_away(worth, TEN_TO[spec.digits] * LOTS_SCALE * CONTRACT_SCALE)
    return position_profit(PLAIN, account, at_nothing, board, held.symbol)
