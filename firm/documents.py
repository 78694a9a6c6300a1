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
    """One that is kept of a trader: its id, and its size as it is kept."""

    document: int
    size_bytes: int


FAULT_WORDS: dict[DocumentFault, str] = {
    DocumentFault.EMPTY: "the file is empty; choose the one that you mean",
    DocumentFault.TOO_LARGE: "the file is too large; photograph or scan it with fewer pixels",
    DocumentFault.UNKNOWN_FORM: "it is neither JPEG, PNG, WebP nor PDF, whatever its name says; save it as one of these",
    DocumentFault.HEIC: "it is a HEIC picture, which we do not take; share or export it as JPEG",
    DocumentFault.DAMAGED: "it is damaged or was cut off; save or photograph it again",
    DocumentFault.TOO_MANY_PIXELS: "the picture has too many pixels; save it smaller",
    DocumentFault.MOVING: "it holds more than one picture; save the one that you mean by itself",
    DocumentFault.ENCRYPTED: "the PDF needs a password or is encrypted; print it to a new PDF without one",
    DocumentFault.ACTIVE: "the PDF carries a script, an action, a form or another file; print it to a new PDF, which leaves these out",
    DocumentFault.ALSO_ELSE: "it can be read as another kind of file, too; print it to a new PDF",
    DocumentFault.TOO_MANY_PAGES: "the PDF has too many pages; hand in those that matter",
    DocumentFault.EXPANDS: "it unpacks to far more than its size; print it to a new PDF, or photograph it",
    DocumentFault.TAKES_TOO_LONG: "it takes too long or too much memory to read; save it smaller, or photograph it",
    DocumentFault.INFECTED: "a virus scanner found something in it; hand in a clean copy",
}
"""Each fault as the end of "it was not taken: …"."""
