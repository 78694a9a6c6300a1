"""What the ticket says: what became of an order, why one was refused and beside which field, and what holds for the account."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec.structs import replace

from bridges.simulator.state import Execution, PositionMode, TradeMode
from bridges.simulator.symbols import LISTED
from bridges.simulator.ticket.asked import MARKET
from bridges.simulator.ticket.figures import moment, money
from bridges.simulator.ticket.opening import opens_us
from bridges.simulator.valuation import equity_minor, margin_minor, profit_minor
from firm.instant import DAY_US, HOUR_US, SECOND_US, parse_utc, utc_text
from tests.bridges.simulator import ticket_stand

ADA = ticket_stand.ADA
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


def text(points: int, digits: int = 5) -> str:
    return f"{points // 10**digits}.{points % 10**digits:0{digits}}"


def plain(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))


async def said(ada: Any, path: str, **fields: str) -> str:
    """What the page says after a form was followed, without the time at its end."""
    told, _, _ = (await said_in_full(ada, path, **fields)).partition(" Market time: ")
    return told


async def said_in_full(ada: Any, path: str, **fields: str) -> str:
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
        r"Closed 0\.40 lots of position 1 \(XAUUSD\) at (\d{4}\.\d{3}) with a loss of (\d+\.\d\d) USD; commission −1\.40 USD\. "
        r"0\.60 lots stay open\.",
        part,
    )
    assert found is not None, part
    deal = list(stand.state.accounts[ADA].deals.values())[-1]
    assert (found[1], found[2]) == (text(deal.px, 3), text(-deal.profit, 2))
    position.price_open += 100_000
    whole = await said(ada, f"{home}/closing")
    assert re.fullmatch(
        r"Closed 0\.60 lots of position 1 \(XAUUSD\) at \S+ with a profit of [\d,]+\.\d\d USD; commission −2\.10 USD\.",
        whole,
    )


async def test_an_outcome_has_its_market_time_however_late_it_is_read(stand: Any, ada: Any) -> None:
    filled_us = stand.state.clocks.now_us
    answer = await ada.form("/orders", **MARKET_BUY)
    stand.play(200)
    assert stand.state.clocks.now_us > filled_us
    for _ in range(2):
        page = plain((await ada.get(answer.headers["location"])).text)
        assert f"commission −1.75 USD. Market time: {moment(filled_us)}." in page
    assert moment(filled_us).endswith(" UTC")


async def test_a_position_is_called_by_its_number_as_the_firm_calls_it(stand: Any, ada: Any) -> None:
    for _ in range(2):
        await ada.form("/orders", **MARKET_BUY)
    second = held(stand)[1].position_id
    page = (await ada.get("/ticket")).text
    assert f'<b>EURUSD</b><span class="sub num">{second}</span>' in page
    assert f"Position {second}" in plain((await ada.get(f"/positions/{second}")).text)
    assert f"Closed 0.50 lots of position {second} (EURUSD) at" in await said(ada, f"/positions/{second}/closing")


async def test_swap_stands_beside_the_profit_and_is_not_in_it(stand: Any, ada: Any) -> None:
    await ada.form("/orders", **MARKET_BUY)
    [position] = held(stand)
    position.swap_minor = -1_234
    account = stand.state.accounts[ADA]
    profit = money(profit_minor(account, position, stand.state), 2, signed=True)
    page = (await ada.get("/ticket")).text
    shown = re.findall(r'<td data-th="Profit, USD" class="num \w*">([^<]+)<span class="sub">([^<]+)</span></td>', page)
    assert shown == [(profit, "swap −12.34")]
    assert "Profit is before costs and swap." in page
    page = plain((await ada.get(f"/positions/{position.position_id}")).text)
    assert f"Profit{profit} USDbefore costs, and swap of −12.34 USD" in page
    closing = await said(ada, f"/positions/{position.position_id}/closing")
    assert closing.endswith("; commission −1.75 USD, swap −12.34 USD.")


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
    assert told == "0.50 lots of position 1 (EURUSD): stop loss 1.20000, take profit 1.50000."
    told = await said(ada, f"/positions/{position.position_id}/protection", trail_points="300")
    assert told == (
        f"0.50 lots of position 1 (EURUSD): stop loss {text(position.stop_loss)}, trailing by 300 points, take profit none."
    )


async def test_a_change_that_changes_nothing_says_so(stand: Any, ada: Any) -> None:
    await ada.form("/orders", **MARKET_BUY)
    home = f"/positions/{held(stand)[0].position_id}/protection"
    assert await said_in_full(ada, home) == "Nothing was changed."
    await ada.form(home, stop_loss="1.2")
    assert await said_in_full(ada, home, stop_loss="1.20000") == "Nothing was changed."
    assert (await said(ada, home)).endswith("stop loss none, take profit none.")


async def test_a_netting_account_hears_what_was_closed_and_what_was_opened(stand: Any, ada: Any) -> None:
    stand.state.accounts[ADA].position_mode = PositionMode.NETTING
    await ada.form("/orders", **MARKET_BUY)
    told = await said(ada, "/orders", **MARKET_BUY | {"side": "sell", "lots": "0.70"})
    assert re.match(r"Closed 0\.50 lots of position 1 \(EURUSD\) at .* Sold 0\.20 lots of EURUSD at ", told)


async def test_a_fill_in_part_says_how_much(stand: Any, ada: Any) -> None:
    account = stand.state.accounts[ADA]
    account.execution, account.balance_minor = Execution.EXCHANGE, 10**10
    told = await said(ada, "/orders", **MARKET_BUY | {"lots": "200"})
    [position] = held(stand)
    assert position.lots_e8 < 200 * 10**8
    assert told.startswith(f"Bought {position.lots_e8 // 10**8}.")
    assert told.endswith(" You asked for 200.00 lots; no more was to be had at this price.")
    home = f"/positions/{position.position_id}/closing"
    stand.state.quotes["EURUSD"].bid_taken_e8 = 40 * 10**8
    part = await said(ada, home)  # of whatever it has
    assert part.endswith(
        f" You asked for {text(position.lots_e8 + volume(part), 8)[:-6]} lots; no more was to be had at this price."
    )
    stand.state.quotes["EURUSD"].bid_taken_e8 = 40 * 10**8
    assert "You asked for 11.00 lots; no more" in await said(ada, home, lots="11")


def volume(told: str) -> int:
    """Of the close that it tells, in lots times 10^8."""
    found = re.match(r"Closed (\d+)\.(\d\d) lots", told)
    assert found is not None
    return int(found[1] + found[2]) * 10**6


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
    assert (answer.status_code, marked(answer.text)) == (
        422,
        {"lots": "No more can be closed than is there: 0.50 lots."},
    )
    assert 'value="0.51"' in answer.text
    assert "Empty closes all of it" in (await ada.get(home)).text


@pytest.mark.parametrize(
    ("change", "name", "words"),
    [
        pytest.param({"lots": "200.01"}, "lots", "That volume is not possible: 0.01 to 200 lots.", id="too many lots"),
        pytest.param(
            {"type": "limit", "price": "9"},
            "price",
            "A buy limit lies below the present price and a sell limit above it; stops lie the other way.",
            id="a limit that is reached",
        ),
        pytest.param(
            {"type": "limit", "price": "0"},
            "price",
            "Say a price of EURUSD with a point, as 1.38600: at most 5 decimals.",
            id="a price of nothing",
        ),
        pytest.param(
            {"type": "stop_limit", "price": "1.5", "limit_price": "0.0"},
            "limit_price",
            "Say a price of EURUSD with a point, as 1.38600: at most 5 decimals.",
            id="a limit price of nothing",
        ),
        pytest.param(
            {"stop_loss": "1,3"},
            "stop_loss",
            "Say a price of EURUSD with a point, as 1.38600: at most 5 decimals.",
            id="a price with a comma",
        ),
        pytest.param(
            {"symbol": "XAUUSD", "stop_loss": "x"},
            "stop_loss",
            "Say a price of XAUUSD with a point, as 1.386: at most 3 decimals.",
            id="in the symbol's own digits",
        ),
    ],
)
async def test_a_refusal_says_what_to_do(stand: Any, ada: Any, change: dict[str, str], name: str, words: str) -> None:
    answer = await ada.form("/orders", **MARKET_BUY | {"lifetime": "gtc"} | change)
    assert (answer.status_code, marked(answer.text)) == (422, {name: words})


async def test_an_order_beyond_the_margin_says_how_much_it_takes_and_how_much_is_free(stand: Any, ada: Any) -> None:
    await ada.form("/orders", **MARKET_BUY)
    answer = await ada.form("/orders", **MARKET_BUY | {"lots": "100"})
    account, ask = stand.state.accounts[ADA], stand.state.quotes["EURUSD"].ask
    free = equity_minor(account, stand.state) - margin_minor(account, stand.state)
    takes = (
        -(-100 * ask * 100 // account.leverage) + 35_000
    )  # a lot of 100,000 at 5 digits is worth as many dollars as its price has points
    assert marked(answer.text) == {
        "lots": "The account has too little free margin for that. "
        f"It takes {money(takes, 2)} USD with its commission, and {money(free, 2)} USD are free."
    }


async def test_a_closed_market_says_when_it_opens(stand: Any, ada: Any) -> None:
    await ada.form("/orders", **MARKET_BUY)
    now_us, listing = stand.state.clocks.now_us, stand.state.listing("EURUSD")
    until_us = now_us + HOUR_US
    shut = replace(listing, spec=replace(listing.spec, closed=((now_us - 1, until_us),)))
    stand.state.catalogue = stand.state.catalogue.with_listing(shut, "EURUSD")
    words = f"This market is closed at the moment. It opens on {moment(until_us)}."
    assert marked((await ada.form("/orders", **MARKET_BUY)).text) == {"symbol": words}
    assert words in (await ada.form(f"/positions/{held(stand)[0].position_id}/closing")).text


@pytest.mark.parametrize(
    ("symbol", "closed", "now", "opens"),
    [
        pytest.param("EURUSD", (), "2014-05-02T21:00:00", "2014-05-04T21:00:00", id="over the weekend"),
        pytest.param("EURUSD", (), "2014-03-07T22:00:00", "2014-03-09T21:00:00", id="and its clocks go forward"),
        pytest.param("XAUUSD", (), "2014-05-01T21:30:00", "2014-05-01T22:00:00", id="after a rest"),
        pytest.param("DE40", (), "2014-05-02T20:00:00", "2014-05-05T00:00:00", id="on Berlin's Monday"),
        pytest.param(
            "EURUSD", ("2014-05-04T20:00:00", "2014-05-05T06:30:00"), "2014-05-03T00:00:00", "2014-05-05T06:30:00",
            id="a holiday after the weekend",
        ),
        pytest.param(
            "EURUSD", ("2014-05-02T12:00:00", "2014-05-03T12:00:00"), "2014-05-02T13:00:00", "2014-05-04T21:00:00",
            id="a holiday before it",
        ),
        pytest.param("EURUSD", (), "2014-05-02T12:00:00", None, id="it is open"),
    ],
)  # fmt: skip
def test_when_a_market_opens(symbol: str, closed: tuple[str, ...], now: str, opens: str | None) -> None:
    shut = (tuple(map(parse_utc, closed)),) if closed else ()
    spec = replace(LISTED[symbol].spec, closed=shut)
    assert opens_us(spec, parse_utc(now)) == (None if opens is None else parse_utc(opens))


def test_of_a_market_without_an_end_to_its_rest_no_opening_is_told() -> None:
    never = replace(LISTED["EURUSD"].spec, sessions=((0, 0),))
    assert opens_us(never, parse_utc("2014-05-02T12:00:00")) is None
    renamed = replace(LISTED["EURUSD"].spec, renamed_to="E")
    assert opens_us(renamed, parse_utc("2014-05-02T12:00:00") + DAY_US) is None


# --- how it is typed ---


async def test_lots_are_taken_with_a_comma_and_prices_are_not_asked_for_on_a_keypad(stand: Any, ada: Any) -> None:
    await ada.form("/orders", **MARKET_BUY | {"lots": "0,10"})
    [position] = held(stand)
    assert position.lots_e8 == 10**7
    home = f"/positions/{position.position_id}"
    for path, keypads in (("/ticket", {"lots": "decimal"}), (home, {"trail_points": "numeric", "lots": "decimal"})):
        page = (await ada.get(path)).text
        assert dict(re.findall(r'<input name="(\w+)" inputmode="(\w+)"', page)) == keypads
        assert "with a point, as 1.38600" in page
    await ada.form(f"{home}/closing", lots="0,04")
    assert position.lots_e8 == 6 * 10**6
    assert (await ada.form("/orders", **MARKET_BUY | {"lots": "1,000"})).status_code == 422


# --- a position that is gone, and what failed ---


async def test_a_page_of_a_position_that_closes_is_told_so_and_at_which_price(stand: Any, ada: Any) -> None:
    await ada.form("/orders", **MARKET_BUY)
    home = f"/positions/{held(stand)[0].position_id}"
    await ada.form(f"{home}/closing")
    deal = list(stand.state.accounts[ADA].deals.values())[-1]
    piece = await ada.get(home, headers={"hx-request": "true"})
    assert piece.status_code == 404
    assert f"This position is closed, at {text(deal.px)} on {moment(deal.t_us)}. Back to the account" in plain(
        piece.text
    )
    assert piece.text.count('id="live"') == piece.text.count('id="notices"') == 1
    assert "<html" not in piece.text
    assert "hx-get" not in piece.text
    stand.state.accounts[ADA].deals.clear()
    piece = await ada.get(home, headers={"hx-request": "true"})
    assert "This position is closed. Back to the account" in plain(piece.text)


async def test_what_failed_on_our_side_says_to_look_first(
    stand: Any, ada: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(login: str, press: Any) -> Any:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(stand, "by_hand", fails)
    answer = await ada.form("/orders", **MARKET_BUY)
    page = plain(answer.text)
    assert answer.status_code == 500
    assert "Something failed" in page
    assert "Look at your positions before you order again." in page
    assert " log" not in page


async def test_a_problem_is_a_sentence(ada: Any) -> None:
    refused = await ada.send_form("/orders", form_token="x")
    assert (refused.status_code, "That is not possible" in refused.text) == (403, True)
    assert (
        '<p class="soft">The form is from an earlier session, and nothing was done: fill in the one that the ticket has now.</p>'
        in (refused.text)
    )


# --- what holds for the account ---


async def test_once_the_prices_ended_the_page_says_so_and_nothing_is_filled() -> None:
    stand = ticket_stand.Stand(temper="idle", lasts_us=120 * SECOND_US)
    stand.play(20)
    async with ticket_stand.served(stand) as url, ticket_stand.Trader(base_url=url) as ada:
        await ada.sign_in(ADA, stand.password(ADA))
        form = {"form_token": await ada.new_form(), **MARKET_BUY}
        filled = (await ada.send_form("/orders", **form)).headers["location"]
        page = (await ada.get("/ticket")).text
        assert ("prices ended" in page, "May trade" in page) == (False, True)
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
            assert "Nothing was done: there are no prices any more." in answer.text
            assert answer.text.count("The prices ended at") == answer.text.count("orders are not filled any more") == 1
            assert "May trade" not in answer.text
        assert len(held(stand)) == 1
        assert (await ada.send_form("/orders", **form)).headers["location"] == f"{filled}&again=1"


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        (
            TradeMode.BLOCKED,
            "The firm has stopped trading on this account. Why is on your account’s page in the firm’s portal.",
        ),
        (
            TradeMode.CLOSE_ONLY,
            "The firm lets this account only close what it holds. Why is on your account’s page in the firm’s portal.",
        ),
    ],
)
async def test_an_account_that_may_not_trade_says_who_set_it_and_where_the_reason_is(
    stand: Any, mode: TradeMode, words: str
) -> None:
    stand.portal = "http://127.0.0.1:8080"
    async with ticket_stand.served(stand) as url, ticket_stand.Trader(base_url=url) as ada:
        await ada.sign_in(ADA, stand.password(ADA))
        assert "The firm " not in (await ada.get("/ticket")).text
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
    assert "Why is on" not in page


async def test_figures_say_their_unit(stand: Any, ada: Any) -> None:
    await ada.form("/orders", **MARKET_BUY)
    page = plain((await ada.get("/ticket")).text)
    for words in ("Equity in USD", "Balance in USD", "Free margin in USD", "Spread, points", "Profit, USD", " UTC"):
        assert words in page
    assert re.search(r"open profit and swap [−+]?\d+\.\d\d USD", page)
    assert re.search(r"\d+\.\d\d USD in use", page)


# --- a session that ends ---


async def test_a_page_that_is_open_as_its_session_ends_says_so_and_keeps_what_is_typed(stand: Any, ada: Any) -> None:
    stand.sessions._open.clear()
    piece = await ada.get("/ticket", headers={"hx-request": "true"})
    assert piece.status_code == 401
    assert "Your session has ended" in piece.text
    assert 'id="live"' in piece.text
    assert "hx-redirect" not in piece.headers
