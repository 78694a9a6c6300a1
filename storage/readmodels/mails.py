"""Mails: what is owed to people and has not ended, the outbox, and who has not confirmed their address. The addresses are in the vault.

A mail is numbered by the row that owes it. Who is to be forgotten is owed nothing any more, and neither is anybody after a restore: which
of the mails of before went out nobody knows, and those that matter can be asked for again.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import apsw
import msgspec

from firm.commands import SecurityAct
from firm.facts import AddressConfirmed, ErasureOrdered, MailEnded, MailOwed, SecurityNoted, TraderJoined
from firm.inputs import LedgerForked
from firm.instant import DAY_US
from firm.kinds import Body
from firm.letters import Letter
from storage.people import reference
from storage.readmodels.kinds_of import kinds_of
from storage.rows import Row

KEPT_US = 7 * DAY_US  # a firm that sends no mails shall not keep what it owes for ever
OWED_MAX = 10_000  # at once; beyond it the oldest are let go: nobody is helped by a mail that is so late

SCHEMA = """
CREATE TABLE rm_mail (
    seq INTEGER PRIMARY KEY, person TEXT NOT NULL, letter TEXT NOT NULL, owed_us INTEGER NOT NULL
) STRICT;
CREATE TABLE rm_unconfirmed (trader INTEGER PRIMARY KEY, joined_us INTEGER NOT NULL) STRICT;
CREATE INDEX rm_unconfirmed_age ON rm_unconfirmed (joined_us);
CREATE INDEX rm_mail_person ON rm_mail (person, seq);
"""

NOTICES: Mapping[SecurityAct, Letter] = MappingProxyType(
    {
        SecurityAct.PASSWORD_CHANGED: Letter.PASSWORD_CHANGED,
        SecurityAct.PASSWORD_RESET: Letter.PASSWORD_CHANGED,
        SecurityAct.TOTP_ADDED: Letter.FACTORS_CHANGED,
        SecurityAct.TOTP_REMOVED: Letter.FACTORS_CHANGED,
        SecurityAct.PASSKEY_ADDED: Letter.FACTORS_CHANGED,
        SecurityAct.PASSKEY_REMOVED: Letter.FACTORS_CHANGED,
        SecurityAct.CODES_RENEWED: Letter.FACTORS_CHANGED,
        SecurityAct.CODE_USED: Letter.FACTORS_CHANGED,
        SecurityAct.FACTORS_RESET: Letter.FACTORS_CHANGED,
        SecurityAct.DEVICE_NEW: Letter.DEVICE_NEW,
    }
)
"""What is written about a change in how somebody signs in; that they ended sessions of theirs they know."""


class Mails:
    """The `mails` read model."""

    name = "mails"
    version = 1
    schema = SCHEMA
    kinds = kinds_of(
        MailOwed, MailEnded, SecurityNoted, ErasureOrdered, LedgerForked, TraderJoined, AddressConfirmed
    )  # fmt: skip

    def project(self, connection: apsw.Connection, rows: Sequence[tuple[Row, Body]]) -> None:
        for row, body in rows:
            match body:
                case MailOwed():
                    _owe(connection, row, body.person, body.letter)
                case SecurityNoted() if body.act in NOTICES:
                    _owe(connection, row, body.person, NOTICES[body.act])
                case MailEnded():
                    connection.execute("DELETE FROM rm_mail WHERE seq = ? AND person = ?", (body.mail, body.person))
                case ErasureOrdered():
                    person = reference("trader", body.trader)
                    connection.execute("DELETE FROM rm_mail WHERE person = ?", (person,))
                    connection.execute("DELETE FROM rm_unconfirmed WHERE trader = ?", (body.trader,))
                case TraderJoined():
                    row_of = (body.trader, row.happened_us)
                    connection.execute("INSERT INTO rm_unconfirmed (trader, joined_us) VALUES (?, ?)", row_of)
                case AddressConfirmed():
                    connection.execute("DELETE FROM rm_unconfirmed WHERE trader = ?", (body.trader,))
                case LedgerForked():
                    connection.execute("DELETE FROM rm_mail")
                case _:
                    pass


def _owe(connection: apsw.Connection, row: Row, person: str, letter: Letter) -> None:
    connection.execute(
        "INSERT INTO rm_mail (seq, person, letter, owed_us) VALUES (?, ?, ?, ?)",
        (row.seq, person, letter.value, row.happened_us),
    )
    connection.execute("DELETE FROM rm_mail WHERE owed_us < ?", (row.happened_us - KEPT_US,))
    connection.execute(
        "DELETE FROM rm_mail WHERE seq IN (SELECT seq FROM rm_mail ORDER BY seq DESC LIMIT -1 OFFSET ?)", (OWED_MAX,)
    )


class OwedMail(msgspec.Struct, frozen=True):
    """A mail that waits. `seq`: of the row that owes it; `owed_us`: firm time."""

    seq: int
    person: str
    letter: Letter
    owed_us: int


def owed_mails(connection: apsw.Connection, limit: int) -> list[OwedMail]:
    """Of each person the first that waits, the longest waiting first: theirs go in order."""
    sql = "SELECT min(seq), person, letter, owed_us FROM rm_mail GROUP BY person ORDER BY 1 LIMIT ?"
    return [
        OwedMail(seq, person, Letter(letter), owed_us)
        for seq, person, letter, owed_us in connection.execute(sql, (limit,))
    ]


def mails_waiting(connection: apsw.Connection) -> tuple[int, int]:
    """How many wait, and since when (firm time) the oldest does; 0 where none does."""
    row = connection.execute("SELECT count(*), coalesce(min(owed_us), 0) FROM rm_mail").fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def unconfirmed_since(connection: apsw.Connection, before_us: int, limit: int) -> list[int]:
    """Traders who signed up before that instant and have not confirmed their address, the longest ago first."""
    sql = "SELECT trader FROM rm_unconfirmed WHERE joined_us < ? ORDER BY joined_us, trader LIMIT ?"
    return [int(trader) for (trader,) in connection.execute(sql, (before_us, limit))]
