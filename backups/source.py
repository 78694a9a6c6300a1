"""Source: the firm that is copied, with everything a copy needs, and a private folder to work in."""

import fcntl
import os
import shutil
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from backups.destination import Destination
from backups.envelope import Recipient
from backups.errors import BackupRefused
from storage.checkpoint import Signer
from storage.files import DIRECTORY_MODE
from storage.readmodels import ReadModel
from storage.secret_files import Secrets

WORKSHOP = ".backup-"
OTHERS = stat.S_IRWXG | stat.S_IRWXO

Progress = Callable[[str], None]
"""Is told what is being done, in a few words."""


class Source(NamedTuple):
    """`space_min_bytes`: what must stay free on the firm's own disk. `segments_keep_days`: see the setting of that name."""

    directory: Path
    destination: Destination
    recipient: Recipient
    secrets: Secrets
    read_models: Sequence[ReadModel]
    space_min_bytes: int
    segments_keep_days: int

    @property
    def signer(self) -> Signer:
        return Signer(self.secrets.signing_seed)


@contextmanager
def workshop(directory: Path, name: str) -> Iterator[Path]:
    """A private, empty folder in `directory`, for one process at a time; emptied again, and after a crash by the next."""
    folder = directory / f"{WORKSHOP}{name}"
    descriptor = alone_in(folder)
    try:
        yield folder
    finally:
        try:
            _empty(folder)
        finally:
            os.close(descriptor)


def alone_in(folder: Path) -> int:
    """Make or empty a private folder that one process at a time has; until what is returned is closed it is this one."""
    folder.mkdir(mode=DIRECTORY_MODE, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        _require_alone(folder, descriptor)
        _empty(folder)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def is_still(folder: Path, descriptor: int) -> bool:
    """Whether the folder of that name is the one that was opened: who was there before may have renamed or removed it."""
    try:
        return os.path.samestat(folder.lstat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _require_alone(folder: Path, descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as held:
        raise BackupRefused(f"another process is at work in {folder}: let it end, or end it, and try again") from held
    found = os.fstat(descriptor)
    if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & OTHERS:
        raise BackupRefused(
            f"{folder} belongs to somebody else, or is open to others: what is written there is secret; remove it"
        )
    if not is_still(folder, descriptor):
        raise BackupRefused(f"another process was at work in {folder} until now: try again")


def restored_in(target: Path) -> Path:
    """Where a firm lies, in plain and with its secrets, while it is restored to `target`."""
    return target.absolute().parent / f".{target.name}.restoring"


def clear_workshops(directory: Path) -> None:
    """What a copy left that was killed, keys in plain among it, does not wait for the next one. One that is at work is let be."""
    for folder in directory.glob(f"{WORKSHOP}*"):
        with suppress(BackupRefused, OSError), workshop(directory, folder.name.removeprefix(WORKSHOP)):
            pass


def _empty(folder: Path) -> None:
    for found in folder.iterdir():
        if found.is_dir() and not found.is_symlink():
            shutil.rmtree(found)
        else:
            found.unlink()
