"""Breached list: passwords that are known to have leaked, as a file of short hashes that is looked up where it lies.

    magic "EVHBRCH1" | count u64 | width u8 | 7 zero bytes | count × the first `width` bytes of SHA-1, sorted

All big-endian. SHA-1 because the lists that are handed around are of it; it guards nothing here. Of `count` hashes of five bytes, a
password that never leaked is taken for one with a chance of count / 2^40, twice where it has capital letters.
"""

import hashlib
import mmap
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from struct import Struct
from typing import BinaryIO

MAGIC = b"EVHBRCH1"
WIDTH = 5
LENGTH_MIN = 10  # shorter passwords are refused anyway
BUNDLED = Path(__file__).parent / "breached" / "common.bin"
WORDS_MAX = 20_000_000  # sorted in memory
_HEAD = Struct(">8sQB7x")
_HASH_LINE = re.compile(rb"([0-9A-Fa-f]{40})(?::([0-9]+))?\s*")


class ListRefused(ValueError):
    """The file is no list of breached passwords, or is not what its head says."""


class BreachedList:
    """An open list. `count`: how many passwords it knows; looking one up reads a few pages of the file."""

    def __init__(self, path: Path) -> None:
        try:
            with path.open("rb") as file:
                self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as unreadable:
            raise ListRefused(
                f"{path} cannot be read ({unreadable}): build it with evenhand passwords build"
            ) from unreadable
        if len(self._bytes) < _HEAD.size:
            raise ListRefused(f"{path} is too short: build it again with evenhand passwords build")
        magic, self.count, self._width = _HEAD.unpack_from(self._bytes)
        if magic != MAGIC or not 4 <= self._width <= 20 or len(self._bytes) != _HEAD.size + self.count * self._width:
            raise ListRefused(f"{path} is no list of breached passwords, or not whole: build it again")

    def has(self, password: str) -> bool:
        """As it was typed, or in small letters."""
        return any(
            self._has(hashlib.sha1(form.encode(), usedforsecurity=False).digest())
            for form in {password, password.lower()}
        )

    def _has(self, digest: bytes) -> bool:
        wanted, low, high = digest[: self._width], 0, self.count
        while low < high:
            middle = (low + high) // 2
            at = _HEAD.size + middle * self._width
            found = self._bytes[at : at + self._width]
            if found == wanted:
                return True
            low, high = (middle + 1, high) if found < wanted else (low, middle)
        return False


@cache
def bundled() -> BreachedList:
    """The list that comes along."""
    return BreachedList(BUNDLED)


def build_list(source: Iterable[bytes], target: BinaryIO, *, seen_min: int = 1) -> int:
    """Write a list from lines, and say how many passwords it has. Raises ListRefused.

    Lines are passwords, or SHA-1 in hex with a colon and how often it was seen, sorted by hash. `seen_min` passes over rarer ones.
    """
    lines = iter(source)
    first = next(lines, b"")
    found = _hashes(first, lines, seen_min) if _HASH_LINE.fullmatch(first) else _of_words(first, lines)
    target.write(_HEAD.pack(MAGIC, 0, WIDTH))
    count, before = 0, b""
    for each in found:
        if each != before:
            target.write(each)
            count, before = count + 1, each
    target.seek(0)
    target.write(_HEAD.pack(MAGIC, count, WIDTH))
    return count


def _hashes(first: bytes, lines: Iterator[bytes], seen_min: int) -> Iterator[bytes]:
    before = b""
    for number, line in enumerate(_again(first, lines), 1):
        found = _HASH_LINE.fullmatch(line)
        if found is None:
            raise ListRefused(f"line {number} is no SHA-1 in hex with a count: give one kind of lines alone")
        each = bytes.fromhex(found[1].decode())
        if each < before:
            raise ListRefused(f"line {number} is out of order: sort the file by hash first")
        before = each
        if int(found[2] or 1) >= seen_min:
            yield each[:WIDTH]


def _of_words(first: bytes, lines: Iterator[bytes]) -> Iterator[bytes]:
    words = (line.rstrip(b"\r\n") for line in _again(first, lines))
    hashes = {hashlib.sha1(word, usedforsecurity=False).digest()[:WIDTH] for word in words if len(word) >= LENGTH_MIN}
    if len(hashes) > WORDS_MAX:
        raise ListRefused(f"more than {WORDS_MAX} passwords: give them as sorted SHA-1 hashes")
    yield from sorted(hashes)


def _again(first: bytes, lines: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from lines
