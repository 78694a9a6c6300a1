"""Keys: one 32-byte key for each person and class of value, wrapped by the vault master, in keys.db.

Forgetting a key is what erases: every sealed value under it, in the vault and in its backups, loses its meaning. That is why
keys.db is a file of its own, whose backups are kept no longer than the erasure that was promised.
"""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Self

import apsw
from nacl.utils import random

from storage.findings import RESTORE
from storage.sealing import SealBroken, bound_to, draw_key, sealed, unsealed
from storage.sqlite_file import FileRefused, erase_traces, one_row, open_sqlite, open_to_read

APPLICATION = 0x45564B59  # "EVKY"
VERSION = 1
PAIR_BYTES = 16

SCHEMA = """
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


class WrongMaster(ValueError):
    """The vault master in `secrets/` is not the one keys.db was written under."""


class KeyRing:
    """The open keys.db. Used by one thread at a time: the vault guards it."""

    def __init__(self, connection: apsw.Connection, wrapping_key: bytes, pair: bytes) -> None:
        self._connection = connection
        self._wrapping_key = wrapping_key
        self.pair = pair

    @classmethod
    def open(cls, path: Path, master: bytes, *, vfs: str | None = None) -> Self:
        return cls._unlocked(open_sqlite(path, APPLICATION, VERSION, SCHEMA, vfs=vfs), path, master)

    @classmethod
    def open_for_reading(cls, path: Path, master: bytes, *, still: bool = False) -> Self:
        """An existing keys.db, which cannot be changed through this."""
        return cls._unlocked(open_to_read(path, APPLICATION, VERSION, still=still), path, master)

    @classmethod
    def _unlocked(cls, connection: apsw.Connection, path: Path, master: bytes) -> Self:
        wrapping_key = hashlib.blake2b(key=master, person=b"evenhand-wrap-1", digest_size=32).digest()
        try:
            return cls(connection, wrapping_key, _pair(connection, wrapping_key))
        except FileRefused:
            connection.close()
            raise
        except SealBroken as broken:
            connection.close()
            raise WrongMaster(
                f"{path} was written under another vault master: put back the secrets/vault_master that belongs to it"
            ) from broken

    def key(self, person: str, klass: str) -> bytes | None:
        """None: there is none, or it was forgotten."""
        row = one_row(
            self._connection, "SELECT wrapped FROM wrapped_keys WHERE person = ? AND class = ?", (person, klass)
        )
        return unsealed(self._wrapping_key, row[0], _place(person, klass)) if row else None

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
                self._connection.executemany(
                    "INSERT INTO wrapped_keys (person, class, wrapped) VALUES (?, ?, ?)", fresh
                )
        return made

    def forget(self, owners: Sequence[tuple[str, str]]) -> None:
        """Delete the keys of these (person, class); nothing of them is left on the disk when this returns."""
        with self._connection:
            self._connection.executemany("DELETE FROM wrapped_keys WHERE person = ? AND class = ?", owners)
        erase_traces(self._connection)

    def classes_of(self, person: str) -> tuple[str, ...]:
        rows = self._connection.execute("SELECT class FROM wrapped_keys WHERE person = ? ORDER BY class", (person,))
        return tuple(klass for (klass,) in rows)

    def owners(self) -> set[tuple[str, str]]:
        """Each (person, class) that has a key."""
        return {(person, klass) for person, klass in self._connection.execute("SELECT person, class FROM wrapped_keys")}

    def close(self) -> None:
        self._connection.close()

    def _wrapped(self, person: str, klass: str, key: bytes) -> bytes:
        return sealed(self._wrapping_key, key, _place(person, klass))


def new_file(path: Path) -> apsw.Connection:
    """An empty keys.db, for a restore to fill."""
    return open_sqlite(path, APPLICATION, VERSION, SCHEMA)


def _pair(connection: apsw.Connection, wrapping_key: bytes) -> bytes:
    """The mark that keys.db and vault.db share; drawn when keys.db is new."""
    row = one_row(connection, "SELECT pair, canary FROM origin")
    if row is None:
        pair = random(PAIR_BYTES)
        canary = sealed(wrapping_key, pair, bound_to(b"evenhand canary 1"))
        with connection:
            connection.execute("INSERT INTO origin (pair, canary) VALUES (?, ?)", (pair, canary))
        return pair
    pair = unsealed(wrapping_key, row[1], bound_to(b"evenhand canary 1"))
    if row[0] != pair:
        raise FileRefused(
            f"keys.db says that it belongs to vault {row[0].hex()}, and under seal {pair.hex()}: {RESTORE}"
        )
    return pair


def _place(person: str, klass: str) -> bytes:
    return bound_to(b"evenhand key 1", person.encode(), klass.encode())
