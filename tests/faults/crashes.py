"""Disk: what a machine has told its disk, in order, and what may lie there when the power goes.

A write may be anywhere between the program and the platter until its file is synced; a name until its directory is. A crash
takes any prefix of the log and leaves one `Image`: the synced part, and of the rest whatever its `Crash` says.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from random import Random
from typing import NamedTuple

SECTOR = 512
SEGMENTS = "segments"  # the one directory within a firm's that the book writes to


class Crash(StrEnum):
    """What happens to the operations that were not synced."""

    LOST = "lost"  # none arrived
    KEPT = "kept"  # all arrived
    SUBSET = "subset"  # any of them arrived, in any order
    TORN = "torn"  # all arrived, the last write up to a sector
    PREFIX_TORN = "prefix-torn"  # the first few arrived, the next one up to a sector
    GARBAGE = "garbage"  # all arrived, some sectors as noise


class Write(NamedTuple):
    """Bytes at an offset of a file."""

    inode: int
    offset: int
    content: bytes


class Truncate(NamedTuple):
    """A file has this size from now on."""

    inode: int
    size: int


class Link(NamedTuple):
    """A name leads to a file; what it led to before it no longer does."""

    name: str
    inode: int


class Unlink(NamedTuple):
    """A name leads nowhere."""

    name: str


class Rename(NamedTuple):
    """A file has another name, in one step."""

    name: str
    fresh: str
    inode: int


class Sync(NamedTuple):
    """What was written to a file before is on the platter."""

    inode: int


class SyncFailed(NamedTuple):
    """The disk refused. The kernel takes the pages for clean: what did not arrive never will, however often one syncs again."""

    inode: int


class SyncNames(NamedTuple):
    """The names in a directory are on the platter."""

    folder: str


class Told(NamedTuple):
    """Not of the disk: what somebody outside was told, or has asked for, before this point of the log."""

    what: str
    value: int


Change = Write | Truncate | Link | Unlink | Rename
Operation = Change | Sync | SyncFailed | SyncNames | Told
Image = dict[str, bytes]
"""Each file by its name within the firm's directory."""


@dataclass
class Disk:
    """A log of operations since `start`, which was all synced. `told`: what somebody outside knew already then."""

    start: Image
    log: list[Operation] = field(default_factory=list)
    told: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.inodes = {name: number for number, name in enumerate(self.start, 1)}
        self._count = len(self.inodes)

    def inode(self, name: str) -> int:
        """The file that a name leads to now; a new one where it leads to none."""
        if name not in self.inodes:
            self._count += 1
            self.inodes[name] = self._count
            self.log.append(Link(name, self._count))
        return self.inodes[name]

    def unlink(self, name: str) -> None:
        if self.inodes.pop(name, None) is not None:
            self.log.append(Unlink(name))

    def rename(self, name: str, fresh: str) -> None:
        self.inodes[fresh] = self.inodes.pop(name)
        self.log.append(Rename(name, fresh, self.inodes[fresh]))

    def tell(self, what: str, value: int) -> None:
        self.log.append(Told(what, value))


class Platter:
    """What is certainly on the disk, and what is still under way, at one point of a log."""

    def __init__(self, disk: Disk) -> None:
        self.names = {name: number for number, name in enumerate(disk.start, 1)}
        self.files = {self.names[name]: content for name, content in disk.start.items()}
        self.pending: list[Change] = []
        self.told = dict(disk.told)

    def take(self, operation: Operation, drawn: Random) -> None:
        match operation:
            case Sync(inode):
                self._settle([change for change in self.pending if _is_content(change, inode)])
            case SyncFailed(inode):
                under_way = [change for change in self.pending if _is_content(change, inode)]
                self._settle([change for change in under_way if drawn.random() < 0.5])
                self._forget(under_way)
            case SyncNames(folder):
                self._settle([change for change in self.pending if _is_name(change, folder)])
            case Told(what, value):
                self.told[what] = value
            case _:
                self.pending.append(operation)

    def image(self, crash: Crash, drawn: Random) -> Image:
        """What is found when the machine starts again."""
        names, files = dict(self.names), dict(self.files)
        for change in survivors(self.pending, crash, drawn):
            _apply(names, files, change)
        return {name: files.get(inode, b"") for name, inode in names.items()}

    def _settle(self, changes: list[Change]) -> None:
        for change in changes:
            _apply(self.names, self.files, change)
        self._forget(changes)

    def _forget(self, changes: list[Change]) -> None:
        gone = {id(change) for change in changes}  # two writes may be equal and yet be two
        self.pending = [change for change in self.pending if id(change) not in gone]


