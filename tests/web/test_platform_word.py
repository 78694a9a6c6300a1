"""A suspected breach, for who has to settle it: what the platform said before and after, how old a word may be, and where the rows are."""

import re

import msgspec
import pytest

from firm.commands import ReviewOutcome, ReviewVerdict
from firm.facts import BreachSuspected
from firm.ids import id_text
from firm.inputs import OrderReported, Side, SymbolReported
from tests.web.page_text import text_of


@pytest.fixture
def silent(histories, tmp_path):
    played = histories.suspected_after_silence(tmp_path / "firm")
    yield played
    played.close()


@pytest.fixture
def suspicion(silent):
    with silent.reader.connection() as book:
        [(found,)] = book.execute(
            "SELECT decision FROM rm_decision WHERE kind = ?", (BreachSuspected.__name__,)
        ).fetchall()
    return int(found)


@pytest.fixture
async def ruth(silent, visiting):
    async with visiting(silent.firm) as visit:
        yield await visit("ruth")


@pytest.fixture
async def ada(silent, visiting):
    async with visiting(silent.firm) as visit:
        yield await visit("ada")


def card(html):
    return html.partition("What the platform said")[2].partition("</section>")[0]


async def test_what_the_platform_said_before_and_after_stands_beside_what_we_had_then(ruth, suspicion):
    told = text_of(card((await ruth.get(f"/staff/decisions/{suspicion}")).text))
    # Nine lots of gold from 1284.650: at first they lack the spread, 31.50 of commission besides; at the end they would close at 1278.100.
    for said in (
        r"Last before 1 May 2014, 20:01:01\.000 UTC , 10 min 2 s before · row \d+ Equity 99,563.50 99,563.50 0.00",
        r"First after 1 May 2014, 20:11:33\.000 UTC , 30 s after · row \d+ Equity 94,070.50 94,073.50 −3.00",
    ):
        assert re.search(said, told), said
    assert told.count("Balance 99,968.50 99,968.50 0.00") == 2
    assert "a report at most 2 min old, whose equity differs from ours by no more than 10.00 USD" in told


async def test_rows_and_the_trace_around_the_instant_are_a_click_away_for_staff_and_not_for_traders(
    ruth, ada, silent, suspicion
):
    html = (await ruth.get(f"/staff/decisions/{suspicion}")).text
    number = id_text(silent.accounts["ada"])
    around = re.search(r'href="(/staff/trace\?desk=account/[^"]*)"', html)
    assert around is not None
    assert around[1].replace("&amp;", "&") == (
        f"/staff/trace?desk=account/{number}&kind=all&from=2014-05-01T20:09:03&to=2014-05-01T20:13:03"
    )
    trace = await ruth.get(around[1].replace("&amp;", "&"))
    assert f'id="row-{suspicion}"' in trace.text
    working = html.partition('id="working-title"')[2].partition("</section>")[0]
    cited = re.findall(r'from <a href="/staff/rows/(\d+)">ledger row (\d+)</a>', working)
    assert cited
    assert all(row == told for row, told in cited)
    hers = (await ada.get(f"/decisions/{suspicion}")).text
    assert "/staff/" not in hers
    assert "What the platform said" not in hers


async def test_the_reason_is_called_the_same_in_the_list_and_on_the_page(ruth, suspicion):
    listed, page = (await ruth.get("/staff/decisions")).text, (await ruth.get(f"/staff/decisions/{suspicion}")).text
    assert "not confirmed by the platform" in text_of(listed)
    assert "Not confirmed by the platform. The platform has not confirmed" in text_of(page)


async def test_the_pending_orders_that_a_breach_cancelled_are_listed(ruth, ada, silent, suspicion):
    breach = confirmed_with_orders(silent, suspicion)
    for client, path in ((ruth, "/staff/decisions"), (ada, "/decisions")):
        done = text_of((await client.get(f"{path}/{breach}")).text).partition("What was done on the platform")[2]
        assert "XAUUSD O91 Buy limit 2.00 1270.000 1 May 2014, 20:11:33.000 UTC" in done
        assert "O92" not in done


async def test_what_was_before_a_change_of_digits_is_shown_in_those_of_its_time(ruth, silent, suspicion):
    breach = confirmed_with_orders(silent, suspicion)
    account = silent.accounts["ada"]
    paths = (
        f"/staff/decisions/{suspicion}",
        f"/staff/decisions/{breach}",
        f"/staff/trace?desk=account/{id_text(account)}",
    )
    before = [prices_in((await ruth.get(path)).text) for path in paths]
    assert all("1284.650" in found for found in before)  # where the gold was bought
    assert "1270.000" in before[1]  # where more was to be
    gold = silent.board.markets()["sim"].specs["XAUUSD"]
    for digits in (2, 1):
        spec = msgspec.structs.replace(gold, digits=digits)
        silent.put(SymbolReported(bridge="sim", seq=silent.next_seq(), spec=spec))
    silent.settle()
    assert [prices_in((await ruth.get(path)).text) for path in paths] == before


def confirmed_with_orders(silent, suspicion):
    """The breach that a person confirmed, upon which one of two orders was cancelled."""
    account = silent.accounts["ada"]
    confirmed = ReviewVerdict(
        by="console", account=account, decision=suspicion, outcome=ReviewOutcome.CONFIRM, why="The prices stood."
    )
    silent.put(confirmed, account)
    shape = {"bridge": "sim", "symbol": "XAUUSD", "side": Side.BUY, "lots_e8": 2 * 10**8, "price": 1_270_000}
    for order, state in (("O91", "cancelled"), ("O92", "filled")):
        told = OrderReported(
            seq=silent.next_seq(), order_id=order, order_type="limit", state=state, t_us=silent.now_us, **shape
        )
        silent.put(told, account)
    silent.go_on()
    with silent.reader.connection() as book:
        [(breach,)] = book.execute("SELECT decision FROM rm_decision WHERE kind = 'BreachDeclared'").fetchall()
    return int(breach)


def prices_in(html):
    """Of gold, whatever its digits: it stood above a thousand dollars, and amounts have a comma there."""
    return re.findall(r"(?<![\d.,])1\d{3,6}\.\d+|(?<![\d.,])1\d{6}(?![\d.,])", text_of(html))
