"""Kept drafts: what staff have not finished writing, taken out of a form to be kept, and told of where it is shown again."""

import json
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import anyio.to_thread
import apsw
import msgspec
from litestar import Request
from litestar.exceptions import NotFoundException

from firm.bounds import PHASES_MAX
from firm.ruleset import Program
from firm.ruleset_checks import problems_of_program
from firm.ruleset_form import MANY, data_of
from firm.ruleset_text import RulesetRefused, read_data
from storage.drafts import (
    DRAFT_KEPT_BYTES_MAX,
    DRAFT_NAME_MAX,
    DRAFTS_MAX,
    DRAFTS_PER_PERSON_MAX,
    DraftLine,
    KeptDraft,
    NotKept,
    WrittenAs,
)
from storage.errors import FrontRefused
from storage.readmodels.programs import all_programs
from web.aside import aside
from web.bounds import PROGRAMS_SHOWN
from web.firm import Firm
from web.forms import Wrong
from web.people import staff_names
from web.program_draft import CARRIED_FIELDS, Carried, carried_in, publisher_for, readable, text_of
from web.visitor import CSRF_FIELD, Visitor, firm_of, signed_in

DO = "do"
BESIDE = "beside"
_UNNAMED = "Without a name"
_TITLE = re.compile(r"""^\s*"?title"?\s*[=:]\s*["'](.+?)["']""", re.MULTILINE)
_FRONT_CLOSED = "The firm’s disk takes nothing at the moment: it was not kept. What you wrote is still below."
_EMPTY = "It was not kept: nothing is written in it yet. A draft that you have no use for is deleted under Programs."
_NOT_KEPT = {
    NotKept.TOO_LARGE: f"It was not kept: a draft has at most {DRAFT_KEPT_BYTES_MAX // 1024} KB.",
    NotKept.MISDESCRIBED: (
        "It was not kept: its form carries what this page never sent along. Begin again under Programs with what you wrote."
    ),
    NotKept.PERSON_FULL: f"It was not kept: you have {DRAFTS_PER_PERSON_MAX} drafts. Delete one under Programs, then keep it again.",
    NotKept.FIRM_FULL: f"It was not kept: the firm has {DRAFTS_MAX} drafts. Delete one under Programs, then keep it again.",
}


class ShownDraft(msgspec.Struct, frozen=True):
    """A kept draft, for whoever looks at it. `is_replaced`: another version was published since of what it was begun from.

    `is_overtaken`: it was kept elsewhere since it was read here; `is_beside`: it was therefore kept as another one just now.
    """

    line: DraftLine
    is_mine: bool
    may_delete: bool
    is_replaced: bool
    is_overtaken: bool = False
    is_beside: bool = False

    @property
    def written_as_text(self) -> bool:
        return self.line.written_as == WrittenAs.TEXT


async def keep(request: Request[Any, Any, Any], fields: Mapping[str, Any]) -> DraftLine | Wrong:
    """Keep what a form holds as its sender's own."""
    firm: Firm = firm_of(request)
    person, carried, drawn = signed_in(request).reference, carried_in(fields), secrets.token_hex(8)
    text = await text_of(fields) if "text" in fields else None
    typed = {} if text is not None else typed_in(fields)
    if _is_empty(text, typed):
        return Wrong({"": _EMPTY}, {})
    name, phases = await aside(lambda: _told(text, typed))
    said = text if text is not None else json.dumps(typed, ensure_ascii=False)
    line = DraftLine(
        draft=carried.draft,
        person=person,
        name=_plain(carried.name or name) or _UNNAMED,
        written_as=(WrittenAs.FORM if text is None else WrittenAs.TEXT).value,
        phases=json.dumps([_plain(each) for each in phases[:PHASES_MAX]]),
        begun_from=carried.begun_from,
        edition=carried.edition,
        kept_us=firm.now_us(),
    )
    try:
        kept = await anyio.to_thread.run_sync(
            lambda: firm.drafts.keep(line, said.encode(errors="replace"), drawn=drawn)
        )
    except FrontRefused:  # which it has counted; what was written must not be lost over it
        return Wrong({"": _FRONT_CLOSED}, {})
    return Wrong({"": _NOT_KEPT[kept]}, {}) if isinstance(kept, NotKept) else kept


async def kept_draft(request: Request[Any, Any, Any], draft: str) -> KeptDraft:
    """One of everybody's; of those who work on some programs alone, one of their own: what another is of, nobody knows yet."""
    firm: Firm = firm_of(request)
    found = await anyio.to_thread.run_sync(firm.drafts.draft, draft)
    if found is None or not _is_there(firm, found.line, signed_in(request)):
        raise NotFoundException(
            "there is no such draft: it was deleted, or lost with the file in which drafts are kept"
        )
    return found


