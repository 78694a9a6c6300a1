"""Trader documents: how many a trader may have kept, who may delete one, and that whoever opens one is in the book before they see it.

No row says which decisions rest on a document. So what somebody of the firm has looked at counts as relied on: its trader takes it back
no more, and the firm deletes it with a reason. Neither deletes proof of who somebody is while a law has the firm keep it. What is no
such proof, though its trader called it one, goes when the firm says so.
"""

from typing import assert_never

from msgspec.structs import replace

from actors.desk import Turn
from firm.bounds import DOCUMENT_BYTES_MAX, DOCUMENT_WORDS_MAX, DOCUMENTS_BYTES_MAX, DOCUMENTS_MAX
from firm.commands import DeleteDocument, EraseTrader, KeepDocument, NoteDocumentRefused, OpenDocument
from firm.documents import DocumentHeld, retained_until_us
from firm.facts import (
    DocumentDeleted,
    DocumentKept,
    DocumentOpened,
    DocumentRefused,
    Fact,
    Refusal,
    Refused,
    ValuesForgotten,
)
from firm.instant import utc_text
from firm.personal import Destruction

CLASS = "documents"  # of what the vault holds

AboutDocument = KeepDocument | NoteDocumentRefused | OpenDocument | DeleteDocument
Told = DocumentKept | DocumentOpened | DocumentDeleted | ValuesForgotten


def answer_about(
    asked: AboutDocument, held: tuple[DocumentHeld, ...], turn: Turn, *, is_registered: bool, is_forgotten: bool
) -> Fact:
    """`held`: those that are kept of the trader whose it is, who is registered, or forgotten, or neither."""
    if not is_registered:
        return Refused(refusal=Refusal.UNKNOWN_TRADER, detail="no trader has this id")
    if is_forgotten and isinstance(asked, KeepDocument | NoteDocumentRefused):
        return Refused(refusal=Refusal.TRADER_FORGOTTEN, detail="nothing is kept of them any more")
    match asked:
        case KeepDocument():
            return _why_not_kept(asked, held) or _kept(asked)
        case NoteDocumentRefused():
            return DocumentRefused(trader=asked.trader, document_kind=asked.document_kind, fault=asked.fault)
        case OpenDocument():
            if _found(held, asked.document) is None:
                return _UNKNOWN
            return DocumentOpened(trader=asked.trader, document=asked.document, by=asked.by)
        case DeleteDocument():
            return _why_not_deleted(asked, held, turn) or DocumentDeleted(
                trader=asked.trader, document=asked.document, by=asked.by, why=asked.why, no_proof=asked.no_proof
            )
        case unknown:
            assert_never(unknown)


_UNKNOWN = Refused(refusal=Refusal.UNKNOWN_DOCUMENT, detail="it is not kept of this trader, or not any more")


def _found(held: tuple[DocumentHeld, ...], document: int) -> DocumentHeld | None:
    return next((one for one in held if one.document == document), None)


def _kept(asked: KeepDocument) -> DocumentKept:
    return DocumentKept(
        trader=asked.trader,
        document=asked.document,
        document_kind=asked.document_kind,
        form=asked.form,
        size_bytes=asked.size_bytes,
        sealed=asked.sealed,
        by="" if _is_theirs(asked) else asked.by,
        why=asked.why,
    )


def _is_theirs(asked: KeepDocument | DeleteDocument | EraseTrader) -> bool:
    return asked.by == f"trader:{asked.trader}"


