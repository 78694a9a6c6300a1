"""The account held against its rules: of what breaks on one event the gravest counts first, then the first of the ruleset."""

from actors import account_conduct as conduct
from actors import account_deeds as deeds
from actors import account_verdicts as verdicts
from actors.account_seat import AccountSeat
from actors.desk import Turn
from firm.arithmetic import PLAIN
from firm.deed import Deed
from firm.equity import equity_of, unpriced
from firm.phase import JUDGED
from firm.rules.consequences import gravity
from firm.rules.limits import first_broken
from firm.rules.looks import rules_looked_at
from firm.terms.words import Frequency


def hold_against_all(
    seat: AccountSeat, looked_at: tuple[Frequency, ...], done: tuple[Deed, ...], equity: int, at_us: int, turn: Turn
) -> bool:
    """Whether a loss limit is broken; what breaks is acted on. `done`: what the event did to positions."""
    limits = verdicts.open_limits(seat.held, seat.limits(), at_us)
    broken = first_broken(limits, equity, seat.held.balance)
    looks = conduct.look_at(seat, looked_at, equity, at_us, turn)
    breaches = conduct.gravest_first([*looks, *deeds.breaches_by(seat, done, turn)])
    if breaches and (broken is None or gravity(breaches[0].does) > gravity(broken.does)):
        conduct.act_on(seat, breaches.pop(0), turn)
    if broken is not None and seat.held.standing in JUDGED:
        verdicts.break_limit(seat, broken, at_us, turn)
    elif broken is None:
        verdicts.warn(seat, limits, equity, at_us, turn, by_price=Frequency.TRADE not in looked_at)
    for breach in breaches:
        if seat.held.standing in JUDGED and not breach.hard:
            conduct.act_on(seat, breach, turn)
    deeds.settle(seat, done, turn)
    return broken is not None


def hold_deeds_against(seat: AccountSeat, done: tuple[Deed, ...], turn: Turn) -> None:
    """What was done where nobody can say what the account is worth: that needs no price."""
    for breach in conduct.gravest_first(deeds.breaches_by(seat, done, turn)):
        if seat.held.standing in JUDGED:
            conduct.act_on(seat, breach, turn)
    deeds.settle(seat, done, turn)


def look_at_day_end(seat: AccountSeat, turn: Turn) -> None:
    """Rules that look at the days that have ended: once the start of the running one is final, as of its first instant."""
    state = seat.held
    if state.standing not in JUDGED or state.day is None or not rules_looked_at(state.ruleset, Frequency.ROLLOVER):
        return
    equity, at_us = conduct.equity_or_balance(seat, turn), state.day.day.start_us
    for breach in conduct.gravest_first(conduct.look_at(seat, (Frequency.ROLLOVER,), equity, at_us, turn)):
        if seat.held.standing in JUDGED:
            conduct.act_on(seat, breach, turn)


def look_by_the_minute(seat: AccountSeat, at_us: int, turn: Turn) -> None:
    """Rules whose answer the clock alone can change, and holding while news come."""
    state, board = seat.held, seat.board(turn)
    if state.standing not in JUDGED:
        return
    hold_deeds_against(seat, deeds.deeds_of_minute(seat, at_us, turn), turn)
    if not rules_looked_at(state.ruleset, Frequency.MINUTE) or unpriced(state, board):
        return
    equity = equity_of(PLAIN, state, board)
    for breach in conduct.gravest_first(conduct.look_at(seat, (Frequency.MINUTE,), equity, at_us, turn)):
        if seat.held.standing in JUDGED:
            conduct.act_on(seat, breach, turn)
