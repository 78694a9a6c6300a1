"""Row audit: every row again, in order: gapless, caused, chained, readable, and hashed to the tiles and checkpoints on disk."""

import struct
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import apsw
import msgspec

from firm.inputs import LedgerForked, QuoteFrame
from firm.kinds import BY_NAME, INPUTS, Body, UnknownKind, body_of
from storage.audit_frames import FrameAudit
from storage.chain import Head
from storage.checkpoint import check_note
from storage.columns import unwatched
from storage.continuation import End, end_of
from storage.errors import NoteRefused
from storage.findings import Findings
from storage.identity import Hashers, Identity, Lineages, checkpoint_mac, origin_at
from storage.landmarks import LANDMARK_KINDS
from storage.leaf import NO_HASH
from storage.rows import StoredRow
from storage.schema import one_value
from storage.tree import TILE, Edge, Tile

BESIDE_BYTES_MAX = 16 * 2**20
_INPUT_KINDS = frozenset(kind.__name__ for kind in INPUTS)


Signed = tuple[bytes, int, bytes, str]
"""Root, at_us, mac and note of a checkpoint."""


class Beside(NamedTuple):
    """What lies in the file beside some rows, by seq: the frames, and the checkpoints; None is one that cannot be read."""

    frames: dict[int, bytes]
    checkpoints: dict[int, Signed | None]


def in_parts(connection: apsw.Connection, rows: Sequence[StoredRow]) -> Iterator[Sequence[StoredRow]]:
    """These rows, so many at a time that what lies beside them is at most BESIDE_BYTES_MAX; one row where its own is more."""
    if not rows:
        return
    sql = "SELECT seq, length(frame) FROM quote_frames WHERE seq BETWEEN ? AND ?"  # which reads no frame
    sizes = dict(unwatched(connection).execute(sql, (rows[0].seq, rows[-1].seq)))
    first = beside = 0
    for number, row in enumerate(rows):
        size = sizes.get(row.seq) or 0
        if beside + size > BESIDE_BYTES_MAX and number > first:
            yield rows[first:number]
            first, beside = number, 0
        beside += size
    yield rows[first:]


def lying_beside(connection: apsw.Connection, rows: Sequence[StoredRow]) -> Beside:
    """Read at once what would cost a statement a row. After the rows, with which it was written."""
    stretch = (rows[0].seq, rows[-1].seq)
    return Beside(_frames(connection, stretch), _checkpoints(connection, stretch))


def lying_beside_one(connection: apsw.Connection, row: StoredRow, findings: Findings) -> Beside:
    """Where not all can be read: what can be, and of the rest a finding. A frame that cannot be read is not the one that was named."""
    stretch, seq = (row.seq, row.seq), row.seq
    frames: dict[int, bytes] = {seq: b""}
    checkpoints: dict[int, Signed | None] = {seq: None}
    with findings.reading(f"the frame of row {seq}", seq):
        frames = _frames(connection, stretch)
    with findings.reading(f"the checkpoint of size {seq}", seq):
        checkpoints = _checkpoints(connection, stretch)
    return Beside(frames, checkpoints)


def _frames(connection: apsw.Connection, stretch: tuple[int, int]) -> dict[int, bytes]:
    return dict(connection.execute("SELECT seq, frame FROM quote_frames WHERE seq BETWEEN ? AND ?", stretch))


