"""Drafts, for staff: a program as text, checked, read in words beside what is sold now, and published."""

from typing import Any

import apsw
from litestar import Request, get, post
from litestar.exceptions import NotFoundException
from litestar.response import Redirect, Response

from firm.commands import PublishProgram
from firm.ruleset_text import RulesetRefused, toml_of
from firm.sentences.languages import Language
from firm.templates import templates
from storage.readmodels.bridges import all_bridges
from storage.readmodels.programs import ProgramVersion, program_version, versions_of
from web.aside import aside
from web.asking import ask
from web.bounds import DRAFT_BYTES_MAX
from web.forms import fields_of, refused_in
from web.languages import headings
from web.lists_asked import whole_in
from web.program_draft import Draft, changes_from, checked, text_of
from web.render import page
from web.rules_told import program_told
from web.visitor import Policy, signed_in


@get("/staff/drafts", policy=Policy.STAFF)
async def staff_draft(request: Request[Any, Any, Any]) -> Response[str]:
    """A new one: empty, or begun from a template or from what is sold."""
    asked = request.query_params
    name, version = asked.get("template", ""), asked.get("version", "")
    if name:
        begun = next((one.text for one in templates() if one.name == name), None)
        if begun is None:
            raise NotFoundException("there is no template of this name")
        return editor(request, Draft(begun, None, ()))
    if not version:
        return editor(request, Draft("", None, ()))
    sold = await request.app.state.firm.book.read(lambda book: program_version(book, whole_in(version) or 0))
    if sold is None:
        raise NotFoundException("no program was published by this row")
    return editor(request, await aside(lambda: _begun_from(sold)))


@post("/staff/drafts", policy=Policy.STAFF, status_code=200, request_max_body_size=DRAFT_BYTES_MAX)
async def staff_check_draft(request: Request[Any, Any, Any]) -> Response[str]:
    draft = await _draft(request)
    if draft.problems or draft.program is None:
        return editor(request, draft)
    return await preview(request, draft, "")


@post("/staff/drafts/text", policy=Policy.STAFF, status_code=200, request_max_body_size=DRAFT_BYTES_MAX)
async def staff_draft_text(request: Request[Any, Any, Any]) -> Response[str]:
    """Back from the preview to what was written."""
    return editor(request, Draft(await text_of(await fields_of(request)), None, ()))


@post("/staff/programs", policy=Policy.STAFF, request_max_body_size=DRAFT_BYTES_MAX)
async def staff_publish(request: Request[Any, Any, Any]) -> Response[Any]:
    draft = await _draft(request)
    if draft.problems or draft.program is None:
        return editor(request, draft)
    command = PublishProgram(by=signed_in(request).reference, program=draft.program)
    refusal = refused_in((await ask(request, command)).facts)
    if refusal is not None:
        return await preview(request, draft, refusal)
    sold = await _sold(request, draft.program.program)
    assert sold is not None, f"{draft.program.program} was published a moment ago"
    return Redirect(f"/staff/programs/{sold.seq}", status_code=303)


async def _draft(request: Request[Any, Any, Any]) -> Draft:
    text, bridges = await text_of(await fields_of(request)), await enrolled(request)
    return await aside(lambda: checked(text, bridges))


async def _sold(request: Request[Any, Any, Any], program: str) -> ProgramVersion | None:
    """What is sold under this name now, or was last."""

    def question(book: apsw.Connection) -> ProgramVersion | None:
        return next(iter(versions_of(book, program, 1)), None)

    found: ProgramVersion | None = await request.app.state.firm.book.read(question)
    return found


def _begun_from(sold: ProgramVersion) -> Draft:
    try:
        return Draft(toml_of(sold.sold), None, ())
    except RulesetRefused as refused:
        return Draft("", None, (refused.problem,))


# --- shared with the builder ---


async def enrolled(request: Request[Any, Any, Any]) -> set[str]:
    """The bridges on which a program can be sold."""
    bridges = await request.app.state.firm.book.read(all_bridges)
    return {one.bridge for one in bridges if not one.revoked}


def editor(request: Request[Any, Any, Any], draft: Draft) -> Response[str]:
    return page(request, "staff_draft.html", status=422 if draft.problems else 200, draft=draft, templates=templates())


async def preview(request: Request[Any, Any, Any], draft: Draft, refusal: str) -> Response[str]:
    """What the draft says in words, before anybody is sold it."""
    program = draft.program
    assert program is not None
    sold = await _sold(request, program.program)
    before = sold.sold if sold is not None else None
    context: dict[str, Any] = {
        "draft": draft,
        "sold": sold,
        "changes": await aside(lambda: changes_from(before, program)),
        "phases": await aside(lambda: program_told(program, Language.ENGLISH)),
        "headings": headings(Language.ENGLISH),
        "refusal": refusal,
    }
    return page(request, "staff_draft_preview.html", status=422 if refusal else 200, **context)


ROUTES = (staff_draft, staff_check_draft, staff_draft_text, staff_publish)
