"""Front: front.db, where sessions, throttles, drafts, known devices and the links of mails lie.

All of it may be lost: people sign in again, counters start anew.

A damaged or foreign front.db is replaced by an empty one with a line in the log, at start as well as in the middle of work.
Where the disk gives or takes nothing for now, or something else bears its name, FrontRefused is raised, and the next call tries
again; a start only counts it, because nobody's money rests on this file.
"""

import hashlib
import logging
import os
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Self, TypeVar

import apsw

from storage.errors import FrontRefused
from storage.files import FirmDirectory
from storage.sqlite_file import DISK_FAILED, READING, FileRefused, name_to_read, open_sqlite, what_came_first

APPLICATION = 0x45564652  # "EVFR"
VERSION = 7
MEMORY_BYTES_MAX = 64 * 2**20

_SCHEMA = """
CREATE TABLE sessions (
    session BLOB PRIMARY KEY,          -- SHA-256 of the opaque id
    person TEXT NOT NULL,
    content BLOB NOT NULL,
    created_us INTEGER NOT NULL,
    seen_us INTEGER NOT NULL,
    expires_us INTEGER NOT NULL,
    proof BLOB NOT NULL                -- proof_of the other columns
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_person ON sessions (person, expires_us);
CREATE INDEX sessions_by_expiry ON sessions (expires_us) WHERE person <> '';
CREATE TABLE endings (
    person TEXT PRIMARY KEY,           -- whose sessions were ended last, or nothing: what counts the endings of all
    number INTEGER NOT NULL,           -- of the ending, in the order of all
    series TEXT NOT NULL,              -- drawn when the count began
    seen_us INTEGER NOT NULL,          -- when it was first found while what has ended was removed; 0: not yet
    proof BLOB NOT NULL                -- proof_of the other columns
) STRICT, WITHOUT ROWID;
CREATE TABLE throttles (
    scope TEXT NOT NULL,
    subject BLOB NOT NULL,             -- keyed BLAKE2b of the address or account
    attempts BLOB NOT NULL,            -- instants, 8 bytes each, oldest first
    last_us INTEGER NOT NULL,
    proof BLOB NOT NULL,               -- proof_of the other columns
    PRIMARY KEY (scope, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX throttles_by_age ON throttles (scope, last_us);
CREATE TABLE drafts (
    draft TEXT PRIMARY KEY,            -- drawn at random
    person TEXT NOT NULL,
    name TEXT NOT NULL,
    written_as TEXT NOT NULL,          -- form, text
    phases TEXT NOT NULL,              -- names, JSON
    begun_from TEXT NOT NULL,          -- fingerprint of a version, or nothing
    edition INTEGER NOT NULL,          -- how often it was kept
    kept_us INTEGER NOT NULL,
    digest BLOB NOT NULL,              -- SHA-256 of what it says
    said BLOB NOT NULL,
    proof BLOB NOT NULL                -- proof_of the other columns but what it says
) STRICT;
CREATE TABLE devices (
    person TEXT NOT NULL,
    device BLOB NOT NULL,              -- SHA-256 of the device's cookie
    words TEXT NOT NULL,               -- what it says it is, coarsely
    first_us INTEGER NOT NULL,
    seen_us INTEGER NOT NULL,
    proof BLOB NOT NULL,               -- proof_of the other columns
    PRIMARY KEY (person, device)
) STRICT, WITHOUT ROWID;
CREATE INDEX devices_by_age ON devices (seen_us);
CREATE TABLE links (
    token TEXT PRIMARY KEY,            -- SHA-256 of what the link holds, in hex
    person TEXT NOT NULL,
    purpose TEXT NOT NULL,
    about TEXT NOT NULL,               -- the commitment to what it is good for alone, or nothing
    issued_us INTEGER NOT NULL,
    expires_us INTEGER NOT NULL,
    held_until_us INTEGER NOT NULL,    -- until when it is good for whoever uses it just now alone
    proof BLOB NOT NULL                -- proof_of the other columns
) STRICT, WITHOUT ROWID;
CREATE INDEX links_by_person ON links (person, purpose, issued_us);
"""

_DAMAGED = (apsw.CorruptError, apsw.NotADBError)
_REFUSED = (*DISK_FAILED, *_DAMAGED, apsw.BusyError, apsw.LockedError, OSError)

