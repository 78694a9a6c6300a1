"""The account's trading day: how one ends, and how the next one's start becomes final."""

from msgspec.structs import replace

from actors import account_rollover as rollover
from actors import account_rules as rules
from actors import account_settling as settling
from actors.account_conduct import kind_of
from actors.account_days import close_day, move_equity_of_last
from actors.account_looking_back import look_again_since
from actors.account_seat import AccountSeat
from actors.desk import Turn
from actors.exhibits import cite
from actors.messages import DayEnded, DayFinal
from firm.account import AccountState
from firm.arithmetic import PLAIN
from firm.equity import Board, equity_of, unpriced
from firm.facts import DayAnchored, DayOpened, OpenPosition
from firm.phase import JUDGED, Standing
from firm.rules.endings import is_over


def end_day(seat: AccountSeat, message: DayEnded, turn: Turn) -> bool:
    """The rollover itself, with the last prices before it: marks, pauses, ends, and the new day's floor. Whether to look at it anew."""
    if seat.held.day is None or seat.held.standing not in JUDGED:
        seat.watch(turn)
        return False
    market = turn.market(seat.held.bridge)
    board = market.board.at(message.quotes)
    if seat.held.closing is not None:
        _anchor(seat, board, turn)
        _judge_day_end(seat, turn)
    state = seat.held
    priced = not unpriced(state, board)
    equity = equity_of(PLAIN, state, board) if priced else state.balance
    seat.write_peak(turn)
    close_day(seat, board, equity if priced else None, turn)
    cited = cite(state, board, turn) if priced else {}
    opened = DayOpened(
        day=state.ruleset.calendar.day_at(message.at_us),
        balance=state.money(state.balance),
        equity=state.money(equity),
        positions=open_positions(state),
        quotes=tuple(exhibit.seq for exhibit in cited.values()),
        provisional=not market.is_final(message.at_us),
        priced=priced,
        checked=rollover.floors_at_end(state, seat.limits()),
    )
    seat.record(opened, turn, message.at_us)
    if state.standing in (Standing.PAUSED, Standing.RESTRICTED):
        seat.stand(state.running, "rollover", turn)
        seat.enforce("release", 0, turn)
    if not opened.provisional:
        _judge_day_end(seat, turn)
    _end_if_over(seat, message.at_us, turn)
    return True


def finalise_day(seat: AccountSeat, message: DayFinal, turn: Turn) -> bool:
    """Everything of before the day's first instant has come: its start is final. Whether to look at the account anew."""
    state = seat.held
    if state.closing is None or state.day is None or state.day.day.start_us != message.at_us:
        return False
    if state.closing.swap_awaited:
        return False
    _anchor(seat, turn.market(state.bridge).board.at(message.quotes), turn)
    assert seat.held.day is not None
    change = seat.held.day.equity - state.day.equity
    move_equity_of_last(seat, change, turn)
    _judge_day_end(seat, turn)
    settling.settle(seat, turn)
    if change:
        look_again_since(seat, message.at_us, turn)
    return True


def _judge_day_end(seat: AccountSeat, turn: Turn) -> None:
    """The day's start is final: what it shows of the day before is held against the rules that wait for it."""
    rollover.judge_rollover(seat, turn)
    rules.look_at_day_end(seat, turn)


def _anchor(seat: AccountSeat, board: Board, turn: Turn) -> None:
    """Fix the day's start from the book and prices of its first instant, whatever came late included."""
    state = seat.held
    assert state.closing is not None
    assert state.day is not None
    then = replace(state, positions=state.closing.positions, balance=state.closing.balance)
    priced = not unpriced(then, board)
    equity = equity_of(PLAIN, then, board) if priced else state.closing.balance
    anchored = DayAnchored(
        day=state.day.day,
        balance=state.money(state.closing.balance),
        equity=state.money(equity),
        changed=(state.closing.balance, equity) != (state.day.balance, state.day.equity),
        priced=priced,
    )
    seat.record(anchored, turn)


def _end_if_over(seat: AccountSeat, at_us: int, turn: Turn) -> None:
    """A clock of the phase has run out: by the order of the ruleset the first one counts."""
    if seat.held.standing not in JUDGED:
        return
    waived = seat.held.overrides.waived_at(at_us)
    for rule in seat.held.ruleset.rules:
        if rule.id not in waived and is_over(PLAIN, seat.held, rule, at_us):
            seq = seat.stand(Standing.CLOSED, kind_of(rule), turn)
            seat.enforce("flatten", seq, turn)
            return


def open_positions(state: AccountState) -> tuple[OpenPosition, ...]:
    """What is open, as the row of a day's start has it."""
    return tuple(
        OpenPosition(
            position_id=held.position_id,
            symbol=held.symbol,
            side=held.side,
            lots_e8=held.lots_e8,
            price_open=held.price_open,
            swap=state.money(held.swap),
            opened_us=held.opened_us,
        )
        for held in state.positions
    )
