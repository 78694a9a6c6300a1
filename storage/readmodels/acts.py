"""Acts: what staff, the console and couriers asked of the firm, each with who, why, from where, and what it was before and after.

One row for each command that is not a trader's, nor a visitor's about anybody but staff, whatever came of it. What was before is the
newest change of the same thing before; from where is what whoever it is by was last noted to come from.
"""

from collections.abc import Sequence
from typing import get_args

import apsw

from firm import facts as f
from firm.act_words import Act, Change, act_of, change_by
from firm.commands import Commanded, NoteAct, NoteSecurity, StaffAct
from firm.commands.command import Command
from firm.kinds import Body
from firm.permissions import CONSOLE
from storage.readmodels.kinds_of import kinds_of
from storage.rows import Row

SCHEMA = """
CREATE TABLE rm_act (
    seq INTEGER PRIMARY KEY, at_us INTEGER NOT NULL, who TEXT NOT NULL, kind TEXT NOT NULL, account INTEGER NOT NULL,
    trader INTEGER NOT NULL, member INTEGER NOT NULL, about TEXT NOT NULL, why TEXT NOT NULL, sought TEXT NOT NULL,
    subject TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL, refused TEXT NOT NULL, whence TEXT NOT NULL
) STRICT;
CREATE INDEX rm_act_at ON rm_act (at_us);
CREATE INDEX rm_act_who ON rm_act (who);
CREATE INDEX rm_act_kind ON rm_act (kind);
CREATE INDEX rm_act_account ON rm_act (account);
CREATE INDEX rm_act_trader ON rm_act (trader);
CREATE INDEX rm_act_member ON rm_act (member);
CREATE TABLE rm_act_state (subject TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE rm_act_whence (who TEXT PRIMARY KEY, sealed TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE rm_act_holder (kind TEXT NOT NULL, number INTEGER NOT NULL, trader INTEGER NOT NULL, PRIMARY KEY (kind, number))
    STRICT, WITHOUT ROWID;
"""
TRADER, PORTAL = "trader:", "portal"  # people of themselves, signed in or not: no acts of staff
_ACCOUNT, _ORDER = "account", "order"
_OUTCOMES = kinds_of(
    f.Refused, f.InputRejected, f.MessageParked, f.KillSwitchReleased, f.BreakerTripped, f.DeskStopped, f.CommandAdvanced,
    f.OrderPlaced, f.AccountOpened,
)  # fmt: skip


class Acts:
    """The `acts` read model."""

    name = "acts"
    version = 2
    schema = SCHEMA
    kinds = kinds_of(*get_args(Commanded)) | _OUTCOMES

    def project(self, connection: apsw.Connection, rows: Sequence[tuple[Row, Body]]) -> None:
        for row, body in rows:
            if isinstance(body, Command):
                act = act_of(body)
                if not body.by.startswith(TRADER) and (body.by != PORTAL or act.member):
                    _asked(connection, row, body, act)
            else:
                _came_of_it(connection, row, body)


def _asked(connection: apsw.Connection, row: Row, body: Command, act: Act) -> None:
    whence = _whence(connection, body)
    before = _changed(connection, act.change) if act.change else ""
    subject, after = (act.change.subject, act.change.after) if act.change else ("", "")
    connection.execute(
        "INSERT INTO rm_act (seq, at_us, who, kind, account, trader, member, about, why, sought, subject, before, after, refused, whence)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', ?)",
        (
            row.seq, row.happened_us, body.by or CONSOLE, act.kind, act.on, _trader(connection, act), act.member, act.about, act.why,
            act.why.casefold(), subject, before, after, whence,
        ),
    )  # fmt: skip


def _whence(connection: apsw.Connection, body: Command) -> str:
    """From where it came. Whoever failed to be somebody was most likely another one, and is nowhere else's author."""
    sealed = body.sealed if isinstance(body, NoteAct | NoteSecurity) else ""
    if isinstance(body, NoteAct) and body.act is StaffAct.SIGN_IN_FAILED:
        return sealed
    if sealed:
        connection.execute("INSERT OR REPLACE INTO rm_act_whence VALUES (?, ?)", (body.by, sealed))
        return sealed
    held = connection.execute("SELECT sealed FROM rm_act_whence WHERE who = ?", (body.by,)).fetchone()
    return str(held[0]) if held else ""


def _changed(connection: apsw.Connection, change: Change) -> str:
    """Keep the change; what it was before, or ""."""
    held = connection.execute("SELECT value FROM rm_act_state WHERE subject = ?", (change.subject,)).fetchone()
    connection.execute("INSERT OR REPLACE INTO rm_act_state VALUES (?, ?)", (change.subject, change.after))
    return str(held[0]) if held else ""


def _trader(connection: apsw.Connection, act: Act) -> int:
    """Whom it concerns, also where it names their account or order alone."""
    if act.trader:
        return act.trader
    kind, number = (_ACCOUNT, act.on) if act.on else (_ORDER, act.order)
    sql = "SELECT trader FROM rm_act_holder WHERE kind = ? AND number = ?"
    held = connection.execute(sql, (kind, number)).fetchone() if number else None
    return int(held[0]) if held else 0


def _came_of_it(connection: apsw.Connection, row: Row, body: Body) -> None:
    holder = "INSERT OR IGNORE INTO rm_act_holder VALUES (?, ?, ?)"
    match body:
        case f.Refused():
            _undone(connection, row.cause, body.refusal.value)
        case f.InputRejected():
            _undone(connection, row.cause, "rejected")
        case f.MessageParked():
            connection.execute("UPDATE rm_act SET refused = 'parked' WHERE seq = ?", (row.cause,))
        case f.CommandAdvanced():
            _whose(connection, row)
        case f.OrderPlaced():
            connection.execute(holder, (_ORDER, body.order, body.trader))
        case f.AccountOpened():
            connection.execute(holder, (_ACCOUNT, row.account, body.trader))
        case f.Fact() if (change := change_by(body)) is not None:
            _changed(connection, change)
            sql = "UPDATE rm_act SET after = ? WHERE seq = ? AND subject = ?"
            connection.execute(sql, (change.after, row.cause, change.subject))
        case _:
            pass


def _whose(connection: apsw.Connection, row: Row) -> None:
    """Who settled a command named nothing but the command: here is the account that it was for, and with it the trader."""
    sql = (
        "UPDATE rm_act SET account = ?1,"
        " trader = coalesce((SELECT trader FROM rm_act_holder WHERE kind = ?2 AND number = ?1), trader)"
        " WHERE seq = ?3 AND account = 0"
    )
    connection.execute(sql, (row.account, _ACCOUNT, row.cause))


def _undone(connection: apsw.Connection, seq: int, refused: str) -> None:
    """What was refused changed nothing: the thing is as it was before."""
    found = connection.execute("SELECT subject, before FROM rm_act WHERE seq = ?", (seq,)).fetchone()
    if found is None:
        return
    subject, before = found
    connection.execute("UPDATE rm_act SET refused = ?, after = before WHERE seq = ?", (refused, seq))
    if subject:
        connection.execute("UPDATE rm_act_state SET value = ? WHERE subject = ?", (before, subject))
