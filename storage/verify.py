"""Verify: whether the book on disk is whole, is what was signed, and agrees with itself, told row by row where it does not.

It reads in short steps, so that it can run beside the writer; only the last step is one longer view of the whole.
Memory is bounded by the number of accounts and of rows that structure the ledger, never by the number of rows.
"""

import hmac
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import apsw

from storage.acknowledged import read_mark, way_on, why_lost
from storage.audit_frames import FrameAudit
from storage.audit_models import ModelAudit
from storage.audit_rows import Beside, RowAudit, in_parts, lying_beside, lying_beside_one
from storage.audit_schema import audit_schema
from storage.audit_snapshots import audit_snapshots
from storage.audit_vault import audit_vault
from storage.columns import unwatched
from storage.files import FirmDirectory
from storage.findings import CANNOT_BE_READ, Finding, Findings
from storage.identity import Lineages, read_identity, read_lineages, require_secret, size_of
from storage.migrate import migrations
from storage.readmodels import ReadModel
from storage.readmodels.seals import Seals, all_seals
from storage.refold import Refold
from storage.rows import StoredRow, stored_rows
from storage.schema import APPLICATION_ID, one_value, open_for_reading
from storage.tiles import COLUMNS

ROWS_PER_STEP = 2_000

Progress = Callable[[int, int], None]
"""Rows checked, of how many."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was checked and what was found. `untold`: findings beyond those that are told one by one."""

    rows: int
    checkpoints: int
    frames: int
    segments: int
    snapshots: int
    findings: tuple[Finding, ...]
    untold: int
    notes: tuple[str, ...]
    sealed_values: int = 0

    @property
    def is_sound(self) -> bool:
        return not self.findings


def verify(
    directory: Path,
    *,
    secret: bytes,
    public_key: bytes | None = None,
    read_models: Sequence[ReadModel] = (),
    segments_keep_days: int = 0,
    vault_master: bytes | None = None,
    progress: Progress = lambda _done, _of: None,
) -> Report:
    """Check everything. `public_key`: the key the ledger should be signed with, where it is known from elsewhere.

    `segments_keep_days`: after how many days sealed prices may have left this machine; 0: never. `vault_master`: opens
    every sealed value that the ledger refers to; without it nobody looks into the vault.
    """
    findings = Findings()
    with closing(open_for_reading(directory)) as connection:
        audit = _Verification(connection, directory, secret, read_models, segments_keep_days, findings)
        try:
            audit.run(public_key, progress)
            if vault_master is not None:
                audit.check_vault(directory, vault_master)
        except CANNOT_BE_READ as broken:
            findings.add(f"the file cannot be read to its end: {broken}")
        return audit.report()


