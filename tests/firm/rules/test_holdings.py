"""Holdings: what Ada's positions are worth to her rules at the prices of the board, and the marks that conduct is measured by."""

import pytest
from msgspec.structs import replace

from firm.account import Position
from firm.arithmetic import Figure
from firm.equity import Board
from firm.inputs import Side
from firm.price import Quote, SymbolSpec
from firm.rules.holdings import marks_of, positions_held, with_notionals
from firm.terms.conduct import Hedging
from firm.terms.words import Action, Scope
from firm.track import Stops

LOT = 10**8
KEPT = Hedging(id="hedging", lots_e8_max=None, on_breach=(Action.WARN,), strikes_within=Scope.PHASE)
EURUSD, USDJPY, EURJPY = (
    SymbolSpec(symbol=symbol, digits=digits, contract_e8=100_000 * 10**8, currency_base=symbol[:3],
               currency_profit=symbol[3:], zone="UTC", sessions=())
    for symbol, digits in (("EURUSD", 5), ("USDJPY", 3), ("EURJPY", 3))
)  # fmt: skip
PRICES = {"EURUSD": (1_10000, 1_10020), "USDJPY": (100_000, 100_020), "EURJPY": (110_000, 110_030)}


def board(*specs, without=()):
    quotes = {name: Quote(name, 0, bid, ask, 7, 0) for name, (bid, ask) in PRICES.items() if name not in without}
    return Board({spec.symbol: spec for spec in specs}, quotes)


def position(symbol="EURUSD", side=Side.BUY, price_open=1_09000, swap=0):
    return Position("P", symbol, side, LOT, price_open, 5, 40, "", swap, 0, "")


def seen(ada, held, on, *stops):
    account = ada(KEPT, positions=(held,))
    account = replace(account, track=replace(account.track, stops=stops))
    (found,) = with_notionals(account, positions_held(account, on), on)
    return found


@pytest.mark.parametrize(
    ("side", "floating", "notional", "stop_risk", "target_gain"),
    [
        pytest.param(Side.BUY, 1_000_00, 110_000_00, 500_00, 2_000_00, id="long, at the bid"),
        pytest.param(Side.SELL, -1_020_00, 110_020_00, -500_00, -2_000_00, id="short, at the ask"),
    ],
)
def test_what_a_position_is_worth_now_at_its_stop_and_at_its_target(
    ada, side, floating, notional, stop_risk, target_gain
):
    found = seen(ada, position(side=side), board(EURUSD), Stops("P", 1_08500, 1_11000, 9), Stops("other", 1, 1, 9))
    assert (found.floating, found.notional) == (floating, notional)
    assert (found.stop_risk, found.target_gain) == (stop_risk, target_gain)
    assert (found.stop_loss, found.take_profit) == (1_08500, 1_11000)


def test_swap_belongs_to_what_a_position_floats_at(ada):
    assert seen(ada, position(swap=-7_00), board(EURUSD)).floating == 993_00


def test_a_position_without_stop_and_target_has_nothing_to_lose_or_gain_there(ada):
    found = seen(ada, position(), board(EURUSD))
    assert (found.stop_loss, found.take_profit, found.stop_risk, found.target_gain) == (0, 0, None, None)


@pytest.mark.parametrize(
    "missing",
    [
        pytest.param(board(USDJPY), id="its contract"),
        pytest.param(board(EURJPY), id="a way to convert its profit"),
        pytest.param(board(EURJPY, USDJPY, without=["EURJPY"]), id="its price"),
        pytest.param(board(EURJPY, USDJPY, without=["USDJPY"]), id="the price of a conversion"),
    ],
)
def test_what_is_not_known_has_no_figures(ada, missing):
    found = seen(ada, position("EURJPY", price_open=109_000), missing, Stops("P", 108_000, 112_000, 9))
    assert (found.floating, found.notional, found.stop_risk, found.target_gain) == (None, None, None, None)
    assert (found.stop_loss, found.take_profit) == (108_000, 112_000)


@pytest.mark.parametrize(
    ("side", "stop_risk"),
    [
        pytest.param(Side.BUY, -499_90, id="a gain buys dollars at the ask"),
        pytest.param(Side.SELL, 500_00, id="a loss is bought back at the bid"),
    ],
)
def test_a_profit_in_another_currency_is_converted_at_the_rates_of_now(ada, side, stop_risk):
    found = seen(ada, position("EURJPY", side, 110_000), board(EURJPY, USDJPY), Stops("P", 110_500, 0, 9))
    assert (found.notional, found.stop_risk) == (109_978_00, stop_risk)


def test_the_price_of_a_stop_is_the_rate_there_where_the_symbol_is_its_own_conversion(ada):
    """A fall of 5.000 from 100.000 is 500,000 yen, and at 95.000 those are 5,263.16 dollars; at 100.000 they would be 5,000.00."""
    assert (
        seen(ada, position("USDJPY", price_open=100_000), board(USDJPY), Stops("P", 95_000, 0, 9)).stop_risk == 5_263_16
    )


def test_half_a_cent_of_worth_is_rounded_away_from_nothing(ada):
    tiny = replace(position(), lots_e8=5)
    on = Board(
        {"EURUSD": replace(EURUSD, contract_e8=100_000 * 10**8)}, {"EURUSD": Quote("EURUSD", 0, 1_00000, 3_00000, 7, 0)}
    )
    assert seen(ada, tiny, on).notional == 1
    assert seen(ada, replace(tiny, side=Side.SELL), on).notional == 2


def test_the_day_s_starting_profit_is_its_balance_less_what_was_sold_and_paid_in(ada):
    account = ada(KEPT, day=(103_000_00, 104_000_00), cash_net=1_000_00)
    marks = marks_of(account, Figure(105_000_00, "e"))
    assert marks.start_profit == Figure(2_000_00, "20/balance/minor")
    assert (marks.initial, marks.equity) == (Figure(100_000_00, "10/initial/minor"), Figure(105_000_00, "e"))
    assert marks_of(replace(account, day=None), marks.equity).start_profit == Figure(0, "")
