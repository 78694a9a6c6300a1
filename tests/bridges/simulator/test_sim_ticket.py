"""The ticket: a person trades their own account by hand, through the books that bots use, and nobody else trades it."""

import asyncio
import contextlib
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest
import uvicorn
from uvicorn.server import ServerState

from bridges.events import Deal, Order, Position
from bridges.simulator.holidays import opening_catalogue
from bridges.simulator.replay import Market, Replay
from bridges.simulator.state import TradeMode, encode_state
from bridges.simulator.symbols import LISTED
from bridges.simulator.ticket import connection
from bridges.simulator.ticket.__main__ import main as tell_password
from bridges.simulator.ticket.asked import MARKET, Wrong, read_closing, read_order, read_protection
from bridges.simulator.ticket.hands import FORMS_REMEMBERED, Once, closed
from bridges.simulator.ticket.keys import KEY_NAME, TicketKeyUnusable, ticket_keys
from bridges.simulator.ticket.loopback import TicketPortTaken, listen
from bridges.simulator.ticket.outcome import Followed
from bridges.simulator.ticket.server import CONNECTIONS_MAX
from bridges.simulator.ticket.sessions import SESSION_S, SESSIONS_MAX, Sessions
from firm.inputs import Side
from tests.bridges.simulator import ticket_stand

ADA, BEN, LOT = ticket_stand.ADA, ticket_stand.BEN, 10**8


@pytest.fixture
def stand() -> Any:
    standing = ticket_stand.Stand(temper="idle")
    standing.play(200)
    return standing


@pytest.fixture
async def url(stand: Any) -> AsyncIterator[str]:
    async with ticket_stand.served(stand) as address:
        yield address


@pytest.fixture
async def ada(stand: Any, url: str) -> AsyncIterator[Any]:
    async with ticket_stand.Trader(base_url=url) as trader:
        assert (await trader.sign_in(ADA, stand.password(ADA))).status_code == 303
        yield trader


def positions(stand: Any, login: str = ADA) -> list[Any]:
    return list(stand.state.accounts[login].positions.values())


def text(minor_points: int) -> str:
    return f"{minor_points // 100_000}.{minor_points % 100_000:05}"


# --- trading ---


async def test_a_market_order_is_filled_at_the_books_and_told_like_any_other(stand: Any, ada: Any) -> None:
    ask = stand.state.quotes["EURUSD"].ask
    answer = await ada.form(
        "/orders",
        symbol="EURUSD",
        type=MARKET,
        side="buy",
        lots="1.50",
        stop_loss=text(ask - 500),
        take_profit=text(ask + 900),
    )
    assert answer.status_code == 303
    [held] = positions(stand)
    assert (held.side, held.lots_e8, held.stop_loss, held.take_profit) == (
        Side.BUY,
        150 * LOT // 100,
        ask - 500,
        ask + 900,
    )
    told = [event for event in stand.told if isinstance(event, Deal | Position)]
    assert [(event.acc, event.vol) for event in told] == [(ADA, held.lots_e8)] * 2
    page = (await ada.get(answer.headers["location"])).text
    assert f"Bought 1.50 lots of EURUSD at {text(held.price_open)}; commission −5.25 USD." in page


@pytest.mark.parametrize(
    ("kind", "price", "limit"),
    [("limit", -300, 0), ("stop", 300, 0), ("stop_limit", 300, 250)],
)
async def test_orders_that_wait_are_placed_shown_and_cancelled(
    stand: Any, ada: Any, kind: str, price: int, limit: int
) -> None:
    ask = stand.state.quotes["EURUSD"].ask
    asked = {
        "symbol": "EURUSD",
        "type": kind,
        "side": "buy",
        "lots": "0.2",
        "price": text(ask + price),
        "lifetime": "day",
    }
    answer = await ada.form("/orders", **asked, limit_price=text(ask + limit) if limit else "")
    assert answer.status_code == 303
    [order] = stand.state.accounts[ADA].orders.values()
    assert (order.order_type, order.price, bool(order.expires_us)) == (kind, ask + price, True)
    assert kind.replace("_", "-") in (await ada.get("/ticket")).text
    assert (await ada.form(f"/orders/{order.order_id}/cancellation")).status_code == 303
    assert [event.state for event in stand.told if isinstance(event, Order)] == ["placed", "cancelled"]


