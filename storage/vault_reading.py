"""Vault reading: what lies in vault.db as keys.db opens it, and how it is read beside whoever writes.

Readers have connections of their own: SQLite shows them the last commit, so a page never waits for a file to be synced or rewritten.
"""

import threading
from collections.abc import Callable
from typing import Self, TypeVar

import apsw
import msgspec

from storage.commitment import SALT_BYTES, Opening, commitment_of
from storage.errors import VaultDamaged
from storage.files import FirmDirectory
from storage.keys import KeyRing
from storage.people import CREDENTIALS, Identity, Person
from storage.sealing import SealBroken, unsealed
from storage.sqlite_file import one_row
from storage.vault_boxes import whole_box
from storage.vault_factors import held_factors
from storage.vault_file import read_vault_file
from storage.vault_pair import must_keep_answering, require_pair
from storage.vault_places import place_of

_Result = TypeVar("_Result")


class Openings:
    """Values and people, by one connection to each file. Used by one thread at a time."""

    def __init__(self, connection: apsw.Connection, keys: KeyRing) -> None:
        self._connection = connection
        self._keys = keys

    def opening(self, commitment: bytes) -> Opening | None:
        """None: it was erased, or was never here."""
        sql = "SELECT person, class, box FROM sealed_values WHERE commitment = ?"
        row = one_row(self._connection, sql, (commitment,))
        if row is None:
            return None
        person, klass, box = row
        content = self.unsealed(person, klass, commitment, whole_box(self._connection, commitment, box))
        if content is None:
            return None
        opening = Opening(content[:SALT_BYTES], klass, content[SALT_BYTES:])
        assert commitment_of(*opening) == commitment.hex()
        return opening

    def unsealed(self, person: str, klass: str, commitment: bytes, box: bytes) -> bytes | None:
        """None: the key is gone."""
        try:
            key = self._keys.key(person, klass)
            return unsealed(key, box, place_of(person, klass, commitment)) if key else None
        except SealBroken as broken:
            raise VaultDamaged(
                f"vault damaged: the {klass} of {person} (commitment {commitment.hex()}) does not open; restore keys.db and vault.db"
            ) from broken

    def person_where(self, column: str, key: bytes | str) -> Person | None:
        """Who has this in a column of `people`."""
        sql = f"SELECT person, identity, credentials FROM people WHERE {column} = ?"  # noqa: S608  (constant columns)
        row = one_row(self._connection, sql, (key,))
        if row is None:
            return None
        person, commitment, credentials = row
        opening = self.opening(commitment)
        password_hash = self.unsealed(person, CREDENTIALS, commitment, credentials)
        if opening is None or password_hash is None:
            return None
        identity = msgspec.json.decode(opening.value, type=Identity)
        return Person(
            kind=identity.kind,
            id=identity.id,
            role=identity.role,
            name=identity.name,
            mail=identity.mail,
            password_hash=password_hash.decode(),
            commitment=commitment.hex(),
        )

    def factors(self, person: str) -> bytes | None:
        return held_factors(self._connection, self._keys, person)


class Beside:
    """Openings of the last commit, for many threads, whatever whoever writes is at just now."""

    def __init__(self, connection: apsw.Connection, keys: KeyRing) -> None:
        self._connection = connection
        self._keys = keys
        self._openings = Openings(connection, keys)
        self._guard = threading.Lock()

    @classmethod
    def open(cls, directory: FirmDirectory, master: bytes, *, still: bool = False, vfs: str | None = None) -> Self:
        keys = KeyRing.open_for_reading(directory.keys_db, master, still=still, vfs=vfs)
        connection = read_vault_file(directory, still=still, vfs=vfs)
        require_pair(connection, keys, directory)
        return cls(connection, keys)

    def ask(self, question: Callable[[Openings], _Result]) -> _Result:
        """All of one answer is read of one commit of vault.db."""
        with self._guard, must_keep_answering(self._connection.filename), self._connection:
            answer = question(self._openings)
        return answer  # noqa: RET504  (a return inside "with" is no return to mypy: apsw types its exit as swallowing)

    @property
    def is_asked(self) -> bool:
        return self._guard.locked()

    def close(self) -> None:
        with self._guard:
            self._connection.close()
            self._keys.close()
