"""Held phases: phases that were reached and whose accounts wait for a person, as they would pass what a rule allows one trader."""

from collections.abc import Sequence

import apsw
import msgspec

from firm.facts import ChallengeAdvanced, ChallengeHeld
from firm.kinds import Body
from storage.readmodels.kinds_of import kinds_of
from storage.rows import Row

SCHEMA = """
CREATE TABLE rm_held_phase (
    challenge INTEGER PRIMARY KEY, account INTEGER NOT NULL, phase INTEGER NOT NULL, why TEXT NOT NULL, at_us INTEGER NOT NULL,
    seq INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX rm_held_phase_account ON rm_held_phase (account);
"""

_INSERT = "INSERT OR REPLACE INTO rm_held_phase (challenge, account, phase, why, at_us, seq) VALUES (?, ?, ?, ?, ?, ?)"
_COLUMNS = "challenge, account, phase, why, at_us, seq"


class HeldPhases:
    """The `held_phases` read model: a row while a phase waits."""

    name = "held_phases"
    version = 1
    schema = SCHEMA
    kinds = kinds_of(ChallengeHeld, ChallengeAdvanced)

    def project(self, connection: apsw.Connection, rows: Sequence[tuple[Row, Body]]) -> None:
        for row, body in rows:
            if isinstance(body, ChallengeHeld):
                held = (body.challenge, row.account, body.phase, body.why, row.happened_us, row.seq)
                connection.execute(_INSERT, held)
            elif isinstance(body, ChallengeAdvanced):
                connection.execute("DELETE FROM rm_held_phase WHERE challenge = ?", (body.challenge,))


class HeldPhase(msgspec.Struct, frozen=True):
    """One that waits. `account`: the one that reached it; `phase`: its place, from 0; `seq`: the row that says so."""

    challenge: int
    account: int
    phase: int
    why: str
    at_us: int
    seq: int


def held_phase(connection: apsw.Connection, account: int) -> HeldPhase | None:
    """What waits behind an account that was passed."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM rm_held_phase WHERE account = ?", (account,)).fetchone()  # noqa: S608  (constant columns)
    return None if row is None else HeldPhase(*row)


def held_phases(connection: apsw.Connection, limit: int) -> list[HeldPhase]:
    """All that wait, the oldest first."""
    sql = f"SELECT {_COLUMNS} FROM rm_held_phase ORDER BY seq LIMIT ?"  # noqa: S608  (constant columns)
    return [HeldPhase(*row) for row in connection.execute(sql, (limit,))]
