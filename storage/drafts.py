"""Drafts: programs that staff have not finished writing, kept in front.db between one sitting and the next.

A draft is one person's: nobody else writes over it, and nobody writes over what another window has kept since. Methods touch a
file and may be called from any thread; `now_us` is firm time, given by the caller, and only shown.
"""

import hashlib
import re
from enum import StrEnum
from typing import NamedTuple

import apsw
import msgspec

from storage.front import FrontFile, proof_of
from storage.sqlite_file import one_row

DRAFTS_PER_PERSON_MAX = 20
DRAFTS_MAX = 100
DRAFT_KEPT_BYTES_MAX = 512 * 1024  # of one draft: a form spells out what a program's text says in half as much
DRAFT_NAME_MAX = 100  # characters of what a draft is called
DRAFT_PHASES_MAX = (
    10_000  # characters of its phases' names as they are kept: eight as long as its own, however JSON spells them
)
_REFERENCE_MAX = 100  # characters of who it is of, and of its id
_BEGUN_FROM = re.compile(r"(?:[0-9a-f]{64})?")


class WrittenAs(StrEnum):
    """How a draft was being written when it was kept."""

    FORM = "form"  # what was typed into a form: a JSON object of strings
    TEXT = "text"


class NotKept(StrEnum):
    """Why a draft was not kept."""

    TOO_LARGE = "too_large"
    MISDESCRIBED = "misdescribed"  # what is kept beside it is not as a form of ours says it
    PERSON_FULL = "person_full"
    FIRM_FULL = "firm_full"


class DraftLine(NamedTuple):
    """A draft without what it says. `edition`: how often it was kept. `phases`: their names, JSON; "[]" while anything is wrong with it.

    `begun_from`: the fingerprint of the version that it was begun from, or "".
    """

    draft: str
    person: str
    name: str
    written_as: str
    phases: str
    begun_from: str
    edition: int
    kept_us: int

    @property
    def phase_names(self) -> tuple[str, ...]:
        names: tuple[str, ...] = msgspec.json.decode(self.phases, type=tuple[str, ...])
        return names


class KeptDraft(NamedTuple):
    """A draft with what it says."""

    line: DraftLine
    said: bytes


_PUT = """
INSERT OR REPLACE INTO drafts (draft, person, name, written_as, phases, begun_from, edition, kept_us, digest, said, proof)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_LINES = """
SELECT rowid, digest, proof, draft, person, name, written_as, phases, begun_from, edition, kept_us
FROM drafts ORDER BY kept_us DESC, rowid DESC
"""


class DraftStore:
    """Drafts by an id that the caller draws."""

    def __init__(self, front: FrontFile) -> None:
        self._front = front

    def keep(self, line: DraftLine, said: bytes, *, drawn: str) -> DraftLine | NotKept:
        """Keep it over `line.draft` where that is this person's and still of `line.edition`, else as a new one, called `drawn`.

        The answer is the draft as it is kept.
        """
        if len(said) > DRAFT_KEPT_BYTES_MAX:
            return NotKept.TOO_LARGE
        if not _is_described(line, drawn):
            return NotKept.MISDESCRIBED

        def work(connection: apsw.Connection) -> DraftLine | NotKept:
            _forget_lost(connection)
            held = _line(connection, line.draft)
            if held is not None and (held.person, held.edition) == (line.person, line.edition):
                kept = line._replace(edition=line.edition + 1)
            elif (full := _why_full(connection, line.person)) is not None:
                return full
            else:
                kept = line._replace(draft=drawn, edition=1)
            _put(connection, kept, said)
            return kept

        return self._front.do(work)

    def lines(self) -> list[DraftLine]:
        """Everybody's, the newest first."""
        return self._front.do(_lines)

    def draft(self, draft: str) -> KeptDraft | None:
        """None: unknown, deleted or lost."""

        def work(connection: apsw.Connection) -> KeptDraft | None:
            line = _line(connection, draft)
            row = one_row(connection, "SELECT said, digest FROM drafts WHERE draft = ?", (draft,))
            if line is None or row is None or _digest(row[0]) != row[1]:
                return None
            return KeptDraft(line, row[0])

        return self._front.do(work)

    def delete(self, draft: str) -> None:
        self._front.do(lambda connection: connection.execute("DELETE FROM drafts WHERE draft = ?", (draft,)))


def _is_described(line: DraftLine, drawn: str) -> bool:
    """Whether everything beside what it says is within bounds: all of it is read whenever drafts are listed."""
    return (
        len(line.name) <= DRAFT_NAME_MAX
        and len(line.phases) <= DRAFT_PHASES_MAX
        and max(len(line.person), len(drawn)) <= _REFERENCE_MAX
        and line.written_as in set(WrittenAs)
        and _BEGUN_FROM.fullmatch(line.begun_from) is not None
    )


def _put(connection: apsw.Connection, line: DraftLine, said: bytes) -> None:
    digest = _digest(said)
    connection.execute(_PUT, (*line, digest, said, proof_of(*line, digest)))


def _line(connection: apsw.Connection, draft: str) -> DraftLine | None:
    return next((line for line in _lines(connection) if line.draft == draft), None)


def _lines(connection: apsw.Connection) -> list[DraftLine]:
    return [line for _, line in _rows(connection) if line is not None]


def _rows(connection: apsw.Connection) -> list[tuple[int, DraftLine | None]]:
    """All of them, the newest first, for there are few; a row that has not its own checksum counts as lost, and is None."""
    return [
        (row, DraftLine(*line) if proof == proof_of(*line, digest) else None)
        for row, digest, proof, *line in connection.execute(_LINES)
    ]


def _forget_lost(connection: apsw.Connection) -> None:
    """What counts as lost takes nobody's room."""
    for row, line in _rows(connection):
        if line is None:
            connection.execute("DELETE FROM drafts WHERE rowid = ?", (row,))


def _why_full(connection: apsw.Connection, person: str) -> NotKept | None:
    persons = [line.person for line in _lines(connection)]
    if persons.count(person) >= DRAFTS_PER_PERSON_MAX:
        return NotKept.PERSON_FULL
    return NotKept.FIRM_FULL if len(persons) >= DRAFTS_MAX else None


def _digest(said: bytes) -> bytes:
    return hashlib.sha256(said).digest()
