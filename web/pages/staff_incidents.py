"""Incidents, for staff: prices that were missing, what that meant for each account, and what is granted, said and published of it."""

from typing import Any

import apsw
from litestar import Request, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Redirect, Response

from firm.commands import CloseIncident
from firm.incidents import Proposal
from firm.permissions import Permission
from storage.readmodels.incidents import (
    Impact,
    IncidentLine,
    extensions_left,
    impact_of,
    impacts,
    incident_line,
    incidents,
    proposals,
    words_of,
)
from web.asking import ask
from web.bounds import IMPACTS_PER_PAGE, INCIDENT_WORDS_SHOWN, INCIDENTS_SHOWN, ORDERED_AT_ONCE_MAX
from web.forms import Wrong, fields_of, read_why, refused_in, text_in
from web.incident_asked import granting, read_said
from web.people import staff_names
from web.render import page
from web.shell.toasts import told
from web.visitor import firm_of, may, read_id, signed_in

NOTHING_WRONG = Wrong({}, {})
UNGRANTED = (
    "Extensions are proposed that nobody has granted: grant them first, or say below that it is closed without them."
)


@get("/staff/incidents", policy=may(Permission.SEE_INCIDENTS))
async def staff_incidents(request: Request[Any, Any, Any]) -> Response[str]:
    found = await firm_of(request).book.read(lambda book: incidents(book, INCIDENTS_SHOWN))
    return page(request, "staff_incidents.html", incidents=found, shown_max=INCIDENTS_SHOWN)


@get("/staff/incidents/{incident:int}", policy=may(Permission.SEE_INCIDENTS))
async def staff_incident(request: Request[Any, Any, Any], incident: FromPath[int]) -> Response[str]:
    return await _incident(request, incident)


@post("/staff/incidents/{incident:int}/extensions", policy=may(Permission.GRANT_OVERRIDES), fresh=True)
async def staff_extend_all(request: Request[Any, Any, Any], incident: FromPath[int]) -> Response[Any]:
    """As many at once as one form may order; the page says what is left. A refusal ends it: the next may be refused alike."""
    await _line(request, incident)
    why = read_why(await fields_of(request))
    if isinstance(why, Wrong):
        return await _incident(request, incident, why, "extensions")
    firm, by = firm_of(request), signed_in(request).reference
    left = await firm.book.read(lambda book: extensions_left(book, incident, ORDERED_AT_ONCE_MAX))
    refused: list[str] = []
    for impact in left:
        command = granting(impact, by, why)
        assert command is not None, f"account {impact.account} has an extension left to grant"
        no = refused_in((await ask(request, command)).facts)
        if no is not None:
            refused.append(no)
    if refused:
        why_not = f"{len(refused)} of {len(left)} could not be granted: {refused[0]}"
        return await _incident(request, incident, Wrong({"": why_not}, {"why": why}), "extensions")
    return told(request, Redirect(f"/staff/incidents/{incident}#accounts", status_code=303), "sent")


@post(
    "/staff/incidents/{incident:int}/accounts/{account:str}/grant", policy=may(Permission.GRANT_OVERRIDES), fresh=True
)
async def staff_grant(
    request: Request[Any, Any, Any], incident: FromPath[int], account: FromPath[str]
) -> Response[Any]:
    number, firm = read_id(account), firm_of(request)
    impact: Impact | None = await firm.book.read(lambda book: impact_of(book, incident, number))
    if impact is None:
        raise NotFoundException("this account is not in the incident")
    why = read_why(await fields_of(request))
    if isinstance(why, Wrong):
        return await _incident(request, incident, why, account)
    command = granting(impact, signed_in(request).reference, why)
    if command is None:
        return await _incident(request, incident, Wrong({"": "Nothing is left to grant to this account."}, {}), account)
    no = refused_in((await ask(request, command)).facts)
    if no is not None:
        return await _incident(request, incident, Wrong({"": no}, {"why": why}), account)
    return told(request, Redirect(f"/staff/incidents/{incident}#accounts", status_code=303), "sent")


