"""Pruning: what retention says may go leaves the destination; only ever after a new snapshot is in place, and only what is ours."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from backups.destination import Destination
from backups.keys import prune_keys
from backups.left import left_in
from backups.left_over import remove_older, remove_put_again
from backups.names import SEGMENTS, SNAPSHOTS, TAIL, SnapshotName, instant_of, snapshot_named, tail_named
from backups.newer import require_newest
from backups.notes import known_notes
from backups.retention import Keep, worth_keeping
from backups.snapshot import segments_at
from backups.source import Source, workshop
from backups.whole import Line, lying_snapshots, unfinished_of
from firm.instant import DAY_US
from storage.reader import LedgerReader


class Pruned(NamedTuple):
    """What left."""

    snapshots: int
    tail_files: int
    keys: int


def prune(source: Source, keep: Keep, *, now_us: int, tail_keep_days: int, keys_keep_days: int) -> Pruned:
    """Remove snapshots, tail files and copies of keys that are no longer to be kept. Without a good snapshot of the lineage that
    the ledger is in nothing goes: what is there is then all there is.
    """
    destination = source.destination
    with (
        workshop(source.directory, "prune") as scratch,
        LedgerReader(source.directory, secret=source.secrets.ledger_secret) as reader,
    ):
        require_newest(reader, known_notes(destination, scratch), left_in(source.directory))
        line = Line.of(reader)
        lying = lying_snapshots(destination, line.public_key, scratch)
        good = line.good(lying, now_us)
        # Of a lineage that was left, too: whoever goes on in it by mistake has nothing else to come back from.
        last = {each.manifest.lineage: each.name for each in good if each.manifest}
        if line.newest not in last:
            return Pruned(0, 0, 0)
        ours = {each.name for each in lying if line.owns(each)} | unfinished_of(destination, line, lying, scratch)
    instants = {instant_of(each.name.stamp) for each in good}
    kept = worth_keeping({instant_of(name.stamp) for name in ours}, instants, keep)
    gone = sorted(name for name in ours if instant_of(name.stamp) not in kept and name not in last.values())
    destination.remove(SNAPSHOTS, [name.entry for name in gone])
    tails = _prune_tails(destination, last, now_us - tail_keep_days * DAY_US)
    _prune_left_over(destination, last, now_us)
    return Pruned(len(gone), tails, len(prune_keys(destination, now_us, keys_keep_days)))


def _prune_tails(destination: Destination, last: Mapping[str, SnapshotName], before_us: int) -> int:
    """Old tail files whose rows are in the last good snapshot of their lineage. Those that follow on it are never too old."""
    removed = 0
    for lineage, newest in last.items():
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


def _prune_left_over(destination: Destination, lineages: Iterable[str], now_us: int) -> None:
    """Of the keys: see `prune_keys`, which runs more often."""
    remove_older(destination, SNAPSHOTS, snapshot_named, now_us)
    for lineage in lineages:
        remove_older(destination, f"{TAIL}/{lineage}", tail_named, now_us)
    whole, _ = segments_at(destination)
    remove_put_again(destination, SEGMENTS, {segment.name for segment in whole.values()}, now_us)
