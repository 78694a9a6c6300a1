"""Names: what lies where in a destination, and the stamps by which copies are in order.

    snapshots/STAMP-SIZE/    ledger.db.age, vault.db.age, evenhand.toml.age, checkpoint, manifest (written last)
    segments/NAME.age        sealed days of prices, once and never again
    keys/STAMP-full.age, keys/STAMP-delta.age
    erasures/STAMP.age
    tail/LINEAGE/FIRST-LAST-STAMP.age
    newest                   the newest signed checkpoint that was shipped

A stamp is an instant of the machine's clock, UTC to the microsecond; none is given out twice, and a later one sorts later.
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

from storage.files import FILE_MODE

SNAPSHOTS, SEGMENTS, KEYS, ERASURES, TAIL = "snapshots", "segments", "keys", "erasures", "tail"
NEWEST = "newest"
AGE = ".age"
LOCK = "backup.lock"

_STAMP = r"\d{8}T\d{12}Z"
_FORM = "%Y%m%dT%H%M%S%fZ"
_SNAPSHOT = re.compile(rf"({_STAMP})-(\d{{16}})")
_TAIL = re.compile(rf"(\d{{16}})-(\d{{16}})-({_STAMP})\.age")
_KEYS = re.compile(rf"({_STAMP})-(full|delta)\.age")
_ERASURE = re.compile(rf"({_STAMP})\.age")


class SnapshotName(NamedTuple):
    """A snapshot of a ledger of `size` rows."""

    stamp: str
    size: int

    @property
    def folder(self) -> str:
        return f"{SNAPSHOTS}/{self.stamp}-{self.size:016d}"


class TailName(NamedTuple):
    """A tail file with rows `first` to `last`."""

    first: int
    last: int
    stamp: str

    @property
    def name(self) -> str:
        return f"{self.first:016d}-{self.last:016d}-{self.stamp}{AGE}"


class KeysName(NamedTuple):
    """A copy of all keys, or of what changed since the one before it."""

    stamp: str
    what: str

    @property
    def path(self) -> str:
        return f"{KEYS}/{self.stamp}-{self.what}{AGE}"


def snapshot_named(name: str) -> SnapshotName | None:
    found = _SNAPSHOT.fullmatch(name)
    return None if found is None else SnapshotName(found[1], int(found[2]))


def tail_named(name: str) -> TailName | None:
    found = _TAIL.fullmatch(name)
    return None if found is None else TailName(int(found[1]), int(found[2]), found[3])


def keys_named(name: str) -> KeysName | None:
    found = _KEYS.fullmatch(name)
    return None if found is None else KeysName(found[1], found[2])


def erasure_named(name: str) -> str | None:
    """The stamp."""
    found = _ERASURE.fullmatch(name)
    return None if found is None else found[1]


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
    """A stamp later than every one before it, also where the clock was set back; one process at a time has one.

    Whoever holds it reads the keys and puts their copy in place: so a later stamp is a later state.
    """
    descriptor = os.open(directory / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, FILE_MODE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        said = os.pread(descriptor, 64, 0).decode("ascii", "replace").strip()
        last_us = instant_of(said) if re.fullmatch(_STAMP, said) else 0
        stamp = stamp_of(max(wall_us(), last_us + 1))
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
