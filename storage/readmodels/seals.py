"""Seals: every commitment that the ledger refers to, so that values sealed for rows that never came can be told apart."""

from collections.abc import Sequence

import apsw

from firm.commands import AddStaff, RegisterTrader
from firm.inputs import EventRefused, LoginReported
from firm.kinds import Body
from storage.readmodels.kinds_of import kinds_of
from storage.rows import Row

SEALED_EVENT = "sealed:"  # how EventRefused marks an event whose personal parts went to the vault


class Seals:
    """rm_seals: one row a commitment."""

    name = "seals"
    version = 1
    kinds = kinds_of(AddStaff, RegisterTrader, LoginReported, EventRefused)
    schema = "CREATE TABLE rm_seals (commitment TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;"

    def project(self, connection: apsw.Connection, rows: Sequence[tuple[Row, Body]]) -> None:
        found = [(commitment,) for _, body in rows if (commitment := _commitment(body))]
        connection.executemany("INSERT OR IGNORE INTO rm_seals (commitment) VALUES (?)", found)


def is_sealed(connection: apsw.Connection, commitment: str) -> bool:
    """Whether the ledger refers to it."""
    return connection.execute("SELECT 1 FROM rm_seals WHERE commitment = ?", (commitment,)).fetchone() is not None


def _commitment(body: Body) -> str:
    match body:
        case AddStaff() | RegisterTrader() | LoginReported():
            return body.sealed
        case EventRefused() if body.raw_hex.startswith(SEALED_EVENT):
            return body.raw_hex.removeprefix(SEALED_EVENT)
        case _:
            return ""
