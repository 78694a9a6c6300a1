"""Erasures: who is to be forgotten, class by class: from when on each is destroyed, and when it was."""

from collections.abc import Sequence

import apsw
import msgspec

from firm.facts import ErasureOrdered, ValuesForgotten
from firm.kinds import Body
from storage.readmodels.kinds_of import kinds_of
from storage.rows import Row

SCHEMA = """
CREATE TABLE rm_erasure (
    trader INTEGER NOT NULL, class TEXT NOT NULL, ordered_us INTEGER NOT NULL, from_us INTEGER NOT NULL, erased_us INTEGER,
    gone INTEGER NOT NULL, PRIMARY KEY (trader, class)
) STRICT, WITHOUT ROWID;
CREATE INDEX rm_erasure_due ON rm_erasure (from_us) WHERE erased_us IS NULL;
"""

_COLUMNS = "trader, class, ordered_us, from_us, erased_us, gone"


class Erasures:
    """The `erasures` read model: one row for each trader and class."""

    name = "erasures"
    version = 1
    schema = SCHEMA
    kinds = kinds_of(ErasureOrdered, ValuesForgotten)

    def project(self, connection: apsw.Connection, rows: Sequence[tuple[Row, Body]]) -> None:
        for row, body in rows:
            if isinstance(body, ErasureOrdered):
                for each in body.classes:
                    ordered = (body.trader, each.klass, row.happened_us, each.from_us)
                    connection.execute(
                        "INSERT INTO rm_erasure (trader, class, ordered_us, from_us, erased_us, gone) VALUES (?, ?, ?, ?, NULL, 0)"
                        " ON CONFLICT DO UPDATE SET ordered_us = excluded.ordered_us, from_us = excluded.from_us, erased_us = NULL",
                        ordered,
                    )
            elif isinstance(body, ValuesForgotten):
                erased_us = row.happened_us if body.finished else None
                connection.execute(
                    "UPDATE rm_erasure SET gone = gone + ?, erased_us = coalesce(?, erased_us) WHERE trader = ? AND class = ?",
                    (body.values, erased_us, body.trader, body.klass),
                )


class Erasure(msgspec.Struct, frozen=True):
    """A class of what was held of a trader: when its erasure was ordered, from when it holds, when it was done; `gone`: values so far."""

    trader: int
    klass: str
    ordered_us: int
    from_us: int
    erased_us: int | None
    gone: int


def erasures_due(connection: apsw.Connection, now_us: int, limit: int) -> list[Erasure]:
    """What is to be destroyed by now and is not yet, the oldest first."""
    sql = f"SELECT {_COLUMNS} FROM rm_erasure WHERE erased_us IS NULL AND from_us <= ? ORDER BY from_us, trader, class LIMIT ?"  # noqa: S608  (constant columns)
    return [Erasure(*row) for row in connection.execute(sql, (now_us, limit))]


def erasures_of(connection: apsw.Connection, trader: int) -> list[Erasure]:
    """Each class of a trader that was to be forgotten; none of anybody else."""
    sql = f"SELECT {_COLUMNS} FROM rm_erasure WHERE trader = ? ORDER BY class"  # noqa: S608  (as above)
    return [Erasure(*row) for row in connection.execute(sql, (trader,))]


def all_erasures(connection: apsw.Connection, limit: int) -> list[Erasure]:
    """The newest first."""
    sql = f"SELECT {_COLUMNS} FROM rm_erasure ORDER BY ordered_us DESC, trader, class LIMIT ?"  # noqa: S608  (as above)
    return [Erasure(*row) for row in connection.execute(sql, (limit,))]


def is_forgotten(connection: apsw.Connection, trader: int) -> bool:
    """Whether this trader was to be forgotten."""
    return connection.execute("SELECT 1 FROM rm_erasure WHERE trader = ? LIMIT 1", (trader,)).fetchone() is not None