async def test_a_position_is_protected_closed_in_part_and_then_whole(stand: Any, ada: Any) -> None:
    await ada.form("/orders", symbol="XAUUSD", type=MARKET, side="sell", lots="1")
    [held] = positions(stand)
    home = f"/positions/{held.position_id}"
    assert "Stop and target" in (await ada.get(home)).text
    assert (await ada.form(f"{home}/protection", trail_points="2000", take_profit="1200.5")).status_code == 303
    assert (held.trail_points, held.take_profit) == (2_000, 1_200_500)
    assert held.stop_loss == stand.state.quotes["XAUUSD"].ask + 2_000
    assert (await ada.form(f"{home}/closing", lots="0.40")).status_code == 303
    assert held.lots_e8 == 60 * LOT // 100
    assert (await ada.form(f"{home}/closing")).status_code == 303
    assert positions(stand) == []
    assert [event.vol for event in stand.told if isinstance(event, Deal)] == [LOT, 40 * LOT // 100, 60 * LOT // 100]
    gone = await ada.get(home)
    assert (gone.status_code, "That position is closed, or was never yours.</p>" in gone.text) == (404, True)
    assert "not there any more" in (await ada.form(f"{home}/closing")).text


async def test_the_bot_gets_up_at_the_first_order_and_stays_away() -> None:
    stand = ticket_stand.Stand(temper="overtrader")
    stand.play(2_000)
    before = len(stand.told)
    async with ticket_stand.served(stand) as url, ticket_stand.Trader(base_url=url) as ada:
        await ada.sign_in(ADA, stand.password(ADA))
        assert "the overtrader, trades this account" in (await ada.get("/ticket")).text
        await ada.form("/orders", symbol="EURUSD", type=MARKET, side="buy", lots="0.01")
        assert "trades this account" not in (await ada.get("/ticket")).text
    stand.play(3_000)
    mine = [
        event
        for event in stand.told[before:]
        if isinstance(event, Deal) and event.acc == ADA and event.reason == "client"
    ]
    assert len(mine) == 1


async def test_a_refused_press_leaves_the_bot_where_it_sits() -> None:
    stand = ticket_stand.Stand(temper="overtrader")
    stand.play(200)
    async with ticket_stand.served(stand) as url, ticket_stand.Trader(base_url=url) as ada:
        await ada.sign_in(ADA, stand.password(ADA))
        assert (await ada.form("/positions/999/closing")).status_code == 422
        assert (
            await ada.form("/orders", symbol="EURUSD", type=MARKET, side="buy", lots="200", stop_loss="9")
        ).status_code == 422
        assert stand.state.accounts[ADA].temper == "overtrader"
        assert "the overtrader, trades this account" in (await ada.get("/ticket")).text


async def test_a_platform_that_is_down_takes_nothing_from_anybody(stand: Any, ada: Any) -> None:
    await ada.form("/orders", symbol="EURUSD", type=MARKET, side="buy", lots="1")
    await ada.form("/orders", symbol="EURUSD", type="limit", side="buy", lots="1", price="1", lifetime="gtc")
    [held], [order] = positions(stand), stand.state.accounts[ADA].orders.values()
    told = len(stand.told)
    stand.state.clocks.down_since_us = stand.state.clocks.now_us
    for path, fields in (
        (f"/positions/{held.position_id}/protection", {"stop_loss": "1.1"}),
        (f"/positions/{held.position_id}/closing", {}),
        (f"/orders/{order.order_id}/cancellation", {}),
        ("/orders", {"symbol": "EURUSD", "type": MARKET, "side": "buy", "lots": "1"}),
    ):
        answer = await ada.form(path, **fields)
        assert (path, answer.status_code, "platform is down" in answer.text) == (path, 422, True)
    assert len(stand.told) == told
    assert held.stop_loss == 0
    assert list(stand.state.accounts[ADA].orders.values()) == [order]


async def test_what_was_done_by_hand_is_saved_with_it(stand: Any, ada: Any) -> None:
    await ada.form("/orders", symbol="EURUSD", type=MARKET, side="buy", lots="0.3")
    market = Market(stand.replay._market._prices, from_us=stand.state.from_us)
    again = Replay(market, 1, encode_state(stand.replay.state))
    assert again.state.accounts[ADA] == stand.state.accounts[ADA]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param({"lots": "200"}, "too little free margin", id="too much"),
        pytest.param(
            {"type": "limit", "price": "9"}, "A buy limit lies below the present price", id="a limit that is reached"
        ),
        pytest.param({"stop_loss": "9"}, "A stop loss lies on the losing side", id="a stop on the wrong side"),
        pytest.param({"lots": "200.01"}, "0.01 to 200 lots", id="more than there may be"),
        pytest.param({"lots": "0"}, "Say how many lots", id="nothing"),
        pytest.param({"lots": "0.001"}, "Say how many lots", id="less than a hundredth"),
        pytest.param({"lots": "-1"}, "Say how many lots", id="less than nothing"),
        pytest.param({"symbol": "NOPE"}, "Choose a symbol", id="no symbol of ours"),
        pytest.param({"side": "both"}, "Press Buy or Sell", id="no side"),
        pytest.param({"type": "iceberg"}, "what kind of order", id="no kind of ours"),
        pytest.param({"type": "stop"}, "Say a price of EURUSD", id="a stop without its price"),
        pytest.param({"take_profit": "1.3860001"}, "at most 5 decimals", id="too many digits"),
        pytest.param({"take_profit": "999999999"}, "No price goes as far", id="a target that the wire cannot tell"),
        pytest.param({"type": "stop", "price": "10000000.00001"}, "No price goes as far", id="a stop as far away"),
        pytest.param({"type": "limit", "price": "1", "lifetime": "ever"}, "how long the order waits", id="no lifetime"),
    ],
)
async def test_what_cannot_be_ordered_is_told_and_what_was_typed_stays(
    stand: Any, ada: Any, change: dict[str, str], said: str
) -> None:
    asked = {"symbol": "EURUSD", "type": MARKET, "side": "buy", "lots": "0.77", "lifetime": "gtc"} | change
    answer = await ada.form("/orders", **asked)
    assert answer.status_code == 422
    assert said in answer.text
    assert f'value="{asked["lots"]}"' in answer.text
    assert not positions(stand)
    assert not [event for event in stand.told if isinstance(event, Deal | Order)]


