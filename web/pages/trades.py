"""An account's trades, open and closed: filtered and sorted by the URL, what they come to, and all of them as a file."""

from collections.abc import AsyncGenerator
from functools import partial
from typing import Any
from urllib.parse import urlencode

import apsw
from litestar import Request, get
from litestar.exceptions import NotFoundException, TooManyRequestsException
from litestar.params import FromPath
from litestar.response import Response, Stream

from firm.commands import StaffAct
from firm.ids import id_text
from firm.permissions import Permission
from storage.readmodels.accounts import account_line, ruleset_of
from storage.readmodels.trade_lists import (
    TradeFilter,
    positions_sorted,
    symbols_traded,
    totals_of,
    trades_of,
    trades_page,
)
from storage.readmodels.trades import Trade
from web import words
from web.bounds import CSV_TRADES_AT_ONCE, CSV_TRADES_MAX, TRADES_PER_PAGE
from web.csv_lines import as_text, csv_lines
from web.downloads import TooManyDownloads
from web.firm import Firm
from web.forms import Wrong
from web.reading_asked import TradesAsked, read_trades_asked, trade_sorts
from web.render import page
from web.shell.speech import ENGLISH, spoken
from web.visitor import Policy, firm_of, may, read_id

COLUMNS = (
    "position", "symbol", "side", "state", "lots", "opened_utc", "price_open", "closed_utc", "price_close", "commission", "swap",
    "fee", "net", "currency",
)  # fmt: skip


@get("/accounts/{account:str}/trades", policy=Policy.TRADER_OWN)
async def account_trades(request: Request[Any, Any, Any], account: FromPath[str]) -> Response[str]:
    return await _trades(request, read_id(account), "")


@get("/accounts/{account:str}/trades.csv", policy=Policy.TRADER_OWN, theirs=True)
async def account_trades_csv(request: Request[Any, Any, Any], account: FromPath[str]) -> Response[Any] | Stream:
    return await _file(request, read_id(account), "")


@get("/staff/accounts/{account:str}/trades", policy=may(Permission.SEE_ACCOUNTS))
async def staff_trades(request: Request[Any, Any, Any], account: FromPath[str]) -> Response[str]:
    return await _trades(request, read_id(account), "/staff")


@get("/staff/accounts/{account:str}/trades.csv", policy=may(Permission.EXPORT_TRADES), records=StaffAct.TRADES_TAKEN)
async def staff_trades_csv(request: Request[Any, Any, Any], account: FromPath[str]) -> Response[Any] | Stream:
    return await _file(request, read_id(account), "/staff")


async def _trades(request: Request[Any, Any, Any], account: int, room: str) -> Response[str]:
    """The page, or what is wrong with what was asked: then it shows no trades at all."""

    speak = ENGLISH if room else spoken(request)

    def question(book: apsw.Connection) -> dict[str, Any]:
        line, ruleset, symbols = account_line(book, account), ruleset_of(book, account), symbols_traded(book, account)
        if line is None or ruleset is None:
            raise NotFoundException
        asked = read_trades_asked(request.query_params, symbols, speak)
        told = {"line": line, "calendar": ruleset.calendar, "symbols": symbols, "asked": asked}
        if isinstance(asked, Wrong):
            return told | {"found": [], "totals": []}
        found = trades_page(book, account, asked.filter, asked.sort, asked.after, TRADES_PER_PAGE + 1)
        return told | {"found": found, "totals": totals_of(book, account, asked.filter)}

    answer = await firm_of(request).book.read(question)
    asked, found = answer.pop("asked"), answer.pop("found")
    wrong, read = (asked, None) if isinstance(asked, Wrong) else (None, asked)
    context: dict[str, Any] = {
        "wrong": wrong,
        "typed": wrong.typed if wrong else asked.query(),
        "after": bool(read and read.after),
        "asks": urlencode(read.query()) if read else "",
        "trades": [trade for _, trade in found[:TRADES_PER_PAGE]],
        "more": _more(read, found) if read else None,
        "symbol_choices": [(symbol, symbol) for symbol in answer.pop("symbols")],
        "sorts": trade_sorts(speak),
        "file_max": CSV_TRADES_MAX,
        "room": room,
        "home": f"{room}/accounts/{id_text(account)}",
    }
    status = 422 if wrong else 200
    return page(request, "trades.html", block="list", status=status, speech=speak, **context, **answer)


def _more(asked: TradesAsked, found: list[tuple[int, Trade]]) -> str | None:
    """The query of the next page, if there is one."""
    if len(found) <= TRADES_PER_PAGE:
        return None
    value, trade = found[TRADES_PER_PAGE - 1]
    return urlencode(asked.query(after=f"{value}~{trade.opened_seq}"))


# --- the file ---


async def _file(request: Request[Any, Any, Any], account: int, room: str) -> Response[Any] | Stream:
    """The filtered trades as CSV (RFC 4180). Where the filter cannot be read, the page that says why."""
    firm: Firm = firm_of(request)
    symbols = await firm.book.read(lambda book: symbols_traded(book, account))
    asked = read_trades_asked(request.query_params, symbols, ENGLISH)
    if isinstance(asked, Wrong):
        return await _trades(request, account, room)
    named = f'attachment; filename="trades-{words.iso(firm.now_us())[:10]}.csv"'
    try:
        pieces = await request.app.state.downloads.begin(account, _pieces(firm, account, asked.filter, asked.sort))
    except TooManyDownloads as full:
        why = "files of these trades are on their way already: wait until they have come"
        raise TooManyRequestsException(why) from full
    return Stream(
        pieces,
        media_type="text/csv; charset=utf-8; header=present",
        headers={"content-disposition": named, "cache-control": "no-store"},
    )


async def _pieces(firm: Firm, account: int, wanted: TradeFilter, sort: str) -> AsyncGenerator[str, None]:
    """The file in pieces, each read from the book by itself, so that a long one neither holds it nor lies in memory.

    Which trades it holds, and in which order, is settled once: to sort them for each piece would cost as much every time.
    """
    yield csv_lines([COLUMNS])
    positions = await firm.book.read(lambda book: positions_sorted(book, account, wanted, sort, CSV_TRADES_MAX))
    for start in range(0, len(positions), CSV_TRADES_AT_ONCE):
        piece = positions[start : start + CSV_TRADES_AT_ONCE]
        trades = await firm.book.read(partial(trades_of, account=account, positions=piece))
        yield csv_lines([csv_row(trade) for trade in trades])


def csv_row(trade: Trade) -> tuple[str, ...]:
    """One line: instants in UTC, amounts as plain decimals, for programs and not for reading aloud."""
    return (
        as_text(trade.position),
        as_text(trade.symbol),
        trade.side.value,
        "open" if trade.closed_us is None else "closed",
        words.lots(trade.lots_e8),
        words.iso(trade.opened_us),
        _price(trade.price_in, trade.digits),
        "" if trade.closed_us is None else words.iso(trade.closed_us),
        _price(trade.price_out, trade.digits),
        words.plain(trade.commission),
        words.plain(trade.swap),
        words.plain(trade.fee),
        words.plain(trade.net),
        trade.net.currency,
    )


def _price(points: int | None, digits: int) -> str:
    return "" if points is None else words.plain_price(points, digits)


ROUTES = (account_trades, account_trades_csv, staff_trades, staff_trades_csv)
