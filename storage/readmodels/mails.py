"""Mails: what is owed to people and has not ended, the outbox, and who has not confirmed their address. The addresses are in the vault.

A mail is numbered by the row that owes it. Who is to be forgotten is owed nothing any more, and neither is anybody after a restore: which
of the mails of before went out nobody knows, and those that matter can be asked for again.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import apsw
import msgspec

from firm.commands import SecurityAct
from firm.facts import (
    AddressChangeAsked,
    AddressChanged,
    AddressChangeDropped,
    AddressConfirmed,
    ErasureOrdered,
    MailEnded,
    MailOwed,
    SecurityNoted,
    TraderJoined,
)
from firm.inputs import LedgerForked
from firm.instant import DAY_US
from firm.kinds import Body
from firm.letters import Letter
from storage.people import reference
from storage.readmodels.kinds_of import kinds_of
from storage.rows import Row

KEPT_US = 7 * DAY_US  # a firm that sends no mails shall not keep what it owes for ever
OWED_MAX = 10_000  # at once; beyond it the oldest are let go, and counted: nobody is helped by a mail that is so late
OWED_PER_PERSON_MAX = 40  # likewise, so that nobody's mails take the room of others'

_BEHIND = 1 << 62  # beyond every row

SCHEMA = """
CREATE TABLE rm_mail (
    seq INTEGER PRIMARY KEY, person TEXT NOT NULL, letter TEXT NOT NULL, owed_us INTEGER NOT NULL
) STRICT;
CREATE TABLE rm_unconfirmed (trader INTEGER PRIMARY KEY, joined_us INTEGER NOT NULL) STRICT;
CREATE INDEX rm_unconfirmed_age ON rm_unconfirmed (joined_us);
CREATE INDEX rm_mail_person ON rm_mail (person, seq);
CREATE TABLE rm_mail_let_go (letter TEXT PRIMARY KEY, mails INTEGER NOT NULL) STRICT;
"""

NOTICES: Mapping[SecurityAct, Letter] = MappingProxyType(
    {
        SecurityAct.PASSWORD_CHANGED: Letter.PASSWORD_CHANGED,
        SecurityAct.PASSWORD_RESET: Letter.PASSWORD_CHANGED,
        SecurityAct.LINK_MADE: Letter.LINK_MADE,
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
    version = 2
    schema = SCHEMA
    kinds = kinds_of(
        MailOwed, MailEnded, SecurityNoted, ErasureOrdered, LedgerForked, TraderJoined, AddressConfirmed,
        AddressChangeAsked, AddressChangeDropped, AddressChanged,
    )  # fmt: skip

    def project(self, connection: apsw.Connection, rows: Sequence[tuple[Row, Body]]) -> None:
        for row, body in rows:
            match body:
                case MailOwed():
                    _owe(connection, row, body.person, body.letter)
                case SecurityNoted() if body.act in NOTICES:
                    _owe(connection, row, body.person, NOTICES[body.act])
                case AddressChangeAsked():  # what the one before it owed is owed no more
                    _owe_no_more(connection, body.person, Letter.ADDRESS_CHANGE_ASKED, Letter.CONFIRM_NEW_ADDRESS)
                case AddressChangeDropped() | AddressChanged():
                    _owe_no_more(connection, body.person, Letter.CONFIRM_NEW_ADDRESS)
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
    _count_let_go(
        connection,
        "DELETE FROM rm_mail WHERE seq IN ("
        "SELECT seq FROM rm_mail WHERE person = ? AND letter <> ? ORDER BY seq DESC LIMIT -1 OFFSET ?) RETURNING letter",
        (person, Letter.NEW_PASSWORD.value, OWED_PER_PERSON_MAX),
    )
    _count_let_go(
        connection,
        "DELETE FROM rm_mail WHERE seq IN (SELECT seq FROM rm_mail ORDER BY seq DESC LIMIT -1 OFFSET ?) RETURNING letter",
        (OWED_MAX,),
    )


def _count_let_go(connection: apsw.Connection, delete: str, bindings: tuple[str | int, ...]) -> None:
    for (letter,) in connection.execute(delete, bindings).fetchall():
        connection.execute(
            "INSERT INTO rm_mail_let_go (letter, mails) VALUES (?, 1) ON CONFLICT (letter) DO UPDATE SET mails = mails + 1",
            (letter,),
        )


def _owe_no_more(connection: apsw.Connection, person: str, *letters: Letter) -> None:
    for letter in letters:
        connection.execute("DELETE FROM rm_mail WHERE person = ? AND letter = ?", (person, letter.value))


class OwedMail(msgspec.Struct, frozen=True):
    """A mail that waits. `seq`: of the row that owes it; `owed_us`: firm time."""

    seq: int
    person: str
    letter: Letter
    owed_us: int


def owed_mails(connection: apsw.Connection, limit: int) -> list[OwedMail]:
    """Of each person the first that waits, the longest waiting first: theirs go in order.

    But links to new passwords before all others: whoever waits for one cannot sign in, and it is too late within the hour.
    """
    # Columns beside min() are those of the row that has it.
    sql = (
        "SELECT min(seq + CASE letter WHEN ?1 THEN 0 ELSE ?2 END) AS place, seq, person, letter, owed_us FROM rm_mail"
        " GROUP BY person ORDER BY place LIMIT ?3"
    )
    found = connection.execute(sql, (Letter.NEW_PASSWORD.value, _BEHIND, limit))
    return [OwedMail(seq, person, Letter(letter), owed_us) for _, seq, person, letter, owed_us in found]


def mails_waiting(connection: apsw.Connection) -> tuple[int, int]:
    """How many wait, and since when (firm time) the oldest does; 0 where none does."""
    row = connection.execute("SELECT count(*), coalesce(min(owed_us), 0) FROM rm_mail").fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def mails_let_go(connection: apsw.Connection) -> int:
    """How many were never brought because too many waited."""
    row = connection.execute("SELECT coalesce(sum(mails), 0) FROM rm_mail_let_go").fetchone()
    assert row is not None
    return int(row[0])


def unconfirmed_since(connection: apsw.Connection, before_us: int, limit: int) -> list[int]:
    """Traders who signed up before that instant and have not confirmed their address, the longest ago first."""
    sql = "SELECT trader FROM rm_unconfirmed WHERE joined_us < ? ORDER BY joined_us, trader LIMIT ?"
    return [int(trader) for (trader,) in connection.execute(sql, (before_us, limit))]