async def test_an_account_that_the_firm_closed_takes_no_order(stand: Any, ada: Any) -> None:
    for mode, said in ((TradeMode.BLOCKED, "Trading is not allowed"), (TradeMode.CLOSE_ONLY, "may only close")):
        stand.state.accounts[ADA].mode = mode
        answer = await ada.form("/orders", symbol="EURUSD", type=MARKET, side="buy", lots="0.1")
        assert (answer.status_code, said in answer.text) == (422, True)


async def test_a_platform_that_takes_nothing_right_now_says_so(
    stand: Any, ada: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def held(login: str, press: Any) -> Any:
        raise TimeoutError

    monkeypatch.setattr(stand, "by_hand", held)
    answer = await ada.form("/orders", symbol="EURUSD", type=MARKET, side="buy", lots="0.1")
    assert (answer.status_code, "did nothing: try again" in answer.text) == (503, True)


async def test_a_piece_of_the_page_is_what_moves_with_prices(stand: Any, ada: Any) -> None:
    piece = await ada.get("/ticket", headers={"hx-request": "true"})
    assert piece.text.strip().startswith("<div") or piece.text.strip().startswith('<div class="stack" id="live"')
    assert "New order" not in piece.text
    stand.state.accounts[ADA].balance_minor += 12_345
    assert (await ada.get("/ticket", headers={"hx-request": "true"})).text != piece.text


# --- a form is followed once ---


async def test_a_double_click_orders_once_and_both_are_answered(stand: Any, ada: Any) -> None:
    form = {"form_token": await ada.new_form(), "symbol": "EURUSD", "type": MARKET, "side": "buy", "lots": "0.5"}
    answers: list[str] = []

    async def click() -> None:
        answers.append((await ada.send_form("/orders", **form)).headers["location"])

    async with anyio.create_task_group() as clicks:
        for _ in range(3):
            clicks.start_soon(click)
    once = f"/ticket?said={form['form_token'].partition('.')[0]}"
    assert sorted(answers) == [once, f"{once}&again=1", f"{once}&again=1"]
    assert len(positions(stand)) == 1
    assert "was followed once" in (await ada.get(max(answers))).text
    await ada.send_form("/orders", **{**form, "form_token": await ada.new_form()})
    assert len(positions(stand)) == 2


async def test_a_part_is_closed_once_and_a_second_form_closes_another(stand: Any, ada: Any) -> None:
    await ada.form("/orders", symbol="EURUSD", type=MARKET, side="buy", lots="1")
    [held] = positions(stand)
    once = await ada.new_form()
    for _ in range(2):
        await ada.send_form(f"/positions/{held.position_id}/closing", form_token=once, lots="0.30")
    assert held.lots_e8 == 70 * LOT // 100
    await ada.form(f"/positions/{held.position_id}/closing", lots="0.30")
    assert held.lots_e8 == 40 * LOT // 100


async def test_each_form_of_a_page_has_a_number_of_its_own(stand: Any, ada: Any) -> None:
    for _ in range(2):
        await ada.form("/orders", symbol="EURUSD", type=MARKET, side="buy", lots="0.1")
    tokens = re.findall(r'name="form_token" value="([^"]+)"', (await ada.get("/ticket")).text)
    assert len(tokens) == len(set(tokens)) == 4  # sign out, an order, and each position's close


async def test_no_more_forms_are_remembered_than_a_person_sends_in_a_while(stand: Any) -> None:
    answered: dict[str, Followed] = {}
    for number in range(FORMS_REMEMBERED + 5):
        await stand.by_hand(ADA, Once(f"n{number}", answered, closed("none", None), stand))
    assert list(answered) == [f"n{number}" for number in range(5, FORMS_REMEMBERED + 5)]


# --- nobody else ---


async def test_without_the_password_nobody_gets_in(stand: Any, url: str) -> None:
    async with ticket_stand.Trader(base_url=url) as stranger:
        for login, password in (
            (ADA, "wrong"),
            (ADA, ""),
            (ADA, stand.password(BEN)),
            ("700009", stand.password(ADA)),
            ("", ""),
        ):
            answer = await stranger.sign_in(login, password)
            assert answer.status_code == 422
            assert "do not belong together" in answer.text
        for path in ("/ticket", "/positions/1"):
            assert (await stranger.get(path)).headers["location"] == "/sign-in"
        for path in (
            "/orders",
            "/positions/1/closing",
            "/positions/1/protection",
            "/orders/1/cancellation",
            "/session/end",
        ):
            answer = await stranger.send_form(path, form_token="x")
            assert answer.headers["location"].partition("?")[0] == "/sign-in"


async def test_ben_s_session_never_reaches_what_is_ada_s(stand: Any, url: str, ada: Any) -> None:
    await ada.form("/orders", symbol="EURUSD", type=MARKET, side="buy", lots="0.5")
    [held] = positions(stand)
    async with ticket_stand.Trader(base_url=url) as ben:
        await ben.sign_in(BEN, stand.password(BEN))
        assert (await ben.get(f"/positions/{held.position_id}")).status_code == 404
        assert (await ben.form(f"/positions/{held.position_id}/closing")).status_code == 422
        assert (await ben.form(f"/positions/{held.position_id}/protection", stop_loss="1")).status_code == 422
    assert positions(stand) == [held]
    assert held.stop_loss == 0


async def test_a_cookie_that_was_tampered_with_is_nobody_s(stand: Any, url: str) -> None:
    session = stand.sessions.begin(BEN)
    for forged in (session[:-1], session + "A", session.swapcase(), BEN, "", ".", "a.b.c", "ä.b"):
        async with ticket_stand.Trader(base_url=url) as stranger:
            name = f"evenhand_ticket_{stand.port}"
            answer = await stranger.get("/ticket", headers={"cookie": f"{name}={forged}".encode("latin-1")})
            assert answer.headers["location"] == "/sign-in"


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"origin": "http://127.0.0.1:8080"}, id="another port"),
        pytest.param({"origin": "https://evil.example"}, id="another site"),
        pytest.param({"origin": "null"}, id="a page without an origin"),
        pytest.param({"sec-fetch-site": "same-site"}, id="the same site, which the portal is"),
        pytest.param({"sec-fetch-site": "cross-site"}, id="a cross-site form"),
        pytest.param({}, id="it does not say"),
    ],
)
async def test_a_form_from_elsewhere_is_refused(stand: Any, ada: Any, headers: dict[str, str]) -> None:
    form = {"form_token": await ada.new_form(), "symbol": "EURUSD", "type": MARKET, "side": "buy", "lots": "0.1"}
    assert (await ada.post("/orders", data=form, headers=headers)).status_code == 403
    assert positions(stand) == []


