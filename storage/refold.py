"""Refold: read models projected again from row 1 into a scratch database, in steps, and then put in place of the old ones.

The scratch database is private to this object and lies in a temporary file that SQLite removes.
"""

from collections.abc import Callable, Collection, Sequence

import apsw
import msgspec

from firm.kinds import BY_NAME, Body, body_of
from storage.errors import LedgerDamaged
from storage.findings import RESTORE
from storage.readmodels import ReadModel
from storage.rows import Row, StoredRow
from storage.schema import READ_MODEL_PREFIX

ROWS_PER_STEP = 5_000

RowsAfter = Callable[[int, int], Sequence[StoredRow]]
"""Rows after a seq, at most so many."""


class Interest:
    """Which models want to see which kinds, so that rows nobody asked for cost one look-up."""

    def __init__(self, models: Sequence[ReadModel]) -> None:
        self.models = tuple(models)
        self._wanted: dict[str, list[int]] = {}
        for number, model in enumerate(self.models):
            unknown = sorted(set(model.kinds) - set(BY_NAME))
            assert not unknown, f"read model {model.name} asks for kinds that do not exist: {unknown}"
            for kind in model.kinds:
                self._wanted.setdefault(kind, []).append(number)

    def wants(self, kind: str) -> bool:
        return kind in self._wanted

    def project(self, connection: apsw.Connection, rows: Sequence[tuple[Row, Body]]) -> None:
        """Hand each model its rows, in the order of the models: later ones may read what earlier ones wrote."""
        wanted = self._wanted.get
        shares: list[list[tuple[Row, Body]]] = [[] for _ in self.models]
        for pair in rows:
            for number in wanted(pair[0].kind, ()):
                shares[number].append(pair)
        for model, share in zip(self.models, shares, strict=True):
            if share:
                model.project(connection, share)


class Refold:
    """Models folded into scratch tables. `after` is the row that was folded last."""

    def __init__(self, models: Sequence[ReadModel]) -> None:
        self.after = 0
        self.tables: dict[str, tuple[str, ...]] = {}
        self._interest = Interest(models)
        self.scratch = apsw.Connection("")
        self.scratch.pragma("journal_mode", "MEMORY")
        self.scratch.pragma("synchronous", "OFF")
        for model in models:
            before = _tables(self.scratch)
            self.scratch.execute(model.schema)
            self.tables[model.name] = tuple(sorted(_tables(self.scratch) - before))
            strangers = [table for table in self.tables[model.name] if not table.startswith(READ_MODEL_PREFIX)]
            assert not strangers, f"read model {model.name} names tables {strangers} without {READ_MODEL_PREFIX}"

    @property
    def models(self) -> tuple[ReadModel, ...]:
        return self._interest.models

    def advance(self, rows_after: RowsAfter, rows_max: int = ROWS_PER_STEP) -> bool:
        """Fold the next rows; False when there were none left."""
        rows = rows_after(self.after, rows_max)
        wants = self._interest.wants
        if rows:
            self._project([(row, body_of(row.kind, row.payload)) for row in rows if wants(row.kind)], rows[-1].seq)
        return len(rows) > 0

    def fold(self, rows: Sequence[StoredRow], bodies: Sequence[Body]) -> None:
        """Fold rows that follow `after`, by somebody who has read what they hold already."""
        wants = self._interest.wants
        if rows:
            pairs = zip(rows, bodies, strict=True)
            self._project([pair for pair in pairs if wants(pair[0].kind)], rows[-1].seq)

    def _project(self, pairs: Sequence[tuple[StoredRow, Body]], through: int) -> None:
        with self.scratch:
            self._interest.project(self.scratch, [(_plain(row), body) for row, body in pairs])
        self.after = through

    def put_in_place(self, connection: apsw.Connection, names: Collection[str]) -> None:
        """Within a transaction of the ledger: the named models' tables become what was folded."""
        for model in self.models:
            if model.name not in names:
                continue
            drop_model(connection, model.name)
            connection.execute(model.schema)
            for table in self.tables[model.name]:
                copy_table(self.scratch, connection, table)
            told = (model.name, model.version, model.schema, msgspec.json.encode(self.tables[model.name]).decode())
            connection.execute("INSERT INTO read_models (name, version, schema, tables) VALUES (?, ?, ?, ?)", told)

    def close(self) -> None:
        self.scratch.close()


def stale_models(connection: apsw.Connection, models: Sequence[ReadModel]) -> list[str]:
    """Names of the models whose tables are missing or of another version."""
    written = {name: rest for name, *rest in connection.execute("SELECT name, version, schema FROM read_models")}
    return [model.name for model in models if written.get(model.name) != [model.version, model.schema]]


def strange_models(connection: apsw.Connection, models: Sequence[ReadModel]) -> list[str]:
    """Names of models in the file that nobody keeps up any more."""
    known = {model.name for model in models}
    return [name for (name,) in connection.execute("SELECT name FROM read_models") if name not in known]


def lost_tables(connection: apsw.Connection, name: str) -> list[str]:
    """Tables that the file says a model has and that are not there."""
    return sorted(set(tables_of(connection, name)) - _tables(connection))


def drop_model(connection: apsw.Connection, name: str) -> None:
    """Within a transaction: remove a model's tables as far as they are there."""
    for table in tables_of(connection, name):
        connection.execute(f'DROP TABLE IF EXISTS "{table}"')
    connection.execute("DELETE FROM read_models WHERE name = ?", (name,))


def tables_of(connection: apsw.Connection, name: str) -> tuple[str, ...]:
    """The tables that the file says a model has."""
    row = connection.execute("SELECT tables FROM read_models WHERE name = ?", (name,)).fetchone()
    try:
        return () if row is None else msgspec.json.decode(row[0], type=tuple[str, ...])
    except msgspec.DecodeError as broken:
        raise LedgerDamaged(f"read_models does not name the tables of {name} ({broken}): {RESTORE}") from broken


def copy_table(source: apsw.Connection, target: apsw.Connection, table: str) -> None:
    rows = source.execute(f'SELECT * FROM "{table}"')  # noqa: S608  (a table that a model's own schema created)
    marks = ", ".join("?" for _ in source.execute("SELECT 1 FROM pragma_table_info(?)", (table,)))
    target.executemany(f'INSERT INTO "{table}" VALUES ({marks})', rows)  # noqa: S608  (question marks)


def _tables(connection: apsw.Connection) -> set[str]:
    sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    return {str(name) for (name,) in connection.execute(sql)}


def _plain(row: StoredRow) -> Row:
    return Row(row.seq, row.kind, row.happened_us, row.received_us, row.cause, row.account, row.payload)
