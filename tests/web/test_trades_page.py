"""The list of trades: what is asked for is shown and summed, what cannot be meant is said, and a file holds the very same."""

import csv
import io
import re
from types import SimpleNamespace

import anyio
import apsw
import msgspec
import pytest

from firm.ids import id_text
from firm.inputs import DealEntry, Side
from firm.instant import parse_utc
from firm.money import Money
from firm.trading_day import TradingCalendar
from storage.readmodels.days import Days
from storage.readmodels.trade_lists import TradeFilter, positions_sorted, totals_of, trades_of, trades_page
from storage.readmodels.trades import Trades
from tests.web.page_text import text_of
from web.downloads import Downloads, TooManyDownloads
from web.pages import trades as trades_pages
from web.pages.trades import as_text, csv_row
from web.words import other_day

DEALS = ("P7001", "P7002", "P7005", "P7010", "P7011")  # Ada's: three closed, the last two open


@pytest.fixture
def path(stage):
    return f"/accounts/{id_text(stage.accounts['ada'])}/trades"


def positions(html: str) -> list[str]:
    return re.findall(r'<span class="sub num">(P\d+)</span>', html)


def records(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("", ["P7011", "P7010", "P7005", "P7002", "P7001"], id="all, the open ones first"),
        pytest.param("sort=opened", ["P7011", "P7010", "P7005", "P7002", "P7001"], id="by when they were opened"),
        pytest.param("symbol=EURUSD", ["P7010", "P7005", "P7001"], id="a symbol"),
        pytest.param("side=sell", ["P7011", "P7002"], id="a side"),
        pytest.param("state=open", ["P7011", "P7010"], id="open"),
        pytest.param("state=closed&side=buy", ["P7005", "P7001"], id="closed and bought"),
        pytest.param("result=gain&sort=best", ["P7005", "P7001"], id="gains, the best first"),
        pytest.param("result=loss", ["P7002"], id="losses: costs of an open trade are none yet"),
        pytest.param("sort=worst&state=closed", ["P7002", "P7001", "P7005"], id="the worst first"),
        pytest.param("to=2014-05-01", ["P7002", "P7001"], id="up to a trading day"),
        pytest.param("from=2014-05-02&to=2014-05-02", ["P7011", "P7010", "P7005"], id="one trading day"),
        pytest.param("from=2014-05-03", [], id="a day that has not come"),
        pytest.param("to=2014-04-30", [], id="a day before there was an account"),
    ],
)
async def test_what_is_asked_for_is_shown_and_the_file_holds_the_same(ada, path, query, expected):
    answer = await ada.get(f"{path}?{query}")
    assert answer.status_code == 200
    assert positions(answer.text) == expected
    file = await ada.get(f"{path}.csv?{query}")
    assert [record["position"] for record in records(file.text)] == expected


async def test_what_trades_come_to_is_the_sum_of_those_that_are_shown(ada, path):
    page = text_of((await ada.get(f"{path}?state=closed")).text)
    assert "Trades 3 Net result +1,222.00 USD Commission −35.00 USD Swap 0.00 USD" in page
    assert "Trades 1 Net result −326.00 USD" not in page
    page = text_of((await ada.get(f"{path}?result=gain")).text)
    assert "Trades 2 Net result +1,544.50 USD Commission −28.00 USD" in page


async def test_the_sum_says_what_of_it_is_booked_of_trades_that_are_open(ada, path):
    page = text_of((await ada.get(path)).text)
    assert "Net result +1,204.50 USD with −17.50 USD booked so far of 2 open trades" in page
    assert "booked so far of" not in text_of((await ada.get(f"{path}?state=closed")).text)


async def test_each_time_has_its_zone_and_a_trade_its_trading_day_where_that_is_another_date(ben, ada, stage, path):
    page = text_of((await ben.get(f"/accounts/{id_text(stage.accounts['ben'])}/trades?state=open")).text)
    assert "Closed (UTC)" in page
    assert "trading day" not in page.partition("P7013")[2]  # opened when Prague wrote the same date
    calendar = TradingCalendar("Europe/Prague", "00:00")
    assert other_day(parse_utc("2014-05-05T23:46:00"), calendar) == "6 May"
    assert other_day(parse_utc("2014-05-05T21:46:00"), calendar) == ""
    assert "Since (UTC)" in (await ada.get(path.removesuffix("/trades"))).text


