"""PDF: kept as it came, where it has pages that can be counted and nothing in it that does anything.

What a reader of it clicks may lead to another page, or to an address of the web; nothing may happen because a page is open.
"""

import codecs
import io
from collections.abc import Iterable, Iterator
from typing import Any

from pypdf import PdfReader, PdfWriter
from pypdf.errors import PyPdfError
from pypdf.generic import ArrayObject, ByteStringObject, DictionaryObject, IndirectObject, NameObject, TextStringObject

from appliance.documents.pdf_bytes import LEADS_TO_WEB, fault_in_bytes
from firm.documents import DocumentFault

PAGES_MAX = 50
OBJECTS_MAX = 20_000
PARTS_MAX = 500_000  # of all objects together
_ACTIVE = frozenset(
    {
        "/JavaScript", "/JS", "/Launch", "/EmbeddedFile", "/EmbeddedFiles", "/EF", "/RichMedia", "/RichMediaExecute", "/Rendition",
        "/SubmitForm", "/ImportData", "/GoToR", "/GoToE", "/GoTo3DView", "/Thread", "/XFA", "/Movie", "/Sound", "/Screen", "/Collection",
        "/AA", "/3D", "/3DD", "/OnInstantiate", "/FFilter",
    }
)  # fmt: skip
_CODECS = ("ascii", "charmap", "cp1252", "gbk", "latin-1", "utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-16-le")
_FILE_KEYS = frozenset(
    {"/F", "/UF", "/FS", "/DOS", "/Mac", "/Unix"}
)  # of a file that is described: ISO 32000-1, table 44
_STRINGS = (TextStringObject, ByteStringObject)


def warm_up() -> None:
    """Read a small one, so that all that reading asks for is loaded."""
    for codec in _CODECS:
        codecs.lookup(codec)
    out, writer = io.BytesIO(), PdfWriter()
    writer.add_blank_page(9, 9)
    writer.write(out)
    assert fault_in_pdf(out.getvalue()) is None


def fault_in_pdf(content: bytes) -> DocumentFault | None:
    """None: it is kept. Raises what Python does of damaged ones."""
    fault = fault_in_bytes(content)
    if fault is not None:
        return fault
    try:
        return _fault_in_read(content)
    except PyPdfError:
        return DocumentFault.DAMAGED


def _fault_in_read(content: bytes) -> DocumentFault | None:
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
        for part in _parts_of(reader.get_object(IndirectObject(number, generation, reader))):
            parts += 1
            if parts > PARTS_MAX:
                return DocumentFault.TAKES_TOO_LONG
            if part in _ACTIVE if isinstance(part, str) else _does_something(part):
                return DocumentFault.ACTIVE
    return None


def _does_something(part: DictionaryObject) -> bool:
    """By what stands under a name: ISO 32000-1, 7.7.2 (what happens when it is opened), 7.11 (another file), 12.6.4.7 (an address)."""
    address = part.get("/URI", "http://")
    return (
        any(key in part and _is_file(part[key]) for key in ("/F", "/UF"))
        or not (isinstance(address, str | bytes) and LEADS_TO_WEB.match(_bytes_of(address)))
        or ("/OpenAction" in part and not _only_turns_to_a_page(part["/OpenAction"]))
    )


def _is_file(under_f: Any) -> bool:
    """Annotations have flags under this name, and a font may be called so."""
    return isinstance(under_f, _STRINGS) or (
        isinstance(under_f, DictionaryObject) and not _FILE_KEYS.isdisjoint(under_f)
    )


def _bytes_of(address: str | bytes) -> bytes:
    return address if isinstance(address, bytes) else address.encode("utf-8", "replace")


def _only_turns_to_a_page(opened: Any) -> bool:
    if isinstance(opened, DictionaryObject):
        return (
            opened.get("/S") == "/GoTo" and "/Next" not in opened
        )  # a reference for the first is not followed: it is no name
    return isinstance(opened, ArrayObject)


def _listed(reader: PdfReader) -> Iterator[tuple[int, int]]:
    """Each object of its tables."""
    for generation, offsets in reader.xref.items():
        yield from ((number, generation) for number in offsets)
    yield from ((number, 0) for number in reader.xref_objStm)


def _parts_of(found: Any) -> Iterator[str | DictionaryObject]:
    """Every name and every dictionary within an object, but for what it refers to, which is listed by itself."""
    waiting: list[Any] = [found]
    while waiting:
        part = waiting.pop()
        if isinstance(part, DictionaryObject):
            yield part
            yield from (str(key) for key in part)
            waiting.extend(_raw(part.items()))
        elif isinstance(part, ArrayObject):
            waiting.extend(list.__iter__(part))
        elif isinstance(part, NameObject):
            yield str(part)


def _raw(items: Iterable[tuple[Any, Any]]) -> Iterator[Any]:
    return (value for _, value in items)
