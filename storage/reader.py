"""Reader: everything that can be asked of the book, from any thread and any process, without ever holding up the writer.

Each call is one short read of one moment. Proofs near the tree's end and salts need the ledger secret.
"""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import apsw

from firm.permissions import EVERYTHING, Scope
from storage.chain import newest_of
from storage.checkpoint import Checkpoint
from storage.columns import unwatched, watch_types
from storage.errors import LedgerDamaged, LedgerRefused
from storage.files import FirmDirectory
from storage.identity import (
    Hashers,
    Identity,
    Lineages,
    origin_at,
    read_identity,
    read_lineages,
    require_secret,
    size_of,
)
from storage.migrate import check_header
from storage.narrowed import narrow
from storage.quotes import Frames, sealed_through
from storage.rows import StoredRow, stored_row, stored_rows
from storage.schema import UNREADABLE, open_for_reading
from storage.snapshots import Snapshot, newest_snapshot
from storage.tiles import COLUMNS, Roots, StoredTree
from storage.tree import consistency_proof, inclusion_proof, range_hash

_ROW = f"SELECT {COLUMNS} FROM ledger WHERE seq = ?"  # noqa: S608  (constant columns)
_ROWS = f"SELECT {COLUMNS} FROM ledger WHERE seq > ? ORDER BY seq LIMIT ?"  # noqa: S608  (constant columns)
_OF_KIND = f"SELECT {COLUMNS} FROM ledger WHERE seq >= ? AND seq < ? AND kind = ? ORDER BY seq DESC LIMIT ?"  # noqa: S608  (as above)
_CHAIN_BACK = (
    f"WITH RECURSIVE back AS (SELECT {COLUMNS} FROM ledger WHERE seq = ?1 AND account = ?2 UNION ALL"  # noqa: S608  (as above)
    f" SELECT {', '.join('ledger.' + column for column in COLUMNS.split(', '))}"
    " FROM back JOIN ledger ON ledger.seq = back.account_prev_seq AND ledger.account = ?2 AND ledger.seq < back.seq)"
    f" SELECT {COLUMNS} FROM back LIMIT ?3"
)
NARROWED_KEPT = 16  # readers for as many scopes; beyond, the oldest is opened anew when it is needed
_CHECKPOINTS = "SELECT size, root, at_us, note FROM checkpoints"


