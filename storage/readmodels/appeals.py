"""Appeals: decisions that their traders want a person to look at, and what was answered. What the trader said lies in the vault."""

from collections.abc import Sequence

import apsw
import msgspec

from firm.commands import AppealOutcome
from firm.facts import AppealAnswered, DecisionAppealed
from firm.kinds import Body
from storage.readmodels.kinds_of import kinds_of
from storage.rows import Row

SCHEMA = """
CREATE TABLE rm_appeal (
    decision INTEGER PRIMARY KEY, account INTEGER NOT NULL, trader INTEGER NOT NULL, sealed TEXT NOT NULL, asked_seq INTEGER NOT NULL,
    asked_us INTEGER NOT NULL, outcome TEXT, who TEXT NOT NULL, why TEXT NOT NULL, answered_seq INTEGER, answered_us INTEGER
) STRICT;
CREATE INDEX rm_appeal_waiting ON rm_appeal (asked_seq) WHERE outcome IS NULL;
"""

_COLUMNS = "decision, account, trader, sealed, asked_seq, asked_us, outcome, who, why, answered_seq, answered_us"


class Appeals:
    """The `appeals` read model: one row a decision."""

    name = "appeals"
    version = 1
    schema = SCHEMA
    kinds = kinds_of(DecisionAppealed, AppealAnswered)

    def project(self, connection: apsw.Connection, rows: Sequence[tuple[Row, Body]]) -> None:
        for row, body in rows:
            match body:
                case DecisionAppealed():
                    connection.execute(
                        "INSERT OR IGNORE INTO rm_appeal (decision, account, trader, sealed, asked_seq, asked_us, who, why)"
                        " VALUES (?, ?, ?, ?, ?, ?, '', '')",
                        (body.decision, row.account, body.trader, body.sealed, row.seq, row.happened_us),
                    )
                case AppealAnswered():
                    connection.execute(
                        "UPDATE rm_appeal SET outcome = ?, who = ?, why = ?, answered_seq = ?, answered_us = ? WHERE decision = ?",
                        (body.outcome.value, body.by, body.why, row.seq, row.happened_us, body.decision),
                    )
                case _:
                    pass


class Appeal(msgspec.Struct, frozen=True):
    """`sealed`: the commitment to what the trader said. `outcome`: None while it waits; then `who` said `why`."""

    decision: int
    account: int
    trader: int
    sealed: str
    asked_seq: int
    asked_us: int
    outcome: AppealOutcome | None
    who: str
    why: str
    answered_seq: int | None
    answered_us: int | None


def appeal_of(connection: apsw.Connection, decision: int) -> Appeal | None:
    """None: its trader did not ask for a look at it."""
    sql = f"SELECT {_COLUMNS} FROM rm_appeal WHERE decision = ?"  # noqa: S608  (constant columns)
    return next((_appeal(row) for row in connection.execute(sql, (decision,))), None)


def waiting_appeals(connection: apsw.Connection, limit: int) -> list[Appeal]:
    """Those that nobody has answered, the oldest first."""
    sql = f"SELECT {_COLUMNS} FROM rm_appeal WHERE outcome IS NULL ORDER BY asked_seq LIMIT ?"  # noqa: S608  (constant columns)
    return [_appeal(row) for row in connection.execute(sql, (limit,))]


def count_waiting_appeals(connection: apsw.Connection) -> int:
    ((waiting,),) = connection.execute("SELECT count(*) FROM rm_appeal WHERE outcome IS NULL")
    return int(waiting)


def _appeal(row: tuple[object, ...]) -> Appeal:
    return msgspec.convert(dict(zip(Appeal.__struct_fields__, row, strict=True)), Appeal)
