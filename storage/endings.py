"""Endings: in what order people's sessions were ended, so that no sign-in that began before an ending gives a session after it.

A sign-in keeps the mark of the moment at which it began, and the transaction that begins its session looks whether that person's sessions
were ended since. Where front.db is lost, marks of before count as too old. All of this is within a transaction of front.db.
"""

import secrets
from typing import Any

import apsw

from firm.instant import DAY_US
from storage.front import proof_of
from storage.sqlite_file import one_row

SERIES_BYTES = 8
KEPT_US = DAY_US  # no sign-in takes that long
_ALL = ""  # nobody's row counts the endings of all


def mark_now(connection: apsw.Connection) -> str:
    """The mark of this moment, for a sign-in that begins."""
    number, series = _counted(connection)
    return f"{series}.{number}"


def end(connection: apsw.Connection, person: str) -> None:
    """Sign-ins of this person that have begun by now are over."""
    assert person
    number, series = _counted(connection)
    for whose in (_ALL, person):
        _put(connection, whose, number + 1, series, 0)


def is_over(connection: apsw.Connection, person: str, mark: str) -> bool:
    """Whether this person's sessions were ended since the mark. What nobody can read counts as an ending."""
    series, _, number = mark.partition(".")
    if series != _counted(connection)[1] or not number.isdecimal():
        return True
    row = one_row(connection, "SELECT person, number, series, seen_us, proof FROM endings WHERE person = ?", (person,))
    return row is not None and (row[4] != proof_of(*row[:4]) or row[2] != series or row[1] > int(number))


def forget_old(connection: apsw.Connection, now_us: int) -> None:
    """Remove endings that no sign-in can have begun before. To be called now and then."""
    connection.execute(
        "DELETE FROM endings WHERE person <> ? AND seen_us BETWEEN 1 AND ?", (_ALL, max(1, now_us - KEPT_US))
    )
    sql = "SELECT person, number, series FROM endings WHERE person <> ? AND seen_us = 0"
    rows: list[tuple[Any, ...]] = connection.execute(sql, (_ALL,)).fetchall()
    for person, number, series in rows:
        _put(connection, person, number, series, now_us)


def _counted(connection: apsw.Connection) -> tuple[int, str]:
    """How many endings there were, and in which count. One that cannot be read begins anew, and nothing begun in it counts."""
    row = one_row(connection, "SELECT person, number, series, seen_us, proof FROM endings WHERE person = ?", (_ALL,))
    if row is not None and row[4] == proof_of(*row[:4]):
        return int(row[1]), str(row[2])
    series = secrets.token_hex(SERIES_BYTES)
    _put(connection, _ALL, 0, series, 0)
    return 0, series


def _put(connection: apsw.Connection, person: str, number: int, series: str, seen_us: int) -> None:
    row = (person, number, series, seen_us)
    connection.execute(
        "INSERT OR REPLACE INTO endings (person, number, series, seen_us, proof) VALUES (?, ?, ?, ?, ?)",
        (*row, proof_of(*row)),
    )
