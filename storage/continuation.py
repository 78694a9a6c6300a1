"""Continuation: what must follow the rows that are there: the next links, leaves, tiles, heads and signed checkpoints.

It lives in the writer's memory, knows nothing of transactions, and is read from disk anew when one failed.
"""

from collections.abc import Sequence
from typing import NamedTuple

import apsw

from firm.inputs import LedgerForked
from firm.kinds import Body
from storage.chain import HEADS_EVERY, Chains, Columns, heads_through
from storage.checkpoint import Checkpoint, Signer, sign_note
from storage.errors import LedgerDamaged, SequenceBroken
from storage.identity import (
    Hashers,
    Lineages,
    checkpoint_mac,
    end_mac,
    origin_at,
    read_identity,
    read_lineages,
    size_of,
)
from storage.leaf import LINEAGE_BYTES, LeafHasher
from storage.rows import Row
from storage.tiles import StoredTree, edge_of, tail_of
from storage.tree import Edge, Tile

End = tuple[int, bytes, int, int, bytes]
"""The row of ledger_end: size, edge_hash, heads_through, checkpoint_size, mac."""


class Hashed(NamedTuple):
    """A batch with everything that follows from it, before it is written.

    `macs` seal the checkpoints; `end` is the row of ledger_end.
    """

    stored: list[Columns]
    tiles: list[Tile]
    checkpoints: list[Checkpoint]
    macs: list[bytes]
    heads: dict[int, tuple[int, int, int, bytes]]
    end: End


_NO_END: End = (0, b"", 0, 0, b"")


