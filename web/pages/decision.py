"""A decision's page for its trader: the rule, the price, the arithmetic, and the evidence to check it without us."""

from typing import Any

from litestar import Request, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Response

from storage.errors import NoteRefused
from storage.readmodels.decisions import decision_line
from web.appeals import NOTHING_SAID, appealed
from web.decision_view import decision_view
from web.firm import Firm
from web.forms import Wrong, fields_of, read_checkpoint
from web.render import page
from web.shell.speech import ENGLISH, spoken
from web.visitor import Policy, firm_of, signed_in
from web.words import upper_first

NOTHING_KEPT = Wrong({}, {"note": ""})


@get("/decisions/{decision:int}", policy=Policy.TRADER_OWN)
async def decision(request: Request[Any, Any, Any], decision: FromPath[int]) -> Response[str]:
    return await decision_page(request, decision, 200)


@get("/decisions/{decision:int}/evidence", policy=Policy.TRADER_OWN, theirs=True)
async def evidence(request: Request[Any, Any, Any], decision: FromPath[int]) -> Response[Any]:
    return await evidence_file(request, decision, None)


@get("/decisions/{decision:int}/kept-again/evidence", policy=Policy.TRADER_OWN, theirs=True)
async def kept_again_evidence(request: Request[Any, Any, Any], decision: FromPath[int]) -> Response[Any]:
    return await kept_again_file(request, decision)


@post("/decisions/{decision:int}/evidence", policy=Policy.TRADER_OWN, theirs=True)
async def evidence_since(request: Request[Any, Any, Any], decision: FromPath[int]) -> Response[Any]:
    answer = await evidence_since_kept(request, decision)
    return await decision_page(request, decision, 422, kept=answer) if isinstance(answer, Wrong) else answer


async def decision_page(
    request: Request[Any, Any, Any],
    decision: int,
    status: int,
    *,
    kept: Wrong = NOTHING_KEPT,
    appeal: Wrong = NOTHING_SAID,
) -> Response[str]:
    """The page, with what was wrong about a form on it."""
    firm = firm_of(request)
    view = await decision_view(firm, decision, spoken(request))
    told: dict[str, Any] = {"appealed": await appealed(firm, decision, with_words=True), "appeal": appeal}
    return page(request, "decision.html", status=status, view=view, room="", review=None, kept=kept, **told)


# --- shared with the staff's page of the same decision ---


async def evidence_since_kept(request: Request[Any, Any, Any], decision: int) -> Response[Any] | Wrong:
    """The bundle with the proof that the ledger only grew since the checkpoint that the reader kept."""
    by_staff = signed_in(request).kind == "staff"  # who can go to the console, and is told what to do there
    speak = ENGLISH if by_staff else spoken(request)
    note = await read_checkpoint(await fields_of(request), speak)
    if isinstance(note, Wrong):
        return note
    try:
        return await evidence_file(request, decision, note)
    except NoteRefused as refused:
        said = f"{upper_first(str(refused))}." if by_staff else speak(f"note_fault.{refused.fault.value}")
        return Wrong({"note": said}, {"note": note})


async def evidence_file(request: Request[Any, Any, Any], decision: int, since: str | None) -> Response[Any]:
    """The bundle as a file, proven in a signed checkpoint."""
    firm = firm_of(request)
    if await firm.book.read(lambda book: decision_line(book, decision)) is None:
        raise NotFoundException
    return await _file(firm, decision, since)


async def kept_again_file(request: Request[Any, Any, Any], decision: int) -> Response[Any]:
    """The bundle of the row by which the rule that this decision says was broken is kept again."""
    firm = firm_of(request)
    view = await decision_view(firm, decision)
    if not view.kept_again:
        raise NotFoundException
    return await _file(firm, view.kept_again, None)


async def _file(firm: Firm, decision: int, since: str | None) -> Response[Any]:
    bundle = await firm.book.look(lambda _: firm.evidence(decision, since))
    headers = {"content-disposition": f'attachment; filename="evidence-{decision}.json"'}
    return Response(bundle, status_code=200, media_type="application/json", headers=headers)


ROUTES = (decision, evidence, evidence_since, kept_again_evidence)
