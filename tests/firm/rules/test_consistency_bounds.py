"""Consistency bounds: each is the exact edge of the judge, one minor unit beyond it the judge says otherwise."""

from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firm.arithmetic import PLAIN
from firm.rules.consistency import Weighed, judge_consistency
from firm.rules.consistency_bounds import discarded, largest_day, largest_result, raised_target, total_required
from firm.rules.judged import Verdict
from firm.rules.results import Result
from firm.ruleset import Rule
from firm.terms.objectives import Consistency, ConsistencyEffect, DayBasis, Denominator, Numerator
from firm.terms.words import Boundary, Scope


def rule(boundary=Boundary.CROSSES, of=Denominator.NET_TOTAL):
    term = Consistency(
        id="consistency",
        best=Numerator.BEST_DAY,
        of=of,
        day_basis=DayBasis.CLOSE,
        caps_bp=(4_000,),
        boundary=boundary,
        effect=ConsistencyEffect.DELAY,
        per=Scope.PHASE,
    )
    return Rule(0, term, MappingProxyType({}))


def passes(boundary, best, whole, cap):
    verdict = judge_consistency(PLAIN, rule(boundary), Weighed(best, whole, "", ()), cap).verdict
    return verdict is Verdict.MET


@pytest.mark.parametrize(
    ("boundary", "best", "cap", "required"),
    [
        pytest.param(Boundary.CROSSES, 1_500_00, 4_000, 3_750_00, id="it comes out even"),
        pytest.param(Boundary.TOUCHES, 1_500_00, 4_000, 3_750_01, id="even is too much: one cent more"),
        pytest.param(Boundary.CROSSES, 100, 3_000, 334, id="a third of a cent is a cent"),
        pytest.param(Boundary.TOUCHES, 100, 3_000, 334, id="and enough where even is too much"),
        pytest.param(Boundary.CROSSES, 1, 10_000, 1, id="one cent, all of which may be one day's"),
        pytest.param(Boundary.TOUCHES, 1, 10_000, 2, id="one cent, never all"),
        pytest.param(Boundary.CROSSES, 0, 4_000, 0, id="no winner"),
        pytest.param(Boundary.TOUCHES, 0, 4_000, 0, id="no winner, where even is too much"),
        pytest.param(Boundary.TOUCHES, -1, 4_000, 0, id="a loss"),
    ],
)
def test_the_total_that_the_best_day_requires(boundary, best, cap, required):
    assert total_required(PLAIN, rule(boundary), best, cap) == required


@pytest.mark.parametrize(("best", "target"), [(1_200_00, 3_000_00), (1_200_01, 3_000_03), (1_500_00, 3_750_00)])
def test_a_best_day_above_its_share_of_the_target_raises_the_target(best, target):
    assert raised_target(PLAIN, rule(), best, 4_000, 3_000_00) == target


@pytest.mark.parametrize(
    ("boundary", "whole", "cap", "largest"),
    [
        pytest.param(Boundary.CROSSES, 2_000_00, 4_500, 900_00, id="it comes out even"),
        pytest.param(Boundary.TOUCHES, 2_000_00, 4_500, 899_99, id="even is too much: one cent less"),
        pytest.param(Boundary.CROSSES, 1_01, 3_333, 33, id="33.66 cents"),
        pytest.param(Boundary.TOUCHES, 1_01, 3_333, 33, id="33.66 cents, where even is too much"),
        pytest.param(Boundary.CROSSES, 0, 4_500, 0, id="no profit"),
        pytest.param(Boundary.TOUCHES, 0, 4_500, 0, id="no profit, where even is too much"),
        pytest.param(Boundary.CROSSES, -2_000_00, 4_500, 0, id="a loss in sum"),
    ],
)
def test_the_largest_day_of_a_profit_that_is_made(boundary, whole, cap, largest):
    assert largest_result(PLAIN, rule(boundary), whole, cap) == largest


