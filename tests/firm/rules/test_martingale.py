"""Martingale: from double the lots after a loss it is a raise; which raises follow one another, and after which trade."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from firm.arithmetic import PLAIN, Working
from firm.instant import SECOND_US
from firm.rules.martingale import judge_martingale
from firm.terms.conduct import Martingale
from firm.terms.words import Action, Scope
from firm.track import Part
from tests.firm.rules.parts import LOT, held, rule, trade

TERM = Martingale(
    id="martingale",
    factor_bp=20_000,
    repeats=2,
    same_symbol=True,
    on_breach=(Action.REVIEW,),
    strikes_within=Scope.PHASE,
)


def raises(trades, positions=(), calc=PLAIN, **changes):
    found = judge_martingale(calc, rule(replace(TERM, **changes)), positions, trades)
    return [(one.subject, one.observed, one.is_broken) for one in found]


def series(*lots_and_nets):
    """Trades one after the other."""
    return [
        trade(f"t{place}", lots=lots, net=net, opened_s=1_000 + 100 * place)
        for place, (lots, net) in enumerate(lots_and_nets)
    ]


@pytest.mark.parametrize(
    ("lots", "net", "raised"),
    [
        pytest.param(2 * LOT - 1, -1, False, id="a sliver less than double"),
        pytest.param(2 * LOT, -1, True, id="double"),
        pytest.param(2 * LOT + 1, -1, True, id="more than double"),
        pytest.param(2 * LOT, 0, False, id="after a trade that lost nothing"),
        pytest.param(2 * LOT, 1, False, id="after a winner"),
    ],
)
def test_what_is_a_raise(lots, net, raised):
    trades = series((LOT, net), (lots, 0))
    assert raises(trades) == ([("t1", 1, False)] if raised else [])


@pytest.mark.parametrize(
    ("rounds", "found"),
    [
        pytest.param([(1, -1), (2, -1), (4, -1)], [("t1", 1, False), ("t2", 2, True)], id="twice in a row"),
        pytest.param([(1, -1), (2, -1), (2, -1), (4, 0)], [("t1", 1, False), ("t3", 1, False)], id="a pause between"),
        pytest.param([(1, -1), (2, 1), (4, -1), (8, 0)], [("t1", 1, False), ("t3", 1, False)], id="a winner between"),
        pytest.param([(1, -1), (2, -1), (4, -1), (8, -1)],
                     [("t1", 1, False), ("t2", 2, True), ("t3", 3, True)], id="thrice"),
    ],
)  # fmt: skip
def test_raises_in_a_row(rounds, found):
    assert raises(series(*((lots * LOT, net) for lots, net in rounds))) == found


def test_one_raise_breaks_a_term_that_allows_none():
    assert raises(series((LOT, -1), (2 * LOT, 0)), repeats=1) == [("t1", 1, True)]


@pytest.mark.parametrize(("same_symbol", "raised"), [(True, False), (False, True)])
def test_another_symbol_counts_only_where_the_term_says_so(same_symbol, raised):
    trades = [trade("a", net=-1), trade("b", "XAUUSD", lots=2 * LOT, opened_s=2_000)]
    assert bool(raises(trades, same_symbol=same_symbol)) is raised


@pytest.mark.parametrize(
    ("opened_s", "raised"),
    [
        pytest.param(1_059, False, id="before the loss was taken"),
        pytest.param(1_060, True, id="as it was taken"),
    ],
)
def test_only_what_is_opened_after_the_loss_answers_it(opened_s, raised):
    assert bool(raises([trade("a", net=-1), trade("b", lots=2 * LOT, opened_s=opened_s)])) is raised


def test_the_last_one_closed_counts_not_the_last_one_opened():
    long_loser = trade("a", lots=LOT, net=-1, lasted_s=500)
    winner = trade("b", lots=LOT, net=1, opened_s=1_100)
    assert raises([long_loser, winner, trade("c", lots=2 * LOT, opened_s=1_600)]) == [("c", 1, False)]


def test_what_is_held_is_a_raise_already_and_answers_nothing_itself():
    positions = [held("h", lots=2 * LOT, opened_s=2_000), held("i", lots=4 * LOT, opened_s=2_001)]
    assert raises([trade("a", net=-1)], positions) == [("h", 1, False), ("i", 1, False)]


def test_a_position_closed_in_parts_is_one_of_all_its_lots_and_results():
    parts = [trade("a", lots=LOT, net=5), trade("a", lots=LOT, net=-6, lasted_s=90)]
    assert raises([*parts, trade("b", lots=4 * LOT - 1, opened_s=2_000)]) == []
    assert raises([*parts, trade("b", lots=4 * LOT, opened_s=2_000)]) == [("b", 1, False)]
    assert raises([*parts, trade("b", lots=4 * LOT, opened_s=1_089)]) == []
    assert raises([*parts[::-1], trade("b", lots=4 * LOT, opened_s=1_089)]) == []


def test_a_part_that_is_still_held_keeps_the_position_unanswered():
    trades = [trade("a", net=-9), trade("b", lots=4 * LOT, opened_s=2_000)]
    assert raises(trades, [held("a", lots=LOT)]) == []
    assert raises([trade("z", net=-1, opened_s=500), trade("a", opened_s=1_000)], [held("a", lots=LOT)]) == [
        ("a", 1, False)
    ]


def test_a_trade_that_is_closed_as_it_is_opened_is_not_before_itself():
    flash = trade("b", lots=2 * LOT, net=-1, opened_s=2_000, lasted_s=0)
    assert raises([trade("a", net=-1), flash, trade("c", lots=4 * LOT, opened_s=2_001)]) == [
        ("b", 1, False),
        ("c", 2, True),
    ]


def test_the_working_cites_the_lots_of_both():
    working = Working()
    raises([trade("a", net=-1, seq=81), trade("b", lots=2 * LOT, opened_s=2_000, seq=82)], calc=working)
    assert [step.source for step in working.steps if step.op == "given"][2:] == ["82/deal/lots_e8", "81/deal/lots_e8"]


rounds = st.lists(st.tuples(st.integers(1, 4), st.integers(-1, 1)), max_size=12)


@given(rounds)
def test_a_series_raises_exactly_where_lots_double_after_a_loss(lots_and_nets):
    runs, run = {}, 0
    for place in range(1, len(lots_and_nets)):
        (before, net), (lots, _) = lots_and_nets[place - 1 : place + 1]
        run = run + 1 if net < 0 and lots >= 2 * before else 0
        if run:
            runs[f"t{place}"] = run
    found = raises(series(*((lots * LOT, net) for lots, net in lots_and_nets)))
    assert {name: run for name, run, _ in found} == runs
    assert all(broken is (run >= 2) for _, run, broken in found)


@pytest.mark.parametrize(
    ("first", "last", "raised"),
    [
        pytest.param(-3_00, 1_00, True, id="the first part lost more than the last one won"),
        pytest.param(-1_00, 3_00, False, id="the last part won more than the first one lost"),
        pytest.param(3_00, -1_00, False, id="the first part won more"),
    ],
)
def test_a_position_that_was_closed_in_parts_lost_what_they_lost_together(first, last, raised):
    parts = [
        trade("t0", lots=LOT, net=net, opened_s=1_000, lasted_s=lasted) for net, lasted in ((first, 10), (last, 20))
    ]
    found = raises([*parts, trade("t1", lots=4 * LOT, opened_s=1_100)])
    assert found == ([("t1", 1, False)] if raised else [])


def test_lots_of_a_position_that_is_closed_in_part_stand_in_no_row():
    working = Working()
    parts = [trade("t0", net=-1, seq=51), trade("p1", lots=LOT, opened_s=1_100, lasted_s=5, seq=52)]
    raises(parts, [held("p1", lots=LOT, opened_s=1_100, seq=41)], calc=working)
    assert {step.name: step.source for step in working.steps if step.name.startswith("lots of") and step.op == "given"} == {
        "lots of p1": "", "lots of t0": "51/deal/lots_e8",
    }  # fmt: skip


def test_lots_of_a_position_that_is_held_whole_stand_in_its_row():
    working = Working()
    raises([trade("t0", net=-1, seq=51)], [held("p1", lots=LOT, opened_s=1_100, seq=41)], calc=working)
    assert "41/lots_e8" in [step.source for step in working.steps]


brought = st.tuples(st.integers(1, 4), st.integers(-1, 1), st.integers(0, 6), st.integers(-1, 3), st.booleans())


@given(st.lists(brought, max_size=8))
def test_lots_that_are_told_part_by_part_are_judged_as_those_of_one(made):
    """Of a position that was opened at once it makes no difference that its lots are told as the one part that they are."""
    trades, positions, parted_trades, parted_positions = [], [], [], []
    for place, (lots, net, opened_s, lasted_s, is_held) in enumerate(made):
        part = Part(lots * LOT, opened_s * SECOND_US, 40 + place, 1_0000)
        if is_held:
            one = held(f"p{place}", lots=lots * LOT, opened_s=opened_s, seq=40 + place)
            positions.append(one)
            parted_positions.append(replace(one, parts=(part,)))
        else:
            one = trade(f"p{place}", lots=lots * LOT, net=net, opened_s=opened_s, lasted_s=lasted_s, seq=40 + place)
            trades.append(one)
            parted_trades.append(replace(one, took=(part,)))
    whole, parted = Working(), Working()
    assert raises(trades, positions, whole) == raises(parted_trades, parted_positions, parted)
    assert [step.name for step in whole.steps] == [step.name for step in parted.steps]
