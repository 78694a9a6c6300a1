"""Decisions: every verdict about an account, whether it is still open, and the last word said on it."""

from collections.abc import Sequence

import apsw
import msgspec

from firm.arithmetic import Unit
from firm.facts import (
    BreachDeclared,
    BreachSuspected,
    PassHeld,
    PhasePassed,
    RuleBroken,
    RuleSuspected,
    VerdictCorrected,
)
from firm.kinds import Body
from firm.money import Money
from firm.pass_words import counted_by
from firm.terms.words import Action, Consequence
from storage.readmodels.kinds_of import kinds_of
from storage.rows import INTEGER_MAX, Row

SCHEMA = """
CREATE TABLE rm_decision (
    decision INTEGER PRIMARY KEY, account INTEGER NOT NULL, kind TEXT NOT NULL, rule TEXT NOT NULL,
    rule_kind TEXT NOT NULL, severity TEXT NOT NULL, does TEXT NOT NULL, unit TEXT NOT NULL, bound INTEGER NOT NULL,
    observed INTEGER NOT NULL, subject TEXT NOT NULL, at_us INTEGER NOT NULL, doubts TEXT NOT NULL, settled TEXT NOT NULL,
    settled_seq INTEGER, because TEXT NOT NULL
) STRICT;
CREATE INDEX rm_decision_account ON rm_decision (account, decision);
CREATE INDEX rm_decision_open ON rm_decision (decision) WHERE settled = '';
"""

_INSERT = (
    "INSERT INTO rm_decision (decision, account, kind, rule, rule_kind, severity, does, unit, bound, observed, subject, at_us,"
    " doubts, settled, settled_seq, because) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '')"
)
_Open = BreachSuspected | RuleSuspected | PassHeld
_Decided = BreachDeclared | RuleBroken | PhasePassed | _Open

# A suspicion takes the place of an earlier one of its rule; a breach that ends the account answers every question.
# A question opens a decision; taken back, it leaves a declared breach as it was, and a suspicion open.
_CORRECT = (
    "UPDATE rm_decision SET settled = CASE WHEN ?1 = 'questioned' THEN ''"
    " WHEN ?1 = 'withdrawn' AND kind NOT IN ('BreachDeclared', 'RuleBroken') THEN ''"
    " WHEN ?1 = 'withdrawn' THEN 'final' ELSE ?1 END, settled_seq = ?2, because = ?3 WHERE decision = ?4"
)
_SUPERSEDE = (
    "UPDATE rm_decision SET settled = 'superseded', settled_seq = ?"
    " WHERE account = ? AND settled = '' AND decision < ? AND (kind = 'PassHeld') = ? AND ? IN (rule, '')"
)


class Decisions:
    """The `decisions` read model. `settled` is empty while a breach in question or a held pass waits for its answer."""

    name = "decisions"
    version = 6
    schema = SCHEMA
    kinds = kinds_of(
        BreachDeclared, BreachSuspected, RuleBroken, RuleSuspected, PhasePassed, PassHeld, VerdictCorrected
    )

    def project(self, connection: apsw.Connection, rows: Sequence[tuple[Row, Body]]) -> None:
        for row, body in rows:
            if isinstance(body, VerdictCorrected):
                connection.execute(_CORRECT, (body.verdict, row.seq, body.because, body.decision))
            elif isinstance(body, _Decided):
                _decide(connection, row, body)


def _decide(connection: apsw.Connection, row: Row, fact: _Decided) -> None:
    about_pass = isinstance(fact, PhasePassed | PassHeld)
    severity, does = _severity(fact)
    ends = severity == "hard" and isinstance(fact, BreachDeclared | RuleBroken)
    connection.execute(_SUPERSEDE, (row.seq, row.account, row.seq, about_pass, "" if ends else fact.rule))
    match fact:
        case BreachDeclared() | BreachSuspected():
            kind, at_us = fact.rule_kind, fact.at_us
            measured = (Unit.MINOR, fact.floor.minor, fact.observed.minor, "")
        case RuleBroken() | RuleSuspected():
            kind, at_us = fact.rule_kind, fact.at_us
            measured = (fact.unit, fact.limit, _storable(fact.observed), fact.subject)
        case PhasePassed() | PassHeld() if fact.score is not None and fact.score.rule == fact.rule:
            kind, at_us = "score_target", row.happened_us
            measured = (Unit.COUNT, fact.score.asked, fact.score.published, fact.score.board)
        case PhasePassed() | PassHeld() if (by := counted_by(fact)) is not None:
            kind, at_us = by.rule_kind, row.happened_us
            measured = (by.unit, by.asked, by.observed, "")
        case PhasePassed() | PassHeld():
            kind, at_us = "profit_target", row.happened_us
            measured = (Unit.MINOR, fact.target.minor, fact.observed.minor, "")
    judged = (row.seq, row.account, row.kind, fact.rule, kind, severity, does)
    doubts = fact.doubts if isinstance(fact, _Open) else ()
    settled = ("", None) if isinstance(fact, _Open) else ("final", row.seq)
    connection.execute(_INSERT, (*judged, *measured, at_us, " ".join(doubt.value for doubt in doubts), *settled))


def _storable(figure: int) -> int:
    """A share of an account that nearly nothing is left of has any number of digits, a column 64 bits; the row has the figure itself."""
    return max(-INTEGER_MAX, min(figure, INTEGER_MAX))


