"""Left: up to which row each lineage that a restore went on from was known when it was left, in `backup.left` in the firm's directory.

What was signed there later tells that the firm which was restored from has gone on beside this one.
"""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from backups.errors import BackupRefused
from storage.files import replace_file

LEFT = "backup.left"
Left = Mapping[str, int]
"""Rows by lineage, in hex."""


def left_in(directory: Path) -> Left:
    """Nothing where the firm was never restored, or by a release that noted none: then nothing can be told of it. Raises
    BackupRefused where the file is damaged: to take that for nothing would let two firms copy to one place.
    """
    path = directory / LEFT
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, int])
    except FileNotFoundError:
        return {}
    except (msgspec.DecodeError, UnicodeDecodeError) as broken:
        raise BackupRefused(
            f"{path} cannot be read: by it the firm that this one was restored from is seen where it goes on; see that that one is "
            'stopped for good and move it aside, or run "evenhand restore" from the newest copies, which hold what it said'
        ) from broken


def remember_left(directory: Path, left: Left) -> None:
    replace_file(directory / LEFT, msgspec.json.encode(left, order="sorted"))


def joined(one: Left, other: Left) -> Left:
    """What either of them knows."""
    return {lineage: max(one.get(lineage, 0), other.get(lineage, 0)) for lineage in {*one, *other}}
