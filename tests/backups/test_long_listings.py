"""More names than any of ours: a listing is ended while it is read, and a setting that would make so many is refused first."""

import stat
import tracemalloc
from pathlib import Path

import pytest

from backups import rsync
from backups.errors import BackupRefused, DestinationFailed
from backups.places import require_listable
from backups.rsync import RsyncDestination

MIB = 2**20
ENDLESS = """#!/bin/sh
head -c 67108864 /dev/zero | tr '\\0' 'x'
"""


def program(folder: Path, text: str) -> str:
    path = folder / "rsync"
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_a_listing_that_is_too_long_is_ended_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rsync, "LIST_BYTES_MAX", MIB)
    place = RsyncDestination("vault.example:/copies", program=program(tmp_path, ENDLESS))
    tracemalloc.start()
    with pytest.raises(DestinationFailed, match=r"lists more than 1048576 bytes of names.*tail_keep_days"):
        place.names("tail")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * MIB


def test_what_a_program_complains_of_without_end_fills_nothing_either(tmp_path: Path) -> None:
    place = RsyncDestination("vault.example:/copies", program=program(tmp_path, f"{ENDLESS.strip()} >&2\nexit 5\n"))
    tracemalloc.start()
    with pytest.raises(DestinationFailed, match="rsync ended with 5"):
        place.names("tail")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * MIB


@pytest.mark.parametrize(
    "endless",
    ["exec sleep 600", "exec sleep 600 >/dev/null 2>&1", "while true; do echo .; done"],
    ids=["silent", "closed", "trickling"],
)
def test_one_that_does_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, endless: str) -> None:
    monkeypatch.setattr(rsync, "PUT_DEADLINE_S", 0.2)
    place = RsyncDestination("vault.example:/copies", program=program(tmp_path, f"#!/bin/sh\n{endless}\n"))
    with pytest.raises(DestinationFailed, match=r"did not take a file within 0.2 s"):
        place.names("tail")


@pytest.mark.parametrize(("days", "every_s", "most"), [(365, 2, 50), (60, 1, 24), (26, 1, 24)])
def test_more_tail_files_than_rsync_can_list_are_refused_before_they_are_made(
    days: int, every_s: int, most: int
) -> None:
    with pytest.raises(BackupRefused, match=rf"tail_keep_days.*{days}.*at most {most}\b"):
        require_listable("copies@vault.example:/srv", tail_keep_days=days, ship_every_s=every_s)
    require_listable("copies@vault.example:/srv", tail_keep_days=most, ship_every_s=every_s)
    require_listable("/mnt/copies", tail_keep_days=days, ship_every_s=every_s)


def test_the_longest_that_may_be_set_is_within_what_is_listed() -> None:
    """A name as long as any of ours, as rsync tells it."""
    line = "-rw-------    999,999,999 2026/11/26 11:44:23 0000000000000024-0000000000000029-20261126T114423258102Z-999999999.age\n"
    assert len(line) <= rsync.TAIL_LINE_BYTES
