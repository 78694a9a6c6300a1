"""SQLite files beside the ledger: how keys.db, vault.db and front.db are opened, and how what was deleted leaves the disk."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import apsw

from storage.columns import watch_types
from storage.errors import DiskRefused
from storage.files import is_mounted_read_only, write_new

BUSY_MS = 5_000
READING = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
Upgrade = str | Callable[[apsw.Connection], None]  # SQL, or what does more than SQL says, within the transaction
NO_UPGRADES: Mapping[int, Upgrade] = {}
_UNFINISHED = (apsw.BusyError, apsw.LockedError, apsw.FullError)
DISK_FAILED = (apsw.IOError, apsw.FullError, apsw.CantOpenError, apsw.ReadOnlyError)


class FileRefused(ValueError):
    """The file is not what its name says, or another release wrote it."""


class TracesRemain(RuntimeError):
    """What was deleted is gone from the tables, but its bytes are still in the file or its log."""


def open_sqlite(
    path: Path,
    application: int,
    version: int,
    schema: str,
    *,
    durable: bool = True,
    vfs: str | None = None,
    upgrades: Mapping[int, Upgrade] = NO_UPGRADES,
) -> apsw.Connection:
    """Open or create a private database file whose header says what it is.

    `durable`: a commit that returned survives a power cut (synchronous=FULL). `vfs`: SQLite's way to the disk, by name.
    `upgrades`: what makes a file of an earlier version one of the next.
    """
    # The name is made before SQLite sees it, because SQLite would create it readable by others; -wal and -shm follow it.
    if not path.exists():
        write_new(path, b"")
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE, vfs=vfs)
    connection.set_busy_timeout(BUSY_MS)
    connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
    connection.pragma("trusted_schema", False)
    connection.pragma("temp_store", "MEMORY")
    connection.pragma("secure_delete", True)
    try:
        connection.pragma("journal_mode", "WAL")
    except apsw.SQLError as unknown:
        # SQLite takes a format number of the header that it does not know for a fault of the statement.
        connection.close()
        raise apsw.CorruptError(str(unknown)) from unknown
    connection.pragma("synchronous", "FULL" if durable else "NORMAL")
    _upgrade(connection, application, version, upgrades)
    _check_header(connection, path, application, version, schema)
    if durable:
        settle(connection)
    watch_types(connection)
    return connection


def open_to_read(
    path: Path,
    application: int,
    version: int,
    *,
    still: bool = False,
    earlier: AbstractSet[int] = frozenset(),
    vfs: str | None = None,
) -> apsw.Connection:
    """Open an existing file without being able to change it, beside the process that writes it. `still`: nobody does.

    `earlier`: versions before this one that can be read all the same.
    """
    connection = apsw.Connection(name_to_read(path, still=still), flags=READING, vfs=vfs)
    connection.set_busy_timeout(BUSY_MS)
    connection.pragma("query_only", True)
    connection.pragma("trusted_schema", False)
    found = (connection.pragma("application_id"), connection.pragma("user_version"))
    if found != (application, version) and (found[0] != application or found[1] not in earlier):
        connection.close()
        raise _not_ours(path, found, (application, version))
    watch_types(connection)
    return connection


def name_to_read(path: Path, *, still: bool = False) -> str:
    """By which SQLite opens a file that is only read, with the flags `READING`. `still`: nobody writes it while it is open.

    Even to read, SQLite lays a log and an index beside a file, unless it hears that the file does not change. Where nothing can be
    written it cannot lay them, and where there is no log nothing is missed without.
    """
    log = path.with_name(f"{path.name}-wal")
    try:
        is_still = (still or is_mounted_read_only(path)) and not (log.exists() and log.stat().st_size)
    except OSError:  # a file that is not there, or a disk that does not answer: SQLite meets it, too
        is_still = False
    return f"{path.absolute().as_uri()}?immutable=1" if is_still else path.absolute().as_uri()


@contextmanager
def disk_must_answer(path: Path) -> Iterator[None]:
    """While a file is opened: a disk that fails or is full is told as DiskRefused, in words for whoever starts the firm."""
    try:
        yield
    except DISK_FAILED as failed:
        raise disk_refused(path, failed) from failed


def disk_refused(path: Path, failed: Exception) -> DiskRefused:
    """What to tell of a disk that failed while `path` was opened."""
    return DiskRefused(
        f"{path} cannot be read or written ({type(failed).__name__}: {failed}): make sure that it is on a sound disk with "
        "free space and belongs to the user who runs this, then start again"
    )


def what_came_first(error: Exception) -> Exception:
    """SQLite rolls back by itself when the disk is full, and apsw then fails over its own rollback: that is not what is wrong."""
    while isinstance(error.__context__, apsw.Error):
        error = error.__context__
    return error


def settle(connection: apsw.Connection) -> None:
    """Before anything builds on it: move what the log holds into the file, and sync the file.

    After a sync that failed, the kernel shows what was written and never writes it again. A commit that a crash left there
    would be read from the log, and every later one would rest on bytes that are on no disk.
    """
    # A reader of another process that was there before may keep the log from starting anew; a start does not fail for that.
    with suppress(apsw.BusyError):
        connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_RESTART)


def one_row(connection: apsw.Connection, sql: str, bindings: Sequence[Any] = ()) -> tuple[Any, ...] | None:
    return connection.execute(sql, bindings).fetchone()


def changes_any(connection: apsw.Connection, sql: str, bindings: Sequence[Any] = ()) -> bool:
    """Whether a statement that changes rows found any to change."""
    connection.execute(sql, bindings)
    return connection.changes() > 0


def erase_traces(connection: apsw.Connection) -> None:
    """Rewrite the file from its live rows and cut the log to nothing: what was deleted is then nowhere in either.

    For a file that is small. secure_delete alone is not enough: it zeroes a deleted cell where it lies, but not the copies that
    page splits left in the unused part of other pages (measured: 3 traces of 667 people erased, 0 after VACUUM).
    """
    try:
        connection.execute("VACUUM")
    except _UNFINISHED as unfinished:
        raise _traces_remain(connection, unfinished) from unfinished
    cut_log(connection)


def cut_log(connection: apsw.Connection) -> None:
    """Move what the log holds into the file, and cut it to nothing, once nobody reads pages of before any more."""
    try:
        connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    except _UNFINISHED as unfinished:
        raise _traces_remain(connection, unfinished) from unfinished


def _traces_remain(connection: apsw.Connection, unfinished: Exception) -> TracesRemain:
    return TracesRemain(
        f"{connection.filename}: the values are erased, but traces remain in the file ({unfinished}): "
        "end other processes that read it, make room for a second copy of it, then erase again"
    )


def _check_header(connection: apsw.Connection, path: Path, application: int, version: int, schema: str) -> None:
    found = (connection.pragma("application_id"), connection.pragma("user_version"))
    if found == (application, version):
        return
    if found != (0, 0) or one_row(connection, "SELECT 1 FROM sqlite_schema"):
        connection.close()
        raise _not_ours(path, found, (application, version))
    with connection:
        connection.execute(schema)
        connection.pragma("application_id", application)
        connection.pragma("user_version", version)


def _upgrade(connection: apsw.Connection, application: int, version: int, upgrades: Mapping[int, Upgrade]) -> None:
    """One version after another; each is whole or not begun."""
    while (
        connection.pragma("application_id") == application and (found := connection.pragma("user_version")) in upgrades
    ):
        assert found < version
        with connection:
            upgrade = upgrades[found]
            if isinstance(upgrade, str):
                connection.execute(upgrade)
            else:
                upgrade(connection)
            connection.pragma("user_version", found + 1)


def _not_ours(path: Path, found: tuple[int, int], wanted: tuple[int, int]) -> FileRefused:
    return FileRefused(
        f"{path} has application id {found[0]:#x} and version {found[1]}, not {wanted[0]:#x} and {wanted[1]}: "
        "it is another file, or a newer release wrote it; put the right file back or use that release"
    )
