"""Sessions: who is signed in, until when. A session ends after some idle time, and at the latest some time after it began.

Only the SHA-256 of a session's id is kept (the id is at least 128 random bits): a copy of front.db opens nobody's session.
Methods touch a file and may be called from any thread; `now_us` is wall time, given by the caller.
"""

import hashlib
from collections.abc import Callable
from typing import Any, NamedTuple

import apsw

from firm.instant import HOUR_US, MINUTE_US
from storage import endings
from storage.front import FrontFile, proof_of
from storage.sqlite_file import changes_any, one_row

SESSIONS_MAX = 50_000  # of people who are signed in
NOBODYS_MAX = 10_000  # of strangers: what waits for a second factor, a passkey or the button of a link
PURGED_AT_ONCE = 100  # in one transaction: pages wait for it
SESSIONS_PER_PERSON_MAX = 20
NAME_LENGTH = 16  # of the hash of an id, in hex, by which a person names a session of theirs
RENEW_EVERY_US = MINUTE_US  # a page view within this time after the last one writes nothing
IDLE_US = HOUR_US
ABSOLUTE_US = 12 * HOUR_US
UNSIGNED_US = 10 * MINUTE_US  # how long after the password was right its second factor may follow


class Session(NamedTuple):
    """`person` is a pseudonym ("trader:123"), or "" before anyone signed in."""

    person: str
    content: bytes
    created_us: int
    seen_us: int
    expires_us: int


class SessionStore:
    """Sessions by opaque id."""

    def __init__(self, front: FrontFile, idle_us: int = IDLE_US, absolute_us: int = ABSOLUTE_US) -> None:
        assert 0 < idle_us <= absolute_us
        self._front = front
        self._idle_us = idle_us
        self._absolute_us = absolute_us

    def set(self, session_id: str, content: bytes, now_us: int, person: str = "", since: str = "") -> bool:
        """Create a session or replace its content. A live one keeps when it began, so that it cannot be prolonged for ever.

        `since`: the mark of when the sign-in began. False: all of this person's sessions were ended after it, and there is none.
        """

        def work(connection: apsw.Connection) -> bool:
            if since and endings.is_over(connection, person, since):
                return False
            known = _live(connection, session_id, now_us)
            created_us = known.created_us if known else now_us
            expires_us = self._expires_us(person, created_us, now_us)
            _put(connection, _hash(session_id), Session(person, content, created_us, now_us, expires_us))
            if known is None:
                _make_room(connection, person)
            return True

        return self._front.do(work)

    def mark(self) -> str:
        """Of this moment, for a sign-in that begins: to be kept until it gives a session, or `is_over`."""
        return self._front.do(endings.mark_now)

    def is_over(self, person: str, since: str) -> bool:
        """Whether a sign-in that began at this mark can give this person no session any more."""
        return self._front.do(lambda connection: endings.is_over(connection, person, since))

    def get(self, session_id: str, now_us: int) -> Session | None:
        """None: unknown, ended or lost."""
        return self._front.do(lambda connection: _live(connection, session_id, now_us))

    def renew(self, session_id: str, now_us: int) -> bool:
        """Somebody used it: idle time starts anew. False: it has ended."""

        def work(connection: apsw.Connection) -> bool:
            known = _live(connection, session_id, now_us)
            if known and now_us - known.seen_us >= RENEW_EVERY_US:
                expires_us = self._expires_us(known.person, known.created_us, now_us)
                _put(connection, _hash(session_id), known._replace(seen_us=now_us, expires_us=expires_us))
            return known is not None

        return self._front.do(work)

    def delete(self, session_id: str) -> None:
        self._front.do(
            lambda connection: connection.execute("DELETE FROM sessions WHERE session = ?", (_hash(session_id),))
        )

    def delete_person(self, person: str, except_id: str = "") -> bool:
        """Sign a person out everywhere, but for the session they ask it from. What has begun to be a sign-in becomes no session.

        False: there was no other session.
        """

        def work(connection: apsw.Connection) -> bool:
            sql = "DELETE FROM sessions WHERE person = ? AND session <> ?"
            ended = changes_any(connection, sql, (person, _hash(except_id)))
            endings.end(connection, person)
            return ended

        return self._front.do(work)

    def change(self, session_id: str, now_us: int, work: Callable[[bytes], bytes]) -> bool:
        """Let `work` say what takes the place of a session's content, with nobody between. False: it has ended."""

        def change(connection: apsw.Connection) -> bool:
            known = _live(connection, session_id, now_us)
            if known is not None:
                _put(connection, _hash(session_id), known._replace(content=work(known.content)))
            return known is not None

        return self._front.do(change)

    def change_others(self, person: str, except_id: str, now_us: int, work: Callable[[bytes], bytes]) -> None:
        """The same of all live sessions of a person but one."""

        def change(connection: apsw.Connection) -> None:
            for key, session in _all_live(connection, person, now_us):
                if key != _hash(except_id):
                    _put(connection, key, session._replace(content=work(session.content)))

        self._front.do(change)

    def rotate(self, session_id: str, new_id: str, content: bytes, now_us: int) -> bool:
        """Go on under another id: the one before opens nothing any more, and when it began stays. False: it has ended."""

        def rotate(connection: apsw.Connection) -> bool:
            known = _live(connection, session_id, now_us)
            if known is not None:
                connection.execute("DELETE FROM sessions WHERE session = ?", (_hash(session_id),))
                expires_us = self._expires_us(known.person, known.created_us, now_us)
                renewed = known._replace(content=content, seen_us=now_us, expires_us=expires_us)
                _put(connection, _hash(new_id), renewed)
            return known is not None

        return self._front.do(rotate)

    def listed(self, person: str, now_us: int) -> list[tuple[str, Session]]:
        """A person's live sessions, the newest first, each with a name that is not its id and opens nothing."""

        def look(connection: apsw.Connection) -> list[tuple[str, Session]]:
            found = _all_live(connection, person, now_us)
            return [(key.hex()[:NAME_LENGTH], session) for key, session in found]

        return sorted(self._front.do(look), key=lambda one: -one[1].created_us)

    def end_named(self, person: str, name: str) -> bool:
        """End the one of a person's sessions that is listed under this name. False: there is none."""
        sql = "DELETE FROM sessions WHERE person = ? AND substr(lower(hex(session)), 1, ?) = ?"
        return self._front.do(lambda connection: changes_any(connection, sql, (person, NAME_LENGTH, name)))

    def purge(self, now_us: int) -> int:
        """Remove what has ended, a little at a time, so that no page waits for all of it; says how many."""

        def work(connection: apsw.Connection) -> int:
            removed = 0
            for whose in ("person = ''", "person <> ''"):
                connection.execute(
                    f"DELETE FROM sessions WHERE session IN (SELECT session FROM sessions WHERE {whose} AND expires_us <= ?"  # noqa: S608  (constants)
                    " ORDER BY expires_us LIMIT ?)",
                    (now_us, PURGED_AT_ONCE - removed),
                )
                removed += connection.changes()
            return removed

        self._front.do(lambda connection: endings.forget_old(connection, now_us))
        removed = 0
        while some := self._front.do(work):
            removed += some
        return removed

    def _expires_us(self, person: str, created_us: int, now_us: int) -> int:
        return min(now_us + self._idle_us, created_us + (self._absolute_us if person else UNSIGNED_US))


