"""Vault file: what vault.db is made of, and how one of an earlier release becomes one of today's."""

from collections.abc import Mapping

import apsw

from storage.files import FirmDirectory
from storage.sqlite_file import Upgrade, open_sqlite, open_to_read

APPLICATION = 0x45565654  # "EVVT"
VERSION = 4

_FACTORS = """
CREATE TABLE factors (
    person TEXT PRIMARY KEY,
    box BLOB NOT NULL                  -- TOTP, passkeys, recovery codes, sealed
) STRICT;
"""
_MAIL_INDEX_OF = """
CREATE TABLE mail_index_of (
    master TEXT NOT NULL               -- the id of the master that keys people.mail_index; at most one row
) STRICT;
"""
_LARGE_BOXES = """
CREATE TABLE large_boxes (
    commitment BLOB PRIMARY KEY,       -- as in sealed_values, whose box is empty then
    padding BLOB NOT NULL,             -- zeros: all that a row has on a page of the tree
    box BLOB NOT NULL                  -- salt ‖ value, sealed
) STRICT;
"""
_PUT_APART = (
    "INSERT INTO large_boxes (commitment, padding, box)"
    " SELECT commitment, zeroblob(4096), box FROM sealed_values WHERE commitment = ?"
)
_LEAVE_EMPTY = "UPDATE sealed_values SET box = x'' WHERE commitment = ?"

_FIRST = """
CREATE TABLE origin (
    pair BLOB NOT NULL        -- the same 16 bytes as in keys.db
) STRICT;
CREATE TABLE sealed_values (
    commitment BLOB PRIMARY KEY,
    person TEXT NOT NULL,
    class TEXT NOT NULL,
    box BLOB NOT NULL         -- salt ‖ value, sealed
) STRICT;
CREATE INDEX sealed_values_by_person ON sealed_values (person, class);
CREATE TABLE people (
    person TEXT PRIMARY KEY,
    mail_index BLOB NOT NULL UNIQUE,   -- keyed hash of the normalised address
    identity BLOB NOT NULL,            -- commitment of the value of class identity
    credentials BLOB NOT NULL          -- password hash, sealed
) STRICT;
CREATE TABLE erasing (
    person TEXT NOT NULL,
    class TEXT NOT NULL,
    PRIMARY KEY (person, class)
) STRICT;
"""
SCHEMA = _FIRST + _FACTORS + _MAIL_INDEX_OF + _LARGE_BOXES
SCHEMAS = {1: _FIRST, 2: _FIRST + _FACTORS, 3: _FIRST + _FACTORS + _MAIL_INDEX_OF, VERSION: SCHEMA}  # by version
_LACKING = {1: _FACTORS, 2: _MAIL_INDEX_OF, 3: _LARGE_BOXES}  # what each version has not that the next one has


def _large_boxes_apart(connection: apsw.Connection) -> None:
    """As storage/vault_boxes.py keeps them from then on. One statement for all would keep all of them in memory, to take it back."""
    connection.execute(_LARGE_BOXES)
    large = list(connection.execute("SELECT commitment FROM sealed_values WHERE length(box) > 4096"))
    for each in large:
        connection.execute(_PUT_APART, each)
        connection.execute(_LEAVE_EMPTY, each)


UPGRADES: Mapping[int, Upgrade] = {**_LACKING, 3: _large_boxes_apart}  # from each earlier version to the next


def open_vault_file(directory: FirmDirectory, *, vfs: str | None = None) -> apsw.Connection:
    """To read and write; made where there is none, brought to today's version where it is of an earlier one."""
    return open_sqlite(directory.vault_db, APPLICATION, VERSION, SCHEMA, vfs=vfs, upgrades=UPGRADES)


def read_vault_file(directory: FirmDirectory, *, still: bool = False, vfs: str | None = None) -> apsw.Connection:
    """To read alone. One of an earlier version stays as it is, and what it lacks is empty to whoever asks."""
    earlier = frozenset(UPGRADES)
    connection = open_to_read(directory.vault_db, APPLICATION, VERSION, still=still, earlier=earlier, vfs=vfs)
    found = connection.pragma("user_version")
    if found != VERSION:
        connection.pragma("query_only", False)
        for version in range(found, VERSION):
            connection.execute(_LACKING[version].replace("CREATE TABLE", "CREATE TEMP TABLE"))
        connection.pragma("query_only", True)
    return connection
