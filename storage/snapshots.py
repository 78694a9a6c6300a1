"""Snapshots: the desks' states after one named row, written in parts, so that a start need not fold the whole ledger.

Only desks that changed since the last snapshot are written again: the snapshot of row S is, for each desk, its newest
state at or below S. An empty state says that the desk is no more. A snapshot exists once a SnapshotWritten row says so.
"""

import hashlib
import logging
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import apsw
import msgspec

from firm.inputs import SnapshotWritten
from firm.kinds import body_of
from storage.errors import SnapshotDamaged
from storage.schema import one_value

_log = logging.getLogger(__name__)

NEWEST_KEPT = 3
PRUNED_AT_ONCE = 2_000  # states deleted in one transaction


class SnapshotPart(NamedTuple):
    """One desk's state after row `of_seq`; empty where the desk is no more."""

    desk: str
    of_seq: int
    state: bytes


class Snapshot(NamedTuple):
    """A whole snapshot, checked: each desk's state after row `of_seq`; row `written_by` says that it is complete."""

    of_seq: int
    written_by: int
    state_hash: str
    states: dict[str, bytes]


def state_hash(states: Iterable[tuple[str, bytes]]) -> str:
    """Hex SHA-256 over all desks, given in byte order of their names: u32 length, name, SHA-256 of the state."""
    whole = hashlib.sha256()
    for desk, state in states:
        name = desk.encode()
        whole.update(len(name).to_bytes(4) + name + hashlib.sha256(state).digest())
    return whole.hexdigest()


def newest_snapshot(connection: apsw.Connection, at_or_below: int) -> Snapshot | None:
    """The newest snapshot that is complete and hashes to what its row says; a damaged one is passed over, and logged."""
    sql = "SELECT of_seq, written_by FROM snapshots_held WHERE of_seq <= ? ORDER BY of_seq DESC"
    held: list[tuple[int, int]] = list(connection.execute(sql, (at_or_below,)))
    for of_seq, written_by in held:
        try:
            return load_snapshot(connection, of_seq, written_by)
        except (SnapshotDamaged, msgspec.DecodeError) as damaged:
            _log.error("%s; trying the one before", damaged)
    return None


def load_snapshot(connection: apsw.Connection, of_seq: int, written_by: int) -> Snapshot:
    """The snapshot of one row, or SnapshotDamaged."""
    said = _said(connection, of_seq, written_by)
    states = dict(states_at(connection, of_seq))
    found = state_hash(states.items())
    if (len(states), found) != (said.states, said.state_hash):
        raise SnapshotDamaged(
            f"the snapshot of row {of_seq} has {len(states)} states that hash to {found}, row {written_by} says "
            f'{said.states} and {said.state_hash}: run "evenhand verify"'
        )
    return Snapshot(of_seq, written_by, found, states)


def states_at(connection: apsw.Connection, of_seq: int) -> Iterable[tuple[str, bytes]]:
    """Each desk's newest state at or below a row, in byte order of the names."""
    # SQLite takes the bare column from the row that has the maximum.
    sql = "SELECT desk, max(of_seq), state FROM snapshot_states WHERE of_seq <= ? GROUP BY desk ORDER BY desk"
    return ((desk, state) for desk, _, state in connection.execute(sql, (of_seq,)) if state)


def _said(connection: apsw.Connection, of_seq: int, written_by: int) -> SnapshotWritten:
    sql = "SELECT payload FROM ledger WHERE seq = ? AND kind = 'SnapshotWritten'"
    payload = one_value(connection, sql, (written_by,))
    said = None if payload is None else body_of("SnapshotWritten", payload)
    if not isinstance(said, SnapshotWritten) or said.of_seq != of_seq:
        raise SnapshotDamaged(
            f'no row {written_by} says that the snapshot of row {of_seq} is complete: run "evenhand verify"'
        )
    return said


def snapshots_to_keep(connection: apsw.Connection, epochs_from: int) -> list[int]:
    """The newest few, and those on either side of the opening of each epoch that reaches to row `epochs_from` or beyond."""
    held = [int(row[0]) for row in connection.execute("SELECT of_seq FROM snapshots_held ORDER BY of_seq")]
    return worth_keeping(held, openings_of(connection), epochs_from)


def openings_of(connection: apsw.Connection) -> list[int]:
    """The row that opened each epoch, in order."""
    sql = "SELECT seq FROM landmarks WHERE kind = 'EpochOpened' ORDER BY seq"
    return [int(row[0]) for row in connection.execute(sql)]


def worth_keeping(snapshots: Sequence[int], opened: Sequence[int], epochs_from: int) -> list[int]:
    """Which of these snapshots, by their rows in order, are kept."""
    keep = set(snapshots[-NEWEST_KEPT:])
    for number, seq in enumerate(opened):
        if number + 1 < len(opened) and opened[number + 1] <= epochs_from:
            continue
        split = bisect_left(snapshots, seq)
        keep |= {*snapshots[:split][-1:], *snapshots[split:][:1]}
    return sorted(keep)


def prune(connection: apsw.Connection, epochs_from: int) -> int:
    """Within a transaction: delete up to PRUNED_AT_ONCE states that no kept snapshot needs; how many were deleted."""
    keep = snapshots_to_keep(connection, epochs_from)
    if not keep:
        return 0
    marks = ", ".join("?" * len(keep))
    connection.execute(f"DELETE FROM snapshots_held WHERE of_seq NOT IN ({marks})", keep)  # noqa: S608  (question marks)
    # A state is needed while it is the newest of its desk at or below a kept snapshot, or newer than all of those.
    sql = (
        "WITH kept (of_seq) AS (SELECT of_seq FROM snapshots_held), spans (desk, of_seq, until) AS ("
        " SELECT desk, of_seq, lead(of_seq) OVER (PARTITION BY desk ORDER BY of_seq) FROM snapshot_states)"
        " SELECT desk, of_seq FROM spans WHERE until IS NOT NULL"
        " AND NOT EXISTS (SELECT 1 FROM kept WHERE kept.of_seq >= spans.of_seq AND kept.of_seq < spans.until) LIMIT ?"
    )
    gone = connection.execute(sql, (PRUNED_AT_ONCE,)).fetchall()
    connection.executemany("DELETE FROM snapshot_states WHERE desk = ? AND of_seq = ?", gone)
    return len(gone)
