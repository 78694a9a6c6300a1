"""Behaviour: hedging, grids, one side only, high frequency, deep floats and software, each around its boundary."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from firm.arithmetic import PLAIN, Working
from firm.deed import PlacedBy
from firm.inputs import Side
from firm.instant import SECOND_US
from firm.rules.behaviour import (
    excursion_limit,
    judge_adverse_excursion,
    judge_automation_use,
    judge_grid,
    judge_hedging,
    judge_high_frequency,
    judge_one_sided,
)
from firm.rules.judged import Verdict
from firm.terms.conduct import AdverseExcursion, AutomationUse, Grid, Hedging, HighFrequency, OneSided
from firm.terms.words import Action, Boundary, Scope
from tests.firm.rules.parts import INITIAL, LOT, held, marks, rule, trade, verdicts

ALWAYS = {"on_breach": (Action.REVIEW,), "strikes_within": Scope.PHASE}
HEDGING = Hedging(id="hedging", lots_e8_max=None, **ALWAYS)
GRID = Grid(id="grid", positions_max=3, within_s=600, losing_only=False, **ALWAYS)
ONE_SIDED = OneSided(id="one_sided", trades_from=3, share_max_bp=8_000, per=Scope.PHASE, **ALWAYS)
FREQUENT = HighFrequency(id="frequent", openings_max=3, within_s=60, boundary=Boundary.CROSSES, **ALWAYS)
DEPTH = AdverseExcursion(
    id="depth", share_bp=3_000, of_profit=True, minimum_minor=0, boundary=Boundary.CROSSES, **ALWAYS
)
SOFTWARE = AutomationUse(id="software", experts_allowed=True, copiers_allowed=False, **ALWAYS)


# --- hedging ---


@pytest.mark.parametrize(
    ("allowed", "short", "broken"),
    [
        pytest.param(None, 1, True, id="a sliver the other way, where none is allowed"),
        pytest.param(2 * LOT, 2 * LOT - 1, False, id="a sliver less than is allowed"),
        pytest.param(2 * LOT, 2 * LOT, False, id="all that is allowed"),
        pytest.param(2 * LOT, 2 * LOT + 1, True, id="a sliver more"),
        pytest.param(9 * LOT, 9 * LOT, False, id="no more than there is the other way"),
    ],
)
def test_long_and_short_of_one_symbol(allowed, short, broken):
    book = [held("a", lots=5 * LOT), held("b", side=Side.SELL, lots=short)]
    (found,) = judge_hedging(PLAIN, rule(replace(HEDGING, lots_e8_max=allowed)), book)
    assert (found.is_broken, found.observed, found.subject) == (broken, min(5 * LOT, short), "EURUSD")


def test_two_symbols_are_no_hedge():
    book = [held("a"), held("b", "GBPUSD", Side.SELL)]
    assert verdicts(judge_hedging(PLAIN, rule(HEDGING), book)) == {"EURUSD": "kept", "GBPUSD": "kept"}


@given(st.lists(st.builds(held, side=st.sampled_from(Side), lots=st.integers(1, LOT)), min_size=1))
def test_opposed_lots_are_the_smaller_side(book):
    (found,) = judge_hedging(PLAIN, rule(HEDGING), book)
    sides = [sum(one.lots_e8 for one in book if one.side is side) for side in Side]
    assert found.observed == min(sides)
    assert found.is_broken is (min(sides) > 0)


# --- grid ---


def ladder(*rungs, side=Side.BUY):
    return [held(f"p{n}", side=side, opened_s=at_s, price_open=price) for n, (at_s, price) in enumerate(rungs)]


def grid(positions, **changes):
    return [
        (one.subject, one.observed, one.is_broken)
        for one in judge_grid(PLAIN, rule(replace(GRID, **changes)), positions)
    ]


@pytest.mark.parametrize(
    ("rungs", "count"),
    [
        pytest.param([(0, 100), (10, 90), (20, 80)], 3, id="as many as are allowed"),
        pytest.param([(0, 100), (10, 90), (20, 80), (600, 70)], 4, id="one more at the end of the time"),
        pytest.param([(0, 100), (10, 90), (20, 80), (601, 70)], 3, id="one more a second after it"),
        pytest.param([(0, 100), (10, 100), (20, 100), (30, 100)], 1, id="one price is one rung"),
        pytest.param([(0, 100), (10, 110), (20, 100), (30, 110)], 4, id="to and fro"),
    ],
)
def test_rungs_of_a_grid(rungs, count):
    assert grid(ladder(*rungs)) == [("EURUSD buy", count, count > 3)]


@pytest.mark.parametrize(
    ("side", "rungs", "count"),
    [
        pytest.param(Side.BUY, [(0, 100), (1, 99), (2, 98), (3, 97)], 4, id="lower and lower"),
        pytest.param(Side.BUY, [(0, 100), (1, 101), (2, 102), (3, 100)], 1, id="adding to a winner"),
        pytest.param(Side.SELL, [(0, 100), (1, 101), (2, 102), (3, 103)], 4, id="higher and higher, short"),
        pytest.param(Side.SELL, [(0, 100), (1, 99), (2, 100), (3, 98)], 1, id="adding to a winner, short"),
    ],
)
def test_only_adding_to_a_loser(side, rungs, count):
    assert grid(ladder(*rungs, side=side), losing_only=True) == [(f"EURUSD {side}", count, count > 3)]


def test_sides_and_symbols_are_grids_of_their_own():
    book = [*ladder((0, 1), (1, 2)), *ladder((0, 3), (1, 4), side=Side.SELL), held("x", "XAUUSD")]
    assert grid(book) == [("EURUSD buy", 2, False), ("EURUSD sell", 2, False), ("XAUUSD buy", 1, False)]


rungs = st.lists(st.tuples(st.integers(0, 2_000), st.integers(1, 5)), min_size=1)


@given(rungs, st.booleans())
def test_a_longer_time_never_finds_fewer_rungs(steps, losing_only):
    shorter, longer = (grid(ladder(*steps), within_s=time, losing_only=losing_only) for time in (300, 600))
    assert shorter[0][1] <= longer[0][1] <= len(steps)


# --- one side, high frequency ---


def one_sided(*trades, **changes):
    return judge_one_sided(PLAIN, rule(replace(ONE_SIDED, **changes)), trades)


@pytest.mark.parametrize(
    ("lots", "broken"),
    [
        pytest.param(8 * LOT - 1, False, id="a sliver less than four in five"),
        pytest.param(8 * LOT, False, id="four in five"),
        pytest.param(8 * LOT + 1, True, id="a sliver more, though it is shown as 80 %"),
    ],
)
def test_the_share_of_one_symbol_and_side(lots, broken):
    found = one_sided(
        trade("a", lots=lots - LOT),
        trade("b", lots=LOT),
        trade("c", side=Side.SELL, lots=LOT),
        trade("d", "XAUUSD", lots=LOT),
    )
    assert (found.is_broken, found.observed, found.subject) == (broken, 8_000, "EURUSD buy")


@pytest.mark.parametrize(
    ("trades", "verdict"),
    [
        pytest.param([], Verdict.SILENT, id="none"),
        pytest.param(["a", "b"], Verdict.SILENT, id="too few"),
        pytest.param(["a", "b", "b"], Verdict.SILENT, id="two, of which one in parts"),
        pytest.param(["a", "b", "c"], Verdict.BROKEN, id="enough"),
    ],
)
def test_few_trades_are_not_looked_at(trades, verdict):
    assert one_sided(*map(trade, trades)).verdict is verdict


def test_of_two_as_large_the_first_by_name_is_named_in_any_order():
    trades = [trade("a", "XAUUSD"), trade("b"), trade("c", "GBPUSD")]
    assert one_sided(*trades).subject == one_sided(*trades[::-1]).subject == "EURUSD buy"


@given(
    st.lists(st.builds(trade, st.uuids().map(str), side=st.sampled_from(Side), lots=st.integers(1, LOT)), min_size=3)
)
def test_the_share_is_never_less_than_an_even_one(trades):
    assert one_sided(*trades).observed >= 5_000


def frequent(*openings_s, boundary=Boundary.CROSSES):
    openings_us = [at_s * SECOND_US for at_s in openings_s]
    return judge_high_frequency(PLAIN, rule(replace(FREQUENT, boundary=boundary)), openings_us)


@pytest.mark.parametrize(
    ("openings_s", "count"),
    [
        pytest.param([], 0, id="none"),
        pytest.param([0, 20, 40], 3, id="as many as are allowed"),
        pytest.param([0, 20, 40, 60], 4, id="one more at the end of the time"),
        pytest.param([0, 20, 40, 61], 3, id="one more a second after it"),
        pytest.param([300, 20, 290, 310, 305, 0], 4, id="a burst after a quiet time, told in any order"),
    ],
)
def test_openings_within_a_time(openings_s, count):
    found = frequent(*openings_s)
    assert (found.observed, found.is_broken) == (count, count > 3)
    assert frequent(*openings_s, boundary=Boundary.TOUCHES).is_broken is (count >= 3)


@given(st.lists(st.integers(0, 500)))
def test_the_time_that_counts_ends_at_the_newest_opening(openings_s):
    found = frequent(*openings_s)
    newest = max(openings_s, default=0)
    assert found.observed == sum(newest - at <= 60 for at in openings_s)


def test_a_burst_of_before_is_over_once_something_is_opened_later():
    """Else no later one would be a new breach."""
    assert frequent(0, 10, 20, 30).is_broken
    assert not frequent(0, 10, 20, 30, 600).is_broken
    assert frequent(0, 10, 20, 30, 600, 610, 620, 630).is_broken


# --- adverse excursion ---


@pytest.mark.parametrize(
    ("changes", "profit", "limit"),
    [
        pytest.param({}, 4_000_00, 1_200_00, id="30 % of the profit"),
        pytest.param({}, 1, 0, id="of a cent nothing: rounded down"),
        pytest.param({"minimum_minor": 750_00}, 0, 750_00, id="the least alone while there is no profit"),
        pytest.param({"minimum_minor": 750_00}, -4_000_00, 750_00, id="nor is a loss one"),
        pytest.param(
            {"minimum_minor": 750_00}, 2_500_00, 750_00, id="750 of a threshold of 2 500 until the profit is above it"
        ),
        pytest.param({"minimum_minor": 750_00}, 2_500_04, 750_01, id="and from then on 30 % of the profit"),
        pytest.param({"of_profit": False}, 4_000_00, 30_000_00, id="of the initial balance, where that is sold"),
        pytest.param({"minimum_minor": 1_200_01}, 4_000_00, 1_200_01, id="never less than the least"),
        pytest.param({"minimum_minor": 1_199_99}, 4_000_00, 1_200_00, id="which takes nothing from more"),
        pytest.param({}, 3, 0, id="0.9 of a cent is none"),
        pytest.param({}, 4, 1, id="1.2 of a cent is one"),
    ],
)
def test_how_deep_a_position_may_float(changes, profit, limit):
    assert excursion_limit(PLAIN, rule(replace(DEPTH, **changes)), marks(start_profit=profit)) == limit


@pytest.mark.parametrize(
    ("boundary", "floating", "broken"),
    [
        pytest.param(Boundary.CROSSES, -1_199_99, False, id="a cent above"),
        pytest.param(Boundary.CROSSES, -1_200_00, False, id="as deep as is allowed"),
        pytest.param(Boundary.CROSSES, -1_200_01, True, id="a cent deeper"),
        pytest.param(Boundary.TOUCHES, -1_199_99, False, id="a cent above, where touching is a breach"),
        pytest.param(Boundary.TOUCHES, -1_200_00, True, id="as deep, where touching is a breach"),
        pytest.param(Boundary.TOUCHES, 5_000_00, False, id="a profit"),
    ],
)
def test_how_deep_one_floats(boundary, floating, broken):
    # Yesterday it floated deeper than today's limit allows: that was another day's.
    book = [held("a", floating=floating), held("b", floating=None)]
    found = judge_adverse_excursion(PLAIN, rule(replace(DEPTH, boundary=boundary)), book, marks(start_profit=4_000_00))
    assert verdicts(found) == {"a": "broken" if broken else "kept", "b": "silent"}
    assert (found[0].observed, found[0].limit) == (max(0, -floating), 1_200_00)


@given(st.integers(-INITIAL, INITIAL), st.integers(1, 10_000), st.integers(0, INITIAL))
def test_no_more_is_allowed_than_the_share_that_was_sold(profit, share_bp, least):
    terms = replace(DEPTH, share_bp=share_bp, minimum_minor=least)
    limit = excursion_limit(PLAIN, rule(terms), marks(start_profit=profit))
    of = profit if profit > 0 else INITIAL
    assert limit == least or limit * 10_000 <= of * share_bp < (limit + 1) * 10_000


# --- software ---


@pytest.mark.parametrize("experts", [True, False])
@pytest.mark.parametrize("copiers", [True, False])
def test_who_may_place_orders(experts, copiers):
    terms = rule(replace(SOFTWARE, experts_allowed=experts, copiers_allowed=copiers))
    found = {by: judge_automation_use(PLAIN, terms, by).verdict for by in PlacedBy}
    assert found == {
        PlacedBy.PERSON: Verdict.KEPT,
        PlacedBy.EXPERT: Verdict.KEPT if experts else Verdict.BROKEN,
        PlacedBy.COPIER: Verdict.KEPT if copiers else Verdict.BROKEN,
        PlacedBy.FIRM: Verdict.SILENT,
        PlacedBy.UNKNOWN: Verdict.SILENT,
    }


@pytest.mark.parametrize(
    ("judge", "terms", "cited"),
    [
        (judge_hedging, replace(HEDGING, lots_e8_max=1), ["ruleset/terms/3/lots_e8_max", "77/lots_e8"]),
        (judge_grid, GRID, ["ruleset/terms/3/positions_max", ""]),
    ],
)
def test_the_working_cites_what_is_held(judge, terms, cited):
    working = Working()
    judge(working, rule(terms), [held(opened_s=5 * SECOND_US, seq=77)])
    assert [step.source for step in working.steps if step.op == "given"] == cited
