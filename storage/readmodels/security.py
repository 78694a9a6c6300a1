"""Security: what changed in how people sign in, newest first; where it came from lies in the vault under what the input committed to."""

from collections.abc import Sequence

import apsw
import msgspec

from firm.commands import NoteSecurity
from firm.facts import AddressChangeAsked, AddressChanged, SecurityNoted
from firm.kinds import Body
from storage.readmodels.kinds_of import kinds_of
from storage.rows import Row

SCHEMA = """
CREATE TABLE rm_security (
    seq INTEGER PRIMARY KEY, person TEXT NOT NULL, act TEXT NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL,
    sealed TEXT NOT NULL, at_us INTEGER NOT NULL
) STRICT;
CREATE INDEX rm_security_person ON rm_security (person, seq);
CREATE TABLE rm_security_asked (seq INTEGER PRIMARY KEY, sealed TEXT NOT NULL) STRICT;
"""


_ADDRESS = {AddressChangeAsked: "address_asked", AddressChanged: "address_changed"}


class Security:
    """The `security` read model. A mail address is confirmed by a link that went to it: who opened it is whoever reads their mail."""

    name = "security"
    version = 2
    schema = SCHEMA
    kinds = kinds_of(NoteSecurity, SecurityNoted, AddressChangeAsked, AddressChanged)

    def project(self, connection: apsw.Connection, rows: Sequence[tuple[Row, Body]]) -> None:
        for row, body in rows:
            match body:
                case NoteSecurity() if body.sealed:
                    connection.execute(
                        "INSERT INTO rm_security_asked (seq, sealed) VALUES (?, ?)", (row.seq, body.sealed)
                    )
                case SecurityNoted():
                    connection.execute(
                        "INSERT INTO rm_security (seq, person, act, who, why, sealed, at_us) VALUES (?, ?, ?, ?, ?,"
                        " coalesce((SELECT sealed FROM rm_security_asked WHERE seq = ?), ''), ?)",
                        (row.seq, body.person, body.act.value, body.by, body.why, row.cause, row.happened_us),
                    )
                    connection.execute("DELETE FROM rm_security_asked WHERE seq = ?", (row.cause,))
                case AddressChangeAsked() | AddressChanged():
                    connection.execute(
                        "INSERT INTO rm_security (seq, person, act, who, why, sealed, at_us) VALUES (?, ?, ?, ?, '', '', ?)",
                        (row.seq, body.person, _ADDRESS[type(body)], body.person, row.happened_us),
                    )
                case _:
                    pass


class SecurityLine(msgspec.Struct, frozen=True):
    """One change. `act`: a SecurityAct, or what became of a mail address. `who`: by whom. `sealed`: the commitment to where it came
    from, or "".
    """

    seq: int
    act: str
    who: str
    why: str
    sealed: str
    at_us: int


def security_of(connection: apsw.Connection, person: str, limit: int) -> list[SecurityLine]:
    """The newest changes of one person's security."""
    sql = "SELECT seq, act, who, why, sealed, at_us FROM rm_security WHERE person = ? ORDER BY seq DESC LIMIT ?"
    return [SecurityLine(*each) for each in connection.execute(sql, (person, limit))]
