"""Tape: the real program writes to real files, and every operation on them goes through here: noted, or made to fail.

SQLite's files pass through a VFS of apsw; plain files are noted where Python syncs, renames or removes them.
"""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import apsw
import pytest

from tests.faults.crashes import SECTOR, Disk, Image, Sync, SyncFailed, SyncNames, Truncate, Write, folder_of, lying

PLAIN_WRITE_BYTES = 4_096
_NAMES = count()
# Those that SQLite's unix VFS syncs together with their directory when it syncs them first.
_NAMED_AT_FIRST_SYNC = apsw.SQLITE_OPEN_MAIN_JOURNAL | apsw.SQLITE_OPEN_SUPER_JOURNAL | apsw.SQLITE_OPEN_WAL


class Fault(NamedTuple):
    """The `nth` operation of a kind fails with this code of SQLite's; with `for_ever` also each after it."""

    operation: str
    code: int
    nth: int
    for_ever: bool


class Tape:
    """The log of one run. `lies`: the disk says that it synced, and did not."""

    def __init__(self, folder: Path, fault: Fault | None, platter: Image | None, *, lies: bool) -> None:
        self.folder = folder
        self.disk = Disk(lying(folder) if platter is None else platter)
        self.fault = fault
        self.lies = lies
        self.runs = True
        self.seen: Counter[str] = Counter()
        self.vfs = f"evenhand-faults-{next(_NAMES)}"
        self._registered = _Recorder(self)

    def tell(self, what: str, value: int) -> None:
        """Note what somebody outside knows from here on."""
        self.disk.tell(what, value)

    def name(self, path: Path | str) -> str | None:
        """A path's name in the log; None where it is not of this directory, or does not outlive the machine."""
        name = os.path.relpath(path, self.folder)
        return None if not self.runs or name.startswith("..") or name == "lock" else name

    def pass_or_fail(self, operation: str) -> None:
        """Raise where the fault says so."""
        if not self.runs:
            return
        self.seen[operation] += 1
        fault = self.fault
        if fault is None or fault.operation != operation or self.seen[operation] < fault.nth:
            return
        if fault.for_ever or self.seen[operation] == fault.nth:
            raise apsw.exception_for(fault.code)

    def stop(self) -> None:
        """The power is gone, or the process: what comes after is nobody's."""
        self.runs = False

    def close(self) -> None:
        self.runs = False
        self._registered.unregister()


@contextmanager
def recording(
    folder: Path, fault: Fault | None = None, *, platter: Image | None = None, lies: bool = False
) -> Iterator[Tape]:
    """Note everything that happens to the files of a directory; open databases with the `vfs` of what is yielded.

    `platter`: what is really on the disk at the beginning, where that is not what the kernel shows.
    """
    tape = Tape(folder, fault, platter, lies=lies)
    with pytest.MonkeyPatch.context() as patch:
        _note_plain_files(tape, patch)
        try:
            yield tape
        finally:
            tape.close()


class _Recorder(apsw.VFS):
    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        super().__init__(tape.vfs, "")

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802  (SQLite's word)
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        inner = None if path is None else self._tape.name(path)
        if inner is None:
            return apsw.VFSFile("", name, flags)
        self._tape.pass_or_fail("open")
        return _File(self._tape, inner, name, flags)

    def xDelete(self, path: str, sync_names: bool) -> None:  # noqa: N802
        self._tape.pass_or_fail("delete")
        super().xDelete(path, sync_names)
        name = self._tape.name(path)
        if name is not None:
            self._tape.disk.unlink(name)
            if sync_names and not self._tape.lies:
                self._tape.disk.log.append(SyncNames(folder_of(name)))


class _File(apsw.VFSFile):
    def __init__(self, tape: Tape, inner: str, name: Any, flags: list[int]) -> None:
        super().__init__("", name, flags)
        self._tape = tape
        self._folder = folder_of(inner)
        self._inode = tape.disk.inode(inner)
        self._name_waits = bool(flags[0] & apsw.SQLITE_OPEN_CREATE and flags[0] & _NAMED_AT_FIRST_SYNC)

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802
        self._tape.pass_or_fail("read")
        return super().xRead(amount, offset)

    def xWrite(self, content: Any, offset: int) -> None:  # noqa: N802
        try:
            self._tape.pass_or_fail("write")
        except apsw.Error:
            # A disk that fails in the middle has written what came before.
            self._write(bytes(content)[: len(content) // 2 // SECTOR * SECTOR], offset)
            raise
        self._write(bytes(content), offset)

    def _write(self, content: bytes, offset: int) -> None:
        if not content:
            return
        super().xWrite(content, offset)
        if self._tape.runs:
            self._tape.disk.log.append(Write(self._inode, offset, content))

    def xTruncate(self, size: int) -> None:  # noqa: N802
        self._tape.pass_or_fail("truncate")
        super().xTruncate(size)
        if self._tape.runs:
            self._tape.disk.log.append(Truncate(self._inode, size))

    def xSync(self, flags: int) -> None:  # noqa: N802
        log = self._tape.disk.log
        try:
            self._tape.pass_or_fail("sync")
        except apsw.Error:
            log.append(SyncFailed(self._inode))
            raise
        super().xSync(flags)
        if not self._tape.runs or self._tape.lies:
            return
        log.append(Sync(self._inode))
        if self._name_waits:
            self._name_waits = False
            log.append(SyncNames(self._folder))


def _note_plain_files(tape: Tape, patch: pytest.MonkeyPatch) -> None:
    fsync, replace, unlink = os.fsync, os.replace, os.unlink
    disk, written = tape.disk, dict(tape.disk.start)

    def note_content(path: str, name: str) -> None:
        content = Path(path).read_bytes()
        if name in disk.inodes and written.get(name) == content:
            return
        inode = disk.inode(name)
        written[name] = content
        for at in range(0, len(content), PLAIN_WRITE_BYTES):
            disk.log.append(Write(inode, at, content[at : at + PLAIN_WRITE_BYTES]))

    def noted_fsync(descriptor: int) -> None:
        fsync(descriptor)
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        name = tape.name(path)
        if name is None:
            return
        if path.is_dir():
            disk.log.append(SyncNames("" if name == "." else name))
        else:
            note_content(str(path), name)
            disk.log.append(Sync(disk.inodes[name]))

    def noted_replace(path: Any, fresh: Any, **more: Any) -> None:
        name, fresh_name = tape.name(path), tape.name(fresh)
        if name is not None and name not in disk.inodes:
            note_content(str(path), name)  # never synced: it may be renamed before its bytes arrive
        replace(path, fresh, **more)
        if name is not None and fresh_name is not None:
            disk.rename(name, fresh_name)

    def noted_unlink(path: Any, **more: Any) -> None:
        unlink(path, **more)
        name = tape.name(path)
        if name is not None:
            disk.unlink(name)

    patch.setattr(os, "fsync", noted_fsync)
    patch.setattr(os, "replace", noted_replace)
    patch.setattr(os, "unlink", noted_unlink)
