"""What comes at the ticket when the session has ended already: not done, told so, and an order given back to whom it was typed for."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bridges.simulator.ticket.asked import MARKET
from bridges.simulator.ticket.lost import CHANGE, KEPT_S, LOST_MAX, ORDER, Lost, LostForms
from bridges.simulator.ticket.sessions import SESSIONS_MAX, SESSIONS_PER_LOGIN_MAX, Sessions
from tests.bridges.simulator import ticket_stand

ADA, BEN = ticket_stand.ADA, ticket_stand.BEN
MARKET_BUY = {"symbol": "EURUSD", "type": MARKET, "side": "buy", "lots": "0.50"}


@pytest.fixture
def stand() -> Any:
    standing = ticket_stand.Stand(temper="idle")
    standing.play(200)
    return standing


@pytest.fixture
async def ada(stand: Any) -> AsyncIterator[Any]:
    async with ticket_stand.served(stand) as url, ticket_stand.Trader(base_url=url) as trader:
        await trader.sign_in(ADA, stand.password(ADA))
        yield trader


def held(stand: Any) -> list[Any]:
    return list(stand.state.accounts[ADA].positions.values())


TYPED = {"symbol": "XAUUSD", "type": "limit", "lots": "0.37", "price": "1200.5", "lifetime": "day", "side": "buy"}
FILLED_IN = {'value="0.37"', 'value="1200.5"', 'value="XAUUSD" selected', 'value="limit" selected'}


async def lost_order(stand: Any, trader: Any, account: str) -> str:
    """Sent as the session ends; the page of who is to sign in."""
    form = {"form_token": await trader.new_form(), "account": account, **TYPED}
    stand.sessions._open.clear()  # as a restart of the platform does
    answer = await trader.send_form("/orders", **form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    return str((await trader.get("/sign-in")).text)


def filled_in(page: str) -> set[str]:
    return FILLED_IN & set(re.findall(r'value="[^"]*"(?: selected)?', page))


async def test_an_order_after_the_session_ended_is_told_to_be_lost_and_is_there_again(stand: Any, ada: Any) -> None:
    assert "the order was not placed" in await lost_order(stand, ada, ADA)
    wrong = await ada.send_form("/session", account=ADA, password="no")
    assert "the order was not placed" in wrong.text
    answer = await ada.send_form("/session", account=ADA, password=stand.password(ADA))
    assert answer.headers["location"] == "/ticket"
    page = (await ada.get("/ticket")).text
    assert "the order was not placed" in page
    assert filled_in(page) == FILLED_IN
    again = (await ada.get("/ticket")).text
    assert "the order was not placed" not in again, "going back brings no order twice"
    assert filled_in(again) < FILLED_IN
    assert not stand.state.accounts[ADA].orders


async def test_what_was_typed_for_one_account_is_given_to_no_other(stand: Any, ada: Any) -> None:
    await lost_order(stand, ada, ADA)
    await ada.send_form("/session", account=BEN, password=stand.password(BEN))
    page = (await ada.get("/ticket")).text
    assert "the order was not placed" in page
    assert not filled_in(page) & {'value="0.37"', 'value="1200.5"'}


async def test_an_address_fills_in_no_order_and_tells_of_none(stand: Any, ada: Any) -> None:
    query = "lost=order&symbol=XAUUSD&type=limit&lots=0.37&price=1200.5"
    for path in (f"/ticket?{query}", f"/sign-in?account=999&{query}"):
        page = (await ada.get(path)).text
        assert "not placed" not in page
        assert not filled_in(page) & {'value="0.37"', 'value="1200.5"'}


def test_what_was_lost_is_forgotten_after_a_while_and_the_oldest_first_where_there_is_too_much() -> None:
    now_s = [0.0]
    lost = LostForms(lambda: now_s[0])
    first = lost.keep(Lost(ORDER, ADA, {"lots": "1"}))
    second = lost.keep(Lost(CHANGE, "", {}))
    now_s[0] = KEPT_S - 1
    assert lost.of(first) == Lost(ORDER, ADA, {"lots": "1"})
    assert lost.take(first) is not None
    assert lost.take(first) is None
    for _ in range(LOST_MAX):
        third = lost.keep(Lost(CHANGE, "", {}))
    assert lost.of(second) is None
    now_s[0] = 2 * KEPT_S
    assert lost.of(third) is None


def test_one_account_that_signs_in_again_and_again_ends_nobody_elses_session() -> None:
    sessions = Sessions()
    other, own = sessions.begin(BEN), [sessions.begin(ADA) for _ in range(SESSIONS_MAX)]
    assert sessions.of(other) is not None
    assert [cookie for cookie in own if sessions.of(cookie)] == own[-SESSIONS_PER_LOGIN_MAX:]


async def test_a_close_after_the_session_ended_is_told_to_be_undone_and_signing_out_is_not(
    stand: Any, ada: Any
) -> None:
    await ada.form("/orders", **MARKET_BUY)
    closing = f"/positions/{held(stand)[0].position_id}/closing"
    stand.sessions._open.clear()
    answer = await ada.send_form(closing, form_token="x")
    assert answer.headers["location"] == "/sign-in"
    assert "what you asked for was not done" in (await ada.get("/sign-in")).text
    assert len(held(stand)) == 1
    assert (await ada.send_form("/session/end", form_token="x")).headers["location"] == "/sign-in"
