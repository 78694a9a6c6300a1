"""Read models of what changes a book without a deal: a dividend is a day's profit and no cash, a renamed trade has its new name."""

import apsw
import pytest

from firm.facts import DayOpened, DealBooked, DividendBooked, PositionRestated
from firm.inputs import Side
from firm.kinds import payload_of
from firm.money import Money
from firm.trading_day import TradingDay
from storage.readmodels.days import Days
from storage.readmodels.trades import Trades
from storage.rows import Row

DAY = TradingDay("2014-05-02", 1_000, 9_000)


def usd(minor):
    return Money(minor, "USD", 2)


def row(seq, body, happened_us=2_000):
    return Row(seq, type(body).__name__, happened_us, happened_us, 0, 7, payload_of(body)), body


@pytest.fixture
def connection():
    return apsw.Connection(":memory:")


def test_a_dividend_is_a_days_profit_and_no_cash_of_it(connection):
    connection.execute(Days.schema)
    opened = DayOpened(
        day=DAY, balance=usd(100), equity=usd(100), positions=(), quotes=(), provisional=False, priced=True
    )
    paid = DividendBooked(cash_id="X1", amount=usd(-31), balance=usd(69))
    Days().project(connection, [row(1, opened, DAY.start_us), row(2, paid)])
    assert list(connection.execute("SELECT net, cash, deals FROM rm_day")) == [(-31, 0, 0)]


def test_a_trade_has_the_name_under_which_it_is_held_now(connection):
    connection.execute(Trades.schema)
    booked = DealBooked(
        deal_id="D1", position_id="P1", symbol="EURUSD", side=Side.BUY, lots_e8=10**8, price_open=138_700, swap=usd(0),
        opened_us=1, net=usd(0), balance=usd(100),
    )  # fmt: skip
    renamed = PositionRestated(
        position_id="P1", symbol="EURUSD.r", side=Side.BUY, lots_e8=10**8, price_open=138_700, swap=usd(-6), opened_us=1
    )
    Trades().project(connection, [row(1, booked), row(2, renamed)])
    assert list(connection.execute("SELECT symbol, swap FROM rm_trade")) == [("EURUSD.r", -6)]


@pytest.mark.parametrize("at_once", [True, False], ids=["in one batch", "row by row"])
def test_a_deal_belongs_to_the_day_that_was_open_when_it_was_booked_however_rows_are_cut_into_batches(
    connection, at_once
):
    connection.execute(Days.schema)
    marks = {
        "balance": usd(100),
        "equity": usd(100),
        "positions": (),
        "quotes": (),
        "provisional": False,
        "priced": True,
    }
    booked = DealBooked(
        deal_id="D1", position_id="P1", symbol="EURUSD", side=Side.BUY, lots_e8=10**8, price_open=138_700, swap=usd(0),
        opened_us=1, net=usd(-7), balance=usd(93),
    )  # fmt: skip
    tomorrow = TradingDay("2014-05-03", DAY.end_us, DAY.end_us + 8_000)
    rows = [
        row(1, DayOpened(day=DAY, **marks), DAY.start_us),
        row(2, booked, tomorrow.start_us),  # stamped ahead, before its day was opened
        row(3, DayOpened(day=tomorrow, **marks), tomorrow.start_us),
        row(4, booked, tomorrow.start_us),
        row(5, booked, tomorrow.start_us),
    ]
    for part in [rows] if at_once else [[one] for one in rows]:
        Days().project(connection, part)
    found = connection.execute("SELECT label, deals, net FROM rm_day ORDER BY start_us")
    assert list(found) == [("2014-05-02", 1, -7), ("2014-05-03", 2, -14)]
