"""Exposure: funded accounts summed by symbol and direction, from there to those that hold it, and never for traders."""

import re

import msgspec
import pytest
from msgspec.structs import replace

from actors.exposure import Holders, exposure_of, holdings_in
from firm.equity import Board
from firm.ids import id_text
from firm.inputs import DealEntry, Side
from firm.money import Money
from tests.web.page_text import text_of
from web import bounds
from web.app import create_app

HOLDER = re.compile(r'class="name num" href="/staff/accounts/([0-9A-Z]{5}-[0-9A-Z]{5})"')
EURUSD = "/staff/exposure/holders?bridge=sim&symbol=EURUSD"


def usd(text):
    return Money.parse(text, "USD")


@pytest.fixture(scope="module")
def market(histories, tmp_path_factory):
    played = histories.funded_and_not(tmp_path_factory.mktemp("exposed") / "firm")
    yield played
    played.close()


@pytest.fixture
async def ruth(market, visiting):
    async with visiting(market.firm) as visit:
        yield await visit("ruth")


def row_of(html, symbol):
    [found] = [row for row in html.partition("<tbody>")[2].split("<tr") if f">{symbol}</a>" in row]
    return text_of(f"<tr{found}")


def test_each_side_is_summed_over_funded_accounts_alone(market):
    euro, gold = exposure_of(market.board.holders(funded=True))
    assert (euro.symbol, gold.symbol) == ("EURUSD", "XAUUSD")
    assert (euro.long.lots_e8, euro.short.lots_e8, euro.net_e8) == (3 * 10**8, 15 * 10**7, 15 * 10**7)
    assert (euro.long.accounts, euro.short.accounts, euro.accounts) == (1, 1, 2)
    assert (euro.long.profits, euro.short.profits) == ((usd("300.00"),), (usd("-186.00"),))
    assert euro.profits == (usd("114.00"),)
    assert (gold.net_e8, gold.long.accounts, gold.profits) == (-5 * 10**7, 0, (usd("-62.50"),))


def test_what_is_summed_is_what_each_accounts_own_page_shows(market):
    everything = exposure_of(market.board.holders(funded=False))
    shown = [
        held.profit.minor for number in market.accounts.values() for held in market.board.account(number).positions
    ]
    assert sum(profit.minor for each in everything for profit in each.profits) == sum(shown)
    assert everything[0].long.lots_e8 == 10 * 10**8  # Cleo's seven beside Ada's three


def test_currencies_are_never_added_to_each_other(market):
    held = market.board.holders(funded=True)
    euros = tuple(replace(one, initial=Money(one.initial.minor, "EUR", 2)) for one in held.accounts[:1])
    [mixed] = [
        each for each in exposure_of(Holders((*euros, *held.accounts), held.boards)) if each.symbol == held.accounts[0].positions[0].symbol
    ]  # fmt: skip
    assert [profit.currency for profit in mixed.profits] == ["EUR", "USD"]


def test_a_position_without_a_price_is_told_and_not_taken_for_zero(market):
    held = market.board.holders(funded=True)
    specs = held.boards["sim"].specs
    euro, _ = exposure_of(Holders(held.accounts, {"sim": Board(specs, {})}))
    assert (euro.long.unpriced, euro.long.profits, euro.priced_us) == (2, (), 0)
    assert holdings_in(Holders(held.accounts, {"sim": Board(specs, {})}), "sim", "EURUSD", None)[0].profit is None


async def test_the_page_shows_lots_accounts_and_profit_and_leads_to_the_holders(ruth, market):
    html = (await ruth.get("/staff/exposure")).text
    row = row_of(html, "EURUSD")
    for said in ("3.00 1 account", "+300.00 USD", "1.50 1 account", "−186.00 USD", "+1.50 long", "+114.00 USD"):
        assert said in row, said
    assert "−0.50 short" in row_of(html, "XAUUSD")
    assert "3 accounts hold something" in text_of(html)
    link = re.search(r'href="(/staff/exposure/holders\?[^"]*side=sell[^"]*)"', html).group(1).replace("&amp;", "&")
    assert HOLDER.findall((await ruth.get(link)).text) == [id_text(market.accounts["ada other"])]
    assert '<meta http-equiv="refresh"' in html  # without scripts it is loaded again


