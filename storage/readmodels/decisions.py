"""Decisions: every verdict about an account, whether it is still open, and the last word said on it."""

from collections.abc import Sequence

import apsw
import msgspec

from firm.facts import BreachDeclared, BreachSuspected, PassHeld, PhasePassed, VerdictCorrected
from firm.kinds import Body
from firm.money import Money
from storage.readmodels.kinds_of import kinds_of
from storage.rows import Row

SCHEMA = """
CREATE TABLE rm_decision (
    decision INTEGER PRIMARY KEY, account INTEGER NOT NULL, kind TEXT NOT NULL, rule TEXT NOT NULL,
    rule_kind TEXT NOT NULL, severity TEXT NOT NULL, currency TEXT NOT NULL, exponent INTEGER NOT NULL, bound INTEGER NOT NULL,
    observed INTEGER NOT NULL, at_us INTEGER NOT NULL, doubts TEXT NOT NULL, settled TEXT NOT NULL,
    settled_seq INTEGER, because TEXT NOT NULL
) STRICT;
CREATE INDEX rm_decision_account ON rm_decision (account, decision);
CREATE INDEX rm_decision_open ON rm_decision (decision) WHERE settled = '';
"""

_INSERT = (
    "INSERT INTO rm_decision (decision, account, kind, rule, rule_kind, severity, currency, exponent, bound, observed, at_us,"
    " doubts, settled, settled_seq, because) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '')"
)
# A suspicion takes the place of an earlier one of its rule; a breach that ends the account answers every question.
# A question opens a decision; taken back, it leaves a declared breach as it was, and a suspicion open.
_CORRECT = (
    "UPDATE rm_decision SET settled = CASE WHEN ?1 = 'questioned' OR (?1 = 'withdrawn' AND kind <> 'BreachDeclared') THEN ''"
    " WHEN ?1 = 'withdrawn' THEN 'final' ELSE ?1 END, settled_seq = ?2, because = ?3 WHERE decision = ?4"
)
_SUPERSEDE = (
    "UPDATE rm_decision SET settled = 'superseded', settled_seq = ?"
    " WHERE account = ? AND settled = '' AND decision < ? AND kind = ? AND ? IN (rule, '')"
)


class Decisions:
    """The `decisions` read model. `settled` is empty while a breach in question or a held pass waits for its answer."""

    name = "decisions"
    version = 4
    schema = SCHEMA
    kinds = kinds_of(BreachDeclared, BreachSuspected, PhasePassed, PassHeld, VerdictCorrected)

    def project(self, connection: apsw.Connection, rows: Sequence[tuple[Row, Body]]) -> None:
        for row, body in rows:
            if isinstance(body, VerdictCorrected):
                connection.execute(_CORRECT, (body.verdict, row.seq, body.because, body.decision))
            elif isinstance(body, BreachDeclared | BreachSuspected | PhasePassed | PassHeld):
                _decide(connection, row, body)


def _decide(
    connection: apsw.Connection, row: Row, fact: BreachDeclared | BreachSuspected | PhasePassed | PassHeld
) -> None:
    kind = "BreachSuspected" if isinstance(fact, BreachDeclared | BreachSuspected) else "PassHeld"
    ends = isinstance(fact, BreachDeclared) and fact.severity == "hard"
    connection.execute(_SUPERSEDE, (row.seq, row.account, row.seq, kind, "" if ends else fact.rule))
    match fact:
        case BreachDeclared() | BreachSuspected():
            bound, rule_kind, severity, at_us = fact.floor, fact.rule_kind, fact.severity, fact.at_us
        case PhasePassed() | PassHeld():
            bound, rule_kind, severity, at_us = fact.target, "profit_target", "", row.happened_us
    doubts = " ".join(doubt.value for doubt in fact.doubts) if isinstance(fact, BreachSuspected | PassHeld) else ""
    final = isinstance(fact, BreachDeclared | PhasePassed)
    judged = (row.seq, row.account, row.kind, fact.rule, rule_kind, severity)
    limit = (bound.currency, bound.exponent, bound.minor)
    settled = ("final", row.seq) if final else ("", None)
    connection.execute(_INSERT, (*judged, *limit, fact.observed.minor, at_us, doubts, *settled))