async def test_what_the_firm_closed_leads_to_the_breach_for_which_it_did(ada, ruth, stage, decisions):
    account = id_text(stage.accounts["ada lost"])
    for client, room in ((ada, ""), (ruth, "/staff")):
        for page in ("", "/trades"):
            html = (await client.get(f"{room}/accounts/{account}{page}")).text
            breach = decisions["BreachDeclared"]
            assert f'<a href="{room}/decisions/{breach}">closed by the firm after the breach</a>' in html
    assert "No trade matches these filters." in (await ada.get(f"/accounts/{account}/trades?from=2014-05-05")).text


async def test_a_day_is_the_accounts_own_and_not_one_of_utc(ben, stage):
    """Prague's 2 May begins at 22:00 UTC: a position that Ben opened on the evening before belongs to 1 May."""
    ben_path = f"/accounts/{id_text(stage.accounts['ben'])}/trades"
    assert positions((await ben.get(f"{ben_path}?to=2014-05-01")).text) == ["P7013"]
    assert "Days begin at 00:00 in Europe/Prague." in (await ben.get(ben_path)).text


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("symbol=GBPUSD", "This account has no trade in such a symbol."),
        ("symbol=%27%3B%20DROP", "This account has no trade in such a symbol."),
        ("side=up", "A side is buy or sell."),
        ("state=half", "A trade is open or closed."),
        ("result=luck", "A result is a gain or a loss."),
        ("sort=name", "Sort by one of these: last closed, last opened, best result, worst result."),
        ("from=yesterday", "The day after “from” has to be written like 2014-05-02."),
        ("to=2014-02-30", "The day after “to” has to be written like 2014-05-02."),
        ("from=2014-05-02&to=2014-05-01", "The first day lies after the last one."),
        ("after=here", "The place in the list cannot be read."),
        ("after=99999999999999999999~1", "The place in the list cannot be read."),
    ],
)
async def test_what_cannot_be_meant_is_said_and_nothing_is_summed_over_it(ada, path, query, said):
    for address in (f"{path}?{query}", f"{path}.csv?{query}"):
        answer = await ada.get(address)
        assert answer.status_code == 422
        assert said in text_of(answer.text)
        assert positions(answer.text) == []
        assert "Net result" not in text_of(answer.text)
    assert "content-disposition" not in answer.headers


async def test_what_was_typed_stays_in_the_form(ada, path):
    page = (await ada.get(f"{path}?side=sell&from=2014-05-01")).text
    assert '<option value="sell" selected>' in page
    assert 'name="from" value="2014-05-01"' in page
    assert f'href="{path}.csv?side=sell&amp;from=2014-05-01"' in page
    wrong = (await ada.get(f"{path}?from=soon%22%3E%3Cb%3E&side=sell")).text
    assert '<option value="sell" selected>' in wrong
    assert "soon&#34;&gt;&lt;b&gt;" in wrong


async def test_a_piece_is_what_the_page_holds(ada, path):
    whole, piece = await ada.get(path), await ada.get(path, headers={"hx-request": "true"})
    assert "<!doctype html>" in whole.text
    assert "<!doctype html>" not in piece.text
    assert piece.text.strip() in whole.text
    bad = await ada.get(f"{path}?side=up", headers={"hx-request": "true"})
    assert "<!doctype html>" not in bad.text
    assert "A side is buy or sell." in bad.text


async def test_pages_do_not_overlap_while_new_trades_come(ada, path, stage, monkeypatch):
    monkeypatch.setattr(trades_pages, "TRADES_PER_PAGE", 2)
    page, seen = (await ada.get(f"{path}?symbol=EURUSD&sort=opened")).text, []
    seen += positions(page)
    stage.deal(stage.accounts["ada"], "P7099", Side.BUY, "0.10", "EURUSD")
    stage.settle()
    following = re.search(rf'href="({path}\?[^"]*after=[^"]*)"', page)
    assert following is not None
    page = (await ada.get(following[1].replace("&amp;", "&"))).text
    assert "From the start" in page
    seen += positions(page)
    assert seen == ["P7010", "P7005", "P7001"]
    assert positions((await ada.get(f"{path}?symbol=EURUSD&sort=opened")).text)[0] == "P7099"
    stage.deal(stage.accounts["ada"], "P7099", Side.SELL, "0.10", "EURUSD", DealEntry.OUT, 0)
    stage.settle()