_LOG = logging.getLogger(__name__)
_Result = TypeVar("_Result")


def proof_of(*columns: object) -> bytes:
    """Goes with a row: one that a turned bit made another person's, or longer lived, is taken as lost. No proof against people."""
    return hashlib.blake2b(repr(columns).encode(), digest_size=16).digest()


class FrontFile:
    """The open front.db, replaced when it turns out to be damaged. `refusals`: how often nothing could be read or kept."""

    def __init__(self, path: Path) -> None:
        self.refusals = 0
        self._path = path
        self._guard = threading.Lock()
        self._connection: apsw.Connection | None = None
        try:
            self._connection = self._opened()
        except (apsw.Error, OSError) as error:
            _LOG.error("nobody can sign in: %s", self._refusal(error))

    @classmethod
    def open(cls, path: Path) -> Self:
        """The front.db in a firm's directory."""
        return cls(FirmDirectory(path).front_db)

    @classmethod
    def in_memory(cls) -> "FrontFile":
        """One that asks for no room on any disk, and is gone when it is closed."""
        return _FrontInMemory(Path("memory"))

    def do(self, work: Callable[[apsw.Connection], _Result]) -> _Result:
        """Run `work` in one transaction; once more on an empty file where this one is damaged. May raise FrontRefused."""
        with self._guard:
            try:
                return self._done(work)
            except (apsw.Error, OSError) as error:
                raise self._refusal(error) from error

    def close(self) -> None:
        with self._guard:
            if self._connection is not None:
                self._connection.close()

    def _refusal(self, error: Exception) -> FrontRefused:
        """What to tell of it, counted; what is no refusal of the disk goes on up."""
        failed = what_came_first(error)
        if not isinstance(failed, _REFUSED):
            raise error
        self.refusals += 1
        return _refusal_of(self._path, failed)

    def _done(self, work: Callable[[apsw.Connection], _Result]) -> _Result:
        if self._connection is None:  # it was damaged or refused, and the disk took no new one
            self._connection = self._opened()
        try:
            return _transacted(self._connection, work)
        except _DAMAGED as damage:
            self._connection.close()
            self._connection = None
            self._discard(damage)
            self._connection = self._opened()
            return _transacted(self._connection, work)

    def _opened(self) -> apsw.Connection:
        try:
            return self._checked()
        except (*_DAMAGED, FileRefused) as damage:
            self._discard(damage)
            return self._checked()

    def _checked(self) -> apsw.Connection:
        connection = open_sqlite(self._path, APPLICATION, VERSION, _SCHEMA, durable=False)
        verdict = connection.pragma("quick_check")
        if verdict != "ok":
            connection.close()
            raise apsw.CorruptError(str(verdict))
        return connection

    def _discard(self, damage: Exception) -> None:
        _LOG.warning("front.db is damaged and starts anew: everyone signs in again, drafts are lost (%s)", damage)
        for suffix in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)


class _FrontInMemory(FrontFile):
    def _checked(self) -> apsw.Connection:
        connection = apsw.Connection(":memory:")
        # Strangers who knock shall not fill the memory.
        connection.pragma("max_page_count", MEMORY_BYTES_MAX // int(connection.pragma("page_size")))
        connection.execute(_SCHEMA)
        return connection


def why_refused(path: Path) -> str | None:
    """Why nothing can be kept in the front.db of a firm's directory; None where it can, or where it will be laid anew."""
    front_db = FirmDirectory(path).front_db
    if not os.path.lexists(front_db):
        return None
    try:
        with closing(apsw.Connection(name_to_read(front_db), flags=READING)) as connection:
            connection.pragma("schema_version")
    except _DAMAGED:
        return None
    except _REFUSED as failed:
        return str(_refusal_of(front_db, failed))
    return None


def _refusal_of(path: Path, failed: Exception) -> FrontRefused:
    return FrontRefused(
        f"{path} cannot be read or written ({type(failed).__name__}: {failed}): nothing was kept; make sure that it is a file on a "
        "sound disk with free space, or move it away: all of it may be lost; then try again"
    )


def _transacted(connection: apsw.Connection, work: Callable[[apsw.Connection], _Result]) -> _Result:
    with connection:
        result = work(connection)
    return result  # noqa: RET504  (a return inside "with" is no return to mypy: apsw types its exit as swallowing)
