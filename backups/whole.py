"""Whole: which snapshots at a destination are finished and signed by our key, with every file as long as its manifest says."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NamedTuple

from backups.destination import Destination, read_lots
from backups.errors import DestinationFailed, RestoreRefused
from backups.names import AGE, AHEAD_MAX_US, CHECKPOINT, MANIFEST, SNAPSHOTS, SnapshotName, instant_of, snapshot_named
from backups.notes import COPIED_BYTES_MAX, snapshot_sizes
from backups.records import Manifest, read_record
from storage.checkpoint import check_note, parse_note
from storage.errors import NoteRefused
from storage.reader import LedgerReader

MANIFEST_BYTES_MAX = 2 * 2**20  # a few KB, and 110 bytes for each segment: one a day for half a century
MANIFESTS_BYTES_MAX = (
    512 * 2**20
)  # of all together: they are read one lot after the other, and only what we signed is kept


class Lying(NamedTuple):
    """A folder among the snapshots. `manifest`: where our key signed one for this name. `lacks`: "" where it is whole.

    `finished`: a manifest lies there, whatever can be read of it.
    """

    name: SnapshotName
    manifest: Manifest | None
    lacks: str
    finished: bool = True


class Line(NamedTuple):
    """Whose snapshots are asked for: this firm's, of the lineages that its ledger went through."""

    firm: str
    public_key: bytes
    lineages: Collection[str]
    newest: str

    @classmethod
    def of(cls, reader: LedgerReader) -> "Line":
        identity, lineages = reader.identity(), reader.lineages()
        named = [lineage.hex() for _, lineage in lineages.stretches]
        return cls(identity.firm_slug, identity.public_key, named, named[-1])

    def owns(self, lying: Lying) -> bool:
        manifest = lying.manifest
        return manifest is not None and manifest.firm == self.firm and manifest.lineage in self.lineages

    def good(self, snapshots: Collection[Lying], now_us: int) -> list[Lying]:
        """Those that this firm can come back from, oldest first. One that bears a later stamp than the clock is none: nobody can
        say how old it is.
        """
        return [
            lying
            for lying in snapshots
            if self.owns(lying) and not lying.lacks and instant_of(lying.name.stamp) <= now_us + AHEAD_MAX_US
        ]


def lying_snapshots(destination: Destination, public_key: bytes, scratch: Path) -> list[Lying]:
    """Every snapshot's folder, oldest first."""
    sizes = snapshot_sizes(destination)
    folders = {path.partition("/")[0] for path in sizes}
    names = sorted(name for folder in folders if (name := snapshot_named(folder)) is not None)
    manifests = {f"{name.entry}/{MANIFEST}": name for name in reversed(names)}
    wanted = {path: sizes[path] for path in manifests if sizes.get(path, MANIFEST_BYTES_MAX + 1) <= MANIFEST_BYTES_MAX}
    if (total := sum(wanted.values())) > MANIFESTS_BYTES_MAX:
        raise DestinationFailed(
            f"the manifests in {SNAPSHOTS}/ of {destination.where} have {total // 10**6} MB together, which ours never have: see who "
            "wrote there, and remove what is no copy of ours"
        )
    lots = read_lots(destination, SNAPSHOTS, wanted, scratch)
    judged = {manifests[path]: _judged(manifests[path], content, sizes, public_key) for path, content in lots}
    return [judged.get(name) or _unread(name, sizes) for name in names]


def _unread(name: SnapshotName, sizes: Mapping[str, int]) -> Lying:
    path, size = f"{name.folder}/{MANIFEST}", sizes.get(f"{name.entry}/{MANIFEST}")
    if size is None:
        return Lying(name, None, f"{path} is missing: it was never finished", finished=False)
    if size > MANIFEST_BYTES_MAX:
        return Lying(name, None, f"{path} has {size} bytes, more than any manifest of ours")
    return Lying(name, None, f"{path} cannot be read")


def _judged(name: SnapshotName, content: bytes, sizes: Mapping[str, int], public_key: bytes) -> Lying:
    path = f"{name.folder}/{MANIFEST}"
    try:
        manifest = read_record(Manifest, path, content, public_key)
    except RestoreRefused as refused:
        return Lying(name, None, str(refused))
    if (manifest.read_at, manifest.size) != name:
        return Lying(name, None, f"{path} is of {manifest.read_at} and {manifest.size} rows: it was moved here")
    for file in manifest.files:
        found = sizes.get(f"{name.entry}/{file.name}{AGE}")
        if found != file.sealed_bytes:
            what = "is missing" if found is None else f"has {found} bytes, not {file.sealed_bytes}"
            return Lying(name, manifest, f"{name.folder}/{file.name}{AGE} {what}")
    return Lying(name, manifest, "")


def unfinished_of(
    destination: Destination, line: Line, snapshots: Collection[Lying], scratch: Path
) -> set[SnapshotName]:
    """Snapshots without a manifest whose checkpoint, put first, says that this firm began them.

    One whose manifest lies there and could not be read this time is none of them: it may be as good as any.
    """
    begun = {f"{lying.name.entry}/{CHECKPOINT}": lying.name for lying in snapshots if not lying.finished}
    sizes = dict.fromkeys(begun, COPIED_BYTES_MAX)
    notes = read_lots(destination, SNAPSHOTS, sizes, scratch)
    return {begun[path] for path, note in notes if _is_ours(note, line)}


def _is_ours(note: bytes, line: Line) -> bool:
    try:
        text = note.decode("utf-8", "replace")
        origin = parse_note(text).origin
        check_note(text, origin, line.public_key)
    except NoteRefused:
        return False
    return origin in {f"evenhand/{line.firm}/{lineage}" for lineage in line.lineages}
