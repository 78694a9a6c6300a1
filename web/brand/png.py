"""PNG: whether a picture is one whole, still image of bounded size, with nothing before, behind or beside it.

The image is unpacked once, to its exact length, and thrown away: what is served is the file as it was given.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from web.brand.faults import BrandFault

SIGNATURE = b"\x89PNG\r\n\x1a\n"
BYTES_MAX = 256 * 1024
SIDE_MIN, SIDE_MAX = 16, 1_024  # pixels
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
PLAIN = frozenset(
    {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"pHYs", b"bKGD", b"sBIT"}
)
AGAIN = 'save it again as a plain PNG: no metadata, no animation, not interlaced ("Export as PNG" of most programs)'


class _Chunk(NamedTuple):
    kind: bytes
    body: bytes


def check_png(content: bytes) -> tuple[int, int]:
    """Its width and height, in pixels. Raises BrandFault."""
    if len(content) > BYTES_MAX:
        raise BrandFault(f"has {len(content)} bytes, and a PNG may have {BYTES_MAX}: save it smaller")
    if not content.startswith(SIGNATURE):
        raise BrandFault(f"does not begin as a PNG does: {AGAIN}")
    chunks = list(_chunks(content))
    if chunks[0].kind != b"IHDR" or chunks[-1].kind != b"IEND" or chunks[-1].body:
        raise BrandFault(f"has no whole head and end: {AGAIN}")
    width, height, row_bytes = _head(chunks[0].body)
    packed = b"".join(chunk.body for chunk in chunks if chunk.kind == b"IDAT")
    _require_pixels(packed, height * (row_bytes + 1))  # each row begins with the number of its filter
    return width, height


def _chunks(content: bytes) -> Iterator[_Chunk]:
    at, seen = len(SIGNATURE), set[bytes]()
    while at < len(content):
        head = content[at : at + 8]
        if len(head) < 8:
            raise BrandFault(f"is cut off: {AGAIN}")
        length, kind = struct.unpack(">I4s", head)
        body, crc = content[at + 8 : at + 8 + length], content[at + 8 + length : at + 12 + length]
        if len(body) < length or len(crc) < 4:
            raise BrandFault(f"is cut off: {AGAIN}")
        if zlib.crc32(kind + body).to_bytes(4, "big") != crc:
            raise BrandFault(f"is damaged (a checksum is wrong): {AGAIN}")
        if kind not in PLAIN:
            raise BrandFault(f"holds a part of the kind {kind!r}, which a logo does not need: {AGAIN}")
        if kind in seen and kind != b"IDAT":
            raise BrandFault(f"holds two parts of the kind {kind!r}: {AGAIN}")
        seen.add(kind)
        at += 12 + length
        yield _Chunk(kind, body)
        if kind == b"IEND":
            break
    if at != len(content) or b"IEND" not in seen:
        raise BrandFault(f"goes on behind the image's end, or has none: {AGAIN}")


def _head(body: bytes) -> tuple[int, int, int]:
    """Width and height in pixels, and the bytes of one row."""
    if len(body) != 13:
        raise BrandFault(f"has a head of another length: {AGAIN}")
    width, height, depth, colour, packing, filtering, interlace = struct.unpack(">IIBBBBB", body)
    if not (SIDE_MIN <= width <= SIDE_MAX and SIDE_MIN <= height <= SIDE_MAX):
        raise BrandFault(f"is {width} by {height} pixels: save it with {SIDE_MIN} to {SIDE_MAX} each way")
    if depth not in DEPTHS.get(colour, ()) or packing or filtering or interlace:
        raise BrandFault(f"is of a form that is not taken (interlaced, or none of PNG's): {AGAIN}")
    return width, height, (width * CHANNELS[colour] * depth + 7) // 8


def _require_pixels(packed: bytes, length: int) -> None:
    """Exactly so many bytes of image, and not one more is unpacked to see it."""
    unpacker = zlib.decompressobj()
    try:
        image = unpacker.decompress(packed, length + 1)
    except zlib.error as broken:
        raise BrandFault(f"cannot be unpacked ({broken}): {AGAIN}") from broken
    if len(image) != length or not unpacker.eof or unpacker.unused_data:
        raise BrandFault(f"holds more or less than the image that its head tells of: {AGAIN}")
