"""Objectives of a phase, in the words of today: which must be met, at which target, and when one is asked about."""

import pytest
from msgspec.structs import replace

from firm.arithmetic import PLAIN, Figure, Working
from firm.rules.judged import Verdict
from firm.rules.winning import (
    Moment,
    days_of,
    equity_targets,
    noted_targets,
    objectives_met,
    profit_asked,
    target_balance_of,
    target_of,
    won,
)
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
from firm.terms.words import Boundary, Fixed, Scope, Share, ShareOf
from firm.track import DayResult, Reached
from tests.firm.rules.parts import trade

TARGET = ProfitTarget(id="target", amount=Share(bp=800, of=ShareOf.INITIAL), measured=TargetMeasure.BALANCE, held_s=0, flat_required=True,
                      latched=False, auto_close=False)  # fmt: skip
DAYS = TradingDays(id="days", days_min=2, counts=DayCounts.PROFIT_CLOSED, profit_min=Share(bp=50, of=ShareOf.INITIAL),
                   boundary=Boundary.TOUCHES, per=Scope.PHASE)  # fmt: skip
TRADES = MinimumTrades(id="trades", trades_min=2, per=Scope.PHASE)
SMOOTH = Consistency(id="smooth", best=Numerator.BEST_DAY, of=Denominator.NET_TOTAL, day_basis=DayBasis.CLOSE, caps_bp=(4_000,),
                     boundary=Boundary.CROSSES, effect=ConsistencyEffect.DELAY, per=Scope.PHASE)  # fmt: skip
SCORE = ScoreTarget(id="score", board="Spring cup", score_min=10)
NOW = Moment(0)


def tracked(account, **changes):
    return replace(account, track=replace(account.track, **changes))


def days(*profits):
    return tuple(
        DayResult(f"2014-05-{n:02}", n, closed=profit, seq=60 + n) for n, profit in enumerate(profits, start=1)
    )


def answers(account, moment=NOW):
    return {rule.id: answer.verdict for rule, answer in objectives_met(PLAIN, account, moment)}


# --- what must be shown on the way ---


@pytest.mark.parametrize("per", [Scope.PHASE, Scope.CYCLE])
def test_what_a_payout_asks_is_no_objective_of_the_phase(ada, per):
    asked = (replace(DAYS, per=per), replace(TRADES, per=per), replace(SMOOTH, per=per))
    account = tracked(ada(*asked, TARGET), days=days(900_00, 100_00), trades=(trade(),))
    assert list(answers(account)) == ([rule.id for rule in asked] if per is Scope.PHASE else []) + ["target"]


@pytest.mark.parametrize(("last", "verdict"), [(499_99, Verdict.PENDING), (500_00, Verdict.MET)])
def test_a_day_counts_from_the_profit_that_it_must_make(ada, last, verdict):
    assert answers(tracked(ada(DAYS), days=days(500_00, last)))["days"] is verdict


def test_a_day_that_counts_by_its_trades_needs_no_profit(ada):
    terms = replace(DAYS, counts=DayCounts.ANY_FILL, profit_min=None)
    counted = tuple(replace(day, fills=1) for day in days(-1, -1))
    assert answers(tracked(ada(terms), days=counted))["days"] is Verdict.MET


def test_the_running_day_is_one_of_the_days(ada):
    first, running = days(500_00, 500_00)
    account = tracked(ada(DAYS), days=(first,))
    assert days_of(account) == (first,)
    assert days_of(tracked(account, today=running)) == (first, running)
    assert answers(tracked(account, today=running))["days"] is Verdict.MET


def test_a_share_of_the_target_needs_one(ada):
    terms = replace(SMOOTH, of=Denominator.TARGET)
    assert answers(tracked(ada(terms, TARGET), days=days(3_200_00)))["smooth"] is Verdict.MET
    assert answers(tracked(ada(terms, TARGET), days=days(3_200_01)))["smooth"] is Verdict.PENDING


# --- targets ---


@pytest.mark.parametrize(
    ("effect", "results", "target"),
    [
        pytest.param(ConsistencyEffect.DELAY, (6_000_00, 2_000_00), 108_000_00, id="a pass waits, the target stays"),
        pytest.param(ConsistencyEffect.FAIL, (6_000_00, 2_000_00), 108_000_00, id="nor does a failure move it"),
        pytest.param(ConsistencyEffect.RAISE_TARGET, (6_000_00, 2_000_00), 115_000_00, id="6,000 are 40 % of 15,000"),
        pytest.param(ConsistencyEffect.RAISE_TARGET, (3_200_00, 2_000_00), 108_000_00, id="exactly 40 % of the target"),
        pytest.param(
            ConsistencyEffect.DISCARD_EXCESS, (6_000_00, 2_000_00), 110_800_00, id="2,800 above 40 % of 8,000"
        ),
        pytest.param(
            ConsistencyEffect.DISCARD_EXCESS, (3_200_00, 4_800_00 - 1_600_00), 109_280_00, id="two days above"
        ),
    ],
)
def test_a_day_that_was_too_large_may_move_the_target(ada, effect, results, target):
    account = tracked(ada(replace(SMOOTH, effect=effect), TARGET), days=days(*results))
    assert target_of(account) == target == target_balance_of(account, account.ruleset.rules[1])


