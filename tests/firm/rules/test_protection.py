"""Protection: a stop loss within two minutes, one that may lose 1 000.00, and no stop more than five times as far as the target."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from firm.arithmetic import PLAIN, Figure, Working
from firm.inputs import Side
from firm.instant import SECOND_US
from firm.rules.judged import Unit, Verdict
from firm.rules.protection import judge_risk_reward, judge_stop_loss_required
from firm.terms.exposure import RiskReward, StopLossRequired
from firm.terms.words import Action, Fixed, Scope
from tests.firm.rules.parts import held, rule

STOP = StopLossRequired(
    id="stop", within_s=120, risk_max=Fixed(minor=1_000_00), on_breach=(Action.WARN,), strikes_within=Scope.PHASE
)
REWARD = RiskReward(id="reward", stop_to_target_max_bp=50_000, on_breach=(Action.WARN,), strikes_within=Scope.PHASE)


def guarded(position, now_us, calc=PLAIN, allowed=1_000_00, within_s=120):
    terms = rule(replace(STOP, within_s=within_s))
    (found,) = judge_stop_loss_required(calc, terms, allowed, [position], Figure(now_us, "70/at_us"))
    return found


@pytest.mark.parametrize(
    ("within_s", "held_us", "verdict"),
    [
        pytest.param(120, 120 * SECOND_US - 1, Verdict.SILENT, id="a microsecond is left"),
        pytest.param(120, 120 * SECOND_US, Verdict.BROKEN, id="the time is over"),
        pytest.param(120, 500 * SECOND_US, Verdict.BROKEN, id="long over"),
        pytest.param(0, 0, Verdict.BROKEN, id="from the first"),
    ],
)
def test_a_position_without_a_stop(within_s, held_us, verdict):
    found = guarded(held(opened_s=1_000), 1_000 * SECOND_US + held_us, within_s=within_s)
    assert (found.verdict, found.observed, found.limit) == (verdict, held_us // SECOND_US, within_s)
    assert found.unit is Unit.SECONDS


def test_a_stop_that_was_taken_off_again_is_missed_again():
    position, later_us = held(stop_loss=9_900, stop_risk=500_00), 9_999 * SECOND_US
    assert guarded(position, later_us).verdict is Verdict.KEPT
    assert guarded(replace(position, stop_loss=0, stop_risk=None), later_us).is_broken


@pytest.mark.parametrize(
    ("risk", "broken"),
    [
        pytest.param(999_99, False, id="a cent less"),
        pytest.param(1_000_00, False, id="all that is allowed"),
        pytest.param(1_000_01, True, id="a stop that was moved a cent too far"),
        pytest.param(-1_000_01, False, id="a stop that secures a profit"),
    ],
)
def test_what_a_stop_would_lose(risk, broken):
    found = guarded(held(stop_loss=9_900, stop_risk=risk), 0)
    assert (found.is_broken, found.observed, found.limit, found.unit) == (broken, risk, 1_000_00, Unit.MINOR)


def test_any_stop_does_where_its_loss_is_not_asked_and_one_without_a_price_says_nothing():
    assert guarded(held(stop_loss=9_900, stop_risk=9_999_99), 0, allowed=None).verdict is Verdict.KEPT
    assert guarded(held(stop_loss=9_900), 0).verdict is Verdict.SILENT


def rewarded(position, calc=PLAIN):
    return judge_risk_reward(calc, rule(REWARD), [position])


@pytest.mark.parametrize(
    ("stop", "target", "broken", "share"),
    [
        pytest.param(499, 100, False, 49_900, id="a point nearer"),
        pytest.param(500, 100, False, 50_000, id="five times as far"),
        pytest.param(501, 100, True, 50_100, id="a point further"),
        pytest.param(1, 3, False, 3_333, id="a third, rounded down"),
        pytest.param(2, 3, False, 6_667, id="two thirds, rounded up"),
        pytest.param(1, 32, False, 313, id="half a basis point, rounded up"),
        pytest.param(-10, 100, False, 0, id="a stop that secures a profit"),
        pytest.param(1, 0, True, 10_000, id="a target that is no gain"),
        pytest.param(1, -50, True, 10_000, id="a target that is a loss"),
        pytest.param(-1, -50, False, 0, id="a loss that cannot be"),
    ],
)
@pytest.mark.parametrize("side", Side)
def test_stop_and_target(side, stop, target, broken, share):
    way = 1 if side is Side.BUY else -1
    position = held(side=side, price_open=10_000, stop_loss=10_000 - way * stop, take_profit=10_000 + way * target)
    (found,) = rewarded(position)
    assert (found.is_broken, found.observed, found.limit) == (broken, share, 50_000)


@pytest.mark.parametrize("missing", ["stop_loss", "take_profit"])
def test_without_a_stop_or_a_target_there_is_nothing_to_compare(missing):
    assert rewarded(held(**({"stop_loss": 9_000, "take_profit": 10_001} | {missing: 0}))) == ()


def test_the_working_cites_the_orders_of_the_position():
    working = Working()
    rewarded(held(stop_loss=9_000, take_profit=10_100, seq=44, path="positions/1/", stops_seq=51), calc=working)
    cited = [step.source for step in working.steps if step.op == "given"]
    assert cited == [
        "44/positions/1/price_open",
        "51/stop_loss",
        "51/take_profit",
        "ruleset/terms/3/stop_to_target_max_bp",
    ]


@given(st.integers(1, 5_000), st.integers(1, 5_000), st.sampled_from(Side))
def test_a_stop_breaks_exactly_when_it_is_more_than_five_times_as_far(stop, target, side):
    way = 1 if side is Side.BUY else -1
    position = held(side=side, price_open=10_000, stop_loss=10_000 - way * stop, take_profit=10_000 + way * target)
    (found,) = rewarded(position)
    assert found.is_broken is (stop > 5 * target)


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_waiting_never_mends_a_missing_stop(now_us, longer_us):
    now_us += 1_000 * SECOND_US
    assert not guarded(held(), now_us).is_broken or guarded(held(), now_us + longer_us).is_broken
