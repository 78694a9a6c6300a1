"""Desk trace, for staff: what a desk was sent, what it recorded and what followed, row by row from the ledger; and one row in full."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import apsw
import msgspec
from litestar import Request, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Response, Stream

from firm.commands import StaffAct
from firm.ids import parse_id
from firm.permissions import Permission, Scope
from storage.desk_trace import TracePage, outcome_of, trace_page
from storage.reader import LedgerReader
from storage.readmodels.accounts import account_line
from storage.readmodels.desk_rows import OF_ACCOUNTS, STREAMS, kinds_seen
from web import words
from web.bounds import TRACE_FILE_AT_ONCE, TRACE_FILE_READS_MAX, TRACE_FILE_ROWS_MAX, TRACE_PER_PAGE
from web.firm import Firm
from web.forms import Wrong
from web.reading_asked import ALL_KINDS, TraceAsked, desk_kind, read_trace_asked
from web.render import page
from web.trace import exported, trace_lines
from web.visitor import firm_of, may

VALUES_IN_FULL = 20_000  # characters of a value on a row's own page
OUTCOME_ON_ROW_MAX = 500
# Kinds that only an account's chain holds, beside those that mark its way.
ALONG_CHAIN = (
    "CashReported", "CommandAcknowledged", "CommandAdvanced", "CommandReported", "DealBooked", "DealIgnored", "DealReported",
    "EquityReported", "MarkTaken", "PeakReached", "PositionReported", "QuoteUsed", "SnapshotReported", "SwapPosted",
)  # fmt: skip
DESKS = (
    ("account", "an account", "judges it, books what its platform reports, and asks for what follows"),
    ("order", "an order", "opens the accounts of a challenge, phase after phase"),
    ("trader", "a trader", "allows orders and next phases, and looks at what all of the trader’s accounts hold together"),
    ("market", "a bridge’s prices", "takes prices, watches gaps and jumps, and wakes the accounts that a price may have touched"),
    ("bridge", "a bridge", "knows whether it may connect, and whether it is enforced"),
    ("enforcement", "a bridge’s commands", "asks the platform, and follows each command to its end"),
    ("risk", "risk", "allows failures and passes, or holds them"),
    ("catalogue", "catalogue", "keeps what is on offer, and takes orders"),
    ("incidents", "incidents", "notices prices that are missing, and tells the accounts that need them"),
)  # fmt: skip


@get("/staff/trace", policy=may(Permission.SEE_TRACE))
async def staff_trace(request: Request[Any, Any, Any]) -> Response[str]:
    firm: Firm = firm_of(request)
    bridges = sorted(firm.live.markets())
    context: dict[str, Any] = {"bridges": bridges, "desks": DESKS, "kinds": [], "streams": ()}
    typed = request.query_params.get("desk", "").strip()
    if kind := desk_kind(typed):
        context["desks"] = [desk for desk in DESKS if desk[0] == kind]
    if kind or not typed:
        return page(request, "trace.html", asked=None, wrong=None, typed={"desk": typed} if typed else {}, **context)
    asked = read_trace_asked(request.query_params, bridges)
    if isinstance(asked, Wrong):
        return page(request, "trace.html", status=422, asked=None, wrong=asked, typed=asked.typed, **context)

    def question(book: apsw.Connection) -> dict[str, Any]:
        account = _account_of(book, asked.desk, firm.scope)
        found = trace_page(book, asked.desk, asked.filter, asked.before, TRACE_PER_PAGE)
        known = set(kinds_seen(book, asked.desk)) | _kinds_beside(asked.desk)
        return {
            "trace": trace_lines(book, found.rows, account),
            "account": account,
            "older": found.older,
            "kinds": sorted(known | {asked.kind} - {"", ALL_KINDS}),
        }

    context |= await firm.book.read(question)
    context |= {
        "asks": urlencode(asked.query()),
        "streams": STREAMS.get(asked.desk.partition("/")[0], frozenset()),
        "file_max": TRACE_FILE_ROWS_MAX,
    }
    return page(request, "trace.html", block="rows", asked=asked, wrong=None, typed=asked.typed, **context)


@get("/staff/trace.jsonl", policy=may(Permission.EXPORT_TRACE), records=StaffAct.TRACE_TAKEN)
async def staff_trace_file(request: Request[Any, Any, Any]) -> Response[Any] | Stream:
    """The same rows as JSON lines, newest first; where it ends at its bound, the last line says from which row it would go on."""
    firm: Firm = firm_of(request)
    bridges = sorted(firm.live.markets())
    asked = read_trace_asked(request.query_params, bridges)
    if isinstance(asked, Wrong):
        context: dict[str, Any] = {"bridges": bridges, "desks": DESKS, "kinds": [], "streams": ()}
        return page(request, "trace.html", status=422, asked=None, wrong=asked, typed=asked.typed, **context)
    await firm.book.read(lambda book: _account_of(book, asked.desk, firm.scope))
    named = f'attachment; filename="trace-{asked.desk.replace("/", "-")}-{words.iso(firm.now_us())[:10]}.jsonl"'
    return Stream(
        _pieces(firm, asked),
        media_type="application/jsonl; charset=utf-8",
        headers={"content-disposition": named, "cache-control": "no-store"},
    )


@get("/staff/rows/{seq:int}", policy=may(Permission.SEE_TRACE))
async def staff_row(request: Request[Any, Any, Any], seq: FromPath[int]) -> Response[str]:
    """One row in full, with its cause, what it caused, and the row before it in its account's chain."""
    firm = firm_of(request)

    def question(reader: LedgerReader) -> dict[str, Any]:
        row = reader.row(seq)
        if row is None:
            raise NotFoundException("the ledger has no such row")
        with reader.connection() as book:
            if firm.scope.is_limited and account_line(book, row.account) is None:
                raise NotFoundException("the ledger has no such row")
            [line] = trace_lines(book, [row], None, VALUES_IN_FULL)
            outcome = [] if row.cause else outcome_of(book, seq, OUTCOME_ON_ROW_MAX)
            if firm.scope.is_limited:
                outcome = [each for each in outcome if each[2] == row.account]
        cause = reader.row(row.cause) if row.cause else None
        return {"row": row, "line": line, "outcome": outcome, "cause": cause}

    return page(request, "staff_row.html", **await firm.book.look(question))


