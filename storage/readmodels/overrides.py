"""Overrides: the exceptions from accounts' rules that were asked for and granted, each with who, why and on what evidence."""

from collections.abc import Sequence

import apsw
import msgspec

from firm.facts import FloorSet, OverrideAsked, OverrideGranted
from firm.kinds import Body
from firm.overrides import Override
from storage.readmodels.kinds_of import kinds_of
from storage.rows import Row

SCHEMA = """
CREATE TABLE rm_override (
    seq INTEGER PRIMARY KEY, account INTEGER NOT NULL, granted INTEGER NOT NULL, override TEXT NOT NULL, who TEXT NOT NULL,
    why TEXT NOT NULL, evidence TEXT NOT NULL, at_us INTEGER NOT NULL, floors TEXT NOT NULL
) STRICT;
CREATE INDEX rm_override_account ON rm_override (account, seq);
"""

_INSERT = "INSERT INTO rm_override (seq, account, granted, override, who, why, evidence, at_us, floors) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"


class AccountOverrides:
    """The `overrides` read model."""

    name = "overrides"
    version = 3
    schema = SCHEMA
    kinds = kinds_of(OverrideAsked, OverrideGranted)

    def project(self, connection: apsw.Connection, rows: Sequence[tuple[Row, Body]]) -> None:
        for row, body in rows:
            if isinstance(body, OverrideAsked | OverrideGranted):
                who = " and ".join(body.by) if isinstance(body, OverrideGranted) else body.by
                granted = int(isinstance(body, OverrideGranted))
                wanted = msgspec.json.encode(body.override).decode()
                said, floors = (body.why, body.evidence), "[]"
                if isinstance(body, OverrideGranted):
                    said, floors = (body.reasons, body.all_evidence), msgspec.json.encode(body.floors).decode()
                values = (row.seq, row.account, granted, wanted, who, *said, row.happened_us, floors)
                connection.execute(_INSERT, values)


class OverrideLine(msgspec.Struct, frozen=True):
    """One exception. `granted`: False where a second person was asked for, in this row, and not more. `who`: references.
    `why`, `evidence`: of all of them, in their order.

    `floors`: those that moved with a mark; none where its row does not say.
    """

    seq: int
    granted: bool
    override: Override
    who: str
    why: str
    evidence: str
    at_us: int
    floors: tuple[FloorSet, ...] = ()


_override = msgspec.json.Decoder(Override)
_floors = msgspec.json.Decoder(tuple[FloorSet, ...])
_OF_ACCOUNT = "SELECT seq, granted, override, who, why, evidence, at_us, floors FROM rm_override WHERE account = ?"


def overrides_of(connection: apsw.Connection, account: int, limit: int) -> list[OverrideLine]:
    """The account's exceptions, newest first."""
    return _lines(connection, f"{_OF_ACCOUNT} ORDER BY seq DESC LIMIT ?", (account, limit))


def granted_below(connection: apsw.Connection, account: int, seq: int, limit: int) -> list[OverrideLine]:
    """Those that were granted to the account in rows below this one, newest first."""
    return _lines(connection, f"{_OF_ACCOUNT} AND granted AND seq < ? ORDER BY seq DESC LIMIT ?", (account, seq, limit))


def _lines(connection: apsw.Connection, sql: str, values: tuple[int, ...]) -> list[OverrideLine]:
    return [
        OverrideLine(seq, bool(granted), _override.decode(wanted), who, why, evidence, at_us, _floors.decode(floors))
        for seq, granted, wanted, who, why, evidence, at_us, floors in connection.execute(sql, values)
    ]
