"""The account and limits that only the marks of a rollover can break: held against them once they are final.

The floor is the one that the day ended with, written down before the new day moved it.
"""

from actors import account_verdicts as verdicts
from actors.account_consequences import carry_out
from actors.account_seat import AccountSeat
from actors.desk import Turn
from actors.messages import AskFailure, FailureAllowed, FailureHeld
from actors.names import RISK
from firm.account import AccountState
from firm.arithmetic import PLAIN, Arithmetic, Working
from firm.facts import BreachDeclared, BreachSuspected, Doubt, RolloverFloor
from firm.phase import ENDED, JUDGED
from firm.rules.limits import Limit, breaks, measured_of
from firm.terms.losses import Checked
from firm.terms.words import Action


def floors_at_end(state: AccountState, limits: tuple[Limit, ...]) -> tuple[RolloverFloor, ...]:
    """The floors of now, of limits that the end of this day is held against."""
    of_rollover = (limit for limit in limits if limit.terms.checked is Checked.AT_ROLLOVER)
    return tuple(RolloverFloor(rule=limit.rule.id, floor=state.money(limit.floor)) for limit in of_rollover)


def judge_rollover(seat: AccountSeat, turn: Turn) -> None:
    """The day's start is final: were the marks at its first instant beyond a floor of the day before?"""
    for rule, _ in seat.held.track.checked:
        limit = verdicts.limit_named(seat.held, rule)
        if rule in seat.held.overrides.waived_at(_at_us(seat.held)):
            continue
        if limit is None or seat.held.standing not in JUDGED or not _is_broken(PLAIN, seat.held, limit):
            continue
        at_us = _at_us(seat.held)
        doubts = verdicts.doubts_of(seat.held, limit, at_us, turn) if limit.hard else ()
        if not limit.hard:
            carry_out(seat, rule, limit.does, _record(seat, limit, (), turn), turn)
        elif doubts:
            _suspect(seat, limit, doubts, turn)
        else:
            turn.send(RISK, AskFailure(account=seat.account, rule=rule, at_us=at_us, settled=False, at_rollover=True))


def fail(seat: AccountSeat, allowed: FailureAllowed, turn: Turn) -> None:
    """The risk desk let it through."""
    limit = verdicts.limit_named(seat.held, allowed.rule)
    if limit is not None and seat.held.standing not in ENDED:
        decision = _record(seat, limit, (), turn)
        verdicts.end_by(seat, limit, decision, turn)


def hold_failure(seat: AccountSeat, held: FailureHeld, turn: Turn) -> None:
    """The risk desk wants a person to look."""
    limit = verdicts.limit_named(seat.held, held.rule)
    if limit is not None and seat.held.standing not in ENDED:
        _suspect(seat, limit, (held.doubt,), turn)


def _suspect(seat: AccountSeat, limit: Limit, doubts: tuple[Doubt, ...], turn: Turn) -> None:
    verdicts.stand_suspected(seat, limit, doubts, _record(seat, limit, doubts, turn), turn)


def _at_us(state: AccountState) -> int:
    assert state.day is not None
    return state.day.day.start_us


def _is_broken(calc: Arithmetic, state: AccountState, limit: Limit) -> bool:
    measured, floor = _figures(calc, state, limit)
    return breaks(calc, limit.terms, measured, floor)


def _figures(calc: Arithmetic, state: AccountState, limit: Limit) -> tuple[int, int]:
    day = state.day
    assert day is not None
    equity = calc.given("equity at the rollover", day.equity, "minor", f"{day.seq}/equity/minor")
    balance = calc.given("balance at the rollover", day.balance, "minor", f"{day.seq}/balance/minor")
    floor = next(floor for rule, floor in state.track.checked if rule == limit.rule.id)
    ended = calc.given("floor with which the day ended", floor.value, "minor", floor.source)
    return measured_of(calc, limit, equity, balance), ended


def _record(seat: AccountSeat, limit: Limit, doubts: tuple[Doubt, ...], turn: Turn) -> int:
    state, calc = seat.held, Working()
    measured, floor = _figures(calc, state, limit)
    assert breaks(calc, limit.terms, measured, floor), f"{seat.name}: the rollover breaks no {limit.rule.id}"
    told: verdicts.Told = {
        "rule": limit.rule.id,
        "rule_kind": verdicts.kind_of(limit),
        "severity": "hard" if limit.hard else "soft",
        "floor": state.money(int(floor)),
        "observed": state.money(int(measured)),
        "at_us": _at_us(state),
        "late": False,
        "quotes": (),
        "working": tuple(calc.steps),
    }
    if doubts:
        return seat.record(BreachSuspected(**told, doubts=doubts), turn, _at_us(state))
    does = Action.FAIL if limit.hard else limit.does
    return seat.record(BreachDeclared(**told, reviewed=False, does=does), turn, _at_us(state))
