"""An account's page for staff: what its trader sees, the engine's trace of it, and the question that is open."""

from typing import Any

import anyio.to_thread
from litestar import Request, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Response, Stream

from storage.reader import LedgerReader
from storage.readmodels.accounts import account_line
from storage.readmodels.drifts import what_drifts
from storage.readmodels.trades import digits_of
from storage.rows import StoredRow
from web.account_view import account_view
from web.bounds import TRACE_PER_PAGE
from web.equity_picture import RANGES, picture_of
from web.forms import read_before
from web.pages.account import chart_of_account, stream_of_account
from web.render import page
from web.trace import TraceLine, trace_line
from web.visitor import Policy, read_id


@get("/staff/accounts/{account:str}", policy=Policy.STAFF)
async def staff_account(request: Request[Any, Any, Any], account: FromPath[str]) -> Response[str]:
    firm, number = request.app.state.firm, read_id(account)
    view = await account_view(firm, number)
    picture = await picture_of(firm, view, request.query_params.get("range", ""))
    trader = await anyio.to_thread.run_sync(firm.vault.person, "trader", view.line.trader)
    trace, older = await _trace(request, number, None)
    drifting = await firm.book.read(lambda book: what_drifts(book, number))
    context = {
        "drifting": drifting,
        "picture": picture,
        "ranges": RANGES,
        "trader": trader,
        "room": "/staff",
    }
    return page(request, "staff_account.html", view=view, trace=trace, older=older, **context)


@get("/staff/accounts/{account:str}/trace", policy=Policy.STAFF)
async def staff_trace(request: Request[Any, Any, Any], account: FromPath[str]) -> Response[str]:
    number = read_id(account)
    trace, older = await _trace(request, number, read_before(request.query_params))
    if not trace:
        raise NotFoundException("there are no such rows")
    return page(request, "trace.html", block="rows", account=number, trace=trace, older=older)


@get("/staff/accounts/{account:str}/live", policy=Policy.STAFF)
async def staff_account_live(request: Request[Any, Any, Any], account: FromPath[str]) -> Stream:
    return await stream_of_account(request, read_id(account), "/staff")


@get("/staff/accounts/{account:str}/chart", policy=Policy.STAFF)
async def staff_account_chart(request: Request[Any, Any, Any], account: FromPath[str]) -> Response[bytes]:
    return await chart_of_account(request, read_id(account))


async def _trace(
    request: Request[Any, Any, Any], account: int, start: int | None
) -> tuple[list[TraceLine], int | None]:
    """A page of rows, newest first, from row `start` back, and the row at which the next page begins."""

    def rows(reader: LedgerReader) -> tuple[list[StoredRow], dict[str, int]]:
        with reader.connection() as book:
            line = account_line(book, account)
            digits = digits_of(book, line.bridge) if line else {}
        return reader.account_rows(account, from_seq=start, limit=TRACE_PER_PAGE + 1), digits

    found, digits = await request.app.state.firm.book.look(rows)
    older = found[TRACE_PER_PAGE].seq if len(found) > TRACE_PER_PAGE else None
    return [trace_line(row, digits) for row in found[:TRACE_PER_PAGE]], older


ROUTES = (staff_account, staff_trace, staff_account_live, staff_account_chart)
