"""Documents, for staff: who handed in what, who opened it, and the way to open one, which is in the book before anything is shown.

Who may hands one in in a trader's name, such as from a mail, or deletes one: both with a reason that the trader reads. Whose number was
typed is named before a file is asked for: a figure that is wrong would hand one person's passport to another.
"""

from typing import Any

import anyio.to_thread
import apsw
from litestar import Request, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Redirect, Response

from firm.bounds import DOCUMENT_BYTES_MAX
from firm.commands import DeleteDocument, OpenDocument, StaffAct
from firm.documents import PROOFS, DocumentKind
from firm.ids import id_text, parse_id
from firm.permissions import Permission
from storage.documents import Document, open_document
from storage.readmodels.documents import DocumentLine, document_line, newest_documents
from storage.readmodels.people import traders_known
from web.asking import ask
from web.bounds import DOCUMENTS_PER_PAGE, UPLOAD_BYTES_MAX, UPLOAD_WHY_LENGTH_MAX, WHY_LENGTH_MIN
from web.csp import LOCKED
from web.document_turns import TooManyUploads
from web.document_words import MEDIA_TYPES, SHORT, WHOLE, retained_now, size_in_words, to_staff, trader_names
from web.firm import Firm
from web.forms import Wrong, choice_in, fields_of, read_why, refused_in
from web.handing_in import Handing, NotNow, hand_in
from web.people import staff_names
from web.render import page
from web.shell.toasts import told
from web.uploads import Upload, upload_of
from web.visitor import firm_of, may, read_id, signed_in

_NEWEST = 2**62
GONE = "this document is not there, or not any more"


@get("/staff/documents", policy=may(Permission.SEE_DOCUMENTS), records=StaffAct.NAMES_SEEN)
async def staff_documents(request: Request[Any, Any, Any]) -> Response[str]:
    return await _shown(request)


@post(
    "/staff/documents",
    policy=may(Permission.HAND_IN_DOCUMENTS),
    uploads=True,
    request_max_body_size=UPLOAD_BYTES_MAX,
)
async def staff_hand_in_document(request: Request[Any, Any, Any]) -> Response[Any]:
    """In a trader's name: bounded, looked at and kept as if the trader had handed it in."""
    firm, visitor, upload = firm_of(request), signed_in(request), upload_of(request)
    read = await _read_handing(firm, upload, visitor.reference)
    if isinstance(read, Wrong):
        return await _shown(request, read)
    status = 422
    try:
        with request.app.state.document_turns.turn(visitor.reference, firm.wall_us()) as turn:
            wrong = await hand_in(request, upload, read, turn)
    except TooManyUploads as many:
        wrong, status = to_staff(many.key, **many.counted), 429
    except NotNow as amiss:
        wrong, status = to_staff(amiss.key), 503
    if wrong:
        return await _shown(request, Wrong({"": wrong}, await _typed(upload)), status)
    return told(request, Redirect("/staff/documents", status_code=303), "sent")


@post(
    "/staff/documents/{document:str}/deletion",
    policy=may(Permission.DELETE_DOCUMENTS),
    fresh=True,
)
async def staff_delete_document(request: Request[Any, Any, Any], document: FromPath[str]) -> Response[Any]:
    """A courier destroys it once the row is written."""
    firm, number = firm_of(request), read_id(document)
    line = await firm.book.read(lambda book: document_line(book, number))
    if line is None or not line.is_kept:
        raise NotFoundException(GONE)
    fields = await fields_of(request)
    why, no_proof = read_why(fields), fields.get("no_proof") == "yes"
    typed = {"document": document, "no_proof": "yes" if no_proof else ""}
    if isinstance(why, Wrong):
        return await _shown(request, Wrong(why.errors, {**why.typed, **typed}))
    by = signed_in(request).reference
    asked = DeleteDocument(by=by, trader=line.trader, document=number, why=why, no_proof=no_proof)
    if refused := refused_in((await ask(request, asked)).facts):
        return await _shown(request, Wrong({"": f"It was not deleted. {refused}"}, {**typed, "why": why}))
    return told(request, Redirect("/staff/documents", status_code=303), "sent")


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
    if line is None or not line.is_kept:
        raise NotFoundException(GONE)
    asked = OpenDocument(by=signed_in(request).reference, trader=line.trader, document=number)
    if refused := refused_in((await ask(request, asked)).facts):
        raise NotFoundException(refused)
    found: Document | None = await anyio.to_thread.run_sync(open_document, firm.vault, line.sealed)
    if found is None:
        raise NotFoundException(GONE)
    named = f'attachment; filename="document-{id_text(number)}.{line.form.value}"'
    return Response(
        found.content, media_type=MEDIA_TYPES[line.form], headers={"content-disposition": named}, status_code=200
    )


