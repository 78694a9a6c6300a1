"""Document words: what a document shows and how large it is, as people read it; and who handed it in, for staff who may know."""

from collections.abc import Iterable

from firm.documents import DocumentForm, DocumentKind
from firm.ids import id_text
from web.firm import Firm

KINDS: dict[DocumentKind, str] = {
    DocumentKind.IDENTITY: "Who you are: passport, identity card or driving licence",
    DocumentKind.ADDRESS: "Where you live: a bill, bank statement or letter of an authority",
    DocumentKind.EVIDENCE: "What happened: a screenshot, statement or other evidence",
}
SHORT: dict[DocumentKind, str] = {
    DocumentKind.IDENTITY: "Identity",
    DocumentKind.ADDRESS: "Address",
    DocumentKind.EVIDENCE: "Evidence",
}
MEDIA_TYPES: dict[DocumentForm, str] = {
    DocumentForm.JPEG: "image/jpeg",
    DocumentForm.PNG: "image/png",
    DocumentForm.PDF: "application/pdf",
}


def size_in_words(size_bytes: int) -> str:
    """ "840 kB", "3.2 MB"; rounded up, so that nothing has no size."""
    if size_bytes < 10**6:
        return f"{-(-size_bytes // 1_000)} kB"
    tenths = -(-size_bytes // 10**5)
    return f"{tenths // 10}.{tenths % 10} MB"


def trader_names(firm: Firm, traders: Iterable[int]) -> dict[int, str]:
    """By name where that may be seen and is still known, else by pseudonym. Reads a file: never in the loop."""
    named = {}
    for trader in set(traders):
        person = firm.person("trader", trader)
        named[trader] = person.name if person else f"Trader {id_text(trader)}"
    return named
