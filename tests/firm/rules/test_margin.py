"""Margin: what Ada's positions bind, as her platform works it out, and when nobody can say."""

from fractions import Fraction
from math import ceil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from firm.account import Position
from firm.arithmetic import PLAIN, Working
from firm.equity import Board
from firm.inputs import Side
from firm.instant import MINUTE_US
from firm.price import Quote, SymbolSpec
from firm.rules.holdings import positions_held
from firm.rules.margin import Unknown, margins_in_use, why_unknown, with_margins
from firm.terms.conduct import Hedging
from firm.terms.words import Action, Scope

LOT = 10**8
KEPT = Hedging(id="hedging", lots_e8_max=None, on_breach=(Action.WARN,), strikes_within=Scope.PHASE)
SPECS = {
    symbol: SymbolSpec(symbol=symbol, digits=digits, contract_e8=units * 10**8, currency_base=symbol[:3], currency_profit=symbol[3:])
    for symbol, digits, units in (("EURUSD", 5, 100_000), ("USDJPY", 3, 100_000), ("EURJPY", 3, 100_000), ("XAUUSD", 2, 100))
}  # fmt: skip
PRICES = {"EURUSD": (1_10000, 1_10020), "USDJPY": (100_000, 100_020), "EURJPY": (110_000, 110_030)}
BOARD = Board(SPECS, {name: Quote(name, 0, bid, ask, 7, 0) for name, (bid, ask) in PRICES.items()})


def position(name="P", symbol="EURUSD", side=Side.BUY, price_open=1_09000, lots=LOT):
    return Position(name, symbol, side, lots, price_open, 5, 40, "", 0, 0, "")


def book(ada, *held, leverage=100):
    return replace(ada(KEPT, positions=held), leverage=leverage, leverage_seq=33)


def margins(account, board=BOARD, calc=PLAIN, now_us=0, age_max_us=0):
    held = positions_held(account, board)
    return [one.margin for one in with_margins(calc, account, held, board, now_us, age_max_us)]


@pytest.mark.parametrize(
    ("held", "leverage", "margin"),
    [
        pytest.param(position(), 100, 1_090_00, id="109 000 dollars at 1:100"),
        pytest.param(position(side=Side.SELL), 100, 1_090_00, id="short, the same"),
        pytest.param(position(lots=1_000_000), 30, 36_34, id="1 090 at 1:30 is 36.333 and rounded up"),
        pytest.param(position(), 1, 109_000_00, id="without leverage"),
        pytest.param(position(symbol="XAUUSD", price_open=1_300_50), 20, 6_502_50, id="100 ounces at 1:20"),
        pytest.param(
            position(symbol="EURJPY", price_open=109_000), 100, 1_090_00,
            id="10 900 000 yen at the bid of 100.000, by which a loss is bought back",
        ),
    ],
)  # fmt: skip
def test_what_a_position_binds_is_reckoned_at_the_price_it_was_opened_at(ada, held, leverage, margin):
    assert margins(book(ada, held, leverage=leverage)) == [margin]


@pytest.mark.parametrize(
    ("leverage", "drifts", "board", "why"),
    [
        pytest.param(0, False, BOARD, Unknown.LEVERAGE, id="a leverage that was never told"),
        pytest.param(100, True, BOARD, Unknown.DRIFT, id="a platform that says otherwise"),
        pytest.param(100, False, Board({}, BOARD.quotes), Unknown.CONTRACT, id="no contract"),
        pytest.param(100, False, Board(SPECS, {}), Unknown.RATE, id="a rate that was never seen"),
        pytest.param(100, False, BOARD, None, id="all that is needed"),
    ],
)
def test_what_is_not_known_is_not_guessed(ada, leverage, drifts, board, why):
    held = position(), position("Q", "EURJPY", price_open=109_000)
    account = replace(book(ada, *held, leverage=leverage), margin_drifts=drifts)
    assert why_unknown(account, board, 0, 0) is why
    assert [margin is None for margin in margins(account, board)] == [why is not None] * 2


@pytest.mark.parametrize(("now_us", "known"), [(MINUTE_US, True), (MINUTE_US + 1, False)])
def test_an_exchange_rate_may_be_as_old_as_the_policy_says(ada, now_us, known):
    account = book(ada, position("Q", "EURJPY", price_open=109_000))
    assert (margins(account, now_us=now_us, age_max_us=MINUTE_US) != [None]) is known
    assert (margins_in_use(account, BOARD, now_us, MINUTE_US) is not None) is known


def test_what_binds_no_foreign_money_needs_no_rate(ada):
    assert margins(book(ada, position()), now_us=10 * MINUTE_US, age_max_us=MINUTE_US) == [1_090_00]


def test_who_holds_nothing_binds_nothing(ada):
    account = book(ada, leverage=0)
    assert why_unknown(account, BOARD, 0, 0) is None
    assert margins_in_use(account, BOARD, 0, 0) == (0, 0, 0)


def test_platforms_add_opposite_positions_in_one_of_three_ways(ada):
    held = position("P"), position("Q", side=Side.SELL, lots=LOT // 2), position("G", "XAUUSD", price_open=1_000_00)
    assert margins_in_use(book(ada, *held), BOARD, 0, 0) == (2_635_00, 2_090_00, 1_545_00)


def test_the_working_cites_what_a_margin_rests_on(ada):
    calc = Working()
    [margin] = margins(book(ada, position()), calc=calc)
    given = {step.name: (step.value, step.source) for step in calc.steps if step.op == "given"}
    assert given["EURUSD #1 lots_e8"] == (LOT, "40/lots_e8")
    assert given["EURUSD #1 open price"] == (1_09000, "40/price_open")
    assert given["leverage"] == (100, "33/leverage")
    last = calc.steps[-1]
    assert (last.name, last.op, last.value) == ("EURUSD #1 margin", "divided_rounded_up", margin)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # what it gives is a function of its arguments
@given(
    lots=st.integers(1, 500 * LOT), price=st.integers(1, 10**7), leverage=st.integers(1, 5_000), side=st.sampled_from(Side)
)  # fmt: skip
def test_a_margin_is_never_less_than_its_share_of_what_is_held(ada, lots, price, leverage, side):
    [margin] = margins(book(ada, position(side=side, lots=lots, price_open=price), leverage=leverage))
    worth = Fraction(lots * 100_000 * price * 100, LOT * 10**5)
    assert abs(margin - ceil(worth / leverage)) <= 1
    assert margin * leverage >= worth - Fraction(1, 2)
