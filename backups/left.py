"""Left: up to which row each lineage that a restore went on from was known when it was left, in `backup.left` in the firm's directory.

What was signed there later tells that the firm which was restored from has gone on beside this one.
"""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from storage.files import replace_file

LEFT = "backup.left"
Left = Mapping[str, int]
"""Rows by lineage, in hex."""


def left_in(directory: Path) -> Left:
    """Nothing where the firm was never restored, or by a release that noted none: then nothing can be told of it."""
    try:
        return msgspec.json.decode((directory / LEFT).read_bytes(), type=dict[str, int])
    except FileNotFoundError:
        return {}


def remember_left(directory: Path, left: Left) -> None:
    replace_file(directory / LEFT, msgspec.json.encode(left, order="sorted"))


def joined(one: Left, other: Left) -> Left:
    """What either of them knows."""
    return {lineage: max(one.get(lineage, 0), other.get(lineage, 0)) for lineage in {*one, *other}}
