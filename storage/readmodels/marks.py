"""Marks: balance, equity and headroom, once a minute while something is open and when the last position closes, for charts."""

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
    account INTEGER NOT NULL, at_us INTEGER NOT NULL, balance INTEGER NOT NULL, equity INTEGER NOT NULL, headroom INTEGER,
    PRIMARY KEY (account, at_us)
) STRICT, WITHOUT ROWID;
"""

# Of two of one instant the lower equity is drawn: a breach stays in the picture when a booking at its instant follows it.
_INSERT = (
    "INSERT INTO rm_mark (account, at_us, balance, equity, headroom) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (account, at_us) DO UPDATE SET balance = excluded.balance, equity = min(equity, excluded.equity),"
    " headroom = coalesce(excluded.headroom, headroom)"
)


_Values = tuple[int, int, int, int, int | None]


class Marks:
    """The `marks` read model."""

    name = "marks"
    version = 3
    schema = SCHEMA
    kinds = kinds_of(MarkTaken, DayOpened, BreachDeclared, PhasePassed)

    def project(self, connection: apsw.Connection, rows: Sequence[tuple[Row, Body]]) -> None:
        """Marks are gathered; what decided belongs in the picture too, and finds all that came before it written."""
        gathered: list[_Values] = []
        for row, body in rows:
            match body:
                case MarkTaken() | DayOpened():
                    balance, equity = body.balance.minor, body.equity.minor
                    gathered.append((row.account, row.happened_us, balance, equity, _headroom(body)))
                case PhasePassed():
                    won = body.observed.minor
                    gathered.append((row.account, row.happened_us, won, won, None))
                case BreachDeclared():
                    _write(connection, gathered)
                    connection.execute(_BREACH, (row.account, body.at_us, body.observed.minor, body.observed.minor))
                case _:
                    pass
        _write(connection, gathered)


def _write(connection: apsw.Connection, gathered: list[_Values]) -> None:
    if gathered:
        connection.executemany(_INSERT, gathered)
        gathered.clear()


def _headroom(fact: MarkTaken | DayOpened) -> int | None:
    """To the nearest floor, where the mark says it."""
    return fact.headroom.minor if isinstance(fact, MarkTaken) and fact.headroom is not None else None


_BREACH = (
    "INSERT INTO rm_mark (account, at_us, balance, equity) VALUES (?1, ?2,"
    " coalesce((SELECT balance FROM rm_mark WHERE account = ?1 AND at_us <= ?2 ORDER BY at_us DESC LIMIT 1), ?3), ?4)"
    " ON CONFLICT (account, at_us) DO UPDATE SET equity = excluded.equity"
)


class Mark(msgspec.Struct, frozen=True):
    """Balance and equity of an account at an instant, and the distance to its nearest floor where it is known; minor units."""

    at_us: int
    balance: int
    equity: int
    headroom: int | None = None


def marks_of(connection: apsw.Connection, account: int, since_us: int, points_max: int) -> list[Mark]:
    """The account's marks from `since_us` on, thinned to about `points_max`; each slice keeps its lowest and its last equity.

    The lowest is kept because a chart that hides the dip of a breach would argue against the verdict.
    """
    sql = "SELECT at_us, balance, equity, headroom FROM rm_mark WHERE account = ? AND at_us >= ? ORDER BY at_us"
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


def highest_before(connection: apsw.Connection, account: int, since_us: int) -> int:
    """The highest equity of the account's marks before an instant; 0 without any."""
    sql = "SELECT coalesce(max(equity), 0) FROM rm_mark WHERE account = ? AND at_us < ?"
    row = connection.execute(sql, (account, since_us)).fetchone()
    return 0 if row is None else int(row[0])
