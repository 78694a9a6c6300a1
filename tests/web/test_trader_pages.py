"""What a trader sees of an account: figures, limits, the reset, trades, and all of it moving while it is watched."""

import re
from dataclasses import replace

import anyio
import apsw
import pytest

from firm.commands import ReviewOutcome, ReviewVerdict
from firm.ids import id_text
from firm.inputs import DealEntry, Side
from firm.instant import parse_utc
from storage.files import create_firm_directory
from storage.front import FrontFile
from storage.sessions import SessionStore
from tests.web.page_text import text_of
from web.app import create_app, end_streams
from web.sse import ENDED, SIGNED_OUT, TooManyStreams
from web.visitor import Visitor


async def account_page(client, stage, name: str) -> str:
    answer = await client.get(f"/accounts/{id_text(stage.accounts[name])}?range=all")
    assert answer.status_code == 200
    return answer.text


async def test_adas_accounts_stand_on_cards_and_bens_are_not_among_them(ada, stage):
    page = text_of((await ada.get("/accounts")).text)
    assert "2 accounts are running." in page
    assert "Breached" in page
    assert "Passed" in page
    assert id_text(stage.accounts["ben"]) not in page


async def test_what_its_platform_has_not_opened_is_counted_and_headed_apart(come_in, stage, play, monkeypatch):
    cleo = come_in(f"trader:{play.CLEO}")
    running = re.search(r"\d+ accounts? (?:is|are) running\.", text_of((await cleo.get("/accounts")).text))
    monkeypatch.setattr(stage, "waiting", [])  # the platform opens nothing yet
    account = id_text(stage.sell("cleo waits", play.CLEO, 992))
    stage.settle()
    html = (await cleo.get("/accounts")).text
    assert running is not None
    assert f"{running[0]} 1 account is being set up." in text_of(html)
    before, _, after = html.partition(">Being set up</h2>")
    assert account not in before
    assert account in after
    assert 'aria-label="Accounts that are being set up"' in after
    stage.go_on()
    html = (await cleo.get("/accounts")).text
    assert "being set up" not in html
    assert account in html


async def test_an_account_page_says_what_is_left_until_when_and_by_which_data(ada, stage):
    html = await account_page(ada, stage, "ada")
    page, live = text_of(html), stage.board_account(stage.accounts["ada"])
    assert f"{live.equity.minor / 100:,.2f} USD" in page
    assert f"Today’s floor {(live.equity.minor - live.headroom.minor) / 100:,.2f}" in page
    assert "Data as of 12:3" in page
    assert "Next reset in 9 h" in page
    assert "UTC Fri 2 May, 22:00" in page
    assert "Europe/Prague Sat 3 May, 00:00" in page
    assert "Today equity must stay above 95,303.50 USD" in page
    assert "How it is calculated" in page
    assert "EURUSD P7010 Buy 4.00" in page
    assert "2 days traded" in page


async def test_figures_that_rest_on_old_prices_say_so(ada, stage):
    stage.wait(20 * 60)
    stage.prices_now(None, 1_275_000)  # gold goes on, the euro is silent
    stage.settle()
    assert "Stale: data as of" in text_of(await account_page(ada, stage, "ada"))
    stage.prices_now(138_400, 1_275_000)
    stage.settle()
    assert "Stale" not in text_of(await account_page(ada, stage, "ada"))


async def test_no_page_carries_a_style_attribute_or_an_inline_script(ada, ruth, stage, decisions):
    account = id_text(stage.accounts["ada"])
    pages = [
        await ada.get(path)
        for path in ("/accounts", f"/accounts/{account}", f"/decisions/{decisions['BreachDeclared']}")
    ]
    staff = (
        "/staff",
        "/staff/accounts",
        f"/staff/accounts/{account}",
        "/staff/controls",
        "/staff/health",
        "/staff/commands",
    )
    pages += [await ruth.get(path) for path in staff]
    for answer in pages:
        assert answer.status_code == 200
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=|<script(?! src=)|javascript:", answer.text), answer.url


