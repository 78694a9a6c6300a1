"""Row audit: every row again, in order: gapless, caused, chained, readable, and hashed to the tiles and checkpoints on disk."""

import struct
from collections.abc import Sequence
from typing import NamedTuple

import apsw
import msgspec

from firm.inputs import LedgerForked, QuoteFrame
from firm.kinds import BY_NAME, INPUTS, Body, UnknownKind, body_of
from storage.audit_frames import FrameAudit
from storage.chain import Head
from storage.checkpoint import check_note
from storage.continuation import end_of
from storage.errors import NoteRefused
from storage.findings import Findings
from storage.identity import Hashers, Identity, Lineages, checkpoint_mac, origin_at
from storage.landmarks import LANDMARK_KINDS
from storage.leaf import NO_HASH
from storage.rows import StoredRow
from storage.schema import one_value
from storage.tree import TILE, Edge, Tile

_INPUT_KINDS = frozenset(kind.__name__ for kind in INPUTS)


class Beside(NamedTuple):
    """What lies in the file beside some rows, by seq: the frames, and the columns of the checkpoints."""

    frames: dict[int, bytes]
    checkpoints: dict[int, tuple[bytes, int, bytes, str]]


def lying_beside(connection: apsw.Connection, rows: Sequence[StoredRow]) -> Beside:
    """Read at once what would cost a statement a row. After the rows, with which it was written."""
    if not rows:
        return Beside({}, {})
    stretch = (rows[0].seq, rows[-1].seq)
    frames = connection.execute("SELECT seq, frame FROM quote_frames WHERE seq BETWEEN ? AND ?", stretch)
    sql = "SELECT size, root, at_us, mac, note FROM checkpoints WHERE size BETWEEN ? AND ?"
    return Beside(dict(frames), {size: columns for size, *columns in connection.execute(sql, stretch)})


