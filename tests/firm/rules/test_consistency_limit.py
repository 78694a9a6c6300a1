"""Consistency limit: no more than 40 % of a target of 8,000.00 by one day, or of all profit when everything else is met."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from firm.arithmetic import PLAIN, Figure, Working
from firm.equity import Board
from firm.rules.consistency_limit import (
    condition_of,
    conditions_met,
    judge_consistency_limit,
    judge_share,
    pass_grounds,
    shares_at_target,
)
from firm.rules.judged import SILENT, Unit, Verdict
from firm.rules.looks import glance, is_look, look, rules_looked_at
from firm.rules.winning import Moment, won
from firm.terms.objectives import (
    Consistency,
    ConsistencyEffect,
    DayBasis,
    Denominator,
    FailsAt,
    MinimumTrades,
    Numerator,
    ProfitTarget,
    TargetMeasure,
)
from firm.terms.words import Boundary, Fixed, Frequency, Scope
from firm.track import DayResult, PayoutMade
from tests.firm.rules.conftest import DAY, make_account
from tests.firm.rules.parts import trade

TARGET = ProfitTarget(id="target", amount=Fixed(minor=8_000_00), measured=TargetMeasure.BALANCE, held_s=0, flat_required=False,
                      latched=False, auto_close=False)  # fmt: skip
OF_TARGET = Consistency(id="share", best=Numerator.BEST_DAY, of=Denominator.TARGET, day_basis=DayBasis.CLOSE, caps_bp=(4_000,),
                        boundary=Boundary.CROSSES, effect=ConsistencyEffect.FAIL, per=Scope.PHASE,
                        fails_at=FailsAt.CLOSE)  # fmt: skip
IN_PLACE = replace(OF_TARGET, of=Denominator.NET_TOTAL, fails_at=FailsAt.TARGET)
NOW = Moment(0)


def days(*profits):
    return tuple(DayResult(f"2014-04-{n:02}", n, closed=profit, seq=60 + n) for n, profit in enumerate(profits, 1))


def tracked(account, **changes):
    return replace(account, track=replace(account.track, **changes))


def judged(account, moment=NOW):
    return judge_consistency_limit(PLAIN, account.ruleset.rules[0], account, moment)


def ada(*terms, won_to=100_000_00, **tracks):
    return tracked(make_account()(*terms, balance=won_to), **tracks)


@pytest.mark.parametrize(
    ("boundary", "profit", "verdict"),
    [
        (Boundary.CROSSES, 3_199_99, Verdict.KEPT),
        (Boundary.CROSSES, 3_200_00, Verdict.KEPT),
        (Boundary.CROSSES, 3_200_01, Verdict.BROKEN),
        (Boundary.TOUCHES, 3_199_99, Verdict.KEPT),
        (Boundary.TOUCHES, 3_200_00, Verdict.BROKEN),
        pytest.param(Boundary.CROSSES, 99_000_00, Verdict.BROKEN, id="a day above the whole target"),
        pytest.param(Boundary.TOUCHES, -5_000_00, Verdict.KEPT, id="a day that lost"),
    ],
)
def test_around_the_largest_share(boundary, profit, verdict):
    account = ada(replace(OF_TARGET, boundary=boundary), TARGET, today=DayResult("2014-05-01", 0, closed=profit))
    assert judged(account).verdict is verdict


def test_what_breaks_it_is_named_with_its_share_and_the_comparison_says_yes():
    account, calc = ada(OF_TARGET, TARGET, days=days(1_000_00, 4_000_00)), Working()
    answer = judge_consistency_limit(calc, account.ruleset.rules[0], account, NOW)
    assert (answer.observed, answer.limit, answer.unit, answer.subject) == (5_000, 4_000, Unit.BP, "2014-04-02")
    assert (calc.steps[-1].name, calc.steps[-1].value) == ("best day above its largest share", 1)


def test_at_a_rollover_the_days_that_have_ended_count_and_the_running_one_does_not():
    terms = replace(OF_TARGET, fails_at=FailsAt.ROLLOVER)
    running = DayResult("2014-05-01", DAY.start_us, closed=9_000_00)
    assert judged(ada(terms, TARGET, days=days(1_00), today=running)).verdict is Verdict.KEPT
    assert judged(ada(terms, TARGET, days=days(3_200_01), today=None)).verdict is Verdict.BROKEN


@pytest.mark.parametrize(("lasted_s", "verdict"), [(9, Verdict.BROKEN), (10, Verdict.SILENT)])
def test_at_a_rollover_trades_that_were_closed_before_it_count(lasted_s, verdict):
    """Trades are looked at alone of a whole that they are: of nothing there is no share."""
    terms = replace(OF_TARGET, best=Numerator.BEST_TRADE, of=Denominator.NET_TOTAL, fails_at=FailsAt.ROLLOVER)
    began = replace(DAY, start_us=10_000_000)
    account = ada(terms, TARGET, trades=(trade("t1", opened_s=0, lasted_s=lasted_s, net=5_00),))
    account = replace(account, day=replace(account.day, day=began))
    assert judged(account).verdict is verdict


@pytest.mark.parametrize(
    ("balance", "verdict"),
    [
        pytest.param(107_999_99, Verdict.SILENT, id="one cent short of the target: nothing is asked yet"),
        pytest.param(108_000_00, Verdict.BROKEN, id="the target is reached by one day of 5,000.00"),
    ],
)
def test_in_place_of_a_pass_it_is_silent_until_all_else_is_met(balance, verdict):
    account = ada(IN_PLACE, TARGET, won_to=balance, days=days(5_000_00, 3_000_00))
    assert judged(account).verdict is verdict


def test_in_place_of_a_pass_it_waits_for_what_is_counted_too():
    trades = MinimumTrades(id="trades", trades_min=2, per=Scope.PHASE)
    account = ada(IN_PLACE, TARGET, trades, won_to=108_000_00, days=days(8_000_00), trades=(trade("t1"),))
    assert judged(account) == SILENT
    assert judged(tracked(account, trades=(trade("t1"), trade("t2")))).is_broken


def test_in_place_of_a_pass_four_days_alike_pass():
    account = ada(IN_PLACE, TARGET, won_to=108_000_00, days=days(2_000_00, 2_000_00, 2_000_00, 2_000_00))
    assert judged(account).verdict is Verdict.KEPT
    assert won(PLAIN, account, NOW)
    found = [condition_of(*one) for one in conditions_met(pass_grounds(PLAIN, account, NOW))]
    assert [(one.rule, one.rule_kind, one.observed, one.asked) for one in found] == [
        ("share", "consistency", 2_500, 4_000),
        ("target", "profit_target", 108_000_00, 108_000_00),
    ]


def test_a_share_that_a_person_waived_is_no_condition_of_a_pass():
    account = ada(IN_PLACE, TARGET, won_to=108_000_00, days=days(8_000_00))
    assert [rule.id for rule, _ in conditions_met(pass_grounds(PLAIN, account, NOW))] == ["target"]


def test_a_share_that_moves_the_target_is_in_the_target_and_no_condition_of_its_own():
    raises = replace(IN_PLACE, effect=ConsistencyEffect.RAISE_TARGET, fails_at=None)
    account = ada(raises, TARGET, won_to=120_000_00, days=days(8_000_00))
    assert [rule.id for rule, _ in conditions_met(pass_grounds(PLAIN, account, NOW))] == ["target"]


def test_after_a_payout_only_what_came_since_counts_where_the_cycle_does():
    terms = replace(OF_TARGET, per=Scope.CYCLE)
    account = ada(terms, TARGET, days=days(9_000_00), payouts=(PayoutMade(1, 5_00, 5_00, 7, 90),))
    assert judged(account).verdict is Verdict.KEPT
    assert judged(tracked(account, payouts=())).is_broken
    assert judge_share(PLAIN, replace(account.ruleset.rules[0], terms=OF_TARGET), account).is_broken


@pytest.mark.parametrize(
    ("fails_at", "frequency"),
    [
        (FailsAt.CLOSE, Frequency.TRADE),
        (FailsAt.ROLLOVER, Frequency.ROLLOVER),
        (FailsAt.TARGET, Frequency.REQUEST),
    ],
)
def test_it_is_looked_at_when_its_term_says(fails_at, frequency):
    ruleset = ada(replace(OF_TARGET, fails_at=fails_at), TARGET).ruleset
    assert {one for one in Frequency if rules_looked_at(ruleset, one)} == {frequency}
    assert [rule.id for rule in shares_at_target(ruleset)] == (["share"] if fails_at is FailsAt.TARGET else [])


def test_a_share_that_delays_is_looked_at_by_nobody():
    delays = replace(IN_PLACE, effect=ConsistencyEffect.DELAY, fails_at=None)
    assert not is_look(delays)
    assert is_look(IN_PLACE)


def test_a_target_of_equity_that_cannot_be_priced_is_not_reached():
    by_equity = replace(TARGET, measured=TargetMeasure.EQUITY)
    account = ada(IN_PLACE, by_equity, won_to=108_000_00, days=days(8_000_00))
    assert judged(account, Moment(0, None)) == SILENT
    seen = glance(account, Board({}, {}), Figure(108_000_00, ""), 0)
    assert look(PLAIN, account.ruleset.rules[0], seen)[0].is_broken
    short = glance(account, Board({}, {}), Figure(107_999_99, ""), 0)
    assert look(PLAIN, account.ruleset.rules[0], short) == (SILENT,)


@given(st.lists(st.integers(-9_000_00, 9_000_00), min_size=1, max_size=12), st.integers(1, 10_000), st.booleans())
def test_it_is_broken_exactly_where_a_share_that_delays_is_still_to_come(profits, cap, touches):
    boundary = Boundary.TOUCHES if touches else Boundary.CROSSES
    fails = replace(OF_TARGET, of=Denominator.NET_TOTAL, caps_bp=(cap,), boundary=boundary)
    account = ada(fails, TARGET, days=days(*profits))
    rule = account.ruleset.rules[0]
    delays = replace(rule, terms=replace(fails, effect=ConsistencyEffect.DELAY, fails_at=None))
    told, asked = judge_share(PLAIN, rule, account), judge_share(PLAIN, delays, account)
    assert (told.observed, told.limit, told.subject) == (asked.observed, asked.limit, asked.subject)
    assert told.is_broken is (asked.verdict is Verdict.PENDING)
