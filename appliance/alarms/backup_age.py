"""Backup age: when the last snapshot was checked and had left, as one line of UTC in `last_backup` in the firm's directory."""

from pathlib import Path

from firm.instant import parse_utc, utc_text
from storage.files import replace_file

NAME = "last_backup"
TEXT_BYTES_MAX = 64


def note_backup(directory: Path, at_us: int) -> None:
    """A snapshot of this firm was found whole and lies where copies lie; `at_us`: wall time."""
    replace_file(directory / NAME, f"{utc_text(at_us)}\n".encode())


def last_backup_us(directory: Path) -> int:
    """Wall time in µs; 0 where no backup was ever noted. A note that cannot be read is as old as can be."""
    try:
        with (directory / NAME).open("rb") as file:
            return parse_utc(file.read(TEXT_BYTES_MAX).decode("ascii").strip())
    except FileNotFoundError:
        return 0
    except (OSError, ValueError):
        return 1
