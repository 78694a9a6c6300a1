"""What the ticket says: what became of an order, why one was refused and beside which field, and what holds for the account."""

import importlib.util
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bridges.simulator.state import Execution, PositionMode, TradeMode
from bridges.simulator.ticket.asked import MARKET
from firm.instant import SECOND_US, utc_text

_SPEC = importlib.util.spec_from_file_location("ticket_stand", Path(__file__).with_name("ticket_stand.py"))
assert _SPEC is not None
assert _SPEC.loader is not None
STAND = importlib.util.module_from_spec(_SPEC)
sys.modules[_SPEC.name] = STAND
_SPEC.loader.exec_module(STAND)
ADA = STAND.ADA
MARKET_BUY = {"symbol": "EURUSD", "type": MARKET, "side": "buy", "lots": "0.50"}


@pytest.fixture
def stand() -> Any:
    standing = STAND.Stand(temper="idle")
    standing.play(200)
    return standing


@pytest.fixture
async def ada(stand: Any) -> AsyncIterator[Any]:
    async with STAND.served(stand) as url, STAND.Trader(base_url=url) as trader:
        await trader.sign_in(ADA, stand.password(ADA))
        yield trader


def held(stand: Any) -> list[Any]:
    return list(stand.state.accounts[ADA].positions.values())


def text(points: int, digits: int = 5) -> str:
    return f"{points // 10**digits}.{points % 10**digits:0{digits}}"


def plain(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))


async def said(ada: Any, path: str, **fields: str) -> str:
    """The sentence that the page has after a form was followed."""
    answer = await ada.form(path, **fields)
    assert answer.status_code == 303, plain(answer.text)
    page = (await ada.get(answer.headers["location"])).text
    found = re.search(r'<div class="note tone-good" role="status">.*?<p>(.*?)</p>', page)
    assert found is not None
    return found[1]


# --- what became of it ---


async def test_a_fill_and_each_close_are_told_with_price_lots_and_profit(stand: Any, ada: Any) -> None:
    assert re.fullmatch(
        r"Sold 1\.00 lots of XAUUSD at \d{4}\.\d{3}; commission −3\.50 USD\.",
        await said(ada, "/orders", symbol="XAUUSD", type=MARKET, side="sell", lots="1"),
    )
    [position] = held(stand)
    home = f"/positions/{position.position_id}"
    part = await said(ada, f"{home}/closing", lots="0.4")
    found = re.fullmatch(
        r"Closed 0\.40 lots of XAUUSD at (\d{4}\.\d{3}) with a loss of (\d+\.\d\d) USD; commission −1\.40 USD\. 0\.60 lots stay open\.",
        part,
    )
    assert found is not None, part
    deal = list(stand.state.accounts[ADA].deals.values())[-1]
    assert (found[1], found[2]) == (text(deal.px, 3), text(-deal.profit, 2))
    position.price_open += 100_000
    whole = await said(ada, f"{home}/closing")
    assert re.fullmatch(
        r"Closed 0\.60 lots of XAUUSD at \S+ with a profit of [\d,]+\.\d\d USD; commission −2\.10 USD\.", whole
    )


async def test_what_waits_and_what_is_cancelled_is_told_with_its_price(stand: Any, ada: Any) -> None:
    limit = {"symbol": "EURUSD", "side": "buy", "lots": "0.2", "type": "limit", "price": "1.3"}
    assert await said(ada, "/orders", **limit, lifetime="day") == (
        "Placed: buy limit of 0.20 lots of EURUSD at 1.30000, waiting until 5 May 2014, 21:00:00 UTC."
    )
    [order] = stand.state.accounts[ADA].orders.values()
    told = await said(ada, f"/orders/{order.order_id}/cancellation")
    assert told.startswith("Cancelled: buy limit of 0.20 lots of EURUSD at 1.30000")
    stop_limit = limit | {"type": "stop_limit", "price": "1.5", "limit_price": "1.499", "lifetime": "gtc"}
    assert await said(ada, "/orders", **stop_limit) == (
        "Placed: buy stop-limit of 0.20 lots of EURUSD at 1.50000, then as a limit at 1.49900, waiting until it is cancelled."
    )


async def test_another_stop_is_told_as_it_is_then(stand: Any, ada: Any) -> None:
    await ada.form("/orders", **MARKET_BUY)
    [position] = held(stand)
    told = await said(ada, f"/positions/{position.position_id}/protection", stop_loss="1.2", take_profit="1.5")
    assert told == "0.50 lots of EURUSD: stop loss 1.20000, take profit 1.50000."
    told = await said(ada, f"/positions/{position.position_id}/protection", trail_points="300")
    assert told == (
        f"0.50 lots of EURUSD: stop loss {text(position.stop_loss)}, trailing by 300 points, take profit none."
    )


