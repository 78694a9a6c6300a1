"""Read model audit: each model's tables are what the ledger's rows give when they are folded again, whoever wrote them."""

from collections.abc import Iterator
from typing import Any

import apsw

from storage.audit_schema import Part, parts_of, parts_on
from storage.columns import unwatched
from storage.findings import Findings
from storage.readmodels import ReadModel
from storage.refold import Refold, strange_models, tables_of

_REFOLD = "nothing is lost: have the read models rebuilt, they are folded again from the ledger"


class ModelAudit:
    """Compares what lies in the file with a refold that has taken every row."""

    def __init__(self, connection: apsw.Connection, refold: Refold, findings: Findings) -> None:
        self._connection = connection
        self._refold = refold
        self._findings = findings
        self._found = parts_of(connection)
        self._wanted = parts_of(refold.scratch)

    def run(self) -> None:
        for model in self._refold.models:
            with self._findings.reading(f"read model {model.name}"):
                if self._is_of_this_release(model):
                    self._compare(model)
        for name in strange_models(self._connection, self._refold.models) if self._refold.models else ():
            self._findings.notes.append(f"read model {name} is kept up by nobody: the next start drops it")

    def _is_of_this_release(self, model: ReadModel) -> bool:
        sql = "SELECT version, schema FROM read_models WHERE name = ?"
        written = self._connection.execute(sql, (model.name,)).fetchone()
        if written == (model.version, model.schema):
            return True
        is_new = written is None and not self._parts_of(model, self._found)
        if is_new or (written is not None and 0 < written[0] < model.version):
            self._findings.notes.append(f"read model {model.name} is of an earlier release: the next start folds it")
        else:
            what = (
                f"read_models does not say of read model {model.name} what this release writes; the next start folds it"
            )
            self._findings.add(what, what_next=_REFOLD)
        return False

    def _compare(self, model: ReadModel) -> None:
        tables = self._refold.tables[model.name]
        if tables_of(self._connection, model.name) != tables:
            self._findings.add(f"read_models does not name the tables of read model {model.name}", what_next=_REFOLD)
        if self._parts_of(model, self._found) != self._parts_of(model, self._wanted):
            what = f"the tables and indexes of read model {model.name} are not those that this release makes"
            self._findings.add(what, what_next=_REFOLD)
            return
        for table in tables:
            if not _same(self._connection, self._refold.scratch, table):
                what = f"table {table} of read model {model.name} is not what the ledger's rows give"
                self._findings.add(what, what_next=_REFOLD)

    def _parts_of(self, model: ReadModel, parts: set[Part]) -> set[Part]:
        return parts_on(parts, self._refold.tables[model.name])


def _same(one: apsw.Connection, other: apsw.Connection, table: str) -> bool:
    """Whether both hold the same rows in a table, in whatever order they were written."""
    rows, wanted = _sorted_rows(one, table), _sorted_rows(other, table)
    for row in rows:
        if row != next(wanted, None):
            return False
    return next(wanted, None) is None


def _sorted_rows(connection: apsw.Connection, table: str) -> Iterator[Any]:
    columns = [name for (name,) in connection.execute("SELECT name FROM pragma_table_info(?)", (table,))]
    order = ", ".join(f'"{column}"' for column in columns)
    cursor = unwatched(connection)  # a value of another type is another value
    return iter(cursor.execute(f'SELECT {order} FROM "{table}" ORDER BY {order}'))  # noqa: S608  (a model's own table)
