"""Seals: every commitment that the ledger refers to, and whose it is: what the vault must have, and what in it has no row."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import apsw

from firm.commands import (
    AddStaff,
    AppealDecision,
    AskAddressChange,
    ChangeAddress,
    IssueApiKey,
    JoinFirm,
    NoteAct,
    NoteSecurity,
    RegisterTrader,
    RotateApiKey,
)
from firm.facts import AddressChangeAsked, AddressChanged, AddressChangeDropped, DocumentKept, ValuesForgotten
from firm.inputs import DeletionReported, EventRefused, LoginReported, MonthForgotten, UnknownAccountReported
from firm.kinds import Body
from storage.people import (
    ADDRESS_WANTED,
    API_KEY,
    APPEAL,
    DOCUMENTS,
    IDENTITY,
    LOGINS,
    MONTHS,
    RESIDENCE,
    SESSION,
    WHENCE,
    key_reference,
    reference,
)
from storage.readmodels.kinds_of import kinds_of
from storage.rows import Row

SEALED_EVENT = "sealed:"  # how EventRefused marks an event that went to the vault
_KEPT, _OF_ALL, _ALONE = 0, 1, 2  # in `erased`: all of a person's class went with their key, or this value and no other


class Seal(NamedTuple):
    """A commitment in hex, and the person and class of the value behind it. `erased`: a row says that it was forgotten."""

    commitment: str
    person: str
    klass: str
    erased: bool = False


class Seals:
    """rm_seals: one row a commitment."""

    name = "seals"
    version = 9
    kinds = kinds_of(
        AddStaff, RegisterTrader, JoinFirm, NoteSecurity, NoteAct, IssueApiKey, RotateApiKey, LoginReported, EventRefused,
        UnknownAccountReported, ValuesForgotten, AskAddressChange, ChangeAddress, AddressChangeAsked, AddressChanged,
        AppealDecision, MonthForgotten, DocumentKept, AddressChangeDropped, DeletionReported,
    )  # fmt: skip
    schema = """
        CREATE TABLE rm_seals (
            commitment TEXT NOT NULL PRIMARY KEY, person TEXT NOT NULL, class TEXT NOT NULL, erased INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX rm_seals_by_person ON rm_seals (person, class);
    """

    def project(self, connection: apsw.Connection, rows: Sequence[tuple[Row, Body]]) -> None:
        for _, body in rows:
            if isinstance(body, ValuesForgotten):
                _mark_erased(connection, body)
                continue
            if isinstance(body, MonthForgotten):
                _mark_owner_erased(connection, body.whose)
                continue
            if isinstance(body, DeletionReported):
                _mark_alone(connection, [body.sealed])
                continue
            _leave_behind(connection, body)
            for seal in seals_of(body):
                # What is told of somebody who was forgotten is kept nowhere: it must not lie in the vault either.
                sql = (
                    "INSERT OR IGNORE INTO rm_seals (commitment, person, class, erased) VALUES (?1, ?2, ?3,"
                    " EXISTS (SELECT 1 FROM rm_seals WHERE person = ?2 AND class = ?3 AND erased = ?4))"
                )
                connection.execute(sql, (*seal[:3], _OF_ALL))


def _leave_behind(connection: apsw.Connection, body: Body) -> None:
    """What another value took the place of: the ledger refers to it no more, and the vault lets it go."""
    others = "DELETE FROM rm_seals WHERE person = ? AND class = ? AND commitment <> ?"
    match body:
        case AddressChangeAsked():
            connection.execute(others, (body.person, ADDRESS_WANTED, body.sealed))
        case AddressChanged():
            connection.execute(others, (body.person, IDENTITY, body.sealed))
            connection.execute(others, (body.person, ADDRESS_WANTED, ""))
        case AddressChangeDropped():
            connection.execute(others, (body.person, ADDRESS_WANTED, ""))
        case _:
            pass


def _mark_erased(connection: apsw.Connection, told: ValuesForgotten) -> None:
    _mark_alone(connection, told.pooled)
    if told.finished:
        _mark_owner_erased(connection, reference("trader", told.trader), told.klass)


def _mark_owner_erased(connection: apsw.Connection, person: str, klass: str = SESSION) -> None:
    connection.execute("UPDATE rm_seals SET erased = ? WHERE person = ? AND class = ?", (_OF_ALL, person, klass))


def _mark_alone(connection: apsw.Connection, commitments: Sequence[str]) -> None:
    """What else is sealed of the same person and class, before or afterwards, is kept."""
    sql = "UPDATE rm_seals SET erased = ? WHERE commitment = ? AND erased = ?"
    connection.executemany(sql, [(_ALONE, each, _KEPT) for each in commitments])


def months_sealed(connection: apsw.Connection) -> list[str]:
    """Under the keys of which months something lies that no row says was forgotten, as "platform:2026-11"; the oldest first."""
    sql = "SELECT DISTINCT person FROM rm_seals WHERE person > ?1 AND person < ?1 || ':' AND erased = 0 ORDER BY person"
    return [person for (person,) in connection.execute(sql, (MONTHS,))]


def seals_forgotten(connection: apsw.Connection) -> list[str]:
    """Commitments of which a row says that their values were forgotten."""
    return [commitment for (commitment,) in connection.execute("SELECT commitment FROM rm_seals WHERE erased <> 0")]


def is_sealed(connection: apsw.Connection, commitment: str) -> bool:
    """Whether the ledger refers to it."""
    return connection.execute("SELECT 1 FROM rm_seals WHERE commitment = ?", (commitment,)).fetchone() is not None


def any_sealed(connection: apsw.Connection) -> bool:
    """Whether the ledger refers to anything in the vault."""
    return connection.execute("SELECT 1 FROM rm_seals LIMIT 1").fetchone() is not None


def all_seals(connection: apsw.Connection) -> Iterator[Seal]:
    sql = "SELECT commitment, person, class, erased FROM rm_seals ORDER BY commitment"
    for commitment, person, klass, erased in connection.execute(sql):
        yield Seal(commitment, person, klass, bool(erased))


def seals_of(body: Body) -> tuple[Seal, ...]:
    """The commitments that a row refers to."""
    match body:
        case AddStaff():
            return (Seal(body.sealed, reference("staff", body.staff), IDENTITY),)
        case RegisterTrader():
            return (Seal(body.sealed, reference("trader", body.trader), IDENTITY),)
        case JoinFirm():
            person = reference("trader", body.trader)
            return (Seal(body.sealed, person, IDENTITY), Seal(body.residence, person, RESIDENCE))
        case AskAddressChange():
            return (Seal(body.sealed, body.person, ADDRESS_WANTED),)
        case ChangeAddress():
            return (Seal(body.sealed, body.person, IDENTITY),)
        case NoteSecurity() | NoteAct() if body.sealed:
            return (Seal(body.sealed, body.by, WHENCE),)
        case AppealDecision():
            return (Seal(body.sealed, reference("trader", body.trader), APPEAL),)
        case DocumentKept():  # and not what asked for it: what was refused is erased again
            return (Seal(body.sealed, reference("trader", body.trader), DOCUMENTS),)
        case LoginReported():
            return (Seal(body.sealed, body.whose or LOGINS, SESSION),)
        case UnknownAccountReported() if body.sealed:
            return (Seal(body.sealed, body.whose or LOGINS, SESSION),)
        case EventRefused() if body.raw_hex.startswith(SEALED_EVENT):
            return (Seal(body.raw_hex.removeprefix(SEALED_EVENT), body.whose or LOGINS, SESSION),)
        case _:
            return _of_a_key(body)


def _of_a_key(body: Body) -> tuple[Seal, ...]:
    match body:
        case IssueApiKey():
            return (Seal(body.sealed, key_reference(body.key), API_KEY),)
        case RotateApiKey():
            return (Seal(body.sealed, key_reference(body.follower), API_KEY),)
        case _:
            return ()


def only_seal(connection: apsw.Connection, person: str, klass: str) -> str | None:
    """The commitment to a value of a class of which a person has one; None: nothing, or it was forgotten."""
    sql = "SELECT commitment FROM rm_seals WHERE person = ? AND class = ? AND erased = 0"
    row = connection.execute(sql, (person, klass)).fetchone()
    return None if row is None else str(row[0])
