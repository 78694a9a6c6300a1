"""Keys: one 32-byte key for each person and class of value, wrapped by the vault master, in keys.db.

Forgetting a key is what erases: every sealed value under it, in the vault and in its backups, loses its meaning. That is why
keys.db is a file of its own, whose backups are kept no longer than the erasure that was promised. `storage/rewrapping.py` puts all
of them under another master.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Self

import apsw
from nacl.utils import random

from storage.findings import RESTORE
from storage.master import CANARY_PLACE, wrapping_key
from storage.rewrapping import Rewrapping
from storage.sealing import SealBroken, draw_key, key_place, sealed, unsealed
from storage.sqlite_file import FileRefused, erase_traces, one_row, open_sqlite, open_to_read

APPLICATION = 0x45564B59  # "EVKY"
VERSION = 2
PAIR_BYTES = 16

_FIRST = """
CREATE TABLE origin (
    pair BLOB NOT NULL,       -- the same 16 bytes as in vault.db: the two belong together
    canary BLOB NOT NULL      -- the pair, sealed: opens only under the right master
) STRICT;
CREATE TABLE wrapped_keys (
    person TEXT NOT NULL,
    class TEXT NOT NULL,
    wrapped BLOB NOT NULL,
    PRIMARY KEY (person, class)
) STRICT, WITHOUT ROWID;
"""
_ROTATION = """
CREATE TABLE rotation (           -- at most one row: the master is being renewed
    becomes TEXT NOT NULL,        -- the id of the master to come
    canary BLOB NOT NULL,         -- the pair, sealed under that master
    is_switched INTEGER NOT NULL  -- 1: wrapped_keys are under it, and traces of the one before are to go
) STRICT;
CREATE TABLE rewrapped (          -- the same keys as in wrapped_keys, under the master to come
    person TEXT NOT NULL,
    class TEXT NOT NULL,
    wrapped BLOB NOT NULL,
    digest TEXT NOT NULL,         -- of how the key lies in wrapped_keys
    PRIMARY KEY (person, class)
) STRICT, WITHOUT ROWID;
CREATE TABLE first_wrapped (      -- what went through a rotation: a short hash of how it was wrapped when it was drawn
    person TEXT NOT NULL,
    class TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (person, class)
) STRICT, WITHOUT ROWID;
"""
SCHEMA = _FIRST + _ROTATION
SCHEMAS = {1: _FIRST, VERSION: SCHEMA}  # by version
UPGRADES = {1: _ROTATION}  # from each earlier version to the next


class WrongMaster(ValueError):
    """The vault master in `secrets/` is not the one keys.db was written under."""


class KeyRing:
    """The open keys.db. Used by one thread at a time: the vault guards it."""

    def __init__(self, connection: apsw.Connection, path: Path, master: bytes) -> None:
        """Raises SealBroken where it is under another master, FileRefused where it says one thing and another under seal."""
        self._connection = connection
        self._path = path
        self._wrapping_key = wrapping_key(master)
        self.pair = _pair(connection, self._wrapping_key)
        self._canary = _canary(connection)

    @classmethod
    def open(cls, path: Path, master: bytes, *, vfs: str | None = None) -> Self:
        return cls._unlocked(open_sqlite(path, APPLICATION, VERSION, SCHEMA, vfs=vfs, upgrades=UPGRADES), path, master)

    @classmethod
    def open_for_reading(cls, path: Path, master: bytes, *, still: bool = False, vfs: str | None = None) -> Self:
        """An existing keys.db, which cannot be changed through this."""
        return cls._unlocked(read_keys_file(path, still=still, vfs=vfs), path, master)

    @classmethod
    def _unlocked(cls, connection: apsw.Connection, path: Path, master: bytes) -> Self:
        try:
            return cls(connection, path, master)
        except FileRefused:
            connection.close()
            raise
        except SealBroken as broken:
            connection.close()
            raise _wrong(path) from broken

    def key(self, person: str, klass: str) -> bytes | None:
        """None: there is none, or it was forgotten. Raises WrongMaster where another process has renewed the master meanwhile."""
        row = one_row(
            self._connection, "SELECT wrapped FROM wrapped_keys WHERE person = ? AND class = ?", (person, klass)
        )
        try:
            return unsealed(self._wrapping_key, row[0], key_place(person, klass)) if row else None
        except SealBroken:
            self._require_master()
            raise

    def has(self, person: str, klass: str) -> bool:
        """Whether there is a key, which may be damaged."""
        sql = "SELECT 1 FROM wrapped_keys WHERE person = ? AND class = ?"
        return one_row(self._connection, sql, (person, klass)) is not None

    def keys_made(self, person: str, *classes: str) -> tuple[bytes, ...]:
        """The keys of these classes; those that were missing are drawn, and durable when this returns."""
        made = self.keys_of([(person, klass) for klass in classes])
        return tuple(made[person, klass] for klass in classes)

    def keys_of(self, owners: Iterable[tuple[str, str]]) -> dict[tuple[str, str], bytes]:
        """The same for many (person, class), at the cost of one sync."""
        found = {owner: self.key(*owner) for owner in owners}
        made = {owner: key or draw_key() for owner, key in found.items()}
        fresh = [(*owner, self._wrapped(*owner, made[owner])) for owner, key in found.items() if key is None]
        if fresh:
            with self._connection:
                # What is wrapped by a master that was renewed meanwhile would never open again.
                self._require_master()
                self._connection.executemany(
                    "INSERT INTO wrapped_keys (person, class, wrapped) VALUES (?, ?, ?)", fresh
                )
        return made

    def forget(self, owners: Sequence[tuple[str, str]]) -> None:
        """Delete the keys of these (person, class); nothing of them is left on the disk when this returns."""
        with self._connection:
            for table in ("wrapped_keys", "rewrapped", "first_wrapped"):
                self._connection.executemany(f"DELETE FROM {table} WHERE person = ? AND class = ?", owners)  # noqa: S608  (constant names)
        erase_traces(self._connection)

    def classes_of(self, person: str) -> tuple[str, ...]:
        rows = self._connection.execute("SELECT class FROM wrapped_keys WHERE person = ? ORDER BY class", (person,))
        return tuple(klass for (klass,) in rows)

    def owners(self) -> set[tuple[str, str]]:
        """Each (person, class) that has a key."""
        return {(person, klass) for person, klass in self._connection.execute("SELECT person, class FROM wrapped_keys")}

    def rewrapping(self, becomes: bytes) -> Rewrapping:
        """Of all keys, from the master that this was opened with to another. This key ring is of no use once that has switched."""
        return Rewrapping(self._connection, self._wrapping_key, becomes, self.pair)

    def sweep(self) -> None:
        """Where a rotation has switched and was then cut short: let nothing be left of how keys were wrapped before."""
        if one_row(self._connection, "SELECT 1 FROM rotation WHERE is_switched = 1"):
            erase_traces(self._connection)
            with self._connection:
                self._connection.execute("DELETE FROM rotation")

    def close(self) -> None:
        self._connection.close()

    def _wrapped(self, person: str, klass: str, key: bytes) -> bytes:
        return sealed(self._wrapping_key, key, key_place(person, klass))

    def _require_master(self) -> None:
        if _canary(self._connection) != self._canary:
            raise _wrong(self._path)


def new_file(path: Path) -> apsw.Connection:
    """An empty keys.db, for a restore to fill."""
    return open_sqlite(path, APPLICATION, VERSION, SCHEMA)


def read_keys_file(path: Path, *, still: bool = False, vfs: str | None = None) -> apsw.Connection:
    """To read alone. One of an earlier version stays as it is."""
    return open_to_read(path, APPLICATION, VERSION, still=still, earlier=frozenset(UPGRADES), vfs=vfs)


def _pair(connection: apsw.Connection, wrapping: bytes) -> bytes:
    """The mark that keys.db and vault.db share; drawn when keys.db is new."""
    row = one_row(connection, "SELECT pair, canary FROM origin")
    if row is None:
        pair = random(PAIR_BYTES)
        canary = sealed(wrapping, pair, CANARY_PLACE)
        with connection:
            connection.execute("INSERT INTO origin (pair, canary) VALUES (?, ?)", (pair, canary))
        return pair
    pair = unsealed(wrapping, row[1], CANARY_PLACE)
    if row[0] != pair:
        raise FileRefused(
            f"keys.db says that it belongs to vault {row[0].hex()}, and under seal {pair.hex()}: {RESTORE}"
        )
    return pair


def _canary(connection: apsw.Connection) -> bytes:
    row = one_row(connection, "SELECT canary FROM origin")
    return row[0] if row else b""


def _wrong(path: Path) -> WrongMaster:
    return WrongMaster(
        f"{path} was written under another vault master: put back the secrets/vault_master that belongs to it; "
        '"evenhand vault show" says which one was when'
    )
