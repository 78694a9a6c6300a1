"""Risk of an idea: 1 % of 100 000.00 may be lost on one; which positions are one, and how their risk is measured."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from firm.arithmetic import PLAIN, Working
from firm.inputs import Side
from firm.rules.ideas import ideas_of, judge_idea_risk
from firm.terms.exposure import GapFrom, IdeaGrouping, IdeaMeasure, IdeaRisk
from firm.terms.words import Action, Boundary, Scope, Share, ShareOf
from tests.firm.rules.parts import held, rule, trade, verdicts

ALLOWED = 1_000_00
RISK = IdeaRisk(
    id="idea",
    amount=Share(bp=100, of=ShareOf.INITIAL),
    grouping=IdeaGrouping.SYMBOL_AND_SIDE,
    gap_s=600,
    measured=IdeaMeasure.LOSS,
    boundary=Boundary.CROSSES,
    on_breach=(Action.FAIL,),
    strikes_within=Scope.PHASE,
)


def answers(positions=(), trades=(), calc=PLAIN, **changes):
    return judge_idea_risk(calc, rule(replace(RISK, **changes)), ALLOWED, positions, trades)


def ideas(positions=(), trades=(), **changes):
    return [
        sorted(part.position_id for part in (*idea.held, *idea.closed))
        for idea in ideas_of(replace(RISK, **changes), positions, trades)
    ]


@pytest.mark.parametrize(
    ("boundary", "result", "broken"),
    [
        pytest.param(Boundary.CROSSES, -999_99, False, id="a cent left"),
        pytest.param(Boundary.CROSSES, -1_000_00, False, id="all of it lost"),
        pytest.param(Boundary.CROSSES, -1_000_01, True, id="a cent more"),
        pytest.param(Boundary.TOUCHES, -999_99, False, id="a cent left, where touching is a breach"),
        pytest.param(Boundary.TOUCHES, -1_000_00, True, id="all of it lost, where touching is a breach"),
        pytest.param(Boundary.TOUCHES, 1_000_00, False, id="a profit as large"),
    ],
)
def test_realised_and_floating_loss_together_around_the_limit(boundary, result, broken):
    (found,) = answers([held(floating=result + 400_00)], [trade(net=-400_00)], boundary=boundary)
    assert (found.is_broken, found.observed, found.limit) == (broken, max(0, -result), ALLOWED)


@pytest.mark.parametrize("measured", [IdeaMeasure.LOSS, IdeaMeasure.ADVERSE_EXCURSION])
def test_a_position_without_a_price_says_nothing_of_its_idea(measured):
    found = answers(
        [held("a", floating=None), held("b", "XAUUSD", floating=-2_000_00)], [trade(net=-5_000_00)], measured=measured
    )
    assert verdicts(found) == {"a": "silent", "b": "broken"}


# --- which positions are one idea ---


def test_positions_by_themselves():
    assert ideas([held("a"), held("b")], [trade("c"), trade("c")], grouping=IdeaGrouping.POSITION) == [
        ["a"], ["b"], ["c", "c"],
    ]  # fmt: skip


def test_by_symbol_and_by_side():
    book = [held("a"), held("b", side=Side.SELL), held("c", "XAUUSD")]
    assert ideas(book) == [["a"], ["b"], ["c"]]
    assert ideas(book, grouping=IdeaGrouping.SYMBOL) == [["a", "b"], ["c"]]


@pytest.mark.parametrize(
    ("opened_s", "together"),
    [
        pytest.param(1_600, True, id="at the end of the gap"),
        pytest.param(1_601, False, id="a second after it"),
    ],
)
def test_an_opening_within_the_gap_after_the_last_one_belongs_to_the_idea(opened_s, together):
    found = ideas(trades=[trade("a", opened_s=1_000), trade("b", opened_s=opened_s)])
    assert found == ([["a", "b"]] if together else [["a"], ["b"]])


def test_the_gap_runs_from_the_last_opening_not_from_the_first():
    closed = [trade("a", opened_s=1_000), trade("b", opened_s=1_500), trade("c", opened_s=2_100)]
    assert ideas(trades=closed) == [["a", "b", "c"]]


@pytest.mark.parametrize(
    ("opened_s", "counted_from", "together"),
    [
        pytest.param(9_600, GapFrom.LAST_CLOSING, True, id="at the end of the gap after the last closing"),
        pytest.param(9_601, GapFrom.LAST_CLOSING, False, id="a second after it"),
        pytest.param(9_600, GapFrom.LAST_OPENING, False, id="by the last opening the gap was over long before"),
    ],
)
def test_the_gap_may_run_from_the_last_closing_instead(opened_s, counted_from, together):
    closed = [trade("a", lasted_s=8_000), trade("b", opened_s=1_200, lasted_s=60), trade("c", opened_s=opened_s)]
    found = ideas(trades=closed, gap_from=counted_from)
    assert found == ([["a", "b", "c"]] if together else [["a", "b"], ["c"]])


@pytest.mark.parametrize(
    ("opened_s", "together"),
    [
        pytest.param(8_999, True, id="while it is open"),
        pytest.param(9_000, False, id="as it is closed"),
    ],
)
def test_an_opening_while_the_idea_is_open_belongs_to_it_whatever_the_gap(opened_s, together):
    closed = [trade("a", lasted_s=8_000), trade("b", opened_s=1_200, lasted_s=60), trade("c", opened_s=opened_s)]
    assert ideas(trades=closed, gap_s=0) == ([["a", "b", "c"]] if together else [["a", "b"], ["c"]])


def test_what_is_held_keeps_its_idea_open():
    assert ideas([held("a")], [trade("b", opened_s=900_000)]) == [["a", "b"]]


# --- measures ---


@pytest.mark.parametrize(
    ("first", "second", "depth"),
    [
        pytest.param(-600_00, -500_00, 1_100_00, id="both together"),
        pytest.param(
            -600_00, 500_00, 600_00, id="the deepest by itself: what the other gains does not make it less deep"
        ),
    ],
)
def test_how_deep_an_idea_floats(first, second, depth):
    (found,) = answers([held("a", floating=first), held("b", floating=second)], measured=IdeaMeasure.ADVERSE_EXCURSION)
    assert (found.observed, found.is_broken) == (depth, depth > ALLOWED)


def test_what_is_closed_floats_no_more():
    closed = [trade("a", net=-700_00), trade("b", opened_s=1_300, net=-800_00)]
    (found,) = answers(trades=closed, measured=IdeaMeasure.ADVERSE_EXCURSION)
    assert (found.observed, found.is_broken) == (0, False)


def test_an_idea_that_never_floated_at_a_loss_has_no_depth():
    (found,) = answers([held(floating=300_00)], measured=IdeaMeasure.ADVERSE_EXCURSION)
    assert (found.observed, found.is_broken) == (0, False)


def test_stops_are_added_and_one_that_secures_a_profit_takes_nothing_away():
    book = [held("a", stop_risk=600_00), held("b", stop_risk=500_00), held("c", stop_risk=-300_00)]
    (found,) = answers(book, measured=IdeaMeasure.STOP_DISTANCE)
    assert (found.observed, found.is_broken) == (1_100_00, True)


@pytest.mark.parametrize(
    ("net", "risked"),
    [pytest.param(-300_00, 800_00, id="a loss is gone"), pytest.param(300_00, 500_00, id="a profit is no licence")],
)
def test_what_closed_parts_lost_is_risked_as_well(net, risked):
    (found,) = answers([held("b", stop_risk=500_00)], [trade("a", net=net)], measured=IdeaMeasure.STOP_DISTANCE)
    assert found.observed == risked


def test_without_a_stop_the_risk_has_no_measure_and_the_term_is_broken():
    found = answers([held("a", stop_risk=1_00), held("b")], measured=IdeaMeasure.STOP_DISTANCE)
    assert verdicts(found) == {"a": "broken"}


def test_the_working_adds_what_was_lost_from_the_rows_of_the_trades():
    working = Working()
    answers(trades=[trade("a", net=-700_00, seq=81), trade("b", net=-400_00, seq=82)], calc=working)
    assert [step.source for step in working.steps if step.op == "given"] == ["81/net/minor", "82/net/minor"]
    assert [step.value for step in working.steps if step.name == "loss of the idea"] == [1_100_00]


parts = st.lists(
    st.builds(trade, st.uuids().map(str), side=st.sampled_from(Side), opened_s=st.integers(0, 5_000),
              lasted_s=st.integers(0, 3_000), net=st.integers(-500_00, 500_00)),
)  # fmt: skip


@given(parts, st.integers(0, 1_000), st.sampled_from(IdeaGrouping))
def test_every_trade_belongs_to_one_idea_whatever_order_they_are_told_in(trades, gap_s, grouping):
    found = ideas(trades=trades, gap_s=gap_s, grouping=grouping)
    assert sorted(name for idea in found for name in idea) == sorted(one.position_id for one in trades)
    assert found == ideas(trades=trades[::-1], gap_s=gap_s, grouping=grouping)


@given(parts, st.integers(0, 900))
def test_a_longer_gap_never_makes_more_ideas(trades, gap_s):
    assert len(ideas(trades=trades, gap_s=gap_s + 100)) <= len(ideas(trades=trades, gap_s=gap_s))
