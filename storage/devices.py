"""Devices: from which browsers a person signed in before, by a long-lived random cookie of which only the hash is kept.

They lie in front.db: where that is lost, every device is new once more. `now_us` is wall time, given by the caller.
"""

import hashlib
from typing import Any, NamedTuple

import apsw

from firm.instant import DAY_US
from storage.front import FrontFile, proof_of
from storage.sqlite_file import changes_any, one_row

DEVICES_PER_PERSON_MAX = 20
KEPT_US = 400 * DAY_US  # as long as a browser keeps a cookie
NAME_LENGTH = 16
WORDS_LENGTH_MAX = 80


class Device(NamedTuple):
    """`name` says which one, and opens nothing."""

    name: str
    words: str
    first_us: int
    seen_us: int


class DeviceBook:
    """Known devices by person."""

    def __init__(self, front: FrontFile) -> None:
        self._front = front

    def knows(self, person: str, cookie: str, now_us: int) -> bool:
        """Whether somebody signed in as this person with this cookie."""
        return self._front.do(lambda connection: _found(connection, person, _hash(cookie), now_us) is not None)

    def any_known(self, person: str) -> bool:
        """Whether this person ever signed in from anywhere, as far as this file goes."""
        sql = "SELECT 1 FROM devices WHERE person = ? LIMIT 1"
        return self._front.do(lambda connection: one_row(connection, sql, (person,)) is not None)

    def keep(self, person: str, cookie: str, words: str, now_us: int) -> bool:
        """They signed in from it now. True: it is new. The one that was longest not seen makes room."""
        device = _hash(cookie)

        def work(connection: apsw.Connection) -> bool:
            known = _found(connection, person, device, now_us)
            row = (person, device, words[:WORDS_LENGTH_MAX], known.first_us if known else now_us, now_us)
            connection.execute(
                "INSERT OR REPLACE INTO devices (person, device, words, first_us, seen_us, proof) VALUES (?, ?, ?, ?, ?, ?)",
                (*row, proof_of(*row)),
            )
            connection.execute(
                "DELETE FROM devices WHERE person = ?1 AND device IN ("
                "SELECT device FROM devices WHERE person = ?1 ORDER BY seen_us DESC LIMIT -1 OFFSET ?2)",
                (person, DEVICES_PER_PERSON_MAX),
            )
            return known is None

        return self._front.do(work)

    def listed(self, person: str) -> list[Device]:
        """The last seen first."""
        sql = "SELECT device, words, first_us, seen_us FROM devices WHERE person = ? ORDER BY seen_us DESC, device"
        rows: list[tuple[Any, ...]] = self._front.do(lambda connection: connection.execute(sql, (person,)).fetchall())
        return [Device(bytes(device).hex()[:NAME_LENGTH], *rest) for device, *rest in rows]

    def forget(self, person: str, name: str) -> bool:
        """The next sign-in from it is one from a new device. False: none is listed under this name."""
        sql = "DELETE FROM devices WHERE person = ? AND substr(lower(hex(device)), 1, ?) = ?"
        return self._front.do(lambda connection: changes_any(connection, sql, (person, NAME_LENGTH, name)))

    def forget_person(self, person: str) -> None:
        self._front.do(lambda connection: connection.execute("DELETE FROM devices WHERE person = ?", (person,)))

    def purge(self, now_us: int) -> None:
        """Remove what no browser can hold any more."""
        self._front.do(
            lambda connection: connection.execute("DELETE FROM devices WHERE seen_us < ?", (now_us - KEPT_US,))
        )


def device_name(cookie: str) -> str:
    """How a device is listed."""
    return _hash(cookie).hex()[:NAME_LENGTH]


def _found(connection: apsw.Connection, person: str, device: bytes, now_us: int) -> Device | None:
    sql = "SELECT words, first_us, seen_us, proof FROM devices WHERE person = ? AND device = ?"
    row = one_row(connection, sql, (person, device))
    if row is None or row[3] != proof_of(person, device, *row[:3]) or row[2] < now_us - KEPT_US:
        return None
    return Device(device.hex()[:NAME_LENGTH], *row[:3])


def _hash(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode()).digest()
