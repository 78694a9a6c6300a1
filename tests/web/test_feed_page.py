"""The feed: by bridge and symbol the last price, how old it is, and what is wrong with it, until it no longer is."""

import msgspec
import pytest

from actors.feed import feed_of
from firm.inputs import SymbolReported
from firm.instant import SECOND_US
from tests.web.page_text import text_of
from web.app import create_app
from web.pages import staff_feed


@pytest.fixture
def troubled(histories, tmp_path):
    played = histories.feed_in_trouble(tmp_path / "firm")
    yield played
    played.close()


@pytest.fixture
async def ruth(troubled, visiting):
    async with visiting(troubled.firm) as visit:
        yield await visit("ruth")


def symbols_of(stage):
    feed = feed_of("sim", stage.board.markets()["sim"], stage.now_us)
    return {each.symbol: each for each in feed.symbols}


def row_of(html, symbol):
    [row] = [row for row in html.partition("<tbody>")[2].split("<tr") if f"<b>{symbol}</b>" in row]
    return text_of(f"<tr{row}")


def test_each_trouble_is_told_with_the_symbol_that_has_it(troubled):
    euro, gold = symbols_of(troubled)["EURUSD"], symbols_of(troubled)["XAUUSD"]
    assert (euro.jump.accepted_bid, euro.jump.band_bp, euro.jump.prices) == (138_690, 500, 1)
    assert (euro.gap, euro.conflated, euro.asked) == (False, None, ())
    assert (gold.jump, gold.gap) == (None, True)
    last_us = gold.priced_us
    assert gold.conflated == (last_us - 2 * SECOND_US, last_us)
    assert gold.asked == ((last_us, troubled.now_us),)


def test_troubles_go_when_prices_are_whole_again_and_what_was_merged_is_asked_for(troubled):
    troubled.wait(1)
    troubled.prices_now(138_700, 1_284_500)
    troubled.settle()
    euro, gold = symbols_of(troubled)["EURUSD"], symbols_of(troubled)["XAUUSD"]
    assert not euro.doubtful
    assert (gold.gap, gold.conflated, len(gold.asked)) == (False, None, 2)


def test_what_is_not_durable_yet_is_not_shown(troubled):
    before = symbols_of(troubled)
    troubled.wait(1)
    troubled.prices_now(138_700, 1_284_500)
    assert symbols_of(troubled)["EURUSD"].bid == before["EURUSD"].bid
    troubled.settle()
    assert symbols_of(troubled)["EURUSD"].bid == 138_700


async def test_the_page_says_the_price_its_age_and_what_is_wrong(ruth):
    html = (await ruth.get("/staff/feed")).text
    euro, gold = row_of(html, "EURUSD"), row_of(html, "XAUUSD")
    for said in ("1.46000 1.46012", "5.000 s", "Left its sanity band of 5 % from a bid of 1.38690", "1 of 20 prices"):
        assert said in euro, said
    for said in (
        "1284.400",
        "Gap",
        "Merged prices 20:00:05.000 – 20:00:07.000",
        "Asked for again 20:00:07.000 – 20:00:10.000",
    ):
        assert said in gold, said
    assert "complete up to 20:00:07.000 UTC, 3.000 s behind" in text_of(html)
    assert "Something is wrong with 2 symbols" in text_of(html)
    assert '<meta http-equiv="refresh"' in html


async def test_a_silent_symbol_is_stale_and_comes_first(ruth, troubled, monkeypatch):
    troubled.wait(1)
    troubled.prices_now(138_700, 1_284_500)
    troubled.settle()
    health = troubled.board.health()
    silent = msgspec.structs.replace(health.bridges[0], stale_symbols=("XAUUSD",))
    monkeypatch.setattr(troubled.board, "health", lambda: msgspec.structs.replace(health, bridges=(silent,)))
    html = (await ruth.get("/staff/feed")).text
    assert html.index("<b>XAUUSD</b>") < html.index("<b>EURUSD</b>")
    assert "Stale No price for 0 s" in row_of(html, "XAUUSD")
    assert "Fresh –" in row_of(html, "EURUSD")


async def test_symbols_that_never_had_a_price_are_one_line_and_an_end_of_prices_is_said(ruth, troubled, monkeypatch):
    for symbol in ("AUDUSD", "NZDUSD"):
        spec = msgspec.structs.replace(troubled.board.markets()["sim"].specs["EURUSD"], symbol=symbol)
        troubled.put(SymbolReported(bridge="sim", seq=troubled.next_seq(), spec=spec))
    troubled.wait(84 * 60)
    troubled.settle()
    health = troubled.board.health()
    silent = msgspec.structs.replace(health.bridges[0], stale_symbols=("EURUSD",), prices_ended_us=troubled.now_us)
    monkeypatch.setattr(troubled.board, "health", lambda: msgspec.structs.replace(health, bridges=(silent,)))
    html = (await ruth.get("/staff/feed")).text
    assert "No price yet of 2 symbols: AUDUSD, NZDUSD" in text_of(html)
    assert "<b>AUDUSD</b>" not in html
    assert "Stale No price for 1 h 24 min : the prices have ended" in row_of(html, "EURUSD")


async def test_a_bridge_that_is_away_is_said_and_one_that_was_revoked_is_left_out(ruth, troubled, monkeypatch):
    health = troubled.board.health()
    for changed, said in (
        ({"connected": False}, "Not connected"),
        ({"mode": "revoked"}, "No bridge is enrolled."),
        ({"prices_ended_us": 1}, "the prices ended at 1 Jan 1970"),
    ):
        bridge = msgspec.structs.replace(health.bridges[0], **changed)
        asked = msgspec.structs.replace(health, bridges=(bridge,))
        monkeypatch.setattr(troubled.board, "health", lambda asked=asked: asked)
        assert said in text_of((await ruth.get("/staff/feed")).text)


async def test_of_many_symbols_those_with_something_wrong_are_shown(ruth, troubled, monkeypatch):
    monkeypatch.setattr(staff_feed, "FEED_SYMBOLS_SHOWN", 1)
    troubled.wait(1)
    troubled.prices_now(138_700, 1_284_500)
    troubled.settle()
    html = (await ruth.get("/staff/feed")).text
    assert "<b>XAUUSD</b>" in html  # what was merged is still asked for
    assert "<b>EURUSD</b>" not in html
    assert "1 symbol is not shown here." in text_of(html)


async def test_the_stream_sends_the_piece_that_the_page_includes(ruth, troubled):
    app = create_app(troubled.firm)
    piece = app.state.pages.text("_feed_live.html", await staff_feed._feed(troubled.firm)).strip()
    assert piece in (await ruth.get("/staff/feed")).text


async def test_a_trader_is_not_shown_the_feed(troubled, visiting):
    async with visiting(troubled.firm) as visit:
        client = await visit("ada")
        for path in ("/staff/feed", "/staff/feed/live"):
            answer = await client.get(path)
            assert answer.status_code == 403
            assert "EURUSD" not in answer.text
