"""Results: whose profit it is, and to which day, trade or idea it belongs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firm.arithmetic import PLAIN, Working
from firm.inputs import Side
from firm.rules.results import results_of_days, results_of_ideas, results_of_trades, source_of, total_of
from firm.terms.objectives import DayBasis
from firm.track import DayResult, Trade


def trade(position, net, opened=0, closed=10, symbol="EURUSD", side=Side.BUY, seq=40):
    return Trade(
        position_id=position,
        symbol=symbol,
        side=side,
        lots_e8=10**8,
        price_open=1,
        price_close=2,
        opened_us=opened,
        closed_us=closed,
        opened_day="2014-05-01",
        closed_day="2014-05-01",
        net=net,
        had_stop=False,
        part=False,
        seq=seq,
    )


@pytest.mark.parametrize(("basis", "profit"), [(DayBasis.CLOSE, 1), (DayBasis.OPEN, 2), (DayBasis.EQUITY, 3)])
def test_a_winner_held_overnight_belongs_to_the_day_that_the_basis_names(basis, profit):
    calc = Working()
    day = DayResult("2014-05-01", 0, closed=1, opened=2, equity=3, seq=40)
    assert results_of_days(calc, [day], basis) == (("2014-05-01", profit),)
    assert calc.steps[0].source == {1: "40/closed/minor", 2: "40/opened/minor", 3: "40/equity/minor"}[profit]


def test_a_day_that_runs_has_no_equity_to_compare_and_no_row_to_cite():
    runs = DayResult("2014-05-02", 0, closed=5)
    assert results_of_days(PLAIN, [runs], DayBasis.EQUITY) == ()
    assert results_of_days(PLAIN, [runs], DayBasis.CLOSE) == (("2014-05-02", 5),)
    assert source_of(runs, "closed") == ""


def test_a_position_that_was_closed_in_parts_is_one_trade():
    assert results_of_trades(PLAIN, [trade("A", 300), trade("B", -50), trade("A", 200)]) == (("A", 500), ("B", -50))


@pytest.mark.parametrize(
    ("second", "ideas"),
    [
        pytest.param(trade("B", 200, opened=9, closed=20), 1, id="opened while the first was held"),
        pytest.param(trade("B", 200, opened=10, closed=20), 1, id="opened as the first was closed"),
        pytest.param(trade("B", 200, opened=11, closed=20), 2, id="opened after the first was closed"),
        pytest.param(trade("B", 200, opened=5, closed=6, symbol="GBPUSD"), 2, id="another symbol"),
        pytest.param(trade("B", 200, opened=5, closed=6, side=Side.SELL), 2, id="the other direction"),
    ],
)
def test_trades_of_one_direction_that_overlap_are_one_idea(second, ideas):
    found = results_of_ideas(PLAIN, [trade("A", 300), second])
    assert found == ((("A", 500),) if ideas == 1 else (("A", 300), ("B", 200)))


def test_an_idea_lasts_until_its_longest_trade_is_closed_whatever_is_told_first():
    """B closes long before A; C is opened while A is still held."""
    trades = [
        trade("C", 4, opened=50, closed=60),
        trade("B", 2, opened=1, closed=2),
        trade("A", 1, opened=0, closed=55),
    ]
    assert results_of_ideas(PLAIN, trades) == (("A", 7),)


@given(st.lists(st.tuples(st.sampled_from("ABCD"), st.integers(-(10**6), 10**6), st.integers(0, 50)), max_size=12))
def test_no_cent_is_lost_or_counted_twice_however_trades_are_grouped(rows):
    trades = [trade(position, net, opened=at, closed=at + 5) for position, net, at in rows]
    total = sum(net for _, net, _ in rows)
    for grouped in (results_of_trades(PLAIN, trades), results_of_ideas(PLAIN, trades)):
        assert total_of(PLAIN, "total", [result.profit for result in grouped]) == total


def test_the_working_cites_every_part():
    calc = Working()
    results_of_trades(calc, [trade("A", 300, seq=40), trade("A", 200, seq=41)])
    assert [(step.op, step.value, step.source) for step in calc.steps] == [
        ("given", 300, "40/net/minor"), ("given", 200, "41/net/minor"), ("plus", 500, ""),
    ]  # fmt: skip