def _account_of(book: apsw.Connection, desk: str, scope: Scope) -> int | None:
    """The account whose desk it is, None of another one. Raises NotFoundException where there is no such account.

    Other desks decide about every program: for somebody whose scope is limited they are not there.
    """
    if not desk.startswith("account/"):
        if scope.is_limited:
            raise NotFoundException
        return None
    account = parse_id(desk.partition("/")[2])
    if account_line(book, account) is None:
        raise NotFoundException("there is no such account")
    return account


def _kinds_beside(desk: str) -> set[str]:
    """Kinds that can be asked of a desk and are not kept by desk."""
    kind = desk.partition("/")[0]
    return {*ALONG_CHAIN, *OF_ACCOUNTS} if kind == "account" else set(STREAMS.get(kind, ()))


async def _pieces(firm: Firm, asked: TraceAsked) -> AsyncIterator[bytes]:
    from_seq, sent = asked.before, 0

    def question(book: apsw.Connection) -> TracePage:
        return trace_page(book, asked.desk, asked.filter, from_seq, TRACE_FILE_AT_ONCE)

    for _ in range(TRACE_FILE_READS_MAX):
        found = await firm.book.read(question)
        yield b"".join(map(exported, found.rows))
        from_seq, sent = found.older, sent + len(found.rows)
        if from_seq is None:
            return
        if sent >= TRACE_FILE_ROWS_MAX:
            break
    yield msgspec.json.encode({"goes_on_from": from_seq}) + b"\n"


ROUTES = (staff_trace, staff_trace_file, staff_row)
