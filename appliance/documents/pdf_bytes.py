"""PDF bytes: what a PDF says that no reader has to be asked for: where it begins and ends, what else it could be read as, which names are
in it whatever its tables say, and how far it unpacks.

A reader follows a file's tables, and readers differ in which they believe. So names that we refuse are looked for in all of the bytes, in
whatever of them unpacks, and by a reader (`appliance/documents/pdf.py`).
"""

import re
import zlib

from firm.documents import DocumentFault

TRAILING_BYTES_MAX = 1_024  # of white space after its end
STREAMS_MAX = 20_000
UNPACKED_BYTES_MAX = 128 * 2**20  # of all its streams together
SCANNED_BYTES_MAX = 4 * 2**20  # of each of them; objects lie in smaller ones
_PIECE = 2**20
_WHITE = b"\x00\t\n\x0c\r "
# Actions that do something, and what can carry another file: ISO 32000-1, 12.6.4 and 7.11.4.
_NAMES = (
    rb"JavaScript|Launch|EmbeddedFiles?|RichMedia(?:Execute)?|Rendition|SubmitForm|ImportData|GoTo[RE]|GoTo3DView|Thread|XFA|Movie|Sound"
    rb"|Collection|OnInstantiate|FFilter|3DD"
)
_DELIMITED = rb"(?=[\x00\t\n\x0c\r ()<>\[\]{}/%]|$)"
_APART = rb"(?:[\x00\t\n\x0c\r ]|%[^\r\n]*[\r\n])*"
_TURNED_TO = (
    rb"(?:(?:/Type"
    + _APART
    + rb"/Action|/D"
    + _APART
    + rb"\[[^\[\]()<>]*\])"
    + _APART
    + rb")*/S"
    + _APART
    + rb"/GoTo"
    + _DELIMITED
)
LEADS_TO_WEB = re.compile(rb"https?://|mailto:|tel:|www\.", re.IGNORECASE)
# Short names turn up in packed bytes by chance; with what must follow them they do not.
_ACTIVE = re.compile(
    rb"/(?:(?:" + _NAMES + rb")" + _DELIMITED
    + rb"|AA" + _APART + rb"(?:<<|\d+" + _APART + rb"\d+" + _APART + rb"R)"
    + rb"|OpenAction" + _APART + rb"<<(?!" + _APART + _TURNED_TO + rb")"
    + rb"|(?:Type|Subtype)" + _APART + rb"/(?:3D|Screen)" + _DELIMITED
    + rb"|U?F" + _APART + rb"(?:\([\x20-\x7e]{4}|<[0-9A-Fa-f]{6}|<<" + _APART + rb"/)"
    + rb")"
)  # fmt: skip
_ENCRYPTED = re.compile(rb"/Encrypt" + _DELIMITED)
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_STREAM = re.compile(rb"stream\r?\n")
_PACKED_TWICE = re.compile(
    rb"/Filter\s*\[[^\]]{0,200}?(?:Flate|LZW|RunLength)Decode[^\]]{0,200}?(?:Flate|LZW|RunLength)Decode"
)
_MARKUP = re.compile(rb"<(?:script|html|iframe|!doctype|\?php)", re.IGNORECASE)
_ARCHIVES = (b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c")
_ZIP_END, _ZIP_END_WITHIN = b"PK\x05\x06", 65_557


def fault_in_bytes(content: bytes) -> DocumentFault | None:
    """None: nothing of this is wrong with it."""
    if not re.match(rb"%PDF-[12]\.\d", content):
        return DocumentFault.UNKNOWN_FORM
    end = content.rstrip(_WHITE)
    if not end.endswith(b"%%EOF"):
        return DocumentFault.DAMAGED
    if len(content) - len(end) > TRAILING_BYTES_MAX or _is_also_else(content):
        return DocumentFault.ALSO_ELSE
    plain = _unescaped(content)
    if _ENCRYPTED.search(plain):
        return DocumentFault.ENCRYPTED
    if _ACTIVE.search(plain):
        return DocumentFault.ACTIVE
    if _PACKED_TWICE.search(plain):
        return DocumentFault.EXPANDS
    return _fault_in_streams(content)


def _is_also_else(content: bytes) -> bool:
    """An archive, a page, a disk's image, a tape's."""
    return (
        _ZIP_END in content[-_ZIP_END_WITHIN:]
        or any(mark in content for mark in _ARCHIVES)
        or _MARKUP.search(content) is not None
        or content[0x8001:0x8006] == b"CD001"
        or content[257:262] == b"ustar"
    )


def _unescaped(content: bytes) -> bytes:
    """With names as they are meant: /J#61vaScript is /JavaScript."""
    return _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), content) if b"#" in content else content


def _fault_in_streams(content: bytes) -> DocumentFault | None:
    left = UNPACKED_BYTES_MAX
    for number, found in enumerate(_STREAM.finditer(content)):
        if number >= STREAMS_MAX:
            return DocumentFault.EXPANDS
        head, unpacked = _unpacked(content, found.end(), left)
        left -= unpacked
        if left <= 0:
            return DocumentFault.EXPANDS
        if _ACTIVE.search(_unescaped(head)):
            return DocumentFault.ACTIVE
    return None


def _unpacked(content: bytes, start: int, most: int) -> tuple[bytes, int]:
    """The beginning of what lies packed there, and how much it is in all; nothing where it is not packed so."""
    unpacking, head, total = zlib.decompressobj(), bytearray(), 0
    waiting = content[start : start + _PIECE]
    end = start + len(waiting)
    try:
        while total <= most:
            piece = unpacking.decompress(waiting, _PIECE)
            total += len(piece)
            if len(head) < SCANNED_BYTES_MAX:
                head += piece
            waiting = unpacking.unconsumed_tail
            if not waiting and not unpacking.eof:
                waiting = content[end : end + _PIECE]
                end += len(waiting)
            if unpacking.eof or not waiting:
                break
    except zlib.error:
        pass  # another filter, or none; of what is damaged counts what came before
    return bytes(head), total
