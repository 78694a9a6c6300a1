"""An account's page for staff: what its trader sees, the engine's trace of it, and the question that is open."""

from typing import Any
from urllib.parse import urlencode

import anyio.to_thread
import apsw
from litestar import Request, get
from litestar.params import FromPath
from litestar.response import Response, Stream

from firm.ids import id_text
from firm.overrides import Override
from firm.permissions import Permission
from firm.regions import NO_REGION
from firm.rules.winning import score_targets
from storage.desk_trace import TraceFilter, trace_page
from storage.readmodels.desk_rows import BESIDE_ACCOUNTS
from storage.readmodels.drifts import what_drifts
from storage.readmodels.people import region_of
from web.account_view import account_view
from web.bounds import TRACE_ON_ACCOUNT
from web.equity_picture import RANGES, picture_of, wrong_range
from web.forms import Wrong
from web.override_view import choices_of, preview_of, waiting_for_agreement
from web.pages.account import chart_of_account, stream_of_account
from web.people import staff_names
from web.render import page
from web.trace import trace_lines
from web.visitor import firm_of, may, read_id, signed_in

NOTHING_ASKED = Wrong({}, {})


@get("/staff/accounts/{account:str}", policy=may(Permission.SEE_ACCOUNTS))
async def staff_account(request: Request[Any, Any, Any], account: FromPath[str]) -> Response[str]:
    return await account_for_staff(request, read_id(account))


async def account_for_staff(
    request: Request[Any, Any, Any],
    number: int,
    exception: Wrong = NOTHING_ASKED,
    preview: Override | None = None,
    score: Wrong = NOTHING_ASKED,
    advance: Wrong = NOTHING_ASKED,
) -> Response[str]:
    """The page. `exception`: what was wrong with a form of exceptions, or was typed; `preview`: what the trader would read of it.

    `score`, `advance`: likewise of the forms that publish one, and that open a held phase.
    """
    firm = firm_of(request)
    view = await account_view(firm, number)
    picture = await picture_of(firm, view, request.query_params.get("range", ""))
    trader = await anyio.to_thread.run_sync(firm.person, "trader", view.line.trader)
    desk = f"account/{id_text(number)}"

    def question(book: apsw.Connection) -> dict[str, Any]:
        traced = trace_page(book, desk, TraceFilter(leaving_out=BESIDE_ACCOUNTS), None, TRACE_ON_ACCOUNT)
        return {
            "drifting": what_drifts(book, number),
            "in_region": region_of(book, view.line.trader) or NO_REGION,
            "trace": trace_lines(book, traced.rows, number),
            "older": traced.older,
        }

    grounds = firm.live.grounds(number)
    state = grounds.state if grounds is not None else None
    wrong = wrong_range(request.query_params)
    context = {
        **await firm.book.read(question),
        "asks": urlencode({"desk": desk}),
        "picture": picture,
        "ranges": RANGES,
        "wrong": wrong,
        "trader": trader,
        "room": "/staff",
        "names": await staff_names(firm, (each.who for each in view.overrides)),
        "me": signed_in(request).reference,
        "exception": exception,
        "advance": advance,
        "score": score,
        "scored": score_targets(view.ruleset),
        "preview": preview_of(view, state, preview) if preview is not None else None,
        "choices": choices_of(state),
        "waiting": waiting_for_agreement(view, firm.live.staff()),
    }
    status = 422 if any((wrong, exception.errors, score.errors, advance.errors)) else 200
    return page(request, "staff_account.html", status=status, view=view, **context)


@get("/staff/accounts/{account:str}/live", policy=may(Permission.SEE_ACCOUNTS))
async def staff_account_live(request: Request[Any, Any, Any], account: FromPath[str]) -> Stream:
    return await stream_of_account(request, read_id(account), "/staff")


@get("/staff/accounts/{account:str}/chart", policy=may(Permission.SEE_ACCOUNTS))
async def staff_account_chart(request: Request[Any, Any, Any], account: FromPath[str]) -> Response[bytes]:
    return await chart_of_account(request, read_id(account))


ROUTES = (staff_account, staff_account_live, staff_account_chart)
