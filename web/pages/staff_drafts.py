"""Drafts, for staff: a program as text, checked, read in words beside what is sold now, and published."""

from collections.abc import Mapping
from typing import Any

import apsw
from litestar import Request, get, post
from litestar.exceptions import NotFoundException
from litestar.response import Redirect, Response

from firm.checks.listing import Listings
from firm.commands import Publication, PublishProgram
from firm.permissions import MEANS, Permission
from firm.program_remarks import remarks_on
from firm.publishing import changes_of_sale, fingerprint_of
from firm.ruleset import Program
from firm.ruleset_text import RulesetRefused, toml_of
from firm.sentences.languages import Language
from firm.templates import templates
from storage.readmodels.bridges import listings
from storage.readmodels.calendars import all_calendars
from storage.readmodels.programs import ProgramVersion, program_version, versions_of
from web.aside import aside
from web.asking import ask
from web.bounds import DRAFT_BYTES_MAX
from web.forms import Wrong, fields_of, read_why, refused_in, text_in
from web.kept_drafts import draft_context
from web.lab_asked import NOTHING_TYPED
from web.lab_offers import lab_choices
from web.languages import headings
from web.lists_asked import whole_in
from web.program_draft import Carried, Draft, carried_in, changes_from, checked, publisher_for, text_of
from web.render import page
from web.rules_told import accounts_told, program_told
from web.visitor import Visitor, firm_of, may, signed_in

READ_AGAINST = "read_against"
"""The field of what a draft's difference was shown against: a fingerprint."""


@get("/staff/drafts", policy=may(Permission.DRAFT_PROGRAMS))
async def staff_draft(request: Request[Any, Any, Any]) -> Response[str]:
    """A new one: empty, or begun from a template or from what is sold."""
    asked = request.query_params
    name, version = asked.get("template", ""), asked.get("version", "")
    if name:
        begun = next((one.text for one in templates() if one.name == name), None)
        if begun is None:
            raise NotFoundException("there is no template of this name")
        return await editor(request, Draft(begun, None, ()))
    if not version:
        return await editor(request, Draft("", None, ()))
    sold = await firm_of(request).book.read(lambda book: program_version(book, whole_in(version) or 0))
    if sold is None:
        raise NotFoundException("no program was published by this row")
    return await editor(request, _begun_from(sold))


@post("/staff/drafts", policy=may(Permission.DRAFT_PROGRAMS), status_code=200, request_max_body_size=DRAFT_BYTES_MAX)
async def staff_check_draft(request: Request[Any, Any, Any]) -> Response[str]:
    draft = await _draft(await fields_of(request), request)
    if draft.problems or draft.program is None:
        return await editor(request, draft)
    return await preview(request, draft)


@post(
    "/staff/drafts/text", policy=may(Permission.DRAFT_PROGRAMS), status_code=200, request_max_body_size=DRAFT_BYTES_MAX
)
async def staff_draft_text(request: Request[Any, Any, Any]) -> Response[str]:
    """Back from the preview to what was written."""
    fields = await fields_of(request)
    return await editor(request, Draft(await text_of(fields), None, (), carried_in(fields)))


@post("/staff/programs", policy=may(Permission.PUBLISH_PROGRAMS), fresh=True, request_max_body_size=DRAFT_BYTES_MAX)
async def staff_publish(request: Request[Any, Any, Any]) -> Response[Any]:
    fields, visitor = await fields_of(request), signed_in(request)
    draft, why = await _draft(fields, request), read_why(fields)
    if draft.problems or draft.program is None:
        return await editor(request, draft)
    if isinstance(why, Wrong):
        return await preview(request, draft, why)
    publication = Publication(why=why, role=visitor.role, read_against=text_in(fields, READ_AGAINST))
    command = PublishProgram(by=visitor.reference, program=draft.program, publication=publication)
    refusal = refused_in((await ask(request, command)).facts)
    if refusal is not None:
        return await preview(request, draft, Wrong({"": refusal}, {"why": why}))
    sold = await _sold(request, draft.program.program)
    assert sold is not None, f"{draft.program.program} was published a moment ago"
    return Redirect(f"/staff/programs/{sold.seq}", status_code=303)


async def _draft(fields: Mapping[str, Any], request: Request[Any, Any, Any]) -> Draft:
    text, known, carried = await text_of(fields), await enrolled(request), carried_in(fields)
    return await aside(lambda: checked(text, known, carried))


async def _sold(request: Request[Any, Any, Any], program: str) -> ProgramVersion | None:
    """What is sold under this name now, or was last."""

    def question(book: apsw.Connection) -> ProgramVersion | None:
        return next(iter(versions_of(book, program, 1)), None)

    found: ProgramVersion | None = await firm_of(request).book.read(question)
    return found


def _begun_from(sold: ProgramVersion) -> Draft:
    try:
        return Draft(toml_of(sold.sold), None, (), Carried(begun_from=sold.sold.fingerprint()))
    except RulesetRefused as refused:
        return Draft("", None, refused.problems)


# --- shared with the builder ---


async def enrolled(request: Request[Any, Any, Any]) -> Listings:
    """The bridges on which a program can be sold, with what they told of their platforms."""
    found: Listings = await firm_of(request).book.read(listings)
    return found


async def editor(request: Request[Any, Any, Any], draft: Draft, wrong: Wrong | None = None) -> Response[str]:
    """The text. `wrong`: why it was not kept."""
    status = 422 if draft.problems or wrong else 200
    kept = await draft_context(request, draft.carried)
    return page(request, "staff_draft.html", status=status, draft=draft, templates=templates(), wrong=wrong, **kept)


async def preview(request: Request[Any, Any, Any], draft: Draft, wrong: Wrong | None = None) -> Response[str]:
    """What the draft says in words, before anybody is sold it. `wrong`: why it was not published."""
    program = draft.program
    assert program is not None
    sold = await _sold(request, program.program)
    calendars = await firm_of(request).book.read(all_calendars)
    held = sold.sold if sold is not None else None
    context: dict[str, Any] = {
        "draft": draft,
        "sold": sold,
        "changes": await aside(lambda: changes_from(held, program)),
        "remarks": remarks_on(program, held, {one.calendar for one in calendars}, await enrolled(request)),
        "read_against": fingerprint_of(held),
        "overtaken": draft.carried.begun_from not in ("", fingerprint_of(held)),
        "not_theirs": _not_theirs(signed_in(request), held, program),
        "accounts": accounts_told(program, Language.ENGLISH),
        "phases": await aside(lambda: program_told(program, Language.ENGLISH)),
        "headings": headings(Language.ENGLISH),
        "wrong": wrong,
        "lab": await lab_choices(firm_of(request), NOTHING_TYPED | {"program": program.program}),
    }
    context |= await draft_context(request, draft.carried)
    return page(request, "staff_draft_preview.html", status=422 if wrong else 200, **context)


def _not_theirs(visitor: Visitor, held: Program | None, program: Program) -> str:
    """Why this person may not publish it, and who may; "" where they may."""
    if publisher := publisher_for(visitor):
        return f"you may not {MEANS[Permission.PUBLISH_PROGRAMS]}: ask {publisher}"
    if not visitor.scope.holds(program.program):
        return f"{program.program} is none of the programs that you work on"
    return "" if visitor.may(Permission.SET_PRICES) else changes_of_sale(held, program)


ROUTES = (staff_draft, staff_check_draft, staff_draft_text, staff_publish)
