"""Trades are shown in the digits they were dealt in, and rows in those of their time, whatever their symbol's contract says since."""

import apsw
import pytest

from firm.facts import DealBooked, DealCorrected, DealFigures
from firm.inputs import DealEntry, DealReported, Side, SymbolReported
from firm.kinds import payload_of
from firm.money import Money
from firm.price import SymbolSpec
from storage.readmodels.trades import Trades, closed_trades, closings_after, digits_known
from storage.rows import Row

ADA = 7


class Rows:
    """A ledger's rows, as they come."""

    def __init__(self) -> None:
        self.rows = []

    def put(self, body, account=ADA, cause=0):
        seq = len(self.rows) + 1
        row = Row(seq, type(body).__name__, seq * 1_000, seq * 1_000, cause, account, payload_of(body))
        self.rows.append((row, body))
        return seq

    def contract(self, digits, symbol="EURUSD"):
        spec = SymbolSpec(symbol=symbol, digits=digits, contract_e8=10**13, currency_base="EUR", currency_profit="USD")
        self.put(SymbolReported(bridge="sim", seq=1, spec=spec), account=0)

    def deal(self, number, position, entry, price, left_e8):
        told = DealReported(
            bridge="sim", seq=1, deal_id=f"D{number}", order_id="", position_id=position, symbol="EURUSD", entry=entry,
            side=Side.BUY if entry is DealEntry.IN else Side.SELL, lots_e8=10**8, price=price, profit=usd(0),
            commission=usd(0), swap=usd(0), fee=usd(0), reason="", t_us=1,
        )  # fmt: skip
        cause = self.put(told)
        booked = DealBooked(
            deal_id=told.deal_id, position_id=position, symbol="EURUSD", side=Side.BUY, lots_e8=left_e8, price_open=price,
            swap=usd(0), opened_us=1, net=usd(0), balance=usd(0),
        )  # fmt: skip
        self.put(booked, cause=cause)

    def round_trip(self, position, number, price_in, price_out):
        self.deal(number, position, DealEntry.IN, price_in, 10**8)
        self.deal(number + 1, position, DealEntry.OUT, price_out, 0)


def usd(minor):
    return Money(minor, "USD", 2)


def book_of(rows, in_one_batch):
    connection = apsw.Connection("")
    connection.execute(Trades.schema)
    for batch in [rows] if in_one_batch else [[row] for row in rows]:
        Trades().project(connection, batch)
    return connection


def shown(trade):
    return trade.position, trade.digits, trade.price_in, trade.price_out


@pytest.mark.parametrize("in_one_batch", [True, False])
def test_a_trade_of_before_a_change_of_digits_is_shown_in_its_own(in_one_batch):
    told = Rows()
    told.contract(5)
    told.round_trip("P1", 1, 138_597, 138_602)
    told.contract(3)
    told.round_trip("P2", 3, 1_386, 1_387)
    book = book_of(told.rows, in_one_batch)
    newer, older = closed_trades(book, ADA, None, 9)
    assert [shown(trade) for trade in (older, newer)] == [("P1", 5, 138_597, 138_602), ("P2", 3, 1_386, 1_387)]
    closings = closings_after(book, ADA, 0, ("P1", "P2"))
    assert [(each.digits, each.price) for each in closings] == [(5, 138_602), (3, 1_387)]


@pytest.mark.parametrize("in_one_batch", [True, False])
@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param((5, 138_597), (3, 1_387), (5, 138_597, 138_700), id="closed in fewer digits"),
        pytest.param((3, 1_386), (5, 138_704), (5, 138_600, 138_704), id="closed in more digits"),
    ],
)
def test_a_trade_across_a_change_is_shown_in_the_most_digits_it_was_dealt_in(in_one_batch, before, after, expected):
    """Its prices are those of its deals exactly: a point of fewer digits is ten of one more."""
    told = Rows()
    told.contract(before[0])
    told.deal(1, "P1", DealEntry.IN, before[1], 10**8)
    told.contract(after[0])
    told.deal(2, "P1", DealEntry.OUT, after[1], 0)
    [trade] = closed_trades(book_of(told.rows, in_one_batch), ADA, None, 9)
    assert shown(trade) == ("P1", *expected)
    assert [(deal.digits, deal.price) for deal in trade.deals] == [before, after]


def test_a_corrected_deal_is_in_the_digits_of_its_correction():
    told = Rows()
    told.contract(5)
    told.round_trip("P1", 1, 138_597, 138_602)
    told.contract(3)
    now = DealFigures(
        entry=DealEntry.OUT, side=Side.SELL, lots_e8=10**8, price=1_388, digits=3, profit_minor=0, commission_minor=0,
        swap_minor=0, fee_minor=0, at_us=1,
    )  # fmt: skip
    told.put(
        DealCorrected(
            deal_id="D2", position_id="P1", symbol="EURUSD", side=Side.BUY, lots_e8=0, price_open=1_386, swap=usd(0), opened_us=1,
            net=usd(0), balance=usd(0), deal_us=1, deleted=False, told_us=2, deal=now, digits=3,
        )
    )  # fmt: skip
    [trade] = closed_trades(book_of(told.rows, in_one_batch=True), ADA, None, 9)
    assert shown(trade) == ("P1", 5, 138_597, 138_800)


def test_deals_of_a_contract_that_was_told_only_later_are_in_its_digits():
    told = Rows()
    told.round_trip("P1", 1, 138_597, 138_602)
    told.contract(5)
    [trade] = closed_trades(book_of(told.rows, in_one_batch=True), ADA, None, 9)
    assert shown(trade) == ("P1", 5, 138_597, 138_602)


@pytest.mark.parametrize("in_one_batch", [True, False])
def test_each_row_has_the_digits_that_its_symbol_had_then(in_one_batch):
    told = Rows()
    told.round_trip("P1", 1, 138_597, 138_602)  # rows 1 to 4, before a contract was told
    told.contract(5)
    told.contract(1, symbol="US30")
    told.contract(5)
    told.contract(3)
    told.contract(4)
    known = digits_known(book_of(told.rows, in_one_batch), "sim")
    assert [known.at(seq)["EURUSD"] for seq in range(1, 11)] == [5, 5, 5, 5, 5, 5, 5, 3, 4, 4]
    assert {known.at(seq)["US30"] for seq in range(1, 11)} == {1}
    assert digits_known(book_of(told.rows, in_one_batch), "other").at(9) == {}
