"""Columns: what SQLite reads is of the types that its tables declare, or it is told as the damage that it is.

STRICT keeps other types from being written, not from being read: one bit that turned in a record's header makes TEXT a BLOB, or a
number NULL, and SQLite hands it on. Whoever reads a column relies on its type, so it is looked at where it is read.
"""

from typing import Any

import apsw

_TYPES = {"INTEGER": int, "TEXT": str, "BLOB": bytes}
# No column of the book or the vault may be empty; of a read model, and of SQLite's own tables, some may.
_MAY_BE_EMPTY = ("rm_", "sqlite_")


def watch_types(connection: apsw.Connection) -> None:
    """From now on apsw.CorruptError is raised for a value that its column cannot hold, as for any other damage."""
    connection.row_trace = _require_declared


def unwatched(connection: apsw.Connection) -> apsw.Cursor:
    """A cursor for many rows, whose types whoever reads them looks at, or for which any type is as good."""
    cursor = connection.cursor()
    cursor.row_trace = None
    return cursor


def _require_declared(cursor: apsw.Cursor, row: Any) -> Any:
    for value, (name, declared, _, table, _) in zip(row, cursor.description_full, strict=True):
        if type(value) is _TYPES.get(declared, type(value)):
            continue
        if value is None and (table or "").startswith(_MAY_BE_EMPTY):
            continue
        raise apsw.CorruptError(f"non-{declared} value in {table}.{name}")  # as SQLite's own integrity check says it
    return row
