"""Notices: of which limits an account's trader was warned, beside decisions that broke a rule and exceptions, newest first."""

from collections.abc import Sequence

import apsw
import msgspec

from firm.facts import LimitNeared
from firm.kinds import Body
from storage.readmodels.decisions import DecisionLine, breaches_of
from storage.readmodels.kinds_of import kinds_of
from storage.readmodels.overrides import OverrideLine, granted_below
from storage.rows import Row

NEARED_KEPT = 500  # of one account; the ledger has them all

SCHEMA = """
CREATE TABLE rm_neared (
    seq INTEGER PRIMARY KEY, account INTEGER NOT NULL, rule TEXT NOT NULL, share_bp INTEGER NOT NULL, floor INTEGER NOT NULL,
    observed INTEGER NOT NULL, at_us INTEGER NOT NULL
) STRICT;
CREATE INDEX rm_neared_account ON rm_neared (account, seq);
"""

_INSERT = "INSERT INTO rm_neared (seq, account, rule, share_bp, floor, observed, at_us) VALUES (?, ?, ?, ?, ?, ?, ?)"
_FORGET = (
    "DELETE FROM rm_neared WHERE account = ?1 AND seq <="
    " (SELECT seq FROM rm_neared WHERE account = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2)"
)


class Notices:
    """The `notices` read model."""

    name = "notices"
    version = 1
    schema = SCHEMA
    kinds = kinds_of(LimitNeared)

    def project(self, connection: apsw.Connection, rows: Sequence[tuple[Row, Body]]) -> None:
        for row, body in rows:
            if isinstance(body, LimitNeared):
                figures = (body.share_bp, body.floor.minor, body.observed.minor)
                connection.execute(_INSERT, (row.seq, row.account, body.rule, *figures, body.at_us))
                connection.execute(_FORGET, (row.account, NEARED_KEPT))


class NearedLine(msgspec.Struct, frozen=True):
    """So much of a limit was used. `share_bp`: of what may be lost; `floor`, `observed`: minor units of the account's currency."""

    seq: int
    rule: str
    share_bp: int
    floor: int
    observed: int
    at_us: int


NoticeLine = NearedLine | DecisionLine | OverrideLine


def notices_of(connection: apsw.Connection, account: int, before: int | None, limit: int) -> list[NoticeLine]:
    """What the account's trader is told, newest first, from below row `before`."""
    ceiling = before if before is not None else 1 << 62
    found = connection.execute(
        "SELECT seq, rule, share_bp, floor, observed, at_us FROM rm_neared WHERE account = ? AND seq < ?"
        " ORDER BY seq DESC LIMIT ?",
        (account, ceiling, limit),
    )
    told: list[NoticeLine] = [
        *(NearedLine(*row) for row in found),
        *breaches_of(connection, account, before, limit),
        *granted_below(connection, account, ceiling, limit),
    ]
    return sorted(told, key=seq_of, reverse=True)[:limit]


def seq_of(line: NoticeLine) -> int:
    """The row of the ledger that it is from."""
    return line.decision if isinstance(line, DecisionLine) else line.seq
