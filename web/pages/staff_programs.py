"""Programs, for staff: what is on offer, each version with its rules in words, what changed between two, and how a program is retired."""

from typing import Any

import apsw
import msgspec
from litestar import Request, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Redirect, Response

from firm.commands import RetireProgram
from firm.permissions import Permission
from firm.ruleset_diff import Change, program_changes
from firm.ruleset_text import RulesetRefused, json_of, toml_of
from firm.templates import templates
from storage.readmodels.programs import (
    ProgramVersion,
    Retired,
    all_programs,
    program_version,
    retirement,
    versions_of,
)
from web.asking import ask
from web.bounds import PROGRAMS_SHOWN, VERSIONS_SHOWN
from web.forms import Wrong, fields_of, read_why, refused_in
from web.kept_drafts import shown_drafts
from web.languages import NAMES, RIGHT_TO_LEFT, headings, language_of
from web.people import staff_names
from web.program_draft import publisher_for
from web.render import page
from web.rules_told import accounts_told, program_told
from web.shell.toasts import told
from web.visitor import firm_of, may, signed_in


class Shelf(msgspec.Struct, frozen=True):
    """One program: the version that is shown, all of them, newest first, and whether it is still sold."""

    shown: ProgramVersion
    versions: list[ProgramVersion]
    retired: Retired | None

    def before(self, asked: str) -> ProgramVersion | None:
        """What the shown one is compared with: the version that an address names by its row, else the one before it."""
        older = (one for one in self.versions if one.seq < self.shown.seq)
        named = next((one for one in self.versions if str(one.seq) == asked), None)
        return named or next(older, None)


@get("/staff/programs", policy=may(Permission.SEE_PROGRAMS))
async def staff_programs(request: Request[Any, Any, Any]) -> Response[str]:
    found = await firm_of(request).book.read(lambda book: all_programs(book, PROGRAMS_SHOWN))
    drafts = await shown_drafts(request)
    names = await staff_names(firm_of(request), [one.line.person for one in drafts or ()])
    publisher = publisher_for(signed_in(request))
    return page(
        request, "staff_programs.html", programs=found, templates=templates(), drafts=drafts, names=names, publisher=publisher
    )  # fmt: skip


@get("/staff/programs/{version:int}", policy=may(Permission.SEE_PROGRAMS))
async def staff_program(request: Request[Any, Any, Any], version: FromPath[int]) -> Response[str]:
    return await _program(request, await _shelf(request, version), None)


@get("/staff/programs/{version:int}/file", policy=may(Permission.SEE_PROGRAMS))
async def staff_program_file(request: Request[Any, Any, Any], version: FromPath[int]) -> Response[str]:
    """As TOML that can be edited and published; rules in the first words, which nobody writes any more, as JSON."""
    sold = (await _shelf(request, version)).shown.sold
    try:
        text, kind = toml_of(sold), "toml"
    except RulesetRefused:
        text, kind = json_of(sold), "json"
    headers = {"content-disposition": f'attachment; filename="program-{version}.{kind}"'}
    return Response(text, media_type=f"application/{kind}", headers=headers)


@post("/staff/programs/{version:int}/retirement", policy=may(Permission.RETIRE_PROGRAMS), fresh=True)
async def staff_retire(request: Request[Any, Any, Any], version: FromPath[int]) -> Response[Any]:
    shelf, why = await _shelf(request, version), read_why(await fields_of(request))
    if isinstance(why, Wrong):
        return await _program(request, shelf, why)
    command = RetireProgram(by=signed_in(request).reference, program=shelf.shown.program, why=why)
    refusal = refused_in((await ask(request, command)).facts)
    if refusal is not None:
        return await _program(request, shelf, Wrong({"": refusal}, {"why": why}))
    return told(request, Redirect(f"/staff/programs/{version}", status_code=303), "sent")


async def _shelf(request: Request[Any, Any, Any], version: int) -> Shelf:
    def question(book: apsw.Connection) -> Shelf | None:
        shown = program_version(book, version)
        if shown is None:
            return None
        return Shelf(shown, versions_of(book, shown.program, VERSIONS_SHOWN), retirement(book, shown.program))

    shelf: Shelf | None = await firm_of(request).book.read(question)
    if shelf is None:
        raise NotFoundException("no program was published by this row")
    return shelf


async def _program(request: Request[Any, Any, Any], shelf: Shelf, wrong: Wrong | None) -> Response[str]:
    """The page; `wrong` is about its form."""
    firm, language = firm_of(request), language_of(request)
    before = shelf.before(request.query_params.get("before", ""))
    references = [one.who for one in shelf.versions] + ([shelf.retired.who] if shelf.retired else [])
    context: dict[str, Any] = {
        "shelf": shelf,
        "publisher": publisher_for(signed_in(request)),
        "shown": shelf.shown,
        "before": before,
        "changes": _changes(before, shelf.shown),
        "accounts": accounts_told(shelf.shown.sold, language),
        "phases": program_told(shelf.shown.sold, language),
        "names": await staff_names(firm, references),
        "language": language,
        "languages": NAMES,
        "direction": "rtl" if language in RIGHT_TO_LEFT else "ltr",
        "headings": headings(language),
    }
    return page(request, "staff_program.html", status=422 if wrong else 200, wrong=wrong, **context)


def _changes(before: ProgramVersion | None, shown: ProgramVersion) -> tuple[Change, ...]:
    return () if before is None else program_changes(before.sold, shown.sold)


ROUTES = (staff_programs, staff_program, staff_program_file, staff_retire)
