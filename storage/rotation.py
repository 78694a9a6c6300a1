"""Rotation: a vault goes over to another master: every wrapped key, and the hashes by which people are found by mail.

For a firm that does not serve: whoever serves holds the master before in memory. What a kill cuts short is done by the next call, or,
past the switch, by whoever opens the vault next. The master before is needed until the switch; afterwards it opens nothing here.
"""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from storage.files import FirmDirectory
from storage.keys import KeyRing
from storage.mail_index import MailIndex
from storage.sqlite_file import disk_must_answer
from storage.vault_file import open_vault_file
from storage.vault_pair import must_be_whole, must_keep_answering, require_pair, require_written

Progress = Callable[[int], None]


class Rotated(NamedTuple):
    """How many keys, and people's mail addresses, are under the master that came."""

    keys: int
    mails: int


def rotate(
    path: Path, master: bytes, becomes: bytes, progress: Progress = lambda _: None, vfs: str | None = None
) -> Rotated:
    """From `master` to `becomes`. `progress` hears how many keys are prepared. Raises WrongMaster where it was done already."""
    directory = FirmDirectory(path)
    require_written(directory)
    with disk_must_answer(directory.keys_db), must_be_whole(directory), must_keep_answering(str(directory.vault_db)):
        count = _rewrap(directory, master, becomes, progress, vfs)
        with (
            closing(KeyRing.open(directory.keys_db, becomes, vfs=vfs)) as keys,
            closing(open_vault_file(directory, vfs=vfs)) as values,
        ):
            require_pair(values, keys, directory)
            keys.sweep()
            return Rotated(count, MailIndex(becomes).settle(values, keys))


def _rewrap(directory: FirmDirectory, master: bytes, becomes: bytes, progress: Progress, vfs: str | None) -> int:
    with closing(KeyRing.open(directory.keys_db, master, vfs=vfs)) as keys:
        rewrapping = keys.rewrapping(becomes)
        rewrapping.begin()
        done = 0
        while True:
            while some := rewrapping.prepare_some():
                done += some
                progress(done)
            if not rewrapping.check() and (switched := rewrapping.switch()) is not None:
                return switched
