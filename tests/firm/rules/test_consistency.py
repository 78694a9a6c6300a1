"""Consistency, 40 %: how much of the profit the best day, trade or idea may have made."""

from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from firm.arithmetic import PLAIN, Working
from firm.inputs import Side
from firm.rules.consistency import Weighed, cap_bp, judge_consistency, share_bp_rounded_half_away, weigh
from firm.rules.judged import SILENT, Judged, Unit, Verdict
from firm.ruleset import Rule
from firm.terms.objectives import Consistency, ConsistencyEffect, DayBasis, Denominator, Numerator
from firm.terms.words import Boundary, Scope
from firm.track import DayResult, Trade

TERM = Consistency(
    id="consistency",
    best=Numerator.BEST_DAY,
    of=Denominator.NET_TOTAL,
    day_basis=DayBasis.CLOSE,
    caps_bp=(4_000,),
    boundary=Boundary.CROSSES,
    effect=ConsistencyEffect.DELAY,
    per=Scope.PHASE,
)


def rule(**changes):
    return Rule(5, replace(TERM, **changes), MappingProxyType({}))


def days(*profits):
    return [DayResult(f"2014-05-{n:02}", n, closed=profit, seq=n) for n, profit in enumerate(profits, start=1)]


def trade(position, net, opened=0, closed=10):
    ids = {"position_id": position, "symbol": "EURUSD", "side": Side.BUY, "lots_e8": 10**8}
    prices = {"price_open": 1, "price_close": 2, "opened_us": opened, "closed_us": closed}
    rest = {"opened_day": "", "closed_day": "", "net": net, "had_stop": False, "part": False, "seq": 40}
    return Trade(**ids, **prices, **rest)


def judged(weighed, cap=4_000, **changes):
    return judge_consistency(PLAIN, rule(**changes), weighed, cap)


def of(best, whole):
    return Weighed(best, whole, "2014-05-01", ())


@pytest.mark.parametrize(
    ("boundary", "best", "verdict"),
    [
        pytest.param(Boundary.CROSSES, 399_99, Verdict.MET, id="one cent below the cap"),
        pytest.param(Boundary.CROSSES, 400_00, Verdict.MET, id="exactly the cap, where only more is too much"),
        pytest.param(Boundary.CROSSES, 400_01, Verdict.PENDING, id="one cent above the cap"),
        pytest.param(Boundary.TOUCHES, 399_99, Verdict.MET, id="one cent below, where the cap is too much"),
        pytest.param(Boundary.TOUCHES, 400_00, Verdict.PENDING, id="exactly the cap, where that is too much"),
        pytest.param(Boundary.TOUCHES, 400_01, Verdict.PENDING, id="one cent above, where the cap is too much"),
        pytest.param(Boundary.CROSSES, -1, Verdict.MET, id="nothing but losses against a target"),
    ],
)
def test_the_best_day_against_forty_percent_of_a_thousand(boundary, best, verdict):
    found = judged(of(best, 1_000_00), boundary=boundary)
    assert (found.verdict, found.limit, found.unit, found.subject) == (verdict, 4_000, Unit.BP, "2014-05-01")


@pytest.mark.parametrize(("whole", "silent"), [(-1, True), (0, True), (1, False)])
def test_with_no_profit_in_sum_the_rule_is_silent(whole, silent):
    assert (judged(of(1, whole)) == SILENT) is silent


@pytest.mark.parametrize(
    ("best", "whole", "share"),
    [
        (1_500_00, 4_500_00, 3_333),
        (1_500_00, 3_100_00, 4_839),
        (1, 20_000, 1),
        (1, 20_001, 0),
        (1_000_00, 500_00, 20_000),
        (-1, 20_000, -1),
    ],
)
def test_the_score_is_told_in_hundredths_of_a_percent_half_away_from_zero(best, whole, share):
    assert share_bp_rounded_half_away(PLAIN, rule(), of(best, whole)) == share
    assert judged(of(best, whole)).observed == share


def test_a_score_that_rounds_to_the_cap_is_still_above_it():
    assert judged(of(400_001, 1_000_000)) == Judged(Verdict.PENDING, 4_000, 4_000, Unit.BP, "2014-05-01")


@pytest.mark.parametrize(
    ("effect", "small", "large"),
    [
        (ConsistencyEffect.DELAY, Verdict.MET, Verdict.PENDING),
        (ConsistencyEffect.FAIL, Verdict.KEPT, Verdict.BROKEN),
        (ConsistencyEffect.RAISE_TARGET, Verdict.MET, Verdict.MET),
        (ConsistencyEffect.DISCARD_EXCESS, Verdict.MET, Verdict.MET),
    ],
)
def test_what_too_large_a_share_does(effect, small, large):
    assert judged(of(400_00, 1_000_00), effect=effect).verdict is small
    assert judged(of(400_01, 1_000_00), effect=effect).verdict is large


