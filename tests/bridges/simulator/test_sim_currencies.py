"""Accounts in five currencies on pairs and indices: converted by the firm's own path, at the side on which the account would trade."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridges.simulator.answers import Retcode
from bridges.simulator.catalogue import Catalogue
from bridges.simulator.state import Position
from bridges.simulator.symbols import EURUSD, LISTED, US500
from bridges.simulator.valuation import margin_minor, profit_minor
from firm.account import Position as Held
from firm.arithmetic import PLAIN
from firm.equity import Board, position_profit
from firm.inputs import Side
from firm.instant import SECOND_US, parse_utc
from firm.money import Money
from firm.price import Quote
from firm.quote_frame import Tick
from tests.bridges.simulator.beside import Beside, market_of, rules
from tests.bridges.simulator.desk import LOT, NOON, Desk

BUY, SELL = Side.BUY, Side.SELL
FRIDAY_NOON = parse_utc("2014-05-02T12:00:00")
PRICES = {
    "EURUSD": (138_600, 138_612), "XAUUSD": (1_284_000, 1_284_300), "GBPUSD": (168_900, 168_915), "USDJPY": (102_300, 102_312),
    "EURGBP": (82_060, 82_075), "USDCZK": (197_900, 198_150), "US500": (188_350, 188_400), "DE40": (95_560, 95_572),
}  # fmt: skip
SIZES = {"EUR": (2, 100_000), "USD": (2, 100_000), "GBP": (2, 80_000), "JPY": (0, 10_000_000), "CZK": (2, 2_000_000)}


def quoted(currency: str) -> Desk:
    exponent, size = SIZES[currency]
    desk = Desk(currency=currency, leverage=500)
    desk.account.exponent = exponent
    desk.account.balance_minor = desk.account.initial_minor = 100 * size * 10**exponent
    desk.now = FRIDAY_NOON  # on Thursday, the first of May, DE40 is closed
    for symbol, (bid, ask) in PRICES.items():
        desk.price(symbol, bid, ask)
    return desk


@pytest.mark.parametrize("currency", SIZES)
@pytest.mark.parametrize("symbol", LISTED)
def test_an_account_in_any_currency_trades_what_is_listed(currency: str, symbol: str) -> None:
    desk = quoted(currency)
    assert desk.open(BUY, LOT, symbol) is Retcode.DONE
    assert desk.close() is Retcode.DONE
    assert not desk.account.positions


def test_a_euro_account_in_de40_needs_no_conversion_and_one_in_yen_needs_two_steps() -> None:
    """One lot is 25 euros an index point. 100 points up: 2 500 euros, sold at 1.38600 for dollars, and those at 102.300."""
    for currency, profit in (("EUR", 250_000), ("JPY", 354_470)):
        desk = quoted(currency)
        desk.open(BUY, LOT, "DE40")
        desk.flatten_slippage()
        desk.price("DE40", 95_572 + 1_000, 95_584 + 1_000)
        [position] = desk.account.positions.values()
        assert profit_minor(desk.account, position, desk.state) == profit


def test_margin_is_converted_as_what_the_account_would_have_to_pay() -> None:
    """A lot of EURUSD at 1.38612 binds 277.224 dollars at 500; koruny are sold for them at the ask of 19.8150."""
    desk = quoted("CZK")
    desk.open(BUY, LOT, "EURUSD")
    desk.flatten_slippage()
    assert margin_minor(desk.account, desk.state) == -(
        -274_659_678 // 500
    )  # of 138 612 dollars in hundredths of a koruna


@pytest.mark.parametrize("missing", ["EURUSD", "USDJPY"])
def test_without_a_price_to_convert_at_nothing_is_opened(missing: str) -> None:
    desk = quoted("JPY")
    del desk.state.quotes[missing]
    assert desk.open(BUY, LOT, "DE40") is Retcode.NO_PRICES


def test_a_symbol_whose_profit_cannot_be_converted_is_refused_by_name() -> None:
    desk = quoted("EUR")
    desk.state.catalogue = Catalogue((EURUSD, US500))
    assert desk.open(BUY, LOT, "US500") is Retcode.DONE
    desk.state.catalogue = Catalogue((LISTED["DE40"], US500))
    desk.account.positions.clear()
    assert desk.open(BUY, LOT, "US500") is Retcode.NO_CONVERSION
    assert desk.open(BUY, LOT, "DE40") is Retcode.DONE


@given(
    currency=st.sampled_from(sorted(SIZES)),
    symbol=st.sampled_from(sorted(LISTED)),
    side=st.sampled_from(Side),
    hundredths=st.integers(1, 2_000),
    moved=st.integers(-20_000, 20_000),
    spreads=st.lists(st.integers(0, 90), min_size=len(LISTED), max_size=len(LISTED)),
)
def test_profit_is_the_firms_to_the_minor_unit(
    currency: str, symbol: str, side: Side, hundredths: int, moved: int, spreads: list[int]
) -> None:
    desk = quoted(currency)
    lots_e8 = hundredths * LOT // 100
    price_open = PRICES[symbol][0] + moved
    for name, spread in zip(LISTED, spreads, strict=True):
        desk.price(name, PRICES[name][0], PRICES[name][0] + spread)
    position = Position("1", symbol, side, lots_e8, price_open, 0, 0, 0, NOON)
    desk.account.positions["1"] = position
    board = Board(
        {name: desk.state.listing(name).spec for name in LISTED},
        {name: Quote(name, quote.t_us, quote.bid, quote.ask, 1, 0) for name, quote in desk.state.quotes.items()},
    )
    held = Held("1", symbol, side, lots_e8, price_open, NOON, 1, "", 0, 0, "")
    ours = position_profit(PLAIN, _account(currency), held, board, "it")
    assert ours == profit_minor(desk.account, position, desk.state)


def _account(currency: str) -> object:
    """As much of the firm's account as a profit needs."""
    return SimpleNamespace(initial=Money(1, currency, SIZES[currency][0]))


def wandering(seconds: int) -> list[Tick]:
    """Each symbol once a second, up and down by its own measure."""
    start_us = parse_utc("2014-05-02T12:00:00")
    return [
        Tick(symbol, start_us + second * SECOND_US, bid + shift, ask + shift)
        for second in range(seconds)
        for place, (symbol, (bid, ask)) in enumerate(PRICES.items())
        for shift in [(second * (7 + place) % 41 - 20) * (1 + place)]
    ]


def test_the_firm_agrees_with_accounts_of_every_currency_at_every_slice(tmp_path: Path) -> None:
    beside = Beside(market_of(tmp_path, wandering(90), to_us=parse_utc("2014-05-02T12:02:30")))
    beside.play(until="2014-05-02T12:00:05")
    seated = [
        beside.sell(rules(), Money(size * 10**exponent, currency, exponent), number)
        for number, (currency, (exponent, size)) in enumerate(SIZES.items())
    ]
    for place, (_, held) in enumerate(seated):
        for number, symbol in enumerate(LISTED):
            side = BUY if (place + number) % 2 else SELL
            assert beside.open(held, symbol, side, LOT // 100 * (1 + number)) is Retcode.DONE
    beside.play(after_slice=beside.agrees)
    for _, held in seated:
        while held.positions:
            assert beside.close(held) is Retcode.DONE
    beside.agrees()
    assert beside.drifts() == []
