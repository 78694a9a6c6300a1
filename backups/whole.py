"""Whole: which snapshots at a destination are finished and signed by our key, with every file as long as its manifest says."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NamedTuple

from backups.destination import Destination, read_all
from backups.errors import RestoreRefused
from backups.names import AGE, AHEAD_MAX_US, CHECKPOINT, MANIFEST, SNAPSHOTS, SnapshotName, instant_of, snapshot_named
from backups.notes import NOTE_BYTES_MAX
from backups.records import Manifest, read_record
from storage.checkpoint import check_note, parse_note
from storage.errors import NoteRefused
from storage.reader import LedgerReader

MANIFEST_BYTES_MAX = 32 * 2**20


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
    sizes = destination.sizes(SNAPSHOTS)
    folders = {path.partition("/")[0] for path in sizes}
    names = sorted(name for folder in folders if (name := snapshot_named(folder)) is not None)
    finished = [path for name in names if (path := f"{name.entry}/{MANIFEST}") in sizes]
    contents = read_all(destination, SNAPSHOTS, finished, scratch, MANIFEST_BYTES_MAX)
    return [_judged(name, contents.get(f"{name.entry}/{MANIFEST}"), sizes, public_key) for name in names]


def _judged(name: SnapshotName, content: bytes | None, sizes: Mapping[str, int], public_key: bytes) -> Lying:
    path = f"{name.folder}/{MANIFEST}"
    if content is None:
        known = f"{name.entry}/{MANIFEST}" in sizes
        lacks = f"{path} cannot be read" if known else f"{path} is missing: it was never finished"
        return Lying(name, None, lacks, finished=known)
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
    begun = {lying.name: f"{lying.name.entry}/{CHECKPOINT}" for lying in snapshots if not lying.finished}
    notes = read_all(destination, SNAPSHOTS, list(begun.values()), scratch, NOTE_BYTES_MAX)
    return {name for name, path in begun.items() if _is_ours(notes.get(path), line)}


def _is_ours(note: bytes | None, line: Line) -> bool:
    if note is None:
        return False
    try:
        text = note.decode("utf-8", "replace")
        origin = parse_note(text).origin
        check_note(text, origin, line.public_key)
    except NoteRefused:
        return False
    return origin in {f"evenhand/{line.firm}/{lineage}" for lineage in line.lineages}