class DecisionLine(msgspec.Struct, frozen=True):
    """One decision. `bound` is the floor of a breach or the target of a pass; `settled` "" means that it is open.

    `settled_seq` and `because` are the last word on it; where it is open, the word that put it in question.

    `severity` of a breach is hard, or soft where it only paused the account; "" for a pass.
    """

    decision: int
    account: int
    kind: str
    rule: str
    rule_kind: str
    severity: str
    currency: str
    exponent: int
    bound: int
    observed: int
    at_us: int
    doubts: str
    settled: str
    settled_seq: int | None
    because: str

    def money(self, minor: int) -> Money:
        return Money(minor, self.currency, self.exponent)


_COLUMNS = (
    "decision, account, kind, rule, rule_kind, severity, currency, exponent, bound, observed, at_us, doubts, settled, settled_seq,"
    " because"
)


def decision_line(connection: apsw.Connection, decision: int) -> DecisionLine | None:
    """The decision of this row, or None; a number that no row can have is none either."""
    if not 0 < decision < 1 << 63:
        return None
    row = connection.execute(f"SELECT {_COLUMNS} FROM rm_decision WHERE decision = ?", (decision,)).fetchone()  # noqa: S608  (own columns)
    return None if row is None else DecisionLine(*row)


def decisions_of(connection: apsw.Connection, account: int, limit: int) -> list[DecisionLine]:
    """The account's decisions, newest first."""
    sql = f"SELECT {_COLUMNS} FROM rm_decision WHERE account = ? ORDER BY decision DESC LIMIT ?"  # noqa: S608  (own columns)
    return [DecisionLine(*row) for row in connection.execute(sql, (account, limit))]


def open_decisions(connection: apsw.Connection, limit: int) -> list[DecisionLine]:
    """What waits for an answer, oldest first: the review queue."""
    sql = f"SELECT {_COLUMNS} FROM rm_decision WHERE settled = '' ORDER BY decision LIMIT ?"  # noqa: S608  (own columns)
    return [DecisionLine(*row) for row in connection.execute(sql, (limit,))]


def dismissed_breaches(connection: apsw.Connection, before: int | None, limit: int) -> list[DecisionLine]:
    """Declared breaches that a person dismissed, newest first, from below `before`: what is owed to their traders is settled by hand."""
    ceiling = before if before is not None else 1 << 62
    sql = (
        f"SELECT {_COLUMNS} FROM rm_decision WHERE kind = 'BreachDeclared' AND settled = 'dismissed'"  # noqa: S608  (own columns)
        " AND decision < ? ORDER BY decision DESC LIMIT ?"
    )
    return [DecisionLine(*row) for row in connection.execute(sql, (ceiling, limit))]


def latest_decisions(connection: apsw.Connection, before: int | None, limit: int) -> list[DecisionLine]:
    """All decisions, newest first, from below `before`."""
    ceiling = before if before is not None else 1 << 62
    sql = f"SELECT {_COLUMNS} FROM rm_decision WHERE decision < ? ORDER BY decision DESC LIMIT ?"  # noqa: S608  (own columns)
    return [DecisionLine(*row) for row in connection.execute(sql, (ceiling, limit))]


class DecisionCounts(msgspec.Struct, frozen=True):
    """Numbers for the home page: breaches, pauses and passes since an instant, open questions and the oldest one's instant.

    What a person dismissed is no breach and no pause any more.
    """

    breaches: int
    pauses: int
    passes: int
    waiting: int
    oldest_waiting_us: int | None


def decision_counts(connection: apsw.Connection, since_us: int) -> DecisionCounts:
    row = connection.execute(
        "SELECT (SELECT count(*) FROM rm_decision WHERE kind = 'BreachDeclared' AND severity = 'hard'"
        " AND settled <> 'dismissed' AND at_us >= ?),"
        " (SELECT count(*) FROM rm_decision WHERE kind = 'BreachDeclared' AND severity = 'soft'"
        " AND settled <> 'dismissed' AND at_us >= ?),"
        " (SELECT count(*) FROM rm_decision WHERE kind = 'PhasePassed' AND at_us >= ?),"
        " (SELECT count(*) FROM rm_decision WHERE settled = ''),"
        " (SELECT min(at_us) FROM rm_decision WHERE settled = '')",
        (since_us, since_us, since_us),
    ).fetchone()
    assert row is not None
    return DecisionCounts(*row)
