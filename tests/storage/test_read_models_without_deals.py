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
