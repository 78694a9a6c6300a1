"""PDF: kept as it came, where it has pages that can be counted and nothing in it that does anything."""

import io
from collections.abc import Iterable, Iterator
from typing import Any

from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, NameObject

from appliance.documents.pdf_bytes import fault_in_bytes
from firm.documents import DocumentFault

PAGES_MAX = 50
OBJECTS_MAX = 20_000
PARTS_MAX = 500_000  # of all objects together
_ACTIVE = frozenset(
    {
        "/JavaScript", "/JS", "/Launch", "/EmbeddedFile", "/EmbeddedFiles", "/EF", "/RichMedia", "/Rendition", "/SubmitForm",
        "/ImportData", "/GoToR", "/GoToE", "/XFA", "/Movie", "/Sound", "/Collection",
    }
)  # fmt: skip


def fault_in_pdf(content: bytes) -> DocumentFault | None:
    """None: it is kept. Raises what pypdf does of damaged ones."""
    fault = fault_in_bytes(content)
    if fault is not None:
        return fault
    reader = PdfReader(io.BytesIO(content))
    if reader.is_encrypted:
        return DocumentFault.ENCRYPTED
    pages = sum(1 for _, _ in zip(range(PAGES_MAX + 1), reader.pages, strict=False))
    if pages > PAGES_MAX:
        return DocumentFault.TOO_MANY_PAGES
    if pages == 0:
        return DocumentFault.DAMAGED
    return _fault_in_objects(reader)


def _fault_in_objects(reader: PdfReader) -> DocumentFault | None:
    numbers = set(_listed(reader))
    if len(numbers) > OBJECTS_MAX:
        return DocumentFault.TAKES_TOO_LONG
    parts = 0
    for number, generation in sorted(numbers):
        for name in _names_in(reader.get_object(IndirectObject(number, generation, reader))):
            parts += 1
            if parts > PARTS_MAX:
                return DocumentFault.TAKES_TOO_LONG
            if name in _ACTIVE:
                return DocumentFault.ACTIVE
    return None


def _listed(reader: PdfReader) -> Iterator[tuple[int, int]]:
    """Each object of its tables."""
    for generation, offsets in reader.xref.items():
        yield from ((number, generation) for number in offsets)
    yield from ((number, 0) for number in reader.xref_objStm)


def _names_in(found: Any) -> Iterator[str]:
    """Every name within an object, but for what it refers to, which is listed by itself."""
    waiting: list[Any] = [found]
    while waiting:
        part = waiting.pop()
        if isinstance(part, DictionaryObject):
            yield from (str(key) for key in part)
            waiting.extend(_raw(part.items()))
        elif isinstance(part, ArrayObject):
            waiting.extend(list.__iter__(part))
        elif isinstance(part, NameObject):
            yield str(part)


def _raw(items: Iterable[tuple[Any, Any]]) -> Iterator[Any]:
    return (value for _, value in items)
