"""An account's page for its trader: what it is worth, how much is left, and why; live while it is watched."""

import csv
import io
from collections.abc import AsyncGenerator
from typing import Any

import msgspec
from litestar import Request, get
from litestar.exceptions import TooManyRequestsException
from litestar.params import FromPath
from litestar.response import Response, Stream

from firm.ids import id_text
from storage.readmodels.accounts import AccountLine, account_line
from storage.readmodels.trades import Trade, closed_trades
from web import words
from web.account_view import account_view, more_trades
from web.bounds import CSV_TRADES_MAX, TRADES_PER_PAGE
from web.equity_picture import RANGES, chart_json, picture_of
from web.forms import read_before
from web.render import page
from web.sse import Render, Streams, TooManyStreams
from web.visitor import Policy, read_id, signed_in
from web.watched_account import WatchedAccount

EVENT_STREAM = "text/event-stream"


@get("/accounts/{account:str}", policy=Policy.TRADER_OWN)
async def account(request: Request[Any, Any, Any], account: FromPath[str]) -> Response[str]:
    firm = request.app.state.firm
    view = await account_view(firm, read_id(account))
    picture = await picture_of(firm, view, request.query_params.get("range", ""))
    ticket = "" if view.ended else firm.tickets.get(view.line.bridge, "")
    context: dict[str, Any] = {"picture": picture, "ranges": RANGES, "more": more_trades(view), "room": ""}
    return page(request, "account.html", view=view, ticket=ticket, **context)


@get("/accounts/{account:str}/live", policy=Policy.TRADER_OWN)
async def account_live(request: Request[Any, Any, Any], account: FromPath[str]) -> Stream:
    return await stream_of_account(request, read_id(account), "")


@get("/accounts/{account:str}/chart", policy=Policy.TRADER_OWN)
async def account_chart(request: Request[Any, Any, Any], account: FromPath[str]) -> Response[bytes]:
    return await chart_of_account(request, read_id(account))


@get("/accounts/{account:str}/trades", policy=Policy.TRADER_OWN)
async def account_trades(request: Request[Any, Any, Any], account: FromPath[str]) -> Response[str]:
    return await trades_of_account(request, read_id(account), "")


@get("/accounts/{account:str}/trades.csv", policy=Policy.TRADER_OWN)
async def account_trades_csv(request: Request[Any, Any, Any], account: FromPath[str]) -> Response[str]:
    number = read_id(account)
    trades = await request.app.state.firm.book.read(lambda book: closed_trades(book, number, None, CSV_TRADES_MAX))
    named = f'attachment; filename="trades-{id_text(number)}.csv"'
    return Response(csv_of(trades), media_type="text/csv; charset=utf-8", headers={"content-disposition": named})


# --- shared with the staff's page of the same account ---


async def stream_of_account(request: Request[Any, Any, Any], account: int, room: str) -> Stream:
    """The parts of an account's page that change, rendered from the templates that the page itself includes."""
    state = request.app.state
    watched = WatchedAccount(state.firm, state.pages, await account_view(state.firm, account), room)
    return event_stream(state.streams, request, f"account/{account}{room}", watched.parts)


def event_stream(streams: Streams, request: Request[Any, Any, Any], key: str, render: Render) -> Stream:
    """A stream of events that nothing on the way may keep or gather."""
    try:
        events: AsyncGenerator[bytes, None] = streams.watch(signed_in(request), key, render)
    except TooManyStreams as full:
        raise TooManyRequestsException("too many live pages are open: close some and reload this one") from full
    return Stream(events, media_type=EVENT_STREAM, headers={"x-accel-buffering": "no"})


async def chart_of_account(request: Request[Any, Any, Any], account: int) -> Response[bytes]:
    firm = request.app.state.firm
    view = await account_view(firm, account)
    picture = await picture_of(firm, view, request.query_params.get("range", ""))
    return Response(msgspec.json.encode(chart_json(view, picture)), media_type="application/json")


async def trades_of_account(request: Request[Any, Any, Any], account: int, room: str) -> Response[str]:
    """One page of closed trades, older than the row in the URL."""
    firm, before = request.app.state.firm, read_before(request.query_params)

    def question(book: Any) -> tuple[AccountLine | None, list[Trade]]:
        return account_line(book, account), closed_trades(book, account, before, TRADES_PER_PAGE + 1)

    line, trades = await firm.book.read(question)
    more = trades[TRADES_PER_PAGE - 1].closed_seq if len(trades) > TRADES_PER_PAGE else None
    shown = trades[:TRADES_PER_PAGE]
    context: dict[str, Any] = {"line": line, "more": more, "before": before}
    home = f"{room}/accounts/{id_text(account)}"
    return page(request, "trades.html", block="more", trades=shown, home=home, **context)


def csv_of(trades: list[Trade]) -> str:
    """One line a trade, times in UTC, numbers with a point: for spreadsheets, not for reading aloud."""
    lines = io.StringIO()
    sheet = csv.writer(lines)
    sheet.writerow(
        [
            "position",
            "symbol",
            "side",
            "lots",
            "opened_utc",
            "price_open",
            "closed_utc",
            "price_close",
            "costs",
            "net",
            "currency",
        ]
    )
    for trade in trades:
        sheet.writerow(
            [
                trade.position,
                trade.symbol,
                trade.side.value,
                words.lots(trade.lots_e8),
                words.iso(trade.opened_us),
                "" if trade.price_in is None else words.price(trade.price_in, trade.digits),
                words.iso(trade.closed_us),
                "" if trade.price_out is None else words.price(trade.price_out, trade.digits),
                words.plain(trade.costs),
                words.plain(trade.net),
                trade.net.currency,
            ]
        )
    return lines.getvalue()


ROUTES = (account, account_live, account_chart, account_trades, account_trades_csv)