@pytest.mark.parametrize(
    ("boundary", "others", "cap", "largest"),
    [
        pytest.param(Boundary.CROSSES, 1_000_00, 3_000, 428_57, id="thirty percent after a thousand"),
        pytest.param(Boundary.TOUCHES, 1_000_00, 3_000, 428_57, id="the same where even is too much"),
        pytest.param(Boundary.CROSSES, 1_650_00, 5_000, 1_650_00, id="half: as much as all the others"),
        pytest.param(Boundary.TOUCHES, 1_650_00, 5_000, 1_649_99, id="less than half: one cent less"),
        pytest.param(Boundary.CROSSES, 0, 5_000, 0, id="a first day is always too much"),
        pytest.param(Boundary.CROSSES, -1, 5_000, 0, id="after a loss any winner is too much"),
        pytest.param(Boundary.CROSSES, 1, 10_000, None, id="all of it may be one day's"),
        pytest.param(Boundary.CROSSES, 0, 10_000, None, id="all of it, and it is the first day"),
        pytest.param(Boundary.CROSSES, -1, 10_000, 0, id="more than all of it, after a loss"),
        pytest.param(Boundary.TOUCHES, 1, 10_000, None, id="never all of it, and there are others"),
        pytest.param(Boundary.TOUCHES, 0, 10_000, 0, id="never all of it, and it is the first day"),
        pytest.param(Boundary.CROSSES, 1, 9_999, 9_999, id="nearly all of it"),
    ],
)
def test_the_largest_day_that_may_still_be_made(boundary, others, cap, largest):
    assert largest_day(PLAIN, rule(boundary), others, cap) == largest


def test_a_day_makes_no_target_larger():
    assert largest_day(PLAIN, rule(of=Denominator.TARGET), 3_000_00, 4_000) == 1_200_00
    assert largest_day(PLAIN, rule(of=Denominator.TARGET), 3_000_00, 10_000) == 3_000_00


@pytest.mark.parametrize(
    ("profits", "excess"),
    [
        pytest.param([320_00, 100_00, 40_00, 22_00, 18_00], 120_00, id="one day above 200.00"),
        pytest.param([200_00, 200_00, 100_00], 0, id="at the most that counts"),
        pytest.param([200_01, 199_99, 100_00], 1, id="one cent above it"),
        pytest.param([450_00, 450_00, 100_00], 100_00, id="two days above 400.00"),
        pytest.param([450_00, 450_00, -400_00], 500_00, id="a loss is never discarded"),
        pytest.param([100_00, -100_00], 0, id="no profit in sum: the rule is silent"),
        pytest.param([100_00, -200_00], 0, id="a loss in sum: the rule is silent"),
        pytest.param([1, 0], 1, id="one cent in sum, of which no cent is forty percent"),
    ],
)
def test_what_lies_above_forty_percent_does_not_count(profits, excess):
    results = tuple(Result(str(n), profit) for n, profit in enumerate(profits))
    weighed = Weighed(max(profits), sum(profits), "0", results)
    assert discarded(PLAIN, rule(), weighed, 4_000) == excess


boundaries = st.sampled_from(Boundary)
amounts = st.integers(1, 10**10)
caps = st.integers(1, 10_000)


@given(boundaries, amounts, caps)
def test_the_required_total_is_the_least_that_passes(boundary, best, cap):
    required = total_required(PLAIN, rule(boundary), best, cap)
    assert passes(boundary, best, required, cap)
    assert not passes(boundary, best, required - 1, cap)


@given(boundaries, amounts, caps)
def test_the_largest_result_is_the_most_that_passes(boundary, whole, cap):
    largest = largest_result(PLAIN, rule(boundary), whole, cap)
    assert passes(boundary, largest, whole, cap)
    assert not passes(boundary, largest + 1, whole, cap)


@given(boundaries, amounts, st.integers(1, 9_999))
def test_the_largest_day_is_the_most_that_passes_with_the_profit_that_it_adds(boundary, others, cap):
    largest = largest_day(PLAIN, rule(boundary), others, cap)
    assert passes(boundary, largest, others + largest, cap)
    assert not passes(boundary, largest + 1, others + largest + 1, cap)
