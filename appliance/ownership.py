"""Ownership: whose a firm's directory is, and that root, who may do everything, does not take it from them by the way."""

import os
from pathlib import Path
from typing import NamedTuple

from storage.files import user_name


class Owner(NamedTuple):
    """A user and a group, by number."""

    uid: int
    gid: int

    @property
    def name(self) -> str:
        return user_name(self.uid)


def another_owner(directory: Path) -> Owner | None:
    """Whose the directory is, where root asks and it is not root's; else None."""
    if os.geteuid() != 0 or not directory.is_dir():
        return None
    found = directory.stat()
    return Owner(found.st_uid, found.st_gid) if found.st_uid else None


def give(directory: Path, owner: Owner) -> None:
    """The directory with all that is in it; itself last, so that nobody but root reaches in before it is done."""
    for path in (*directory.rglob("*"), directory):
        os.chown(path, *owner, follow_symlinks=False)


def as_owner(owner: Owner, command: str) -> str:
    return f"runuser -u {owner.name} -- {command}"
