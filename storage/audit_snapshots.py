"""Snapshot audit: those that pruning must have left are there, and each hashes to what the row that completed it says."""

import apsw
import msgspec

from firm.inputs import SnapshotWritten
from firm.kinds import body_of
from storage.errors import SnapshotDamaged
from storage.findings import CANNOT_BE_READ, Findings
from storage.schema import one_value
from storage.snapshots import load_snapshot, openings_of, worth_keeping

_BROKEN = (*CANNOT_BE_READ, SnapshotDamaged, msgspec.DecodeError)


def audit_snapshots(connection: apsw.Connection, quotes_from: int, findings: Findings) -> int:
    """How many were whole. `quotes_from`: the first row whose quotes are kept; epochs that ended before it need no snapshot."""
    sql = "SELECT written_by, of_seq FROM snapshots_held ORDER BY of_seq"
    held: dict[int, int] = {}
    with findings.reading("the list of snapshots"):
        held = dict(list(connection.execute(sql)))
        written = _written(connection)
        for of_seq in worth_keeping(sorted(written), openings_of(connection), quotes_from):
            if written[of_seq] not in held:
                findings.add(f"the snapshot that row {written[of_seq]} completed is gone", written[of_seq])
    whole = 0
    for seq, of_seq in held.items():
        try:
            load_snapshot(connection, of_seq, seq)
            whole += 1
        except _BROKEN as damaged:
            what_next = "the one before it will be used; the next snapshot replaces it"
            known = isinstance(damaged, SnapshotDamaged)
            what = str(damaged) if known else f"the snapshot of row {of_seq} cannot be read ({damaged})"
            findings.add(what, seq, what_next)
    return whole


def _written(connection: apsw.Connection) -> dict[int, int]:
    """Each snapshot that the ledger says was completed: the row it is of, and the row that says so."""
    written: dict[int, int] = {}
    sql = "SELECT seq FROM landmarks WHERE kind = 'SnapshotWritten' ORDER BY seq"
    for (seq,) in list(connection.execute(sql)):
        payload = one_value(connection, "SELECT payload FROM ledger WHERE seq = ?", (seq,))
        try:
            said = body_of("SnapshotWritten", payload or b"")
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue  # the row audit tells it
        assert isinstance(said, SnapshotWritten)
        written[said.of_seq] = seq
    return written
