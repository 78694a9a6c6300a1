"""Staff as they are and were: roles, scopes, the firm's own roles, and each act that changed one. Names and mails lie in the vault."""

from collections.abc import Sequence

import apsw
import msgspec

from firm.facts import Fact, RoleDefined, RoleRetired, StaffAdded, StaffLeft, StaffRoleSet, StaffScopeSet
from firm.kinds import Body
from firm.permissions import Scope, scope_words
from firm.staff import Staff, role_of
from storage.readmodels.kinds_of import kinds_of
from storage.rows import Row

SCHEMA = """
CREATE TABLE rm_staff_member (
    staff INTEGER PRIMARY KEY, role TEXT NOT NULL, written TEXT NOT NULL, scope TEXT NOT NULL, added_us INTEGER NOT NULL,
    since_us INTEGER NOT NULL, left_us INTEGER NOT NULL
) STRICT;
CREATE TABLE rm_staff_role (role TEXT PRIMARY KEY, permissions TEXT NOT NULL, defined_us INTEGER NOT NULL) STRICT;
CREATE TABLE rm_staff_act (
    seq INTEGER PRIMARY KEY, act TEXT NOT NULL, staff INTEGER NOT NULL, told TEXT NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL,
    at_us INTEGER NOT NULL
) STRICT;
"""


class StaffLine(msgspec.Struct, frozen=True):
    """One member. `written`: the word of an earlier release for a role that nobody knows. `left_us`: 0 while they are here.

    `added_us`: when they came, `since_us`: since when they have the role.
    """

    staff: int
    role: str
    written: str
    scope: Scope
    added_us: int
    since_us: int
    left_us: int


class StaffAct(msgspec.Struct, frozen=True):
    """One change. `act`: added, role, scope, left, defined or retired. `staff`: of whom, 0 where it is of a role. `told`: to what."""

    seq: int
    act: str
    staff: int
    told: str
    who: str
    why: str
    at_us: int


class StaffList:
    """The `staff` read model."""

    name = "staff"
    version = 2
    schema = SCHEMA
    kinds = kinds_of(StaffAdded, StaffRoleSet, StaffScopeSet, StaffLeft, RoleDefined, RoleRetired)

    def project(self, connection: apsw.Connection, rows: Sequence[tuple[Row, Body]]) -> None:
        for row, body in rows:
            if isinstance(body, Fact):
                _apply(connection, row, body)


def _apply(connection: apsw.Connection, row: Row, body: Fact) -> None:
    now = row.happened_us
    match body:
        case StaffAdded():
            role, written = role_of(body.role, Staff(members={}, roles=own_roles(connection)))
            connection.execute(
                "INSERT INTO rm_staff_member (staff, role, written, scope, added_us, since_us, left_us) VALUES (?, ?, ?, '{}', ?, ?, 0)",
                (body.staff, role, written, now, now),
            )
            _act(connection, row, "added", body.staff, role, "", "")
        case StaffRoleSet():
            sql = "UPDATE rm_staff_member SET role = ?, written = '', since_us = ? WHERE staff = ?"
            connection.execute(sql, (body.role, now, body.staff))
            _act(connection, row, "role", body.staff, body.role, body.by, body.why)
        case StaffScopeSet():
            told = msgspec.json.encode(body.scope).decode()
            connection.execute("UPDATE rm_staff_member SET scope = ? WHERE staff = ?", (told, body.staff))
            _act(connection, row, "scope", body.staff, scope_words(body.scope), body.by, body.why)
        case StaffLeft():
            connection.execute("UPDATE rm_staff_member SET left_us = ? WHERE staff = ?", (now, body.staff))
            _act(connection, row, "left", body.staff, "", body.by, body.why)
        case RoleDefined():
            held = msgspec.json.encode(body.permissions).decode()
            connection.execute("INSERT OR REPLACE INTO rm_staff_role VALUES (?, ?, ?)", (body.role, held, now))
            _act(connection, row, "defined", 0, body.role, body.by, body.why)
        case RoleRetired():
            connection.execute("DELETE FROM rm_staff_role WHERE role = ?", (body.role,))
            _act(connection, row, "retired", 0, body.role, body.by, body.why)
        case _:
            pass


def _act(connection: apsw.Connection, row: Row, act: str, staff: int, told: str, who: str, why: str) -> None:
    connection.execute(
        "INSERT INTO rm_staff_act (seq, act, staff, told, who, why, at_us) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (row.seq, act, staff, told, who, why, row.happened_us),
    )


# --- questions ---


def all_staff(connection: apsw.Connection) -> list[StaffLine]:
    """Everyone who is or was on the staff: those who are here first, in the order in which they came."""
    sql = (
        "SELECT staff, role, written, scope, added_us, since_us, left_us FROM rm_staff_member"
        " ORDER BY left_us > 0, added_us, staff"
    )
    return [
        StaffLine(staff, role, written, msgspec.json.decode(scope, type=Scope), added_us, since_us, left_us)
        for staff, role, written, scope, added_us, since_us, left_us in connection.execute(sql)
    ]


def own_roles(connection: apsw.Connection) -> dict[str, tuple[str, ...]]:
    """The firm's own roles by name: the permissions of each."""
    rows = connection.execute("SELECT role, permissions FROM rm_staff_role ORDER BY role")
    return {role: msgspec.json.decode(held, type=tuple[str, ...]) for role, held in rows}


def staff_acts(connection: apsw.Connection, limit: int) -> list[StaffAct]:
    """The newest changes first."""
    sql = "SELECT seq, act, staff, told, who, why, at_us FROM rm_staff_act ORDER BY seq DESC LIMIT ?"
    return [StaffAct(*found) for found in connection.execute(sql, (limit,))]
