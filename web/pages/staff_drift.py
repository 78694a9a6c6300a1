"""Drift, for staff: where our figures and a platform's parted, explained from the rows, for all accounts or one."""

from typing import Any

import apsw
import msgspec
from litestar import Request, get
from litestar.response import Response, Stream

from firm.permissions import Permission
from storage.readmodels.drifts import count_drifting, drifts_of, latest_drifts, open_drifts
from web.bounds import DRIFTS_PER_PAGE
from web.drift_view import DriftLine, lines_of
from web.firm import Firm
from web.lists_asked import DriftAsked, read_drift_asked
from web.pages.account import event_stream
from web.render import page
from web.sse import Parts
from web.visitor import firm_of, may


@get("/staff/drift", policy=may(Permission.SEE_DRIFT))
async def staff_drift(request: Request[Any, Any, Any]) -> Response[str]:
    shown = await _drift(firm_of(request), read_drift_asked(request.query_params))
    return page(request, "staff_drift.html", **shown)


@get("/staff/drift/live", policy=may(Permission.SEE_DRIFT))
async def staff_drift_live(request: Request[Any, Any, Any]) -> Stream:
    state, firm = request.app.state, firm_of(request)
    asked = msgspec.structs.replace(read_drift_asked(request.query_params), before=None)

    async def render() -> Parts:
        return {"live": state.pages.text("_drift_live.html", await _drift(firm, asked))}

    return event_stream(state.streams, request, f"drift/{asked.address}", render)


async def _drift(firm: Firm, asked: DriftAsked) -> dict[str, Any]:
    def question(book: apsw.Connection) -> dict[str, Any]:
        if asked.account is not None:
            found = drifts_of(book, asked.account, asked.before, DRIFTS_PER_PAGE + 1)
        else:
            found = (latest_drifts if asked.over else open_drifts)(book, asked.before, DRIFTS_PER_PAGE + 1)
        more = found[DRIFTS_PER_PAGE - 1].seq if len(found) > DRIFTS_PER_PAGE else None
        return {"found": lines_of(book, found[:DRIFTS_PER_PAGE]), "more": more, "drifting": count_drifting(book)}

    answer = await firm.book.read(question)
    lines = [DriftLine(drift, line, firm.live.account(line.account)) for drift, line in answer.pop("found")]
    return {"lines": lines, "asked": asked, "now_us": firm.now_us(), **answer}


ROUTES = (staff_drift, staff_drift_live)
