"""Keys used: when a machine last asked with each API key. In front.db, which may be lost: then nobody knows until it asks again.

The table is made where it is missing, so that a front.db of an earlier release keeps its sessions and drafts.
"""

from typing import Any

import apsw

from firm.bounds import API_KEYS_MAX
from firm.instant import MINUTE_US
from storage.front import FrontFile, proof_of

WRITTEN_EVERY_US = MINUTE_US  # a use within this time after the last one that was written writes nothing
KEPT_MAX = 10 * API_KEYS_MAX  # of keys that are good and were

_SCHEMA = "CREATE TABLE IF NOT EXISTS keys_used (api_key INTEGER PRIMARY KEY, used_us INTEGER NOT NULL, proof BLOB NOT NULL) STRICT"


class KeysUsed:
    """When each key was used last, by wall time. `note` is called at each use and mostly writes nothing."""

    def __init__(self, front: FrontFile) -> None:
        self._front = front
        self._written: dict[int, int] = {}

    def is_known(self, key: int, now_us: int) -> bool:
        """Whether a use at this instant is as good as written. Called in the event loop."""
        return 0 <= now_us - self._written.get(key, -WRITTEN_EVERY_US) < WRITTEN_EVERY_US

    def note(self, key: int, now_us: int) -> None:
        if self.is_known(key, now_us):
            return
        if len(self._written) >= KEPT_MAX:
            self._written.clear()
        self._written[key] = now_us

        def work(connection: apsw.Connection) -> None:
            connection.execute(_SCHEMA)
            row = (key, now_us)
            sql = "INSERT OR REPLACE INTO keys_used (api_key, used_us, proof) VALUES (?, ?, ?)"
            connection.execute(sql, (*row, proof_of(*row)))
            connection.execute(
                "DELETE FROM keys_used WHERE api_key IN (SELECT api_key FROM keys_used ORDER BY used_us DESC LIMIT -1 OFFSET ?)",
                (KEPT_MAX,),
            )

        self._front.do(work)

    def all(self) -> dict[int, int]:
        """By key."""

        def work(connection: apsw.Connection) -> dict[int, int]:
            connection.execute(_SCHEMA)
            rows: list[Any] = connection.execute("SELECT api_key, used_us, proof FROM keys_used").fetchall()
            return {key: used_us for key, used_us, proof in rows if proof == proof_of(key, used_us)}

        return self._front.do(work)