async def _shown(request: Request[Any, Any, Any], wrong: Wrong | None = None, status: int = 422) -> Response[str]:
    """`wrong`: of the form that names a document, or of the one that hands one in."""
    firm, from_seq = firm_of(request), _before(request.query_params.get("before", ""))

    def question(book: apsw.Connection) -> list[DocumentLine]:
        return newest_documents(book, from_seq, DOCUMENTS_PER_PAGE + 1)

    found = await firm.book.read(question)
    lines = found[:DOCUMENTS_PER_PAGE]
    typed = wrong.typed if wrong else {"trader": request.query_params.get("trader", "")}
    whom, amiss = await _trader_in(firm, typed["trader"]) if typed.get("trader") else (None, "")
    traders = [line.trader for line in lines] + ([] if whom is None else [whom])
    people = (who for line in lines for who in (line.opened_by, line.kept_by, line.deleted_by))
    return page(
        request,
        "staff_documents.html",
        status=status if wrong else 200,
        lines=lines,
        older=lines[-1].seq if len(found) > len(lines) else 0,
        paged=from_seq != _NEWEST,
        traders=await anyio.to_thread.run_sync(trader_names, firm, traders),
        names=await staff_names(firm, people),
        retained=retained_now(firm, lines),
        kinds=SHORT,
        proofs=PROOFS,
        kind_options=[
            ("", "Choose"),
            *((each.value, WHOLE[each]) for each in DocumentKind),
        ],
        size=size_in_words,
        wrong=wrong,
        typed=typed,
        whom=whom,
        amiss=amiss,
        bytes_max=DOCUMENT_BYTES_MAX,
        upload_why_max=UPLOAD_WHY_LENGTH_MAX,
    )


async def _typed(upload: Upload) -> dict[str, str]:
    return {name: await upload.word(name) for name in ("trader", "kind", "why")}


async def _read_handing(firm: Firm, upload: Upload, by: str) -> Handing | Wrong:
    typed = await _typed(upload)
    kind, errors = choice_in(DocumentKind, typed["kind"]), {}
    trader, amiss = await _trader_in(firm, typed["trader"])
    if trader is None:
        errors["trader"] = amiss
    if kind is None:
        errors["kind"] = "Choose what the document shows."
    if not WHY_LENGTH_MIN <= len(typed["why"]) <= UPLOAD_WHY_LENGTH_MAX or not typed["why"].isprintable():
        errors["why"] = (
            f"Say where it is from in {WHY_LENGTH_MIN} to {UPLOAD_WHY_LENGTH_MAX} letters, figures and signs on one line: "
            "the trader reads it."
        )
    if errors or kind is None or trader is None:
        return Wrong(errors, typed)
    return Handing(trader, by, to_staff, kind, typed["why"])


async def _trader_in(firm: Firm, typed: str) -> tuple[int | None, str]:
    """Whose number this is, or what is wrong with it."""
    try:
        trader = parse_id(typed)
    except ValueError:
        return None, "Give the trader’s number, as the list of traders shows it."
    known = await firm.book.read(lambda book: traders_known(book, [trader]))
    return (trader, "") if known else (None, "No trader has this number.")


def _before(typed: str) -> int:
    """The row of the ledger that a page of older ones begins before."""
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 19 else _NEWEST


ROUTES = (staff_documents, staff_hand_in_document, staff_open_document, staff_delete_document)
