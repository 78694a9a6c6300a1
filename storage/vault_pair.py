"""Vault pair: keys.db and vault.db are whole and belong together, and what SQLite says of either is told in words."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from storage.errors import DiskRefused, VaultDamaged
from storage.files import FirmDirectory
from storage.keys import KeyRing
from storage.schema import UNREADABLE
from storage.sealing import SealBroken
from storage.sqlite_file import DISK_FAILED, one_row, what_came_first


@contextmanager
def must_be_whole(directory: FirmDirectory) -> Iterator[None]:
    """Bytes that SQLite cannot make sense of, while the two files are opened, are told as damage."""
    try:
        yield
    except (*UNREADABLE, apsw.SQLError) as broken:
        raise VaultDamaged(f"{directory.keys_db} or vault.db is damaged ({broken}): restore both") from broken


@contextmanager
def must_keep_answering(vault_db: str) -> Iterator[None]:
    """While the open vault is used: DiskRefused where nothing could be read or kept for now, VaultDamaged where it never will."""
    try:
        yield
    except (apsw.Error, UnicodeDecodeError, SealBroken) as error:
        failed = what_came_first(error)
        if isinstance(failed, (*DISK_FAILED, apsw.BusyError, apsw.LockedError)):
            raise DiskRefused(
                f"{vault_db} or keys.db cannot be read or written ({type(failed).__name__}: {failed}): nothing was kept; make "
                "sure that the disk is sound and has free space and that no other program holds the files, then try again"
            ) from failed
        if isinstance(failed, (*UNREADABLE, SealBroken)):
            raise VaultDamaged(f"{vault_db} or keys.db is damaged ({failed}): restore both") from failed
        raise


def require_pair(connection: apsw.Connection, keys: KeyRing, directory: FirmDirectory) -> None:
    try:
        _check_pair(connection, keys, directory)
    except BaseException:
        connection.close()
        keys.close()
        raise


def require_written(directory: FirmDirectory) -> None:
    for path in (directory.keys_db, directory.vault_db):
        if not is_written(path):
            raise VaultDamaged(
                f"{path} is missing or empty: restore keys.db and vault.db together, nothing sealed opens without them"
            )


def is_written(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def _check_pair(connection: apsw.Connection, keys: KeyRing, directory: FirmDirectory) -> None:
    row = one_row(connection, "SELECT pair FROM origin")
    if row is not None and row[0] == keys.pair:
        return
    if row is not None:
        raise VaultDamaged(
            f"{directory.keys_db} and {directory.vault_db} do not belong together: restore both from one backup"
        )
    if keys.owners():
        raise VaultDamaged(f"{directory.vault_db} is missing or empty beside keys that seal it: restore it")
    with connection:
        connection.execute("INSERT INTO origin (pair) VALUES (?)", (keys.pair,))
