"""Vault: everything personal, sealed under a key of its person and class; the ledger carries only a commitment to it.

A commitment is HMAC-SHA256(salt, class ‖ 0x00 ‖ value) with a fresh 32-byte salt that is sealed together with the value:
one opening proves one value, and once salt and key are gone the commitment tells nobody anything.
Writes go keys.db, vault.db, ledger, each durable before the next; a value whose ledger row never came is an orphan.
Every method reads or syncs a file and may be called from any thread, never from the event loop. Where the disk refuses, it
raises DiskRefused, and nothing of what it was to write is kept; where bytes are not those that were written, VaultDamaged.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self, TypeVar

import apsw
import msgspec
from nacl.utils import random

from storage.commitment import SALT_BYTES, Opening, bytes_of, commitment_of
from storage.condition import Condition
from storage.errors import DiskRefused, VaultDamaged
from storage.files import FirmDirectory
from storage.keys import KeyRing
from storage.mail_index import MailIndex
from storage.people import CREDENTIALS, FACTORS, IDENTITY, Identity, Kind, Person, reference
from storage.sealing import sealed
from storage.sqlite_file import TracesRemain, cut_log, disk_must_answer, one_row
from storage.vault_boxes import put_box, write_anew
from storage.vault_factors import held_factors, put_factors
from storage.vault_file import open_vault_file, read_vault_file
from storage.vault_pair import is_written, must_be_whole, must_keep_answering, require_pair, require_written
from storage.vault_people import is_being_erased, mail_changed, owners, put_back, swept
from storage.vault_places import check_words, place_of
from storage.vault_reading import Beside, Openings

VALUE_BYTES_MAX = 16 * 2**20
_Result = TypeVar("_Result")


class Vault:
    """The open vault of one firm. `refusals`: how often nothing could be read or kept since it was opened."""

    def __init__(self, connection: apsw.Connection, keys: KeyRing, mails: MailIndex, beside: Beside) -> None:
        self._connection = connection
        self._keys = keys
        self._mails = mails
        self._held = Openings(connection, keys)
        self._beside = beside
        self.refusals = 0
        # apsw refuses a connection that two threads use at once.
        self._guard = threading.Lock()

    @classmethod
    def open(cls, path: Path, master: bytes, *, may_create: bool = True, vfs: str | None = None) -> Self:
        """Open the vault in a firm's directory, or create it in a new one. What a crash cut short is finished.

        `may_create` False: there must be one, because the ledger refers to what is in it.
        """
        directory = FirmDirectory(path)
        if not may_create:
            require_written(directory)
        if is_written(directory.vault_db) and not is_written(directory.keys_db):
            raise VaultDamaged(
                f"{directory.keys_db} is missing beside a vault: restore it, nothing sealed opens without it"
            )
        with disk_must_answer(directory.vault_db), must_be_whole(directory):
            keys = KeyRing.open(directory.keys_db, master, vfs=vfs)
            connection = open_vault_file(directory, vfs=vfs)
            require_pair(connection, keys, directory)
            vault = cls(connection, keys, MailIndex(master), Beside.open(directory, master, vfs=vfs))
            vault._finish_what_was_cut_short()
            return vault

    @classmethod
    def open_for_reading(cls, path: Path, master: bytes, *, still: bool = False) -> Self:
        """Open the vault of an existing firm without changing anything, beside the process that serves it. `still`: none does."""
        directory = FirmDirectory(path)
        require_written(directory)
        with must_be_whole(directory):
            keys = KeyRing.open_for_reading(directory.keys_db, master, still=still)
            connection = read_vault_file(directory, still=still)
            require_pair(connection, keys, directory)
            return cls(connection, keys, MailIndex(master), Beside.open(directory, master, still=still))

    def seal(self, person: str, klass: str, value: bytes) -> str:
        """Keep a value; durable when this returns its commitment in hex. The same value sealed twice commits differently."""
        (commitment,) = self.seal_all(person, klass, [value])
        return commitment

    def seal_all(self, person: str, klass: str, values: Sequence[bytes]) -> list[str]:
        """Keep values in one transaction, which costs one sync however many they are; all are kept or none is."""
        return self.seal_each([(person, klass, value) for value in values])

    def seal_each(self, values: Sequence[tuple[str, str, bytes]]) -> list[str]:
        """The same for values (person, class, value) of many people."""
        for owner in {value[:2] for value in values}:
            check_words(*owner)
        with self._in_use():
            keys = self._keys.keys_of(value[:2] for value in values)
            with self._connection:
                commitments = [self._put(keys[person, klass], person, klass, value) for person, klass, value in values]
        return [commitment.hex() for commitment in commitments]

    def open_value(self, commitment: str) -> bytes | None:
        """The value, or None where it was erased (or was never here)."""
        opening = self.prove(commitment)
        return opening.value if opening else None

    def prove(self, commitment: str) -> Opening | None:
        """What lets a stranger check that this commitment is to this value; None where it was erased."""
        wanted = bytes.fromhex(commitment)
        return self._asked(lambda openings: openings.opening(wanted))

    def condition_of(self, person: str, klass: str, commitment: str) -> Condition:
        """How the value is that a row of the ledger refers to as this person's, of this class."""
        with self._in_use():
            sql = "SELECT person, class FROM sealed_values WHERE commitment = ?"
            owner = one_row(self._connection, sql, (bytes_of(commitment),))
            has_key = self._keys.has(person, klass)
            if owner is None or is_being_erased(self._connection, person, klass):
                return Condition.MISSING if owner is None and has_key else Condition.ERASED
            if owner != (person, klass):
                return Condition.FOREIGN
            if not has_key:
                return Condition.KEYLESS
            try:
                opening = self._held.opening(bytes_of(commitment))
                assert opening is not None
                signs_in = klass != IDENTITY or self._signs_in(person, bytes_of(commitment), opening.value)
            except VaultDamaged:
                return Condition.ALTERED
            return Condition.WHOLE if signs_in else Condition.SIGN_IN

    def erase(self, person: str, klass: str | None = None) -> int:
        """Make a person's values of a class, or all, unreadable for ever: key, salt and ciphertext leave the disk.

        Returns how many values there were. Commitments and what was proven with them stay as they are.
        """
        if klass is not None:
            return sum(self.erase_each([(person, klass)]))
        return sum(self.erase_each([(person, each) for each in self.classes_of(person)]))

    def erase_each(self, owners: Sequence[tuple[str, str]]) -> list[int]:
        """The same for many (person, class) at the cost of one; how many values there were of each."""
        with self._in_use():
            # The intent first: a crash between the two files is finished at the next start.
            with self._connection:
                self._connection.executemany("INSERT OR IGNORE INTO erasing (person, class) VALUES (?, ?)", owners)
            return self._finish_erasure(owners)

    def erase_values(self, commitments: Sequence[str]) -> int:
        """Delete single values whose key others need, too; says how many there were. Copies of the vault made before still hold them."""
        with self._in_use():
            before = self._connection.total_changes()
            with self._connection:
                self._connection.executemany(
                    "DELETE FROM sealed_values WHERE commitment = ?", [(bytes_of(each),) for each in commitments]
                )
                if erased := self._connection.total_changes() - before:
                    write_anew(self._connection)
            cut_log(self._connection)
            return erased

    def classes_of(self, person: str) -> tuple[str, ...]:
        """Of which classes there is a key or a value of this person, by name."""
        with self._in_use():
            rows = self._connection.execute("SELECT DISTINCT class FROM sealed_values WHERE person = ?", (person,))
            return tuple(sorted({klass for (klass,) in rows} | set(self._keys.classes_of(person))))

    def values_of(self, person: str) -> Iterator[tuple[str, Opening]]:
        """Everything that is sealed of this person but their password hash: commitment in hex, and what opens it."""
        with self._in_use():
            sql = "SELECT commitment FROM sealed_values WHERE person = ? ORDER BY class, commitment"
            commitments = [row[0] for row in self._connection.execute(sql, (person,))]
        for commitment in commitments:
            opening = self.prove(commitment.hex())
            if opening is not None:
                yield commitment.hex(), opening

    def add_person(
        self, kind: Kind, number: int, mail: str, name: str, password_hash: str, role: str = ""
    ) -> str | None:
        """Keep a new person; the commitment is to the identity. None: someone already has this mail address.

        If the firm then refuses the command that carries the commitment, erase the person again.
        """
        person = reference(kind, number)
        mail_index = self._mails.of(mail)
        identity = msgspec.json.encode(Identity(kind=kind, id=number, role=role, name=name, mail=mail.strip()))
        with self._in_use():
            if one_row(self._connection, "SELECT 1 FROM people WHERE mail_index = ?", (mail_index,)):
                return None
            identity_key, credentials_key = self._keys.keys_made(person, IDENTITY, CREDENTIALS)
            with self._connection:
                commitment = self._put(identity_key, person, IDENTITY, identity)
                credentials = sealed(credentials_key, password_hash.encode(), place_of(person, CREDENTIALS, commitment))
                self._connection.execute(
                    "INSERT INTO people (person, mail_index, identity, credentials) VALUES (?, ?, ?, ?)",
                    (person, mail_index, commitment, credentials),
                )
        return commitment.hex()

    def find_by_mail(self, mail: str) -> Person | None:
        """Who signs in with this address. Takes the same time for a stranger up to the lookup; the caller hashes in any case."""
        mail_index = self._mails.of(mail)
        return self._asked(lambda openings: openings.person_where("mail_index", mail_index))

    def person(self, kind: Kind, number: int) -> Person | None:
        """None: unknown, or erased."""
        return self._asked(lambda openings: openings.person_where("person", reference(kind, number)))

    def change_password_hash(self, kind: Kind, number: int, password_hash: str, instead_of: str = "") -> bool:
        """False: no such person, or theirs is no more what it is to be put `instead_of`, where that is told."""
        person = reference(kind, number)
        with self._in_use():
            held = self._held.person_where("person", person) if instead_of else None
            if instead_of and (held is None or held.password_hash != instead_of):
                return False
            row = one_row(self._connection, "SELECT identity FROM people WHERE person = ?", (person,))
            if row is None:
                return False
            (key,) = self._keys.keys_made(person, CREDENTIALS)
            box = sealed(key, password_hash.encode(), place_of(person, CREDENTIALS, row[0]))
            with self._connection:
                self._connection.execute("UPDATE people SET credentials = ? WHERE person = ?", (box, person))
            return True

    def change_mail(self, kind: Kind, number: int, mail: str) -> tuple[str, str] | None:
        """See `mail_changed`. Tell the ledger, then erase the value of before; or `unchange_mail` where it says no."""
        with self._in_use():
            return mail_changed(self._connection, self._keys, self._mails.of, reference(kind, number), mail)

    def unchange_mail(self, commitment: str) -> None:
        """Whoever is known by this value since `change_mail` is known by the one of before."""
        with self._in_use():
            with self._connection:
                put_back(self._connection, self._keys, self._mails.of, [bytes_of(commitment)])
                swept(self._connection, [bytes_of(commitment)])
                write_anew(self._connection)
            cut_log(self._connection)

    def factors(self, person: str) -> bytes | None:
        """What a person proves who they are with, beside the password; None: nothing, or it was erased."""
        return self._asked(lambda openings: openings.factors(person))

    def change_factors(self, person: str, work: Callable[[bytes | None], tuple[bytes | None, _Result]]) -> _Result:
        """Let `work` say what takes the place of what there is (None: nothing), with nobody between reading and writing.

        Raises KeyError where nobody of this name signs in.
        """
        with self._in_use():
            if one_row(self._connection, "SELECT 1 FROM people WHERE person = ?", (person,)) is None:
                raise KeyError(person)
            held = held_factors(self._connection, self._keys, person)
            wanted, result = work(held)
            if wanted != held:
                put_factors(self._connection, self._keys, person, wanted)
            return result

    def with_factors(self) -> list[str]:
        """Everybody of whom there are any."""
        with self._in_use():
            return [person for (person,) in self._connection.execute("SELECT person FROM factors ORDER BY person")]

    def sweep_orphans(self, is_known: Callable[[str], bool]) -> int:
        """Remove what was sealed for ledger rows that never came, and say how many values that were.

        Only at start, before anything is admitted: in a running firm a value without a row may be on its way.
        """
        with self._in_use():
            commitments = [row[0] for row in self._connection.execute("SELECT commitment FROM sealed_values")]
        orphans = [commitment for commitment in commitments if not is_known(commitment.hex())]
        with self._in_use():
            with self._connection:
                put_back(self._connection, self._keys, self._mails.of, orphans)
                swept(self._connection, orphans)
                if orphans:
                    write_anew(self._connection)
            unused = self._keys.owners() - owners(self._connection)
            if unused:
                self._keys.forget(sorted(unused))
            cut_log(self._connection)
            return len(orphans)

    @property
    def is_busy(self) -> bool:
        """Whether somebody uses it just now, for who may not wait, not even where both ways of reading are needed."""
        return self._guard.locked() or self._beside.is_asked

    def close(self) -> None:
        self._beside.close()
        with self._guard:
            self._connection.close()
            self._keys.close()

    @contextmanager
    def _in_use(self) -> Iterator[None]:
        """By this thread alone; what SQLite says of its disk is told in words, and counted."""
        with self._guard:
            try:
                with must_keep_answering(self._connection.filename):
                    yield
            except (DiskRefused, VaultDamaged):
                self.refusals += 1
                raise

    def _asked(self, question: Callable[[Openings], _Result]) -> _Result:
        """Whoever only reads does not wait for who writes, be it a sync or an erasure."""
        try:
            return self._beside.ask(question)
        except DiskRefused:
            self.refusals += 1
            raise
        except VaultDamaged:
            # The two files are not read at one moment: a key that was drawn since does not open what was erased. Here nobody writes.
            with self._in_use():
                return question(self._held)

    def _put(self, key: bytes, person: str, klass: str, value: bytes) -> bytes:
        if len(value) > VALUE_BYTES_MAX:
            raise ValueError(
                f"a value of {len(value)} bytes is too large for the vault: at most {VALUE_BYTES_MAX}; split it"
            )
        salt = random(SALT_BYTES)
        commitment = bytes.fromhex(commitment_of(salt, klass, value))
        box = sealed(key, salt + value, place_of(person, klass, commitment))
        put_box(self._connection, commitment, person, klass, box)
        return commitment

    def _signs_in(self, person: str, commitment: bytes, identity: bytes) -> bool:
        """Whether mail address and password hash are those of this identity, or the latter was erased."""
        sql = "SELECT mail_index, identity, credentials FROM people WHERE person = ?"
        row = one_row(self._connection, sql, (person,))
        if (erasing := is_being_erased(self._connection, person, CREDENTIALS)) or row is None:
            # An erasure takes key and row, a damage one of them.
            return erasing or not self._keys.has(person, CREDENTIALS)
        is_found = self._mails.is_of_another(self._connection) or row[0] == self._mails.of(
            msgspec.json.decode(identity, type=Identity).mail
        )
        if not is_found or row[1] != commitment:
            return False
        try:
            return self._held.unsealed(person, CREDENTIALS, commitment, row[2]) is not None
        except VaultDamaged:
            return False

    def _finish_what_was_cut_short(self) -> None:
        with self._in_use():
            with suppress(TracesRemain):  # of a rotation: somebody reads just now, and the next start tries again
                self._keys.sweep()
                self._mails.settle(self._connection, self._keys)
            owners = list(self._connection.execute("SELECT person, class FROM erasing"))
            if owners:
                self._finish_erasure(owners)

    def _finish_erasure(self, owners: Sequence[tuple[str, str]]) -> list[int]:
        self._keys.forget(owners)
        erased: list[int] = []
        with self._connection:
            for person, klass in owners:
                self._connection.execute("DELETE FROM sealed_values WHERE person = ? AND class = ?", (person, klass))
                erased.append(self._connection.changes())
                # Without identity or credentials nobody can sign in: the entry, with its keyed hash of the mail, goes too.
                if klass in (IDENTITY, CREDENTIALS):
                    self._connection.execute("DELETE FROM people WHERE person = ?", (person,))
                if klass in (IDENTITY, CREDENTIALS, FACTORS):
                    self._connection.execute("DELETE FROM factors WHERE person = ?", (person,))
            self._connection.executemany("DELETE FROM erasing WHERE person = ? AND class = ?", owners)
            write_anew(self._connection)
        cut_log(self._connection)
        return erased