async def test_ben_has_no_way_to_adas_trades_and_staff_have_their_own(ben, ruth, ada, path):
    for address in (path, f"{path}.csv", f"{path}?side=up"):
        assert (await ben.get(address)).status_code == 404
        assert (await ruth.get(address)).status_code == 403
        assert (await ada.get(f"/staff{address}")).status_code == 403
        assert (await ruth.get(f"/staff{address}")).status_code in (200, 422)
    assert (await ruth.get("/staff/accounts/00000-00000/trades")).status_code == 404


# --- the file ---


async def test_the_file_is_one_for_programs(ada, path, monkeypatch):
    monkeypatch.setattr(trades_pages, "CSV_TRADES_AT_ONCE", 2)  # so that it is read in several pieces
    answer = await ada.get(f"{path}.csv?state=closed&to=2014-05-02&symbol=EURUSD")
    assert answer.headers["content-type"].startswith("text/csv; charset=utf-8")
    assert re.fullmatch(r'attachment; filename="trades-2014-05-02.csv"', answer.headers["content-disposition"])
    lines = answer.text.split("\r\n")
    assert lines[0] == ",".join(trades_pages.COLUMNS)
    assert lines[-1] == ""
    found = [line for line in lines if line.startswith("P7005,")]
    assert len(found) == 1
    assert re.fullmatch(
        r"P7005,EURUSD,buy,closed,2\.50,2014-05-02T1\d:\d\d:\d\d\.000000Z,1\.\d{5},2014-05-02T1\d:\d\d:\d\d\.000000Z,1\.\d{5},"
        r"-14\.00,0\.00,0\.00,918\.50,USD",
        found[0],
    )


async def test_an_open_trade_has_no_close_in_the_file(ada, path):
    [record] = [each for each in records((await ada.get(f"{path}.csv?state=open")).text) if each["position"] == "P7010"]
    assert (record["state"], record["closed_utc"], record["price_close"]) == ("open", "", "")
    assert record["net"] == "-14.00"


async def test_the_file_ends_at_its_bound(ada, path, monkeypatch):
    monkeypatch.setattr(trades_pages, "CSV_TRADES_AT_ONCE", 2)
    monkeypatch.setattr(trades_pages, "CSV_TRADES_MAX", 4)
    assert len(records((await ada.get(f"{path}.csv")).text)) == 4
    assert "the first 4 of them" in text_of((await ada.get(path)).text)


def test_a_platforms_word_is_never_a_formula(stage):
    with stage.reader.connection() as book:
        [(_, trade), *_] = trades_page(book, stage.accounts["ada"], TradeFilter(), "closed", None, 1)
    for word in ("=HYPERLINK(1)", "+1", "-1", "@SUM", "\tx", "\rx"):
        assert as_text(word) == f"'{word}"
        named = msgspec.structs.replace(trade, position=word, symbol=word)
        assert csv_row(named)[:2] == (f"'{word}", f"'{word}")
    assert as_text("EURUSD") == "EURUSD"


def test_a_trade_belongs_to_the_day_of_its_close_and_an_open_one_to_that_of_its_opening():
    book = apsw.Connection("")
    book.execute(Trades.schema + Days.schema)
    for label, start_us in (("2014-05-01", 0), ("2014-05-02", 100)):
        book.execute(
            "INSERT INTO rm_day VALUES (1, ?, ?, ?, 0, 0, NULL, NULL, 0, 0, 0, 1)", (start_us, label, start_us + 100)
        )
    for number, (opened_us, closed_us) in enumerate([(50, 150), (50, 99), (50, None), (100, None)], start=1):
        book.execute(
            "INSERT INTO rm_trade VALUES (1, ?, 'sim', 'EURUSD', 'buy', 1, 'USD', 2, 0, 0, 0, 0, 0, ?, ?, ?, ?, '')",
            (f"P{number}", opened_us, number, closed_us, closed_us and number),
        )

    def found(**days):
        return sorted(trade.position for _, trade in trades_page(book, 1, TradeFilter(**days), "opened", None, 9))

    assert found(to_day="2014-05-01") == ["P2", "P3"]
    assert found(from_day="2014-05-02") == ["P1", "P4"]
    assert found(from_day="2014-05-01", to_day="2014-05-05") == ["P1", "P2", "P3", "P4"]