async def test_all_phases_are_shown_when_they_are_asked_for(ruth, market):
    assert "10.00 2 accounts" in row_of((await ruth.get("/staff/exposure?phases=all")).text, "EURUSD")
    found = HOLDER.findall((await ruth.get(f"{EURUSD}&phases=all")).text)
    assert found == [id_text(market.accounts[name]) for name in ("cleo", "ada", "ada other")]


async def test_holders_come_a_page_at_a_time_and_none_twice(ruth, market, monkeypatch):
    from web.pages import staff_exposure

    monkeypatch.setattr(staff_exposure, "HOLDERS_PER_PAGE", 1)
    seen, path = [], f"{EURUSD}&phases=all"
    while path:
        html = (await ruth.get(path)).text
        seen += HOLDER.findall(html)
        more = re.search(r'href="(/staff/exposure/holders\?[^"]*after=[^"]*)"', html)
        path = more.group(1).replace("&amp;", "&") if more else ""
    assert seen == [id_text(market.accounts[name]) for name in ("cleo", "ada", "ada other")]
    assert bounds.HOLDERS_PER_PAGE == 50


async def test_what_nobody_holds_and_what_cannot_be_read_are_empty_lists(ruth):
    assert "No funded account holds it long now." in text_of(
        (await ruth.get("/staff/exposure/holders?bridge=sim&symbol=XAUUSD&side=buy")).text
    )
    assert "No symbol was asked for." in (await ruth.get("/staff/exposure/holders?side=up&after=x~y")).text
    assert "No more accounts hold it." in (await ruth.get(f"{EURUSD}&after=1~1")).text


async def test_a_firm_without_positions_says_what_will_appear(histories, visiting, tmp_path):
    empty = histories.enforcement_stopped(tmp_path / "firm")
    async with visiting(empty.firm) as visit:
        client = await visit("ruth")
        assert "Nothing is held No funded account holds a position." in text_of(
            (await client.get("/staff/exposure")).text
        )
    empty.close()


async def test_the_stream_sends_the_piece_that_the_page_includes(ruth, market):
    from web.pages.staff_exposure import _exposure

    app = create_app(market.firm)
    shown = await _exposure(market.firm, funded=True)
    piece = app.state.pages.text("_exposure_live.html", shown).strip()
    assert piece in (await ruth.get("/staff/exposure")).text


async def test_of_two_platforms_the_silent_one_is_named_with_the_time_of_its_own_price(ruth, market, monkeypatch):
    health = market.board.health()
    silent = msgspec.structs.replace(health.bridges[0], stale_symbols=("XAUUSD", "GBPUSD"))
    monkeypatch.setattr(market.board, "health", lambda: msgspec.structs.replace(health, bridges=(silent,)))
    html = text_of((await ruth.get("/staff/exposure")).text)
    assert "sim: XAUUSD has had no price since 20:01:05 UTC" in html
    assert "Data as of 20:01:05 UTC" in html  # of the euro, which is not silent
    assert "Stale: data as of" not in html


async def test_an_account_that_closed_its_positions_is_exposed_no_more(market):
    held = market.board.holders(funded=True).accounts
    market.deal(market.accounts["ben"], "P4", Side.BUY, "0.50", "XAUUSD", DealEntry.OUT, -62_50)
    market.settle()
    assert len(market.board.holders(funded=True).accounts) == len(held) - 1
    assert [each.symbol for each in exposure_of(market.board.holders(funded=True))] == ["EURUSD"]


def test_a_silent_symbol_is_marked_stale(market):
    from web.render import Pages

    euro = exposure_of(market.board.holders(funded=True))[:1]
    context = {
        "exposures": euro, "holders": 2, "profits": euro[0].profits, "silent": {("sim", "EURUSD")}, "funded": True,
        "as_of_us": euro[0].priced_us, "stale": ["sim: EURUSD has had no price"], "query": lambda each, side: "",
    }  # fmt: skip
    assert text_of(Pages("Fairhaven").text("_exposure_live.html", context)).count("Stale") == 1
