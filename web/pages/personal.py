"""A trader's own data: what is held about them and why, all of it as a file, and how to be forgotten."""

from collections.abc import AsyncGenerator
from typing import Any

import anyio.to_thread
import apsw
from litestar import Request, get, post
from litestar.response import Redirect, Response, Stream

from firm.commands import EraseTrader
from firm.facts import ErasureOrdered, Refusal
from firm.ids import id_text
from firm.personal import BY_NAME, destructions
from firm.sentences.languages import Language
from storage.name_index import folded
from storage.person_export import export_pieces
from storage.readmodels.documents import DocumentLine, documents_of
from storage.readmodels.erasures import Erasure, erasures_of
from web import words
from web.asking import ask
from web.auth import end_session
from web.downloads import TooManyDownloads
from web.firm import Firm
from web.forms import fields_of, refusal_in, text_in
from web.front_told import front_told
from web.render import page
from web.shell.speech import speech_of, spoken
from web.shell.toasts import told
from web.visitor import Policy, Visitor, firm_of, signed_in

PHRASE = "forget.phrase"  # what is typed, since it cannot be undone
GIVES_UP = "yes"
WHY_NOT = {
    Refusal.ACCOUNTS_RUN: "forget.accounts_run",
    Refusal.BREACH_IN_QUESTION: "forget.in_question",
    Refusal.NOTHING_TO_ERASE: "forget.asked_before",
}
ASKED_HERE = "asked for it on their own page"


@get("/my-data", policy=Policy.TRADER)
async def my_data(request: Request[Any, Any, Any]) -> Response[str]:
    return await _shown(request)


@get("/my-data.zip", policy=Policy.TRADER, fresh=True)
async def my_data_file(request: Request[Any, Any, Any]) -> Response[Any]:
    """Everything about who asks, and nobody else."""
    firm, visitor = firm_of(request), signed_in(request)
    named = f'attachment; filename="my-data-{words.iso(firm.now_us())[:10]}.zip"'
    try:
        pieces = await request.app.state.downloads.begin(-visitor.id, _pieces(firm, visitor))
    except TooManyDownloads:
        return await _shown(request, status=429, waits=spoken(request)("own.file_on_its_way"))
    return Stream(pieces, media_type="application/zip", headers={"content-disposition": named})


@post("/my-data/erasure", policy=Policy.TRADER, fresh=True)
async def be_forgotten(request: Request[Any, Any, Any]) -> Response[Any]:
    firm, visitor = firm_of(request), signed_in(request)
    fields = await fields_of(request)
    typed, gives_up = text_in(fields, "typed"), text_in(fields, "gives_up") == GIVES_UP
    speak = spoken(request)
    if folded(typed) not in {folded(speech_of(each)(PHRASE)) for each in Language}:
        return await _shown(request, typed, speak("forget.mistyped", phrase=speak(PHRASE)), 422)
    classes = destructions(firm.now_us())
    asked = EraseTrader(by=visitor.reference, trader=visitor.id, why=ASKED_HERE, classes=classes, gives_up=gives_up)
    answer = await ask(request, asked)
    if refusal := refusal_in(answer.facts):
        return await _shown(request, typed, speak(WHY_NOT.get(refusal, "forget.not_now")), 422)
    ordered = next((fact for _, fact in answer.facts if isinstance(fact, ErasureOrdered)), None)
    if ordered is None:
        return await _shown(request, typed, speak("forget.not_now"), 503)
    gone: Response[Any] = Redirect("/sign-in", status_code=303)
    gone.set_cookie(await end_session(firm, visitor.session_id))
    is_all = not any(each.from_us for each in ordered.classes)
    return told(request, gone, "forgotten" if is_all else "forgotten_but_proof")


async def _shown(
    request: Request[Any, Any, Any], typed: str = "", wrong: str = "", status: int = 200, waits: str = ""
) -> Response[str]:
    """`wrong`: with what was typed; `waits`: why there is no file now; each as a sentence."""
    firm, visitor = firm_of(request), signed_in(request)
    classes = await anyio.to_thread.run_sync(firm.vault.classes_of, visitor.reference)

    def question(book: apsw.Connection) -> tuple[list[Erasure], list[DocumentLine]]:
        return erasures_of(book, visitor.id), documents_of(book, visitor.id)

    going, documents = await firm.book.read(question)
    retained_us = firm.live.documents_retained_us()
    until_us = max((line.retained_until_us(retained_us) for line in documents), default=0)
    return page(
        request,
        "personal.html",
        status=status,
        classes=[BY_NAME[klass] for klass in classes],
        going=going,
        retained_until_us=until_us if until_us > firm.now_us() else 0,
        pseudonym=id_text(visitor.id),
        typed=typed,
        wrong=wrong,
        waits=waits,
    )


async def _pieces(firm: Firm, visitor: Visitor) -> AsyncGenerator[bytes, None]:
    now_us, stores = firm.wall_us(), (firm.sessions, firm.devices, firm.drafts)
    mine = await anyio.to_thread.run_sync(front_told, *stores, visitor.reference, now_us)
    made = export_pieces(firm.reader, firm.vault, visitor.id, firm=firm.name, now_us=now_us, signed_in=mine)
    while piece := await anyio.to_thread.run_sync(next, made, b""):
        yield piece


ROUTES = (my_data, my_data_file, be_forgotten)
