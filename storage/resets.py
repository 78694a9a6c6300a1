"""Resets: links to a new password, each good for one use and a short time. A new one of a person ends the one before.

Only the SHA-256 of what the link holds is kept, in front.db: where that is lost, a link is made anew.
"""

import hashlib

import apsw

from firm.instant import MINUTE_US
from storage.front import FrontFile, proof_of
from storage.sqlite_file import one_row

GOOD_FOR_US = 60 * MINUTE_US


class ResetBook:
    """Links by what they hold. `now_us` is wall time."""

    def __init__(self, front: FrontFile) -> None:
        self._front = front

    def issue(self, person: str, token: str, now_us: int) -> None:
        row = (person, _hash(token), now_us + GOOD_FOR_US)
        sql = "INSERT OR REPLACE INTO resets (person, token, expires_us, proof) VALUES (?, ?, ?, ?)"
        self._front.do(lambda connection: connection.execute(sql, (*row, proof_of(*row))))

    def person_of(self, token: str, now_us: int) -> str | None:
        """Whose link it is; None: unknown, used or too old."""
        return self._front.do(lambda connection: _person_of(connection, token, now_us))

    def use(self, token: str, now_us: int) -> str | None:
        """The same, and it is good for nothing from now on."""

        def work(connection: apsw.Connection) -> str | None:
            person = _person_of(connection, token, now_us)
            connection.execute("DELETE FROM resets WHERE token = ?", (_hash(token),))
            return person

        return self._front.do(work)

    def purge(self, now_us: int) -> None:
        self._front.do(lambda connection: connection.execute("DELETE FROM resets WHERE expires_us <= ?", (now_us,)))


def _person_of(connection: apsw.Connection, token: str, now_us: int) -> str | None:
    sql = "SELECT person, token, expires_us, proof FROM resets WHERE token = ? AND expires_us > ?"
    row = one_row(connection, sql, (_hash(token), now_us))
    return str(row[0]) if row is not None and row[3] == proof_of(*row[:3]) else None


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
