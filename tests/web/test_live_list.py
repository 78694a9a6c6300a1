"""The list of accounts is live: whoever holds something is ranked by the last prices, not by a mark of a minute ago."""

import re

import msgspec
import pytest

from actors.live_figures import figures_of
from firm.ids import id_text
from firm.inputs import Side
from storage.readmodels.account_lists import AccountFilter, accounts_page
from storage.readmodels.accounts import account_line
from tests.web.page_text import text_of

ROW = re.compile(r'id="account-([0-9A-Z]{5}-[0-9A-Z]{5})"')


@pytest.fixture
def market(histories, tmp_path):
    played = histories.funded_and_not(tmp_path / "firm")
    yield played
    played.close()


@pytest.fixture
async def ruth(market, visiting):
    async with visiting(market.firm) as visit:
        yield await visit("ruth")


def row_of(html, account):
    return text_of(html.partition(f'id="account-{id_text(account)}"')[2].partition("</tr>")[0])


def ranked(stage, sort):
    live = [
        (each.account, each.equity, each.headroom, each.at_us) for each in figures_of(stage.board.holders(funded=False))
    ]
    names = {account: name for name, account in stage.accounts.items()}
    with stage.reader.connection() as book:
        return [names[line.account] for _, line in accounts_page(book, AccountFilter(), sort, None, 10, live)]


def test_live_figures_are_those_of_the_accounts_own_page(market):
    for each in figures_of(market.board.holders(funded=False)):
        shown = market.board.account(each.account)
        assert (each.equity, each.headroom) == (shown.equity.minor, shown.headroom.minor)
        assert each.at_us == market.now_us


async def test_the_order_follows_a_price_before_any_mark_does(ruth, market):
    assert ranked(market, "headroom")[0] == "ada other"  # short, and the euro rose
    market.wait(2)
    market.prices_now(138_500, 1_284_200)
    market.settle()
    assert ranked(market, "headroom")[0] == "cleo"  # long seven lots, and it fell
    html = (await ruth.get("/staff/accounts")).text
    assert ROW.findall(html)[0] == id_text(market.accounts["cleo"])
    assert "98,561.50" in row_of(html, market.accounts["cleo"])
    assert market.board.account(market.accounts["cleo"]).equity.minor == 98_561_50
    with market.reader.connection() as book:
        assert account_line(book, market.accounts["cleo"]).equity != 98_561_50


async def test_closest_to_the_target_counts_closed_trades_and_no_deposit(ruth, market):
    market.round_trip(market.accounts["ada other"], "P9", Side.BUY, "1.00", "EURUSD", 4_000_00, 60)
    market.deposit(market.accounts["ben"], 6_000_00)
    market.settle()
    assert ranked(market, "target")[0] == "ada other"
    with market.reader.connection() as book:
        line = account_line(book, market.accounts["ben"])
    assert (line.cash_net, line.to_win, line.made) == (6_000_00, 8_000_00, 0)
    html = (await ruth.get("/staff/accounts?sort=target")).text
    assert ROW.findall(html)[0] == id_text(market.accounts["ada other"])
    assert "49.8 % 4,010.50 to go" in row_of(html, market.accounts["ada other"])
    assert "0 % 8,000.00 to go" in row_of(html, market.accounts["ben"])


async def test_headroom_is_shown_as_a_share_of_the_size_where_it_is_sorted_so(ruth, market):
    html = (await ruth.get("/staff/accounts?sort=room")).text
    assert ">Headroom" in html
    [first, *_] = ROW.findall(html)
    assert first == id_text(market.accounts["ada other"])
    assert "4.8 % 4,810.50 USD" in row_of(html, market.accounts["ada other"])


async def test_a_silent_symbol_is_said_beside_the_time_of_the_prices(ruth, market, monkeypatch):
    health = market.board.health()
    [bridge] = health.bridges
    silent = msgspec.structs.replace(bridge, stale_symbols=("XAUUSD",))
    monkeypatch.setattr(market.board, "health", lambda: msgspec.structs.replace(health, bridges=(silent,)))
    assert "sim: XAUUSD has had no price since 20:01:05 UTC" in text_of((await ruth.get("/staff/accounts")).text)
    monkeypatch.undo()
    assert "no price since" not in (await ruth.get("/staff/accounts")).text


async def test_accounts_that_are_over_come_last_whatever_they_are_sorted_by(stage):
    stage.settle()
    with stage.reader.connection() as book:
        for sort in ("headroom", "room", "target"):
            over = [
                line.standing.value in ("breached", "passed", "closed")
                for _, line in accounts_page(book, AccountFilter(), sort, None, 1_000)
            ]
            assert over == sorted(over), sort


async def test_the_first_page_asks_again_by_itself_and_works_without_scripts(ruth):
    html = (await ruth.get("/staff/accounts?sort=target&bridge=sim")).text
    assert 'hx-get="/staff/accounts?bridge=sim&amp;sort=target" hx-trigger="every 10s"' in html
    assert '<meta http-equiv="refresh"' in html
    assert "4 of all, are shown at the last prices" in text_of(html)
    later = (await ruth.get("/staff/accounts?after=1~1&seen=50")).text
    assert "every 10s" not in later
    assert "refresh" not in later


def test_accounts_that_move_are_looked_up_by_an_index_however_many_they_are(market):
    """Without one each account of the book is held against each that moves: ten seconds for 20 000 and 10 000.

    All are gone through by what lists are sorted by alone: of the others, nothing else is read.
    """
    asked = []
    with market.reader.connection() as book:
        book.exec_trace = lambda _, sql, bound: asked.append((sql, bound)) or True
        accounts_page(book, AccountFilter(), "headroom", None, 10, [(1, 2, 3, 4)])
        book.exec_trace = None
        (sql, bound), *lines = asked
        plan = " ".join(row[3] for row in book.execute(f"EXPLAIN QUERY PLAN {sql}", bound))
    assert "SCAN a BLOOM FILTER ON l (account=?) SEARCH l USING AUTOMATIC COVERING INDEX (account=?) LEFT-JOIN" in plan
    assert "SCAN l" not in plan
    assert "rm_challenge" not in sql
    assert len(lines) == 4
