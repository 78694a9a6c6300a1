"""Ledger: the single writer of the book. One append is one durable transaction, or nothing at all.

`append` is called from one thread at a time, which need not be always the same. docs/formats.md specifies what it writes.
"""

from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Self

import apsw

from firm.inputs import LedgerForked, SegmentSealed, SnapshotWritten
from firm.kinds import Body
from storage.acknowledged import Acknowledged, require_all
from storage.audit_schema import require_own_triggers
from storage.checkpoint import Checkpoint, Signer, require_slug
from storage.columns import watch_types
from storage.continuation import Continuation, Hashed, end_of
from storage.errors import CommitFailed, LedgerDamaged, LedgerRefused
from storage.files import FirmDirectory, sync_directory, write_new
from storage.findings import RESTORE
from storage.identity import read_identity, require_secret, secret_mac
from storage.landmarks import LANDMARK_KINDS
from storage.leaf import LINEAGE_BYTES
from storage.lock import WriterLock
from storage.migrate import migrate
from storage.quotes import drop_sealed, require_frames
from storage.readmodels import ReadModel
from storage.refold import Interest, Refold, drop_model, stale_models, strange_models
from storage.rows import Row, StoredRow, stored_rows
from storage.schema import UNREADABLE, guard, open_for_writing
from storage.snapshots import prune
from storage.sqlite_file import disk_must_answer, settle
from storage.tiles import COLUMNS
from storage.tree import Edge

_INSERT_ROW = f"INSERT INTO ledger ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608  (constant columns)
_INSERT_TILE = "INSERT INTO tiles (level, tile, hashes) VALUES (?, ?, ?)"
_INSERT_FRAME = "INSERT INTO quote_frames (seq, frame) VALUES (?, ?)"
_INSERT_CHECKPOINT = "INSERT INTO checkpoints (size, root, at_us, mac, note) VALUES (?, ?, ?, ?, ?)"
# After a crash the same part may come again; the snapshot's hash says whether it was the same.
_INSERT_STATE = "INSERT OR IGNORE INTO snapshot_states (desk, of_seq, state) VALUES (?, ?, ?)"
_WRITE_END = "INSERT OR REPLACE INTO ledger_end (one, size, edge_hash, heads_through, checkpoint_size, mac) VALUES (1, ?, ?, ?, ?, ?)"
_WRITE_HEAD = (
    "INSERT INTO account_heads (account, account_seq, seq, leaf) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (account) DO UPDATE SET account_seq = excluded.account_seq, seq = excluded.seq, leaf = excluded.leaf"
)


