"""Destination: where copies lie: a directory, or one on another machine. Names appear whole or not at all, and only by rename."""

import os
import re
import shutil
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from backups.errors import BackupRefused, DestinationFailed
from storage.files import DIRECTORY_MODE, FILE_MODE, sync_directory

READ_BYTES_MAX = 512 * 2**20
COPY_BYTES = 1 << 20
PARTIAL = ".part"  # what a crash left of a file that was being put; nobody reads it
_NAME = re.compile(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*")


class Destination(Protocol):
    """A tree of files. Paths are relative, with /."""

    where: str

    def names(self, folder: str) -> list[str]:
        """Names in a folder, in order; none where there is no such folder."""
        ...

    def put(self, local: Path, path: str) -> None:
        """Durable under its name when this returns; what was there before is replaced whole."""
        ...

    def get(self, path: str, local: Path) -> None: ...

    def get_all(self, folder: str, names: Sequence[str], local: Path) -> None:
        """Many files at once, into the directory `local` under their names."""
        ...

    def remove(self, folder: str, names: Iterable[str]) -> None:
        """Files or whole folders in `folder`."""
        ...

    def require_room(self, needed_bytes: int) -> None:
        """Raise BackupRefused where so much will not fit, as far as that can be known."""
        ...


class DirectoryDestination:
    """A directory on this machine: another disk, or a mounted share."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.where = str(path)

    def names(self, folder: str) -> list[str]:
        place = self._place(folder)
        try:
            return sorted(found.name for found in place.iterdir() if not found.name.endswith(PARTIAL))
        except FileNotFoundError:
            self._require_there()
            return []
        except OSError as failed:
            raise self._failure(place, failed) from failed

    def put(self, local: Path, path: str) -> None:
        place = self._place(path)
        self._require_there()
        fresh = place.with_name(f".{place.name}{PARTIAL}")
        try:
            self._make_folder(place.parent)
            fresh.unlink(missing_ok=True)
            with local.open("rb") as source, fresh.open("xb") as target:
                os.fchmod(target.fileno(), FILE_MODE)
                shutil.copyfileobj(source, target, COPY_BYTES)
                target.flush()
                os.fsync(target.fileno())
            fresh.replace(place)
            sync_directory(place.parent)
        except OSError as failed:
            with suppress(OSError):
                fresh.unlink()
            raise self._failure(place, failed) from failed

    def get(self, path: str, local: Path) -> None:
        try:
            shutil.copyfile(self._place(path), local)
        except OSError as failed:
            raise self._failure(self._place(path), failed) from failed

    def get_all(self, folder: str, names: Sequence[str], local: Path) -> None:
        for name in names:
            self.get(f"{folder}/{name}", local / name)

    def remove(self, folder: str, names: Iterable[str]) -> None:
        try:
            for name in names:
                place = self._place(f"{folder}/{name}")
                if place.is_dir():
                    # First out of sight, so that a crash in between leaves nothing that looks whole.
                    gone = place.with_name(f".{name}{PARTIAL}")
                    shutil.rmtree(gone, ignore_errors=True)
                    place.rename(gone)
                    shutil.rmtree(gone)
                else:
                    place.unlink(missing_ok=True)
        except OSError as failed:
            raise self._failure(self._place(folder), failed) from failed

    def require_room(self, needed_bytes: int) -> None:
        self._require_there()
        free = free_bytes(self._path)
        if free < needed_bytes:
            raise BackupRefused(
                f"{self._path} has {free // 10**6} MB free and the copy needs {needed_bytes // 10**6 + 1} MB: make room there, or "
                "keep fewer copies ([backups] in the settings); nothing was written, and the copies that are there stay"
            )

    def _place(self, path: str) -> Path:
        assert path == "" or (_NAME.fullmatch(path) and ".." not in path.split("/")), path
        return self._path / path

    def _require_there(self) -> None:
        """The directory itself is never made: where a share is not mounted, copies would fill the machine's own disk."""
        if not self._path.is_dir():
            raise DestinationFailed(
                f"{self._path} is not there: mount it, or make it (0700), and set backups.destination to it"
            )

    def _make_folder(self, folder: Path) -> None:
        missing = []
        while not folder.exists():
            missing.append(folder)
            folder = folder.parent
        for each in reversed(missing):
            each.mkdir(mode=DIRECTORY_MODE)
            sync_directory(each.parent)

    def _failure(self, place: Path, failed: OSError) -> DestinationFailed:
        return DestinationFailed(
            f"{place}: {failed.strerror or failed}: see that it is there, has room and belongs to the user who makes the copies"
        )


def free_bytes(folder: Path) -> int:
    """What this user may still write."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def read_small(destination: Destination, path: str, scratch: Path) -> bytes:
    """The bytes of a file. Refuses what is larger than any of ours."""
    local = scratch / "fetched"
    local.unlink(missing_ok=True)
    destination.get(path, local)
    if (size := local.stat().st_size) > READ_BYTES_MAX:
        raise DestinationFailed(f"{path} in {destination.where} has {size} bytes: no copy is so large; remove it")
    content = local.read_bytes()
    local.unlink()
    return content


def put_bytes(destination: Destination, content: bytes, path: str, scratch: Path) -> None:
    local = scratch / "to-put"
    local.write_bytes(content)
    destination.put(local, path)
    local.unlink()
