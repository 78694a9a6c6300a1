"""Trade count: three trades are asked, and a position that was closed in parts is one of them."""

from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firm.arithmetic import PLAIN, Working
from firm.inputs import Side
from firm.rules.judged import Judged, Unit, Verdict
from firm.rules.trade_count import judge_minimum_trades
from firm.ruleset import Rule
from firm.terms.objectives import MinimumTrades
from firm.terms.words import Scope
from firm.track import Trade

RULE = Rule(7, MinimumTrades(id="trades", trades_min=3, per=Scope.CYCLE), MappingProxyType({}))


def trade(position, closed_us=10, seq=40):
    ids = {"position_id": position, "symbol": "EURUSD", "side": Side.BUY, "lots_e8": 1}
    prices = {"price_open": 1, "price_close": 2, "opened_us": 0, "closed_us": closed_us}
    rest = {"opened_day": "", "closed_day": "", "net": 0, "had_stop": False, "part": False, "seq": seq}
    return Trade(**ids, **prices, **rest)


@pytest.mark.parametrize(
    ("positions", "verdict", "count"),
    [
        ("", Verdict.PENDING, 0),
        ("AB", Verdict.PENDING, 2),
        ("ABC", Verdict.MET, 3),
        ("ABCD", Verdict.MET, 4),
        ("AAAB", Verdict.PENDING, 2),
    ],
)
def test_three_trades_are_three_positions(positions, verdict, count):
    assert judge_minimum_trades(PLAIN, RULE, [trade(name) for name in positions], 0) == Judged(
        verdict, count, 3, Unit.COUNT
    )


@pytest.mark.parametrize(("since_us", "count"), [(9, 1), (10, 1), (11, 0)])
def test_trades_of_before_the_last_payout_do_not_count_for_the_next(since_us, count):
    assert judge_minimum_trades(PLAIN, RULE, [trade("A")], since_us).observed == count


@given(st.lists(st.sampled_from("ABCDE"), max_size=10))
def test_closing_in_parts_never_makes_more_trades(names):
    trades = [trade(name) for name in names]
    once, twice = (judge_minimum_trades(PLAIN, RULE, closed, 0) for closed in (trades, [*trades, *trades]))
    assert once == twice
    assert (once.verdict is Verdict.MET) is (len(set(names)) >= 3)


def test_the_working_cites_a_closing_of_each_trade():
    calc = Working()
    judge_minimum_trades(calc, RULE, [trade("A", seq=40), trade("B", seq=41)], 0)
    assert [step.source for step in calc.steps if step.op == "given"] == [
        "40/position_id", "41/position_id", "ruleset/terms/7/trades_min",
    ]  # fmt: skip
