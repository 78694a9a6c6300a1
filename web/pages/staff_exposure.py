"""Exposure, for staff: what accounts hold by symbol and direction, live while it is watched, and who holds it."""

from typing import Any
from urllib.parse import urlencode

import anyio.to_thread
import apsw
import msgspec
from litestar import Request, get
from litestar.response import Response, Stream

from actors.exposure import Exposure, Holding, exposure_of, holdings_in, summed
from firm.permissions import Permission
from storage.readmodels.accounts import AccountLine, account_line
from web.bounds import HOLDERS_PER_PAGE
from web.firm import Firm
from web.lists_asked import HoldersAsked, read_funded, read_holders_asked
from web.pages.account import event_stream
from web.render import page
from web.silence import silences
from web.sse import Parts
from web.visitor import firm_of, may


class Holder(msgspec.Struct, frozen=True):
    """One account of the list, with what it holds."""

    line: AccountLine
    holding: Holding


@get("/staff/exposure", policy=may(Permission.SEE_EXPOSURE))
async def staff_exposure(request: Request[Any, Any, Any]) -> Response[str]:
    shown = await _exposure(firm_of(request), funded=read_funded(request.query_params))
    return page(request, "staff_exposure.html", **shown)


@get("/staff/exposure/live", policy=may(Permission.SEE_EXPOSURE))
async def staff_exposure_live(request: Request[Any, Any, Any]) -> Stream:
    state, firm, funded = request.app.state, firm_of(request), read_funded(request.query_params)

    async def render() -> Parts:
        return {"live": state.pages.text("_exposure_live.html", await _exposure(firm, funded=funded))}

    return event_stream(state.streams, request, f"exposure/{'funded' if funded else 'all'}", render)


@get("/staff/exposure/holders", policy=may(Permission.SEE_EXPOSURE))
async def staff_holders(request: Request[Any, Any, Any]) -> Response[str]:
    firm, asked = firm_of(request), read_holders_asked(request.query_params)
    held = await firm.holders(funded=asked.funded)
    found = await anyio.to_thread.run_sync(holdings_in, held, asked.bridge, asked.symbol, asked.side)
    beyond = [one for one in found if asked.after is None or (-one.lots_e8, one.account) > _place(asked.after)]
    shown = beyond[:HOLDERS_PER_PAGE]
    rows = await firm.book.read(lambda book: _rows(book, shown))
    last = shown[-1] if len(beyond) > len(shown) else None
    more = f"?{urlencode(asked.query(after=f'{last.lots_e8}~{last.account}'))}" if last else None
    context: dict[str, Any] = {"asked": asked, "rows": rows, "more": more, "total": len(found), "query": _query(asked)}
    return page(request, "staff_holders.html", block="list", **context)


async def _exposure(firm: Firm, *, funded: bool) -> dict[str, Any]:
    """Summed in a thread: there may be thousands of positions, and prices wait for nobody's page."""
    held = await firm.holders(funded=funded)
    found = await anyio.to_thread.run_sync(exposure_of, held)
    shown = {(each.bridge, each.symbol) for each in found}
    silent = {(each.bridge, symbol) for each in firm.live.health().bridges for symbol in each.stale_symbols}
    return {
        "exposures": found,
        "holders": len(held.accounts),
        "profits": summed(*(each.profits for each in found)),
        "silent": silent,
        "as_of_us": max((each.priced_us for each in found if (each.bridge, each.symbol) not in silent), default=0),
        "stale": list(silences(firm.live.health(), firm.live.markets(), shown & silent)),
        "funded": funded,
        "query": lambda each, side: _query_of(each, side, funded=funded),
    }


def _query_of(each: Exposure, side: str, *, funded: bool) -> str:
    asked = {"bridge": each.bridge, "symbol": each.symbol, "side": side, "phases": "" if funded else "all"}
    return urlencode({name: value for name, value in asked.items() if value})


def _query(asked: HoldersAsked) -> dict[str, str]:
    """The address of the same symbol by each side."""
    return {side: f"?{urlencode(asked.query(side=side))}" for side in ("", "buy", "sell")}


def _place(after: tuple[int, int]) -> tuple[int, int]:
    return -after[0], after[1]


def _rows(book: apsw.Connection, shown: list[Holding]) -> list[Holder]:
    found = ((account_line(book, one.account), one) for one in shown)
    return [Holder(line, one) for line, one in found if line is not None]


ROUTES = (staff_exposure, staff_exposure_live, staff_holders)
