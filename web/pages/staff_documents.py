"""Documents, for staff: who handed in what, who opened it, and the way to open one, which is in the book before anything is shown."""

import secrets
from typing import Any

import anyio.to_thread
import apsw
from litestar import Request, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Response

from firm.commands import OpenDocument, StaffAct
from firm.permissions import Permission
from storage.documents import Document, open_document
from storage.readmodels.documents import DocumentLine, document_line, newest_documents
from web.asking import ask
from web.bounds import DOCUMENTS_PER_PAGE
from web.csp import LOCKED
from web.document_words import MEDIA_TYPES, SHORT, size_in_words, trader_names
from web.forms import refused_in
from web.people import staff_names
from web.render import page
from web.visitor import firm_of, may, read_id, signed_in

_NEWEST = 2**62
GONE = "this document is not there, or not any more"


@get("/staff/documents", policy=may(Permission.SEE_DOCUMENTS), records=StaffAct.NAMES_SEEN)
async def staff_documents(request: Request[Any, Any, Any]) -> Response[str]:
    firm, from_seq = firm_of(request), _before(request.query_params.get("before", ""))

    def question(book: apsw.Connection) -> list[DocumentLine]:
        return newest_documents(book, from_seq, DOCUMENTS_PER_PAGE + 1)

    found = await firm.book.read(question)
    lines = found[:DOCUMENTS_PER_PAGE]
    traders = [line.trader for line in lines]
    return page(
        request,
        "staff_documents.html",
        lines=lines,
        older=lines[-1].seq if len(found) > len(lines) else 0,
        paged=from_seq != _NEWEST,
        traders=await anyio.to_thread.run_sync(trader_names, firm, traders),
        names=await staff_names(firm, (line.opened_by for line in lines)),
        kinds=SHORT,
        size=size_in_words,
    )


@post(
    "/staff/documents/{document:str}/opening",
    policy=may(Permission.OPEN_DOCUMENTS),
    fresh=True,
    status_code=200,
    content_policy=LOCKED,
    private=True,
    resume="/staff/documents",
)
async def staff_open_document(request: Request[Any, Any, Any], document: FromPath[str]) -> Response[bytes]:
    """The file, to be saved: nothing of it is shown within a page of ours."""
    firm, number = firm_of(request), read_id(document)
    line = await firm.book.read(lambda book: document_line(book, number))
    if line is None or line.gone_us is not None:
        raise NotFoundException(GONE)
    asked = OpenDocument(by=signed_in(request).reference, trader=line.trader, document=number)
    if refused := refused_in((await ask(request, asked)).facts):
        raise NotFoundException(refused)
    found: Document | None = await anyio.to_thread.run_sync(open_document, firm.vault, line.sealed)
    if found is None:
        raise NotFoundException(GONE)
    named = f'attachment; filename="document-{secrets.token_hex(8)}.{line.form.value}"'
    return Response(
        found.content, media_type=MEDIA_TYPES[line.form], headers={"content-disposition": named}, status_code=200
    )


def _before(typed: str) -> int:
    """The row of the ledger that a page of older ones begins before."""
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 19 else _NEWEST


ROUTES = (staff_documents, staff_open_document)
