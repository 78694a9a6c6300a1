"""Frame audit: every quote frame is the one its row names, beside the ledger or in a segment that is whole."""

import hashlib
from pathlib import Path

import apsw

from firm.inputs import SegmentSealed
from storage.findings import CANNOT_BE_READ, RESTORE, Findings
from storage.quotes import read_sealing, sealing_of
from storage.retention import may_leave
from storage.schema import one_value
from storage.segments import file_digest, frame_digest_of_row, read_segment

_FROM_ARCHIVE = "put the segment back from the archive"
STRAYS_SHOWN = 3


class FrameAudit:
    """Takes the frames that rows name; then checks the segments they were sealed into."""

    def __init__(self, connection: apsw.Connection, folder: Path, keep_days: int, findings: Findings) -> None:
        """`keep_days`: how long the firm keeps sealed prices on this machine; 0: for ever."""
        self._connection = connection
        self._folder = folder
        self._keep_days = keep_days
        self._findings = findings
        self.frames = 0
        self.segments = 0
        self.quotes_from = 1
        """The first row whose quotes are here still, once the end was checked: before it they left, or are told as missing."""
        self._sealed: dict[str, int] = {}
        self._last: SegmentSealed | None = None
        self._unsealed_before = 0

    def take(self, seq: int, sha256: str, frame: bytes | None) -> None:
        """The frame that row `seq` names, as it was found beside the ledger before this call; None: it was not there."""
        self.frames += 1
        said = self._sealing(seq, gone=frame is None)
        if said is not None:
            self._sealed[said.name] = self._sealed.get(said.name, 0) + 1
        if frame is None and said is None:
            self._findings.add(f"the frame of row {seq} is gone, and no segment was sealed with it", seq)
        elif frame is not None and hashlib.sha256(frame).hexdigest() != sha256:
            self._findings.add(f"the frame of row {seq} is not the one that the row names", seq)

    def _sealing(self, seq: int, *, gone: bool) -> SegmentSealed | None:
        if self._last is not None and self._last.first_seq <= seq <= self._last.last_seq:
            return self._last
        if seq < self._unsealed_before and not gone:
            return None
        try:
            self._last = sealing_of(self._connection, seq)
            self._unsealed_before = 0 if self._last is not None else self._next_sealed(seq)
        except CANNOT_BE_READ:
            self._last, self._unsealed_before = None, 0  # the row audit tells it, and the end of this one
        return self._last

    def _next_sealed(self, seq: int) -> int:
        sql = "SELECT min(first_seq) FROM sealed_ranges WHERE first_seq > ?"
        return int(one_value(self._connection, sql, (seq,)) or 2**63 - 1)

    def check_end(self, connection: apsw.Connection) -> None:
        """At the last row, within one transaction."""
        sql = (
            "SELECT quote_frames.seq FROM quote_frames LEFT JOIN ledger ON ledger.seq = quote_frames.seq"
            " WHERE ledger.kind IS NOT 'QuoteFrame' LIMIT 10"
        )
        with self._findings.reading("what lies in quote_frames"):
            for (seq,) in connection.execute(sql):
                self._findings.add(f"a frame lies under seq {seq}, whose row is no quote frame", int(seq))
        self._check_segments(connection, self._names_that_may_leave(connection))

    def _names_that_may_leave(self, connection: apsw.Connection) -> set[str]:
        try:
            return {said.name for said in may_leave(connection, self._keep_days)}
        except CANNOT_BE_READ:
            return set()  # the row audit has told it, or sealed_ranges is told below

    def _check_segments(self, connection: apsw.Connection, may_leave: set[str]) -> None:
        by_row: dict[int, tuple[int, int]] = {}
        with self._findings.reading("sealed_ranges"):
            sealed = connection.execute("SELECT first_seq, last_seq, sealed_by FROM sealed_ranges")
            by_row = {sealed_by: (first, last) for first, last, sealed_by in list(sealed)}
        names: set[str] = set()
        for seq in self._rows_that_sealed(connection):
            try:
                said = read_sealing(connection, seq)
            except CANNOT_BE_READ:
                continue  # the row audit has told it
            if by_row.pop(seq, None) != (said.first_seq, said.last_seq):
                self._findings.add(f"sealed_ranges does not say what row {seq} says", seq, RESTORE)
            names.add(said.name)
            with self._findings.reading(f"what segment {said.name} is held against", seq):
                self._check_segment(said, seq, allowed=said.name in may_leave)
        for seq in by_row:
            self._findings.add(f"sealed_ranges names row {seq}, which sealed nothing", seq)
        self._note_strays(names)

    def _rows_that_sealed(self, connection: apsw.Connection) -> list[int]:
        sql = "SELECT seq FROM landmarks WHERE kind = 'SegmentSealed' ORDER BY seq"
        seqs: list[int] = []
        with self._findings.reading("landmarks"):
            seqs.extend(seq for (seq,) in connection.execute(sql))
        return seqs

    def _check_segment(self, said: SegmentSealed, seq: int, *, allowed: bool) -> None:
        path = self._folder / said.name
        if allowed or not path.exists():
            self.quotes_from = max(self.quotes_from, said.last_seq + 1)
        if not path.exists():
            self._tell_missing(said, seq, allowed=allowed)
            return
        self.segments += 1
        if (path.stat().st_size, file_digest(path)) != (said.size_bytes, said.sha256):
            self._findings.add(f"segment {path} is not the file that row {seq} sealed", seq, _FROM_ARCHIVE)
            return
        found = 0
        for frame_seq, frame in read_segment(path):
            found += 1
            if not self._is_frame_of(frame_seq, frame):
                self._findings.add(
                    f"segment {path} holds another frame than row {frame_seq} names", frame_seq, _FROM_ARCHIVE
                )
        named = self._sealed.get(said.name, 0)
        if found != said.frames or (found != named and found != self._frames_named(said)):
            self._findings.add(f"segment {path} does not hold each frame of its rows", seq, _FROM_ARCHIVE)

    def _frames_named(self, said: SegmentSealed) -> int:
        """Counted anew: what was sealed while the rows were walked may lie partly behind and partly before the walk."""
        sql = "SELECT count(*) FROM ledger WHERE seq BETWEEN ? AND ? AND kind = 'QuoteFrame'"
        return int(one_value(self._connection, sql, (said.first_seq, said.last_seq)))

    def _tell_missing(self, said: SegmentSealed, seq: int, *, allowed: bool) -> None:
        what = f"segment {said.name} (rows {said.first_seq} to {said.last_seq})"
        if allowed:
            self._findings.notes.append(f"{what}: pruned by policy, its prices were not checked")
        else:
            kept = f"the setting ledger.segments_keep_days, {self._keep_days}, does not let it leave"
            self._findings.add(f"{what} is missing, and {kept}", seq, _FROM_ARCHIVE)

    def _note_strays(self, names: set[str]) -> None:
        """Files that no row names harm nobody, but nobody will ever remove them either."""
        strays = sorted(path.name for path in self._folder.iterdir() if path.name not in names)
        if strays:
            more = f" and {len(strays) - STRAYS_SHOWN} more" if len(strays) > STRAYS_SHOWN else ""
            shown = ", ".join(strays[:STRAYS_SHOWN])
            self._findings.notes.append(f"{self._folder} holds files that no row of the ledger names: {shown}{more}")

    def _is_frame_of(self, seq: int, frame: bytes) -> bool:
        try:
            return hashlib.sha256(frame).hexdigest() == frame_digest_of_row(self._connection, seq)
        except CANNOT_BE_READ:
            return False