async def test_a_form_without_this_session_s_token_is_refused(stand: Any, ada: Any) -> None:
    fields = {"symbol": "EURUSD", "type": MARKET, "side": "buy", "lots": "0.1"}
    mine = await ada.new_form()
    other_number = stand.keys.new_form("another session").partition(".")[0]
    forged = (stand.keys.new_form(stand.sessions.begin(ADA)), other_number + mine[mine.index(".") :], "ä.ä", ".")
    for token in ("", *forged):
        assert (await ada.send_form("/orders", form_token=token, **fields)).status_code == 403
    assert positions(stand) == []


async def test_another_name_for_this_address_is_not_answered(stand: Any, ada: Any) -> None:
    answer = await ada.get("/ticket", headers={"host": f"rebound.example:{stand.port}"})
    assert answer.status_code == 403


async def test_signing_out_ends_it_and_every_answer_is_hardened(ada: Any) -> None:
    page = await ada.get("/ticket")
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"
    cookie = {"cookie": "; ".join(f"{name}={value}" for name, value in ada.cookies.items())}
    assert (await ada.form("/session/end")).status_code == 303
    assert (await ada.get("/ticket")).headers["location"] == "/sign-in"
    async with ticket_stand.Trader(base_url=ada.base_url) as stranger:
        assert (await stranger.get("/ticket", headers=cookie)).headers["location"] == "/sign-in"


