"""Inspecting: what the pages are told of a document that somebody hands in, before anything of it is kept."""

from typing import Protocol

import msgspec

from firm.documents import DocumentFault, DocumentForm


class Clean(msgspec.Struct, frozen=True):
    """A document as it may be kept."""

    form: DocumentForm
    content: bytes


Verdict = Clean | DocumentFault


class InspectionFull(Exception):
    """As many documents are looked at, and wait to be, as there may be."""


class ScannerSilent(Exception):
    """A virus scanner is configured and gives no answer: nothing passes that it has not seen."""


class Unconfined(Exception):
    """Who looks at documents cannot be shut out of everything else on this machine: nothing is looked at."""


class Inspector(Protocol):
    """Looks at documents in processes of their own. `bytes_max`: of all documents that the firm keeps together."""

    @property
    def bytes_max(self) -> int: ...

    async def inspect(self, content: bytes) -> Verdict:
        """What it is, and how it may be kept. Raises InspectionFull, ScannerSilent and Unconfined."""


class NoInspector:
    """A firm that takes no documents: one that can only be read."""

    bytes_max = 0

    async def inspect(self, content: bytes) -> Verdict:  # noqa: ARG002
        raise InspectionFull