class Ledger:
    """The open ledger."""

    @staticmethod
    def create(
        directory: Path, *, firm_slug: str, lineage: bytes, secret: bytes, signing_seed: bytes, vfs: str | None = None
    ) -> None:
        """Make an empty ledger in a firm's directory: whole, or not there. `lineage`: 16 fresh random bytes."""
        require_slug(firm_slug)
        if len(lineage) != LINEAGE_BYTES:
            raise ValueError(f"a lineage has {LINEAGE_BYTES} bytes, not {len(lineage)}: draw it at random")
        files = FirmDirectory(directory)
        if files.ledger_db.exists():
            raise LedgerRefused(
                f'{files.ledger_db} exists already: serve it, or run "evenhand init" in another directory'
            )
        fresh = files.ledger_db.with_name(".ledger.db.new")
        for leftover in directory.glob(".ledger.db.new*"):
            leftover.unlink()
        write_new(fresh, b"")
        public_key = Signer(signing_seed).public_key
        told = (firm_slug, public_key, secret_mac(secret, lineage, public_key, firm_slug))
        with disk_must_answer(fresh), closing(open_for_writing(fresh, vfs=vfs)) as connection:
            migrate(connection)
            with connection:
                connection.execute(
                    "INSERT INTO identity (one, firm_slug, public_key, secret_mac) VALUES (1, ?, ?, ?)", told
                )
                connection.execute("INSERT INTO lineages (first_seq, lineage) VALUES (1, ?)", (lineage,))
                connection.execute(_WRITE_END, end_of(secret, lineage, Edge.empty(), 0))
            # The file alone is the ledger. Closing would move the log into it too, but says nothing where the disk fails.
            connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        fresh.replace(files.ledger_db)
        sync_directory(directory)

    @classmethod
    def open(
        cls,
        directory: Path,
        *,
        secret: bytes,
        signing_seed: bytes,
        read_models: Sequence[ReadModel],
        vfs: str | None = None,
    ) -> Self:
        """Become this ledger's single writer. Refuses where another process is, and where secret or key do not fit.

        Read models that are missing or of another version are folded from row 1 before this returns. `vfs`: SQLite's way to
        the disk, by name.
        """
        files = FirmDirectory(directory)
        if not files.ledger_db.exists():
            raise LedgerRefused(
                f"{files.ledger_db} is missing: "
                + (
                    "this firm's secrets are here, its book is not; put back the ledger that was backed up with them"
                    if files.secrets.exists()
                    else 'run "evenhand init" for a new firm, or name the right directory with --data-dir'
                )
            )
        lock = WriterLock(files.lock)
        try:
            with disk_must_answer(files.ledger_db):
                return cls(files, lock, secret, Signer(signing_seed), read_models, vfs)
        except (apsw.CorruptError, apsw.NotADBError) as broken:
            lock.release()
            raise LedgerDamaged(f"{files.ledger_db} cannot be read ({broken}): {RESTORE}") from broken
        except BaseException:
            lock.release()
            raise

    def __init__(
        self,
        files: FirmDirectory,
        lock: WriterLock,
        secret: bytes,
        signer: Signer,
        read_models: Sequence[ReadModel],
        vfs: str | None,
    ) -> None:
        self._files = files
        self._lock = lock
        self._failed: str | None = None
        self._written: tuple[int, list[Checkpoint]] | None = None  # rows and checkpoints of the transaction under way
        self._connection = open_for_writing(files.ledger_db, vfs=vfs)
        try:
            migrate(self._connection)
            require_own_triggers(self._connection)
            guard(self._connection)
            watch_types(self._connection)
            self._require_keys(secret, signer)
            self._end = Continuation(self._connection, secret, signer)
            self._connection.row_trace = None  # read models ask it with every row
            require_all(files, self._end.lineages, self._end.size)
            settle(self._connection)
            self._interest = Interest(read_models)
            self._bring_read_models_up_to_date()
            self._acknowledged = Acknowledged(files)
        except (*UNREADABLE, apsw.SQLError) as broken:
            self._connection.close()
            raise LedgerDamaged(f'{files.ledger_db} cannot be read ({broken}): stop, run "evenhand verify"') from broken
        except BaseException:
            self._connection.close()
            raise

    @property
    def lineage(self) -> bytes:
        """The newest lineage."""
        return self._end.lineage

    @property
    def size(self) -> int:
        """The seq of the last row, which is durable."""
        return self._end.size

    # --- what the engine does ---

    def append(
        self,
        rows: Sequence[tuple[Row, Body]],
        *,
        frames: Sequence[tuple[int, bytes]] = (),
        checkpoints: Sequence[tuple[int, int]] = (),
        snapshot: Sequence[tuple[str, int, bytes]] = (),
    ) -> list[Checkpoint]:
        """Make a batch durable; returns the checkpoints that were signed.

        `frames`: (seq, bytes) of its QuoteFrame rows. `checkpoints`: (seq, at_us) where the tree is signed.
        `snapshot`: (desk, of_seq, state) parts. Raises SequenceBroken before anything is written, and CommitFailed where
        nobody can say what is on disk: then the process must end.
        """
        self.begin()
        self.write(rows, frames=frames, checkpoints=checkpoints, snapshot=snapshot)
        return self.commit()

    def begin(self) -> None:
        """The first third of `append`, in whichever thread: like the last it may wait for the disk, and the one between does not."""
        self._require_alive()
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except apsw.Error as failed:
            raise self._fail(failed) from failed

    def write(
        self,
        rows: Sequence[tuple[Row, Body]],
        *,
        frames: Sequence[tuple[int, bytes]] = (),
        checkpoints: Sequence[tuple[int, int]] = (),
        snapshot: Sequence[tuple[str, int, bytes]] = (),
    ) -> None:
        """What was begun is filled, in memory: nothing has happened until `commit`, which must come next."""
        assert self._written is None, "what was written is not committed yet"
        try:
            self._end.require_order(rows, checkpoints, snapshot)
            require_frames(rows, frames)
            hashed = self._end.extend(rows, checkpoints)
            self._write(rows, hashed, frames, snapshot)
        except apsw.Error as failed:
            raise self._fail(failed) from failed
        except BaseException:
            # Not the disk: a kind that cannot be packed, a read model that raised. The batch never happened.
            self._undo()
            raise
        self._written = len(rows), hashed.checkpoints

    def commit(self) -> list[Checkpoint]:
        """Make durable what was written, in whichever thread; returns the checkpoints that were signed."""
        assert self._written is not None, "nothing was written"
        count, checkpoints = self._written
        try:
            self._connection.execute("COMMIT")
        except apsw.Error as failed:
            raise self._fail(failed) from failed
        except BaseException:
            self._undo()
            raise
        finally:
            self._written = None
        self._end.settle(count)
        self._acknowledged.note(self.lineage, self.size)
        return checkpoints

    def root(self) -> bytes:
        """The root of the tree over all rows."""
        return self._end.root()

    def root_with(self, rows: Sequence[tuple[Row, Body]]) -> bytes:
        """The root as it would be with these rows behind the others. Nothing is written."""
        self._require_alive()
        self._end.require_order(rows, (), ())
        try:
            self._end.extend(rows, ())
            return self._end.root()
        finally:
            self._undo()

    def begin_lineage(self, lineage: bytes) -> None:
        """After a restore or promotion: the next row must be LedgerForked, and is the first of the new lineage."""
        self._end.begin_lineage(lineage)

    def drop_sealed_frames(self) -> int:
        """Delete some of the frames that lie in sealed segments; how many. Call again while it is not 0."""
        return self._change(lambda: drop_sealed(self._connection, self._files.segments))

    def prune_snapshots(self, *, epochs_from: int = 0) -> int:
        """Delete some of the states that no snapshot worth keeping needs; how many. Call again while it is not 0.

        `epochs_from`: the oldest row whose quotes are still kept; opening snapshots of epochs that ended before it may go.
        """
        return self._change(lambda: prune(self._connection, epochs_from))

    # --- read models ---

    def refold(self, names: Collection[str]) -> Refold:
        """Begin to project read models again. Advance it in any thread with `LedgerReader.rows`, then `adopt` it."""
        numbers = [number for number, model in enumerate(self._interest.models) if model.name in names]
        unknown = set(names) - {model.name for model in self._interest.models}
        if unknown:
            raise KeyError(f"no read model is named {', '.join(sorted(unknown))}: see storage/readmodels/registry.py")
        # A model may read what those before it wrote, so they are folded along.
        return Refold(self._interest.models[: max(numbers, default=-1) + 1])

    def adopt(self, refold: Refold, names: Collection[str]) -> None:
        """In the writer's thread: fold what came since, and put the tables in place in one transaction."""
        while refold.advance(self._rows_after):
            pass
        self._change(lambda: refold.put_in_place(self._connection, names))
        refold.close()

    def rebuild(self, names: Collection[str] | None = None) -> None:
        """Fold read models again in one go; all of them where no names are given."""
        wanted = [model.name for model in self._interest.models] if names is None else list(names)
        self.adopt(self.refold(wanted), wanted)

    def _bring_read_models_up_to_date(self) -> None:
        for name in strange_models(self._connection, self._interest.models):
            # Nobody keeps it up from here on: stale tables would lie, and they can be folded again.
            self._change(lambda name=name: drop_model(self._connection, name))  # type: ignore[misc]
        if stale := stale_models(self._connection, self._interest.models):
            self.rebuild(stale)

    def _rows_after(self, after: int, rows_max: int) -> list[StoredRow]:
        sql = f"SELECT {COLUMNS} FROM ledger WHERE seq > ? ORDER BY seq LIMIT ?"  # noqa: S608  (constant columns)
        return stored_rows(self._connection.execute(sql, (after, rows_max)), after)

    # --- one append ---

    def _write(
        self,
        rows: Sequence[tuple[Row, Body]],
        hashed: Hashed,
        frames: Sequence[tuple[int, bytes]],
        snapshot: Sequence[tuple[str, int, bytes]],
    ) -> None:
        write = self._connection.executemany
        write(_INSERT_ROW, hashed.stored)
        self._connection.execute(_WRITE_END, hashed.end)
        if hashed.tiles:
            write(_INSERT_TILE, hashed.tiles)
        if frames:
            write(_INSERT_FRAME, frames)
        if hashed.heads:
            write(_WRITE_HEAD, hashed.heads.values())
        for (size, root, at_us, note), mac in zip(hashed.checkpoints, hashed.macs, strict=True):
            self._connection.execute(_INSERT_CHECKPOINT, (size, root, at_us, mac, note))
        if snapshot:
            write(_INSERT_STATE, snapshot)
        for row, body in rows:
            if row.kind in LANDMARK_KINDS:
                self._mark(row, body)
        self._interest.project(self._connection, rows)

    def _mark(self, row: Row, body: Body) -> None:
        """What the book itself keeps about a row that structures it."""
        execute = self._connection.execute
        execute("INSERT INTO landmarks (kind, seq) VALUES (?, ?)", (row.kind, row.seq))
        match body:
            case SegmentSealed(first_seq=first, last_seq=last):
                sql = "INSERT INTO sealed_ranges (first_seq, last_seq, sealed_by) VALUES (?, ?, ?)"
                execute(sql, (first, last, row.seq))
            case SnapshotWritten(of_seq=of_seq):
                execute("INSERT INTO snapshots_held (of_seq, written_by) VALUES (?, ?)", (of_seq, row.seq))
            case LedgerForked():
                execute("INSERT INTO lineages (first_seq, lineage) VALUES (?, ?)", (row.seq, self.lineage))
            case _:
                pass

    # --- when something fails ---

    def _require_alive(self) -> None:
        if self._failed is not None:
            raise CommitFailed(f"the ledger stopped earlier ({self._failed}): end this process and start it again")

    def _fail(self, failed: apsw.Error) -> CommitFailed:
        self._failed = f"{type(failed).__name__}: {failed}"
        return CommitFailed(
            f"rows {self.size + 1} and on may or may not be durable ({self._failed}): end this process, make sure that "
            f"{self._files.path} is on a sound disk with free space, and start again; what was not answered will be sent again"
        )

    def _undo(self) -> None:
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            self._end.recover(self._connection)
        except apsw.Error as failed:
            raise self._fail(failed) from failed

    def _change(self, change: Callable[[], int | None]) -> int:
        """One transaction that appends no row."""
        self._require_alive()
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            changed = change()
            self._connection.execute("COMMIT")
        except apsw.Error as failed:
            raise self._fail(failed) from failed
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        return changed or 0

    # --- opening and closing ---

    def _require_keys(self, secret: bytes, signer: Signer) -> None:
        require_secret(self._connection, secret)
        identity = read_identity(self._connection)
        if identity.public_key != signer.public_key:
            raise LedgerRefused(
                f"the signing key is {signer.public_key.hex()}, the ledger was created with {identity.public_key.hex()}: "
                "put back the secrets that were backed up with this ledger"
            )

    def close(self) -> None:
        """Let another process write. Harmless twice."""
        self._connection.close()
        self._acknowledged.close()
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
