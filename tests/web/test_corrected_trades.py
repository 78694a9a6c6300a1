"""Trades that the platform corrected: the list has them as they read now, and says so."""

import apsw
import pytest

from firm.ids import id_text
from firm.inputs import DealDeleteReported, DealEntry, DealUpdateReported, Side
from firm.kinds import body_of
from firm.money import Money
from storage.readmodels.trades import Trades, closed_trades, closings_after, costs_of_open
from storage.rows import Row
from tests.web.page_text import text_of


def usd(minor):
    return Money(minor, "USD", 2)


@pytest.fixture(scope="module")
def corrected(histories, tmp_path_factory):
    """Ada's P8 lost 200.00 by a price that was bad: it made 100.00; her P9 was cancelled by the platform, deal by deal."""
    stage = histories.drifting(tmp_path_factory.mktemp("corrected") / "firm")
    ada = stage.accounts["ada"]
    stage.round_trip(ada, "P8", Side.BUY, "1.00", "EURUSD", -200_00, 30)
    closed = f"D{880_000 + stage.deals}"
    stage.round_trip(ada, "P9", Side.BUY, "1.00", "EURUSD", 4_000_00, 30)
    cancelled = [f"D{880_000 + stage.deals - back}" for back in (0, 1)]
    stage.wait(60)
    stage.put(
        DealUpdateReported(
            bridge="sim", seq=stage.next_seq(), deal_id=closed, position_id="P8", symbol="EURUSD", entry=DealEntry.OUT,
            side=Side.SELL, lots_e8=10**8, price=138_802, profit=usd(100_00), commission=usd(-350), swap=usd(0), fee=usd(0),
            deal_us=stage.now_us, t_us=stage.now_us,
        ),
        ada,
    )  # fmt: skip
    for deal in cancelled:
        told = DealDeleteReported(bridge="sim", seq=stage.next_seq(), deal_id=deal, t_us=stage.now_us)
        stage.put(told, ada)
    stage.settle(checkpoint=True)
    yield stage
    stage.close()


def test_a_changed_deal_is_listed_as_it_reads_now_and_the_result_with_it(corrected):
    with corrected.reader.connection() as book:
        cancelled, changed = closed_trades(book, corrected.accounts["ada"], None, 2)
        [closing] = closings_after(book, corrected.accounts["ada"], 0, ("P8",))
    assert (changed.position, changed.price_out, changed.net, len(changed.deals)) == ("P8", 138_802, usd(93_00), 2)
    assert corrected.reader.row(changed.corrected_seq).kind == "DealCorrected"
    assert closing.seq == changed.corrected_seq
    assert (cancelled.position, cancelled.net, cancelled.deals) == ("P9", usd(0), ())


async def test_the_page_says_what_the_platform_corrected_and_what_it_deleted(corrected, visiting):
    async with visiting(corrected.firm) as visit:
        client = await visit("ada")
        text = text_of((await client.get(f"/accounts/{id_text(corrected.accounts['ada'])}/trades")).text)
    assert text.count("corrected by the platform") == 1
    assert text.count("deleted by the platform") == 1


def test_a_close_that_was_deleted_leaves_the_trade_open(corrected):
    """By rows alone: the read model, however they are cut."""
    connection = apsw.Connection("")
    connection.execute(Trades.schema)
    ada = corrected.accounts["ada"]
    rows = corrected.reader.account_rows(ada, limit=1_000)[::-1]
    kinds = {"DealReported", "DealBooked", "DealUpdateReported", "DealDeleteReported", "DealCorrected"}
    last = max(row.seq for row in rows if row.kind == "DealDeleteReported")
    for row in rows:
        if row.kind in kinds and row.seq < last:  # up to the first of the two deletions
            told = Row(row.seq, row.kind, row.happened_us, row.received_us, row.cause, row.account, row.payload)
            Trades().project(connection, [(told, body_of(row.kind, row.payload))])
    assert ("P9", -350) in costs_of_open(connection, ada)
