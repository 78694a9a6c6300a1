"""Targets: 8 % of 100 000.00, by balance, by closing balance and by equity that must be held; and scores that are published."""

from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from firm.arithmetic import PLAIN, Figure, Working
from firm.instant import SECOND_US
from firm.rules.judged import Judged, Unit, Verdict
from firm.rules.targets import (
    TargetMarks,
    judge_profit_target,
    judge_score_target,
    must_close_at_target,
    reached_since,
    target_balance,
)
from firm.ruleset import Rule
from firm.terms.objectives import ProfitTarget, ScoreTarget, TargetMeasure
from firm.terms.words import Share, ShareOf

TARGET = 108_000_00
TERM = ProfitTarget(
    id="target",
    amount=Share(bp=800, of=ShareOf.INITIAL),
    measured=TargetMeasure.BALANCE,
    held_s=0,
    flat_required=False,
    latched=False,
    auto_close=False,
)
SCORE = ScoreTarget(id="score", board="spring cup", score_min=500)


def rule(term=TERM, **changes):
    return Rule(3, replace(term, **changes), MappingProxyType({}))


def marks(balance=100_000_00, closing=100_000_00, equity=100_000_00, since_us=None, now_us=0, positions=0):
    return TargetMarks(
        balance=Figure(balance, "30/balance/minor"),
        closing_balance=None if closing is None else Figure(closing, "20/balance/minor"),
        equity=Figure(equity, "31/equity/minor"),
        reached_since=None if since_us is None else Figure(since_us, "29/at_us"),
        now=Figure(now_us, "31/at_us"),
        positions=positions,
    )


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        pytest.param(TARGET - 1, Verdict.PENDING, id="one cent short"),
        pytest.param(TARGET, Verdict.MET, id="exactly reached"),
        pytest.param(TARGET + 1, Verdict.MET, id="one cent more"),
        pytest.param(-1, Verdict.PENDING, id="below zero"),
    ],
)
@pytest.mark.parametrize(
    ("measured", "mark"),
    [
        (TargetMeasure.BALANCE, "balance"),
        (TargetMeasure.CLOSING_BALANCE, "closing"),
        (TargetMeasure.EQUITY, "equity"),
    ],
)
def test_the_mark_that_was_sold_must_reach_the_target_and_no_other_does(measured, mark, value, verdict):
    others = dict.fromkeys(("balance", "closing", "equity"), 2 * TARGET - value)
    judged = judge_profit_target(PLAIN, rule(measured=measured), TARGET, marks(**{**others, mark: value}))
    assert judged == Judged(verdict, value, TARGET, Unit.MINOR)


def test_before_the_first_day_has_ended_no_closing_balance_reaches_anything():
    term = rule(measured=TargetMeasure.CLOSING_BALANCE)
    judged = judge_profit_target(PLAIN, term, TARGET, marks(balance=TARGET, closing=None))
    assert judged == Judged(Verdict.PENDING, TARGET, TARGET, Unit.MINOR)


@pytest.mark.parametrize(
    ("flat_required", "positions", "verdict"),
    [(True, 0, Verdict.MET), (True, 1, Verdict.PENDING), (False, 1, Verdict.MET)],
)
def test_a_target_may_ask_that_nothing_is_open(flat_required, positions, verdict):
    judged = judge_profit_target(PLAIN, rule(flat_required=flat_required), TARGET, marks(TARGET, positions=positions))
    assert judged.verdict is verdict


@pytest.mark.parametrize(
    ("since_us", "now_us", "verdict"),
    [
        pytest.param(None, 99 * SECOND_US, Verdict.PENDING, id="not known since when"),
        pytest.param(0, 30 * SECOND_US - 1, Verdict.PENDING, id="one µs less than thirty seconds"),
        pytest.param(0, 30 * SECOND_US, Verdict.PENDING, id="thirty seconds to the µs"),
        pytest.param(0, 30 * SECOND_US + 1, Verdict.MET, id="longer than thirty seconds"),
        pytest.param(SECOND_US, 30 * SECOND_US + 1, Verdict.PENDING, id="reached a second later"),
    ],
)
def test_equity_must_stay_at_the_target_for_longer_than_the_seconds_asked(since_us, now_us, verdict):
    term = rule(measured=TargetMeasure.EQUITY, held_s=30)
    found = judge_profit_target(PLAIN, term, TARGET, marks(equity=TARGET, since_us=since_us, now_us=now_us))
    assert found.verdict is verdict


