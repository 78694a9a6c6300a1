"""Mail index: the keyed hashes by which people are found by mail, and how they follow the vault master when it is renewed.

They are keyed by the master, so that a master that is of no use any more cannot be used to try addresses on a stolen file either.
vault.db says under which master they are; where that is another than the one in force, as after a rotation that was cut short
or a restore, they are made anew from the sealed identities.
"""

import hmac
from contextlib import suppress

import apsw
import msgspec

from firm.mail_address import normalised_mail
from storage.commitment import SALT_BYTES
from storage.keys import KeyRing
from storage.master import index_key, master_id
from storage.people import IDENTITY, Identity
from storage.sealing import SealBroken, unsealed
from storage.sqlite_file import one_row
from storage.vault_boxes import leave_no_traces, whole_box
from storage.vault_places import place_of

BATCH = 500  # people a transaction

_PEOPLE = """
SELECT people.person, identity, box, mail_index FROM people JOIN sealed_values ON commitment = identity
WHERE people.person > ? ORDER BY people.person LIMIT ?
"""


class MailIndex:
    """By which people are found in one vault, under the master that it was opened with."""

    def __init__(self, master: bytes) -> None:
        self._key = index_key(master)
        self._id = master_id(master)

    def of(self, mail: str) -> bytes:
        return hmac.digest(self._key, normalised_mail(mail).encode(), "sha256")

    def is_of_another(self, connection: apsw.Connection) -> bool:
        """Whether the hashes may be those of another master: people need not be found by them yet."""
        return self._said(connection) != self._id

    def settle(self, connection: apsw.Connection, keys: KeyRing) -> int:
        """Bring the hashes under this master where they are not; how many that were. May be cut short anywhere and begun again."""
        if not self.is_of_another(connection):
            return 0
        renewed = self._renew(connection, keys)
        if renewed:  # the old ones must be nowhere before it is said that they are gone
            leave_no_traces(connection)
        with connection:
            connection.execute("DELETE FROM mail_index_of")
            connection.execute("INSERT INTO mail_index_of (master) VALUES (?)", (self._id,))
        return renewed

    def _renew(self, connection: apsw.Connection, keys: KeyRing) -> int:
        renewed, last = 0, ""
        while rows := list(connection.execute(_PEOPLE, (last, BATCH))):
            last = rows[-1][0]
            found = [
                (self._of_identity(keys, person, said, whole_box(connection, said, box)), person, before)
                for person, said, box, before in rows
            ]
            fresh = [(mails, person) for mails, person, before in found if mails not in (b"", before)]
            with connection:
                connection.executemany("UPDATE people SET mail_index = ? WHERE person = ?", fresh)
            renewed += len(fresh)
        return renewed

    def _of_identity(self, keys: KeyRing, person: str, commitment: bytes, box: bytes) -> bytes:
        """Empty where the identity is gone or damaged: nobody signs in with that anyway, and whoever verifies tells it."""
        with suppress(SealBroken):
            key = keys.key(person, IDENTITY)
            if key is not None:
                content = unsealed(key, box, place_of(person, IDENTITY, commitment))[SALT_BYTES:]
                return self.of(msgspec.json.decode(content, type=Identity).mail)
        return b""

    def _said(self, connection: apsw.Connection) -> str | None:
        """None: a vault of an earlier release, or a new one."""
        row = one_row(connection, "SELECT master FROM mail_index_of")
        return row[0] if row else None