def _checkpoints(connection: apsw.Connection, stretch: tuple[int, int]) -> dict[int, Signed | None]:
    sql = "SELECT size, root, at_us, mac, note FROM checkpoints WHERE size BETWEEN ? AND ?"
    return {size: tuple(columns) for size, *columns in connection.execute(sql, stretch)}


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
                self._check_checkpoint(seq, lying.checkpoints[seq])
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
        kind = None
        with self._findings.reading(f"row {row.cause}, the cause of row {row.seq}", row.cause):
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
        if not self._whole:
            return
        width = 256 ** (tile.level + 1)
        first, what = tile.tile * width + 1, f"tile {tile.tile} of level {tile.level}"
        with self._findings.reading(what, first):
            if one_value(self._connection, sql, (tile.level, tile.tile)) != tile.hashes:
                self._findings.add(f"rows {first} to {(tile.tile + 1) * width} do not hash to {what}", first)

    def _check_checkpoint(self, size: int, signed: Signed | None) -> None:
        self.checkpoints += 1
        before, self._checkpoint_size = self._checkpoint_size, size
        if signed is None:
            return
        root, at_us, mac, note = signed
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
        wanted = end_of(self._secret, self._lineages.newest, self.edge, self._checkpoint_size)
        parts: dict[str, Callable[[], None]] = {
            "the end of the ledger": lambda: self._check_own_end(connection, wanted),
            "account_heads": lambda: self._check_heads(connection, wanted[2]),
            "landmarks": lambda: self._check_landmarks(connection),
            "checkpoints": lambda: self._check_beyond(connection),
            "tiles": lambda: self._check_tiles(connection),
        }
        for what, check in parts.items():
            with self._findings.reading(what, self.seq):
                check()

    def _check_own_end(self, connection: apsw.Connection, wanted: End) -> None:
        sql = "SELECT size, edge_hash, heads_through, checkpoint_size, mac FROM ledger_end"
        if connection.execute(sql).fetchone() != wanted:
            what = f"the ledger does not end at row {self.seq} and checkpoint {self._checkpoint_size} as it was left"
            self._findings.add(what, self.seq)

    def _check_landmarks(self, connection: apsw.Connection) -> None:
        stored = [(str(kind), seq) for kind, seq in connection.execute("SELECT kind, seq FROM landmarks")]
        if stored != sorted(self.landmarks):
            odd = min(seq for _, seq in set(stored) ^ set(self.landmarks))
            self._findings.add("the landmarks are not those of the ledger", odd)

    def _check_beyond(self, connection: apsw.Connection) -> None:
        beyond = one_value(connection, "SELECT size FROM checkpoints WHERE size < 1 OR size > ?", (self.seq,))
        if beyond is not None:
            self._findings.add(
                f"there is a checkpoint of size {beyond}, but the ledger ends at row {self.seq}", self.seq
            )

    def _check_tiles(self, connection: apsw.Connection) -> None:
        tiles = [self.seq // 256**level for level in range(1, 8)]
        if one_value(connection, "SELECT count(*) FROM tiles") != sum(tiles):
            self._findings.add(f"there are not {sum(tiles)} tiles for {self.seq} rows")

    def _check_heads(self, connection: apsw.Connection, through: int) -> None:
        """account_heads as of row `through`, walked back to from the newest heads."""
        sql = "SELECT account_seq, seq, leaf FROM account_heads WHERE account = ?"
        known = 0
        for account, head in self.heads.items():
            with self._findings.reading(f"the chain of account {account}", head[1]):
                then = self._head_at(connection, head, through)
                known += then is not None
                if then is not None and connection.execute(sql, (account,)).fetchone() != then:
                    self._findings.add(
                        f"account_heads does not have row {then[1]} as the last of account {account}", then[1]
                    )
        if one_value(connection, "SELECT count(*) FROM account_heads") != known:
            self._findings.add(f"account_heads does not hold the {known} accounts that rows 1 to {through} have")

    def _head_at(self, connection: apsw.Connection, head: Head, through: int) -> Head | None:
        """The last one up to row `through` of the chain that ends with `head`; None where the chain begins later."""
        account_seq, seq, leaf = head
        sql = "SELECT account_seq, account_prev_seq, account_prev_hash FROM ledger WHERE seq = ?"
        while seq > through:
            back = connection.execute(sql, (seq,)).fetchone()
            if back is None or back[1] >= seq:  # told of already; a link that does not lead back would never end
                return None
            account_seq, seq, leaf = back[0] - 1, back[1], back[2]
        return (account_seq, seq, leaf) if seq > 0 else None