def _severity(fact: _Decided) -> tuple[str, str]:
    """Whether a breach ends the account or not, and what it does; both empty for a pass, the latter for what is only suspected."""
    match fact:
        case BreachDeclared():
            is_hard = fact.severity == "hard"
            # A release that wrote no consequence knew failures and pauses alone.
            return fact.severity, Action.FAIL if is_hard else name_of(fact.does or Action.PAUSE)
        case BreachSuspected():
            return fact.severity, ""
        case RuleBroken():
            return "hard" if fact.does is Action.FAIL else "soft", name_of(fact.does)
        case RuleSuspected():
            return "hard", ""
        case PhasePassed() | PassHeld():
            return "", ""


def name_of(does: Consequence) -> str:
    """A consequence by its word: an action's own, or the kind of one that has figures."""
    return does.value if isinstance(does, Action) else str(does.__struct_config__.tag)


class DecisionLine(msgspec.Struct, frozen=True):
    """One decision. `bound` is the floor or limit of a breach, or the target of a pass, and `observed` what was held against it,
    both in `unit`; money is in minor units of `currency`. `subject`: which position, symbol or day it is about, or "".

    `settled` "" means that it is open. `settled_seq` and `because` are the last word on it; where it is open, the word that put it
    in question. `severity` of a breach is hard, or soft where the account goes on; `does`: what follows from it; "" for a pass.
    """

    decision: int
    account: int
    kind: str
    rule: str
    rule_kind: str
    severity: str
    does: str
    unit: Unit
    currency: str
    exponent: int
    bound: int
    observed: int
    subject: str
    at_us: int
    doubts: str
    settled: str
    settled_seq: int | None
    because: str

    def money(self, minor: int) -> Money:
        return Money(minor, self.currency, self.exponent)


_COLUMNS = (
    "d.decision, d.account, d.kind, d.rule, d.rule_kind, d.severity, d.does, d.unit, a.currency, a.exponent, d.bound, d.observed,"
    " d.subject, d.at_us, d.doubts, d.settled, d.settled_seq, d.because"
)
_FROM = "FROM rm_decision d JOIN rm_account a ON a.account = d.account"


def _lines(connection: apsw.Connection, asked: str, values: tuple[int, ...]) -> list[DecisionLine]:
    """`asked`: conditions and order, in the words of this file."""
    found = connection.execute(f"SELECT {_COLUMNS} {_FROM} {asked}", values)
    return [msgspec.convert(dict(zip(DecisionLine.__struct_fields__, row, strict=True)), DecisionLine) for row in found]


def decision_line(connection: apsw.Connection, decision: int) -> DecisionLine | None:
    """The decision of this row, or None; a number that no row can have is none either."""
    if not 0 < decision <= INTEGER_MAX:
        return None
    return next(iter(_lines(connection, "WHERE d.decision = ?", (decision,))), None)


def decisions_of(
    connection: apsw.Connection, account: int, limit: int, before: int | None = None
) -> list[DecisionLine]:
    """The account's decisions, newest first, from below `before`."""
    asked = "WHERE d.account = ? AND d.decision < ? ORDER BY d.decision DESC LIMIT ?"
    return _lines(connection, asked, (account, _ceiling(before), limit))


def breaches_of(connection: apsw.Connection, account: int, before: int | None, limit: int) -> list[DecisionLine]:
    """The account's declared breaches, newest first, from below `before`."""
    asked = (
        "WHERE d.account = ? AND d.kind IN ('BreachDeclared', 'RuleBroken') AND d.decision < ?"
        " ORDER BY d.decision DESC LIMIT ?"
    )
    return _lines(connection, asked, (account, _ceiling(before), limit))


def open_decisions(connection: apsw.Connection, limit: int) -> list[DecisionLine]:
    """What waits for an answer, oldest first: the review queue."""
    return _lines(connection, "WHERE d.settled = '' ORDER BY d.decision LIMIT ?", (limit,))


def dismissed_breaches(connection: apsw.Connection, before: int | None, limit: int) -> list[DecisionLine]:
    """Declared breaches that a person dismissed, newest first, from below `before`: what is owed to their traders is settled by hand."""
    asked = (
        "WHERE d.kind IN ('BreachDeclared', 'RuleBroken') AND d.settled = 'dismissed' AND d.decision < ?"
        " ORDER BY d.decision DESC LIMIT ?"
    )
    return _lines(connection, asked, (_ceiling(before), limit))


def latest_decisions(connection: apsw.Connection, before: int | None, limit: int) -> list[DecisionLine]:
    """All decisions, newest first, from below `before`."""
    return _lines(connection, "WHERE d.decision < ? ORDER BY d.decision DESC LIMIT ?", (_ceiling(before), limit))


def _ceiling(before: int | None) -> int:
    return before if before is not None else 1 << 62


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
        "SELECT (SELECT count(*) FROM rm_decision WHERE kind IN ('BreachDeclared', 'RuleBroken') AND severity = 'hard'"
        " AND settled <> 'dismissed' AND at_us >= ?),"
        " (SELECT count(*) FROM rm_decision WHERE kind IN ('BreachDeclared', 'RuleBroken') AND does = 'pause'"
        " AND settled <> 'dismissed' AND at_us >= ?),"
        " (SELECT count(*) FROM rm_decision WHERE kind = 'PhasePassed' AND at_us >= ?),"
        " (SELECT count(*) FROM rm_decision WHERE settled = ''),"
        " (SELECT min(at_us) FROM rm_decision WHERE settled = '')",
        (since_us, since_us, since_us),
    ).fetchone()
    assert row is not None
    return DecisionCounts(*row)
