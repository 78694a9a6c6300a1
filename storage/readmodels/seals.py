"""Seals: every commitment that the ledger refers to, and whose it is: what the vault must have, and what in it has no row."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import apsw

from firm.commands import AddStaff, RegisterTrader
from firm.inputs import EventRefused, LoginReported, UnknownAccountReported
from firm.kinds import Body
from storage.people import IDENTITY, LOGINS, SESSION, reference
from storage.readmodels.kinds_of import kinds_of
from storage.rows import Row

SEALED_EVENT = "sealed:"  # how EventRefused marks an event that went to the vault


class Seal(NamedTuple):
    """A commitment in hex, and the person and class of the value behind it."""

    commitment: str
    person: str
    klass: str


class Seals:
    """rm_seals: one row a commitment."""

    name = "seals"
    version = 3
    kinds = kinds_of(AddStaff, RegisterTrader, LoginReported, EventRefused, UnknownAccountReported)
    schema = (
        "CREATE TABLE rm_seals (commitment TEXT NOT NULL PRIMARY KEY, person TEXT NOT NULL, class TEXT NOT NULL)"
        " STRICT, WITHOUT ROWID;"
    )

    def project(self, connection: apsw.Connection, rows: Sequence[tuple[Row, Body]]) -> None:
        found = [seal for _, body in rows if (seal := seal_of(body)) is not None]
        connection.executemany("INSERT OR IGNORE INTO rm_seals (commitment, person, class) VALUES (?, ?, ?)", found)


def is_sealed(connection: apsw.Connection, commitment: str) -> bool:
    """Whether the ledger refers to it."""
    return connection.execute("SELECT 1 FROM rm_seals WHERE commitment = ?", (commitment,)).fetchone() is not None


def any_sealed(connection: apsw.Connection) -> bool:
    """Whether the ledger refers to anything in the vault."""
    return connection.execute("SELECT 1 FROM rm_seals LIMIT 1").fetchone() is not None


def all_seals(connection: apsw.Connection) -> Iterator[Seal]:
    for row in connection.execute("SELECT commitment, person, class FROM rm_seals ORDER BY commitment"):
        yield Seal(*row)


def seal_of(body: Body) -> Seal | None:
    """The commitment that a row refers to, if it does to one."""
    match body:
        case AddStaff():
            return Seal(body.sealed, reference("staff", body.staff), IDENTITY)
        case RegisterTrader():
            return Seal(body.sealed, reference("trader", body.trader), IDENTITY)
        case LoginReported():
            return Seal(body.sealed, LOGINS, SESSION)
        case UnknownAccountReported() if body.sealed:
            return Seal(body.sealed, LOGINS, SESSION)
        case EventRefused() if body.raw_hex.startswith(SEALED_EVENT):
            return Seal(body.raw_hex.removeprefix(SEALED_EVENT), LOGINS, SESSION)
        case _:
            return None
