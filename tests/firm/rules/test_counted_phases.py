"""Counted phases: a phase that asks for days or trades alone is won by those, and a pass says which."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from firm.arithmetic import PLAIN, Working
from firm.rules.consistency_limit import condition_of, conditions_met, pass_grounds
from firm.rules.judged import Unit
from firm.rules.winning import Moment, objectives_met, told_by, won, won_by
from firm.terms.first import MinimumTradingDays
from firm.terms.objectives import (
    Consistency,
    ConsistencyEffect,
    DayBasis,
    DayCounts,
    Denominator,
    MinimumTrades,
    Numerator,
    ProfitTarget,
    ScoreTarget,
    TargetMeasure,
    TradingDays,
)
from firm.terms.words import Boundary, Fixed, Scope
from firm.track import DayResult
from tests.firm.rules.conftest import make_account
from tests.firm.rules.parts import trade

DAYS = TradingDays(
    id="days", days_min=3, counts=DayCounts.OPENED, profit_min=None, boundary=Boundary.TOUCHES, per=Scope.PHASE
)
TRADES = MinimumTrades(id="trades", trades_min=2, per=Scope.PHASE)
SMOOTH = Consistency(id="smooth", best=Numerator.BEST_DAY, of=Denominator.NET_TOTAL, day_basis=DayBasis.CLOSE, caps_bp=(4_000,),
                     boundary=Boundary.CROSSES, effect=ConsistencyEffect.DELAY, per=Scope.PHASE)  # fmt: skip
TARGET = ProfitTarget(id="target", amount=Fixed(minor=8_000_00), measured=TargetMeasure.BALANCE, held_s=0, flat_required=False,
                      latched=False, auto_close=False)  # fmt: skip
SCORE = ScoreTarget(id="score", board="Spring cup", score_min=10)
NOW = Moment(0)


def ada(*terms, opened_on=0, **tracks):
    """Her account, on which something was opened on so many days."""
    account = make_account()(*terms, days_traded=opened_on, days_traded_seq=40 if opened_on else 0)
    return replace(account, track=replace(account.track, **tracks))


@pytest.mark.parametrize(("opened_on", "is_won"), [(0, False), (2, False), (3, True), (4, True)])
def test_three_days_win_a_phase_that_asks_for_three(opened_on, is_won):
    account = ada(DAYS, opened_on=opened_on)
    assert won(PLAIN, account, NOW) is is_won
    assert won(Working(), account, NOW) is is_won


@pytest.mark.parametrize(
    ("opened_on", "closed", "is_won"),
    [
        pytest.param(3, ("t1",), False, id="enough days, a trade too few"),
        pytest.param(2, ("t1", "t2"), False, id="enough trades, a day too few"),
        pytest.param(3, ("t1", "t1"), False, id="two parts of one position are one trade"),
        pytest.param(3, ("t1", "t2"), True, id="both"),
    ],
)
def test_days_and_trades_win_together(opened_on, closed, is_won):
    account = ada(TRADES, DAYS, opened_on=opened_on, trades=tuple(map(trade, closed)))
    assert won(PLAIN, account, NOW) is is_won


@pytest.mark.parametrize(
    ("terms", "wins", "told"),
    [
        pytest.param((DAYS, TRADES), ["days", "trades"], "days", id="the first of what is counted"),
        pytest.param((TRADES, DAYS), ["trades", "days"], "trades", id="in the order of the ruleset"),
        pytest.param((DAYS, TARGET), ["target"], "target", id="days beside a target are shown on the way"),
        pytest.param((DAYS, SCORE), ["score"], "score", id="or beside a score"),
        pytest.param((SCORE, TARGET), ["score", "target"], "target", id="money is told before a score"),
        pytest.param((replace(DAYS, per=Scope.CYCLE), TRADES), ["trades"], "trades", id="a payout's days win nothing"),
    ],
)
def test_what_wins_a_phase_and_by_which_rule_a_pass_is_told(terms, wins, told):
    ruleset = ada(*terms).ruleset
    assert [rule.id for rule in won_by(ruleset)] == wins
    assert told_by(ruleset).id == told


@pytest.mark.parametrize(
    "terms",
    [
        pytest.param((SMOOTH,), id="a share alone"),
        pytest.param((replace(DAYS, per=Scope.CYCLE),), id="days that a payout asks for"),
        pytest.param((MinimumTradingDays(id="days", days_min=1),), id="days that were sold in the first words"),
    ],
)
def test_what_counts_nothing_of_the_phase_is_never_won(terms):
    assert not won(PLAIN, ada(*terms, opened_on=99), NOW)


def test_what_wins_the_phase_is_looked_at_last():
    account = ada(DAYS, SMOOTH, TRADES, opened_on=3, trades=(trade("t1"), trade("t2")))
    assert [rule.id for rule, _ in objectives_met(PLAIN, account, NOW)] == ["smooth", "days", "trades"]
    calc = Working()
    assert won(calc, account, NOW)
    assert (calc.steps[-1].name, calc.steps[-1].value) == ("enough trades", 1)


def test_a_pass_says_each_condition_with_what_was_found_and_what_is_asked():
    spread = tuple(DayResult(f"2014-04-{n:02}", n, closed=100_00, seq=60 + n) for n in range(1, 5))
    account = ada(SMOOTH, DAYS, TRADES, opened_on=5, days=spread, trades=(trade("t1"), trade("t2"), trade("t3")))
    found = [condition_of(*one) for one in conditions_met(pass_grounds(PLAIN, account, NOW))]
    assert [(one.rule, one.rule_kind, one.unit, one.observed, one.asked) for one in found] == [
        ("smooth", "consistency", Unit.BP, 2_500, 4_000),
        ("days", "trading_days", Unit.DAYS, 5, 3),
        ("trades", "minimum_trades", Unit.COUNT, 3, 2),
    ]


def test_a_share_of_no_profit_asks_for_nothing_and_is_no_condition():
    account = ada(SMOOTH, DAYS, opened_on=3)
    assert won(PLAIN, account, NOW)
    assert [rule.id for rule, _ in conditions_met(pass_grounds(PLAIN, account, NOW))] == ["days"]


@given(
    asked=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    done=st.tuples(st.integers(0, 7), st.lists(st.sampled_from("abcdefg"), max_size=12)),
)
def test_a_counted_phase_is_won_exactly_when_each_count_is_reached(asked, done):
    (days_min, trades_min), (opened_on, closed) = asked, done
    terms = (replace(DAYS, days_min=days_min), replace(TRADES, trades_min=trades_min))
    account = ada(*terms, opened_on=opened_on, trades=tuple(map(trade, closed)))
    assert won(PLAIN, account, NOW) is (opened_on >= days_min and len(set(closed)) >= trades_min)
