"""A small file system of its own, for a firm to be put on: it can be filled, and it can fail."""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from appliance.space import MB, free_bytes
from bridges import events

FIFREEZE, FITHAW = 0xC0045877, 0xC0045878  # linux/fs.h


class SmallDisk:
    """An ext4 in a file. Mounted as a server's disk would be: the first error makes it read-only."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self.image, self.place = folder / "disk.img", folder / "disk"
        self.place.mkdir()
        with self.image.open("wb") as file:
            file.truncate(megabytes * MB)
        _run("mkfs.ext4", "-q", "-m", "0", self.image)
        self.mount()

    def mount(self) -> None:
        done = subprocess.run(
            ["mount", "-o", "loop,errors=remount-ro", self.image, self.place],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            pytest.skip(f"this machine mounts no loop device: {done.stderr.strip()}")

    def unmount(self) -> None:
        _run("umount", self.place)

    def fill(self, leave_mb: int) -> Path:
        """A file that takes all space but so much."""
        filler = self.place / "filler"
        with filler.open("ab") as file:  # one that is there grows: nothing is free in between
            os.posix_fallocate(file.fileno(), file.tell(), free_bytes(self.place) - leave_mb * MB)
        return filler

    def fill_up(self) -> Path:
        """A file that takes all space, to the last byte."""
        filler = self.fill(1)
        with filler.open("ab", buffering=0) as file, suppress(OSError):  # what the file system had kept back
            while True:
                file.write(bytes(4_096))
        return filler

    def fail(self) -> None:
        """The kernel finds an error on it: from now on nothing can be written, whoever has files open."""
        device = _run("findmnt", "-n", "-o", "SOURCE", self.place).strip()
        (Path("/sys/fs/ext4") / Path(device).name / "trigger_fs_error").write_text("1")

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Whatever writes to it waits, as on a disk that does not answer."""
        place = os.open(self.place, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.ioctl(place, FIFREEZE, 0)
        try:
            yield
        finally:
            fcntl.ioctl(place, FITHAW, 0)
            os.close(place)

    def come_back(self, *, writable: bool) -> None:
        """As an operator mends it: checked, and mounted again."""
        self.unmount()
        subprocess.run(["e2fsck", "-p", self.image], capture_output=True, check=False)  # 1: there was something to mend
        self.mount()
        if not writable:
            self.forbid_writing()

    def forbid_writing(self) -> None:
        _run("mount", "-o", "remount,ro", self.place)

    def allow_writing(self) -> None:
        _run("mount", "-o", "remount,rw", self.place)


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[SmallDisk]:
    """Skips where it cannot be had."""
    if os.geteuid() != 0 or shutil.which("mkfs.ext4") is None:
        pytest.skip("only root may mount a small file system, and mkfs.ext4 has to be there to make one")
    disk = SmallDisk(folder, megabytes)
    yield disk
    subprocess.run(["umount", "--lazy", disk.place], check=False, capture_output=True)


def contract(symbol: str) -> events.SymbolSpec:
    """Something small for a bridge to report, told apart by its symbol."""
    return events.SymbolSpec(symbol, 5, 100_000 * 10**8, "EUR", "USD", 1, "forex", "UTC")


def _run(*command: object) -> str:
    return subprocess.run([*map(str, command)], check=True, capture_output=True, text=True).stdout
