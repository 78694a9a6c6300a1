"""Segments: sealed files of quote frames, written once, synced, read back and checked before the ledger says they exist.

    magic "EVNHQSEG", version u32, reserved u32, count u64 | count × (seq u64, length u32, frame) | SHA-256 of all before it

All integers big-endian. `SegmentSealed.sha256` is over the whole file, as sha256sum prints it.
"""

import hashlib
import mmap
import os
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from pathlib import Path
from struct import Struct
from typing import BinaryIO

import apsw
import msgspec

from firm.inputs import QuoteFrame, SegmentSealed
from firm.kinds import body_of
from storage.errors import LedgerDamaged
from storage.files import FILE_MODE, FirmDirectory, sync_directory
from storage.leaf import HASH_BYTES
from storage.schema import one_value, open_for_reading

MAGIC = b"EVNHQSEG"
VERSION = 1
HEAD = Struct(">8sIIQ")
RECORD = Struct(">QI")
READ_BYTES = 1 << 20
SUFFIX = ".quotes"
MB = 1_000_000


class NoRoom(OSError):
    """A segment was not begun, because the disk would be too full after it."""


def seal(directory: Path, *, upto_seq: int, leave_bytes: int = 0) -> SegmentSealed | None:
    """Write all frames beside the ledger up to row `upto_seq` that are not sealed yet into a segment, durable and checked.

    What it returns is an input for the engine: only once that row is in the ledger may the frames be deleted. None: nothing to seal.
    `leave_bytes`: what must stay free on the disk; raises NoRoom before anything is written where it would not.
    """
    connection = open_for_reading(directory)
    try:
        connection.execute("BEGIN")  # one view of the ledger, however long the writing takes
        return _seal(connection, FirmDirectory(directory).segments, upto_seq, leave_bytes)
    finally:
        connection.close()


def clear_cut_short(directory: Path) -> list[str]:
    """Remove what a process left that ended while it sealed; the names. For whoever has the writer's lock."""
    left = sorted(FirmDirectory(directory).segments.glob(f".*{SUFFIX}.new"))
    for path in left:
        path.unlink()
    return [path.name for path in left]


def _seal(connection: apsw.Connection, folder: Path, upto_seq: int, leave_bytes: int) -> SegmentSealed | None:
    after = int(one_value(connection, "SELECT max(last_seq) FROM sealed_ranges") or 0)
    sql = "SELECT count(*), min(seq), max(seq), sum(length(frame)) FROM quote_frames WHERE seq > ? AND seq <= ?"
    count, first, last, frames_bytes = next(iter(connection.execute(sql, (after, upto_seq))))
    if not count:
        return None
    _require_room(folder, HEAD.size + count * RECORD.size + frames_bytes + HASH_BYTES, leave_bytes)
    name = f"{first:016d}-{last:016d}{SUFFIX}"
    fresh = folder / f".{name}.new"
    sql = "SELECT seq, frame FROM quote_frames WHERE seq BETWEEN ? AND ? ORDER BY seq"
    try:
        _write(fresh, count, connection.execute(sql, (first, last)))
        digest = _check_against_ledger(connection, fresh, count)
        fresh.replace(folder / name)
    except BaseException:
        fresh.unlink(
            missing_ok=True
        )  # a part of a segment is of use to nobody, and takes the room that the ledger needs
        raise
    sync_directory(folder)
    size_bytes = (folder / name).stat().st_size
    return SegmentSealed(
        name=name, first_seq=first, last_seq=last, frames=count, size_bytes=size_bytes, sha256=digest
    )  # fmt: skip


def _require_room(folder: Path, size_bytes: int, leave_bytes: int) -> None:
    found = os.statvfs(folder)
    if found.f_bavail * found.f_frsize < size_bytes + leave_bytes:
        raise NoRoom(
            f"{folder} has no room for a segment of {size_bytes // MB + 1} MB beside the {leave_bytes // MB} MB that must stay "
            "free: make room; the prices stay in the ledger until then"
        )


