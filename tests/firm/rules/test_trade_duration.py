"""Trade duration: a minute at least, more than two on average, and half the gross profit from trades of more than two minutes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from firm.arithmetic import PLAIN, Working
from firm.rules.judged import Verdict
from firm.rules.trade_duration import judge_trade_duration
from firm.terms.conduct import TradeDuration
from firm.terms.words import Action, Scope
from tests.firm.rules.parts import rule, trade

NOTHING = TradeDuration(
    id="duration",
    seconds_min=None,
    average_s_min=None,
    longer_s=None,
    share_of_longer_bp=None,
    per=Scope.CYCLE,
    on_breach=(Action.WARN,),
    strikes_within=Scope.PHASE,
)
EACH = replace(NOTHING, seconds_min=60)
AVERAGE = replace(NOTHING, average_s_min=120)
SHARE = replace(NOTHING, longer_s=120, share_of_longer_bp=5_000)


def judged(terms, *trades, calc=PLAIN):
    return [one for one in judge_trade_duration(calc, rule(terms), trades) if one.verdict is not Verdict.SILENT]


@pytest.mark.parametrize(
    ("lasted_s", "lasted_us", "broken"),
    [
        pytest.param(59, 999_999, True, id="a microsecond too short"),
        pytest.param(60, 0, False, id="exactly a minute"),
        pytest.param(60, 1, False, id="a microsecond more"),
        pytest.param(0, 0, True, id="closed as it was opened"),
    ],
)
def test_each_trade(lasted_s, lasted_us, broken):
    (found,) = judged(EACH, trade(lasted_s=lasted_s, lasted_us=lasted_us))
    assert (found.is_broken, found.observed, found.limit, found.subject) == (broken, lasted_s, 60, "t1")


def test_each_trade_is_answered_for_by_itself():
    found = judged(EACH, trade("a", lasted_s=45), trade("b", lasted_s=90))
    assert [(one.subject, one.is_broken) for one in found] == [("a", True), ("b", False)]


@pytest.mark.parametrize(
    ("lasted_us", "broken"),
    [
        pytest.param(-1, True, id="a microsecond short of it"),
        pytest.param(0, True, id="exactly two minutes are not longer"),
        pytest.param(1, False, id="a microsecond longer"),
    ],
)
def test_the_average_must_be_exceeded(lasted_us, broken):
    found = judged(AVERAGE, trade("a", lasted_s=30), trade("b", lasted_s=210, lasted_us=lasted_us))
    assert [one.is_broken for one in found] == [broken]
    assert found[0].observed == (119 if lasted_us < 0 else 120)


@pytest.mark.parametrize(
    ("short", "longer", "broken", "share"),
    [
        pytest.param(500_00, 499_99, True, 5_000, id="a cent short of half, though it is shown as half"),
        pytest.param(500_00, 500_00, False, 5_000, id="half of it"),
        pytest.param(500_00, 500_01, False, 5_000, id="a cent more"),
        pytest.param(500_00, 0, True, 0, id="none"),
    ],
)
def test_the_share_of_profit_from_longer_trades(short, longer, broken, share):
    found = judged(SHARE, trade("a", lasted_s=90, net=short), trade("b", lasted_s=400, net=longer))
    assert [(one.is_broken, one.observed) for one in found] == [(broken, share)]


def test_exactly_so_long_is_no_longer_trade_and_losses_are_no_profit():
    lossy = trade("c", lasted_s=900, net=-5_000_00)
    assert judged(SHARE, trade("a", lasted_s=120, net=1), lossy)[0].is_broken
    assert not judged(SHARE, trade("a", lasted_s=120, lasted_us=1, net=1), lossy)[0].is_broken


def test_without_trades_or_profits_there_is_nothing_to_say():
    assert judged(replace(SHARE, average_s_min=120, seconds_min=60)) == []
    assert judged(SHARE, trade(lasted_s=10, net=0), trade(lasted_s=10, net=-1)) == []


@pytest.mark.parametrize("missing", ["longer_s", "share_of_longer_bp"])
def test_a_share_needs_both_its_figures(missing):
    assert judged(replace(SHARE, **{missing: None}), trade(lasted_s=1, net=1)) == []


def test_the_working_cites_opening_and_closing():
    working = Working()
    judged(EACH, trade("a", lasted_s=10, seq=91), calc=working)
    assert [step.source for step in working.steps if step.op == "given"] == [
        "ruleset/terms/3/seconds_min", "91/deal/at_us", "91/opened_us",
    ]  # fmt: skip


durations = st.lists(st.builds(trade, lasted_s=st.integers(0, 400), net=st.integers(-100, 100)), min_size=1)


@given(durations)
def test_the_average_is_that_of_all_and_lies_between_the_shortest_and_the_longest(trades):
    (found,) = judged(AVERAGE, *trades)
    lasted = [(one.closed_us - one.opened_us) // 1_000_000 for one in trades]
    assert min(lasted) <= found.observed <= max(lasted)
    assert found.is_broken is (sum(lasted) <= 120 * len(lasted))


@given(durations)
def test_the_order_of_trades_decides_nothing(trades):
    assert judged(SHARE, *trades) == judged(SHARE, *trades[::-1])
