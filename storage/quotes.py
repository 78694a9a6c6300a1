"""Quote frames: the exact bytes of each frame beside the ledger, until they are sealed into a segment and after."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import apsw
import msgspec

from firm.inputs import QuoteFrame, SegmentSealed
from firm.kinds import Body, body_of
from storage.errors import LedgerDamaged, PrunedByPolicy, SequenceBroken
from storage.rows import Row
from storage.schema import one_value
from storage.segments import Segment

FRAMES_DROPPED_AT_ONCE = 2_000  # sealed frames deleted in one transaction


def require_frames(rows: Sequence[tuple[Row, Body]], frames: Sequence[tuple[int, bytes]]) -> None:
    """Each QuoteFrame row has its bytes, they are the bytes it names, and no others come along."""
    named = [(row.seq, body.sha256) for row, body in rows if isinstance(body, QuoteFrame)]
    brought = [(seq, hashlib.sha256(frame).hexdigest()) for seq, frame in frames]
    if named != brought:
        odd = min(set(named) ^ set(brought))[0]
        raise SequenceBroken(
            f"the frame of row {odd} is missing, foreign or other bytes than its row names: the gateway is at fault"
        )


def sealing_of(connection: apsw.Connection, seq: int) -> SegmentSealed | None:
    """What the ledger says about the segment that frame `seq` was sealed into."""
    sql = "SELECT last_seq, sealed_by FROM sealed_ranges WHERE first_seq <= ? ORDER BY first_seq DESC LIMIT 1"
    row = connection.execute(sql, (seq,)).fetchone()
    if row is None or row[0] < seq:
        return None
    return read_sealing(connection, row[1])


def read_sealing(connection: apsw.Connection, sealed_by: int) -> SegmentSealed:
    """What row `sealed_by` says."""
    payload = one_value(connection, "SELECT payload FROM ledger WHERE seq = ?", (sealed_by,))
    try:
        said = body_of("SegmentSealed", payload or b"")
    except (msgspec.DecodeError, UnicodeDecodeError) as broken:
        raise LedgerDamaged(f'row {sealed_by} is no SegmentSealed ({broken}): stop, run "evenhand verify"') from broken
    assert isinstance(said, SegmentSealed)
    return said


def sealed_through(connection: apsw.Connection) -> int:
    """The last ledger seq whose frame is sealed; 0 before the first segment."""
    return int(one_value(connection, "SELECT max(last_seq) FROM sealed_ranges") or 0)


class Frames:
    """Reads frames wherever they lie. It keeps the segment it read last open, because frames are read in order."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: Segment | None = None

    def read(self, connection: apsw.Connection, seq: int) -> bytes:
        """The bytes of the frame of row `seq`. Raises PrunedByPolicy where its segment left this machine."""
        frame = one_value(connection, "SELECT frame FROM quote_frames WHERE seq = ?", (seq,))
        if frame is not None:
            return bytes(frame)
        said = sealing_of(connection, seq)
        if said is None:
            raise LedgerDamaged(
                f'the frame of row {seq} is neither beside the ledger nor sealed: stop, run "evenhand verify"'
            )
        return self._segment(said).frame(seq)

    def _segment(self, said: SegmentSealed) -> Segment:
        if self._open is None or self._open.path.name != said.name:
            self._open = None
            path = self._folder / said.name
            if not path.exists():
                raise PrunedByPolicy(
                    f"segment {said.name} (rows {said.first_seq} to {said.last_seq}) is not on this machine, pruned by policy: "
                    f"to use its prices, put it back into {self._folder} from the archive"
                )
            self._open = Segment(path)
        return self._open


def drop_sealed(connection: apsw.Connection, folder: Path) -> int:
    """Within a transaction: delete frames whose segment lies in `folder`, some at a time; how many were deleted."""
    first = one_value(connection, "SELECT min(seq) FROM quote_frames WHERE seq <= ?", (sealed_through(connection),))
    said = None if first is None else sealing_of(connection, first)
    if said is None:
        return 0
    path = folder / said.name
    if not path.exists() or path.stat().st_size != said.size_bytes:
        raise LedgerDamaged(
            f"{path} is missing or cut short while its frames are still beside the ledger: put it back, or seal again"
        )
    sql = "DELETE FROM quote_frames WHERE seq IN (SELECT seq FROM quote_frames WHERE seq <= ? ORDER BY seq LIMIT ?)"
    connection.execute(sql, (said.last_seq, FRAMES_DROPPED_AT_ONCE))
    return int(connection.changes())
