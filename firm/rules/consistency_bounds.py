"""Consistency bounds: what the best result asks of the profit, and how large a result may become.

Each is the exact edge of `judge_consistency`, in whole minor units: the profit that it names is enough and one less is not, the result
that it names is small enough and one more is not.
"""

from typing import assert_never

from firm.arithmetic import Arithmetic
from firm.rules.consistency import BEST, Weighed, consistency_terms
from firm.ruleset import Rule
from firm.terms.objectives import Denominator
from firm.terms.words import BP_WHOLE, Boundary


def total_required(calc: Arithmetic, rule: Rule, best: int, cap: int) -> int:
    """The least profit of which the best result is a small enough share; 0 without a result above zero."""
    terms = consistency_terms(rule)
    if best <= 0:
        return 0
    scaled = calc.times(f"{BEST[terms.best]} over its largest share", best, BP_WHOLE, "minor x bp")
    match terms.boundary:
        case Boundary.CROSSES:
            return calc.divided_rounded_up("total required", scaled, cap, "minor")
        case Boundary.TOUCHES:
            equal = calc.divided_rounded_down("total at the largest share", scaled, cap, "minor")
            return calc.plus("total required", equal, 1)
        case unknown:
            assert_never(unknown)


def raised_target(calc: Arithmetic, rule: Rule, best: int, cap: int, asked: int) -> int:
    """The profit to make where too large a result raises it. `asked`: what the phase asks otherwise."""
    required = total_required(calc, rule, best, cap)
    return calc.highest("profit to make with the best result", asked, required)


def largest_result(calc: Arithmetic, rule: Rule, whole: int, cap: int) -> int:
    """The largest result that is a small enough share of a whole; 0 where no profit is."""
    allowed = calc.times("largest share of the whole", whole, cap, "minor x bp")
    return _largest(calc, rule, allowed, BP_WHOLE)


def largest_day(calc: Arithmetic, rule: Rule, others: int, cap: int) -> int | None:
    """The most that a day may make when the `others` made so much; None where any amount is small enough.

    A day makes the profit larger of which it is a share. It does not make a target larger: there `others` is the target.
    """
    if consistency_terms(rule).of is Denominator.TARGET:
        return largest_result(calc, rule, others, cap)
    if cap == BP_WHOLE:
        return _largest_of_all(rule, others)
    allowed = calc.times("largest share of the other days", others, cap, "minor x bp")
    rest = calc.minus("share left to the other days", BP_WHOLE, cap)
    return _largest(calc, rule, allowed, rest)


def discarded(calc: Arithmetic, rule: Rule, weighed: Weighed, cap: int) -> int:
    """What does not count because it lies above the largest result, of all results together; 0 while the rule is silent."""
    excess = 0
    if weighed.whole <= 0:
        return excess
    most = largest_result(calc, rule, weighed.whole, cap)
    for result in weighed.results:
        above = calc.minus(f"{result.name} less the largest result", result.profit, most)
        excess = calc.plus("excess so far", excess, calc.highest(f"excess of {result.name}", above, 0))
    return excess


def _largest_of_all(rule: Rule, others: int) -> int | None:
    """Of the whole: a day that made all of it is never more than the whole, as long as the others lost nothing."""
    match consistency_terms(rule).boundary:
        case Boundary.CROSSES:
            return None if others >= 0 else 0
        case Boundary.TOUCHES:
            return None if others > 0 else 0
        case unknown:
            assert_never(unknown)


def _largest(calc: Arithmetic, rule: Rule, scaled: int, divisor: int) -> int:
    match consistency_terms(rule).boundary:
        case Boundary.CROSSES:
            edge = calc.divided_rounded_down("largest result", scaled, divisor, "minor")
        case Boundary.TOUCHES:
            equal = calc.divided_rounded_up("result at the largest share", scaled, divisor, "minor")
            edge = calc.minus("largest result", equal, 1)
        case unknown:
            assert_never(unknown)
    return calc.highest("largest result or none", edge, 0)
