"""Handing in: a document's way from a form to the vault: bounds first, then bytes, then the look at them, the seal and the firm's word.

The same way whoever hands it in: its trader, or somebody of the staff in the trader's name, who says why.
"""

import logging
import secrets
from typing import Any, NamedTuple, Protocol

import anyio.to_thread
import apsw
from litestar import Request

from firm.bounds import DOCUMENTS_BYTES_MAX, DOCUMENTS_MAX
from firm.commands import KeepDocument, NoteDocumentRefused
from firm.documents import DocumentFault, DocumentKind
from firm.facts import Refusal
from firm.ids import ID_BITS
from storage.documents import packed
from storage.people import DOCUMENTS, reference
from storage.readmodels.documents import bytes_kept, documents_of
from storage.readmodels.erasures import is_forgotten
from storage.sqlite_file import TracesRemain
from storage.vault import Vault
from web.asking import ask
from web.document_turns import Turn
from web.forms import refusal_in
from web.inspecting import Clean, InspectionFull, ScannerSilent, Unconfined, Verdict
from web.uploads import FileTooLarge, Handed, Upload
from web.visitor import firm_of

_LOG = logging.getLogger(__name__)


class NotNow(Exception):
    """No document can be taken. `key`: the name of the sentence that says why."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


class Say(Protocol):
    """Says a sentence of the catalog to whoever hands in."""

    def __call__(self, key: str, **words: str | int) -> str: ...


class Handing(NamedTuple):
    """Whose document it is, who hands it in and in whose words they are answered, and why, where that is not the trader."""

    trader: int
    by: str
    say: Say
    kind: DocumentKind
    why: str = ""

    @property
    def person(self) -> str:
        return reference("trader", self.trader)


async def hand_in(request: Request[Any, Any, Any], upload: Upload, handing: Handing, turn: Turn) -> str:
    """Why it was not taken, as a sentence; "" where it was. Raises TooManyUploads and NotNow."""
    if full := await _why_no_room(request, handing):
        return full
    try:
        with turn.coming():
            handed = await upload.file(turn.count)
        verdict = await _looked_at(request, handed)
    except FileTooLarge:
        verdict = DocumentFault.TOO_LARGE
    if isinstance(verdict, DocumentFault):
        noted = NoteDocumentRefused(by=handing.by, trader=handing.trader, document_kind=handing.kind, fault=verdict)
        await ask(request, noted)
        return _not_taken(handing.say, f"fault.{verdict}")
    return await _keep(request, handing, handed.name, verdict)


async def _why_no_room(request: Request[Any, Any, Any], handing: Handing) -> str:
    """Asked before the file is read; the trader's desk asks again."""
    firm = firm_of(request)
    if firm.held():
        raise NotNow("documents.firm_held")

    def question(book: apsw.Connection) -> tuple[bool, int, int, int]:
        held = [line.size_bytes for line in documents_of(book, handing.trader) if line.is_kept]
        return is_forgotten(book, handing.trader), len(held), sum(held), bytes_kept(book)

    forgotten, many, theirs, everybodys = await firm.book.read(question)
    if forgotten:
        return _not_taken(handing.say, "documents.forgotten")
    if many >= DOCUMENTS_MAX or theirs >= DOCUMENTS_BYTES_MAX:
        return _full(handing.say)
    if everybodys >= firm.inspector.bytes_max:
        raise NotNow("documents.no_room")
    return ""


async def _looked_at(request: Request[Any, Any, Any], handed: Handed) -> Verdict:
    try:
        return await firm_of(request).inspector.inspect(handed.content)
    except InspectionFull as full:
        raise NotNow("documents.many_inspected") from full
    except ScannerSilent as silent:
        raise NotNow("documents.no_scanner") from silent
    except Unconfined as unsafe:
        raise NotNow("documents.not_safely") from unsafe


async def _keep(request: Request[Any, Any, Any], handing: Handing, name: str, clean: Clean) -> str:
    """Sealed first, then told: what a crash leaves between the two has no row, and the next start sweeps it."""
    vault = firm_of(request).vault
    value = packed(name, clean.content)
    sealed = await anyio.to_thread.run_sync(vault.seal, handing.person, DOCUMENTS, value)
    command = KeepDocument(
        by=handing.by,
        trader=handing.trader,
        document=secrets.randbits(ID_BITS),
        document_kind=handing.kind,
        form=clean.form,
        size_bytes=len(clean.content),
        sealed=sealed,
        why=handing.why,
    )
    refusal = refusal_in((await ask(request, command)).facts)
    if refusal is None:
        return ""
    await anyio.to_thread.run_sync(_unkeep, vault, handing.person, sealed, refusal)
    return _refused(handing.say, refusal)


def _refused(say: Say, refusal: Refusal) -> str:
    match refusal:
        case Refusal.TOO_MANY_DOCUMENTS:
            return _full(say)
        case Refusal.TRADER_FORGOTTEN:
            return _not_taken(say, "documents.forgotten")
        case _:
            return _not_taken(say, "documents.not_by_firm")


def _full(say: Say) -> str:
    return say("documents.not_taken", why=say("documents.full", most=DOCUMENTS_MAX))


def _not_taken(say: Say, why: str) -> str:
    """`why`: the name of the end of the sentence."""
    return say("documents.not_taken", why=say(why))


def _unkeep(vault: Vault, person: str, sealed: str, refusal: Refusal) -> None:
    """Of somebody who was forgotten meanwhile the key goes, too: an erasure that was done by then saw nothing of it.

    Not while another document lies under it: such an erasure is still to come, once a law lets the proof go.
    """
    try:
        vault.erase_values([sealed])
        if refusal is Refusal.TRADER_FORGOTTEN and not _any_left(vault, person):
            vault.erase(person, DOCUMENTS)
    except TracesRemain as unfinished:
        _LOG.warning("a document that the firm refused is gone, and not yet all of its traces: %s", unfinished)


def _any_left(vault: Vault, person: str) -> bool:
    return any(opening.klass == DOCUMENTS for _, opening in vault.values_of(person))
