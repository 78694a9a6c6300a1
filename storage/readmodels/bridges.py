"""Bridges: every bridge ever enrolled, its key, its mode and what it last told of its platform, for the console and for drafts."""

from collections.abc import Sequence

import apsw
import msgspec

from firm.commands import BridgeMode
from firm.facts import BridgeEnrolled, BridgeModeChanged, BridgeRevoked
from firm.inputs import BridgeConnected, BridgeDisconnected, EngineResumed, EpochOpened
from firm.kinds import Body
from firm.platform_listing import PlatformGroup, PlatformListing
from storage.readmodels.kinds_of import kinds_of
from storage.rows import Row

_GROUPS = msgspec.json.Decoder(tuple[PlatformGroup, ...])


class Bridges:
    """rm_bridges: one row a bridge."""

    name = "bridges"
    version = 2
    kinds = kinds_of(
        BridgeEnrolled,
        BridgeModeChanged,
        BridgeRevoked,
        BridgeConnected,
        BridgeDisconnected,
        EngineResumed,
        EpochOpened,
    )
    schema = """
        CREATE TABLE rm_bridges (
            bridge TEXT NOT NULL PRIMARY KEY,
            public_key TEXT NOT NULL,
            mode TEXT NOT NULL,
            revoked INTEGER NOT NULL,
            enrolled_us INTEGER NOT NULL,
            session TEXT NOT NULL,
            groups TEXT NOT NULL
        ) STRICT;
    """

    def project(self, connection: apsw.Connection, rows: Sequence[tuple[Row, Body]]) -> None:
        for row, body in rows:
            match body:
                case BridgeEnrolled():
                    connection.execute(
                        "INSERT OR REPLACE INTO rm_bridges (bridge, public_key, mode, revoked, enrolled_us, session, groups)"
                        " VALUES (?, ?, ?, 0, ?, '', '[]')",
                        (body.bridge, body.public_key, body.mode.value, row.happened_us),
                    )
                case BridgeModeChanged():
                    connection.execute(
                        "UPDATE rm_bridges SET mode = ? WHERE bridge = ?", (body.mode.value, body.bridge)
                    )
                case BridgeRevoked():
                    connection.execute("UPDATE rm_bridges SET revoked = 1 WHERE bridge = ?", (body.bridge,))
                case EngineResumed() | EpochOpened():  # no session outlives the process that held it
                    connection.execute("UPDATE rm_bridges SET session = ''")
                case BridgeConnected():
                    groups = msgspec.json.encode(body.groups).decode()
                    told = (body.session, groups, body.bridge)
                    connection.execute("UPDATE rm_bridges SET session = ?, groups = ? WHERE bridge = ?", told)
                case BridgeDisconnected():
                    connection.execute(
                        "UPDATE rm_bridges SET session = '' WHERE bridge = ? AND session = ?",
                        (body.bridge, body.session),
                    )


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


def listings(connection: apsw.Connection) -> dict[str, PlatformListing]:
    """What each platform last told of itself, by its bridge; those that were revoked are left out."""
    sql = "SELECT bridge, session, groups, mode FROM rm_bridges WHERE NOT revoked ORDER BY bridge"
    return {
        bridge: PlatformListing(
            connected=session != "", groups=_GROUPS.decode(groups), observes=mode == BridgeMode.OBSERVE.value
        )
        for bridge, session, groups, mode in connection.execute(sql)
    }


def are_kept(connection: apsw.Connection) -> bool:
    """Whether anybody has read the ledger into this model: not in a firm that was founded and never served."""
    sql = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'rm_bridges'"
    return connection.execute(sql).fetchone() is not None


def bridges_with_accounts(connection: apsw.Connection) -> frozenset[str]:
    """Those on which accounts are, or were, that are there for whoever asks."""
    return frozenset(bridge for (bridge,) in connection.execute("SELECT DISTINCT bridge FROM rm_account"))