class _Verification:
    def __init__(
        self,
        connection: apsw.Connection,
        directory: Path,
        secret: bytes,
        read_models: Sequence[ReadModel],
        segments_keep_days: int,
        findings: Findings,
    ) -> None:
        self._connection = connection
        self._files = FirmDirectory(directory)
        self._secret = secret
        self._findings = findings
        self._rows: RowAudit | None = None
        self._frames = FrameAudit(connection, self._files.segments, segments_keep_days, findings)
        self._refold = Refold(read_models)
        self._snapshots = 0
        self._sealed_values = 0

    def run(self, public_key: bytes | None, progress: Progress) -> None:
        acknowledged = read_mark(self._files)  # before any view of the book, beside which it may be written on
        self._check_file()
        require_secret(self._connection, self._secret)
        identity = read_identity(self._connection)
        if public_key is not None and not hmac.compare_digest(public_key, identity.public_key):
            self._findings.add(f"the ledger is signed with key {identity.public_key.hex()}, not with the one you named")
        lineages = Lineages(read_lineages(self._connection).stretches)
        self._rows = rows = RowAudit(self._connection, self._secret, identity, lineages, self._findings)
        goal = self._last_row()
        while rows.seq < goal and self._step(rows, goal):
            progress(rows.seq, goal)
        self._connection.execute("BEGIN")
        while self._step(rows, self._last_row()):
            pass
        rows.check_end(self._connection)
        if why := why_lost(self._files, acknowledged, lineages, rows.seq):
            self._findings.add(why, rows.seq, way_on(self._files))
        with self._findings.reading("the read models"):
            self._check_read_models()
        self._frames.check_end(self._connection)
        self._snapshots = audit_snapshots(self._connection, self._frames.quotes_from, self._findings)
        progress(rows.seq, rows.seq)

    def _last_row(self) -> int:
        """Where the page of the last rows cannot be read, what the ledger says of its own end."""
        try:
            return size_of(self._connection)
        except CANNOT_BE_READ:
            return int(one_value(self._connection, "SELECT size FROM ledger_end") or 0)

    def check_vault(self, directory: Path, master: bytes) -> None:
        """By the seals as they were folded here: what lies in the file may be altered together with the vault."""
        if self._rows is None or self._refold.after != self._rows.seq or not self._has_seals:
            self._findings.notes.append("the vault was not looked into: a damaged ledger cannot say what it must hold")
            return
        seals = all_seals(self._refold.scratch)
        self._sealed_values = audit_vault(directory, master, seals, self._findings)

    @property
    def _has_seals(self) -> bool:
        return any(model.name == Seals.name for model in self._refold.models)

    def report(self) -> Report:
        self._refold.close()
        rows, found = self._rows, self._findings
        return Report(
            rows=rows.seq if rows else 0,
            checkpoints=rows.checkpoints if rows else 0,
            frames=self._frames.frames,
            segments=self._frames.segments,
            snapshots=self._snapshots,
            findings=tuple(found.told),
            untold=found.untold,
            notes=tuple(found.notes),
            sealed_values=self._sealed_values,
        )

    def _check_file(self) -> None:
        found = (self._connection.pragma("application_id"), self._connection.pragma("user_version"))
        if found != (APPLICATION_ID, len(migrations())):
            self._findings.add(f"ledger.db says it is {found}, not {(APPLICATION_ID, len(migrations()))}")
        with self._findings.reading("the whole file"):
            for row in self._connection.execute("PRAGMA integrity_check(100)"):
                if row != ("ok",):
                    self._findings.add(f"SQLite's integrity check: {row[0]}")
        with self._findings.reading("the schema"):
            audit_schema(self._connection, self._findings)
        with self._findings.reading("the indexes"):
            self._enter_indexes()

    def _enter_indexes(self) -> None:
        """SQLite's own check passes over an empty index whose root says that it has pages below: a question by that index does not."""
        sql = "SELECT name, tbl_name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL AND sql NOT LIKE '% WHERE %'"
        for name, table in list(self._connection.execute(sql)):
            entered = f'SELECT 1 FROM "{table}" INDEXED BY "{name}" LIMIT 1'  # noqa: S608  (names of the schema, which is audited before)
            unwatched(self._connection).execute(entered).fetchone()

    def _step(self, rows: RowAudit, goal: int) -> bool:
        """Check the next rows; False when there are none."""
        sql = f"SELECT {COLUMNS} FROM ledger WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?"  # noqa: S608  (constant columns)
        try:
            found = stored_rows(unwatched(self._connection).execute(sql, (rows.seq, goal, ROWS_PER_STEP)), rows.seq)
            for part in in_parts(self._connection, found):
                self._take(rows, part, lying_beside(self._connection, part))
        except CANNOT_BE_READ:
            return self._step_one_by_one(rows, goal)
        return bool(found)

    def _step_one_by_one(self, rows: RowAudit, goal: int) -> bool:
        sql = f"SELECT {COLUMNS} FROM ledger WHERE seq = ?"  # noqa: S608  (constant columns)
        until = min(rows.seq + ROWS_PER_STEP, goal)
        seqs = range(rows.seq + 1, until + 1)
        for seq in seqs:
            try:
                found = stored_rows(unwatched(self._connection).execute(sql, (seq,)), rows.seq)
            except CANNOT_BE_READ as why:
                rows.skip(seq, str(why))
                continue
            if not found:
                rows.skip(seq, "it is missing")
            for row in found:
                self._take(rows, found, lying_beside_one(self._connection, row, self._findings))
        return len(seqs) > 0

    def _take(self, rows: RowAudit, found: Sequence[StoredRow], lying: Beside) -> None:
        bodies = rows.take(found, lying, self._frames)
        if self._refold.models and self._findings.told == []:  # a damaged ledger cannot vouch for its read models
            self._refold.fold(found, bodies)

    def _check_read_models(self) -> None:
        if self._findings.told and self._refold.models:
            self._findings.notes.append("read models were not compared: a damaged ledger cannot vouch for them")
        else:
            ModelAudit(self._connection, self._refold, self._findings).run()
