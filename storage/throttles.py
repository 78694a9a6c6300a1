"""Throttles: how often an address or an account may try something within a sliding window.

Addresses are kept as keyed hashes. Counters are bounded: the longest silent ones are forgotten first.
"""

import hashlib
from array import array
from typing import NamedTuple

import apsw

from firm.instant import DAY_US
from storage.front import FrontFile, proof_of
from storage.sqlite_file import one_row

SUBJECTS_PER_SCOPE_MAX = 50_000
ATTEMPTS_MAX = 1_000
WINDOW_MAX_US = DAY_US

_Key = tuple[str, bytes]


class Limit(NamedTuple):
    """At most `attempts` within any `window_us`."""

    attempts: int
    window_us: int


class Throttle:
    """Counters by scope ("sign-in by address", "sign-in by account") and subject."""

    def __init__(self, front: FrontFile, pepper: bytes) -> None:
        self._front = front
        self._pepper = pepper

    def wait_us(self, scope: str, subject: str, limit: Limit, now_us: int) -> int:
        """0: admitted, and counted. Else how long to wait; a refused attempt does not prolong the wait."""
        assert 0 < limit.attempts <= ATTEMPTS_MAX
        assert 0 < limit.window_us <= WINDOW_MAX_US
        key = self._key(scope, subject)
        return self._front.do(lambda connection: _admit(connection, key, limit, now_us))

    def forget(self, scope: str, subject: str) -> None:
        """Start anew, after a success."""
        key = self._key(scope, subject)
        self._front.do(
            lambda connection: connection.execute("DELETE FROM throttles WHERE scope = ? AND subject = ?", key)
        )

    def give_back(self, scope: str, subject: str, at_us: int) -> None:
        """Uncount the one attempt that was admitted at `at_us`; all others go on counting."""
        key = self._key(scope, subject)
        self._front.do(lambda connection: _give_back(connection, key, at_us))

    def purge(self, now_us: int) -> None:
        """Remove counters that no window reaches any more."""
        self._front.do(
            lambda connection: connection.execute("DELETE FROM throttles WHERE last_us < ?", (now_us - WINDOW_MAX_US,))
        )

    def _key(self, scope: str, subject: str) -> _Key:
        return scope, hashlib.blake2b(subject.encode(), key=self._pepper, digest_size=32).digest()


def _admit(connection: apsw.Connection, key: _Key, limit: Limit, now_us: int) -> int:
    is_new, attempts = _attempts(connection, key)
    # Attempts from the future are of a clock that was set back: they would bar somebody for as long as the step was.
    counted = [at_us for at_us in attempts if now_us - limit.window_us < at_us <= now_us]
    if len(counted) >= limit.attempts:
        return counted[-limit.attempts] + limit.window_us - now_us
    _put(connection, key, [*counted, now_us])
    if is_new:
        _make_room(connection, key[0])
    return 0


def _give_back(connection: apsw.Connection, key: _Key, at_us: int) -> None:
    _, attempts = _attempts(connection, key)
    if at_us in attempts:
        attempts.remove(at_us)
        _put(connection, key, attempts)


def _attempts(connection: apsw.Connection, key: _Key) -> tuple[bool, list[int]]:
    """Whether there is no row, and the attempts; a row that has not its own checksum counts as lost."""
    sql = "SELECT attempts, last_us, proof FROM throttles WHERE scope = ? AND subject = ?"
    row = one_row(connection, sql, key)
    known = row is not None and row[2] == proof_of(*key, *row[:2])
    return row is None, list(array("q", row[0] if row and known else b""))


def _put(connection: apsw.Connection, key: _Key, attempts: list[int]) -> None:
    packed, last_us = array("q", attempts).tobytes(), attempts[-1] if attempts else 0
    connection.execute(
        "INSERT OR REPLACE INTO throttles (scope, subject, attempts, last_us, proof) VALUES (?, ?, ?, ?, ?)",
        (*key, packed, last_us, proof_of(*key, packed, last_us)),
    )


def _make_room(connection: apsw.Connection, scope: str) -> None:
    held = one_row(connection, "SELECT count(*) FROM throttles WHERE scope = ?", (scope,))
    assert held is not None
    if held[0] > SUBJECTS_PER_SCOPE_MAX:
        connection.execute(
            "DELETE FROM throttles WHERE scope = ? AND subject IN ("
            "SELECT subject FROM throttles WHERE scope = ? ORDER BY last_us LIMIT ?)",
            (scope, scope, held[0] - SUBJECTS_PER_SCOPE_MAX),
        )
