"""Look: the program of the child: reads documents from its standard input, and says of each what it is, or why it is not taken.

    in:   for each document: length, u32 big-endian | content
    out:  "cut" or "open" (whether the network is cut off, too) or "bare", a line | for each: verdict, a line | length, u32 | content

After "bare" comes nothing: what cannot shut itself out looks at nothing. A verdict is a form or "!" and a fault. Of a PDF no content comes
back: it is kept as it came.
"""

import logging
import struct
import sys
import zlib
from collections.abc import Iterable, Iterator
from typing import IO

from appliance.documents.confined import Unfiltered, confine
from firm.documents import DocumentFault, DocumentForm

_PICTURES = frozenset({"JPEG", "PNG", "WEBP"})
_MAGIC = ((b"\xff\xd8\xff", "JPEG"), (b"\x89PNG\r\n\x1a\n", "PNG"), (b"%PDF-", "PDF"))
_HEIF = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis"})
# What the libraries raise of bytes that make no sense to them, beside what is theirs alone.
_NO_SENSE = (
    OSError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, AssertionError, RuntimeError, SyntaxError, EOFError,
    struct.error, zlib.error,
)  # fmt: skip


def main(cpu_s: int) -> None:
    """All of them are in memory before the first is looked at: afterwards nothing can be read."""
    source, out = sys.stdin.buffer, sys.stdout.buffer
    logging.disable()  # what libraries say of a damaged file is for nobody, and may be without end
    contents = list(_handed(source))
    try:
        is_cut = confine(cpu_s, lambda: _warm_up(contents))
    except Unfiltered:
        out.write(b"bare\n")
        return
    out.write(b"cut\n" if is_cut else b"open\n")
    for content in contents:
        verdict, clean = looked_at(content)
        out.write(f"{verdict}\n".encode() + len(clean).to_bytes(4) + clean)
        out.flush()


def _handed(source: IO[bytes]) -> Iterator[bytes]:
    while len(head := source.read(4)) == 4:
        yield source.read(int.from_bytes(head))


def _warm_up(contents: Iterable[bytes]) -> None:
    """Load what these ask for: either takes longer to import than a file of its kind to look at."""
    kinds = {_kind(content) for content in contents}
    if kinds & _PICTURES:
        from appliance.documents import pictures

        pictures.warm_up()
    if "PDF" in kinds:
        from appliance.documents import pdf

        pdf.warm_up()


def looked_at(content: bytes) -> tuple[str, bytes]:
    """By its first bytes alone: what a name or a browser says of it is not known here."""
    try:
        found = _found(content)
    except _NO_SENSE:
        found = DocumentFault.DAMAGED
    except MemoryError:
        found = DocumentFault.TAKES_TOO_LONG
    if isinstance(found, DocumentFault):
        return f"!{found.value}", b""
    return found[0].value, found[1]


def _found(content: bytes) -> tuple[DocumentForm, bytes] | DocumentFault:
    if not content:
        return DocumentFault.EMPTY
    kind = _kind(content)
    if kind in _PICTURES:
        from appliance.documents.pictures import redrawn

        return redrawn(content, kind)
    if kind == "PDF":
        from appliance.documents.pdf import fault_in_pdf

        return fault_in_pdf(content) or (DocumentForm.PDF, b"")
    return DocumentFault.HEIC if kind == "HEIF" else DocumentFault.UNKNOWN_FORM


def _kind(content: bytes) -> str:
    for magic, kind in _MAGIC:
        if content.startswith(magic):
            return kind
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    return "HEIF" if content[4:8] == b"ftyp" and content[8:12] in _HEIF else ""