def typed_in(fields: Mapping[str, Any]) -> dict[str, str]:
    """What a program's form says of the program itself."""
    return {name: str(value) for name, value in fields.items() if name not in (CSRF_FIELD, DO, *CARRIED_FIELDS)}


def typed_of(found: KeptDraft) -> dict[str, str]:
    """The same of a draft that was kept from a form."""
    typed: dict[str, str] = msgspec.json.decode(found.said, type=dict[str, str])
    return typed


def carried_of(line: DraftLine) -> Carried:
    return Carried(begun_from=line.begun_from, draft=line.draft, edition=line.edition, name=line.name)


async def shown_drafts(request: Request[Any, Any, Any]) -> list[ShownDraft] | None:
    """Everybody's, the newest first; None where they cannot be read just now."""
    firm: Firm = firm_of(request)
    try:
        lines = await anyio.to_thread.run_sync(firm.drafts.lines)
    except FrontRefused:
        return None
    newest = await _newest(firm, lines)
    visitor = signed_in(request)
    return [_shown(line, visitor, newest) for line in lines if _is_there(firm, line, visitor)]


def _is_there(firm: Firm, line: DraftLine, visitor: Visitor) -> bool:
    return not firm.scope.is_limited or line.person == visitor.reference


async def shown_draft(request: Request[Any, Any, Any], carried: Carried) -> ShownDraft | None:
    """The kept one on which somebody is at work; None where it is none, or where it is lost."""
    firm: Firm = firm_of(request)
    if not carried.draft:
        return None
    lines: list[DraftLine] = []
    with suppress(FrontRefused):
        lines = [line for line in await anyio.to_thread.run_sync(firm.drafts.lines) if line.draft == carried.draft]
    if not lines:
        return None
    shown = _shown(lines[0], signed_in(request), await _newest(firm, lines))
    is_overtaken = shown.is_mine and shown.line.edition != carried.edition
    is_beside = request.query_params.get(BESIDE) == "yes"
    return msgspec.structs.replace(shown, is_overtaken=is_overtaken, is_beside=is_beside)


async def draft_context(request: Request[Any, Any, Any], carried: Carried) -> dict[str, Any]:
    """What the pieces about a kept draft, and about who publishes it, need on each page on which one is written."""
    shown = await shown_draft(request, carried)
    names = await staff_names(firm_of(request), [shown.line.person] if shown else [])
    publisher = publisher_for(signed_in(request))
    return {"kept_draft": shown, "names": names, "draft_name_max": DRAFT_NAME_MAX, "publisher": publisher}


def _shown(line: DraftLine, visitor: Visitor, newest: frozenset[str]) -> ShownDraft:
    is_mine = line.person == visitor.reference
    is_replaced = line.begun_from != "" and line.begun_from not in newest
    return ShownDraft(line, is_mine, is_mine or visitor.role == "owner", is_replaced)


async def _newest(firm: Firm, lines: list[DraftLine]) -> frozenset[str]:
    """The fingerprints of what each program is sold as now, or was last; nothing where no draft asks for it."""
    if not any(line.begun_from for line in lines):
        return frozenset()

    def question(book: apsw.Connection) -> frozenset[str]:
        return frozenset(one.newest.sold.fingerprint() for one in all_programs(book, PROGRAMS_SHOWN))

    return await firm.book.read(question)


def _is_empty(text: str | None, typed: Mapping[str, str]) -> bool:
    """Of a form that nobody filled in it is known only how many phases and rules it would have."""
    if text is not None:
        return not text.strip()
    return not any(value.strip() for name, value in typed.items() if not name.endswith(MANY))


def _told(text: str | None, typed: dict[str, str]) -> tuple[str, list[str]]:
    """What the program is called, and its phases where nothing is wrong with it."""
    try:
        rules = read_data(data_of(Program, typed)[0]) if text is None else readable(text)
    except RulesetRefused:
        rules = None
    if isinstance(rules, Program):
        return rules.title, [] if problems_of_program(rules) else [phase.name for phase in rules.phases]
    if text is None:
        return typed.get("title", "") or typed.get("program", ""), []
    titled = _TITLE.search(text)
    return titled[1] if titled else "", []


def _plain(name: str) -> str:
    return "".join(each if each.isprintable() else " " for each in name).strip()[:DRAFT_NAME_MAX]