def _is_content(change: Change, inode: int) -> bool:
    return isinstance(change, Write | Truncate) and change.inode == inode


def _is_name(change: Change, folder: str) -> bool:
    return isinstance(change, Link | Unlink | Rename) and folder_of(change.name) == folder


def survivors(pending: list[Change], crash: Crash, drawn: Random) -> list[Change]:
    """What of the operations under way has arrived."""
    match crash:
        case Crash.LOST:
            return []
        case Crash.KEPT:
            return pending
        case Crash.SUBSET:
            likely = drawn.choice((0.2, 0.5, 0.8))
            return [change for change in pending if drawn.random() < likely]
        case Crash.TORN:
            return [*pending[:-1], *_cut(pending[-1:], drawn)]
        case Crash.PREFIX_TORN:
            kept = drawn.randrange(len(pending)) if pending else 0
            return [*pending[:kept], *_cut(pending[kept : kept + 1], drawn)]
        case Crash.GARBAGE:
            likely = drawn.choice((0.1, 0.5, 1.0))
            return [noisy(change, likely, drawn) if isinstance(change, Write) else change for change in pending]


def at_the_end(disk: Disk, drawn: Random) -> Platter:
    """The platter once the whole log was told to the disk."""
    platter = Platter(disk)
    for operation in disk.log:
        platter.take(operation, drawn)
    return platter


def images(
    disk: Disk, crashes: tuple[Crash, ...], drawn: Random, *, every: int = 1
) -> Iterator[tuple[int, Crash, Platter, Image]]:
    """(length of the prefix, how it crashed, the platter, the image) for each `every`th prefix of the log and each crash."""
    platter = Platter(disk)
    for length, operation in enumerate([None, *disk.log]):
        if operation is not None:
            platter.take(operation, drawn)
        if length % every:
            continue
        for crash in crashes:
            yield length, crash, platter, platter.image(crash, drawn)


def lay(image: Image, folder: Path) -> None:
    """Make a directory hold this image and nothing of an earlier one."""
    (folder / SEGMENTS).mkdir(exist_ok=True)
    for name in _names_in(folder):
        if name not in image:
            (folder / name).unlink()
    for name, content in image.items():
        (folder / name).write_bytes(content)


def lying(folder: Path) -> Image:
    """What a directory holds, as the start of a log. Shared memory and locks do not outlive the machine."""
    names = [name for name in sorted(_names_in(folder)) if not name.endswith("-shm") and name != "lock"]
    return {name: (folder / name).read_bytes() for name in names}


def _names_in(folder: Path) -> list[str]:
    return [entry.name for entry in os.scandir(folder) if entry.is_file()] + [
        f"{SEGMENTS}/{entry.name}" for entry in os.scandir(folder / SEGMENTS)
    ]


def folder_of(name: str) -> str:
    return name.rpartition("/")[0]


def noisy(write: Write, likely: float, drawn: Random) -> Write:
    """The same write with some of its sectors as noise. What it did not touch of them stays: disks keep what is not written."""
    content = bytearray(write.content)
    at = 0
    while at < len(content):
        until = min(at + SECTOR - (write.offset + at) % SECTOR, len(content))
        if drawn.random() < likely:
            content[at:until] = drawn.randbytes(until - at)
        at = until
    return write._replace(content=bytes(content))


def _cut(changes: list[Change], drawn: Random) -> list[Change]:
    """A write up to a boundary of a sector within it; anything else happens whole or not at all."""
    cut: list[Change] = []
    for change in changes:
        if isinstance(change, Write):
            first = SECTOR - change.offset % SECTOR
            bounds = [0, *range(first, len(change.content), SECTOR)]
            cut.append(change._replace(content=change.content[: drawn.choice(bounds)]))
        elif drawn.random() < 0.5:
            cut.append(change)
    return cut


def _apply(names: dict[str, int], files: dict[int, bytes], change: Change) -> None:
    match change:
        case Write(inode, offset, content):
            before = files.get(inode, b"").ljust(offset, b"\0")
            files[inode] = before[:offset] + content + before[offset + len(content) :]
        case Truncate(inode, size):
            files[inode] = files.get(inode, b"")[:size].ljust(size, b"\0")
        case Link(name, inode):
            names[name] = inode
        case Unlink(name):
            names.pop(name, None)
        case Rename(name, fresh, inode):
            names.pop(name, None)
            names[fresh] = inode