@pytest.mark.parametrize(("made", "cap"), [(0, 2_000), (1, 2_500), (2, 3_000), (3, 3_000)])
def test_each_payout_may_have_another_cap_and_the_last_one_stays(made, cap):
    calc = Working()
    assert cap_bp(calc, rule(caps_bp=(2_000, 2_500, 3_000)), made) == cap
    assert calc.steps[0].source == f"ruleset/terms/5/caps_bp/{min(made, 2)}"


@pytest.mark.parametrize(
    ("profits", "net", "positive"),
    [
        pytest.param([5_000, 5_000, -3_000], 7_000, 10_000, id="a losing day makes the net total smaller"),
        pytest.param([5_000], 5_000, 5_000, id="a single day is all of it"),
        pytest.param([5_000, 1, 0, -1], 5_000, 5_001, id="a day without profit is no winning one"),
        pytest.param([-5], -5, 0, id="nothing but a loss"),
        pytest.param([], 0, 0, id="no day at all"),
    ],
)
def test_losing_days_count_in_the_net_total_alone(profits, net, positive):
    assert weigh(PLAIN, rule(), days(*profits), (), 0, None).whole == net
    assert weigh(PLAIN, rule(of=Denominator.POSITIVE_DAYS), days(*profits), (), 0, None).whole == positive
    assert weigh(PLAIN, rule(of=Denominator.TARGET), days(*profits), (), 0, 8_000).whole == 8_000


def test_of_two_best_days_the_first_is_named():
    weighed = weigh(PLAIN, rule(), days(100, 700, 700), (), 0, None)
    assert (weighed.best, weighed.name) == (700, "2014-05-02")


def test_a_day_that_runs_is_among_the_days():
    running = DayResult("2014-05-09", 9, closed=900)
    assert weigh(PLAIN, rule(), [*days(100), running], (), 0, None)[:3] == (900, 1_000, "2014-05-09")


def test_the_best_trade_and_the_best_idea_are_held_against_what_all_trades_made():
    trades = [trade("A", 300, 0, 10), trade("B", 250, 5, 20), trade("C", 400, 30, 40), trade("A", -20, 0, 12)]
    best_trade = weigh(PLAIN, rule(best=Numerator.BEST_TRADE), days(1), trades, 0, None)
    best_idea = weigh(PLAIN, rule(best=Numerator.BEST_IDEA), days(1), trades, 0, None)
    assert best_trade[:3] == (400, 930, "C")
    assert best_idea[:3] == (530, 930, "A")


def test_a_best_trade_may_be_held_against_the_winning_days():
    term = rule(best=Numerator.BEST_TRADE, of=Denominator.POSITIVE_DAYS)
    assert weigh(PLAIN, term, days(600, -100), [trade("A", 500)], 0, None)[:3] == (500, 600, "A")


@pytest.mark.parametrize(("since_us", "days_left", "trades_left"), [(2, 300, 70), (3, 200, 40), (4, 0, 0)])
def test_what_came_before_the_last_payout_is_forgotten(since_us, days_left, trades_left):
    trades = [trade("A", 30, 0, 2), trade("B", 40, 1, 3)]
    dated = days(50, 100, 200)
    assert weigh(PLAIN, rule(), dated, trades, since_us, None).whole == days_left
    assert weigh(PLAIN, rule(best=Numerator.BEST_TRADE), dated, trades, since_us, None).whole == trades_left


def test_a_share_of_a_target_needs_one():
    with pytest.raises(AssertionError, match="term consistency takes a share of a target that the phase has not"):
        weigh(PLAIN, rule(of=Denominator.TARGET), days(1), (), 0, None)


@given(st.lists(st.integers(-(10**7), 10**7), min_size=1, max_size=15), st.integers(1, 10_000))
def test_the_score_of_winning_days_is_never_stricter_than_that_of_the_net_total(profits, cap):
    net, positive = (
        judged(weigh(PLAIN, rule(of=denominator), days(*profits), (), 0, None), cap, of=denominator)
        for denominator in (Denominator.NET_TOTAL, Denominator.POSITIVE_DAYS)
    )
    if net.verdict is Verdict.MET:
        assert positive.verdict is Verdict.MET
    assert (net == SILENT) is (sum(profits) <= 0)


def test_the_working_names_the_best_day_its_share_and_the_comparison():
    calc = Working()
    term = rule()
    judge_consistency(calc, term, weigh(calc, term, days(600, 400), (), 0, None), cap_bp(calc, term, 0))
    assert [(step.name, step.value) for step in calc.steps] == [
        ("result of 2014-05-01", 600),
        ("result of 2014-05-02", 400),
        ("net total", 1_000),
        ("best day", 600),
        ("largest share", 4_000),
        ("best day in basis points", 6_000_000),
        ("share of the best day", 6_000),
        ("best day x 10000", 6_000_000),
        ("largest share x the whole", 4_000_000),
        ("best day at or below its largest share", 0),
    ]