def test_a_target_that_is_not_moved_has_no_step_about_it(ada):
    calc = Working()
    account = tracked(
        ada(replace(SMOOTH, effect=ConsistencyEffect.DISCARD_EXCESS), TARGET), days=days(100_00, 100_00, 100_00)
    )
    won(calc, account, NOW)
    assert "profit to make with what is discarded" not in [step.name for step in calc.steps]


def test_a_phase_without_a_target_of_money_asks_for_none(ada):
    assert (target_of(ada(SCORE)), profit_asked(PLAIN, ada(SCORE))) == (None, None)
    assert profit_asked(PLAIN, ada(TARGET)) == 8_000_00


@pytest.mark.parametrize(
    ("scores", "verdict"),
    [
        pytest.param((), Verdict.PENDING, id="nothing was published"),
        pytest.param((("Autumn cup", 99),), Verdict.PENDING, id="on another board"),
        pytest.param((("Autumn cup", 9), ("Spring cup", 10)), Verdict.MET, id="enough on its own"),
        pytest.param((("Autumn cup", 99), ("Spring cup", 9)), Verdict.PENDING, id="too little on its own"),
    ],
)
def test_a_score_counts_on_its_own_board(ada, scores, verdict):
    account = tracked(ada(SCORE), scores=tuple((board, Figure(score, "9/score")) for board, score in scores))
    assert answers(account)["score"] is verdict
    assert won(PLAIN, account, NOW) is (verdict is Verdict.MET)


@pytest.mark.parametrize("measured", TargetMeasure)
@pytest.mark.parametrize("latched", [False, True])
def test_which_targets_a_price_reaches_and_which_are_noted(ada, measured, latched):
    ruleset = ada(DAYS, replace(TARGET, measured=measured, latched=latched)).ruleset
    by_equity = measured is TargetMeasure.EQUITY
    assert [rule.id for rule in equity_targets(ruleset)] == ["target"] * by_equity
    assert [rule.id for rule in noted_targets(ruleset)] == ["target"] * (by_equity or latched)


@pytest.mark.parametrize(
    ("equity", "met"),
    [
        pytest.param(None, False, id="not priced"),
        pytest.param(107_999_99, False, id="a cent short"),
        pytest.param(108_000_00, True, id="exactly there"),
        pytest.param(0, False, id="worth nothing"),
    ],
)
def test_a_target_of_equity_is_held_against_equity(ada, equity, met):
    account = ada(replace(TARGET, measured=TargetMeasure.EQUITY), balance=120_000_00)
    assert won(PLAIN, account, Moment(0, None if equity is None else Figure(equity, ""))) is met


def test_a_target_of_the_balance_needs_no_price(ada):
    assert won(PLAIN, ada(TARGET, balance=108_000_00), Moment(0))


@pytest.mark.parametrize(("latched", "met"), [(("target",), True), (("other",), False), ((), False)])
def test_what_was_reached_once_stays_so_where_it_latched(ada, latched, met):
    account = tracked(ada(replace(TARGET, latched=True), balance=100_000_00), latched=latched)
    assert won(PLAIN, account, NOW) is met


@pytest.mark.parametrize(
    ("reached", "met"),
    [
        pytest.param((Reached("target", 0, 9),), True, id="for longer than a minute"),
        pytest.param((Reached("target", 1, 9),), False, id="a microsecond less"),
        pytest.param((Reached("other", 0, 9),), False, id="another target was"),
        pytest.param((), False, id="not at all"),
    ],
)
def test_a_target_that_must_be_held_counts_from_when_it_was_reached(ada, reached, met):
    account = tracked(ada(replace(TARGET, held_s=60), balance=108_000_00), reached=reached)
    assert won(PLAIN, account, Moment(60_000_001)) is met


@pytest.mark.parametrize(("closed", "met"), [(107_999_99, False), (108_000_00, True)])
def test_a_target_of_closing_balances_is_held_against_the_last_one(ada, closed, met):
    account = ada(replace(TARGET, measured=TargetMeasure.CLOSING_BALANCE), balance=120_000_00, day=(closed, closed))
    assert won(PLAIN, account, NOW) is met
    assert not won(PLAIN, replace(account, day=None), NOW)


def test_a_fixed_target_is_what_it_says(ada):
    assert target_of(ada(replace(TARGET, amount=Fixed(minor=1)))) == 100_000_01


def test_profit_that_does_not_count_must_be_made_besides(ada):
    assert target_of(tracked(ada(TARGET), excluded=Figure(500_00, "9/excluded"))) == 108_500_00
