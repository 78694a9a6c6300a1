"""Documents: what a trader may hand in, in which forms it is kept, and why one is refused."""

from enum import StrEnum

import msgspec


class DocumentKind(StrEnum):
    """What a document is to show. The values are written into the ledger and never change."""

    IDENTITY = "identity"
    ADDRESS = "address"
    EVIDENCE = "evidence"


class DocumentForm(StrEnum):
    """In which form it is kept: a picture that was drawn anew, or a PDF as it came."""

    JPEG = "jpeg"
    PNG = "png"
    PDF = "pdf"


class DocumentFault(StrEnum):
    """Why one is refused. The values are written into the ledger and never change."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    UNKNOWN_FORM = "unknown_form"
    HEIC = "heic"
    DAMAGED = "damaged"
    TOO_MANY_PIXELS = "too_many_pixels"
    MOVING = "moving"
    ENCRYPTED = "encrypted"
    ACTIVE = "active"
    ALSO_ELSE = "also_else"
    TOO_MANY_PAGES = "too_many_pages"
    EXPANDS = "expands"
    TAKES_TOO_LONG = "takes_too_long"
    INFECTED = "infected"


class DocumentHeld(msgspec.Struct, frozen=True, gc=False):
    """One that is kept of a trader, since `kept_us` of firm time. `opened`: somebody of the firm has looked at it."""

    document: int
    size_bytes: int
    document_kind: DocumentKind
    kept_us: int
    opened: bool = False


PROOFS = frozenset({DocumentKind.IDENTITY, DocumentKind.ADDRESS})
"""What laws against money laundering have a firm keep for years (Directive (EU) 2015/849, Article 40)."""


def retained_until_us(kind: DocumentKind, kept_us: int, retained_us: int) -> int:
    """Until when nobody deletes it, where proof is kept for `retained_us` after it was handed in; 0: it may go at any time."""
    return kept_us + retained_us if retained_us and kind in PROOFS else 0
