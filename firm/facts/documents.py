"""Facts of documents that traders hand in: that one is kept, was refused, opened or deleted. Contents and names lie in the vault."""

from firm.documents import DocumentFault, DocumentForm, DocumentKind
from firm.facts.fact import Fact


class DocumentKept(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A document of a trader is kept, behind `sealed`. `form`: as it is kept; `size_bytes`: of its content, before it was sealed.

    `by`, `why`: of whoever handed it in in the trader's name; "" where it was the trader.
    """

    trader: int
    document: int
    document_kind: DocumentKind
    form: DocumentForm
    size_bytes: int
    sealed: str
    by: str = ""
    why: str = ""


class DocumentRefused(Fact, frozen=True, kw_only=True):
    """What a trader handed in was not taken, and nothing of it was kept."""

    trader: int
    document_kind: DocumentKind
    fault: DocumentFault


class DocumentOpened(Fact, frozen=True, kw_only=True):
    """Somebody of the staff is shown what is in a document: noted before they are."""

    trader: int
    document: int
    by: str


class DocumentDeleted(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A document is kept no longer: taken back by its trader, or deleted by the firm, which says why. The vault destroys it next.

    That it was handed in, and the commitment to it, stay. `no_proof`: the firm says that it showed neither who its trader is nor where
    they live, whatever they called it.
    """

    trader: int
    document: int
    by: str
    why: str = ""
    no_proof: bool = False
