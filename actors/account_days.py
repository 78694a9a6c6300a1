"""The account's days for rules that look at them: a row when one ends, and again when something late changes what it brought."""

from actors.account_seat import AccountSeat
from actors.desk import Turn
from firm.account import AccountState
from firm.arithmetic import PLAIN
from firm.equity import Board, position_profit
from firm.facts import DayClosed
from firm.needs import needs_of
from firm.track import DayResult


def close_day(seat: AccountSeat, board: Board, equity: int | None, turn: Turn) -> None:
    """A day ends with this equity; None where a position was not priced."""
    state = seat.held
    today, day = state.track.today, state.day
    if today is None or day is None:
        return
    gained = equity - day.equity if equity is not None and day.priced else None
    open_loss = 0 if equity is None else open_loss_of(state, board)
    _record(seat, today, open_loss, gained, turn)


def close_days_again(seat: AccountSeat, turn: Turn) -> None:
    """Finished days that a booking has changed are in no row as they are now."""
    for day in seat.held.track.days:
        if not day.seq:
            _record(seat, day, day.open_loss, day.equity, turn)


def move_equity_of_last(seat: AccountSeat, by: int, turn: Turn) -> None:
    """The day's start proved to be another: what the day before it gained is as much more."""
    days = seat.held.track.days
    if by and days and days[-1].equity is not None and needs_of(seat.held.ruleset).days:
        _record(seat, days[-1], days[-1].open_loss, days[-1].equity + by, turn)


def open_loss_of(state: AccountState, board: Board) -> int:
    """The floating losses together, 0 or less; positions that gain take nothing from them."""
    floating = (position_profit(PLAIN, state, held, board, held.symbol, {}) + held.swap for held in state.positions)
    return sum(min(0, profit) for profit in floating)


def _record(seat: AccountSeat, day: DayResult, open_loss: int, equity: int | None, turn: Turn) -> None:
    money = seat.held.money
    fact = DayClosed(
        label=day.label,
        start_us=day.start_us,
        closed=money(day.closed),
        opened=money(day.opened),
        open_loss=money(open_loss),
        equity=None if equity is None else money(equity),
        fills=day.fills,
        openings=day.openings,
        closings=day.closings,
        round_trips=day.round_trips,
        lots_opened_e8=day.lots_opened_e8,
        lots_carried_e8=day.lots_carried_e8,
    )
    seat.record(fact, turn)
