"""Marks: balance and equity by the minute, for charts."""

from collections.abc import Sequence

import apsw
import msgspec

from firm.facts import BreachDeclared, DayOpened, MarkTaken, PhasePassed
from firm.kinds import Body
from storage.readmodels.kinds_of import kinds_of
from storage.rows import Row

# Clustered by account: a chart reads one run of pages, however many accounts are marked each minute.
SCHEMA = """
CREATE TABLE rm_mark (
    account INTEGER NOT NULL, at_us INTEGER NOT NULL, balance INTEGER NOT NULL, equity INTEGER NOT NULL,
    PRIMARY KEY (account, at_us)
) STRICT, WITHOUT ROWID;
"""

_INSERT = (
    "INSERT INTO rm_mark (account, at_us, balance, equity) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (account, at_us) DO UPDATE SET balance = excluded.balance, equity = excluded.equity"
)


class Marks:
    """The `marks` read model."""

    name = "marks"
    version = 1
    schema = SCHEMA
    kinds = kinds_of(MarkTaken, DayOpened, BreachDeclared, PhasePassed)

    def project(self, connection: apsw.Connection, rows: Sequence[tuple[Row, Body]]) -> None:
        marks = [
            (row.account, row.happened_us, body.balance.minor, body.equity.minor)
            for row, body in rows
            if isinstance(body, MarkTaken | DayOpened)
        ]
        if marks:
            connection.executemany(_INSERT, marks)
        # What decided belongs in the picture, also when it lies between two minutes.
        for row, body in rows:
            if isinstance(body, BreachDeclared):
                connection.execute(_BREACH, (row.account, body.at_us, body.observed.minor, body.observed.minor))
            elif isinstance(body, PhasePassed):
                connection.execute(_INSERT, (row.account, row.happened_us, body.observed.minor, body.observed.minor))


_BREACH = (
    "INSERT INTO rm_mark (account, at_us, balance, equity) VALUES (?1, ?2,"
    " coalesce((SELECT balance FROM rm_mark WHERE account = ?1 AND at_us <= ?2 ORDER BY at_us DESC LIMIT 1), ?3), ?4)"
    " ON CONFLICT (account, at_us) DO UPDATE SET equity = excluded.equity"
)


class Mark(msgspec.Struct, frozen=True):
    """Balance and equity of an account at an instant, in minor units."""

    at_us: int
    balance: int
    equity: int


def marks_of(connection: apsw.Connection, account: int, since_us: int, points_max: int) -> list[Mark]:
    """The account's marks from `since_us` on, thinned to about `points_max`; each slice keeps its lowest and its last equity.

    The lowest is kept because a chart that hides the dip of a breach would argue against the verdict.
    """
    sql = "SELECT at_us, balance, equity FROM rm_mark WHERE account = ? AND at_us >= ? ORDER BY at_us"
    marks = [Mark(*row) for row in connection.execute(sql, (account, since_us))]
    if len(marks) <= points_max:
        return marks
    width = -(-2 * len(marks) // points_max)
    kept: list[Mark] = []
    for start in range(0, len(marks), width):
        part = marks[start : start + width]
        low = min(part, key=lambda mark: mark.equity)
        kept += [low, part[-1]] if low is not part[-1] else [low]
    return kept
