"""Trading days: three are asked, and each way to count sees another part of what a day brought."""

from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from firm.arithmetic import PLAIN, Working
from firm.rules.days import day_profit, does_count, judge_trading_days
from firm.rules.judged import Judged, Unit, Verdict
from firm.ruleset import Rule
from firm.terms.objectives import DayCounts, TradingDays
from firm.terms.words import Boundary, Fixed, Scope
from firm.track import DayResult

ASKED = 500_00
TRADED = {
    DayCounts.ANY_FILL: "fills",
    DayCounts.OPENED: "openings",
    DayCounts.CLOSED: "closings",
    DayCounts.OPENED_AND_CLOSED: "round_trips",
}
EARNED = {
    DayCounts.PROFIT_CLOSED: "closed",
    DayCounts.PROFIT_OPENED: "opened",
    DayCounts.PROFIT_EQUITY: "equity",
    DayCounts.PROFIT_CLOSED_LESS_OPEN_LOSS: "closed",
}


def rule(counts, boundary=Boundary.TOUCHES, days_min=3):
    earned = Fixed(minor=ASKED) if counts in EARNED else None
    term = TradingDays(
        id="days", days_min=days_min, counts=counts, profit_min=earned, boundary=boundary, per=Scope.PHASE
    )
    return Rule(2, term, MappingProxyType({}))


def day(seq=40, **brought):
    return DayResult("2014-05-01", 100, seq=seq, **brought)


@pytest.mark.parametrize(("times", "expected"), [(0, False), (1, True), (2, True)])
@pytest.mark.parametrize("counts", TRADED)
def test_a_day_counts_by_what_was_traded_on_it_and_by_nothing_else(counts, times, expected):
    others = {field: 1 - min(times, 1) for field in TRADED.values()}
    assert does_count(PLAIN, rule(counts), day(**{**others, TRADED[counts]: times}), None) is expected


@pytest.mark.parametrize(
    ("boundary", "profit", "expected"),
    [
        pytest.param(Boundary.TOUCHES, ASKED - 1, False, id="one cent less, where exactly is enough"),
        pytest.param(Boundary.TOUCHES, ASKED, True, id="exactly, where that is enough"),
        pytest.param(Boundary.TOUCHES, ASKED + 1, True, id="one cent more, where exactly is enough"),
        pytest.param(Boundary.CROSSES, ASKED - 1, False, id="one cent less, where more is asked"),
        pytest.param(Boundary.CROSSES, ASKED, False, id="exactly, where more is asked"),
        pytest.param(Boundary.CROSSES, ASKED + 1, True, id="one cent more, where more is asked"),
        pytest.param(Boundary.TOUCHES, -ASKED, False, id="a loss of as much"),
    ],
)
@pytest.mark.parametrize("counts", EARNED)
def test_a_day_counts_from_the_profit_on_that_its_boundary_says(counts, boundary, profit, expected):
    others = dict.fromkeys(EARNED.values(), 2 * ASKED - profit)
    brought = {**others, EARNED[counts]: profit}
    assert does_count(PLAIN, rule(counts, boundary), day(**brought), ASKED) is expected


@pytest.mark.parametrize("counts", EARNED)
def test_a_day_that_runs_does_not_count_by_a_profit_that_may_be_lost_again(counts):
    brought = dict.fromkeys(EARNED.values(), ASKED)
    assert not does_count(PLAIN, rule(counts), day(seq=0, **brought), ASKED)
    assert does_count(PLAIN, rule(counts), day(seq=1, **brought), ASKED)


@pytest.mark.parametrize("counts", TRADED)
def test_a_day_that_runs_counts_at_once_by_what_was_traded(counts):
    assert does_count(PLAIN, rule(counts), day(seq=0, **{TRADED[counts]: 1}), None)


