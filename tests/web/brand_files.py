"""Files of a brand, made here: a sound PNG and SVG, and what can be wrong with each."""

import struct
import zlib

SVG_HEAD = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 60">'
SHAPES = '<g fill="#b0005a"><path d="M0 0h60v60H0z"/><circle cx="90" cy="30" r="20" transform="rotate(45)"/></g>'


def svg(inside: str = SHAPES, head: str = SVG_HEAD) -> bytes:
    return f"{head}{inside}</svg>".encode()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def head(width: int = 64, height: int = 32, depth: int = 8, colour: int = 6, rest: bytes = b"\0\0\0") -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBB", width, height, depth, colour) + rest)


def pixels(width: int = 64, height: int = 32, channels: int = 4) -> bytes:
    row = b"\0" + bytes((176, 0, 90, 255)[:channels]) * width
    return chunk(b"IDAT", zlib.compress(row * height))


SIGNATURE = b"\x89PNG\r\n\x1a\n"
END = chunk(b"IEND", b"")


def png(*parts: bytes) -> bytes:
    return SIGNATURE + b"".join(parts or (head(), pixels(), END))
