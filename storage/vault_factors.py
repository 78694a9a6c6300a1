"""Vault factors: the one sealed value of a person with what they prove who they are with, beside the password."""

import apsw

from storage.errors import VaultDamaged
from storage.keys import KeyRing
from storage.people import FACTORS
from storage.sealing import SealBroken, sealed, unsealed
from storage.sqlite_file import one_row
from storage.vault_places import factors_place


def held_factors(connection: apsw.Connection, keys: KeyRing, person: str) -> bytes | None:
    """None: nothing, or it was erased."""
    row = one_row(connection, "SELECT box FROM factors WHERE person = ?", (person,))
    try:
        key = keys.key(person, FACTORS) if row else None
        return unsealed(key, row[0], factors_place(person)) if row and key else None
    except SealBroken as broken:
        raise VaultDamaged(
            f"vault damaged: the factors of {person} do not open; restore keys.db and vault.db"
        ) from broken


def put_factors(connection: apsw.Connection, keys: KeyRing, person: str, wanted: bytes | None) -> None:
    """In place of what there is; None: nothing."""
    if wanted is None:
        with connection:
            connection.execute("DELETE FROM factors WHERE person = ?", (person,))
        return
    (key,) = keys.keys_made(person, FACTORS)
    box = sealed(key, wanted, factors_place(person))
    with connection:
        connection.execute("INSERT OR REPLACE INTO factors (person, box) VALUES (?, ?)", (person, box))