class Continuation:
    """The end of the book in memory. `lineage`: the newest; `size`: the seq of the last row."""

    def __init__(self, connection: apsw.Connection, secret: bytes, signer: Signer) -> None:
        self._secret = secret
        self._signer = signer
        self._next_lineage: bytes | None = None
        self._identity = read_identity(connection)
        self.recover(connection)

    def recover(self, connection: apsw.Connection) -> None:
        """Take up the book as it lies on disk: from the last tile and the last written heads, not from row 1."""
        self._use(read_lineages(connection))
        self.size = size_of(connection)
        hashers = Hashers(self.lineages, self._secret)
        self._edge = edge_of(connection, self.size, hashers)
        last = connection.execute("SELECT size, root FROM checkpoints ORDER BY size DESC LIMIT 1").fetchone() or (
            0,
            b"",
        )
        self._checkpoint_size = int(last[0])
        _require_end(connection, end_of(self._secret, self.lineage, self._edge, self._checkpoint_size))
        through = heads_through(connection)
        self._chains = Chains(connection, through, tail_of(connection, through, self.size, hashers))
        if last[0] and (last[0] > self.size or StoredTree(connection, last[0], hashers, {}).root() != last[1]):
            raise LedgerDamaged(
                f'the rows do not hash to the checkpoint of size {last[0]}: stop, run "evenhand verify"'
            )

    def root(self) -> bytes:
        return self._edge.root()

    def begin_lineage(self, lineage: bytes) -> None:
        known = {line for _, line in self.lineages.stretches}
        if len(lineage) != LINEAGE_BYTES or lineage in known:
            raise ValueError(f"lineage {lineage.hex()!r} is not {LINEAGE_BYTES} fresh bytes: draw it at random")
        self._next_lineage = lineage

    def require_order(
        self,
        rows: Sequence[tuple[Row, Body]],
        checkpoints: Sequence[tuple[int, int]],
        snapshot: Sequence[tuple[str, int, bytes]],
    ) -> None:
        """Refuse what does not continue the book, before anything is touched."""
        first, last = self.size + 1, self.size + len(rows)
        seqs = [row.seq for row, _ in rows]
        if seqs != list(range(first, last + 1)):
            odd = next(seq for seq, wanted in zip(seqs, range(first, last + 1), strict=True) if seq != wanted)
            raise SequenceBroken(
                f"row {odd} came where another must follow row {self.size}: the engine is at fault, nothing was written"
            )
        at = [seq for seq, _ in checkpoints]
        if at != sorted(set(at)) or (at and not first <= at[0] <= at[-1] <= last):
            raise SequenceBroken(
                f"checkpoints at {at} are not rising within rows {first} to {last}: nothing was written"
            )
        if any(of_seq > last for _, of_seq, _ in snapshot):
            raise SequenceBroken(f"a snapshot part is of a row beyond {last}: nothing was written")

    def extend(self, rows: Sequence[tuple[Row, Body]], checkpoints: Sequence[tuple[int, int]]) -> Hashed:
        """Chain, hash and sign. Stops where the state after exactly so many rows is needed, so that batches leave no trace."""
        hashed = Hashed([], [], [], [], {}, _NO_END)
        due = dict(checkpoints)
        first, last = self.size + 1, self.size + len(rows)
        boundaries = range(-(-first // HEADS_EVERY) * HEADS_EVERY, last + 1, HEADS_EVERY)
        done = 0
        for stop in sorted({*due, *boundaries, last} if rows else ()):
            part = rows[done : stop - first + 1]
            done = stop - first + 1
            self._fork_where_due(part)
            leaves, stored = self._chains.extend(part, self._hasher)
            hashed.stored.extend(stored)
            hashed.tiles.extend(self._edge.extend(leaves))
            if stop in due:
                self._sign(stop, due[stop], hashed)
            if stop % HEADS_EVERY == 0:
                hashed.heads.update((head[0], head) for head in self._chains.take_touched())
        return hashed._replace(end=end_of(self._secret, self.lineage, self._edge, self._checkpoint_size))

    def settle(self, rows: int) -> None:
        """The batch is durable."""
        self.size += rows
        self._chains.trim()
        if self._next_lineage == self.lineage:
            self._next_lineage = None

    def _sign(self, size: int, at_us: int, hashed: Hashed) -> None:
        root, origin = self._edge.root(), origin_at(self._identity, self.lineages, size)
        hashed.checkpoints.append(Checkpoint(size, root, at_us, sign_note(origin, size, root, self._signer)))
        hashed.macs.append(checkpoint_mac(self._secret, origin, size, root, at_us, self._checkpoint_size))
        self._checkpoint_size = size

    def _fork_where_due(self, part: Sequence[tuple[Row, Body]]) -> None:
        """A new lineage begins with the LedgerForked row that names the end of the old one, or not at all."""
        forks = [row.seq for row, _ in part if row.kind == "LedgerForked"]
        waiting = self._next_lineage is not None and self._next_lineage != self.lineage
        if not forks and not waiting:
            return
        row, body = part[0]
        told = LedgerForked(from_lineage=self.lineage.hex(), size=row.seq - 1, root=self._edge.root().hex())
        if self._next_lineage is None or not waiting or forks != [row.seq] or row.seq != self.size + 1 or body != told:
            raise SequenceBroken(
                f"row {row.seq} does not fork lineage {self.lineage.hex()} as it must: call begin_lineage, then append "
                f"LedgerForked with size {told.size} and root {told.root} first; nothing was written"
            )
        self._use(Lineages((*self.lineages.stretches, (row.seq, self._next_lineage))))

    def _use(self, lineages: Lineages) -> None:
        self.lineages = lineages
        self.lineage = lineages.newest
        self._hasher = LeafHasher(self.lineage, self._secret)


def end_of(secret: bytes, lineage: bytes, edge: Edge, checkpoint_size: int) -> End:
    """What ledger_end says of a ledger that ends with this edge and this newest checkpoint."""
    size, unfilled = edge.size, edge.unfilled_hash()
    mac = end_mac(secret, lineage, size, unfilled, checkpoint_size)
    return size, unfilled, size - size % HEADS_EVERY, checkpoint_size, mac


def _require_end(connection: apsw.Connection, wanted: End) -> None:
    """The rows and checkpoints that nothing later vouches for are those that were written."""
    sql = "SELECT size, edge_hash, heads_through, checkpoint_size, mac FROM ledger_end"
    if connection.execute(sql).fetchone() != wanted:
        raise LedgerDamaged(f'the ledger does not end as it was left (row {wanted[0]}): stop, run "evenhand verify"')
