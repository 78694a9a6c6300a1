"""Body: what an answer brings, piece by piece, never more than was allowed, neither as it came nor unpacked."""

import zlib

from bridges.outbound.errors import BadAnswer

_WINDOW_BITS = {"gzip": 31, "x-gzip": 31, "deflate": 15}


class Body:
    """`encoding`: of the answer's header. Raises BadAnswer, as does each method, where it cannot be had whole within `bytes_max`."""

    def __init__(self, host: str, encoding: str, bytes_max: int) -> None:
        self._host = host
        self._bytes_max = bytes_max
        self._came = 0
        self._body = bytearray()
        packed = encoding.strip().lower()
        if packed not in {"", "identity", *_WINDOW_BITS}:
            raise BadAnswer(f"{host} answered in a packing that was not asked for: tell whoever runs it")
        self._unpacker = zlib.decompressobj(_WINDOW_BITS[packed]) if packed in _WINDOW_BITS else None

    def take(self, piece: bytes) -> None:
        self._came += len(piece)
        if self._came > self._bytes_max:
            raise self._too_large()
        self._body += self._unpacked(piece) if self._unpacker else piece
        if len(self._body) > self._bytes_max:
            raise self._too_large()

    def whole(self) -> bytes:
        if self._unpacker and self._came and not self._unpacker.eof:
            raise self._broken()
        return bytes(self._body)

    def _unpacked(self, piece: bytes) -> bytes:
        """At most one byte more than is allowed, however small the piece is."""
        assert self._unpacker is not None
        if self._unpacker.eof:
            raise self._broken()
        try:
            unpacked = self._unpacker.decompress(piece, self._bytes_max - len(self._body) + 1)
        except zlib.error:
            raise self._broken() from None
        if self._unpacker.unused_data:
            raise self._broken()
        return unpacked

    def _too_large(self) -> BadAnswer:
        return BadAnswer(
            f"{self._host} answered with more than {self._bytes_max} bytes: see whether the address is right"
        )

    def _broken(self) -> BadAnswer:
        return BadAnswer(f"{self._host} answered in a broken packing: try later")
