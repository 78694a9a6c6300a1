"""Fetching: the snapshot that a restore begins from and the sealed prices, each opened and held against its manifest or name."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from backups.errors import DestinationFailed, NoRoom, RestoreRefused, WrongIdentity
from backups.left import remember_left
from backups.names import AGE, SEGMENTS, SNAPSHOTS, SegmentName, SnapshotName
from backups.reach import newest_line, no_snapshot, within
from backups.records import CopiedFile, Manifest
from backups.snapshot import MB, digest_of, segments_at
from backups.source import Progress
from backups.told_first import no_room, require_own_notes, require_own_secrets, require_room
from backups.wanted import Until, Wanted
from backups.whole import lying_snapshots
from firm.inputs import SegmentSealed
from storage.files import FirmDirectory

_SPARE_SHARE = 4  # a quarter more than the copies' size, for the log and what is rebuilt


class Fetched(NamedTuple):
    """A snapshot that was fetched. `until`: up to where what was shipped after it may follow. `passed_over`: others, and why."""

    name: SnapshotName
    manifest: Manifest
    until: Until
    passed_over: tuple[str, ...]


def fetch_snapshot(
    wanted: Wanted,
    notes: Sequence[str],
    files: FirmDirectory,
    public_key: bytes,
    scratch: Path,
    progress: Progress,
) -> Fetched:
    """The newest snapshot that is whole and not beyond what was asked for. `notes`: the checkpoints that lie there."""
    require_own_notes(wanted.notes, public_key)
    require_own_secrets(notes, public_key, wanted.secrets)
    found = lying_snapshots(wanted.origin, public_key, scratch)
    chosen = wanted.snapshot.removeprefix(f"{SNAPSHOTS}/").rstrip("/")
    passed_over: list[str] = []
    line = newest_line(found)
    for name, manifest, lacks, _ in reversed(found):
        if chosen and name.entry != chosen:
            continue
        # Whoever names a snapshot knows which line it is of.
        until = wanted.until if chosen or not manifest or not line else within(wanted.until, manifest, line)
        if until is None or (manifest is not None and not until.allows(manifest.size, manifest.last_us)):
            continue
        try:
            if manifest is not None and not lacks:
                _fetch_files(wanted, name, manifest, files, scratch, progress)
                return Fetched(name, manifest, until, tuple(passed_over))
        except (WrongIdentity, NoRoom):
            raise  # no older one will open either, or fit
        except (RestoreRefused, DestinationFailed) as broken:
            if (full := no_room(files.path, broken)) is not None:
                raise full from broken
            lacks = str(broken)
            wanted.origin.names(SNAPSHOTS)  # where nobody answers any more that is told, and no older one is tried
        passed_over.append(f"{name.folder}: {lacks}")
        progress(f"passing over {name.folder}")
    if chosen and not passed_over:
        lie = ", ".join(lying.name.entry for lying in found) or "none"
        raise RestoreRefused(f"{wanted.origin.where} has no snapshot {chosen} {wanted.until.words()}; there lie: {lie}")
    raise no_snapshot(wanted.origin, found, wanted.until, passed_over)


def _fetch_files(
    wanted: Wanted, name: SnapshotName, manifest: Manifest, files: FirmDirectory, scratch: Path, progress: Progress
) -> None:
    needed = sum(file.size_bytes + file.sealed_bytes for file in manifest.files)
    require_room(files.path, needed + needed // _SPARE_SHARE)
    remember_left(files.path, manifest.left)
    for file in manifest.files:
        progress(f"fetching {file.name}, {file.sealed_bytes // MB:,} MB")
        _fetch_file(wanted, f"{name.folder}/{file.name}{AGE}", file, files.path / file.name, scratch, progress)


def _fetch_file(wanted: Wanted, path: str, file: CopiedFile, plain: Path, scratch: Path, progress: Progress) -> None:
    sealed = scratch / "sealed"
    wanted.origin.get(path, sealed, file.sealed_bytes)
    if digest_of(sealed) != file.sealed_sha256:
        raise RestoreRefused(f"{path} is not what its manifest names: it is damaged or was replaced")
    plain.unlink(missing_ok=True)
    progress(f"opening {file.name}, {file.size_bytes // MB:,} MB")
    wanted.identity.open_file(path, sealed, plain)
    plain.chmod(0o600)
    sealed.unlink()
    if digest_of(plain) != file.sha256:
        raise RestoreRefused(f"{path} opens to another file than its manifest names: it is damaged or was replaced")


def fetch_segments(
    wanted: Wanted, segments: Sequence[SegmentSealed], files: FirmDirectory, scratch: Path, progress: Progress
) -> tuple[str, ...]:
    """Which were damaged and are left out, and why. Whether a firm may be without one is found when all of it is checked."""
    whole, _ = segments_at(wanted.origin)
    left_out: list[str] = []
    for said in segments:
        name = whole.get((said.name, said.sha256))
        if name is None or (files.segments / said.name).exists():
            continue
        progress(f"fetching {said.name}")
        try:
            _fetch_segment(wanted, name, files.segments / said.name, scratch)
        except (RestoreRefused, DestinationFailed) as broken:
            if (full := no_room(files.path, broken)) is not None:
                raise full from broken
            left_out.append(str(broken))
    return tuple(left_out)


def _fetch_segment(wanted: Wanted, name: SegmentName, place: Path, scratch: Path) -> None:
    path, sealed, plain = f"{SEGMENTS}/{name.name}", scratch / "sealed", scratch / "segment"
    plain.unlink(missing_ok=True)
    wanted.origin.get(path, sealed, name.size_bytes)
    wanted.identity.open_file(path, sealed, plain)
    if digest_of(plain) != name.sha256:
        raise RestoreRefused(f"{path} opens to another file than its name says: it is damaged or was replaced")
    plain.chmod(0o600)
    plain.rename(place)