async def test_a_session_ends_after_twelve_hours_whatever_is_done_in_it(stand: Any, ada: Any) -> None:
    stand.now_s += SESSION_S - 1
    assert (await ada.get("/ticket")).status_code == 200
    stand.now_s += 1
    assert (await ada.get("/ticket")).headers["location"] == "/sign-in"
    assert stand.sessions._open == {}


def test_of_too_many_sessions_the_oldest_ends() -> None:
    sessions = Sessions()
    first, *_, last = [sessions.begin(ADA) for _ in range(SESSIONS_MAX + 1)]
    assert sessions.of(first) is None
    assert sessions.of(last) is not None


async def test_connections_that_say_nothing_are_cut_and_hold_nobody_up(
    stand: Any, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as the ticket takes at once: some say nothing at all, some begin a request and never end it."""
    monkeypatch.setattr(connection, "TURN_S", 0.2)
    words = (b"", b"GET / HTTP/1.1\r\nHost: x", b"\r\n", b"POST /session HTTP/1.1\r\nContent-Length: 9\r\n\r\n")
    with anyio.fail_after(20):
        async with contextlib.AsyncExitStack() as stack:
            held = []
            for place in range(CONNECTIONS_MAX):
                held.append(await stack.enter_async_context(await anyio.connect_tcp("127.0.0.1", stand.port)))
                await held[-1].send(words[place % len(words)] or b"")
            for each in held:
                with contextlib.suppress(anyio.EndOfStream, anyio.BrokenResourceError):
                    while True:
                        await each.receive()
        async with ticket_stand.Trader(base_url=url) as trader:
            assert (await trader.get("/sign-in")).status_code == 200


async def test_whoever_does_not_read_on_is_cut_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "TURN_S", 0.05)
    cut = anyio.Event()

    class Full(asyncio.Transport):
        """As asyncio has one whose other end reads nothing."""

        def abort(self) -> None:
            cut.set()

        def close(self) -> None:
            pass

    async def answering(scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    config = uvicorn.Config(answering, lifespan="off", log_config=None)
    config.load()
    reader = connection.Connection(config, ServerState(), {})
    reader.connection_made(Full())
    reader.data_received(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")  # whole: nothing more is waited for but their reading
    reader.pause_writing()
    with anyio.move_on_after(5):
        await cut.wait()
    reader.connection_lost(None)
    assert cut.is_set()


async def test_too_long_a_form_is_refused(ada: Any) -> None:
    assert (await ada.send_form("/orders", lots="1" * 20_000)).status_code == 413


def test_passwords_are_the_same_in_every_run_and_each_trader_s_own(tmp_path: Path) -> None:
    keys = ticket_keys(tmp_path / "sim")
    assert (tmp_path / "sim" / KEY_NAME).stat().st_mode & 0o777 == 0o600
    assert keys.password_of("ada") == ticket_keys(tmp_path / "sim").password_of("ada")
    assert keys.password_of("ada") != keys.password_of("ben")
    assert keys.password_of("ada") != ticket_keys(tmp_path / "other").password_of("ada")
    assert keys.is_password("ada", f" {keys.password_of('ada').upper()} ")
    (tmp_path / "sim" / KEY_NAME).write_text("short")
    with pytest.raises(TicketKeyUnusable, match="remove it"):
        ticket_keys(tmp_path / "sim")


@pytest.mark.parametrize("fails", ["posix.write", "link"])
def test_a_secret_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str) -> None:
    """Killed as it is drawn: the next start finds none, and nobody has to remove half of one."""
    with monkeypatch.context() as killed:

        def kill(*_: Any) -> None:
            raise KeyboardInterrupt

        killed.setattr(*((os, "fsync", kill) if fails == "posix.write" else (Path, "hardlink_to", kill)))
        with pytest.raises(KeyboardInterrupt):
            ticket_keys(tmp_path)
    assert not (tmp_path / KEY_NAME).exists()
    keys = ticket_keys(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [KEY_NAME]
    assert ticket_keys(tmp_path).password_of("ada") == keys.password_of("ada")


def test_two_that_start_at_once_have_the_same_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other draws one after we saw that there was none."""
    others: list[str] = []
    is_there = Path.exists

    def exists(path: Path, **options: Any) -> bool:
        found = is_there(path, **options)
        if path.name == KEY_NAME and not found and not others:
            others.append("")
            others[0] = ticket_keys(tmp_path).password_of("ada")
        return found

    monkeypatch.setattr(Path, "exists", exists)
    assert ticket_keys(tmp_path).password_of("ada") == others[0]


def test_a_password_is_told_to_whoever_may_read_the_secret(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keys = ticket_keys(tmp_path)
    assert tell_password([str(tmp_path), "ada"]) == 0
    assert capsys.readouterr().out == keys.password_of("ada") + "\n"
    assert tell_password([str(tmp_path / "nowhere"), "ada"]) == 2
    (tmp_path / KEY_NAME).write_text("short")
    assert tell_password([str(tmp_path), "ada"]) == 2
    assert "remove it" in capsys.readouterr().err


def test_a_port_that_is_taken_is_told_and_the_socket_is_on_the_loopback_alone() -> None:
    with listen(0) as taken:
        host, port = taken.getsockname()
        assert host == "127.0.0.1"
        with pytest.raises(TicketPortTaken, match=f"port {port} .*choose another with --ticket"):
            listen(port)


def test_forms_of_any_shape_are_read_or_refused() -> None:
    assert isinstance(read_order({}, opening_catalogue(0)), Wrong)
    assert read_closing({}) is None
    assert read_closing({"lots": "2"}) == 2 * LOT
    assert isinstance(read_closing({"lots": "٣"}), Wrong)
    assert isinstance(read_protection({"trail_points": "1000001"}, LISTED["EURUSD"]), Wrong)
