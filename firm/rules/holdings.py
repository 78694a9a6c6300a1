"""Holdings: the open positions of an account as rules see them at given prices."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from firm.account import AccountState, Position
from firm.arithmetic import Figure
from firm.equity import Board, Leg, leg_of
from firm.price import Quote
from firm.rules.figures import Marks
from firm.track import HeldPosition, Part, Stops

Quotes = Mapping[str, Quote]

_NO_STOPS = Stops("", 0, 0, 0)


def positions_held(
    account: AccountState, board: Board, legs: Iterable[Leg | None] | None = None
) -> tuple[HeldPosition, ...]:
    """Each open position. Figures that need a price, or a conversion, that is not known are None. `legs`: where they are known already."""
    if legs is None:
        legs = [leg_of(account, held, board) for held in account.positions]
    stops = {one.position_id: one for one in account.track.stops}
    parts = {one.position_id: one.parts for one in account.track.parts}
    return tuple(
        _held(held, leg, board.quotes, stops.get(held.position_id, _NO_STOPS), parts.get(held.position_id, ()))
        for held, leg in zip(account.positions, legs, strict=True)
    )


def with_notionals(account: AccountState, held: Sequence[HeldPosition], board: Board) -> tuple[HeldPosition, ...]:
    """The account's positions, each with what is held at the price at which it would be closed; None where it has none."""
    return tuple(
        replace(
            one, notional=None if one.floating is None else _notional(leg_of(account, position, board), board.quotes)
        )
        for one, position in zip(held, account.positions, strict=True)
    )


def marks_of(account: AccountState, equity: Figure) -> Marks:
    """What conduct is measured by. The day's starting profit is the balance with which it began, less the initial one."""
    initial = Figure(account.initial.minor, f"{account.opened_seq}/initial/minor")
    day = account.day
    made = 0 if day is None else day.balance - account.initial.minor - account.cash_net
    return Marks(initial, equity, Figure(made, "" if day is None else f"{day.seq}/balance/minor"))


def _held(held: Position, leg: Leg | None, quotes: Quotes, stops: Stops, parts: tuple[Part, ...]) -> HeldPosition:
    if leg is not None and not _is_priced(leg, quotes):
        leg = None
    return HeldPosition(
        position_id=held.position_id,
        symbol=held.symbol,
        side=held.side,
        lots_e8=held.lots_e8,
        price_open=held.price_open,
        opened_us=held.opened_us,
        floating=None if leg is None else leg.profit(quotes) + held.swap,
        stop_loss=stops.stop_loss,
        take_profit=stops.take_profit,
        stop_risk=-_profit_at(leg, quotes, stops.stop_loss) if leg is not None and stops.stop_loss else None,
        target_gain=_profit_at(leg, quotes, stops.take_profit) if leg is not None and stops.take_profit else None,
        # Only where a rule asks for them: `with_notionals`, firm/rules/margin.py.
        notional=None,
        margin=None,
        seq=held.seq,
        path=held.path,
        stops_seq=stops.seq,
        parts=parts,
    )


def _is_priced(leg: Leg, quotes: Quotes) -> bool:
    return leg.symbol in quotes and (not leg.hops or all(hop.symbol in quotes for hop in leg.hops))


def _profit_at(leg: Leg, quotes: Quotes, price: int) -> int:
    """What it would make if it were closed at a price, by the other exchange rates of now."""
    now = quotes[leg.symbol]
    closing = {leg.symbol: Quote(leg.symbol, now.t_us, price, price, now.frame, now.index)}
    return leg.profit({hop.symbol: quotes[hop.symbol] for hop in leg.hops} | closing if leg.hops else closing)


def _notional(leg: Leg | None, quotes: Quotes) -> int:
    """In minor units of the account's currency."""
    assert leg is not None, "what floats has a contract"
    worth = leg._replace(is_long=leg.is_long or bool(leg.hops), price_open=0)
    return worth.profit(quotes) if worth.is_long else -worth.profit(quotes)
