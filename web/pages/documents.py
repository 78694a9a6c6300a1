"""A trader's documents: which ones the firm has, a form to hand another one in, and a way to take one back."""

import logging
from typing import Any

import apsw
from litestar import Request, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Response

from firm.bounds import DOCUMENT_BYTES_MAX, DOCUMENTS_MAX
from firm.commands import DeleteDocument
from firm.documents import DocumentKind
from firm.facts import Refusal
from storage.readmodels.documents import DocumentLine, documents_of
from web.asking import ask
from web.bounds import UPLOAD_BYTES_MAX
from web.document_turns import TooManyUploads
from web.document_words import retained_now, size_in_words
from web.forms import choice_in, refusal_in
from web.handing_in import Handing, NotNow, hand_in
from web.render import page
from web.shell.speech import spoken
from web.shell.toasts import told
from web.uploads import upload_of
from web.visitor import Policy, firm_of, read_id, signed_in

STAYS = {
    Refusal.DOCUMENT_RELIED_ON: "documents.stays_opened",
    Refusal.DOCUMENT_RETAINED: "documents.stays_by_law",
}

_LOG = logging.getLogger(__name__)


@get("/documents", policy=Policy.TRADER, theirs=True)
async def documents(request: Request[Any, Any, Any]) -> Response[str]:
    return await _shown(request, "", "", 200)


@post("/documents", policy=Policy.TRADER, uploads=True, request_max_body_size=UPLOAD_BYTES_MAX)
async def hand_in_document(request: Request[Any, Any, Any]) -> Response[Any]:
    firm, visitor, upload = firm_of(request), signed_in(request), upload_of(request)
    typed, speak = await upload.word("kind"), spoken(request)
    kind = choice_in(DocumentKind, typed)
    if kind is None:
        return await _shown(request, "", speak("documents.no_kind"), 422)
    handing = Handing(visitor.id, visitor.reference, speak, kind)
    try:
        with request.app.state.document_turns.turn(visitor.reference, firm.wall_us()) as turn:
            wrong = await hand_in(request, upload, handing, turn)
    except TooManyUploads as many:
        return await _shown(request, typed, speak(many.key, **many.counted), 429)
    except NotNow as amiss:
        _LOG.info("no document can be taken: %s", amiss.key)
        return await _shown(request, typed, speak(amiss.key), 503)
    return await _shown(request, typed, wrong, 422) if wrong else Redirect("/documents?kept=1", status_code=303)


@post("/documents/{document:str}/taking-back", policy=Policy.TRADER, fresh=True)
async def take_back_document(request: Request[Any, Any, Any], document: FromPath[str]) -> Response[Any]:
    """One that nobody of the firm has looked at; a courier destroys it once the row is written."""
    visitor = signed_in(request)
    asked = DeleteDocument(by=visitor.reference, trader=visitor.id, document=read_id(document))
    refusal = refusal_in((await ask(request, asked)).facts)
    if refusal is not None:
        return await _shown(request, "", "", 422, spoken(request)(STAYS.get(refusal, "documents.stays")))
    return told(request, Redirect("/documents", status_code=303), "document_taken_back")


async def _shown(request: Request[Any, Any, Any], kind: str, wrong: str, status: int, stays: str = "") -> Response[str]:
    """`wrong`: why nothing was handed in; `stays`: why nothing was taken back."""
    firm, visitor = firm_of(request), signed_in(request)

    def question(book: apsw.Connection) -> list[DocumentLine]:
        return documents_of(book, visitor.id)

    lines = await firm.book.read(question)
    return page(
        request,
        "documents.html",
        status=status,
        lines=lines,
        retained=retained_now(firm, lines),
        by_law=firm.live.documents_retained_us() > 0,
        kinds=list(DocumentKind),
        chosen=kind,
        wrong=wrong,
        stays=stays,
        kept="kept" in request.query_params,
        size=size_in_words,
        bytes_max=DOCUMENT_BYTES_MAX,
        documents_max=DOCUMENTS_MAX,
    )


ROUTES = (documents, hand_in_document, take_back_document)
