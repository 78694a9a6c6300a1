"""Programs: everything that was ever on offer, each time it was published, and what was retired, for the staff's pages."""

from collections.abc import Sequence
from typing import Any

import apsw
import msgspec

from firm.commands import PublishProgram
from firm.facts import ProgramPublished, ProgramRetired
from firm.kinds import Body
from firm.ruleset import Program
from storage.readmodels.kinds_of import kinds_of
from storage.rows import INTEGER_MAX, Row

SCHEMA = """
CREATE TABLE rm_program_asked (seq INTEGER PRIMARY KEY, who TEXT NOT NULL, why TEXT NOT NULL) STRICT;
CREATE TABLE rm_program (
    seq INTEGER PRIMARY KEY, program TEXT NOT NULL, title TEXT NOT NULL, who TEXT NOT NULL, at_us INTEGER NOT NULL,
    sold TEXT NOT NULL, why TEXT NOT NULL
) STRICT;
CREATE INDEX rm_program_name ON rm_program (program, seq);
CREATE TABLE rm_program_retired (
    program TEXT PRIMARY KEY, seq INTEGER NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL, at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
"""


class Programs:
    """The `programs` read model."""

    name = "programs"
    version = 2
    schema = SCHEMA
    kinds = kinds_of(PublishProgram, ProgramPublished, ProgramRetired)

    def project(self, connection: apsw.Connection, rows: Sequence[tuple[Row, Body]]) -> None:
        for row, body in rows:
            match body:
                case PublishProgram():
                    why = "" if body.publication is None else body.publication.why
                    connection.execute(
                        "INSERT INTO rm_program_asked (seq, who, why) VALUES (?, ?, ?)", (row.seq, body.by, why)
                    )
                case ProgramPublished():
                    _publish(connection, row, body)
                case ProgramRetired():
                    connection.execute(
                        "INSERT OR REPLACE INTO rm_program_retired (program, seq, who, why, at_us) VALUES (?, ?, ?, ?, ?)",
                        (body.program, row.seq, body.by, body.why, row.happened_us),
                    )


def _publish(connection: apsw.Connection, row: Row, fact: ProgramPublished) -> None:
    """What is published is on offer, whatever was said of it before."""
    sold = fact.program
    asked = connection.execute("SELECT who, why FROM rm_program_asked WHERE seq = ?", (row.cause,)).fetchone()
    who, why = ("", "") if asked is None else asked
    connection.execute("DELETE FROM rm_program_retired WHERE program = ?", (sold.program,))
    told = (row.seq, sold.program, sold.title, who, row.happened_us)
    connection.execute(
        "INSERT INTO rm_program (seq, program, title, who, at_us, sold, why) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (*told, msgspec.json.encode(sold).decode(), why),
    )


class ProgramVersion(msgspec.Struct, frozen=True):
    """One time that a program was published, by ledger row `seq`. `who`: a reference. `why`: "" for one of before it was asked for."""

    seq: int
    program: str
    title: str
    who: str
    at_us: int
    sold: Program
    why: str

    @property
    def ruleset_ids(self) -> tuple[tuple[str, str], ...]:
        """Each phase by its name, with the id of its rules."""
        return tuple((phase.name, phase.ruleset.ruleset_id()) for phase in self.sold.phases)


class Retired(msgspec.Struct, frozen=True):
    """That a program is on offer no more."""

    seq: int
    who: str
    why: str
    at_us: int


class ProgramLine(msgspec.Struct, frozen=True):
    """A program as it is sold now, or was last, and how often it was published."""

    newest: ProgramVersion
    versions: int
    retired: Retired | None


_VERSION = "SELECT seq, program, title, who, at_us, sold, why FROM rm_program"


def all_programs(connection: apsw.Connection, limit: int) -> list[ProgramLine]:
    """What is on offer first, then what was retired; each by its title."""
    sql = (
        "SELECT max(seq), count(*) FROM rm_program GROUP BY program"
        " ORDER BY program IN (SELECT program FROM rm_program_retired), title, program LIMIT ?"
    )
    found: list[ProgramLine] = []
    rows: list[Any] = connection.execute(sql, (limit,)).fetchall()
    for seq, versions in rows:
        newest = program_version(connection, seq)
        assert newest is not None  # it was just found
        found.append(ProgramLine(newest, versions, retirement(connection, newest.program)))
    return found


def programs_published(connection: apsw.Connection) -> list[str]:
    """Names of all that were ever published, those that are sold no more too."""
    return [name for (name,) in connection.execute("SELECT DISTINCT program FROM rm_program ORDER BY program")]


def versions_of(connection: apsw.Connection, program: str, limit: int) -> list[ProgramVersion]:
    """Each time it was published, newest first."""
    rows = connection.execute(f"{_VERSION} WHERE program = ? ORDER BY seq DESC LIMIT ?", (program, limit))
    return [_version(row) for row in rows]


def newest_versions(connection: apsw.Connection, limit: int) -> list[ProgramVersion]:
    """The newest of all programs, the newest first."""
    return [_version(row) for row in connection.execute(f"{_VERSION} ORDER BY seq DESC LIMIT ?", (limit,))]


def program_version(connection: apsw.Connection, seq: int) -> ProgramVersion | None:
    """What this row published; a number that no row can have published nothing."""
    if not 0 < seq <= INTEGER_MAX:
        return None
    row = connection.execute(f"{_VERSION} WHERE seq = ?", (seq,)).fetchone()
    return None if row is None else _version(row)


def retirement(connection: apsw.Connection, program: str) -> Retired | None:
    """None while it is on offer, or where nobody ever published it."""
    sql = "SELECT seq, who, why, at_us FROM rm_program_retired WHERE program = ?"
    row = connection.execute(sql, (program,)).fetchone()
    return None if row is None else Retired(*row)


def _version(row: tuple[Any, ...]) -> ProgramVersion:
    seq, program, title, who, at_us, sold, why = row
    return ProgramVersion(seq, program, title, who, at_us, msgspec.json.decode(sold, type=Program), why)
