"""Tree: the RFC 9162 Merkle tree over the ledger's leaves: its growing right edge, its tiles, its roots and proofs.

Leaf number i, from 0, is the row of seq i + 1. Hashes are kept in tiles of 256: level 0 holds leaves, each entry of level
n + 1 is the root of one full tile of level n. Only full tiles are stored; the rest is the edge, at most 255 hashes a level.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import NamedTuple

from storage.leaf import HASH_BYTES

TILE_HEIGHT = 8
TILE = 1 << TILE_HEIGHT
LEVELS = 7  # 256^7 rows: more than seq can number
EMPTY_ROOT = hashlib.sha256(b"").digest()


class Tile(NamedTuple):
    """A full tile: number `tile` of its level, 256 hashes one after another."""

    level: int
    tile: int
    hashes: bytes


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """The hash over neighbouring subtrees, all of one height but the last, which may be lower."""
    sha256 = hashlib.sha256
    while len(hashes) > 1:
        paired = [
            sha256(b"\x01" + left + right).digest() for left, right in zip(hashes[::2], hashes[1::2], strict=False)
        ]
        # The RFC splits at the largest power of two: the same as passing an odd last one up unpaired.
        if len(hashes) & 1:
            paired.append(hashes[-1])
        hashes = paired
    return hashes[0]


def split(hashes: bytes) -> list[bytes]:
    """The hashes that lie one after another in a tile."""
    return [hashes[start : start + HASH_BYTES] for start in range(0, len(hashes), HASH_BYTES)]


class Edge:
    """The right edge of a tree of `size` leaves: on each level the hashes that do not fill a tile yet."""

    def __init__(self, size: int, levels: Sequence[Sequence[bytes]]) -> None:
        self.size = size
        self._levels = [list(level) for level in levels]
        for level, hashes in enumerate(self._levels):
            assert len(hashes) == (size >> TILE_HEIGHT * level) % TILE
        self._unfilled = hashlib.sha256(b"".join(self._levels[0]))

    @classmethod
    def empty(cls) -> "Edge":
        return cls(0, [()] * LEVELS)

    def extend(self, leaves: Sequence[bytes]) -> list[Tile]:
        """Take further leaves; the tiles they filled, in order."""
        self._levels[0].extend(leaves)
        self.size += len(leaves)
        filled: list[Tile] = []
        level = 0
        while len(self._levels[level]) >= TILE:
            self._roll_up(level, filled)
            level += 1
        if filled:
            self._unfilled = hashlib.sha256(b"".join(self._levels[0]))
        else:
            self._unfilled.update(b"".join(leaves))
        return filled

    def unfilled_hash(self) -> bytes:
        """SHA-256 over the leaves, in order, that fill no tile yet: what vouches for them until one does."""
        return self._unfilled.copy().digest()

    def _roll_up(self, level: int, filled: list[Tile]) -> None:
        hashes = self._levels[level]
        whole = len(hashes) // TILE
        first = (self.size >> TILE_HEIGHT * (level + 1)) - whole
        for number in range(whole):
            tile = hashes[number * TILE : (number + 1) * TILE]
            filled.append(Tile(level, first + number, b"".join(tile)))
            self._levels[level + 1].append(fold(tile))
        del hashes[: whole * TILE]

    def root(self) -> bytes:
        """The tree's root as it is now."""
        below: list[bytes] = []
        for hashes in self._levels:
            if hashes or below:
                below = [fold([*hashes, *below])]
        return below[0] if below else EMPTY_ROOT


Perfect = Callable[[int, int], bytes]
"""The hash of the full subtree of 2^height leaves that is number `index` of its height."""


def range_hash(perfect: Perfect, first: int, end: int) -> bytes:
    """The hash over leaves first..end-1, a range that the tree has as one subtree."""
    width = end - first
    if width & (width - 1) == 0 and first % width == 0:
        height = width.bit_length() - 1
        return perfect(height, first >> height)
    middle = first + left_width(width)
    return node(range_hash(perfect, first, middle), range_hash(perfect, middle, end))


def left_width(width: int) -> int:
    """The largest power of two below `width`."""
    return 1 << (width - 1).bit_length() - 1


def inclusion_proof(perfect: Perfect, index: int, size: int) -> list[bytes]:
    """RFC 9162, 2.1.3.1: the hashes that lead from leaf `index` to the root of the tree of `size` leaves, lowest first."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size} leaves: ask for a size above it")
    proof: list[bytes] = []
    first, end = 0, size
    while end - first > 1:
        middle = first + left_width(end - first)
        if index < middle:
            proof.append(range_hash(perfect, middle, end))
            end = middle
        else:
            proof.append(range_hash(perfect, first, middle))
            first = middle
    return proof[::-1]


def consistency_proof(perfect: Perfect, old: int, new: int) -> list[bytes]:
    """RFC 9162, 2.1.4.1: the hashes which show that the tree of `new` leaves only appended to that of `old`."""
    if not 0 < old <= new:
        raise ValueError(
            f"no proof leads from size {old} to size {new}: the old one must be above 0 and not above the new"
        )
    proof: list[bytes] = []
    first, end = 0, new
    # `known`: whoever checks holds the hash of first..old already, as the old root itself.
    known = True
    while old != end:
        middle = first + left_width(end - first)
        if old <= middle:
            proof.append(range_hash(perfect, middle, end))
            end = middle
        else:
            proof.append(range_hash(perfect, first, middle))
            first, known = middle, False
    if not known:
        proof.append(range_hash(perfect, first, end))
    return proof[::-1]


def is_included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """RFC 9162, 2.1.3.2."""
    if not 0 <= index < size:
        return False
    reached, last = leaf, size - 1
    for step in proof:
        if last == 0:
            return False
        if index & 1 or index == last:
            reached = node(step, reached)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            reached = node(reached, step)
        index, last = index >> 1, last >> 1
    return last == 0 and reached == root


def is_consistent(old: tuple[int, bytes], new: tuple[int, bytes], proof: Sequence[bytes]) -> bool:
    """RFC 9162, 2.1.4.2, over (size, root) of the old and the new tree."""
    if not 0 < old[0] <= new[0]:
        return False
    if old[0] == new[0]:
        return not proof and old == new
    path = [old[1], *proof] if old[0] & (old[0] - 1) == 0 else list(proof)
    if not path:
        return False
    index, last = old[0] - 1, new[0] - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    old_root = new_root = path[0]
    for step in path[1:]:
        if last == 0:
            return False
        if index & 1 or index == last:
            old_root, new_root = node(step, old_root), node(step, new_root)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            new_root = node(new_root, step)
        index, last = index >> 1, last >> 1
    return last == 0 and (old_root, new_root) == (old[1], new[1])