async def test_the_chart_is_drawn_without_scripts_and_offered_to_them(ada, stage):
    html = await account_page(ada, stage, "ada")
    assert 'class="curve-equity"' in html
    figures = (await ada.get(f"/accounts/{id_text(stage.accounts['ada'])}/chart?range=all")).json()
    assert figures["at_s"] == sorted(set(figures["at_s"]))
    assert len(figures["at_s"]) == len(figures["equity"]) == len(figures["balance"]) > 20
    assert {line["kind"] for line in figures["lines"]} == {"start", "daily", "floor", "target"}
    assert all(isinstance(minor, int) for minor in figures["equity"])


async def test_the_dip_that_broke_the_limit_is_in_the_chart(ada, stage):
    figures = (await ada.get(f"/accounts/{id_text(stage.accounts['ada lost'])}/chart?range=all")).json()
    assert min(figures["equity"]) == 91_283_50


# --- live ---


async def events_of(lines):
    """The (name, data) of each event of a stream of lines."""
    name, data = "", []
    async for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            data.append(line.removeprefix("data: "))
        elif not line and name:
            yield name, "\n".join(data)
            name, data = "", []


async def one_piece() -> dict[str, str]:
    return {"live": "<p>1</p>"}


async def test_while_ada_watches_her_equity_moves(ada, stage):
    path = f"/accounts/{id_text(stage.accounts['ada'])}/live"
    async with ada.stream("GET", path) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        with anyio.fail_after(5):
            events = events_of(answer.aiter_lines())
            before = await until(events, 'id="equity"')
            stage.wait(1)
            stage.prices_now(138_550, 1_275_500)
            stage.settle()
            after = await until(events, 'id="equity"')
    equity = re.compile(r'id="equity">([\d,.]+)')
    assert equity.findall(before) != equity.findall(after)
    assert equity.findall(after) == [f"{stage.board_account(stage.accounts['ada']).equity.minor / 100:,.2f}"]


async def test_the_stream_sends_the_very_pieces_of_the_page(ada, stage):
    account = id_text(stage.accounts["ada"])
    page = (await ada.get(f"/accounts/{account}")).text
    async with ada.stream("GET", f"/accounts/{account}/live") as answer:
        with anyio.fail_after(5):
            events = events_of(answer.aiter_lines())
            sent = dict([await anext(events), await anext(events)])
    for kind in ("live", "book"):
        keys = re.compile(rf'data-{kind}="([^"]+)"')
        assert sorted(keys.findall(sent[kind])) == sorted(keys.findall(page)) != []


async def test_a_page_says_that_the_prices_have_ended_and_its_stream_does_too(ada, omar, stage):
    account = id_text(stage.accounts["ada"])
    said = "The prices ended at 2 May 2014, 21:00:00 UTC. From here on nothing moves."
    pages = [(omar, "/staff"), (omar, f"/staff/accounts/{account}"), (ada, f"/accounts/{account}")]
    assert [said in text_of((await who.get(path)).text) for who, path in pages] == [False, False, False]
    stage.prices_ended_us = parse_utc("2014-05-02T21:00:00")
    try:
        assert [said in text_of((await who.get(path)).text) for who, path in pages] == [True, True, True]
        for path in ("/accounts", f"/accounts/{account}"):
            assert "Stale: data as of" in (await ada.get(path)).text
        async with ada.stream("GET", f"/accounts/{account}/live") as answer:
            with anyio.fail_after(5):
                events = events_of(answer.aiter_lines())
                sent = dict([await anext(events), await anext(events)])
        assert said in text_of(sent["live"])
    finally:
        stage.prices_ended_us = 0


async def test_streams_end_when_the_application_stops_and_leave_nothing_behind(stage):
    app = create_app(stage.firm)
    streams = app.state.streams
    visitor = Visitor(kind="trader", id=1, role="", name="Ada", session_id="s")
    events = streams.watch(visitor, "account/1", one_piece)
    with anyio.fail_after(5):
        received = [await anext(events), await anext(events)]
        assert streams.open == 1
        end_streams(app)
        received += [event async for event in events]
    assert received[-1] == ENDED
    assert streams.open == 0


