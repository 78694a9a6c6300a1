"""Vault people: how somebody's mail address changes, and how what has no row in the ledger leaves.

A change is in the vault before the ledger knows. The value of before stays beside the new one until then: where the ledger never hears of
it, the next start finds a person whose identity has no row, and puts the one of before back.
"""

from collections.abc import Callable, Sequence

import apsw
import msgspec
from nacl.utils import random

from storage.commitment import SALT_BYTES, commitment_of
from storage.keys import KeyRing
from storage.people import CREDENTIALS, FACTORS, IDENTITY, Identity
from storage.sealing import sealed, unsealed
from storage.sqlite_file import one_row
from storage.vault_boxes import put_box, whole_box
from storage.vault_places import place_of

Index = Callable[[str], bytes]


def mail_changed(
    connection: apsw.Connection, keys: KeyRing, index: Index, person: str, mail: str
) -> tuple[str, str] | None:
    """The commitments, in hex, to who they were and who they are. None: nobody of this name, or somebody else has the address."""
    row = one_row(connection, "SELECT identity FROM people WHERE person = ?", (person,))
    taken = one_row(connection, "SELECT 1 FROM people WHERE mail_index = ? AND person <> ?", (index(mail), person))
    if row is None or taken is not None:
        return None
    before: bytes = row[0]
    value = msgspec.json.encode(msgspec.structs.replace(_identity(connection, keys, person, before), mail=mail))
    (key,) = keys.keys_made(person, IDENTITY)
    salt = random(SALT_BYTES)
    after = bytes.fromhex(commitment_of(salt, IDENTITY, value))
    with connection:
        put_box(connection, after, person, IDENTITY, sealed(key, salt + value, place_of(person, IDENTITY, after)))
        _point(connection, keys, index, person, before, after)
    return before.hex(), after.hex()


def put_back(connection: apsw.Connection, keys: KeyRing, index: Index, orphans: Sequence[bytes]) -> None:
    """Whoever is known by one of these, and by another value that is not among them, is known by that one; within a transaction."""
    for after in orphans:
        row = one_row(connection, "SELECT person FROM people WHERE identity = ?", (after,))
        if row is None:
            continue
        sql = "SELECT commitment FROM sealed_values WHERE person = ? AND class = ?"
        others = [before for (before,) in connection.execute(sql, (row[0], IDENTITY)) if before not in orphans]
        if others:
            _point(connection, keys, index, row[0], after, others[0])


def swept(connection: apsw.Connection, orphans: Sequence[bytes]) -> None:
    """Without these values, and whoever would sign in by one of them; within a transaction."""
    rows = [(commitment,) for commitment in orphans]
    connection.executemany("DELETE FROM people WHERE identity = ?", rows)
    connection.execute("DELETE FROM factors WHERE person NOT IN (SELECT person FROM people)")
    connection.executemany("DELETE FROM sealed_values WHERE commitment = ?", rows)


def owners(connection: apsw.Connection) -> set[tuple[str, str]]:
    """Each (person, class) of which something is sealed here."""
    values = connection.execute("SELECT DISTINCT person, class FROM sealed_values")
    people = connection.execute("SELECT person FROM people")
    factors = connection.execute("SELECT person FROM factors")
    beside = {(person, CREDENTIALS) for (person,) in people} | {(person, FACTORS) for (person,) in factors}
    return {(person, klass) for person, klass in values} | beside


def is_being_erased(connection: apsw.Connection, person: str, klass: str) -> bool:
    sql = "SELECT 1 FROM erasing WHERE person = ? AND class = ?"
    return one_row(connection, sql, (person, klass)) is not None


def _identity(connection: apsw.Connection, keys: KeyRing, person: str, commitment: bytes) -> Identity:
    row = one_row(connection, "SELECT box FROM sealed_values WHERE commitment = ?", (commitment,))
    key = keys.key(person, IDENTITY)
    assert row is not None
    assert key is not None, f"{person} signs in without a key"
    box = whole_box(connection, commitment, row[0])
    content = unsealed(key, box, place_of(person, IDENTITY, commitment))
    return msgspec.json.decode(content[SALT_BYTES:], type=Identity)


def _point(connection: apsw.Connection, keys: KeyRing, index: Index, person: str, before: bytes, after: bytes) -> None:
    """Let a person be known by another value of theirs. The password hash is bound to the value, and is sealed anew."""
    row = one_row(connection, "SELECT credentials FROM people WHERE person = ?", (person,))
    key = keys.key(person, CREDENTIALS)
    assert row is not None
    assert key is not None, f"{person} signs in without a key"
    password_hash = unsealed(key, row[0], place_of(person, CREDENTIALS, before))
    mail = _identity(connection, keys, person, after).mail
    connection.execute(
        "UPDATE people SET mail_index = ?, identity = ?, credentials = ? WHERE person = ?",
        (index(mail), after, sealed(key, password_hash, place_of(person, CREDENTIALS, after)), person),
    )
