"""Copies check: what `evenhand backup --check` found, and when, in `last_copies_check` in the firm's directory: so that alarms hear it."""

from pathlib import Path

import msgspec

from storage.files import replace_file

NAME = "last_copies_check"
BYTES_MAX = 64 * 1024


class CopiesCheck(msgspec.Struct, frozen=True, kw_only=True):
    """`at_us`: wall time, 0 where nobody ever looked. `problems`: as the check says them."""

    at_us: int
    problems: tuple[str, ...] = ()


NEVER = CopiesCheck(at_us=0)


def note_check(directory: Path, found: CopiesCheck) -> None:
    replace_file(directory / NAME, msgspec.json.encode(found))


def last_check(directory: Path) -> CopiesCheck:
    """A note that cannot be read says as much as none."""
    try:
        with (directory / NAME).open("rb") as file:
            return msgspec.json.decode(file.read(BYTES_MAX), type=CopiesCheck)
    except (OSError, msgspec.DecodeError):
        return NEVER
