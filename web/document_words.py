"""Document words: how large a document is, as people read it; and for staff what it shows, and who handed it in, where they may know."""

from collections.abc import Iterable

from firm.documents import DocumentForm, DocumentKind
from firm.ids import id_text
from web.firm import Firm
from web.shell.speech import Speech

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


def size_in_words(speak: Speech, size_bytes: int) -> str:
    """ "840 kB", "3.2 MB"; rounded up, so that nothing has no size."""
    if size_bytes < 10**6:
        return speak("documents.kilobytes", number=-(-size_bytes // 1_000))
    return speak("documents.megabytes", number=speak.tenths(-(-size_bytes // 10**5)))


def trader_names(firm: Firm, traders: Iterable[int]) -> dict[int, str]:
    """By name where that may be seen and is still known, else by pseudonym. Reads a file: never in the loop."""
    named = {}
    for trader in set(traders):
        person = firm.person("trader", trader)
        named[trader] = person.name if person else f"Trader {id_text(trader)}"
    return named
