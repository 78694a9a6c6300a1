"""Consistency: no single day, trade or idea may have made too large a share of the profit.

The best result is held against all of the profit, against the winning days alone, or against the target; cross-multiplied, so that no
rounding decides. With no profit in sum there is nothing to take a share of, and the rule is silent. Costs are in every result. What
more profit would make of it is in `firm/rules/consistency_bounds.py`.
"""

from collections.abc import Sequence
from typing import NamedTuple, assert_never

from firm.arithmetic import Arithmetic
from firm.rules.judged import SILENT, Judged, Unit, kept, met
from firm.rules.results import Result, results_of_days, results_of_ideas, results_of_trades, total_of
from firm.ruleset import Rule
from firm.terms.objectives import Consistency, ConsistencyEffect, Denominator, Numerator
from firm.terms.words import BP_WHOLE, Boundary, RuleTerm
from firm.track import DayResult, Trade


class Weighed(NamedTuple):
    """The best result and the whole that it is a share of, in minor units in the working. `name`: which result it is.

    `results`: all that were looked at. Of two that are the same the first is the best.
    """

    best: int
    whole: int
    name: str
    results: tuple[Result, ...]


def weigh(
    calc: Arithmetic,
    rule: Rule,
    days: Sequence[DayResult],
    trades: Sequence[Trade],
    since_us: int,
    target: int | None,
) -> Weighed:
    """What a consistency rule looks at: of days that began, and trades that were closed, at `since_us` or later.

    `days`: with the running one. `target`: the profit that the phase asks, None for a phase without a target.
    """
    terms = consistency_terms(rule)
    by_day = results_of_days(calc, [day for day in days if day.start_us >= since_us], terms.day_basis)
    results = _looked_at(calc, terms.best, by_day, [trade for trade in trades if trade.closed_us >= since_us])
    whole = _whole(calc, rule, terms.of, results, by_day, target)
    if not results:
        return Weighed(0, whole, "", ())
    best = calc.highest(BEST[terms.best], *(result.profit for result in results))
    name = next(result.name for result in results if result.profit == best)
    return Weighed(best, whole, name, results)


def cap_bp(calc: Arithmetic, rule: Rule, payouts_made: int) -> int:
    """The largest share before the next payout, in basis points."""
    caps = consistency_terms(rule).caps_bp
    place = min(payouts_made, len(caps) - 1)
    return calc.given("largest share", caps[place], "bp", rule.cited(f"caps_bp/{place}"))


def judge_consistency(calc: Arithmetic, rule: Rule, weighed: Weighed, cap: int) -> Judged:
    """The share of the best result against its cap, both in basis points, the share rounded for display alone.

    A rule that delays is an objective; one that raises the target or discards an excess is met here, for it works by other figures; one
    that fails is a limit, looked at when its term says.
    """
    terms = consistency_terms(rule)
    if weighed.whole <= 0:
        return SILENT
    share = share_bp_rounded_half_away(calc, rule, weighed)
    match terms.effect:
        case ConsistencyEffect.DELAY:
            return met(share, cap, Unit.BP, weighed.name, is_met=_is_small_enough(calc, terms, weighed, cap))
        case ConsistencyEffect.RAISE_TARGET | ConsistencyEffect.DISCARD_EXCESS:
            return met(share, cap, Unit.BP, weighed.name, is_met=True)
        case ConsistencyEffect.FAIL:
            return kept(share, cap, Unit.BP, weighed.name, broken=_is_too_large(calc, terms, weighed, cap))
        case unknown:
            assert_never(unknown)


def share_bp_rounded_half_away(calc: Arithmetic, rule: Rule, weighed: Weighed) -> int:
    """The score that traders know: 3333 is 33.33 %. There must be a whole to take a share of."""
    name = BEST[consistency_terms(rule).best]
    scaled = calc.times(f"{name} in basis points", weighed.best, BP_WHOLE, "minor x bp")
    return calc.divided_rounded_half_away(f"share of the {name}", scaled, weighed.whole, "bp")


def is_limit(terms: RuleTerm) -> bool:
    """Whether it is a consistency that ends the account: then it is broken or kept, and nothing that is still to come."""
    return isinstance(terms, Consistency) and terms.effect is ConsistencyEffect.FAIL


def consistency_terms(rule: Rule) -> Consistency:
    assert isinstance(rule.terms, Consistency), f"term {rule.id} asks for no consistency"
    return rule.terms


BEST = {Numerator.BEST_DAY: "best day", Numerator.BEST_TRADE: "best trade", Numerator.BEST_IDEA: "best idea"}


def _looked_at(
    calc: Arithmetic, best: Numerator, by_day: tuple[Result, ...], trades: Sequence[Trade]
) -> tuple[Result, ...]:
    match best:
        case Numerator.BEST_DAY:
            return by_day
        case Numerator.BEST_TRADE:
            return results_of_trades(calc, trades)
        case Numerator.BEST_IDEA:
            return results_of_ideas(calc, trades)
        case unknown:
            assert_never(unknown)


def _whole(
    calc: Arithmetic,
    rule: Rule,
    of: Denominator,
    results: Sequence[Result],
    by_day: Sequence[Result],
    target: int | None,
) -> int:
    match of:
        case Denominator.NET_TOTAL:
            return total_of(calc, "net total", [result.profit for result in results])
        case Denominator.POSITIVE_DAYS:
            return total_of(calc, "profit of the winning days", [day.profit for day in by_day if day.profit > 0])
        case Denominator.TARGET:
            assert target is not None, f"term {rule.id} takes a share of a target that the phase has not"
            return target
        case unknown:
            assert_never(unknown)


def _is_too_large(calc: Arithmetic, terms: Consistency, weighed: Weighed, cap: int) -> bool:
    """Asked of what ends an account, so that the comparison that decides says yes where it does."""
    name, share, most = _compared(calc, terms, weighed, cap)
    match terms.boundary:
        case Boundary.CROSSES:
            return calc.is_above(f"{name} above its largest share", share, most)
        case Boundary.TOUCHES:
            return calc.is_at_or_above(f"{name} at or above its largest share", share, most)
        case unknown:
            assert_never(unknown)


def _compared(calc: Arithmetic, terms: Consistency, weighed: Weighed, cap: int) -> tuple[str, int, int]:
    """The best result by its name, and the most that it may be, both times 10000."""
    name = BEST[terms.best]
    share = calc.times(f"{name} x 10000", weighed.best, BP_WHOLE, "minor x bp")
    return name, share, calc.times("largest share x the whole", weighed.whole, cap, "minor x bp")


def _is_small_enough(calc: Arithmetic, terms: Consistency, weighed: Weighed, cap: int) -> bool:
    name, share, most = _compared(calc, terms, weighed, cap)
    match terms.boundary:
        case Boundary.CROSSES:
            return calc.is_at_or_below(f"{name} at or below its largest share", share, most)
        case Boundary.TOUCHES:
            return calc.is_below(f"{name} below its largest share", share, most)
        case unknown:
            assert_never(unknown)
