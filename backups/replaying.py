"""Replaying: the shipped tail appended to a restored snapshot, row by row under the ledger's own rules, up to a moment.

Rows are chained, hashed and signed again by the ledger's writer: what comes out must be the roots and checkpoints that were
shipped, or the restore ends; also where only a part of a file is wanted. Who was erased meanwhile comes back with the values of
then, and goes when all is there.
"""

from collections.abc import Sequence
from typing import NamedTuple

from backups.errors import RestoreRefused
from backups.records import Manifest, Tail
from backups.source import Progress
from backups.tail_files import TailFiles
from backups.wanted import Until, Wanted
from firm.inputs import SegmentSealed
from firm.kinds import Body, body_of
from storage.checkpoint import parse_note
from storage.copies import RestoredVault, segment_of
from storage.ledger import Ledger
from storage.rows import Row, StoredRow

ROWS_AT_ONCE = 2_000  # appended in one transaction


class Applied(NamedTuple):
    """`stamp`: the newest that any file bore. `segments`: what the rows sealed. `passed_over`: files in whose
    place others served, and why.
    """

    files: int
    segments: list[SegmentSealed]
    stamp: str
    root: str
    passed_over: tuple[str, ...]


class Replay:
    """Appends what was shipped after a snapshot."""

    def __init__(
        self,
        asked: Wanted,
        manifest: Manifest,
        files: TailFiles,
        books: tuple[Ledger, RestoredVault],
        progress: Progress,
    ) -> None:
        self._asked, self._manifest, self._files = asked, manifest, files
        self._ledger, self._vault = books
        self._progress = progress
        self._waiting = _Waiting([], [], [], [], [])
        self._head = ""
        self._segments: list[SegmentSealed] = []
        self._newest_read_at = ""
        self._taken = 0

    def run(self) -> Applied:
        while (tail := self._files.following(self._end)) is not None:
            if not self._take(tail):
                break
        else:
            self._require_no_cut_end()
        self._append()
        root = self._ledger.root().hex()
        return Applied(self._taken, self._segments, self._files.stamp, root, tuple(self._files.passed_over))

    # --- tail files ---

    @property
    def _end(self) -> int:
        return self._ledger.size + len(self._waiting.rows)

    def _require_no_cut_end(self) -> None:
        """A file that was cut holds rows that nothing else does: not to be taken for the end."""
        end = self._end
        lost = sorted(tail for tail in self._files.cut if tail.last > end)
        if lost and (self._asked.until.seq is None or self._asked.until.seq > end):
            raise RestoreRefused(
                f"{lost[0].name} is not as long as when it was sent: put it back from where {self._asked.origin.where} is copied to, "
                f"or restore what comes before it with --until-seq {end}"
            )

    def _take(self, tail: Tail) -> bool:
        """Put a tail file's rows behind the others; False when the wanted moment lies in it."""
        expected = self._end + 1
        rows = [row for row in tail.rows if row.seq >= expected]
        if not rows:
            return True  # two ships put the same rows, or a snapshot was taken since
        if rows[0].seq != expected:
            if self._asked.until.seq is not None and self._asked.until.seq < expected:
                return False  # nothing of what is missing is wanted
            raise RestoreRefused(
                f"rows {expected} to {rows[0].seq - 1} are missing in {self._asked.origin.where}: put their tail files back, or "
                f"restore what comes before them with --until-seq {expected - 1}"
            )
        wanted = _wanted(rows, self._asked.until)
        if len(wanted) < len(rows):
            self._append()
            self._require_head_over(tail, rows)
            self._head = ""  # of what follows there is none: it was signed over the whole file
        if wanted:
            self._wait(tail, wanted)
            self._taken += 1
        if len(wanted) < len(rows):
            return False
        self._head = tail.head
        if len(self._waiting.rows) >= ROWS_AT_ONCE:
            self._append()
        return True

    def _wait(self, tail: Tail, rows: Sequence[StoredRow]) -> None:
        first, last = rows[0].seq, rows[-1].seq
        waiting = self._waiting
        waiting.rows.extend(rows)
        waiting.frames.extend(frame for frame in tail.frames if first <= frame[0] <= last)
        waiting.checkpoints.extend((one.size, one.at_us) for one in tail.checkpoints if first <= one.size <= last)
        waiting.notes.extend(one.note for one in tail.checkpoints if first <= one.size <= last)
        waiting.states.extend(state for state in tail.states if state[1] <= last)
        self._segments.extend(said for row in rows if (said := segment_of(row)) is not None)
        self._put_sealed(tail)

    def _put_sealed(self, tail: Tail) -> None:
        """Files can lie there from before a gap and from after it was shipped again: then an older one comes after a newer one, and
        who signs in is as the newer one says.
        """
        self._vault.put(tail.values, tail.people if tail.read_at > self._newest_read_at else [])
        self._newest_read_at = max(self._newest_read_at, tail.read_at)

    def _append(self) -> None:
        waiting = self._waiting
        if not waiting.rows:
            return
        pairs = _pairs(waiting.rows)
        signed = self._ledger.append(
            pairs, frames=waiting.frames, checkpoints=waiting.checkpoints, snapshot=waiting.states
        )
        if [checkpoint.note for checkpoint in signed] != waiting.notes:
            raise RestoreRefused(
                f"rows {pairs[0][0].seq} to {pairs[-1][0].seq} do not hash to the checkpoints that were signed over them: the tail "
                f"files were altered; restore what comes before with --until-seq {pairs[0][0].seq - 1}"
            )
        self._waiting = _Waiting([], [], [], [], [])
        if self._head:
            self._require_head()
        self._progress(f"row {self._ledger.size:,} is back")

    def _require_head(self) -> None:
        head = parse_note(self._head)
        if (head.size, head.root) != (self._ledger.size, self._ledger.root()):
            raise self._not_as_signed(self._ledger.size)

    def _require_head_over(self, tail: Tail, rows: Sequence[StoredRow]) -> None:
        """All rows of a file of which some are wanted, behind what is there: only the whole file was signed for."""
        if self._ledger.root_with(_pairs(rows)) != parse_note(tail.head).root:
            raise self._not_as_signed(rows[-1].seq)

    def _not_as_signed(self, last: int) -> RestoreRefused:
        return RestoreRefused(
            f"the rows up to {last} do not hash to what was signed when they were shipped: restore an earlier "
            f"moment with --until-seq, such as {self._manifest.size}"
        )


class _Waiting(NamedTuple):
    """Rows that were fetched and not appended yet."""

    rows: list[StoredRow]
    frames: list[tuple[int, bytes]]
    checkpoints: list[tuple[int, int]]
    notes: list[str]
    states: list[tuple[str, int, bytes]]


def _wanted(rows: Sequence[StoredRow], until: Until) -> list[StoredRow]:
    """Those up to the wanted moment, without an input of which not every fact is among them."""
    end = next((number for number, row in enumerate(rows) if not until.allows(row.seq, row.received_us)), len(rows))
    if end < len(rows) and rows[end].cause != 0:
        end = max((number for number in range(end) if rows[number].cause == 0), default=0)
    return list(rows[:end])


def _pairs(rows: Sequence[StoredRow]) -> list[tuple[Row, Body]]:
    return [(_plain(row), body_of(row.kind, row.payload)) for row in rows]


def _plain(row: StoredRow) -> Row:
    return Row(row.seq, row.kind, row.happened_us, row.received_us, row.cause, row.account, row.payload)
