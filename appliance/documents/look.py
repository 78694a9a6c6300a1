"""Look: the program of the child: reads documents from its standard input, and says of each what it is, or why it is not taken.

    in:   for each document: length, u32 big-endian | content
    out:  "cut" or "open" (whether the network is out of reach), a line | for each: verdict, a line | length, u32 | content

A verdict is a form or "!" and a fault. Of a PDF no content comes back: it is kept as it came.
"""

import logging
import struct
import sys
import zlib

from appliance.documents.confined import confine
from firm.documents import DocumentFault, DocumentForm

_PICTURES = ((b"\xff\xd8\xff", "JPEG"), (b"\x89PNG\r\n\x1a\n", "PNG"))
_HEIF = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis"})


def main(cpu_s: int) -> None:
    """Until there is no more."""
    source, out = sys.stdin.buffer, sys.stdout.buffer
    logging.disable()  # what libraries say of a damaged file is for nobody, and may be without end
    out.write(b"cut\n" if confine(cpu_s) else b"open\n")
    out.flush()
    while len(head := source.read(4)) == 4:
        verdict, content = looked_at(source.read(int.from_bytes(head)))
        out.write(f"{verdict}\n".encode() + len(content).to_bytes(4) + content)
        out.flush()


def looked_at(content: bytes) -> tuple[str, bytes]:
    """By its first bytes alone: what a name or a browser says of it is not known here."""
    try:
        found = _found(content)
    except _unreadable():
        found = DocumentFault.DAMAGED
    except MemoryError:
        found = DocumentFault.TAKES_TOO_LONG
    if isinstance(found, DocumentFault):
        return f"!{found.value}", b""
    return found[0].value, found[1]


def _found(content: bytes) -> tuple[DocumentForm, bytes] | DocumentFault:
    if not content:
        return DocumentFault.EMPTY
    for magic, picture in _PICTURES:
        if content.startswith(magic):
            return _picture(content, picture)
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return _picture(content, "WEBP")
    if content[4:8] == b"ftyp" and content[8:12] in _HEIF:
        return DocumentFault.HEIC
    if content.startswith(b"%PDF-"):
        from appliance.documents.pdf import fault_in_pdf  # takes longer to import than a picture to draw

        return fault_in_pdf(content) or (DocumentForm.PDF, b"")
    return DocumentFault.UNKNOWN_FORM


def _picture(content: bytes, picture: str) -> tuple[DocumentForm, bytes] | DocumentFault:
    from appliance.documents.pictures import redrawn

    return redrawn(content, picture)


def _unreadable() -> tuple[type[Exception], ...]:
    """What the libraries raise of bytes that make no sense to them."""
    from PIL import Image
    from pypdf.errors import PyPdfError

    return (
        OSError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, AssertionError, RuntimeError, SyntaxError, EOFError,
        struct.error, zlib.error, Image.DecompressionBombError, PyPdfError,
    )  # fmt: skip
