"""Decisions, for staff: what waits, what was decided, and the form by which a person settles an open one."""

from typing import Any

import msgspec
from litestar import Request, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Response

from firm.commands import ReviewVerdict, StaffAct
from firm.permissions import Permission
from storage.readmodels.appeals import Appeal, waiting_appeals
from storage.readmodels.decisions import dismissed_breaches, latest_decisions, open_decisions
from web.appeals import NOTHING_ANSWERED, appealed
from web.asking import ask
from web.bounds import DECISIONS_PER_PAGE
from web.decision_view import DecisionView, decision_view, for_staff
from web.forms import Wrong, fields_of, read_review, refused_in
from web.lists_asked import read_before
from web.pages.decision import NOTHING_KEPT, evidence_file, evidence_since_kept, kept_again_file
from web.people import staff_names
from web.reasons import because
from web.render import page
from web.shell.speech import ENGLISH
from web.shell.toasts import told
from web.visitor import firm_of, may, signed_in

NOTHING_WRONG = Wrong({}, {"outcome": "", "why": ""})


@get("/staff/decisions", policy=may(Permission.SEE_DECISIONS))
async def staff_decisions(request: Request[Any, Any, Any]) -> Response[str]:
    firm, before = firm_of(request), read_before(request.query_params)
    show = request.query_params.get("show", "")
    appeals: list[Appeal] = []
    if show == "appeals":
        found, appeals = [], await firm.book.read(lambda book: waiting_appeals(book, DECISIONS_PER_PAGE))
    elif show == "waiting":
        found = await firm.book.read(lambda book: open_decisions(book, DECISIONS_PER_PAGE))
    else:
        asked = dismissed_breaches if show == "dismissed" else latest_decisions
        found = await firm.book.read(lambda book: asked(book, before, DECISIONS_PER_PAGE + 1))
    more = found[DECISIONS_PER_PAGE - 1].decision if len(found) > DECISIONS_PER_PAGE else None
    show = show if show in ("waiting", "dismissed", "appeals") else ""
    context: dict[str, Any] = {"decisions": found[:DECISIONS_PER_PAGE], "more": more, "show": show, "before": before}
    return page(request, "staff_decisions.html", appeals=appeals, **context)


@get("/staff/decisions/{decision:int}", policy=may(Permission.SEE_DECISIONS))
async def staff_decision(request: Request[Any, Any, Any], decision: FromPath[int]) -> Response[str]:
    return await staff_decision_page(request, decision)


@post("/staff/decisions/{decision:int}/review", policy=may(Permission.REVIEW_DECISIONS))
async def staff_review(request: Request[Any, Any, Any], decision: FromPath[int]) -> Response[Any]:
    line = (await decision_view(firm_of(request), decision)).line
    asked = read_review(await fields_of(request))
    if isinstance(asked, Wrong):
        return await staff_decision_page(request, decision, review=asked)
    by = signed_in(request).reference
    command = ReviewVerdict(by=by, account=line.account, decision=decision, outcome=asked.outcome, why=asked.why)
    refusal = refused_in((await ask(request, command)).facts)
    if refusal is None:
        return told(request, Redirect(f"/staff/decisions/{decision}", status_code=303), "sent")
    wrong = Wrong({"": refusal}, {"outcome": asked.outcome.value, "why": asked.why})
    return await staff_decision_page(request, decision, review=wrong)


@get("/staff/decisions/{decision:int}/evidence", policy=may(Permission.SEE_EVIDENCE), records=StaffAct.EVIDENCE_TAKEN)
async def staff_evidence(request: Request[Any, Any, Any], decision: FromPath[int]) -> Response[Any]:
    return await evidence_file(request, decision, None)


@get(
    "/staff/decisions/{decision:int}/kept-again/evidence",
    policy=may(Permission.SEE_EVIDENCE),
    records=StaffAct.EVIDENCE_TAKEN,
)
async def staff_kept_again_evidence(request: Request[Any, Any, Any], decision: FromPath[int]) -> Response[Any]:
    return await kept_again_file(request, decision)


@post("/staff/decisions/{decision:int}/evidence", policy=may(Permission.SEE_EVIDENCE), records=StaffAct.EVIDENCE_TAKEN)
async def staff_evidence_since(request: Request[Any, Any, Any], decision: FromPath[int]) -> Response[Any]:
    answer = await evidence_since_kept(request, decision)
    return await staff_decision_page(request, decision, kept=answer) if isinstance(answer, Wrong) else answer


async def staff_decision_page(
    request: Request[Any, Any, Any],
    decision: int,
    *,
    review: Wrong = NOTHING_WRONG,
    kept: Wrong = NOTHING_KEPT,
    answer: Wrong = NOTHING_ANSWERED,
) -> Response[str]:
    """The page, with what was wrong about a form on it."""
    firm = firm_of(request)
    view = await for_staff(firm, await decision_view(firm, decision))
    with_words = signed_in(request).may(Permission.REVIEW_DECISIONS)
    found = await appealed(firm, decision, with_words=with_words)
    if found is not None and view.names is not None and found.appeal.who:
        view = msgspec.structs.replace(view, names=view.names | await staff_names(firm, [found.appeal.who]))
    spoke = _spoke(view, signed_in(request).reference)
    told: dict[str, Any] = {"review": review, "kept": kept, "answer": answer, "appealed": found, "spoke": spoke}
    status = 422 if review.errors or kept.errors or answer.errors else 200
    return page(request, "decision.html", status=status, speech=ENGLISH, view=view, room="/staff", **told)


def _spoke(view: DecisionView, reference: str) -> bool:
    """Whether this person had a word in the decision: reviewed it, or let the account go on in spite of it."""
    reviewed = view.answer is not None and view.answer.by == reference
    return reviewed or any(because(word.because)[0] == reference for word in view.since.words)


ROUTES = (
    staff_decisions,
    staff_decision,
    staff_review,
    staff_evidence,
    staff_evidence_since,
    staff_kept_again_evidence,
)
