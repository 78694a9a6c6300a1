"""Vault audit: every value that the ledger refers to opens under its own commitment, person and class, or was erased.

What is told of a value is whose it is and the commitment, which the ledger carries anyway; never the value.
"""

from collections.abc import Iterable, Mapping
from contextlib import closing
from itertools import chain
from pathlib import Path

import apsw

from storage import keys, vault_file
from storage.audit_schema import parts_of
from storage.condition import Condition
from storage.errors import DiskRefused, VaultDamaged
from storage.files import FirmDirectory
from storage.findings import Findings
from storage.keys import WrongMaster
from storage.readmodels.seals import Seal
from storage.sealing import SealBroken
from storage.sqlite_file import READING, FileRefused, name_to_read
from storage.vault import Vault
from storage.vault_boxes import odd_boxes

_TOGETHER = "restore keys.db and vault.db together, from one backup"
_CANNOT_OPEN = (DiskRefused, VaultDamaged, WrongMaster, FileRefused, SealBroken, apsw.Error, UnicodeDecodeError)


def audit_vault(directory: Path, master: bytes, seals: Iterable[Seal], findings: Findings) -> int:
    """How many values opened. Changes nothing in either file, so that it can run beside the firm."""
    seals = iter(seals)
    first = next(seals, None)
    if first is None:
        return 0  # a firm that sealed nothing yet need not have a vault
    files = FirmDirectory(directory)
    try:
        _audit_file(files.keys_db, keys.SCHEMAS, findings)
        _audit_file(files.vault_db, vault_file.SCHEMAS, findings)
        _audit_boxes(files, findings)
        _tell_rotation(files.keys_db, findings)
        with closing(Vault.open_for_reading(directory, master)) as vault:
            return _audit(vault, chain([first], seals), findings)
    except _CANNOT_OPEN as broken:
        findings.add(f"the vault cannot be read: {broken}", what_next=_TOGETHER)
        return 0


def _audit_file(path: Path, schemas: Mapping[int, str], findings: Findings) -> None:
    """An index that misses a value lets it open, but an erasure that goes by the index would leave it; a trigger could do anything."""
    if not path.exists():
        return  # which opening the vault tells better
    with closing(apsw.Connection(name_to_read(path), flags=READING)) as connection:
        for (told,) in connection.execute("PRAGMA integrity_check(10)"):
            if told != "ok":
                findings.add(f"SQLite's integrity check of {path.name}: {told}", what_next=_TOGETHER)
        with closing(apsw.Connection(":memory:")) as fresh:
            fresh.execute(schemas.get(connection.pragma("user_version"), schemas[max(schemas)]))
            odd = sorted({f"{part.type} {part.name}" for part in parts_of(connection) ^ parts_of(fresh)})
        if odd:
            findings.add(
                f"tables, indexes, views or triggers of {path.name} were altered: {', '.join(odd)}", what_next=_TOGETHER
            )


def _audit_boxes(files: FirmDirectory, findings: Findings) -> None:
    if not files.vault_db.exists():
        return
    with closing(vault_file.read_vault_file(files)) as connection:
        for commitment in odd_boxes(connection):
            what = f"what lies in large_boxes under commitment {commitment.hex()} is of no value, or its padding was altered"
            findings.add(what, what_next=_TOGETHER)


def _tell_rotation(keys_db: Path, findings: Findings) -> None:
    """A master that is being renewed is no damage: what is prepared beside the keys in use rests until somebody goes on."""
    if not keys_db.exists():
        return
    with closing(keys.read_keys_file(keys_db)) as connection:
        if connection.pragma("user_version") < keys.VERSION:
            return
        for becomes, is_switched in connection.execute("SELECT becomes, is_switched FROM rotation"):
            ((prepared,), (kept,)) = connection.execute(
                "SELECT count(*) FROM rewrapped UNION ALL SELECT count(*) FROM wrapped_keys"
            )
            state = "traces of the one before remain" if is_switched else f"{prepared} of {kept} keys are prepared"
            findings.notes.append(
                f'the vault goes over to master {becomes}: {state}; stop the firm, then "evenhand vault rotate" ends it'
            )


def _audit(vault: Vault, seals: Iterable[Seal], findings: Findings) -> int:
    whole = erased = unsaid = 0
    for commitment, person, klass, forgotten in seals:
        try:
            condition = vault.condition_of(person, klass, commitment)
        except VaultDamaged as damaged:
            findings.add(f"the {klass} of {person} (commitment {commitment}): {damaged}", what_next=_TOGETHER)
            continue
        if forgotten and condition in (Condition.ERASED, Condition.MISSING):
            erased += 1
        elif forgotten:
            what = f"the {klass} of {person} (commitment {commitment}) was forgotten by a row of the ledger, and lies in the vault"
            findings.add(what, what_next='erase it again: "evenhand person erase"; look where the file came from')
        elif condition is Condition.WHOLE:
            whole += 1
        elif condition is Condition.ERASED:
            unsaid += 1
        else:
            what = f"the {klass} of {person} (commitment {commitment}) {condition.value}"
            findings.add(what, what_next=_TOGETHER)
    for person in vault.with_factors():
        try:
            vault.factors(person)
        except VaultDamaged as damaged:
            findings.add(f"what {person} signs in with beside the password: {damaged}", what_next=_TOGETHER)
    if erased:
        findings.notes.append(f"sealed values that were forgotten, as the ledger says: {erased}")
    if unsaid:
        findings.notes.append(f"sealed values that were erased, with their keys, without a row that says so: {unsaid}")
    return whole