class LedgerReader:
    """Read-only connections to one ledger, as many as are in use at once."""

    def __init__(
        self,
        directory: Path,
        *,
        secret: bytes | None = None,
        still: bool = False,
        scope: Scope = EVERYTHING,
    ) -> None:
        """`still`: nobody writes the ledger while it is read. `scope`: that of which alone its read models tell."""
        self._directory = directory
        self._still = still
        self._scope = scope
        self._narrowed: dict[Scope, LedgerReader] = {}
        self._idle: deque[apsw.Connection] = deque()
        self._roots: Roots = {}
        self._secret = secret
        self._segments = FirmDirectory(directory).segments
        with self._connection() as connection:
            check_header(connection)
            if secret is not None:
                require_secret(connection, secret)

    # --- rows ---

    def size(self) -> int:
        """The seq of the last row; 0 while there is none."""
        with self._connection() as connection:
            return size_of(connection)

    def row(self, seq: int) -> StoredRow | None:
        with self._connection() as connection:
            found = connection.execute(_ROW, (seq,)).fetchone()
        return None if found is None else stored_row(found)

    def rows(self, after: int, limit: int) -> list[StoredRow]:
        """Rows that follow seq `after`, in order."""
        with self._connection() as connection:
            return stored_rows(unwatched(connection).execute(_ROWS, (after, limit)), after)

    def account_rows(self, account: int, *, from_seq: int | None = None, limit: int) -> list[StoredRow]:
        """The account's rows, newest first, from row `from_seq` (which must be its own) or from its newest, back along its chain."""
        with self._connection() as connection:
            start = newest_of(connection, account) if from_seq is None else from_seq
            return [stored_row(row) for row in connection.execute(_CHAIN_BACK, (start, account, limit))]

    def newest_of_kind(self, kind: str, *, before: int, among: int, limit: int) -> list[StoredRow]:
        """Rows of a kind before row `before`, newest first, of the `among` rows that precede it: there is no index by kind."""
        with self._connection() as connection:
            return [stored_row(row) for row in connection.execute(_OF_KIND, (before - among, before, kind, limit))]

    def landmarks(self, kind: str) -> list[int]:
        """Seqs of all rows of a kind that structures the ledger: EpochOpened, SnapshotWritten, ... (landmarks.LANDMARK_KINDS)."""
        sql = "SELECT seq FROM landmarks WHERE kind = ? ORDER BY seq"
        with self._connection() as connection:
            return [seq for (seq,) in connection.execute(sql, (kind,))]

    # --- quotes ---

    def frame(self, seq: int) -> bytes:
        """The bytes of the quote frame of row `seq`, from beside the ledger or from its segment. May raise PrunedByPolicy."""
        with self._connection() as connection:
            return Frames(self._segments).read(connection, seq)

    def frames(self, seqs: Iterator[int]) -> Iterator[tuple[int, bytes]]:
        """(seq, frame) of many rows: in order of seq it opens each segment once."""
        frames = Frames(self._segments)
        for seq in seqs:
            with self._connection() as connection:
                yield seq, frames.read(connection, seq)

    def sealed_through(self) -> int:
        """The last seq whose frame is in a sealed segment."""
        with self._connection() as connection:
            return sealed_through(connection)

    # --- tree ---

    @contextmanager
    def tree(self, size: int) -> Iterator[StoredTree]:
        """The tree of the first `size` rows, for several questions at one moment: `perfect`, `leaf`, `root`."""
        with self._connection() as connection:
            yield self._tree(connection, size)

    def root(self, size: int | None = None) -> bytes:
        """The root over the first `size` rows; over all where none is given."""
        with self._connection() as connection:
            return self._tree(connection, size_of(connection) if size is None else size).root()

    def inclusion_proof(self, seq: int, size: int) -> list[bytes]:
        """That row `seq` is in the tree of the first `size` rows; lowest hash first."""
        with self._connection() as connection:
            return inclusion_proof(self._tree(connection, size).perfect, seq - 1, size)

    def consistency_proof(self, old: int, new: int) -> list[bytes]:
        """That the tree of `new` rows only appended to the tree of `old`."""
        with self._connection() as connection:
            return consistency_proof(self._tree(connection, new).perfect, old, new)

    def range_hash(self, first_seq: int, end_seq: int, size: int) -> bytes:
        """The hash over rows first_seq..end_seq-1, which must be one subtree of the tree of `size` rows."""
        with self._connection() as connection:
            return range_hash(self._tree(connection, size).perfect, first_seq - 1, end_seq - 1)

    def salt(self, seq: int) -> bytes:
        """What hides row `seq`'s payload in its leaf: given out with that payload only."""
        if self._secret is None:
            raise LedgerRefused(f"the salt of row {seq} needs the ledger secret: open the reader with it")
        with self._connection() as connection:
            return Hashers(read_lineages(connection), self._secret).at(seq).salt(seq)

    # --- checkpoints ---

    def checkpoint(self, at_or_below: int | None = None) -> Checkpoint | None:
        """The newest checkpoint, or the newest of at most so many rows."""
        sql = f"{_CHECKPOINTS} WHERE size <= ? ORDER BY size DESC LIMIT 1"
        with self._connection() as connection:
            row = connection.execute(sql, (2**63 - 1 if at_or_below is None else at_or_below,)).fetchone()
        return None if row is None else Checkpoint(*row)

    def checkpoints(self, after_size: int = 0, limit: int = 1_000) -> list[Checkpoint]:
        """Checkpoints of more than `after_size` rows, in order."""
        sql = f"{_CHECKPOINTS} WHERE size > ? ORDER BY size LIMIT ?"
        with self._connection() as connection:
            return [Checkpoint(*row) for row in connection.execute(sql, (after_size, limit))]

    # --- whose, and what it was ---

    def identity(self) -> Identity:
        with self._connection() as connection:
            return read_identity(connection)

    def lineages(self) -> Lineages:
        with self._connection() as connection:
            return read_lineages(connection)

    def origin(self, size: int) -> str:
        """The origin that a checkpoint of `size` rows bears."""
        with self._connection() as connection:
            return origin_at(read_identity(connection), read_lineages(connection), size)

    def newest_snapshot(self, at_or_below: int) -> Snapshot | None:
        """The newest complete snapshot of a row at or below this one, its hash checked."""
        with self._connection() as connection:
            return newest_snapshot(connection, at_or_below)

    @contextmanager
    def connection(self) -> Iterator[apsw.Connection]:
        """A read-only connection for the questions of read models: keep it for one page, not for longer."""
        with self._connection() as connection:
            connection.row_trace = None  # pages ask for many rows at once, and nothing is decided by them
            try:
                yield connection
            finally:
                watch_types(connection)

    # --- connections ---

    def _tree(self, connection: apsw.Connection, size: int) -> StoredTree:
        if not 0 <= size <= (known := size_of(connection)):
            raise ValueError(f"the ledger has {known} rows, not {size}: ask for a size up to that")
        hashers = None if self._secret is None else Hashers(read_lineages(connection), self._secret)
        return StoredTree(connection, size, hashers, self._roots)

    @contextmanager
    def _connection(self) -> Iterator[apsw.Connection]:
        """An idle connection or a new one; one transaction, so that what a call sees is of one moment."""
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = open_for_reading(self._directory, still=self._still)
            if self._scope.is_limited:
                narrow(connection, self._scope)
        try:
            with connection:
                yield connection
        except UNREADABLE as broken:
            connection.close()
            path = FirmDirectory(self._directory).ledger_db
            raise LedgerDamaged(f'{path} cannot be read ({broken}): stop, run "evenhand verify"') from broken
        self._idle.append(connection)

    def narrowed_to(self, scope: Scope) -> "LedgerReader":
        """A reader of the same ledger for whom nothing outside the scope exists in the read models; kept, as opening one takes a while."""
        known = self._narrowed.get(scope)
        if known is None:
            if len(self._narrowed) >= NARROWED_KEPT:
                self._narrowed.pop(next(iter(self._narrowed))).close()
            known = LedgerReader(self._directory, secret=self._secret, still=self._still, scope=scope)
            self._narrowed[scope] = known
        return known

    def close(self) -> None:
        """Close what is idle. Harmless twice."""
        for reader in self._narrowed.values():
            reader.close()
        while self._idle:
            self._idle.pop().close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
