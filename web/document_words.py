"""Document words: how large a document is, as people read it, and until when a law has it kept; and for staff what it shows, who handed it
in, where they may know, and why one that they hand in is not taken.
"""

from collections.abc import Iterable

from firm.documents import DocumentForm, DocumentKind
from firm.ids import id_text
from storage.readmodels.documents import DocumentLine
from web.firm import Firm
from web.shell.speech import ENGLISH, Speech

SHORT: dict[DocumentKind, str] = {
    DocumentKind.IDENTITY: "Identity",
    DocumentKind.ADDRESS: "Address",
    DocumentKind.EVIDENCE: "Evidence",
}
WHOLE: dict[DocumentKind, str] = {
    DocumentKind.IDENTITY: "Who they are: passport, identity card or driving licence",
    DocumentKind.ADDRESS: "Where they live: a bill, bank statement or letter of an authority",
    DocumentKind.EVIDENCE: "What happened: a screenshot, statement or other evidence",
}
TO_STAFF = {
    "documents.full": "{most} documents are kept of this trader, or as many bytes as may be: delete one first.",
    "documents.forgotten": "this trader asked to be forgotten.",
    "documents.not_by_firm": "the firm’s ledger refused it.",
    "documents.no_room": "The firm has no room for more documents (documents.kept_max_mb): nothing of it was kept.",
    "documents.not_safely": "Documents cannot be looked at safely on this machine: nothing of it was kept. “evenhand doctor” says why.",
    "documents.on_its_way": "A document that you hand in is on its way already: wait until it has come.",
}
"""What says "you" to the trader, or sends them to the firm, said of the trader to the firm."""
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


def retained_now(firm: Firm, lines: Iterable[DocumentLine]) -> dict[int, int]:
    """By document until when nobody deletes it, of those that are kept for a law at this moment."""
    retained_us, now_us = firm.live.documents_retained_us(), firm.now_us()
    until_us = {line.document: line.retained_until_us(retained_us) for line in lines}
    return {document: each for document, each in until_us.items() if each > now_us}


def to_staff(key: str, **words: str | int) -> str:
    """A sentence of the catalog as staff read it who hand in for a trader: in English, as all their pages are."""
    said = TO_STAFF.get(key)
    return ENGLISH(key, **words) if said is None else said.format(**words)


def trader_names(firm: Firm, traders: Iterable[int]) -> dict[int, str]:
    """By name where that may be seen and is still known, else by pseudonym. Reads a file: never in the loop."""
    named = {}
    for trader in set(traders):
        person = firm.person("trader", trader)
        named[trader] = person.name if person else f"Trader {id_text(trader)}"
    return named