async def test_a_stream_says_that_its_session_has_ended(stage, monkeypatch):
    monkeypatch.setattr("web.sse.STREAM_RECHECK_SECONDS", 0)
    visitor = Visitor(kind="trader", id=1, role="", name="Ada", session_id="ended long ago")
    events = create_app(stage.firm).state.streams.watch(visitor, "account/1", one_piece)
    with anyio.fail_after(5):
        assert [event async for event in events][-1] == SIGNED_OUT


async def test_a_stream_of_whom_nobody_can_say_whether_he_is_signed_in_ends_and_may_come_again(
    stage, monkeypatch, tmp_path
):
    monkeypatch.setattr("web.sse.STREAM_RECHECK_SECONDS", 0)
    files = create_firm_directory(tmp_path / "firm")
    front = FrontFile.open(files.path)
    visitor = Visitor(kind="trader", id=1, role="", name="Ada", session_id="s")
    shell = apsw.Connection(str(files.front_db))  # what it takes over into the file makes the firm read it anew
    shell.execute("DELETE FROM throttles; PRAGMA wal_checkpoint(TRUNCATE)")
    shell.close()
    files.front_db.write_bytes(b"no database at all" * 1_000)
    log = files.front_db.with_name("front.db-wal")
    log.unlink()
    log.mkdir()  # which no file of this name can be put over
    streams = create_app(replace(stage.firm, sessions=SessionStore(front))).state.streams
    with anyio.fail_after(5):
        assert [event async for event in streams.watch(visitor, "account/1", one_piece)][-1] == ENDED
    assert front.refusals == 1
    front.close()


async def test_one_person_cannot_hold_every_stream(stage):
    streams = create_app(stage.firm).state.streams
    visitor = Visitor(kind="trader", id=1, role="", name="Ada", session_id="s")
    held = [streams.watch(visitor, f"account/{place}", one_piece) for place in range(12)]
    for events in held:
        await anext(events)
    with pytest.raises(TooManyStreams):
        streams.watch(visitor, "account/13", one_piece)
    for events in held:
        await events.aclose()
    assert streams.open == 0


async def test_together_they_hold_no_more_streams_than_the_door_can(stage):
    streams = create_app(replace(stage.firm, streams_max=3)).state.streams
    people = [Visitor(kind="trader", id=number, role="", name="Ada", session_id="s") for number in range(4)]
    held = [streams.watch(visitor, "account/1", one_piece) for visitor in people[:3]]
    for events in held:
        await anext(events)
    with pytest.raises(TooManyStreams):
        streams.watch(people[3], "account/1", one_piece)
    for events in held:
        await events.aclose()


# --- an account whose standing changes while it is watched ---


async def test_a_watched_page_says_at_once_that_a_breach_is_suspected_and_then_final(ben, stage, play):
    account = stage.sell("ben watched", play.BEN, 900)
    stage.deal(account, "P9900", Side.BUY, "0.01", "XAUUSD")
    stage.settle()
    page = (await ben.get(f"/accounts/{id_text(account)}")).text
    assert re.search(r'aria-live="polite"><span data-live="standing">', page)
    async with ben.stream("GET", f"/accounts/{id_text(account)}/live") as answer:
        with anyio.fail_after(8):
            events = events_of(answer.aiter_lines())
            assert "Active" in await until(events, 'data-live="standing"')
            stage.wait(1200)  # the euro is silent for too long
            stage.prices_now(None, 1_275_400)
            stage.deal(account, "P9901", Side.BUY, "900.00", "EURUSD")  # the spread alone breaks the daily limit
            stage.wait(1)
            stage.prices_now(None, 1_275_400)
            stage.settle()
            suspected = await until(events, "Under review")
            decision = int(re.findall(r'href="/decisions/(\d+)"', suspected)[0])
            assert "You may close positions but not open new ones" in text_of(suspected)
            review = ReviewVerdict(
                by=f"staff:{play.RUTH}", account=account, decision=decision, outcome=ReviewOutcome.CONFIRM, why="Real."
            )
            await stage.ask(review)
            final = await until(events, "Breached")
    assert int(re.findall(r'href="/decisions/(\d+)"', final)[0]) > decision
    first = text_of((await ben.get(f"/decisions/{decision}")).text)
    assert "Confirmed by a person at" in first
    assert "“Real.”" in first
    last = text_of((await ben.get(re.findall(r'href="(/decisions/\d+)"', final)[0])).text)
    assert f"suspected breach {decision} of" in last
    assert 'data-live="gauges"' not in final  # the page in the browser sees that and loads itself again
    stage.prices_now(138_520, 1_275_400)
    stage.settle()