def _live(connection: apsw.Connection, session_id: str, now_us: int) -> Session | None:
    sql = "SELECT proof, person, content, created_us, seen_us, expires_us FROM sessions WHERE session = ? AND expires_us > ?"
    proof, *row = one_row(connection, sql, (_hash(session_id), now_us)) or (b"",)
    return Session(*row) if row and proof == proof_of(_hash(session_id), *row) else None


def _all_live(connection: apsw.Connection, person: str, now_us: int) -> list[tuple[bytes, Session]]:
    sql = (
        "SELECT session, proof, person, content, created_us, seen_us, expires_us FROM sessions"
        " WHERE person = ? AND expires_us > ?"
    )
    rows: list[tuple[Any, ...]] = connection.execute(sql, (person, now_us)).fetchall()
    return [(bytes(key), Session(*row)) for key, proof, *row in rows if proof == proof_of(bytes(key), *row)]


def _put(connection: apsw.Connection, key: bytes, session: Session) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO sessions (session, person, content, created_us, seen_us, expires_us, proof)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (key, *session, proof_of(key, *session)),
    )


def _make_room(connection: apsw.Connection, person: str) -> None:
    """Bounded by person, then in all; nobody's by themselves, so that strangers cannot sign people out, nor make anybody wait."""
    if not person:
        _keep(connection, "person = ''", NOBODYS_MAX)
        return
    connection.execute(
        "DELETE FROM sessions WHERE session IN ("
        "SELECT session FROM sessions WHERE person = ? ORDER BY created_us DESC LIMIT -1 OFFSET ?)",
        (person, SESSIONS_PER_PERSON_MAX),
    )
    _keep(connection, "person <> ''", SESSIONS_MAX)


def _keep(connection: apsw.Connection, whose: str, at_most: int) -> None:
    """Those that would end first go first; an index has both the count and the order."""
    held = one_row(connection, f"SELECT count(*) FROM sessions WHERE {whose}")  # noqa: S608  (constants)
    assert held is not None
    if held[0] > at_most:
        connection.execute(
            f"DELETE FROM sessions WHERE session IN (SELECT session FROM sessions WHERE {whose} ORDER BY expires_us LIMIT ?)",  # noqa: S608  (constants)
            (held[0] - at_most,),
        )


def name_of(session_id: str) -> str:
    """How a session is listed."""
    return _hash(session_id).hex()[:NAME_LENGTH]


def _hash(session_id: str) -> bytes:
    return hashlib.sha256(session_id.encode()).digest()
