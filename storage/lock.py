"""Lock: one process at a time may write a firm's ledger. Readers are not locked out."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.errors import LedgerInUse
from storage.files import FILE_MODE
from storage.sqlite_file import disk_refused


class WriterLock:
    """Held from construction to `release`, and by the kernel no longer than the process lives."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, FILE_MODE)
        except OSError as failed:
            raise disk_refused(path, failed) from failed
        try:
            _take(self._descriptor, path)
        except LedgerInUse:
            os.close(self._descriptor)
            raise
        # The name stays when the lock is released: removing it would let two processes lock two files of one name.
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let another process write. Harmless twice."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


@contextmanager
def writers_kept_out(path: Path) -> Iterator[bool]:
    """Nobody begins to write meanwhile: the same lock, without a byte written, for where none may be. Raises LedgerInUse.

    What is given says whether it is held: a sick disk, or one over the network that locks only what can be written, may give none.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        yield False
        return
    try:
        yield _could_take(descriptor, path)
    finally:
        os.close(descriptor)


def holder_of(descriptor: int) -> int | None:
    """The process that holds the lock of this open file: by the kernel's list, or else the last one that wrote its number there."""
    found = os.fstat(descriptor)
    place = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
    try:
        locks = Path("/proc/locks").read_text().splitlines()
    except OSError:
        locks = []
    for words in map(str.split, locks):  # "1: FLOCK ADVISORY WRITE 4711 08:01:1234 0 EOF"
        if words[1:2] == ["FLOCK"] and words[5:6] == [place]:
            return int(words[4])
    told = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
    return int(told) if told.isdecimal() else None


def _could_take(descriptor: int, path: Path) -> bool:
    try:
        _take(descriptor, path)
    except LedgerInUse:
        raise
    except OSError:
        return False
    return True


def _take(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as held:
        holder = holder_of(descriptor) or "unknown"
        raise LedgerInUse(
            f"{path.parent} is in use by process {holder}: stop that one first, or choose another --data-dir"
        ) from held