def _why_not_kept(asked: KeepDocument, held: tuple[DocumentHeld, ...]) -> Refused | None:
    """Why another one is not kept beside those that are."""
    if _found(held, asked.document) is not None:
        return Refused(refusal=Refusal.ID_TAKEN, detail="this document is kept already")
    if no_reason := _why_no_reason(asked):
        return no_reason
    if not 0 < asked.size_bytes <= DOCUMENT_BYTES_MAX:
        detail = f"{asked.size_bytes} bytes; a document has at most {DOCUMENT_BYTES_MAX}"
        return Refused(refusal=Refusal.OUT_OF_BOUNDS, detail=detail)
    together = sum(one.size_bytes for one in held) + asked.size_bytes
    if len(held) >= DOCUMENTS_MAX or together > DOCUMENTS_BYTES_MAX:
        detail = (
            f"{len(held)} are kept, with this one of {together} bytes together; "
            f"at most {DOCUMENTS_MAX} are, of {DOCUMENTS_BYTES_MAX} bytes"
        )
        return Refused(refusal=Refusal.TOO_MANY_DOCUMENTS, detail=detail)
    return None


def _why_not_deleted(asked: DeleteDocument, held: tuple[DocumentHeld, ...], turn: Turn) -> Refused | None:
    found = _found(held, asked.document)
    if found is None:
        return _UNKNOWN
    if no_reason := _why_no_reason(asked):
        return no_reason
    until_us = _retained_until_us(found, turn)
    # What it is called is its trader's word, and the firm's may be another one. A trader's second word does not count.
    if until_us > turn.header.happened_us and (_is_theirs(asked) or not asked.no_proof):
        return Refused(refusal=Refusal.DOCUMENT_RETAINED, detail=f"it is kept until {utc_text(until_us)} at least")
    if found.opened and _is_theirs(asked):
        return Refused(refusal=Refusal.DOCUMENT_RELIED_ON, detail="somebody of the firm has looked at it")
    return None


def _why_no_reason(asked: KeepDocument | DeleteDocument) -> Refused | None:
    """Traders need none of what is theirs; whoever acts for them, or against them, does."""
    least = 0 if _is_theirs(asked) else 1
    if least <= len(asked.why.strip()) <= DOCUMENT_WORDS_MAX:
        return None
    detail = f"say why, in at most {DOCUMENT_WORDS_MAX} characters"
    return Refused(refusal=Refusal.REASON_MISSING, detail=detail)


def _retained_until_us(one: DocumentHeld, turn: Turn) -> int:
    return retained_until_us(one.document_kind, one.kept_us, turn.policy.documents_retained_us)


def as_retained(
    classes: tuple[Destruction, ...], held: tuple[DocumentHeld, ...], turn: Turn
) -> tuple[Destruction, ...]:
    """When each class goes of whoever is to be forgotten: documents not before a law lets the last proof among them go."""
    until_us = _all_retained_until_us(held, turn)
    if until_us <= turn.header.happened_us:
        return classes
    return tuple(
        replace(each, from_us=max(each.from_us, until_us)) if each.klass == CLASS else each for each in classes
    )


def let_go(asked: EraseTrader, held: tuple[DocumentHeld, ...], turn: Turn) -> tuple[DocumentDeleted, ...]:
    """What goes at once although a law postpones the class: it keeps the proof, and nothing that lies beside it."""
    now_us = turn.header.happened_us
    if _all_retained_until_us(held, turn) <= now_us or all(each.klass != CLASS for each in asked.classes):
        return ()
    why = "" if _is_theirs(asked) else asked.why
    return tuple(
        DocumentDeleted(trader=asked.trader, document=one.document, by=asked.by, why=why)
        for one in held
        if _retained_until_us(one, turn) <= now_us
    )


def _all_retained_until_us(held: tuple[DocumentHeld, ...], turn: Turn) -> int:
    """Until when a law keeps the last of them; 0: none."""
    return max((_retained_until_us(one, turn) for one in held), default=0)


def documents_after(told: Told, held: tuple[DocumentHeld, ...], happened_us: int) -> tuple[DocumentHeld, ...]:
    """What is kept once this has happened."""
    match told:
        case DocumentKept():
            return (*held, DocumentHeld(told.document, told.size_bytes, told.document_kind, happened_us))
        case DocumentOpened():
            return tuple(replace(one, opened=True) if one.document == told.document else one for one in held)
        case DocumentDeleted():
            return tuple(one for one in held if one.document != told.document)
        case ValuesForgotten():
            return () if told.finished and told.klass == CLASS else held