def test_a_target_that_was_held_and_is_left_is_not_reached():
    term = rule(measured=TargetMeasure.EQUITY, held_s=30)
    left = marks(equity=TARGET - 1, since_us=0, now_us=99 * SECOND_US)
    assert judge_profit_target(PLAIN, term, TARGET, left).verdict is Verdict.PENDING


def test_a_break_of_one_price_starts_the_seconds_anew():
    first, second, third = Figure(1, "1/at_us"), Figure(2, "2/at_us"), Figure(3, "3/at_us")
    since = reached_since(None, TARGET, TARGET, first)
    assert since == first
    assert reached_since(since, TARGET + 1, TARGET, second) == first
    assert reached_since(since, TARGET - 1, TARGET, second) is None
    assert reached_since(None, TARGET, TARGET, third) == third


@pytest.mark.parametrize(
    ("latched", "is_latched", "positions", "verdict"),
    [
        pytest.param(True, True, 0, Verdict.MET, id="kept"),
        pytest.param(True, True, 1, Verdict.PENDING, id="kept, but something is open now"),
        pytest.param(True, False, 0, Verdict.PENDING, id="never reached"),
        pytest.param(False, True, 0, Verdict.PENDING, id="reached once, and that does not count"),
    ],
)
def test_a_target_that_was_reached_and_lost_counts_only_where_it_latches(latched, is_latched, positions, verdict):
    term = rule(latched=latched, flat_required=True)
    fallen = marks(balance=TARGET - 1, positions=positions)
    assert judge_profit_target(PLAIN, term, TARGET, fallen, is_latched=is_latched).verdict is verdict


@pytest.mark.parametrize(
    ("auto_close", "equity", "positions", "closes"),
    [
        (True, TARGET, 1, True),
        (True, TARGET - 1, 1, False),
        (True, TARGET, 0, False),
        (False, TARGET, 1, False),
    ],
)
def test_what_is_open_is_closed_at_a_target_that_says_so(auto_close, equity, positions, closes):
    term = rule(measured=TargetMeasure.EQUITY, auto_close=auto_close)
    assert must_close_at_target(PLAIN, term, TARGET, marks(equity=equity, positions=positions)) is closes


@pytest.mark.parametrize(
    ("score", "verdict", "observed"),
    [(None, Verdict.PENDING, 0), (499, Verdict.PENDING, 499), (500, Verdict.MET, 500), (501, Verdict.MET, 501)],
)
def test_a_mission_is_won_by_the_score_that_is_published(score, verdict, observed):
    published = None if score is None else Figure(score, "77/score")
    assert judge_score_target(PLAIN, rule(SCORE), published) == Judged(verdict, observed, 500, Unit.COUNT)


@given(start=st.integers(0, 10**10), asked=st.integers(0, 10**9), balance=st.integers(-(10**9), 10**11))
def test_a_target_is_met_exactly_when_the_profit_is_at_least_what_was_asked(start, asked, balance):
    target = target_balance(PLAIN, start, asked)
    judged = judge_profit_target(PLAIN, rule(), target, marks(balance))
    assert (judged.verdict is Verdict.MET) is (balance - start >= asked)


def test_the_working_of_a_pass_cites_the_mark_and_the_seconds_it_was_held():
    calc = Working()
    term = rule(measured=TargetMeasure.EQUITY, held_s=30)
    judge_profit_target(calc, term, TARGET, marks(equity=TARGET, since_us=0, now_us=31 * SECOND_US))
    assert {step.source for step in calc.steps if step.op == "given"} == {
        "31/equity/minor", "29/at_us", "31/at_us", "ruleset/terms/3/held_s",
    }  # fmt: skip
    assert (calc.steps[-1].op, calc.steps[-1].value) == ("is_above", 1)


def test_the_working_of_a_score_cites_what_was_published():
    calc = Working()
    judge_score_target(calc, rule(SCORE), Figure(500, "77/score"))
    assert [step.source for step in calc.steps] == ["ruleset/terms/3/score_min", "77/score", ""]
