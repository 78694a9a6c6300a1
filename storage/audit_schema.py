"""Schema audit: the file has the tables, indexes and triggers of this release, those of its read models, and nothing else.

A trigger or a view of somebody else's changes what is written or read without touching a row that is hashed, so neither is
left to a name's prefix: every one that is not ours is told, and at a start it is refused.
"""

from collections.abc import Collection, Iterable
from collections.abc import Set as AbstractSet
from contextlib import closing
from functools import cache
from typing import NamedTuple

import apsw

from storage.errors import LedgerDamaged, LedgerRefused
from storage.findings import RESTORE, Findings
from storage.migrate import migrate, migrations
from storage.refold import tables_of
from storage.schema import READ_MODEL_PREFIX

_ACTING = ("trigger", "view")  # what does something when a table is written or read


class Part(NamedTuple):
    """A table, index, trigger or view, and the table it belongs to."""

    type: str
    name: str
    table: str
    sql: str


def parts_of(connection: apsw.Connection) -> set[Part]:
    sql = "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema"
    return {Part(*map(str, row)) for row in connection.execute(sql)}


def require_own_triggers(connection: apsw.Connection) -> None:
    """Refuse a ledger with a trigger or view that is not this release's, or without one that is."""
    if odd := _odd(_acting(parts_of(connection)), _acting(_fresh())):
        raise LedgerRefused(f"{connection.filename} has views or triggers that were altered: {odd}; {RESTORE}")


def audit_schema(connection: apsw.Connection, findings: Findings) -> None:
    """Tell every part that is neither this release's nor on a table that a read model in the file names."""
    models = {table for table in _tables_named(connection, findings) if table.startswith(READ_MODEL_PREFIX)}
    ours = {part for part in parts_of(connection) if part.type in _ACTING or part.table not in models}
    if odd := _odd(ours, _fresh()):
        findings.add(f"tables, indexes, views or triggers were altered: {odd}")


def parts_on(parts: Iterable[Part], tables: Collection[str]) -> set[Part]:
    """What belongs to these tables."""
    return {part for part in parts if part.table in tables}


def _fresh() -> frozenset[Part]:
    """What an empty ledger of this release has."""
    return _migrated(migrations())


@cache  # making it takes as long as everything else of a start
def _migrated(_steps: tuple[tuple[int, str], ...]) -> frozenset[Part]:
    with closing(apsw.Connection(":memory:")) as connection:
        migrate(connection)
        return frozenset(parts_of(connection))


def _acting(parts: Iterable[Part]) -> set[Part]:
    return {part for part in parts if part.type in _ACTING}


def _tables_named(connection: apsw.Connection, findings: Findings) -> set[str]:
    try:
        return {
            table
            for (name,) in connection.execute("SELECT name FROM read_models")
            for table in tables_of(connection, name)
        }
    except LedgerDamaged as damaged:
        findings.add(str(damaged))
        return set()


def _odd(found: AbstractSet[Part], wanted: AbstractSet[Part]) -> str:
    return ", ".join(sorted({f"{part.type} {part.name}" for part in found ^ wanted}))