def _write(path: Path, count: int, frames: Iterable[tuple[int, bytes]]) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, FILE_MODE)
    with open(descriptor, "wb") as file:  # noqa: PTH123  (a descriptor has no path to open)
        sofar = hashlib.sha256()
        for part in _parts(count, frames):
            sofar.update(part)
            file.write(part)
        file.write(sofar.digest())
        file.flush()
        os.fsync(descriptor)
        # What is read back shall come from the disk, not from the pages that were just written.
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)


def _parts(count: int, frames: Iterable[tuple[int, bytes]]) -> Iterator[bytes]:
    yield HEAD.pack(MAGIC, VERSION, 0, count)
    for seq, frame in frames:
        yield RECORD.pack(seq, len(frame)) + frame


def _check_against_ledger(connection: apsw.Connection, path: Path, count: int) -> str:
    """Read the file back: each frame is the one its ledger row names. The digest of the whole file."""
    digest = file_digest(path)
    found = 0
    for seq, frame in read_segment(path):
        if hashlib.sha256(frame).hexdigest() != frame_digest_of_row(connection, seq):
            raise LedgerDamaged(
                f'{path} read back another frame than row {seq} names: stop, run "evenhand verify", check the disk'
            )
        found += 1
    if found != count:
        raise LedgerDamaged(f"{path} read back {found} frames of {count}: stop, check the disk")
    return digest


def frame_digest_of_row(connection: apsw.Connection, seq: int) -> str | None:
    """The SHA-256 that row `seq` names for its frame; None where it is no QuoteFrame."""
    payload = one_value(connection, "SELECT payload FROM ledger WHERE seq = ? AND kind = 'QuoteFrame'", (seq,))
    try:
        body = None if payload is None else body_of("QuoteFrame", payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as broken:
        raise LedgerDamaged(
            f'the payload of row {seq} is no QuoteFrame ({broken}): stop, run "evenhand verify"'
        ) from broken
    return body.sha256 if isinstance(body, QuoteFrame) else None


def file_digest(path: Path) -> str:
    """Hex SHA-256 of a whole file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_segment(path: Path) -> Iterator[tuple[int, bytes]]:
    """(seq, frame) in order. Raises LedgerDamaged at the first byte that is not as written."""
    sofar = hashlib.sha256()
    with path.open("rb", buffering=READ_BYTES) as file:
        magic, version, reserved, count = HEAD.unpack(_exactly(file, HEAD.size, path, sofar))
        if (magic, version, reserved) != (MAGIC, VERSION, 0):
            raise LedgerDamaged(
                f"{path} is not a segment of version {VERSION}: put the right file back from the archive"
            )
        for _ in range(count):
            seq, length = RECORD.unpack(_exactly(file, RECORD.size, path, sofar))
            yield seq, _exactly(file, length, path, sofar)
        if file.read(HASH_BYTES + 1) != sofar.digest():
            raise LedgerDamaged(f"{path} does not end with the hash of what it holds: put it back from the archive")


def _exactly(file: BinaryIO, size: int, path: Path, sofar: "hashlib._Hash") -> bytes:
    part = file.read(size)
    if len(part) != size:
        raise LedgerDamaged(f"{path} ends in the middle of a frame: put it back from the archive")
    sofar.update(part)
    return part


class Segment:
    """A segment opened for reading frames in any order. It trusts the file: `verify` is what checks it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._seqs, self._starts = array("Q"), array("Q")
        _, _, _, count = HEAD.unpack_from(self._map)
        at = HEAD.size
        for _ in range(count):
            seq, length = RECORD.unpack_from(self._map, at)
            self._seqs.append(seq)
            self._starts.append(at)
            at += RECORD.size + length

    def frame(self, seq: int) -> bytes:
        number = bisect_left(self._seqs, seq)
        if number == len(self._seqs) or self._seqs[number] != seq:
            raise LedgerDamaged(f"{self.path} holds no frame of row {seq}: put the right file back from the archive")
        at = self._starts[number]
        _, length = RECORD.unpack_from(self._map, at)
        return self._map[at + RECORD.size : at + RECORD.size + length]
