"""Appeals: a trader asks that a person looks at a decision, and staff answer."""

from typing import Any

import anyio.to_thread
from litestar import Request, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Redirect, Response

from firm.commands import AnswerAppeal, AppealDecision
from firm.facts import Refusal
from firm.permissions import Permission
from storage.people import APPEAL
from storage.readmodels.appeals import appeal_of
from web import words
from web.appeals import read_answer, read_appeal
from web.asking import ask
from web.decision_view import decision_view
from web.forms import Wrong, fields_of, refusal_in, refused_in
from web.notes import require_taking
from web.pages.decision import decision_page
from web.pages.staff_decision import staff_decision_page
from web.shell.speech import spoken
from web.visitor import Policy, firm_of, may, signed_in

_REFUSALS = {
    Refusal.APPEALED_ALREADY: "appeal.appealed_already",
    Refusal.TOO_MANY_APPEALS: "appeal.too_many_appeals",
}


@post("/decisions/{decision:int}/appeal", policy=Policy.TRADER_OWN)
async def appeal(request: Request[Any, Any, Any], decision: FromPath[int]) -> Response[Any]:
    firm, visitor, speak = firm_of(request), signed_in(request), spoken(request)
    view = await decision_view(firm, decision)
    said = read_appeal(await fields_of(request), speak)
    if isinstance(said, Wrong):
        return await decision_page(request, decision, 422, appeal=said)
    if view.is_open:
        return await decision_page(
            request, decision, 422, appeal=Wrong({"": speak("appeal.waits_already")}, {"said": said})
        )
    if await firm.book.read(lambda book: appeal_of(book, decision)) is None:  # else nothing is kept of what is refused
        require_taking(firm)
        sealed = await anyio.to_thread.run_sync(firm.vault.seal, visitor.reference, APPEAL, said.encode())
        command = AppealDecision(
            by=visitor.reference, trader=visitor.id, account=view.line.account, decision=decision, sealed=sealed
        )
        if refusal := refusal_in((await ask(request, command)).facts):
            key = _REFUSALS.get(refusal)
            why = words.refusal(refusal) if key is None else speak(key)
            return await decision_page(request, decision, 422, appeal=Wrong({"": why}, {"said": said}))
    return Redirect(f"/decisions/{decision}#appeal", status_code=303)


@post("/staff/decisions/{decision:int}/appeal/answer", policy=may(Permission.REVIEW_DECISIONS))
async def answer_appeal(request: Request[Any, Any, Any], decision: FromPath[int]) -> Response[Any]:
    firm = firm_of(request)
    await decision_view(firm, decision)  # one that is not there, or not there for them, has no appeal either
    found = await firm.book.read(lambda book: appeal_of(book, decision))
    asked = read_answer(await fields_of(request))
    if isinstance(asked, Wrong):
        return await staff_decision_page(request, decision, answer=asked)
    if found is None:
        raise NotFoundException
    command = AnswerAppeal(
        by=signed_in(request).reference,
        trader=found.trader,
        account=found.account,
        decision=decision,
        outcome=asked.outcome,
        why=asked.why,
    )
    if refusal := refused_in((await ask(request, command)).facts):
        wrong = Wrong({"": refusal}, {"answer": asked.outcome.value, "why": asked.why})
        return await staff_decision_page(request, decision, answer=wrong)
    return Redirect(f"/staff/decisions/{decision}#appeal", status_code=303)


ROUTES = (appeal, answer_appeal)
