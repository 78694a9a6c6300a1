"""The record of what staff did, for those who may: searched by who, what, whom, when and why, a page at a time, and as files."""

from collections.abc import AsyncGenerator, Callable
from functools import partial
from typing import Any
from urllib.parse import urlencode

import anyio.to_thread
import msgspec
from litestar import Request, get
from litestar.exceptions import TooManyRequestsException
from litestar.response import Response, Stream

from firm.act_titles import about_of, title_of
from firm.commands import StaffAct
from firm.facts import Refusal
from firm.permissions import Permission
from storage.readmodels.act_lists import ActLine, act_kinds, acts_page
from web import words
from web.act_lines import COLUMNS, came_in_words, csv_row, json_line
from web.acts import sought
from web.acts_asked import WHO, ActsAsked, read_acts_asked
from web.bounds import ACTS_FILE_AT_ONCE, ACTS_FILE_MAX, ACTS_FILE_READS_MAX, ACTS_PER_PAGE
from web.csv_lines import csv_lines
from web.downloads import TooManyDownloads
from web.firm import Firm
from web.forms import Wrong
from web.notes import Whence
from web.people import named, staff_names
from web.render import page
from web.visitor import firm_of, may, signed_in

AUDIT = "/staff/audit"
OTHER_ENDS = {"rejected": "no state could take it in", "parked": "kept for a desk that is stopped"}
_Written = Callable[[list[ActLine]], bytes]


class Shown(msgspec.Struct, frozen=True):
    """One row of the list, in words. `whence`: from where, None where it is not shown, or nobody knows; `came`: by what way."""

    line: ActLine
    who: str
    title: str
    about: str
    subject: str
    before: str
    after: str
    refused: str
    whence: Whence | None
    came: str


@get(AUDIT, policy=may(Permission.SEE_ACTS))
async def staff_audit(request: Request[Any, Any, Any]) -> Response[str]:
    firm, asked = firm_of(request), read_acts_asked(request.query_params)
    wrong = asked if isinstance(asked, Wrong) else None
    kinds = await firm.book.read(act_kinds)
    context: dict[str, Any] = {
        "wrong": wrong,
        "typed": asked.typed,
        "kinds": sorted(((kind, title_of(kind)) for kind in kinds), key=lambda one: one[1]),
        "file_max": ACTS_FILE_MAX,
    }
    if isinstance(asked, Wrong):
        return page(request, "staff_audit.html", status=422, acts=[], older=None, asks="", before=None, **context)
    found = await firm.book.read(lambda book: acts_page(book, asked.filter, asked.before, ACTS_PER_PAGE))
    opened = request.query_params.get("whence") == "yes" and firm.names_seen and not firm.held()
    if opened:  # where somebody acts from is personal: whoever looks is on record before it is shown
        key = (signed_in(request).reference, StaffAct.ADDRESSES_SEEN)
        await sought(request, key, StaffAct.ADDRESSES_SEEN)
    context |= {"acts": await _shown(firm, found.acts, opened=opened), "older": found.older, "opened": opened}
    asks = urlencode(asked.query(whence="yes" if opened else ""))
    return page(request, "staff_audit.html", block="rows", asks=asks, before=asked.before, **context)


@get(f"{AUDIT}.csv", policy=may(Permission.EXPORT_ACTS), records=StaffAct.RECORD_TAKEN)
async def staff_audit_csv(request: Request[Any, Any, Any]) -> Response[Any] | Stream:
    def written(acts: list[ActLine]) -> bytes:
        return csv_lines(map(csv_row, acts)).encode()

    return await _file(
        request, "csv", "text/csv; charset=utf-8; header=present", csv_lines([COLUMNS]).encode(), written
    )


@get(f"{AUDIT}.jsonl", policy=may(Permission.EXPORT_ACTS), records=StaffAct.RECORD_TAKEN)
async def staff_audit_lines(request: Request[Any, Any, Any]) -> Response[Any] | Stream:
    def written(acts: list[ActLine]) -> bytes:
        return b"".join(map(json_line, acts))

    return await _file(request, "jsonl", "application/jsonl; charset=utf-8", b"", written)


async def _file(
    request: Request[Any, Any, Any], ending: str, media_type: str, head: bytes, written: _Written
) -> Response[Any] | Stream:
    """What was asked for, newest first; where that cannot be read, the page that says why."""
    firm, asked = firm_of(request), read_acts_asked(request.query_params)
    if isinstance(asked, Wrong):
        return page(
            request, "staff_audit.html", status=422, wrong=asked, typed=asked.typed, kinds=[], file_max=ACTS_FILE_MAX, acts=[],
            older=None, asks="", before=None,
        )  # fmt: skip
    try:
        pieces = _pieces(firm, asked, head, written)
        counted = await request.app.state.downloads.begin(-signed_in(request).id, pieces)
    except TooManyDownloads as full:
        raise TooManyRequestsException("files are on their way to you already: wait until they have come") from full
    named_so = f'attachment; filename="audit-{words.iso(firm.now_us())[:10]}.{ending}"'
    return Stream(
        counted, media_type=media_type, headers={"content-disposition": named_so, "cache-control": "no-store"}
    )


async def _pieces(firm: Firm, asked: ActsAsked, head: bytes, written: _Written) -> AsyncGenerator[bytes, None]:
    """Each read from the book by itself, so that a long file neither holds it nor lies in memory."""
    yield head
    before, sent = asked.before, 0
    for _ in range(ACTS_FILE_READS_MAX):
        limit = min(ACTS_FILE_AT_ONCE, ACTS_FILE_MAX - sent)
        found = await firm.book.read(partial(acts_page, wanted=asked.filter, before=before, limit=limit))
        yield written(found.acts)
        before, sent = found.older, sent + len(found.acts)
        if before is None or sent >= ACTS_FILE_MAX:
            return


async def _shown(firm: Firm, acts: list[ActLine], *, opened: bool) -> list[Shown]:
    names = await staff_names(firm, [text for act in acts for text in (act.who, act.subject, f"staff:{act.member}")])

    def whence(act: ActLine) -> Whence | None:
        value = firm.vault.open_value(act.whence) if opened and act.whence else None
        return msgspec.json.decode(value, type=Whence) if value else None

    def shown() -> list[Shown]:
        return [_line(act, names, whence(act)) for act in acts]

    return await anyio.to_thread.run_sync(shown)


def _line(act: ActLine, names: dict[str, str], whence: Whence | None) -> Shown:
    refused = OTHER_ENDS.get(act.refused, "")
    if act.refused and not refused:
        refused = words.refusal(Refusal(act.refused))
    who = WHO.get(act.who) or named(act.who, names)
    member = f"staff:{act.member}"
    of_another = bool(act.member) and not act.subject and member != act.who
    told = title_of(act.kind) + (f": {named(member, names)}" if of_another else "")
    about, subject = about_of(act.kind, act.about), named(act.subject, names)
    return Shown(act, who, told, about, subject, act.before, act.after, refused, whence, came_in_words(act))


ROUTES = (staff_audit, staff_audit_csv, staff_audit_lines)
