"""Master: what is derived from the vault master, and by which name it is called without giving anything of it away."""

import hashlib
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import apsw

from storage.sealing import SealBroken, bound_to, unsealed
from storage.sqlite_file import READING, name_to_read, one_row

CANARY_PLACE = bound_to(b"evenhand canary 1")
ID_BYTES = 8


def wrapping_key(master: bytes) -> bytes:
    """Wraps the key of each person and class."""
    return hashlib.blake2b(key=master, person=b"evenhand-wrap-1", digest_size=32).digest()


def index_key(master: bytes) -> bytes:
    """Keys the hashes by which people are found by mail."""
    return hashlib.blake2b(key=master, person=b"evenhand-mail-1", digest_size=32).digest()


def master_id(master: bytes) -> str:
    """By which the ledger, files and people call a master: 16 hexadecimal digits, from which nothing of it follows."""
    return hashlib.blake2b(key=master, person=b"evenhand-name-1", digest_size=ID_BYTES).hexdigest()


def opening_master(keys_db: Path, masters: Sequence[bytes]) -> bytes | None:
    """Which of these keys.db is under now; None: none of them, or there is no such file that can be read. Changes nothing."""
    try:
        with closing(apsw.Connection(name_to_read(keys_db), flags=READING)) as connection:
            row = one_row(connection, "SELECT canary FROM origin")
    except (apsw.Error, UnicodeDecodeError):
        return None  # whoever opens it says what is wrong with it
    return next((each for each in masters if row is not None and _opens(each, row[0])), None)


def _opens(master: bytes, canary: bytes) -> bool:
    try:
        unsealed(wrapping_key(master), canary, CANARY_PLACE)
    except SealBroken:
        return False
    return True