class RowAudit:
    """Takes rows in ascending order of seq and remembers what later rows must fit: one head an account, one edge."""

    def __init__(
        self, connection: apsw.Connection, secret: bytes, identity: Identity, lineages: Lineages, findings: Findings
    ) -> None:
        self._connection = connection
        self._secret = secret
        self._identity = identity
        self._lineages = lineages
        self._begins = frozenset(first for first, _ in lineages.stretches if first > 1)
        self._hashers = Hashers(lineages, secret)
        self._findings = findings
        self.seq = 0
        self.edge = Edge.empty()
        self.heads: dict[int, Head] = {}
        self.landmarks: list[tuple[str, int]] = []
        self.checkpoints = 0
        self._checkpoint_size = 0
        self._last_input = 0
        self._whole = True  # every row so far was there: the tree can be compared
        self._leaves: list[bytes] = []  # of the last rows, which are not in the edge yet

    def take(self, rows: Sequence[StoredRow], lying: Beside, frames: FrameAudit) -> list[Body]:
        """Check the next rows; what they hold, without those that cannot be read."""
        bodies: list[Body] = []
        for row in rows:
            seq, kind = row.seq, row.kind
            if seq != self.seq + 1:
                self._grow()
                self._findings.add(f"rows {self.seq + 1} to {seq - 1} are missing", self.seq + 1)
                self._whole = False
            self.seq = seq
            body = self._decode(row)
            if body is not None:
                bodies.append(body)
            self._check_cause(row)
            leaf = self._leaf(row)
            self._check_chain(row, leaf)
            if kind == "LedgerForked" or seq in self._begins:
                self._check_lineage(row, body)
            if kind in LANDMARK_KINDS:
                self.landmarks.append((kind, seq))
            if isinstance(body, QuoteFrame):
                frames.take(seq, body.sha256, lying.frames.get(seq))
            self._leaves.append(leaf)
            if seq % TILE == 0:
                self._grow()
            if seq in lying.checkpoints:
                self._grow()
                self._check_checkpoint(seq, *lying.checkpoints[seq])
        self._grow()
        return bodies

    def _grow(self) -> None:
        """Let the tree take the leaves that wait: before it is looked at, before a row that it cannot take, and where a tile is
        full, so that of more findings than are told the first are those of the first rows.
        """
        for tile in self.edge.extend(self._leaves):
            self._check_tile(tile)
        self._leaves = []

    def skip(self, seq: int, why: str) -> None:
        """A row that is there but cannot be read."""
        self._findings.add(f"row {seq} cannot be read ({why})", seq)
        self.seq = seq
        self._whole = False
        self.edge.extend([NO_HASH])

    def _decode(self, row: StoredRow) -> Body | None:
        try:
            return body_of(row.kind, row.payload)
        except UnknownKind as unknown:
            self._findings.add(f"row {row.seq}: {unknown}", row.seq)
        except (msgspec.DecodeError, UnicodeDecodeError) as broken:
            self._findings.add(f"the payload of row {row.seq} is no {row.kind} ({broken})", row.seq)
        return None

    def _check_cause(self, row: StoredRow) -> None:
        if row.kind in _INPUT_KINDS:
            self._last_input = row.seq
            if row.cause != 0:
                self._findings.add(f"row {row.seq} is an input and names a cause, row {row.cause}", row.seq)
            return
        if row.cause == self._last_input != 0 or row.kind not in BY_NAME:
            return
        kind = one_value(self._connection, "SELECT kind FROM ledger WHERE seq = ?", (row.cause,))
        if kind not in _INPUT_KINDS or row.cause >= row.seq:
            self._findings.add(f"row {row.seq} names row {row.cause} as its cause, which is no earlier input", row.seq)

    def _leaf(self, row: StoredRow) -> bytes:
        try:
            return self._hashers.at(row.seq).leaf(row)
        except (struct.error, ValueError) as broken:
            self._findings.add(f"row {row.seq} holds what no row can hold ({broken})", row.seq)
            self._grow()
            self._whole = False
            return NO_HASH

    def _check_chain(self, row: StoredRow, leaf: bytes) -> None:
        links = (row.account_seq, row.account_prev_seq, row.account_prev_hash)
        if row.account == 0:
            if links != (0, 0, NO_HASH):
                self._findings.add(f"row {row.seq} concerns no account but has a place in a chain", row.seq)
            return
        account_seq, seq, before = self.heads.get(row.account, (0, 0, NO_HASH))
        if links != (account_seq + 1, seq, before):
            self._findings.add(
                f"row {row.seq} does not follow row {seq} in the chain of account {row.account}", row.seq
            )
        self.heads[row.account] = (row.account_seq, row.seq, leaf)

    def _check_lineage(self, row: StoredRow, body: Body | None) -> None:
        self._grow()
        told = LedgerForked(
            from_lineage=self._lineages.at(row.seq - 1).hex(), size=row.seq - 1, root=self.edge.root().hex()
        )
        if row.seq not in self._begins or body != told:
            self._findings.add(f"row {row.seq} does not fork the lineage before it as it must", row.seq)

    def _check_tile(self, tile: Tile) -> None:
        sql = "SELECT hashes FROM tiles WHERE level = ? AND tile = ?"
        if self._whole and one_value(self._connection, sql, (tile.level, tile.tile)) != tile.hashes:
            width = 256 ** (tile.level + 1)
            rows = f"rows {tile.tile * width + 1} to {(tile.tile + 1) * width}"
            self._findings.add(f"{rows} do not hash to tile {tile.tile} of level {tile.level}", tile.tile * width + 1)

    def _check_checkpoint(self, size: int, root: bytes, at_us: int, mac: bytes, note: str) -> None:
        self.checkpoints += 1
        before, self._checkpoint_size = self._checkpoint_size, size
        origin = origin_at(self._identity, self._lineages, size)
        try:
            said = check_note(note, origin, self._identity.public_key)
        except NoteRefused as refused:
            self._findings.add(str(refused), size)
            return
        if (said.size, said.root) != (size, root) or mac != checkpoint_mac(
            self._secret, origin, size, root, at_us, before
        ):
            what = f"the checkpoint of size {size} is not the one that was signed after the one of size {before}"
            self._findings.add(what, size)
        # Each root is computed from the same rows, so that any two checkpoints that pass here are consistent.
        if self._whole and self.edge.root() != root:
            self._findings.add(f"rows 1 to {size} do not hash to the signed root of the checkpoint of that size", size)

    def check_end(self, connection: apsw.Connection) -> None:
        """At the last row, within one transaction: what the book says about its own end and parts."""
        sql = "SELECT size, edge_hash, heads_through, checkpoint_size, mac FROM ledger_end"
        end = connection.execute(sql).fetchone()
        wanted = end_of(self._secret, self._lineages.newest, self.edge, self._checkpoint_size)
        if end != wanted:
            what = f"the ledger does not end at row {self.seq} and checkpoint {self._checkpoint_size} as it was left"
            self._findings.add(what, self.seq)
        self._check_heads(connection, wanted[2])
        stored = [(str(kind), seq) for kind, seq in connection.execute("SELECT kind, seq FROM landmarks")]
        if stored != sorted(self.landmarks):
            odd = min(seq for _, seq in set(stored) ^ set(self.landmarks))
            self._findings.add("the landmarks are not those of the ledger", odd)
        beyond = one_value(connection, "SELECT size FROM checkpoints WHERE size < 1 OR size > ?", (self.seq,))
        if beyond is not None:
            self._findings.add(
                f"there is a checkpoint of size {beyond}, but the ledger ends at row {self.seq}", self.seq
            )
        tiles = [self.seq // 256**level for level in range(1, 8)]
        if one_value(connection, "SELECT count(*) FROM tiles") != sum(tiles):
            self._findings.add(f"there are not {sum(tiles)} tiles for {self.seq} rows")

    def _check_heads(self, connection: apsw.Connection, through: int) -> None:
        """account_heads as of row `through`, walked back to from the newest heads."""
        sql = "SELECT account_seq, seq, leaf FROM account_heads WHERE account = ?"
        known = 0
        for account, head in self.heads.items():
            seq, leaf, account_seq = head[1], head[2], head[0]
            while seq > through:
                sql_back = "SELECT account_seq, account_prev_seq, account_prev_hash FROM ledger WHERE seq = ?"
                back = connection.execute(sql_back, (seq,)).fetchone()
                if back is None or back[1] >= seq:  # told of already; a link that does not lead back would never end
                    seq = 0
                    break
                account_seq, seq, leaf = back[0] - 1, back[1], back[2]
            known += seq > 0
            if seq > 0 and connection.execute(sql, (account,)).fetchone() != (account_seq, seq, leaf):
                self._findings.add(f"account_heads does not have row {seq} as the last of account {account}", seq)
        if one_value(connection, "SELECT count(*) FROM account_heads") != known:
            self._findings.add(f"account_heads does not hold the {known} accounts that rows 1 to {through} have")
