"""Snapshot: one moment of the whole firm, checked before it leaves, then sealed and put in place; its manifest comes last.

Order: ledger, then vault, then keys. The firm writes them the other way round, each durable before the next, so that a copy
made in this order holds every sealed value that its ledger refers to, and every key that its vault needs; what vault and keys
have beyond it belongs to rows that came later, and the first start forgets it.
"""

import hashlib
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from backups.destination import Destination, free_bytes, put_bytes
from backups.errors import BackupRefused
from backups.keys import copy_keys_out
from backups.left import left_in
from backups.names import (
    AGE,
    CHECKPOINT,
    MANIFEST,
    SEGMENTS,
    SegmentName,
    SnapshotName,
    next_stamp,
    segment_named,
    wall_us,
)
from backups.newer import require_newest_of
from backups.records import CopiedFile, Fork, Manifest, bytes_of
from backups.source import Progress, Source, workshop
from firm.inputs import SegmentSealed
from storage.checkpoint import sign_note
from storage.copies import copy_keys, copy_ledger, copy_vault, sealed_segments
from storage.files import DIRECTORY_MODE, FirmDirectory
from storage.reader import LedgerReader
from storage.verify import verify

MB = 1_000_000
SPARE_BYTES = 16 * MB
BEGINNING_ROWS = 100  # of a lineage: among them is one that time brought


class Taken(NamedTuple):
    """A snapshot that is in place. `sealed_bytes`: what went to the destination, segments included."""

    stamp: str
    size: int
    lineage: str
    files: int
    segments: int
    sealed_bytes: int
    checkpoint: str


_Whole = dict[tuple[str, str], SegmentName]
"""What lies at a destination, by a segment's name and hash."""


class _Head(NamedTuple):
    size: int
    lineage: str
    firm: str
    last_us: int
    root: bytes
    note: str
    forks: dict[str, Fork]


def take_snapshot(source: Source, progress: Progress = lambda _: None) -> Taken:
    """Copy, check, seal, put. Raises BackupRefused where there is no room, the copy is not sound or another firm's copies lie there,
    and OlderThanKnown where newer rows do: then nothing was replaced.
    """
    with workshop(source.directory, "snapshot") as scratch:
        require_newest_of(source, scratch)
        _require_room(source)
        copy, stamp = _copied(source, scratch, progress)
        _require_sound(source, copy, progress)
        return _put(source, copy, stamp, scratch, progress)


def _copied(source: Source, scratch: Path, progress: Progress) -> tuple[Path, str]:
    """The copy, and a stamp from after its ledger and before its vault was read."""
    files = FirmDirectory(source.directory)
    copy = FirmDirectory(scratch / "firm")
    copy.path.mkdir(mode=DIRECTORY_MODE)
    progress("copying the ledger")
    copy_ledger(source.directory, copy.ledger_db)
    with next_stamp(source.directory) as stamp:
        pass
    progress("copying vault and keys")
    copy_vault(source.directory, copy.vault_db)
    copy_keys(source.directory, copy.keys_db)
    copy.segments.symlink_to(files.segments.resolve(), target_is_directory=True)
    return copy.path, stamp


def _require_sound(source: Source, copy: Path, progress: Progress) -> None:
    """The copy folds to its read models, hashes to its tree and opens its vault, or it is none."""
    report = verify(
        copy,
        secret=source.secrets.ledger_secret,
        public_key=source.signer.public_key,
        vault_master=source.secrets.vault_master,
        read_models=source.read_models,
        segments_keep_days=source.segments_keep_days,
        progress=lambda done, of: progress(f"checking row {done:,} of {of:,}"),
    )
    if not report.is_sound:
        first = report.findings[0]
        raise BackupRefused(
            f"the copy is not sound ({len(report.findings)} findings; {first.what}): it was not kept, and the older copies stay; "
            'run "evenhand verify" on the firm itself'
        )


def _head(source: Source, copy: Path) -> _Head:
    """A checkpoint of exactly the copied rows, which the live ledger must agree with."""
    with LedgerReader(copy, secret=source.secrets.ledger_secret) as reader:
        size = reader.size()
        last = reader.row(size)
        root, origin = reader.root(size), reader.origin(size)
        lineage, firm = reader.lineages().newest.hex(), reader.identity().firm_slug
        forks = _forks(reader)
    with LedgerReader(source.directory, secret=source.secrets.ledger_secret) as live:
        if live.root(size) != root:
            raise BackupRefused(
                f'the copy of {size} rows hashes to another root than the ledger itself: run "evenhand verify"'
            )
    note = sign_note(origin, size, root, source.signer)
    return _Head(size, lineage, firm, 0 if last is None else last.received_us, root, note, forks)


def _forks(reader: LedgerReader) -> dict[str, Fork]:
    stretches = reader.lineages().stretches
    return {
        lineage.hex(): Fork(size=first - 1, next_us=_received_after(reader, first))
        for (_, lineage), (first, _) in pairwise(stretches)
    }


def _received_after(reader: LedgerReader, forked: int) -> int:
    """When the first input after the row `forked` came. That row, and those with which a start begins, bear the instant of the
    row before them.
    """
    received = [row.received_us for row in reader.rows(forked - 1, BEGINNING_ROWS)]
    return next((at_us for at_us in received if at_us > received[0]), received[0])