@post("/staff/incidents/{incident:int}/note", policy=may(Permission.WRITE_INCIDENTS))
async def staff_note(request: Request[Any, Any, Any], incident: FromPath[int]) -> Response[Any]:
    return await _said(request, incident, "note")


@post("/staff/incidents/{incident:int}/conclusion", policy=may(Permission.WRITE_INCIDENTS))
async def staff_conclude(request: Request[Any, Any, Any], incident: FromPath[int]) -> Response[Any]:
    return await _said(request, incident, "conclusion")


@post("/staff/incidents/{incident:int}/publication", policy=may(Permission.PUBLISH_INCIDENTS))
async def staff_publish_words(request: Request[Any, Any, Any], incident: FromPath[int]) -> Response[Any]:
    return await _said(request, incident, "publication")


@post("/staff/incidents/{incident:int}/withdrawal", policy=may(Permission.PUBLISH_INCIDENTS))
async def staff_withdraw_words(request: Request[Any, Any, Any], incident: FromPath[int]) -> Response[Any]:
    """From the public page."""
    return await _said(request, incident, "withdrawal")


async def _said(request: Request[Any, Any, Any], incident: int, kind: str) -> Response[Any]:
    await _line(request, incident)
    fields = await fields_of(request)
    said = read_said(fields, kind, incident, signed_in(request).reference)
    if (
        isinstance(said, CloseIncident)
        and not text_in(fields, "ungranted")
        and await _has_extensions(request, incident)
    ):
        said = Wrong({"": UNGRANTED}, {"conclusion": said.conclusion})
    if isinstance(said, Wrong):
        return await _incident(request, incident, said, kind)
    no = refused_in((await ask(request, said)).facts)
    if no is not None:
        return await _incident(request, incident, Wrong({"": no}, {}), kind)
    return told(request, Redirect(f"/staff/incidents/{incident}", status_code=303), "sent")


async def _has_extensions(request: Request[Any, Any, Any], incident: int) -> bool:
    """Whether any is proposed that nobody has granted."""
    return bool(await firm_of(request).book.read(lambda book: extensions_left(book, incident, 1)))


async def _line(request: Request[Any, Any, Any], incident: int) -> IncidentLine:
    line: IncidentLine | None = await firm_of(request).book.read(lambda book: incident_line(book, incident))
    if line is None:
        raise NotFoundException("there is no such incident")
    return line


async def _incident(
    request: Request[Any, Any, Any], incident: int, wrong: Wrong = NOTHING_WRONG, form: str = ""
) -> Response[str]:
    """The page; `form`: the one that was wrong."""
    firm, line = firm_of(request), await _line(request, incident)
    after = _after(text_in(request.query_params, "after"))

    def question(book: apsw.Connection) -> dict[str, Any]:
        return {
            "impacts": impacts(book, incident, after, IMPACTS_PER_PAGE + 1),
            "proposals": proposals(book, incident),
            "extensions": len(extensions_left(book, incident, ORDERED_AT_ONCE_MAX + 1)),
            "said": words_of(book, incident, INCIDENT_WORDS_SHOWN),
        }

    found = await firm.book.read(question)
    more = len(found["impacts"]) > IMPACTS_PER_PAGE
    found["impacts"] = found["impacts"][:IMPACTS_PER_PAGE]
    names = await staff_names(firm, (each.who for each in found["said"]))
    able = {each.account for each in found["impacts"] if granting(each, "", "") is not None}
    return page(
        request, "staff_incident.html", status=422 if wrong.errors else 200, line=line, wrong=wrong, form=form, names=names,
        more=more, at_once=ORDERED_AT_ONCE_MAX, able=able, Proposal=Proposal, **found,
    )  # fmt: skip


def _after(text: str) -> int:
    """The account that a page of the list begins behind; the first page where it cannot be read."""
    try:
        return read_id(text) if text else 0
    except NotFoundException:
        return 0


ROUTES = (
    staff_incidents,
    staff_incident,
    staff_extend_all,
    staff_grant,
    staff_note,
    staff_conclude,
    staff_publish_words,
    staff_withdraw_words,
)
