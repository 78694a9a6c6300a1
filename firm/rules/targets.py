"""Targets: the balance, the equity or the score that wins a phase.

How much profit is asked comes rounded up from the term's amount; a consistency rule may raise it (`firm/rules/consistency_bounds.py`).
"""

from typing import assert_never

import msgspec

from firm.arithmetic import Arithmetic, Figure
from firm.instant import SECOND_US
from firm.rules.judged import Judged, Unit, met
from firm.ruleset import Rule
from firm.terms.objectives import ProfitTarget, ScoreTarget, TargetMeasure


class TargetMarks(msgspec.Struct, frozen=True, gc=False):
    """Where an account stands when a target is looked at; marks in minor units, instants in microseconds.

    `closing_balance`: that of the last day that ended, None before one has. `reached_since`: since when what is measured has stood at
    or above the target without a break (`reached_since`), None while it does not. `positions`: how many are open.
    """

    balance: Figure
    closing_balance: Figure | None
    equity: Figure
    reached_since: Figure | None
    now: Figure
    positions: int


def target_balance(calc: Arithmetic, start: int, asked: int) -> int:
    """The balance that wins. `start`: the initial one with deposits and withdrawals; `asked`: the profit to make."""
    return calc.plus("target balance", start, asked)


def judge_profit_target(
    calc: Arithmetic, rule: Rule, target: int, marks: TargetMarks, *, is_latched: bool = False
) -> Judged:
    """Whether the target balance is reached, held and, where that is asked, free of open positions.

    `is_latched`: it was met before. A term that latches then asks only that nothing is open.
    """
    terms = _profit_target(rule)
    is_flat = not (terms.flat_required and marks.positions)
    reached = (terms.latched and is_latched) or is_reached(calc, rule, target, marks)
    observed = measured_by(rule, marks) or marks.balance
    return met(observed.value, target, Unit.MINOR, is_met=is_flat and reached)


def is_reached(calc: Arithmetic, rule: Rule, target: int, marks: TargetMarks) -> bool:
    """Whether what is measured stands at or above the target, and has for longer than the term asks."""
    terms = _profit_target(rule)
    measured = measured_by(rule, marks)
    if measured is None:
        return False
    name = _NAMES[terms.measured]
    observed = calc.given(name, measured.value, "minor", measured.source)
    if not calc.is_at_or_above(f"{name} at or above the target", observed, target):
        return False
    return not terms.held_s or _is_held(calc, rule, terms.held_s, marks)


def must_close_at_target(calc: Arithmetic, rule: Rule, target: int, marks: TargetMarks) -> bool:
    """Whether all positions are to be closed now, so that the target stays reached."""
    return _profit_target(rule).auto_close and marks.positions > 0 and is_reached(calc, rule, target, marks)


def measured_by(rule: Rule, marks: TargetMarks) -> Figure | None:
    """The mark that must reach the target; None for a closing balance before a day has ended."""
    match _profit_target(rule).measured:
        case TargetMeasure.BALANCE:
            return marks.balance
        case TargetMeasure.CLOSING_BALANCE:
            return marks.closing_balance
        case TargetMeasure.EQUITY:
            return marks.equity
        case unknown:
            assert_never(unknown)


def reached_since(before: Figure | None, measured: int, target: int, now: Figure) -> Figure | None:
    """Since when the target has been reached without a break, after one more mark. `before`: the same before it."""
    if measured < target:
        return None
    return before or now


def judge_score_target(calc: Arithmetic, rule: Rule, score: Figure | None) -> Judged:
    """Whether the published score is high enough. None: nothing was published yet."""
    terms = rule.terms
    assert isinstance(terms, ScoreTarget), f"term {rule.id} is no score target"
    if score is None:
        return met(0, terms.score_min, Unit.COUNT, is_met=False)
    asked = calc.given("score to reach", terms.score_min, "points", rule.cited("score_min"))
    published = calc.given("published score", score.value, "points", score.source)
    is_met = calc.is_at_or_above("score at or above what is asked", published, asked)
    return met(score.value, terms.score_min, Unit.COUNT, is_met=is_met)


_NAMES = {
    TargetMeasure.BALANCE: "balance",
    TargetMeasure.CLOSING_BALANCE: "closing balance",
    TargetMeasure.EQUITY: "equity",
}


def _profit_target(rule: Rule) -> ProfitTarget:
    assert isinstance(rule.terms, ProfitTarget), f"term {rule.id} is no profit target"
    return rule.terms


def _is_held(calc: Arithmetic, rule: Rule, held_s: int, marks: TargetMarks) -> bool:
    if marks.reached_since is None:
        return False
    since = calc.given("at or above the target since", marks.reached_since.value, "us", marks.reached_since.source)
    now = calc.given("now", marks.now.value, "us", marks.now.source)
    held = calc.minus("time held", now, since)
    asked_s = calc.given("seconds to hold it", held_s, "s", rule.cited("held_s"))
    asked = calc.times("time to hold it", asked_s, SECOND_US, "us")
    return calc.is_above("held for longer than asked", held, asked)