def test_a_scratch_trade_makes_no_day_of_profit_where_more_than_nothing_is_asked():
    scratch = day(fills=2, openings=1, closings=1, round_trips=1, closed=0)
    assert not does_count(PLAIN, rule(DayCounts.PROFIT_CLOSED, Boundary.CROSSES), scratch, 0)
    assert does_count(PLAIN, rule(DayCounts.PROFIT_CLOSED, Boundary.CROSSES), replace(scratch, closed=1), 0)


@pytest.mark.parametrize(
    ("open_loss", "expected"), [(0, True), (-100_00, True), (-100_01, False)]
)  # 600.00 were closed, 500.00 are asked
def test_what_is_open_at_a_loss_is_taken_from_what_was_closed(open_loss, expected):
    counted = rule(DayCounts.PROFIT_CLOSED_LESS_OPEN_LOSS)
    assert does_count(PLAIN, counted, day(closed=600_00, open_loss=open_loss), ASKED) is expected


def test_equity_that_could_not_be_priced_is_no_profit():
    assert not does_count(PLAIN, rule(DayCounts.PROFIT_EQUITY), day(closed=ASKED, equity=None), 0)


def test_days_that_count_by_trades_have_no_profit_to_show():
    assert [day_profit(PLAIN, counts, day(closed=1)) for counts in TRADED] == [None] * 4


@pytest.mark.parametrize(
    ("traded", "verdict"), [(0, Verdict.PENDING), (2, Verdict.PENDING), (3, Verdict.MET), (4, Verdict.MET)]
)
def test_a_phase_needs_so_many_days_that_count(traded, verdict):
    days = [day(openings=1)] * traded + [day(openings=0, closings=1)] * 5
    assert judge_trading_days(PLAIN, rule(DayCounts.OPENED), days, 0, None) == Judged(verdict, traded, 3, Unit.DAYS)


@pytest.mark.parametrize(("since_us", "counted"), [(99, 1), (100, 1), (101, 0)])
def test_days_that_began_before_a_payout_do_not_count_for_the_next(since_us, counted):
    judged = judge_trading_days(PLAIN, rule(DayCounts.OPENED), [day(openings=1)], since_us, None)
    assert judged.observed == counted


def test_a_term_that_counts_profit_and_names_none_stops_the_desk():
    with pytest.raises(AssertionError, match="term days counts days by their profit and names none"):
        does_count(PLAIN, rule(DayCounts.PROFIT_CLOSED), day(closed=1), None)


results = st.lists(st.integers(-(10**7), 10**7), max_size=20)


@given(results, st.integers(0, 10**7), st.integers(1, 10))
def test_more_profit_on_any_day_never_makes_fewer_days_count(profits, asked, days_min):
    counted = rule(DayCounts.PROFIT_CLOSED, days_min=days_min)
    before, after = (
        judge_trading_days(PLAIN, counted, [day(closed=profit + more) for profit in profits], 0, asked)
        for more in (0, 1)
    )
    assert before.observed == sum(profit >= asked for profit in profits) <= after.observed
    assert (before.verdict is Verdict.MET) is (before.observed >= days_min)


def test_the_working_says_of_each_day_why_it_counts():
    calc = Working()
    judge_trading_days(calc, rule(DayCounts.PROFIT_CLOSED_LESS_OPEN_LOSS), [day(closed=600_00, open_loss=-1)], 0, ASKED)
    assert [(step.name, step.source) for step in calc.steps if step.op == "given"] == [
        ("profit closed on 2014-05-01", "40/closed/minor"),
        ("open loss at the end of 2014-05-01", "40/open_loss/minor"),
        ("days to show", "ruleset/terms/2/days_min"),
    ]


@pytest.mark.parametrize("counts", [*TRADED, *EARNED])
def test_each_way_to_count_cites_its_own_figure(counts):
    calc = Working()
    field = {**TRADED, **EARNED}[counts]
    does_count(calc, rule(counts), day(**{field: ASKED}), ASKED)
    unit = "/minor" if counts in EARNED else ""
    assert calc.steps[0].source == f"40/{field}{unit}"