async def test_a_netting_account_hears_what_was_closed_and_what_was_opened(stand: Any, ada: Any) -> None:
    stand.state.accounts[ADA].position_mode = PositionMode.NETTING
    await ada.form("/orders", **MARKET_BUY)
    told = await said(ada, "/orders", **MARKET_BUY | {"side": "sell", "lots": "0.70"})
    assert re.match(r"Closed 0\.50 lots of EURUSD at .* Sold 0\.20 lots of EURUSD at ", told)


async def test_a_fill_in_part_says_how_much(stand: Any, ada: Any) -> None:
    account = stand.state.accounts[ADA]
    account.execution, account.balance_minor = Execution.EXCHANGE, 10**10
    told = await said(ada, "/orders", **MARKET_BUY | {"lots": "200"})
    [position] = held(stand)
    assert position.lots_e8 < 200 * 10**8
    assert told.startswith(f"Bought {position.lots_e8 // 10**8}.")
    assert told.endswith("That is a part: the price had no more than that.")


# --- why not, and where ---


def marked(page: str) -> dict[str, str]:
    """Each field that is marked as wrong, with what is said beside it."""
    fields = re.findall(r'<(?:input|select) name="(\w+)"[^>]*aria-invalid="true" aria-describedby="([\w-]+)"', page)
    return {
        name: re.search(rf'<span class="wrong" id="{place}">(.*?)</span>', page)[1]  # type: ignore[index]
        for name, place in fields
    }


@pytest.mark.parametrize(
    ("change", "names"),
    [
        pytest.param({"lots": "0"}, ["lots"], id="no volume"),
        pytest.param({"lots": "200"}, ["lots"], id="more than there is margin for"),
        pytest.param({"lots": "200.01"}, ["lots"], id="more than there may be"),
        pytest.param({"price": "1.3"}, ["price"], id="a market order with a price"),
        pytest.param({"limit_price": "1.3"}, ["limit_price"], id="a market order with a limit price"),
        pytest.param({"type": "limit"}, ["price"], id="a limit without a price"),
        pytest.param({"type": "limit", "price": "9"}, ["price"], id="a limit that is reached"),
        pytest.param(
            {"type": "stop", "price": "9", "limit_price": "1"}, ["limit_price"], id="a stop with a limit price"
        ),
        pytest.param(
            {"type": "stop_limit", "price": "1.5", "limit_price": "1.6"}, ["limit_price"], id="a limit beyond its stop"
        ),
        pytest.param({"stop_loss": "9"}, ["stop_loss"], id="a stop on the winning side"),
        pytest.param({"take_profit": "1"}, ["take_profit"], id="a target on the losing side"),
        pytest.param({"stop_loss": "9", "take_profit": "1"}, ["stop_loss", "take_profit"], id="both"),
        pytest.param({"lots": "x", "take_profit": "y"}, ["lots", "take_profit"], id="two that cannot be read"),
    ],
)
async def test_an_error_stands_beside_its_field_and_the_first_has_the_cursor(
    stand: Any, ada: Any, change: dict[str, str], names: list[str]
) -> None:
    answer = await ada.form("/orders", **MARKET_BUY | {"lifetime": "gtc"} | change)
    assert answer.status_code == 422
    wrong = marked(answer.text)
    assert list(wrong) == names
    assert all(wrong.values())
    assert re.findall(r'name="(\w+)"[^>]*autofocus', answer.text) == names[:1]
    for name in names:  # and the list above leads to it
        assert f'href="#field-{name}"' in answer.text
        assert f'id="field-{name}"' in answer.text
    assert not held(stand)
    assert not stand.state.accounts[ADA].orders


async def test_a_wrong_stop_and_a_wrong_volume_stand_on_the_position_s_page(stand: Any, ada: Any) -> None:
    await ada.form("/orders", **MARKET_BUY)
    home = f"/positions/{held(stand)[0].position_id}"
    answer = await ada.form(f"{home}/protection", stop_loss="9", take_profit="1.5")
    assert (answer.status_code, list(marked(answer.text))) == (422, ["stop_loss"])
    assert 'value="1.5"' in answer.text
    answer = await ada.form(f"{home}/closing", lots="0.51")
    assert (answer.status_code, list(marked(answer.text))) == (422, ["lots"])
    assert 'value="0.51"' in answer.text


# --- what holds for the account ---


