"""Bridges: every bridge ever enrolled, its key and its mode, for `evenhand bridge list`."""

from collections.abc import Sequence

import apsw
import msgspec

from firm.facts import BridgeEnrolled, BridgeModeChanged, BridgeRevoked
from firm.kinds import Body
from storage.readmodels.kinds_of import kinds_of
from storage.rows import Row


class Bridges:
    """rm_bridges: one row a bridge."""

    name = "bridges"
    version = 1
    kinds = kinds_of(BridgeEnrolled, BridgeModeChanged, BridgeRevoked)
    schema = """
        CREATE TABLE rm_bridges (
            bridge TEXT NOT NULL PRIMARY KEY,
            public_key TEXT NOT NULL,
            mode TEXT NOT NULL,
            revoked INTEGER NOT NULL,
            enrolled_us INTEGER NOT NULL
        ) STRICT;
    """

    def project(self, connection: apsw.Connection, rows: Sequence[tuple[Row, Body]]) -> None:
        for row, body in rows:
            match body:
                case BridgeEnrolled():
                    connection.execute(
                        "INSERT OR REPLACE INTO rm_bridges (bridge, public_key, mode, revoked, enrolled_us)"
                        " VALUES (?, ?, ?, 0, ?)",
                        (body.bridge, body.public_key, body.mode.value, row.happened_us),
                    )
                case BridgeModeChanged():
                    connection.execute(
                        "UPDATE rm_bridges SET mode = ? WHERE bridge = ?", (body.mode.value, body.bridge)
                    )
                case BridgeRevoked():
                    connection.execute("UPDATE rm_bridges SET revoked = 1 WHERE bridge = ?", (body.bridge,))


class BridgeLine(msgspec.Struct, frozen=True):
    """One bridge. `public_key` in Z85."""

    bridge: str
    public_key: str
    mode: str
    revoked: bool
    enrolled_us: int


def all_bridges(connection: apsw.Connection) -> list[BridgeLine]:
    """In order of name."""
    sql = "SELECT bridge, public_key, mode, revoked, enrolled_us FROM rm_bridges ORDER BY bridge"
    return [
        BridgeLine(bridge, public_key, mode, bool(revoked), enrolled_us)
        for bridge, public_key, mode, revoked, enrolled_us in connection.execute(sql)
    ]