def _put(source: Source, copy: Path, stamp: str, scratch: Path, progress: Progress) -> Taken:
    head = _head(source, copy)
    name = SnapshotName(stamp, head.size)
    put_bytes(source.destination, head.note.encode(), f"{name.folder}/{CHECKPOINT}", scratch)
    segments, sent = put_segments(source, sealed_segments(copy), scratch, progress)
    files = [
        _put_sealed(source, path, f"{name.folder}/{path.name}{AGE}", scratch, progress)
        for path in (copy / "ledger.db", copy / "vault.db", FirmDirectory(source.directory).settings)
    ]
    with next_stamp(source.directory) as held:
        keys = copy_keys_out(source, held, scratch, whole=True)
    manifest = Manifest(
        firm=head.firm,
        lineage=head.lineage,
        size=head.size,
        last_us=head.last_us,
        made_us=wall_us(),
        read_at=name.stamp,
        root=head.root.hex(),
        note=head.note,
        files=files,
        segments=segments,
        keys=keys,
        left=dict(left_in(source.directory)),
        forks=head.forks,
    )
    put_bytes(source.destination, bytes_of(manifest, source.signer), f"{name.folder}/{MANIFEST}", scratch)
    sent += sum(file.sealed_bytes for file in files)
    return Taken(name.stamp, head.size, head.lineage, len(files), len(segments), sent, head.note)


def put_segments(
    source: Source, wanted: Sequence[SegmentSealed], scratch: Path, progress: Progress
) -> tuple[list[str], int]:
    """Each of these that is still on this machine goes to the destination once, and again where it lies there cut; the names
    that lie there whole now, and how many bytes went.
    """
    whole, cut = segments_at(source.destination)
    folder = FirmDirectory(source.directory).segments
    sent = 0
    for said in _unsent(wanted, whole, folder):
        sealed, file = _sealed(source, folder / said.name, scratch, progress)
        if file.sha256 != said.sha256:
            raise BackupRefused(
                f'{folder / said.name} is not what the ledger sealed: it is not sent; run "evenhand verify"'
            )
        name = SegmentName(said.name, said.sha256, file.sealed_bytes)
        source.destination.put(sealed, f"{SEGMENTS}/{name.name}")
        sealed.unlink()
        whole[said.name, said.sha256] = name
        sent += file.sealed_bytes
    mended = [each.name for each in cut if (each.segment, each.sha256) in whole and each not in whole.values()]
    source.destination.remove(SEGMENTS, mended)
    return [whole[key].name for said in wanted if (key := (said.name, said.sha256)) in whole], sent


def _unsent(wanted: Sequence[SegmentSealed], whole: _Whole, folder: Path) -> Iterator[SegmentSealed]:
    """Those on this machine that do not lie there. By name and hash: a segment of that name may be another lineage's."""
    for said in wanted:
        if (said.name, said.sha256) not in whole and (folder / said.name).exists():
            yield said


def segments_at(destination: Destination) -> tuple[_Whole, list[SegmentName]]:
    """The segments that lie there as long as their names say, by name and hash; and those that do not."""
    found = [
        (name, size) for each, size in destination.sizes(SEGMENTS).items() if (name := segment_named(each)) is not None
    ]
    whole = {(name.segment, name.sha256): name for name, size in found if name.size_bytes == size}
    return whole, [name for name, size in found if name.size_bytes != size]


def _put_sealed(source: Source, plain: Path, path: str, scratch: Path, progress: Progress) -> CopiedFile:
    sealed, file = _sealed(source, plain, scratch, progress)
    source.destination.put(sealed, path)
    sealed.unlink()
    return file


def _sealed(source: Source, plain: Path, scratch: Path, progress: Progress) -> tuple[Path, CopiedFile]:
    progress(f"sealing and sending {plain.name}")
    sealed = scratch / "sealed"
    sealed.unlink(missing_ok=True)
    source.recipient.seal_file(plain, sealed)
    return sealed, CopiedFile(
        name=plain.name,
        size_bytes=plain.stat().st_size,
        sha256=digest_of(plain),
        sealed_bytes=sealed.stat().st_size,
        sealed_sha256=digest_of(sealed),
    )


def digest_of(path: Path) -> str:
    """Hex SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _require_room(source: Source) -> None:
    """Asked before anything is written: neither the firm nor its older copies shall be brought to an end by this one."""
    files = FirmDirectory(source.directory)
    sizes = [_with_log(path) for path in (files.ledger_db, files.vault_db, files.keys_db)]
    # The plain copies, the largest of them sealed beside them, and what the firm itself must have left.
    needed = sum(sizes) + max(sizes) + source.space_min_bytes
    free = free_bytes(files.path)
    if free < needed:
        raise BackupRefused(
            f"{files.path} has {free // MB} MB free and a copy needs {needed // MB + 1} MB there for a while: make room; "
            "nothing was written, and the copies that are there stay"
        )
    whole, _ = segments_at(source.destination)
    unsent = sum(said.size_bytes for said in _unsent(sealed_segments(source.directory), whole, files.segments))
    source.destination.require_room(sum(sizes) + unsent + SPARE_BYTES)


def _with_log(path: Path) -> int:
    log = path.with_name(f"{path.name}-wal")
    return sum(each.stat().st_size for each in (path, log) if each.exists())