async def test_once_the_prices_ended_the_page_says_so_and_nothing_is_filled() -> None:
    stand = STAND.Stand(temper="idle", lasts_us=120 * SECOND_US)
    stand.play(20)
    async with STAND.served(stand) as url, STAND.Trader(base_url=url) as ada:
        await ada.sign_in(ADA, stand.password(ADA))
        form = {"form_token": await ada.new_form(), **MARKET_BUY}
        filled = (await ada.send_form("/orders", **form)).headers["location"]
        assert "prices ended" not in (await ada.get("/ticket")).text
        stand.play(200)
        clock = utc_text(stand.prices_ended_us)[11:19]
        words = (
            f"The prices ended at 5 May 2014, {clock} UTC. From here on nothing moves: orders are not filled any more."
        )
        for page in ("/ticket", f"/positions/{held(stand)[0].position_id}"):
            for headers in ({}, {"hx-request": "true"}):
                assert words in plain((await ada.get(page, headers=headers)).text)
        for path in ("/orders", f"/positions/{held(stand)[0].position_id}/closing"):
            answer = await ada.form(path, **(MARKET_BUY if path == "/orders" else {}))
            assert answer.status_code == 422
            assert "orders are not filled any more, and nothing was done" in answer.text
        assert len(held(stand)) == 1
        assert (await ada.send_form("/orders", **form)).headers["location"] == f"{filled}&again=1"


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        (TradeMode.BLOCKED, "Trading is not allowed on this account: set by the firm’s risk desk."),
        (TradeMode.CLOSE_ONLY, "This account may only close what it holds: set by the firm’s risk desk."),
    ],
)
async def test_an_account_that_may_not_trade_says_who_set_it_and_where_the_reason_is(
    stand: Any, mode: TradeMode, words: str
) -> None:
    stand.portal = "http://127.0.0.1:8080"
    async with STAND.served(stand) as url, STAND.Trader(base_url=url) as ada:
        await ada.sign_in(ADA, stand.password(ADA))
        assert "risk desk" not in (await ada.get("/ticket")).text
        stand.state.accounts[ADA].mode = mode
        for headers in ({}, {"hx-request": "true"}):
            page = (await ada.get("/ticket", headers=headers)).text
            assert words in plain(page)
            assert '<a href="http://127.0.0.1:8080">' in page


async def test_an_account_held_in_silence_says_that_the_firm_is_not_heard(stand: Any, ada: Any) -> None:
    account = stand.state.accounts[ADA]
    account.mode, account.held_in_silence = TradeMode.CLOSE_ONLY, True
    page = plain((await ada.get("/ticket")).text)
    assert "This account may only close what it holds while the platform hears nothing of the firm." in page
    assert "risk desk" not in page


async def test_figures_say_their_unit(stand: Any, ada: Any) -> None:
    await ada.form("/orders", **MARKET_BUY)
    page = plain((await ada.get("/ticket")).text)
    for words in ("Equity in USD", "Balance in USD", "Free margin in USD", "Spread, points", "Profit, USD", " UTC"):
        assert words in page
    assert re.search(r"open profit [−+]?\d+\.\d\d USD", page)
    assert re.search(r"\d+\.\d\d USD in use", page)


# --- an order that comes too late ---


async def test_an_order_after_the_session_ended_is_told_to_be_lost_and_is_there_again(stand: Any, ada: Any) -> None:
    typed = {"symbol": "XAUUSD", "type": "limit", "lots": "0.37", "price": "1200.5", "lifetime": "day", "side": "buy"}
    form = {"form_token": await ada.new_form(), **typed}
    stand.sessions._open.clear()  # as a restart of the platform does
    answer = await ada.send_form("/orders", **form)
    assert answer.status_code == 303
    page = (await ada.get(answer.headers["location"])).text
    assert "the order was not placed" in page
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))
    wrong = await ada.send_form("/session", account=ADA, password="no", **fields)
    assert "the order was not placed" in wrong.text
    assert dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', wrong.text)) == fields
    answer = await ada.send_form("/session", account=ADA, password=stand.password(ADA), **fields)
    page = (await ada.get(answer.headers["location"])).text
    assert "the order was not placed" in page
    assert {'value="0.37"', 'value="1200.5"', 'value="XAUUSD" selected', 'value="limit" selected'} <= set(
        re.findall(r'value="[^"]*"(?: selected)?', page)
    )
    assert not stand.state.accounts[ADA].orders


async def test_a_close_after_the_session_ended_is_told_to_be_undone_and_signing_out_is_not(
    stand: Any, ada: Any
) -> None:
    await ada.form("/orders", **MARKET_BUY)
    closing = f"/positions/{held(stand)[0].position_id}/closing"
    stand.sessions._open.clear()
    answer = await ada.send_form(closing, form_token="x")
    assert "what you asked for was not done" in (await ada.get(answer.headers["location"])).text
    assert len(held(stand)) == 1
    assert (await ada.send_form("/session/end", form_token="x")).headers["location"] == "/sign-in"


async def test_a_page_that_is_open_as_its_session_ends_says_so_and_keeps_what_is_typed(stand: Any, ada: Any) -> None:
    stand.sessions._open.clear()
    piece = await ada.get("/ticket", headers={"hx-request": "true"})
    assert piece.status_code == 401
    assert "Your session has ended" in piece.text
    assert 'id="live"' in piece.text
    assert "hx-redirect" not in piece.headers
