"""Tiles: the stored tree, read back: full tiles from their table, the right edge from the rows themselves."""

import hashlib
from collections.abc import Sequence

import apsw

from storage.errors import LedgerDamaged
from storage.identity import Hashers
from storage.leaf import HASH_BYTES
from storage.rows import stored_rows
from storage.schema import one_value
from storage.tree import LEVELS, TILE, TILE_HEIGHT, Edge, fold, range_hash, split

COLUMNS = (
    "seq, kind, happened_us, received_us, cause, account, account_seq, account_prev_seq, account_prev_hash, payload"
)
ROOTS_CACHED_MAX = 65_536

Roots = dict[tuple[int, int], bytes]
"""Roots of full tiles by (level, index): they never change, so any number of readings may share them."""


class StoredTree:
    """The tree over the first `size` rows, through one connection. Without `hashers` it sees full tiles alone."""

    def __init__(self, connection: apsw.Connection, size: int, hashers: Hashers | None, roots: Roots) -> None:
        self._connection = connection
        self._size = size
        self._hashers = hashers
        self._roots = roots
        self._seen: dict[tuple[int, int], list[bytes]] = {}

    def root(self) -> bytes:
        return range_hash(self.perfect, 0, self._size) if self._size else hashlib.sha256(b"").digest()

    def leaf(self, index: int) -> bytes:
        return self.perfect(0, index)

    def perfect(self, height: int, index: int) -> bytes:
        """The hash of the full subtree of 2^height leaves that is number `index` of its height."""
        level, rest = divmod(height, TILE_HEIGHT)
        if rest == 0 and level > 0:
            return self._root_of(level - 1, index)
        start = index << rest
        tile, offset = divmod(start, TILE)
        return fold(self.hashes(level, tile)[offset : offset + (1 << rest)])

    def hashes(self, level: int, tile: int) -> list[bytes]:
        """The entries of a tile, as many of its 256 as the tree has."""
        seen = self._seen.get((level, tile))
        if seen is None:
            seen = self._seen[level, tile] = self._read(level, tile)
        return seen

    def levels(self) -> list[list[bytes]]:
        """The right edge, for `Edge`."""
        edge: list[list[bytes]] = []
        for level in range(LEVELS):
            known = self._size >> TILE_HEIGHT * level
            edge.append(self.hashes(level, known // TILE) if known % TILE else [])
        return edge

    def _read(self, level: int, tile: int) -> list[bytes]:
        first = tile * TILE
        end = min(first + TILE, self._size >> TILE_HEIGHT * level)
        if end - first == TILE:
            return split(self._stored(level, tile))
        if level > 0:
            return [self._root_of(level - 1, child) for child in range(first, end)]
        if self._hashers is None:
            raise LedgerDamaged(
                f"rows {first + 1} to {end} fill no tile yet: open the reader with the ledger secret, or ask for a size below"
            )
        return leaves_of(self._connection, first, end, self._hashers)

    def _stored(self, level: int, tile: int) -> bytes:
        sql = "SELECT hashes FROM tiles WHERE level = ? AND tile = ?"
        hashes = one_value(self._connection, sql, (level, tile))
        if hashes is None or len(hashes) != TILE * HASH_BYTES:
            raise LedgerDamaged(f'tile {tile} of level {level} is missing or cut short: stop, run "evenhand verify"')
        return bytes(hashes)

    def _root_of(self, level: int, tile: int) -> bytes:
        root = self._roots.get((level, tile))
        if root is None:
            if len(self._roots) >= ROOTS_CACHED_MAX:
                self._roots.clear()
            root = self._roots[level, tile] = fold(split(self._stored(level, tile)))
        return root


def leaves_of(connection: apsw.Connection, first: int, end: int, hashers: Hashers) -> list[bytes]:
    """The leaves first..end-1, computed from their rows."""
    sql = f"SELECT {COLUMNS} FROM ledger WHERE seq > ? AND seq <= ? ORDER BY seq"  # noqa: S608  (a constant list of columns)
    rows = stored_rows(connection.execute(sql, (first, end)), first)
    if len(rows) != end - first:
        raise LedgerDamaged(f'rows {first + 1} to {end} are not complete: stop, run "evenhand verify"')
    return [hashers.at(row.seq).leaf(row) for row in rows]


def edge_of(connection: apsw.Connection, size: int, hashers: Hashers) -> Edge:
    """The right edge of the tree as it was left, for the writer to continue."""
    return Edge(size, StoredTree(connection, size, hashers, {}).levels())


def tail_of(connection: apsw.Connection, after: int, size: int, hashers: Hashers) -> Sequence[bytes]:
    """The leaves of rows after..size, where a tile begins at `after`."""
    tree = StoredTree(connection, size, hashers, {})
    return [leaf for tile in range(after // TILE, -(-size // TILE)) for leaf in tree.hashes(0, tile)]
