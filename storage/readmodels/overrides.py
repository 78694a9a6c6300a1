"""Overrides: the exceptions from accounts' rules that were asked for and granted, each with who, why and on what evidence."""

from collections.abc import Sequence

import apsw
import msgspec

from firm.facts import OverrideAsked, OverrideGranted
from firm.kinds import Body
from firm.overrides import Override
from storage.readmodels.kinds_of import kinds_of
from storage.rows import Row

SCHEMA = """
CREATE TABLE rm_override (
    seq INTEGER PRIMARY KEY, account INTEGER NOT NULL, granted INTEGER NOT NULL, override TEXT NOT NULL, who TEXT NOT NULL,
    why TEXT NOT NULL, evidence TEXT NOT NULL, at_us INTEGER NOT NULL
) STRICT;
CREATE INDEX rm_override_account ON rm_override (account, seq);
"""

_INSERT = "INSERT INTO rm_override (seq, account, granted, override, who, why, evidence, at_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"


class AccountOverrides:
    """The `overrides` read model."""

    name = "overrides"
    version = 2
    schema = SCHEMA
    kinds = kinds_of(OverrideAsked, OverrideGranted)

    def project(self, connection: apsw.Connection, rows: Sequence[tuple[Row, Body]]) -> None:
        for row, body in rows:
            if isinstance(body, OverrideAsked | OverrideGranted):
                who = " and ".join(body.by) if isinstance(body, OverrideGranted) else body.by
                granted = int(isinstance(body, OverrideGranted))
                wanted = msgspec.json.encode(body.override).decode()
                said = (
                    (body.reasons, body.all_evidence)
                    if isinstance(body, OverrideGranted)
                    else (body.why, body.evidence)
                )
                connection.execute(_INSERT, (row.seq, row.account, granted, wanted, who, *said, row.happened_us))


class OverrideLine(msgspec.Struct, frozen=True):
    """One exception. `granted`: False where a second person was asked for, in this row, and not more. `who`: references.
    `why`, `evidence`: of all of them, in their order.
    """

    seq: int
    granted: bool
    override: Override
    who: str
    why: str
    evidence: str
    at_us: int


_override = msgspec.json.Decoder(Override)


def overrides_of(connection: apsw.Connection, account: int, limit: int) -> list[OverrideLine]:
    """The account's exceptions, newest first."""
    sql = "SELECT seq, granted, override, who, why, evidence, at_us FROM rm_override WHERE account = ? ORDER BY seq DESC LIMIT ?"
    return [
        OverrideLine(seq, bool(granted), _override.decode(wanted), *said)
        for seq, granted, wanted, *said in connection.execute(sql, (account, limit))
    ]
