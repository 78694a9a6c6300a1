"""Clocks: a phase of thirty days, and an account on which thirty days nothing happens."""

from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from firm.arithmetic import PLAIN, Figure, Working
from firm.instant import DAY_US
from firm.rules.clocks import Activity, clock_start, day_number, judge_inactivity, judge_maximum_duration, last_active
from firm.rules.judged import SILENT, Judged, Unit, Verdict
from firm.ruleset import Rule
from firm.terms.objectives import ClockStart, Inactivity, MaximumDuration
from firm.terms.words import Action

DURATION = MaximumDuration(id="duration", days_max=30, counted_from=ClockStart.FIRST_TRADE)
QUIET = Inactivity(
    id="quiet",
    days_max=30,
    counted_from=ClockStart.LAST_TRADE,
    open_position_counts=False,
    pending_order_counts=False,
    on_breach=(Action.FAIL,),
)
NOBODY = Activity(Figure(0, "10/at_us"), None, None, None, None, positions=0, orders=0)


def rule(term, **changes):
    return Rule(4, replace(term, **changes), MappingProxyType({}))


def at(day, seq=50):
    return Figure(day * DAY_US, f"{seq}/at_us")


def labelled(label, seq=20):
    return Figure(day_number(label), f"{seq}/day/label")


@pytest.mark.parametrize(
    ("begins", "verdict", "used"),
    [
        pytest.param("2014-05-01", Verdict.KEPT, 0, id="its first day"),
        pytest.param("2014-05-30", Verdict.KEPT, 29, id="its thirtieth and last day"),
        pytest.param("2014-05-31", Verdict.BROKEN, 30, id="the rollover after it"),
        pytest.param("2014-06-01", Verdict.BROKEN, 31, id="a weekend later"),
    ],
)
def test_thirty_days_are_over_at_the_thirtieth_rollover_after_the_first_day(begins, verdict, used):
    judged = judge_maximum_duration(PLAIN, rule(DURATION), labelled("2014-05-01"), labelled(begins))
    assert judged == Judged(verdict, used, 30, Unit.DAYS)


def test_a_clock_that_has_not_started_does_not_run():
    assert judge_maximum_duration(PLAIN, rule(DURATION), None, labelled("2099-01-01")) == SILENT


@pytest.mark.parametrize(
    ("idle_us", "verdict", "days"),
    [
        pytest.param(30 * DAY_US - 1, Verdict.KEPT, 29, id="one µs less than thirty days"),
        pytest.param(30 * DAY_US, Verdict.BROKEN, 30, id="thirty days to the µs"),
        pytest.param(30 * DAY_US + 1, Verdict.BROKEN, 30, id="one µs more"),
    ],
)
def test_inactivity_is_compared_to_the_microsecond_and_told_in_whole_days(idle_us, verdict, days):
    traded = replace(NOBODY, last_opened=at(5))
    judged = judge_inactivity(PLAIN, rule(QUIET), traded, Figure(5 * DAY_US + idle_us, "60/at_us"))
    assert judged == Judged(verdict, days, 30, Unit.DAYS)


@pytest.mark.parametrize(
    ("positions", "orders", "position_counts", "order_counts", "verdict"),
    [
        pytest.param(1, 0, True, False, Verdict.KEPT, id="a position is open, and that is activity"),
        pytest.param(1, 0, False, True, Verdict.BROKEN, id="a position is open, and that is none"),
        pytest.param(0, 1, False, True, Verdict.KEPT, id="an order waits, and that is activity"),
        pytest.param(0, 1, True, False, Verdict.BROKEN, id="an order waits, and that is none"),
        pytest.param(0, 0, True, True, Verdict.BROKEN, id="nothing is open and nothing waits"),
    ],
)
def test_what_is_open_or_waits_is_activity_where_the_term_says_so(
    positions, orders, position_counts, order_counts, verdict
):
    term = rule(QUIET, open_position_counts=position_counts, pending_order_counts=order_counts)
    activity = replace(NOBODY, positions=positions, orders=orders)
    assert judge_inactivity(PLAIN, term, activity, at(99)).verdict is verdict


EVENTS = replace(NOBODY, first_trade=at(1), last_opened=at(3), last_closed=at(2))


@pytest.mark.parametrize(
    ("counted_from", "activity", "expected"),
    [
        (ClockStart.ASSIGNMENT, EVENTS, Figure(0, "10/at_us")),
        (ClockStart.FIRST_TRADE, EVENTS, at(1)),
        (ClockStart.LAST_OPENED, EVENTS, at(3)),
        (ClockStart.LAST_CLOSED, EVENTS, at(2)),
        (ClockStart.LAST_TRADE, EVENTS, at(3)),
        (ClockStart.LAST_TRADE, replace(EVENTS, last_closed=at(4)), at(4)),
        (ClockStart.LAST_TRADE, NOBODY, None),
        (ClockStart.LAST_CLOSED, NOBODY, None),
    ],
)
def test_each_clock_starts_with_its_own_event(counted_from, activity, expected):
    assert clock_start(counted_from, activity) == expected


def test_the_account_s_opening_starts_the_clock_where_nothing_happened():
    assert last_active(replace(QUIET, counted_from=ClockStart.LAST_CLOSED), NOBODY) == NOBODY.assigned


@pytest.mark.parametrize(
    ("position_counts", "order_counts", "expected"), [(False, False, 3), (True, False, 40), (False, True, 50)]
)
def test_what_counted_while_it_lasted_starts_the_clock_anew_when_it_ends(position_counts, order_counts, expected):
    """Held for 37 days: the day after its close is not the 38th of silence."""
    term = replace(
        QUIET,
        counted_from=ClockStart.LAST_OPENED,
        open_position_counts=position_counts,
        pending_order_counts=order_counts,
    )
    ended = replace(EVENTS, last_closed=at(40), order_gone=at(50))
    assert last_active(term, ended) == at(expected)


@given(st.integers(1, 400), st.integers(0, 400 * DAY_US), st.integers(0, 800 * DAY_US))
def test_an_account_is_inactive_exactly_when_its_days_are_over(days_max, last_us, later_us):
    traded = replace(NOBODY, last_closed=Figure(last_us, "50/at_us"))
    judged = judge_inactivity(PLAIN, rule(QUIET, days_max=days_max), traded, Figure(last_us + later_us, "60/at_us"))
    assert judged.is_broken is (later_us >= days_max * DAY_US)
    assert judged.is_broken is (judged.observed >= judged.limit)


def test_the_workings_cite_both_ends_of_the_time():
    calc = Working()
    judge_inactivity(calc, rule(QUIET), replace(NOBODY, last_closed=at(5)), at(35, seq=60))
    judge_maximum_duration(calc, rule(DURATION), labelled("2014-05-01"), labelled("2014-05-31", seq=70))
    assert [step.source for step in calc.steps if step.op == "given"] == [
        "50/at_us", "60/at_us", "ruleset/terms/4/days_max", "20/day/label", "70/day/label", "ruleset/terms/4/days_max",
    ]  # fmt: skip
