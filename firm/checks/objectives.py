"""Objectives: targets that ask for something, days that count what they say, and clocks that leave time for them."""

from firm.checks.amounts import OF_INITIAL, OF_SOLD, amount_problems
from firm.checks.beside import Beside
from firm.checks.problem import Problem, Problems
from firm.plain_figures import percent
from firm.terms.objectives import (
    ClockStart,
    Consistency,
    ConsistencyEffect,
    DayBasis,
    DayCounts,
    Denominator,
    FailsAt,
    Inactivity,
    LotConsistency,
    MaximumDuration,
    MinimumTrades,
    Numerator,
    ProfitTarget,
    ScoreTarget,
    TargetMeasure,
    TradingDays,
)
from firm.terms.words import BP_WHOLE, Boundary, Fixed, Scope, Share

BY_PROFIT = frozenset(count for count in DayCounts if count.value.startswith("profit_"))
TARGET_MAX_BP = 10 * BP_WHOLE
_WEEKDAYS_A_YEAR = 261
_LAST = frozenset({ClockStart.LAST_OPENED, ClockStart.LAST_CLOSED, ClockStart.LAST_TRADE})


def profit_target_problems(term: ProfitTarget, beside: Beside) -> Problems:
    nothing = "a target of nothing is reached before the first trade"
    yield from amount_problems("amount", term.amount, beside, OF_INITIAL, nothing=nothing)
    if isinstance(term.amount, Share) and term.amount.bp > TARGET_MAX_BP:
        yield Problem("amount.bp", f"{percent(term.amount.bp)} of the account: {percent(TARGET_MAX_BP)} is the most")
    if term.held_s and term.measured is TargetMeasure.CLOSING_BALANCE:
        yield Problem("held_s", "a day's end is an instant: nothing can be held through it")


def trading_days_problems(term: TradingDays, beside: Beside) -> Problems:
    yield from _per_problems(term.per)
    if term.counts in BY_PROFIT and term.profit_min is None:
        yield Problem("profit_min", f"days that count by {term.counts.value} need the profit that makes them count")
    if term.counts not in BY_PROFIT and term.profit_min is not None:
        yield Problem(
            "profit_min", f"days that count by {term.counts.value} ask for no profit: null, or count by profit"
        )
    yield from amount_problems("profit_min", term.profit_min, beside, OF_SOLD)
    if term.boundary is Boundary.TOUCHES and _is_nothing(term.profit_min):
        yield Problem(
            "profit_min", "a day without any profit would count as a profitable one: a cent, or boundary crosses"
        )
    for clock in beside.of_kind(MaximumDuration):
        if term.days_min > (there := _weekdays(clock.days_max)):
            reason = f"the phase lasts {clock.days_max} days (term {clock.id}), {there} of them at most between Monday and Friday"
            yield Problem("days_min", reason)


def consistency_problems(term: Consistency, beside: Beside) -> Problems:
    yield from _per_problems(term.per)
    if term.of is Denominator.TARGET and not beside.has_target:
        yield Problem("of", "there is no profit target that it could be a share of")
    yield from _failing_problems(term, beside)
    if term.best is Numerator.BEST_DAY:
        there = min((_weekdays(clock.days_max) for clock in beside.of_kind(MaximumDuration)), default=_WEEKDAYS_A_YEAR)
        for place, cap in enumerate(term.caps_bp):
            if (needed := -(-BP_WHOLE // cap)) > there:
                reason = f"it takes {needed} days alike to keep it, and there are {there}: nobody would"
                yield Problem(f"caps_bp[{place}]", reason)
    if term.effect is ConsistencyEffect.RAISE_TARGET and not beside.has_target:
        yield Problem("effect", "there is no profit target to raise")


def _failing_problems(term: Consistency, beside: Beside) -> Problems:
    """What a share that ends the account must say of when it is looked at, so that somebody can keep it."""
    if term.effect is not ConsistencyEffect.FAIL:
        if term.fails_at is not None:
            yield Problem("fails_at", f"a share that does {term.effect.value} ends no account: null, or leave it out")
        return
    match term.fails_at:
        case None:
            yield Problem("fails_at", "it ends the account, so say when it is looked at: close, rollover or target")
        case FailsAt.TARGET:
            if not beside.can_be_won:
                yield Problem("fails_at", "nothing wins this phase: there is no moment at which it is looked at")
        case FailsAt.CLOSE | FailsAt.ROLLOVER:
            if term.of is not Denominator.TARGET:
                reason = "a first day, or trade, is always the whole of the profit, and would end every account: look"
                yield Problem("fails_at", f"{reason} at the target, or take a share of the target")
            if term.fails_at is FailsAt.CLOSE and DayBasis.EQUITY is term.day_basis and _is_of_days(term):
                reason = "what a day changed equity by is known when it has ended: look at the rollover"
                yield Problem("fails_at", reason)


def _is_of_days(term: Consistency) -> bool:
    return term.best is Numerator.BEST_DAY or term.of is Denominator.POSITIVE_DAYS


def score_target_problems(term: ScoreTarget, _: Beside) -> Problems:
    if term.score_min == 0:
        yield Problem("score_min", "a score of nothing is reached before anything was done")


def minimum_trades_problems(term: MinimumTrades, _: Beside) -> Problems:
    yield from _per_problems(term.per)


def maximum_duration_problems(term: MaximumDuration, _: Beside) -> Problems:
    if term.counted_from in _LAST:
        yield Problem("counted_from", "a phase that lasts since the last trade is an inactivity: name the first trade")


def inactivity_problems(term: Inactivity, _: Beside) -> Problems:
    if term.counted_from not in _LAST:
        yield Problem("counted_from", "nothing would start this clock anew: a duration is a term of its own")


def lot_consistency_problems(term: LotConsistency, _: Beside) -> Problems:
    if term.max_bp < BP_WHOLE:
        yield Problem("max_bp", "the largest lies below the average, so that not all trades can keep it")
    if term.min_bp >= term.max_bp:
        yield Problem("min_bp", "the smallest is not below the largest")


def _weekdays(days: int) -> int:
    """The most weekdays among so many days in a row."""
    weeks, rest = divmod(days, 7)
    return 5 * weeks + min(rest, 5)


def _per_problems(per: Scope) -> Problems:
    if per not in (Scope.PHASE, Scope.CYCLE):
        yield Problem("per", f"it is counted by phase or by payout cycle, not by {per.value}")


def _is_nothing(amount: object) -> bool:
    match amount:
        case Share(bp=0) | Fixed(minor=0):
            return True
    return False
