"""Source: the firm that is copied, with everything a copy needs, and a private folder to work in."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from backups.destination import Destination
from backups.envelope import Recipient
from backups.errors import BackupRefused
from storage.checkpoint import Signer
from storage.files import DIRECTORY_MODE
from storage.readmodels import ReadModel
from storage.secret_files import Secrets

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
    """A private, empty folder beside the firm's files, for one process at a time; emptied again, and after a crash by the next."""
    folder = directory / f".backup-{name}"
    folder.mkdir(mode=DIRECTORY_MODE, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as held:
            raise BackupRefused(
                f"another process is at work in {folder}: let it end, or end it, and try again"
            ) from held
        _empty(folder)
        yield folder
        _empty(folder)
    finally:
        os.close(descriptor)


def _empty(folder: Path) -> None:
    for found in folder.iterdir():
        if found.is_dir() and not found.is_symlink():
            shutil.rmtree(found)
        else:
            found.unlink()
