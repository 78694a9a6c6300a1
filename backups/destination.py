"""Destination: where copies lie: a directory, or one on another machine. Names appear whole or not at all, and only by rename."""

import logging
import os
import re
import secrets as random
import shutil
import stat
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from backups.errors import BackupRefused, DestinationFailed
from storage.files import DIRECTORY_MODE, FILE_MODE, sync_directory

READ_BYTES_MAX = 512 * 2**20
LOT_BYTES_MAX = 8 * 2**20  # of small files, held at a time: whoever may write there shall not fill disk and memory here
LOT_FILES_MAX = 500
DEEPEST = 3  # parts of a path: tail/LINEAGE/…; what lies deeper is nothing of ours
COPY_BYTES = 1 << 20
PARTIAL = ".part"  # what a crash left of a file that was being put; nobody reads it: backups/left_over.py
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_NAME = re.compile(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*")

_LOG = logging.getLogger("evenhand.backups")


class Destination(Protocol):
    """A tree of files. Paths are relative, with /."""

    where: str

    def names(self, folder: str) -> list[str]:
        """Names in a folder, in order; none where there is no such folder."""
        ...

    def hidden(self, folder: str) -> dict[str, int]:
        """Names in a folder that begin with a dot: no copy, but perhaps what a crash left of one; each with when it was last written,
        in microseconds, by that machine's clock.
        """
        ...

    def sizes(self, folder: str) -> dict[str, int]:
        """Bytes of every regular file below a folder, by its path from there, as deep as copies lie; none where there is no
        such folder.
        """
        ...

    def put(self, local: Path, path: str) -> None:
        """Durable under its name when this returns; what was there before is replaced whole."""
        ...

    def get(self, path: str, local: Path, bytes_max: int) -> None:
        """A regular file of at most so many bytes; DestinationFailed where it is another thing, or larger."""
        ...

    def get_all(self, folder: str, names: Sequence[str], local: Path, bytes_max: int) -> None:
        """Many files at once, each as `get` has it, into the directory `local` under their names, which may have a /."""
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
        return [name for name in self._all_names(folder) if not name.endswith(PARTIAL)]

    def hidden(self, folder: str) -> dict[str, int]:
        place = self._place(folder)
        found = {}
        try:
            for name in self._all_names(folder):
                if name.startswith("."):
                    with suppress(FileNotFoundError):  # a put that ended just now
                        found[name] = (place / name).lstat().st_mtime_ns // 1_000
        except OSError as failed:
            raise self._failure(place, failed) from failed
        return found

    def _all_names(self, folder: str) -> list[str]:
        place = self._place(folder)
        try:
            return sorted(found.name for found in place.iterdir())
        except FileNotFoundError:
            self._require_there()
            return []
        except OSError as failed:
            raise self._failure(place, failed) from failed

    def sizes(self, folder: str) -> dict[str, int]:
        place = self._place(folder)
        try:
            return dict(sorted(_sizes(place, "", DEEPEST)))
        except FileNotFoundError:
            self._require_there()
            return {}
        except OSError as failed:
            raise self._failure(place, failed) from failed

    def put(self, local: Path, path: str) -> None:
        place = self._place(path)
        self._require_ours()
        # By chance, because shipping and the nightly backup may put the same file at once.
        fresh = place.with_name(f".{place.name}.{random.token_hex(8)}{PARTIAL}")
        try:
            self._make_folder(place.parent)
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

    def get(self, path: str, local: Path, bytes_max: int) -> None:
        place = self._place(path)
        try:
            # Without waiting: a pipe that somebody laid there would never be opened.
            descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with open(descriptor, "rb") as source, local.open("wb") as target:  # noqa: PTH123  (a descriptor)
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise DestinationFailed(f"{place} is no file: no copy of ours is anything else; remove it")
                left = bytes_max + 1
                while left and (some := source.read(min(COPY_BYTES, left))):
                    target.write(some)
                    left -= len(some)
        except OSError as failed:
            raise self._failure(place, failed) from failed
        if not left:
            local.unlink()
            raise too_large(str(place), bytes_max)

    def get_all(self, folder: str, names: Sequence[str], local: Path, bytes_max: int) -> None:
        for name in names:
            (local / name).parent.mkdir(mode=DIRECTORY_MODE, exist_ok=True)
            self.get(f"{folder}/{name}", local / name, bytes_max)

    def remove(self, folder: str, names: Iterable[str]) -> None:
        self._require_ours()
        try:
            for name in names:
                place = self._place(f"{folder}/{name}")
                if place.is_dir():
                    # First out of sight, so that a crash in between leaves nothing that looks whole.
                    gone = place if name.startswith(".") else place.with_name(f".{name}{PARTIAL}")
                    if gone != place:
                        shutil.rmtree(gone, ignore_errors=True)
                        place.rename(gone)
                    shutil.rmtree(gone)
                else:
                    place.unlink(missing_ok=True)
        except OSError as failed:
            raise self._failure(self._place(folder), failed) from failed
        except RecursionError as deep:
            raise DestinationFailed(
                f"{gone} holds folders in folders without end, and no copy does: see who wrote there, and remove it by hand (rm -r)"
            ) from deep

    def require_room(self, needed_bytes: int) -> None:
        self._require_ours()
        free = free_bytes(self._path)
        if free < needed_bytes:
            raise BackupRefused(
                f"{self._path} has {free // 10**6} MB free and the copy needs {needed_bytes // 10**6 + 1} MB: make room there, or "
                "keep fewer copies ([backups] in the settings); nothing was written, and the copies that are there stay"
            )

    def _place(self, path: str) -> Path:
        assert path == "" or (_NAME.fullmatch(path) and ".." not in path.split("/")), path
        place = self._path
        for part in path.split("/"):
            place = place / part
            if place != self._path and place.is_symlink():
                raise DestinationFailed(
                    f"{place} leads elsewhere: copies are read and written in {self._path} itself alone; remove the link"
                )
        return place

    def _require_there(self) -> None:
        """The directory itself is never made: where a share is not mounted, copies would fill the machine's own disk."""
        if not self._path.is_dir():
            raise DestinationFailed(
                f"{self._path} is not there: mount it, or make it (0700); or name another place, as backups.destination or with --from"
            )

    def _require_ours(self) -> None:
        """Whoever may write there may replace or remove every copy."""
        self._require_there()
        if (mode := self._path.stat().st_mode) & OTHERS_WRITE:
            raise DestinationFailed(
                f"{self._path} may be written by others ({stat.S_IMODE(mode):04o}): see who did, then chmod 0700 {self._path}"
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
        if isinstance(failed, DestinationFailed):
            return failed
        return DestinationFailed(
            f"{place}: {failed.strerror or failed}: see that it is there, has room and belongs to the user who makes the copies"
        )


def free_bytes(folder: Path) -> int:
    """What this user may still write."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def too_large(place: str, bytes_max: int) -> DestinationFailed:
    return DestinationFailed(f"{place} has more than {bytes_max} bytes: no copy of its kind is so large; remove it")


def read_small(destination: Destination, path: str, scratch: Path, bytes_max: int = READ_BYTES_MAX) -> bytes:
    """The bytes of a file. Refuses what is larger than any of ours."""
    local = scratch / "fetched"
    local.unlink(missing_ok=True)
    destination.get(path, local, bytes_max)
    content = local.read_bytes()
    local.unlink()
    return content


def read_all(
    destination: Destination, folder: str, names: Sequence[str], scratch: Path, bytes_max: int
) -> dict[str, bytes]:
    """The bytes of many small files; one that cannot be had is left out."""
    if not names:
        return {}
    local = scratch / "fetched-all"
    shutil.rmtree(local, ignore_errors=True)
    local.mkdir(mode=DIRECTORY_MODE)
    try:
        destination.get_all(folder, names, local, bytes_max)
        found = {name: (local / name).read_bytes() for name in names}
    except DestinationFailed as failed:
        found = {}  # then one by one, so that one bad file does not stand before the others
        for name in names:
            with suppress(DestinationFailed):
                found[name] = read_small(destination, f"{folder}/{name}", scratch, bytes_max)
        if not found:
            destination.names(folder)  # which says why, where nobody answers at all
            _LOG.warning("%s", failed)
    shutil.rmtree(local)
    return found


def read_lots(
    destination: Destination, folder: str, sizes: Mapping[str, int], scratch: Path
) -> Iterator[tuple[str, bytes]]:
    """The bytes of small files in this order, a lot of them at a time, each as long as it was listed at most; one that cannot be
    had is left out.
    """
    waiting = deque(sizes.items())
    while waiting:
        lot, largest = first_lot(waiting)
        for _ in lot:
            waiting.popleft()
        yield from read_all(destination, folder, lot, scratch, largest).items()


def first_lot(sizes: Iterable[tuple[str, int]]) -> tuple[list[str], int]:
    """Of names and how long each was listed as: as many as are held at a time, at least one, and the largest of these."""
    lot: list[str] = []
    largest = 0
    for name, size in sizes:
        if lot and (len(lot) == LOT_FILES_MAX or (len(lot) + 1) * max(largest, size) > LOT_BYTES_MAX):
            break
        lot.append(name)
        largest = max(largest, size)
    return lot, largest


def _sizes(folder: Path, prefix: str, deep: int) -> Iterable[tuple[str, int]]:
    with os.scandir(folder) as found:
        for each in found:
            if each.name.startswith("."):
                continue
            with suppress(FileNotFoundError):  # pruned while this looks: it alone is not there
                if each.is_dir(follow_symlinks=False):
                    if deep > 1:
                        yield from _sizes(Path(each.path), f"{prefix}{each.name}/", deep - 1)
                elif each.is_file(follow_symlinks=False):
                    yield f"{prefix}{each.name}", each.stat(follow_symlinks=False).st_size


def put_bytes(destination: Destination, content: bytes, path: str, scratch: Path) -> None:
    local = scratch / "to-put"
    local.write_bytes(content)
    destination.put(local, path)
    local.unlink()
