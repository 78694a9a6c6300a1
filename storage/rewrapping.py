"""Rewrapping: all keys of a vault go under another master, beside those in use, and then take their place in one step.

Until that step keys.db is under the master before, whatever was prepared: a firm may run, erase and be copied meanwhile. After it
that master opens nothing of the file any more. The sealed values are not touched: their keys stay, wrapped otherwise.
"""

import hashlib
from collections.abc import Sequence

import apsw

from storage.master import CANARY_PLACE, master_id, wrapping_key
from storage.sealing import SealBroken, key_place, sealed, unsealed
from storage.sqlite_file import one_row

BATCH = 1_000  # keys a transaction

_FOLLOWING = """
SELECT person, class, wrapped FROM wrapped_keys
WHERE (person, class) > (?, ?) ORDER BY person, class LIMIT ?
"""
_LEFT_OUT = """
SELECT person, class, wrapped FROM wrapped_keys
WHERE NOT EXISTS (
    SELECT 1 FROM rewrapped WHERE rewrapped.person = wrapped_keys.person AND rewrapped.class = wrapped_keys.class
) ORDER BY person, class LIMIT ?
"""
_PREPARED = """
SELECT person, class, rewrapped.wrapped, wrapped_keys.wrapped FROM rewrapped LEFT JOIN wrapped_keys USING (person, class)
WHERE (person, class) > (?, ?) ORDER BY person, class LIMIT ?
"""
_SWITCH = """
INSERT OR IGNORE INTO first_wrapped SELECT person, class, digest FROM rewrapped;
DELETE FROM wrapped_keys;
INSERT INTO wrapped_keys SELECT person, class, wrapped FROM rewrapped;
DELETE FROM rewrapped;
UPDATE origin SET canary = (SELECT canary FROM rotation);
UPDATE rotation SET is_switched = 1;
"""


class Rewrapping:
    """From one master to another. Each method that ends has committed what it did, and may be called again after a crash."""

    def __init__(self, connection: apsw.Connection, before: bytes, becomes: bytes, pair: bytes) -> None:
        """`before`: the wrapping key in force; `becomes`: the master to come."""
        self._connection = connection
        self._before = before
        self._after = wrapping_key(becomes)
        self._id = master_id(becomes)
        self._pair = pair

    def begin(self) -> None:
        """What was prepared for yet another master is thrown away: nothing rests on it."""
        with self._connection:
            begun = one_row(self._connection, "SELECT becomes, canary FROM rotation")
            if begun is not None and begun[0] == self._id and self._opened(begun[1], CANARY_PLACE) == self._pair:
                return
            self._connection.execute("DELETE FROM rewrapped; DELETE FROM rotation")
            canary = sealed(self._after, self._pair, CANARY_PLACE)
            self._connection.execute(
                "INSERT INTO rotation (becomes, canary, is_switched) VALUES (?, ?, 0)", (self._id, canary)
            )

    def prepare_some(self) -> int:
        """The next keys; how many those were, 0 at the end."""
        last = one_row(self._connection, "SELECT person, class FROM rewrapped ORDER BY person DESC, class DESC LIMIT 1")
        return self._prepare(_FOLLOWING, (*(last or ("", "")), BATCH)) or self._prepare(_LEFT_OUT, (BATCH,))

    def check(self) -> int:
        """Read what was prepared as it lies on the disk, and prepare anew what is not the key in use; how many those were."""
        odd: list[tuple[str, str]] = []
        last = ("", "")
        while rows := list(self._connection.execute(_PREPARED, (*last, BATCH))):
            last = rows[-1][:2]
            odd += [row[:2] for row in rows if not self._is_same(*row)]
        if odd:
            with self._connection:
                self._connection.executemany("DELETE FROM rewrapped WHERE person = ? AND class = ?", odd)
        return len(odd)

    def switch(self) -> int | None:
        """From here on the keys are under the master to come; how many there are. None: not all of them are prepared."""
        with self._connection:
            kept, prepared = (
                int((one_row(self._connection, f"SELECT count(*) FROM {table}") or (0,))[0])  # noqa: S608  (constant names)
                for table in ("wrapped_keys", "rewrapped")
            )
            if kept == prepared:
                self._connection.execute(_SWITCH)
        return kept if kept == prepared else None

    def _prepare(self, sql: str, bindings: Sequence[object]) -> int:
        rows = list(self._connection.execute(sql, bindings))
        fresh = [(*row[:2], self._rewrapped(*row), digest_of(row[2])) for row in rows]
        if fresh:
            with self._connection:
                self._connection.executemany(
                    "INSERT INTO rewrapped (person, class, wrapped, digest) VALUES (?, ?, ?, ?)", fresh
                )
        return len(fresh)

    def _rewrapped(self, person: str, klass: str, wrapped: bytes) -> bytes:
        place = key_place(person, klass)
        return sealed(self._after, unsealed(self._before, wrapped, place), place)

    def _is_same(self, person: str, klass: str, prepared: bytes, wrapped: bytes | None) -> bool:
        place = key_place(person, klass)
        return wrapped is not None and self._opened(prepared, place) == unsealed(self._before, wrapped, place)

    def _opened(self, box: bytes, place: bytes) -> bytes | None:
        try:
            return unsealed(self._after, box, place)
        except SealBroken:
            return None


def digest_of(wrapped: bytes) -> str:
    """A short hash of a wrapped key: enough to see that it is another one."""
    return hashlib.sha256(wrapped).hexdigest()[:16]
