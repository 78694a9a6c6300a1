"""A trader's documents: which ones the firm has, and a form to hand another one in."""

import logging
from typing import Any

import apsw
from litestar import Request, get, post
from litestar.response import Redirect, Response

from firm.bounds import DOCUMENT_BYTES_MAX, DOCUMENTS_MAX
from firm.documents import DocumentKind
from storage.readmodels.documents import DocumentLine, documents_of
from web.bounds import UPLOAD_BYTES_MAX
from web.document_turns import TooManyUploads
from web.document_words import size_in_words
from web.forms import choice_in
from web.handing_in import NotNow, hand_in
from web.render import page
from web.shell.speech import spoken
from web.uploads import upload_of
from web.visitor import Policy, firm_of, signed_in

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
    try:
        with request.app.state.document_turns.turn(visitor.id, firm.wall_us()) as turn:
            wrong = await hand_in(request, upload, kind, turn)
    except TooManyUploads as many:
        return await _shown(request, typed, speak(many.key, **many.counted), 429)
    except NotNow as amiss:
        _LOG.info("no document can be taken: %s", amiss.key)
        return await _shown(request, typed, speak(amiss.key), 503)
    return await _shown(request, typed, wrong, 422) if wrong else Redirect("/documents?kept=1", status_code=303)


async def _shown(request: Request[Any, Any, Any], kind: str, wrong: str, status: int) -> Response[str]:
    firm, visitor = firm_of(request), signed_in(request)

    def question(book: apsw.Connection) -> list[DocumentLine]:
        return documents_of(book, visitor.id)

    return page(
        request,
        "documents.html",
        status=status,
        lines=await firm.book.read(question),
        kinds=list(DocumentKind),
        chosen=kind,
        wrong=wrong,
        kept="kept" in request.query_params,
        size=size_in_words,
        bytes_max=DOCUMENT_BYTES_MAX,
        documents_max=DOCUMENTS_MAX,
    )


ROUTES = (documents, hand_in_document)
