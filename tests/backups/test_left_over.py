"""What a power cut leaves of a copy that was just being put or removed does not outlive the copies themselves."""

import os
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest

from backups.destination import Destination, DirectoryDestination
from backups.keys import prune_keys
from backups.names import stamp_of, wall_us
from backups.retention import Keep
from backups.rsync import RsyncDestination
from firm.instant import DAY_US, HOUR_US, parse_utc
from tests.backups.test_places import NO_RSYNC, place, put  # noqa: F401  (place is a fixture)

ENDINGS = [".part", ".0123456789abcdef.part", ".Xy3kQ9"]  # ours, and rsync's


def left_of(path: Path, ending: str) -> Path:
    return path.with_name(f".{path.name}{ending}")


@pytest.fixture(params=["directory", pytest.param("rsync", marks=NO_RSYNC)])
def copied(house: Any, request: pytest.FixtureRequest) -> Any:
    house.register(1002, "ben@trader.example")
    house.tick(12)
    house.next_day()
    house.snapshot()
    house.tick()
    house.ship()
    if request.param == "rsync":
        house.destination = RsyncDestination(str(house.copies))
    return house


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_copy_of_the_keys_that_was_cut_short_goes_with_its_horizon(copied: Any, ending: str) -> None:
    """Else whoever was erased could still be read by it."""
    [whole] = (copied.copies / "keys").iterdir()
    kept = left_of(whole, ending)
    shutil.copy(whole, kept)
    old = whole.name.replace(whole.name[:22], stamp_of(wall_us() - 31 * DAY_US))
    gone = left_of(whole.with_name(old), ending)
    shutil.copy(whole, gone)
    assert prune_keys(copied.destination, wall_us(), 30) == [gone.name]
    assert (gone.exists(), kept.exists()) == (False, True), "that one may be on its way just now"
    assert prune_keys(copied.destination, wall_us() + 400 * DAY_US, 30) == [kept.name]
    assert list((copied.copies / "keys").iterdir()) == [whole]


@pytest.mark.parametrize("ending", ENDINGS)
def test_tail_files_and_sealed_prices_that_were_cut_short_go_too(copied: Any, ending: str) -> None:
    [tail], [segment] = copied.tails(), (copied.copies / "segments").iterdir()
    parts = [left_of(tail, ending), left_of(segment, ending)]
    for part in parts:
        part.write_bytes(b"cut")
    nobodys = segment.with_name(".keep")
    nobodys.write_bytes(b"")
    copied.prune(wall_us() + 2 * DAY_US)
    assert [part.exists() for part in parts] == [False, False]
    assert nobodys.exists()
    assert copied.restore()[1].size == len(copied.rows())


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12"])  # a day and two hours apart
def test_what_is_being_put_just_now_is_left_to_whoever_puts_it(
    copied: Any, monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    """Shipping puts a segment, and the nightly backup, which put it just before, prunes."""
    monkeypatch.setenv("TZ", zone)
    [segment] = (copied.copies / "segments").iterdir()
    part = left_of(segment, ENDINGS[-1])
    part.write_bytes(b"on its way")
    now_us = wall_us()
    for age_us in (0, DAY_US - HOUR_US):
        os.utime(part, ns=(0, (now_us - age_us) * 1_000))
        copied.prune(now_us)
        assert part.exists()
    os.utime(part, ns=(0, (now_us - DAY_US - HOUR_US) * 1_000))
    copied.prune(now_us)
    assert not part.exists()
    assert segment.exists()


def test_what_is_hidden_is_told_with_when_it_was_written(place: Destination, tmp_path: Path) -> None:  # noqa: F811
    put(place, tmp_path, "segments/whole", b"1")
    folder = tmp_path / "copies" / "segments"
    at_us = parse_utc("2026-03-29T01:30:00")
    for name in (".one.part", ".broken.part"):
        (folder / name).symlink_to("/nowhere") if "broken" in name else (folder / name).write_bytes(b"1")
        os.utime(folder / name, ns=(0, at_us * 1_000), follow_symlinks=False)
    assert place.hidden("segments") == {".broken.part": at_us, ".one.part": at_us}
    assert place.hidden("nothing") == {}


def test_a_time_that_rsync_cannot_tell_makes_nothing_old(tmp_path: Path) -> None:
    """Whoever may write there gives any time to a file, and no pruning ends at one."""
    path = tmp_path / "rsync"
    path.write_text(
        "#!/bin/sh\necho '-rw-------  1 10446/05/10 22:38:55 .one.part'\necho '-rw-------  1 (unknown) ? .two.part'\n"
    )
    path.chmod(0o700)
    found = RsyncDestination("vault.example:/copies", program=str(path)).hidden("segments")
    assert sorted(found) == [".one.part", ".two.part"]
    assert min(found.values()) > wall_us() + 400 * DAY_US


def test_a_snapshot_that_was_half_removed_when_the_power_went_goes_with_the_next_night(copied: Any) -> None:
    copied.tick()
    copied.snapshot()
    older = copied.snapshots()[0]
    whole = copied.snapshots()
    shutil.copytree(older, left_of(older, ".part"))
    copied.prune(wall_us() + DAY_US * 2, Keep(24, 14, 8, 24))
    assert copied.snapshots() == whole[1:], "two of one hour: the newer one stays"


def test_two_that_put_the_same_file_at_once_do_not_cut_each_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shipping and the nightly backup both send a segment that was sealed just now."""
    (tmp_path / "copies").mkdir(mode=0o700)
    here = DirectoryDestination(tmp_path / "copies")
    copyfileobj, first, second = shutil.copyfileobj, threading.Event(), threading.Event()

    def one_after_the_other(source: Any, target: Any, length: int) -> None:
        copyfileobj(source, target, length)
        if not first.is_set():
            first.set()
            second.wait(10)

    monkeypatch.setattr(shutil, "copyfileobj", one_after_the_other)
    (tmp_path / "one").write_bytes(b"1" * 9)
    (tmp_path / "other").write_bytes(b"2" * 9)
    slow = threading.Thread(target=here.put, args=(tmp_path / "one", "segments/x"))
    slow.start()
    first.wait(10)
    here.put(tmp_path / "other", "segments/x")
    assert (tmp_path / "copies/segments/x").read_bytes() == b"2" * 9
    second.set()
    slow.join()
    assert (tmp_path / "copies/segments/x").read_bytes() == b"1" * 9
    assert [path.name for path in (tmp_path / "copies/segments").iterdir()] == ["x"]


def test_what_replaces_a_file_of_the_same_length_within_the_same_second_is_there(
    place: Destination,  # noqa: F811
    tmp_path: Path,
) -> None:
    """Two checkpoints of one ledger are as long as each other, and shipped a second apart."""
    for number in range(6):
        put(place, tmp_path, "newest", b"%d" % number)
        assert (tmp_path / "copies/newest").read_bytes() == b"%d" % number
