"""Controls: the kill switches and the breaker as they are now, with who did what, when and why."""

from collections.abc import Sequence

import apsw
import msgspec

from firm.commands import KillSwitch
from firm.facts import BreakerReset, BreakerTripped, KillSwitchEngaged, KillSwitchReleaseAsked, KillSwitchReleased
from firm.kinds import Body
from storage.readmodels.kinds_of import kinds_of
from storage.rows import Row

BREAKER = "breaker"

SCHEMA = """
CREATE TABLE rm_control (
    seq INTEGER PRIMARY KEY, control TEXT NOT NULL, act TEXT NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL,
    at_us INTEGER NOT NULL
) STRICT;
CREATE INDEX rm_control_control ON rm_control (control, seq);
"""


class Controls:
    """The `controls` read model: every act on a control; the last one says how it stands."""

    name = "controls"
    version = 1
    schema = SCHEMA
    kinds = kinds_of(KillSwitchEngaged, KillSwitchReleaseAsked, KillSwitchReleased, BreakerTripped, BreakerReset)

    def project(self, connection: apsw.Connection, rows: Sequence[tuple[Row, Body]]) -> None:
        for row, body in rows:
            found = _act(body)
            if found is not None:
                connection.execute(
                    "INSERT INTO rm_control (seq, control, act, who, why, at_us) VALUES (?, ?, ?, ?, ?, ?)",
                    (row.seq, *found, row.happened_us),
                )


def _act(body: Body) -> tuple[str, str, str, str] | None:
    match body:
        case KillSwitchEngaged():
            return body.switch.value, "engaged", body.by, body.why
        case KillSwitchReleaseAsked():
            return body.switch.value, "release_asked", body.by, body.why
        case KillSwitchReleased():
            return body.switch.value, "released", " and ".join(body.by), body.why
        case BreakerTripped():
            return BREAKER, "engaged", "the engine", f"{body.failures} failures among {body.accounts} accounts"
        case BreakerReset():
            return BREAKER, "released", "", body.why
        case _:
            return None


class ControlAct(msgspec.Struct, frozen=True):
    """One act: `engaged`, `release_asked` or `released`, by whom and why."""

    seq: int
    control: str
    act: str
    who: str
    why: str
    at_us: int


def control_states(connection: apsw.Connection) -> dict[str, ControlAct | None]:
    """Each control with the last act on it; None where nothing was ever done."""
    sql = (
        "SELECT seq, control, act, who, why, at_us FROM rm_control WHERE seq IN"
        " (SELECT max(seq) FROM rm_control GROUP BY control)"
    )
    last = {row[1]: ControlAct(*row) for row in connection.execute(sql)}
    return {name: last.get(name) for name in (*(switch.value for switch in KillSwitch), BREAKER)}


def control_history(connection: apsw.Connection, limit: int) -> list[ControlAct]:
    """What was done, newest first."""
    sql = "SELECT seq, control, act, who, why, at_us FROM rm_control ORDER BY seq DESC LIMIT ?"
    return [ControlAct(*row) for row in connection.execute(sql, (limit,))]
