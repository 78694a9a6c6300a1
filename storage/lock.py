"""Lock: one process at a time may write a firm's ledger. Readers are not locked out."""

import fcntl
import os
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
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as held:
            holder = os.pread(self._descriptor, 32, 0).decode("ascii", "replace").strip()
            os.close(self._descriptor)
            raise LedgerInUse(
                f"{path.parent} is in use by process {holder or 'unknown'}: stop that one first, or choose another --data-dir"
            ) from held
        # The name stays when the lock is released: removing it would let two processes lock two files of one name.
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let another process write. Harmless twice."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