async def test_a_watched_page_goes_on_after_a_breach_until_the_platform_confirmed_the_closing(ben, stage, play):
    account = stage.sell("ben closing", play.BEN, 901)
    stage.deal(account, "P9910", Side.BUY, "30.00", "EURUSD")
    stage.reconcile(account)
    stage.waiting = []
    bid = stage.prices["EURUSD"][0]
    stage.prices_now(bid - 250, 1_275_400)
    stage.settle()
    path = f"/accounts/{id_text(account)}"
    page = (await ben.get(path)).text
    assert f'data-stream="{path}/live"' in page
    for said in ("Breached.", "Closing is under way", "P9910", "closing is under way"):
        assert said in text_of(page), said
    async with ben.stream("GET", f"{path}/live") as answer:
        with anyio.fail_after(8):
            events = events_of(answer.aiter_lines())
            assert "Nothing is open" not in await until(events, "Closing is under way")
            await until(events, 'data-book="trades"')
            stage.go_on()
            stage.prices_now(bid, 1_275_400)
            stage.settle()
            parts = dict([await anext(events), await anext(events)])
            assert [name async for name, _ in events] == ["over"]
    assert "every position is closed and trading is blocked" in text_of(parts["live"])
    assert "P9910" in parts["book"].partition('data-book="trades"')[2].partition("</section>")[0]
    assert "data-stream" not in (await ben.get(path)).text


async def test_a_trade_that_closes_while_it_is_watched_appears_among_the_closed_ones(ada, stage, play):
    account = stage.sell("ada watched", play.ADA, 902)
    stage.deal(account, "P9920", Side.BUY, "1.00", "EURUSD")
    stage.settle()
    page = text_of((await ada.get(f"/accounts/{id_text(account)}")).text)
    assert "No trade has been closed yet." in page
    assert "99,996.50 closed trades and costs" in page
    assert re.search(r"EURUSD P9920 Buy 1.00 [\d. ]+ −3.50 ", page)  # what opening it cost
    async with ada.stream("GET", f"/accounts/{id_text(account)}/live") as answer:
        with anyio.fail_after(8):
            events = events_of(answer.aiter_lines())
            await until(events, 'data-book="trades"')
            stage.deal(account, "P9920", Side.SELL, "1.00", "EURUSD", DealEntry.OUT, 4_200)
            stage.settle()
            book = text_of(await until(events, "P9920"))
    assert "No trade has been closed yet." not in book
    assert "+35.00" in book


async def until(events, said: str) -> str:
    """The first event that says it."""
    async for _, html in events:
        if said in html:
            return html
    raise AssertionError(f"the stream ended and never said {said}")


async def test_a_stretch_of_the_chart_that_there_is_not_is_said_and_none_is_drawn_for_it_by_itself(ada, ruth, stage):
    account = id_text(stage.accounts["ada"])
    for client, room in ((ada, ""), (ruth, "/staff")):
        answer = await client.get(f"{room}/accounts/{account}?range=decade")
        assert answer.status_code == 422
        assert "There is no such stretch of the chart. Choose one of these: 24 hours, 7 days, all." in text_of(
            answer.text
        )
        assert f'href="{room}/accounts/{account}?range=1w#chart"' in answer.text
        assert (await client.get(f"{room}/accounts/{account}/chart?range=decade")).status_code == 422
        assert (await client.get(f"{room}/accounts/{account}?range=1w")).status_code == 200
