"""Drifts: where our figures of an account and the platform's parted, by how much, and when they agreed again."""

from collections.abc import Sequence

import apsw
import msgspec

from firm.account_fold import ALREADY_BOOKED, MARGIN, POSITIONS
from firm.facts import DealIgnored, DriftCleared, DriftFound, PositionsDrifted
from firm.kinds import Body
from firm.money import Money
from storage.readmodels.kinds_of import kinds_of
from storage.rows import Row

# One row from the fact that found a drift to the one that cleared it; an account has one of a kind open at most.
SCHEMA = """
CREATE TABLE rm_drift (
    seq INTEGER PRIMARY KEY, account INTEGER NOT NULL, what TEXT NOT NULL, report INTEGER NOT NULL, since_us INTEGER NOT NULL,
    currency TEXT NOT NULL, exponent INTEGER NOT NULL, computed INTEGER NOT NULL, reported INTEGER NOT NULL,
    tolerance INTEGER NOT NULL, missing INTEGER NOT NULL, unknown INTEGER NOT NULL, deal TEXT NOT NULL, why TEXT NOT NULL,
    cleared_seq INTEGER, cleared_report INTEGER, cleared_us INTEGER
) STRICT;
CREATE UNIQUE INDEX rm_drift_open ON rm_drift (account, what) WHERE cleared_seq IS NULL;
CREATE INDEX rm_drift_lasting ON rm_drift (seq) WHERE cleared_seq IS NULL;
CREATE INDEX rm_drift_account ON rm_drift (account, seq);
"""

# What drifts already goes on from where it began, as the account's own state has it.
_FOUND = (
    "INSERT INTO rm_drift (seq, account, what, report, since_us, currency, exponent, computed, reported, tolerance,"
    " missing, unknown, deal, why) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (account, what) WHERE cleared_seq IS NULL DO NOTHING"
)
_CLEARED = (
    "UPDATE rm_drift SET cleared_seq = ?, cleared_report = ?, cleared_us = ?"
    " WHERE account = ? AND what = ? AND cleared_seq IS NULL"
)
_NO_MONEY = ("", 0, 0, 0, 0)


class Drifts:
    """The `drifts` read model."""

    name = "drifts"
    version = 1
    schema = SCHEMA
    kinds = kinds_of(DriftFound, PositionsDrifted, DealIgnored, DriftCleared)

    def project(self, connection: apsw.Connection, rows: Sequence[tuple[Row, Body]]) -> None:
        for row, body in rows:
            match body:
                case DriftFound():
                    figures = (body.computed.minor, body.reported.minor, body.tolerance.minor)
                    money = (body.computed.currency, body.computed.exponent, *figures)
                    connection.execute(_FOUND, (*_whose(row, body.what), *money, 0, 0, "", ""))
                case PositionsDrifted():
                    counted = (body.missing, body.unknown, "", "")
                    connection.execute(_FOUND, (*_whose(row, POSITIONS), *_NO_MONEY, *counted))
                case DealIgnored() if body.why != ALREADY_BOOKED:
                    told = (0, 0, body.deal_id, body.why)
                    connection.execute(_FOUND, (*_whose(row, POSITIONS), *_NO_MONEY, *told))
                case DriftCleared():
                    cleared = (row.seq, row.cause, row.happened_us, row.account, body.what)
                    connection.execute(_CLEARED, cleared)
                case _:
                    pass


def _whose(row: Row, what: str) -> tuple[int, int, str, int, int]:
    return row.seq, row.account, what, row.cause, row.happened_us


# --- questions ---

_COLUMNS = (
    "seq, account, what, report, since_us, currency, exponent, computed, reported, tolerance, missing, unknown, deal, why,"
    " cleared_seq, cleared_report, cleared_us"
)


class Drift(msgspec.Struct, frozen=True):
    """One drift: of `what`, balance, equity, margin or positions, found in row `seq` on the platform's word in row `report`.

    All but positions carry amounts in minor units of `currency`; positions carry how many the platform lacks and how many
    we do not know so, or the deal that our book could not hold and why. Cleared fields are None while it lasts.
    """

    seq: int
    account: int
    what: str
    report: int
    since_us: int
    currency: str
    exponent: int
    computed: int
    reported: int
    tolerance: int
    missing: int
    unknown: int
    deal: str
    why: str
    cleared_seq: int | None
    cleared_report: int | None
    cleared_us: int | None

    def money(self, minor: int) -> Money:
        return Money(minor, self.currency, self.exponent)

    @property
    def difference(self) -> Money:
        """What the platform has more than we compute."""
        return self.money(self.reported - self.computed)


def open_drifts(connection: apsw.Connection, before: int | None, limit: int) -> list[Drift]:
    """What drifts now, the newest first, from below row `before`."""
    sql = f"SELECT {_COLUMNS} FROM rm_drift WHERE cleared_seq IS NULL AND seq < ? ORDER BY seq DESC LIMIT ?"  # noqa: S608  (constant columns)
    return [Drift(*row) for row in connection.execute(sql, (_ceiling(before), limit))]


def latest_drifts(connection: apsw.Connection, before: int | None, limit: int) -> list[Drift]:
    """Whatever drifted, over by now or not."""
    sql = f"SELECT {_COLUMNS} FROM rm_drift WHERE seq < ? ORDER BY seq DESC LIMIT ?"  # noqa: S608  (constant columns)
    return [Drift(*row) for row in connection.execute(sql, (_ceiling(before), limit))]


def drifts_of(connection: apsw.Connection, account: int, before: int | None, limit: int) -> list[Drift]:
    """Those of one account."""
    sql = f"SELECT {_COLUMNS} FROM rm_drift WHERE account = ? AND seq < ? ORDER BY seq DESC LIMIT ?"  # noqa: S608  (constant columns)
    return [Drift(*row) for row in connection.execute(sql, (account, _ceiling(before), limit))]


def what_drifts(connection: apsw.Connection, account: int) -> list[str]:
    """Of one account now, in the order in which it was found: what keeps it from failing and passing, so never its margin."""
    sql = "SELECT what FROM rm_drift WHERE account = ? AND cleared_seq IS NULL AND what <> ? ORDER BY seq"
    return [str(what) for (what,) in connection.execute(sql, (account, MARGIN))]


def count_drifting(connection: apsw.Connection) -> tuple[int, int | None]:
    """How many accounts drift now, and since when the first of them does. One whose margin alone differs is judged as any other."""
    sql = "SELECT count(DISTINCT account), min(since_us) FROM rm_drift WHERE cleared_seq IS NULL AND what <> ?"
    found = connection.execute(sql, (MARGIN,)).fetchone()
    return (0, None) if found is None else (int(found[0]), found[1])


def _ceiling(before: int | None) -> int:
    return before if before is not None else 1 << 62
