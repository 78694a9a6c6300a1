"""Decisions, for staff: what waits, what was decided, and the form by which a person settles an open one."""

from typing import Any

from litestar import Request, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Response

from firm.commands import ReviewVerdict
from storage.readmodels.decisions import latest_decisions, open_decisions
from web.asking import ask
from web.bounds import DECISIONS_PER_PAGE
from web.decision_view import decision_view, for_staff
from web.forms import Wrong, fields_of, read_before, read_review, refused_in
from web.pages.decision import evidence_file
from web.render import page
from web.visitor import Policy, signed_in

NOTHING_WRONG = Wrong({}, {"outcome": "", "why": ""})


@get("/staff/decisions", policy=Policy.STAFF)
async def staff_decisions(request: Request[Any, Any, Any]) -> Response[str]:
    firm, before = request.app.state.firm, read_before(request.query_params)
    waiting_only = request.query_params.get("show") == "waiting"
    if waiting_only:
        found = await firm.book.read(lambda book: open_decisions(book, DECISIONS_PER_PAGE))
        more = None
    else:
        found = await firm.book.read(lambda book: latest_decisions(book, before, DECISIONS_PER_PAGE + 1))
        more = found[DECISIONS_PER_PAGE - 1].decision if len(found) > DECISIONS_PER_PAGE else None
    context = {"decisions": found[:DECISIONS_PER_PAGE], "more": more, "waiting_only": waiting_only, "before": before}
    return page(request, "staff_decisions.html", **context)


@get("/staff/decisions/{decision:int}", policy=Policy.STAFF)
async def staff_decision(request: Request[Any, Any, Any], decision: FromPath[int]) -> Response[str]:
    firm = request.app.state.firm
    view = await for_staff(firm, await decision_view(firm, decision))
    return page(request, "decision.html", view=view, home="/staff/accounts", review=NOTHING_WRONG)


@post("/staff/decisions/{decision:int}/review", policy=Policy.STAFF)
async def staff_review(request: Request[Any, Any, Any], decision: FromPath[int]) -> Response[Any]:
    firm = request.app.state.firm
    view = await for_staff(firm, await decision_view(firm, decision))
    asked = read_review(await fields_of(request))
    if isinstance(asked, Wrong):
        return page(request, "decision.html", status=422, view=view, home="/staff/accounts", review=asked)
    by = signed_in(request).reference
    command = ReviewVerdict(by=by, account=view.line.account, decision=decision, outcome=asked.outcome, why=asked.why)
    refusal = refused_in((await ask(request, command)).facts)
    if refusal is None:
        return Redirect(f"/staff/decisions/{decision}", status_code=303)
    wrong = Wrong({"": refusal}, {"outcome": asked.outcome.value, "why": asked.why})
    view = await for_staff(firm, await decision_view(firm, decision))
    return page(request, "decision.html", status=422, view=view, home="/staff/accounts", review=wrong)


@get("/staff/decisions/{decision:int}/evidence", policy=Policy.STAFF)
async def staff_evidence(request: Request[Any, Any, Any], decision: FromPath[int]) -> Response[Any]:
    return await evidence_file(request, decision)


ROUTES = (staff_decisions, staff_decision, staff_review, staff_evidence)
