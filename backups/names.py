"""Names: what lies where in a destination, and the stamps by which copies are in order.

    snapshots/STAMP-SIZE/    ledger.db.age, vault.db.age, evenhand.toml.age, checkpoint, manifest (written last)
    segments/NAME-SHA256-BYTES.age     sealed days of prices, once and never again
    keys/STAMP-full-BYTES.age, keys/STAMP-delta-BYTES.age
    erasures/CHAIN/NUMBER-STAMP-BYTES.age      a chain bears the stamp of its first erasure
    tail/LINEAGE/FIRST-LAST-STAMP-BYTES.age
    newest                   the newest signed checkpoint that was shipped

A stamp is an instant of the machine's clock, UTC to the microsecond; none is given out twice, and a later one sorts later.
BYTES is how long the file is, so that one that was cut is known by a look at the folder. SHA256 is of the segment as the ledger
names it: after a restore other prices may lie in the same rows.
"""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import time_ns
from typing import NamedTuple

from backups.errors import BackupRefused
from firm.instant import MINUTE_US
from storage.files import FILE_MODE

SNAPSHOTS, SEGMENTS, KEYS, ERASURES, TAIL = "snapshots", "segments", "keys", "erasures", "tail"
NEWEST = "newest"
AGE = ".age"
MANIFEST, CHECKPOINT = "manifest", "checkpoint"
LOCK = "backup.lock"
AHEAD_MAX_US = 5 * MINUTE_US  # a stamp of later than that is no clock's trembling: the clock was wrong, then or now

_STAMP = r"\d{8}T\d{12}Z"
_FORM = "%Y%m%dT%H%M%S%fZ"
_SNAPSHOT = re.compile(rf"({_STAMP})-(\d{{16}})", re.ASCII)
_BYTES = r"([1-9]\d{0,15})"
_TAIL = re.compile(rf"(\d{{16}})-(\d{{16}})-({_STAMP})-{_BYTES}\.age", re.ASCII)
_KEYS = re.compile(rf"({_STAMP})-(full|delta)-{_BYTES}\.age", re.ASCII)
_ERASURE = re.compile(rf"({_STAMP})/(\d{{8}})-({_STAMP})-{_BYTES}\.age", re.ASCII)
_SEGMENT = re.compile(rf"([A-Za-z0-9_.-]+)-([0-9a-f]{{64}})-{_BYTES}\.age", re.ASCII)


class SnapshotName(NamedTuple):
    """A snapshot of a ledger of `size` rows."""

    stamp: str
    size: int

    @property
    def entry(self) -> str:
        return f"{self.stamp}-{self.size:016d}"

    @property
    def folder(self) -> str:
        return f"{SNAPSHOTS}/{self.entry}"


class TailName(NamedTuple):
    """A tail file with rows `first` to `last`."""

    first: int
    last: int
    stamp: str
    size_bytes: int

    @property
    def name(self) -> str:
        return f"{self.first:016d}-{self.last:016d}-{self.stamp}-{self.size_bytes}{AGE}"


class KeysName(NamedTuple):
    """A copy of all keys, or of what changed since the one before it."""

    stamp: str
    what: str
    size_bytes: int

    @property
    def name(self) -> str:
        return f"{self.stamp}-{self.what}-{self.size_bytes}{AGE}"


class ErasureName(NamedTuple):
    """Whose keys were forgotten, told at that stamp, as the one of that number in its chain. The name has a /."""

    chain: str
    number: int
    stamp: str
    size_bytes: int

    @property
    def name(self) -> str:
        return f"{self.chain}/{self.number:08d}-{self.stamp}-{self.size_bytes}{AGE}"


class SegmentName(NamedTuple):
    """A segment of that name in the firm's directory; `sha256` is of its plain bytes."""

    segment: str
    sha256: str
    size_bytes: int

    @property
    def name(self) -> str:
        return f"{self.segment}-{self.sha256}-{self.size_bytes}{AGE}"


def snapshot_named(name: str) -> SnapshotName | None:
    found = _SNAPSHOT.fullmatch(name)
    return SnapshotName(found[1], int(found[2])) if found and _is_instant(found[1]) else None


def tail_named(name: str) -> TailName | None:
    found = _TAIL.fullmatch(name)
    if found is None or not _is_instant(found[3]):
        return None
    return TailName(int(found[1]), int(found[2]), found[3], int(found[4]))


def keys_named(name: str) -> KeysName | None:
    found = _KEYS.fullmatch(name)
    return KeysName(found[1], found[2], int(found[3])) if found and _is_instant(found[1]) else None


def erasure_named(name: str) -> ErasureName | None:
    found = _ERASURE.fullmatch(name)
    if found is None or not _is_instant(found[1]) or not _is_instant(found[3]):
        return None
    return ErasureName(found[1], int(found[2]), found[3], int(found[4]))


def segment_named(name: str) -> SegmentName | None:
    found = _SEGMENT.fullmatch(name)
    return None if found is None else SegmentName(found[1], found[2], int(found[3]))


def _is_instant(stamp: str) -> bool:
    """Twenty digits need not be one: 20269999T… is no name of ours."""
    try:
        instant_of(stamp)
    except ValueError:
        return False
    return True


def stamp_of(instant_us: int) -> str:
    return (
        datetime.fromtimestamp(instant_us // 1_000_000, UTC).replace(microsecond=instant_us % 1_000_000).strftime(_FORM)
    )


def instant_of(stamp: str) -> int:
    """Microseconds since 1970, UTC."""
    at = datetime.strptime(stamp, _FORM).replace(tzinfo=UTC)
    return int(at.replace(microsecond=0).timestamp()) * 1_000_000 + at.microsecond


def wall_us() -> int:
    return time_ns() // 1_000


@contextmanager
def next_stamp(directory: Path) -> Iterator[str]:
    """A stamp later than every one before it, also where the clock was set back a little; one process at a time has one.

    Whoever holds it reads the keys and puts their copy in place: so a later stamp is a later state. Raises BackupRefused where
    the stamp before is far ahead of the clock: going on from it, no age would ever be told right again.
    """
    descriptor = os.open(directory / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, FILE_MODE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        said = os.pread(descriptor, 64, 0).decode("ascii", "replace").strip()
        last_us = instant_of(said) if re.fullmatch(_STAMP, said, re.ASCII) and _is_instant(said) else 0
        now_us = wall_us()
        if last_us > now_us + AHEAD_MAX_US:
            raise BackupRefused(
                f"the last copy bears {said}, which is ahead of this machine's clock, {stamp_of(now_us)}: set the clock; where it "
                f'is right now and was wrong then, see "A clock that was ahead" in docs/operating/backups.md'
            )
        stamp = stamp_of(max(now_us, last_us + 1))
        os.pwrite(descriptor, f"{stamp}\n".encode(), 0)
        os.fsync(descriptor)
        yield stamp
    finally:
        os.close(descriptor)


def remember_stamp(directory: Path, stamp: str) -> None:
    """In a restored firm: what it gives out shall follow what its copies bear."""
    path = directory / LOCK
    path.write_text(f"{stamp}\n", "ascii")
    path.chmod(FILE_MODE)