def a_book_of(trades: int) -> apsw.Connection:
    """Nets repeat, so that many trades share their place in the order."""
    book = apsw.Connection("")
    book.execute(Trades.schema)
    rows = [(f"P{n}", n * 37 % 50, n * 10, n * 10 + 5 if n % 7 else None) for n in range(trades)]
    book.executemany(
        "INSERT INTO rm_trade VALUES (1, ?1, 'sim', 'EURUSD', 'buy', 1, 'USD', 2, ?2, 0, 0, 0, 0, ?3, ?3, ?4, ?4, '')",
        rows,
    )
    return book


@pytest.mark.parametrize("sort", ["closed", "opened", "best", "worst"])
def test_a_file_has_the_trades_in_the_order_of_the_pages(sort):
    book = a_book_of(100)
    positions = positions_sorted(book, 1, TradeFilter(), sort, 90)
    assert positions == [trade.position for _, trade in trades_page(book, 1, TradeFilter(), sort, None, 90)]
    assert [trade.position for trade in trades_of(book, 1, positions[40:60])] == positions[40:60]


async def test_the_trades_of_a_file_are_sorted_once_and_not_for_each_of_its_pieces(monkeypatch):
    """Counted in steps of the database: ten times the trades cost ten times as much, and not a hundred times."""

    async def steps_of(trades: int) -> int:
        book, steps = a_book_of(trades), 0

        async def read(question):
            return question(book)

        def count() -> bool:
            nonlocal steps
            steps += 1
            return False

        firm = SimpleNamespace(book=SimpleNamespace(read=read))
        monkeypatch.setattr(trades_pages, "CSV_TRADES_AT_ONCE", 20)
        book.set_progress_handler(count, 20)
        lines = "".join([piece async for piece in trades_pages._pieces(firm, 1, TradeFilter(), "best")]).splitlines()
        assert len(lines) == trades + 1
        return steps

    assert await steps_of(4_000) < 14 * await steps_of(400)


async def test_of_one_account_two_files_are_on_their_way_at_once():
    downloads = Downloads()
    first, second = await downloads.begin(1, pieces()), await downloads.begin(1, pieces())
    with pytest.raises(TooManyDownloads):
        await downloads.begin(1, pieces())
    other = await downloads.begin(2, pieces())
    assert [piece async for piece in first] == ["a", "b", "c"]  # taken whole
    third = await downloads.begin(1, pieces())
    assert await anext(second) == "a"
    await second.aclose()  # given up half-way
    assert await anext(await downloads.begin(1, pieces())) == "a"  # forgotten half-way
    del third, other  # never read at all
    with anyio.fail_after(5):
        while downloads._open:
            await anyio.lowlevel.checkpoint()


async def test_a_third_file_of_the_same_trades_is_refused_in_words(app, stage, ada, ruth, path):
    downloads = app.state.downloads
    held = [await downloads.begin(stage.accounts["ada"], pieces()) for _ in range(2)]
    for client, address in ((ada, f"{path}.csv"), (ruth, f"/staff{path}.csv")):
        answer = await client.get(address)
        assert answer.status_code == 429
        assert "Files of these trades are on their way already" in text_of(answer.text)
        assert "content-disposition" not in answer.headers
    for each in held:
        assert [piece async for piece in each] == ["a", "b", "c"]
    for _ in range(3):  # each was counted off
        assert (await ada.get(f"{path}.csv")).status_code == 200
    assert downloads._open == {}


async def pieces():
    for piece in "abc":
        yield piece


def test_each_currency_is_summed_by_itself_and_exactly():
    book = apsw.Connection("")
    book.execute(Trades.schema)
    large = 4_000_000_000_000_001
    rows = [("USD", 2, large), ("USD", 2, large), ("JPY", 0, -7)]
    for number, (currency, exponent, net) in enumerate(rows, start=1):
        book.execute(
            "INSERT INTO rm_trade VALUES (1, ?, 'sim', 'EURUSD', 'buy', 1, ?, ?, ?, 0, -3, -2, -1, 5, ?, 6, ?, '')",
            (f"P{number}", currency, exponent, net, number, number),
        )
    found = totals_of(book, 1, TradeFilter())
    assert [(each.count, each.net) for each in found] == [(1, Money(-7, "JPY", 0)), (2, Money(2 * large, "USD", 2))]
    assert [(each.commission.minor, each.swap.minor, each.fee.minor) for each in found] == [(-3, -2, -1), (-6, -4, -2)]
    assert totals_of(book, 2, TradeFilter()) == []
