"""Document commands: what traders hand in is kept or refused, opened by whoever may, and deleted one by one."""

from firm.commands.command import Command
from firm.documents import DocumentFault, DocumentForm, DocumentKind


class KeepDocument(Command, frozen=True, kw_only=True, omit_defaults=True):
    """Keep what a trader handed in, as it was found harmless and sealed behind `sealed`. What is refused is erased again by who asks.

    `why`: of whoever hands it in in the trader's name.
    """

    trader: int
    document: int
    document_kind: DocumentKind
    form: DocumentForm
    size_bytes: int
    sealed: str
    why: str = ""


class NoteDocumentRefused(Command, frozen=True, kw_only=True):
    """Put into the book that what a trader handed in was not taken."""

    trader: int
    document_kind: DocumentKind
    fault: DocumentFault


class OpenDocument(Command, frozen=True, kw_only=True):
    """Be shown what is in a document of a trader."""

    trader: int
    document: int


class DeleteDocument(Command, frozen=True, kw_only=True, omit_defaults=True):
    """Have one document of a trader destroyed. `why`: of the firm; a trader takes back what nobody has looked at, and says nothing.
    `no_proof`: the firm says that it shows neither who its trader is nor where they live, whatever they called it, so no law keeps it.
    """

    trader: int
    document: int
    why: str = ""
    no_proof: bool = False
