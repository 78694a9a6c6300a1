"""Pieces: single files and links on a machine: whether each is as it should be, and how it is made so or taken away."""

import os
import stat
from pathlib import Path
from typing import NamedTuple

FOLDER_MODE = 0o755
PLAIN_MODE = 0o644


class Piece(NamedTuple):
    """A file with its content. `path` is absolute, as the machine will know it."""

    path: Path
    content: bytes

    def is_laid(self, root: Path) -> bool:
        place = within(root, self.path)
        try:
            found = place.lstat()
        except FileNotFoundError:
            return False
        return (
            stat.S_ISREG(found.st_mode)
            and stat.S_IMODE(found.st_mode) == PLAIN_MODE
            and place.read_bytes() == self.content
        )

    def lay(self, root: Path) -> None:
        """Whole or not at all: systemd may read it at any moment."""
        place = within(root, self.path)
        make_folders(place.parent)
        fresh = place.with_name(f".{place.name}.new")
        fresh.write_bytes(self.content)
        fresh.chmod(PLAIN_MODE)
        sync(fresh)
        fresh.replace(place)
        sync(place.parent)


class Link(NamedTuple):
    """A symbolic link. `target` is as the machine will read it."""

    path: Path
    target: str

    def is_laid(self, root: Path) -> bool:
        place = within(root, self.path)
        return place.is_symlink() and os.readlink(place) == self.target  # noqa: PTH115  (the text, not a path)

    def lay(self, root: Path) -> None:
        place = within(root, self.path)
        make_folders(place.parent)
        fresh = place.with_name(f".{place.name}.new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(self.target)
        fresh.replace(place)
        sync(place.parent)


def is_there(root: Path, path: Path) -> bool:
    return os.path.lexists(within(root, path))


def take_away(root: Path, path: Path) -> None:
    """The file, and its folder where that was ours alone: named after a unit and empty now."""
    place = within(root, path)
    place.unlink(missing_ok=True)
    if place.parent.suffix == ".d" and place.parent.name.startswith("evenhand") and not any(place.parent.iterdir()):
        place.parent.rmdir()


def within(root: Path, path: Path) -> Path:
    """Where an absolute path of the machine lies under `root`."""
    return root / path.relative_to("/")


def sync(path: Path) -> None:
    """A file's bytes, or the names in a folder, outlive a power cut once this returns."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folders(folder: Path) -> None:
    """With the mode that others' folders have, whatever the umask is."""
    if folder.is_dir():
        return
    make_folders(folder.parent)
    folder.mkdir()
    folder.chmod(FOLDER_MODE)
