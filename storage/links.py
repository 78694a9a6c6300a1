"""Links: what a mail or the console gives to one person, each good for one use, one purpose and a short time.

Only the SHA-256 of what a link holds is kept, in front.db: where that is lost, a link is made anew. A mail that goes out twice holds two
links, so of each person and purpose the newest few are good until one of them is used.
"""

import hashlib
from enum import StrEnum

import apsw

from firm.instant import MINUTE_US
from storage.front import FrontFile, proof_of
from storage.sqlite_file import one_row

LINKS_PER_PURPOSE_MAX = 3  # of one person
HELD_US = 5 * MINUTE_US  # for whoever uses a link; after a kill in the middle it is good again
_COLUMNS = "token, person, purpose, about, issued_us, expires_us, held_until_us"


class Purpose(StrEnum):
    """What a link is good for."""

    PASSWORD = "password"  # noqa: S105  (words, no password)
    PASSWORD_MAILED = "password_mailed"  # noqa: S105  (and whoever has it reads that person's mails)
    ADDRESS = "address"
    NEW_ADDRESS = "new_address"


class LinkBook:
    """Links by what they hold. `now_us` is wall time."""

    def __init__(self, front: FrontFile) -> None:
        self._front = front

    def issue(
        self,
        person: str,
        purpose: Purpose,
        token: str,
        now_us: int,
        good_for_us: int,
        *,
        alone: bool = False,
        about: str = "",
    ) -> None:
        """`alone`: those of before are good for nothing any more. `about`: the commitment to what alone it is good for."""
        row = (digest_of(token), person, purpose.value, about, now_us, now_us + good_for_us, 0)
        keep = 0 if alone else LINKS_PER_PURPOSE_MAX - 1

        def work(connection: apsw.Connection) -> None:
            connection.execute(
                "DELETE FROM links WHERE token IN (SELECT token FROM links WHERE person = ? AND purpose = ?"
                " ORDER BY issued_us DESC LIMIT -1 OFFSET ?)",
                (person, purpose.value, keep),
            )
            sql = f"INSERT INTO links ({_COLUMNS}, proof) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608  (constants)
            connection.execute(sql, (*row, proof_of(*row)))

        self._front.do(work)

    def person_of(self, purpose: Purpose, link: str, now_us: int, about: str = "") -> str | None:
        """Whose link it is, by its digest; None: unknown, used, too old, for something else, or about something else."""
        found = self.read(purpose, link, now_us)
        return found[0] if found is not None and found[1] == about else None

    def read(self, purpose: Purpose, link: str, now_us: int) -> tuple[str, str] | None:
        """The same, and what it is about."""
        return self._front.do(lambda connection: _found(connection, purpose, link, now_us))

    def use(self, purpose: Purpose, link: str, now_us: int, about: str = "") -> str | None:
        """The same, and no link of this person's for this purpose is good for anything from now on."""

        def work(connection: apsw.Connection) -> str | None:
            found = _found(connection, purpose, link, now_us)
            if found is None or found[1] != about:
                return None
            connection.execute("DELETE FROM links WHERE person = ? AND purpose = ?", (found[0], purpose.value))
            return found[0]

        return self._front.do(work)

    def hold(self, purpose: Purpose, link: str, now_us: int) -> str | None:
        """The same, for whoever does at once what it is good for: meanwhile nobody uses any link of this person's.

        Then comes `forget_person`, or `let_go` where it could not be done.
        """

        def work(connection: apsw.Connection) -> str | None:
            found = _found(connection, purpose, link, now_us)
            if found is not None:
                _hold_until(connection, found[0], now_us + HELD_US)
            return found[0] if found is not None else None

        return self._front.do(work)

    def let_go(self, person: str) -> None:
        """Their links are as good as they were."""
        self._front.do(lambda connection: _hold_until(connection, person, 0))

    def forget_person(self, person: str) -> None:
        self._front.do(lambda connection: connection.execute("DELETE FROM links WHERE person = ?", (person,)))

    def forget_purpose(self, person: str, purpose: Purpose) -> None:
        sql = "DELETE FROM links WHERE person = ? AND purpose = ?"
        self._front.do(lambda connection: connection.execute(sql, (person, purpose.value)))

    def purge(self, now_us: int) -> None:
        self._front.do(lambda connection: connection.execute("DELETE FROM links WHERE expires_us <= ?", (now_us,)))


def _found(connection: apsw.Connection, purpose: Purpose, link: str, now_us: int) -> tuple[str, str] | None:
    """Whose, and what about. A link from the future is of a clock that was set back: it is asked for again."""
    row = one_row(connection, f"SELECT {_COLUMNS}, proof FROM links WHERE token = ?", (link,))  # noqa: S608  (constants)
    if row is None or row[7] != proof_of(*row[:7]) or row[2] != purpose.value or not row[4] <= now_us < row[5]:
        return None
    return (str(row[1]), str(row[3])) if row[6] <= now_us else None


def _hold_until(connection: apsw.Connection, person: str, held_until_us: int) -> None:
    sql = f"SELECT {_COLUMNS}, proof FROM links WHERE person = ?"  # noqa: S608  (constants)
    for *row, proof in connection.execute(sql, (person,)).fetchall():
        if proof == proof_of(*row):
            connection.execute(
                "UPDATE links SET held_until_us = ?, proof = ? WHERE token = ?",
                (held_until_us, proof_of(*row[:6], held_until_us), row[0]),
            )


def digest_of(token: str) -> str:
    """What is kept of a link, here and in the session of whoever opened it: it knows the link again, and opens nothing."""
    return hashlib.sha256(token.encode()).hexdigest()
