"""Lot range, 50 % to 150 % of the average: after two trades of 1.00 and 3.00 lots, from 1.00 to 3.00."""

from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firm.arithmetic import PLAIN, Working
from firm.inputs import Side
from firm.rules.judged import SILENT, Judged, Unit, Verdict
from firm.rules.lot_range import judge_lot_consistency, largest_lots, smallest_lots
from firm.ruleset import Rule
from firm.terms.objectives import LotConsistency, PartialCloses
from firm.terms.words import Action, Scope
from firm.track import HeldPosition, Trade

LOT = 10**8


def rule(parts=PartialCloses.SEPARATE, min_bp=5_000, max_bp=15_000):
    term = LotConsistency(
        id="lots",
        min_bp=min_bp,
        max_bp=max_bp,
        partial_closes=parts,
        per=Scope.PHASE,
        on_breach=(Action.WARN,),
        strikes_within=Scope.PHASE,
    )
    return Rule(6, term, MappingProxyType({}))


def trade(position, lots_e8, closed_us=10, seq=40):
    ids = {"position_id": position, "symbol": "EURUSD", "side": Side.BUY, "lots_e8": lots_e8}
    prices = {"price_open": 1, "price_close": 2, "opened_us": 0, "closed_us": closed_us}
    rest = {"opened_day": "", "closed_day": "", "net": 0, "had_stop": False, "part": False, "seq": seq}
    return Trade(**ids, **prices, **rest)


def held(position):
    ids = {
        "position_id": position,
        "symbol": "EURUSD",
        "side": Side.BUY,
        "lots_e8": LOT,
        "price_open": 1,
        "opened_us": 0,
    }
    rest = dict.fromkeys(("floating", "stop_risk", "target_gain", "notional", "margin"))
    return HeldPosition(**ids, **rest, stop_loss=0, take_profit=0, seq=1)


def judged(*trades, open_still=(), since_us=0, term=None):
    return judge_lot_consistency(PLAIN, term or rule(), trades, [held(name) for name in open_still], since_us)


@pytest.mark.parametrize(
    ("lots", "verdict", "limit"),
    [
        pytest.param(1 * LOT - 1, Verdict.BROKEN, 1 * LOT, id="just below the smallest"),
        pytest.param(1 * LOT, Verdict.KEPT, 3 * LOT, id="the smallest"),
        pytest.param(1 * LOT + 1, Verdict.KEPT, 3 * LOT, id="just above the smallest"),
        pytest.param(3 * LOT - 1, Verdict.KEPT, 3 * LOT, id="just below the largest"),
        pytest.param(3 * LOT, Verdict.KEPT, 3 * LOT, id="the largest"),
        pytest.param(3 * LOT + 1, Verdict.BROKEN, 3 * LOT, id="just above the largest"),
    ],
)
def test_a_trade_is_held_against_the_average_of_those_before_it(lots, verdict, limit):
    found = judged(trade("A", LOT), trade("B", 3 * LOT), trade("C", lots))
    assert found == Judged(verdict, lots, limit, Unit.LOTS_E8, "C")


def test_a_large_trade_makes_no_earlier_one_too_small():
    assert judged(trade("A", LOT), trade("B", LOT)).verdict is Verdict.KEPT
    assert judged(trade("A", LOT), trade("B", LOT), trade("C", 9 * LOT)).subject == "C"


def test_a_first_trade_has_nothing_to_be_held_against():
    assert judged() == SILENT
    assert judged(trade("A", 9 * LOT)) == SILENT


@pytest.mark.parametrize(("since_us", "silent"), [(9, False), (10, False), (11, True)])
def test_trades_of_before_the_last_payout_make_no_average(since_us, silent):
    assert (judged(trade("A", LOT), trade("B", LOT, closed_us=20), since_us=since_us) == SILENT) is silent


def test_a_part_that_is_closed_is_a_trade_where_parts_are_separate():
    found = judged(trade("A", 2 * LOT), trade("B", LOT // 2), open_still=["B"])
    assert found == Judged(Verdict.BROKEN, LOT // 2, LOT, Unit.LOTS_E8, "B")


def test_parts_that_count_together_are_a_trade_when_the_last_is_closed():
    together = rule(PartialCloses.TOGETHER)
    parts = trade("A", 2 * LOT), trade("B", LOT // 2), trade("B", LOT // 2)
    assert judged(*parts[:2], open_still=["B"], term=together) == SILENT
    assert judged(*parts, term=together) == Judged(Verdict.KEPT, LOT, 3 * LOT, Unit.LOTS_E8, "B")


def test_a_position_that_is_half_open_makes_no_average_and_no_older_trade_is_judged_again():
    together = rule(PartialCloses.TOGETHER)
    trades = trade("A", 2 * LOT), trade("B", LOT), trade("C", LOT // 2)
    assert judged(*trades, open_still=["C"], term=together) == SILENT
    assert judged(*trades, trade("D", 2 * LOT), open_still=["C"], term=together).limit == 225 * LOT // 100


def test_a_position_counts_from_its_last_part_on():
    """A was begun before B and completed after it: A is the newest."""
    together = rule(PartialCloses.TOGETHER)
    found = judged(trade("A", LOT), trade("B", LOT), trade("A", LOT), term=together)
    assert found == Judged(Verdict.BROKEN, 2 * LOT, 15 * LOT // 10, Unit.LOTS_E8, "A")


@pytest.mark.parametrize(
    ("total", "count", "smallest", "largest"), [(10, 1, 5, 15), (10, 3, 2, 5), (1, 1, 1, 1), (3, 1, 2, 4)]
)
def test_the_edges_of_the_range_are_rounded_into_it(total, count, smallest, largest):
    assert smallest_lots(PLAIN, rule(), total, count) == smallest
    assert largest_lots(PLAIN, rule(), total, count) == largest


@given(
    st.lists(st.integers(1, 10**10), min_size=1, max_size=8),
    st.integers(1, 10**10),
    st.integers(0, 10_000),
    st.integers(10_000, 40_000),
)
def test_a_trade_is_in_the_range_exactly_when_its_unrounded_share_of_the_average_is(earlier, lots, min_bp, max_bp):
    term = rule(min_bp=min_bp, max_bp=max_bp)
    trades = [trade(str(n), size) for n, size in enumerate([*earlier, lots])]
    share = lots * len(earlier) * 10_000
    is_inside = min_bp * sum(earlier) <= share <= max_bp * sum(earlier)
    assert judged(*trades, term=term).is_broken is not is_inside


def test_the_working_cites_the_lots_of_each_trade():
    calc = Working()
    judge_lot_consistency(calc, rule(), [trade("A", LOT, seq=40), trade("B", LOT, seq=41)], (), 0)
    assert [step.source for step in calc.steps if step.op == "given"] == [
        "40/deal/lots_e8", "41/deal/lots_e8", "ruleset/terms/6/min_bp", "ruleset/terms/6/max_bp",
    ]  # fmt: skip
