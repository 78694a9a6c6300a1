"""Pruning: what retention says may go leaves the destination; only ever after a new snapshot is in place."""

from typing import NamedTuple

from backups.destination import Destination
from backups.keys import prune_keys
from backups.names import SNAPSHOTS, TAIL, SnapshotName, instant_of, snapshot_named, tail_named
from backups.retention import Keep, worth_keeping
from backups.snapshot import MANIFEST
from firm.instant import DAY_US


class Pruned(NamedTuple):
    """What left."""

    snapshots: int
    tail_files: int
    keys: int


def whole_snapshots(destination: Destination) -> dict[SnapshotName, bool]:
    """Every snapshot at the destination, oldest first, and whether it was finished: its manifest is written last."""
    found = [name for each in destination.names(SNAPSHOTS) if (name := snapshot_named(each)) is not None]
    return {name: MANIFEST in destination.names(name.folder) for name in sorted(found)}


def prune(destination: Destination, keep: Keep, *, now_us: int, tail_keep_days: int, keys_keep_days: int) -> Pruned:
    """Remove snapshots, tail files and copies of keys that are no longer to be kept."""
    snapshots = whole_snapshots(destination)
    good = {instant_of(name.stamp) for name, whole in snapshots.items() if whole}
    kept = worth_keeping({instant_of(name.stamp) for name in snapshots}, good, keep)
    gone = [name for name in snapshots if instant_of(name.stamp) not in kept]
    destination.remove(SNAPSHOTS, [name.folder.removeprefix(f"{SNAPSHOTS}/") for name in gone])
    tails = _prune_tails(destination, snapshots, now_us - tail_keep_days * DAY_US)
    return Pruned(len(gone), tails, len(prune_keys(destination, now_us, keys_keep_days)))


def _prune_tails(destination: Destination, snapshots: dict[SnapshotName, bool], before_us: int) -> int:
    """Old tail files whose rows are in the newest whole snapshot. Those that follow on it are never too old."""
    newest = max((name for name, whole in snapshots.items() if whole), default=None)
    if newest is None:
        return 0
    removed = 0
    for lineage in destination.names(TAIL):
        folder = f"{TAIL}/{lineage}"
        named = [(each, name) for each in destination.names(folder) if (name := tail_named(each)) is not None]
        old = [
            each
            for each, name in named
            if instant_of(name.stamp) < before_us and name.last <= newest.size and name.stamp < newest.stamp
        ]
        destination.remove(folder, old)
        removed += len(old)
    return removed
