"""Schema: how ledger.db is opened, for writing by one and for reading by many, and what SQLite itself must refuse on it.

Triggers in the file protect it from other programs; the authorizer and DEFENSIVE protect it from our own.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import apsw

from storage.columns import watch_types
from storage.errors import LedgerRefused
from storage.files import FirmDirectory
from storage.findings import RESTORE
from storage.sqlite_file import READING, disk_refused, name_to_read

APPLICATION_ID = 0x45564E48  # "EVNH"
SQLITE_MIN = 3_051_003  # earlier versions have the bug that a reset of the WAL may lose a commit
BUSY_MS = 5_000
# apsw evicts by uses, not by statements: with its own 100, one batch of a hundred rows has every statement prepared again.
STATEMENTS_KEPT = 1_024
CACHE_KIB = 16_384
# 1,000 pages, 4 MiB: a commit that checkpoints takes 4 to 6 ms at the slowest, and restart reads little. More pages would
# make that rarer and longer.
WAL_CHECKPOINT_PAGES = 1_000
# A slow reader may let the WAL grow; once it is gone the file is cut back to this, not to nothing: a recycled file syncs faster.
WAL_KEPT_BYTES = 64 * 1024 * 1024
READ_MODEL_PREFIX = "rm_"
# What SQLite or apsw raise on bytes that are no longer those that were written.
UNREADABLE = (apsw.CorruptError, apsw.NotADBError, UnicodeDecodeError)

# Rows of these are written once.
APPEND_ONLY = frozenset({"identity", "lineages", "ledger", "tiles", "checkpoints", "landmarks", "sealed_ranges"})
# Rows of these may go when they are sealed or superseded, which their triggers decide, but never change.
WRITTEN_ONCE = APPEND_ONLY | {"quote_frames", "snapshot_states", "snapshots_held"}

_READING_PRAGMAS = frozenset({"table_info", "table_xinfo", "table_list", "index_list", "index_info", "integrity_check"})
_NAMED_CHANGES = frozenset({
    apsw.SQLITE_DROP_TABLE, apsw.SQLITE_DROP_INDEX, apsw.SQLITE_CREATE_TABLE, apsw.SQLITE_CREATE_INDEX,
})  # fmt: skip
_NEVER = frozenset({
    apsw.SQLITE_ATTACH, apsw.SQLITE_DETACH, apsw.SQLITE_ALTER_TABLE, apsw.SQLITE_CREATE_TRIGGER, apsw.SQLITE_DROP_TRIGGER,
    apsw.SQLITE_CREATE_VIEW, apsw.SQLITE_DROP_VIEW, apsw.SQLITE_CREATE_TEMP_TABLE, apsw.SQLITE_CREATE_TEMP_TRIGGER,
    apsw.SQLITE_CREATE_TEMP_VIEW, apsw.SQLITE_CREATE_TEMP_INDEX, apsw.SQLITE_CREATE_VTABLE, apsw.SQLITE_DROP_VTABLE,
})  # fmt: skip


def open_for_writing(path: Path, *, vfs: str | None = None) -> apsw.Connection:
    """A connection that commits durably. `guard` it once its schema is current. `vfs`: SQLite's way to the disk, by name."""
    connection = _connect(path, apsw.SQLITE_OPEN_READWRITE, vfs)
    connection.pragma("journal_mode", "WAL")
    connection.pragma("synchronous", "FULL")
    connection.pragma("recursive_triggers", True)  # or INSERT OR REPLACE deletes behind the triggers' back
    connection.pragma("wal_autocheckpoint", WAL_CHECKPOINT_PAGES)
    connection.pragma("journal_size_limit", WAL_KEPT_BYTES)
    connection.pragma("cache_size", -CACHE_KIB)
    return connection


def open_for_reading(directory: Path, *, still: bool = False) -> apsw.Connection:
    """A connection that cannot write. Whoever uses it keeps its transactions short: an open one lets the WAL grow.

    `still`: nobody writes the ledger meanwhile.
    """
    path = FirmDirectory(directory).ledger_db
    connection = _connect(path, READING, name=name_to_read(path, still=still))
    connection.pragma("query_only", True)
    watch_types(connection)
    return connection


def guard(connection: apsw.Connection) -> None:
    """From now on this connection cannot change or remove what the book keeps, whatever SQL it is given."""
    connection.authorizer = _authorize


def one_value(connection: apsw.Connection, sql: str, bindings: Sequence[Any] = ()) -> Any:
    """The first column of the first row; None where there is no row."""
    row = connection.execute(sql, bindings).fetchone()
    return None if row is None else row[0]


def _connect(path: Path, flags: int, vfs: str | None = None, name: str | None = None) -> apsw.Connection:
    if apsw.SQLITE_VERSION_NUMBER < SQLITE_MIN:
        raise LedgerRefused(
            f"SQLite {apsw.sqlite_lib_version()} may lose commits: install apsw with SQLite 3.51.3 or newer"
        )
    try:
        connection = apsw.Connection(name or str(path), flags=flags, vfs=vfs, statementcachesize=STATEMENTS_KEPT)
        connection.set_busy_timeout(BUSY_MS)
        connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
        connection.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 1)
        # Without it SQLite plans a statement again for every new value of a range's bound: ten times the cost of the statement.
        connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
        connection.config(apsw.SQLITE_DBCONFIG_DQS_DML, 0)
        connection.config(apsw.SQLITE_DBCONFIG_DQS_DDL, 0)
        connection.pragma("trusted_schema", False)
        connection.pragma("cell_size_check", True)
        connection.pragma("schema_version")  # reads the file, so that a damaged header is found here
    except (apsw.IOError, apsw.FullError) as failed:
        raise disk_refused(path, failed) from failed
    except apsw.Error as broken:
        raise LedgerRefused(
            f"{path} cannot be opened as a ledger ({broken}): "
            'name the right directory with --data-dir, or run "evenhand init" for a new firm; '
            f"where it is damaged: {RESTORE}"
        ) from broken
    return connection


def _authorize(operation: int, what: str | None, other: str | None, *_: str | None) -> int:
    refused = (
        (operation == apsw.SQLITE_UPDATE and what in WRITTEN_ONCE)
        or (operation == apsw.SQLITE_DELETE and what in APPEND_ONLY)
        or (operation in _NAMED_CHANGES and not (what or "").startswith((READ_MODEL_PREFIX, "sqlite_autoindex_rm_")))
        or (operation == apsw.SQLITE_PRAGMA and other is not None and what not in _READING_PRAGMAS)
        or operation in _NEVER
    )
    return apsw.SQLITE_DENY if refused else apsw.SQLITE_OK
