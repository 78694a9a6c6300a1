"""Trader documents: how many a trader may have kept, and that whoever opens one is in the book before they see it."""

from typing import assert_never

from firm.bounds import DOCUMENT_BYTES_MAX, DOCUMENTS_BYTES_MAX, DOCUMENTS_MAX
from firm.commands import KeepDocument, NoteDocumentRefused, OpenDocument
from firm.documents import DocumentHeld
from firm.facts import DocumentKept, DocumentOpened, DocumentRefused, Fact, Refusal, Refused, ValuesForgotten

CLASS = "documents"  # of what the vault holds

AboutDocument = KeepDocument | NoteDocumentRefused | OpenDocument


def answer_about(
    asked: AboutDocument, held: tuple[DocumentHeld, ...], *, is_registered: bool, is_forgotten: bool
) -> Fact:
    """`held`: those that are kept of the trader whose it is, who is registered, or forgotten, or neither."""
    if not is_registered:
        return Refused(refusal=Refusal.UNKNOWN_TRADER, detail="no trader has this id")
    if is_forgotten and not isinstance(asked, OpenDocument):
        return Refused(refusal=Refusal.TRADER_FORGOTTEN, detail="nothing is kept of them any more")
    match asked:
        case KeepDocument():
            return why_not_kept(held, asked.document, asked.size_bytes) or DocumentKept(
                trader=asked.trader,
                document=asked.document,
                document_kind=asked.document_kind,
                form=asked.form,
                size_bytes=asked.size_bytes,
                sealed=asked.sealed,
            )
        case NoteDocumentRefused():
            return DocumentRefused(trader=asked.trader, document_kind=asked.document_kind, fault=asked.fault)
        case OpenDocument():
            if all(one.document != asked.document for one in held):
                return Refused(
                    refusal=Refusal.UNKNOWN_DOCUMENT, detail="it is not kept of this trader, or not any more"
                )
            return DocumentOpened(trader=asked.trader, document=asked.document, by=asked.by)
        case unknown:
            assert_never(unknown)


def why_not_kept(held: tuple[DocumentHeld, ...], document: int, size_bytes: int) -> Refused | None:
    """Why another one of this size is not kept beside those that are."""
    if any(one.document == document for one in held):
        return Refused(refusal=Refusal.ID_TAKEN, detail="this document is kept already")
    if not 0 < size_bytes <= DOCUMENT_BYTES_MAX:
        return Refused(
            refusal=Refusal.OUT_OF_BOUNDS, detail=f"{size_bytes} bytes; a document has at most {DOCUMENT_BYTES_MAX}"
        )
    together = sum(one.size_bytes for one in held) + size_bytes
    if len(held) >= DOCUMENTS_MAX or together > DOCUMENTS_BYTES_MAX:
        detail = (
            f"{len(held)} are kept, with this one of {together} bytes together; "
            f"at most {DOCUMENTS_MAX} are, of {DOCUMENTS_BYTES_MAX} bytes"
        )
        return Refused(refusal=Refusal.TOO_MANY_DOCUMENTS, detail=detail)
    return None


def documents_left(told: ValuesForgotten, held: tuple[DocumentHeld, ...]) -> tuple[DocumentHeld, ...]:
    """What is kept after something of the trader was destroyed."""
    return () if told.finished and told.klass == CLASS else held
