"""Where copies lie: whole or not at all, by rename; a full disk, a share that is not mounted, and rsync to another machine."""

import errno
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest

from backups.bounded import answer_of
from backups.destination import Destination, DirectoryDestination
from backups.errors import BackupRefused, DestinationFailed
from backups.names import instant_of, keys_named, next_stamp, stamp_of, wall_us
from backups.places import destination_of
from backups.rsync import RsyncDestination
from backups.snapshot import take_snapshot
from firm.instant import MINUTE_US

NO_RSYNC = pytest.mark.skipif(
    shutil.which("rsync") is None, reason="rsync is not installed here: apt-get install rsync"
)


@pytest.fixture(params=["directory", pytest.param("rsync", marks=NO_RSYNC)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Destination:
    (tmp_path / "copies").mkdir()
    if request.param == "rsync":
        return RsyncDestination(str(tmp_path / "copies"))
    return DirectoryDestination(tmp_path / "copies")


def put(place: Destination, tmp_path: Path, path: str, content: bytes) -> None:
    (tmp_path / "local").write_bytes(content)
    place.put(tmp_path / "local", path)


def test_what_is_put_is_listed_got_back_and_removed(place: Destination, tmp_path: Path) -> None:
    put(place, tmp_path, "snapshots/a/one", b"1")
    put(place, tmp_path, "snapshots/a/two", b"22")
    put(place, tmp_path, "snapshots/b/one", b"333")
    put(place, tmp_path, "newest", b"4")
    assert place.names("snapshots") == ["a", "b"]
    assert place.names("snapshots/a") == ["one", "two"]
    assert place.names("nothing/here") == []
    assert place.sizes("snapshots") == {"a/one": 1, "a/two": 2, "b/one": 3}
    assert place.sizes("nothing") == {}
    place.get_all("snapshots", ["a/one", "a/two"], tmp_path, 2)
    assert ((tmp_path / "a/one").read_bytes(), (tmp_path / "a/two").read_bytes()) == (b"1", b"22")
    put(place, tmp_path, "snapshots/a/one", b"another")
    place.get("snapshots/a/one", tmp_path / "one", 7)
    assert (tmp_path / "one").read_bytes() == b"another"
    place.remove("snapshots", ["a"])
    place.remove("snapshots", [])
    assert place.names("snapshots") == ["b"]
    assert place.names("snapshots/b") == ["one"]
    place.remove("snapshots/b", ["one"])
    assert place.names("snapshots/b") == []
    assert "newest" in place.names("")


def test_what_is_put_is_nobody_elses_to_read(place: Destination, tmp_path: Path) -> None:
    put(place, tmp_path, "keys/one", b"1")
    found = tmp_path / "copies" / "keys"
    assert (found.stat().st_mode & 0o777, (found / "one").stat().st_mode & 0o777) == (0o700, 0o600)


def test_what_is_not_there_is_an_error_that_names_it(place: Destination, tmp_path: Path) -> None:
    with pytest.raises(DestinationFailed, match="copies"):
        place.get("snapshots/a/one", tmp_path / "one", 7)


@NO_RSYNC
def test_the_whole_way_over_rsync(house: Any) -> None:
    house.destination = RsyncDestination(str(house.copies))
    house.tick(3)
    house.snapshot()
    house.register(1002, "ben@trader.example")
    house.tick(3)
    house.ship()
    assert house.restore()[1].size == len(house.rows())


def test_a_share_that_is_not_mounted_is_not_made_up(place: Destination, tmp_path: Path) -> None:
    (tmp_path / "copies").rmdir()
    with pytest.raises(DestinationFailed, match=r"is not there.*: mount it"):
        put(place, tmp_path, "keys/one", b"1")
    with pytest.raises(DestinationFailed, match="is not there"):
        put(place, tmp_path, "newest", b"1")
    for look in (place.names, place.sizes):
        for folder in ("snapshots", ""):
            with pytest.raises(DestinationFailed, match="is not there"):
                look(folder)
    with pytest.raises(DestinationFailed):
        place.remove("keys", ["one"])
    assert not (tmp_path / "copies").exists()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no destination is set"),
        ("copies", "is no destination: give the whole path of a directory"),
        ("vault.example", "is no destination"),
        (":/srv", "is no destination"),
        ("-oProxyCommand=x:/srv", "is no destination"),
        ("host:relative", "is no destination"),
        ("host::/srv", "is no destination"),
        ("rsync://vault.example/srv", "is no destination"),
        ("copies@-oProxyCommand=x:/srv", "is no destination"),
        ("-l@vault.example:/srv", "is no destination"),
        ("vault example:/srv", "is no destination"),
        ("a;b@vault.example:/srv", "is no destination"),
        ("vault.example:/srv\n", "is no destination"),
        ("/srv/firm/copies", "inside the firm's own directory"),
    ],
)
def test_a_destination_that_is_none_is_told_what_one_looks_like(text: str, why: str) -> None:
    with pytest.raises(BackupRefused, match=why):
        destination_of(text, Path("/srv/firm"))


@pytest.mark.parametrize(
    "text", ["vault:/srv", "copies@vault.example:/", "copies@192.0.2.7:/srv/even hand", "copies@[2001:db8::7]:/srv"]
)
def test_a_place_on_another_machine_is_taken_as_it_is_written(text: str) -> None:
    assert destination_of(text, Path("/srv/firm")).where == text


@pytest.mark.parametrize("config", ["config", "/a b", "/a'b", '/a"b'])
def test_a_file_for_ssh_that_rsync_would_cut_up_is_refused(config: str) -> None:
    with pytest.raises(BackupRefused, match="is no file for ssh"):
        destination_of("copies@vault.example:/srv", ssh_config=config)


def test_a_disk_that_fills_up_while_a_file_is_put_leaves_the_one_that_was_there(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may mount a file system that is small enough to fill")
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", small], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.decode().strip()}")
    try:
        place = DirectoryDestination(small)
        put(place, tmp_path, "snapshots/a/ledger", b"good" * 1_000)
        with pytest.raises(DestinationFailed, match="No space left"):
            put(place, tmp_path, "snapshots/a/ledger", b"x" * 2_000_000)
        assert (small / "snapshots/a/ledger").read_bytes() == b"good" * 1_000
        assert [path.name for path in (small / "snapshots/a").iterdir()] == ["ledger"]
        with pytest.raises(
            BackupRefused, match=r"has 1 MB free and the copy needs 3 MB.*copies that are there stay|0 MB free"
        ):
            place.require_room(2_000_000)
    finally:
        subprocess.run(["umount", small], check=True)


def test_without_room_no_snapshot_is_begun_and_the_last_good_one_stays(house: Any) -> None:
    house.snapshot()
    there = sorted(path.relative_to(house.copies) for path in house.copies.rglob("*"))
    source = house.source._replace(space_min_bytes=10**18)
    with pytest.raises(BackupRefused, match="nothing was written, and the copies that are there stay"):
        take_snapshot(source)
    assert sorted(path.relative_to(house.copies) for path in house.copies.rglob("*")) == there
    assert house.restore()[1].size == len(house.rows())


def test_no_stamp_is_given_twice_also_when_the_clock_was_set_back_a_little(tmp_path: Path) -> None:
    before = stamp_of(wall_us() + 2 * MINUTE_US)
    (tmp_path / "backup.lock").write_text(f"{before}\n")
    stamps = [before]
    for _ in range(3):
        with next_stamp(tmp_path) as stamp:
            stamps.append(stamp)
    assert stamps == sorted(set(stamps))
    assert instant_of(stamps[1]) == instant_of(before) + 1


def test_a_stamp_far_ahead_of_the_clock_is_not_gone_on_from(tmp_path: Path) -> None:
    """Else all copies would bear 2099 for seventy years, and no age would be told right in that time."""
    (tmp_path / "backup.lock").write_text("20991231T235959999999Z\n")
    with (
        pytest.raises(BackupRefused, match=r"bears 20991231T235959999999Z, which is ahead.*A clock that was ahead"),
        next_stamp(tmp_path),
    ):
        pass
    assert (tmp_path / "backup.lock").read_text() == "20991231T235959999999Z\n"


@pytest.mark.parametrize(
    "name",
    ["20269999T999999999999Z-full-9.age", "20260101T000000000000Z-full-0.age", "20260101T000000000000Z-full.age"],
)
def test_a_name_without_an_instant_and_a_length_is_none_of_ours(name: str) -> None:
    assert keys_named(name) is None


def test_what_is_larger_than_it_may_be_is_not_fetched(place: Destination, tmp_path: Path) -> None:
    put(place, tmp_path, "newest", b"x" * 101)
    put(place, tmp_path, "tail/one", b"x" * 101)
    with pytest.raises(DestinationFailed, match=r"at most 100|more than 100"):
        place.get("newest", tmp_path / "got", 100)
    assert not (tmp_path / "got").exists()
    with pytest.raises(DestinationFailed):
        place.get_all("tail", ["one"], tmp_path, 100)
    place.get("newest", tmp_path / "got", 101)


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_what_is_no_plain_file_is_neither_waited_for_nor_followed(
    place: Destination, tmp_path: Path, kind: str
) -> None:
    (tmp_path / "private").write_text("nobody's business")
    laid = tmp_path / "copies" / "newest"
    match kind:
        case "link":
            laid.symlink_to(tmp_path / "private")
        case "pipe":
            os.mkfifo(laid)
        case _:
            laid.mkdir()
    with pytest.raises(DestinationFailed):
        place.get("newest", tmp_path / "got", 100)
    assert "newest" not in place.sizes("")


def test_a_directory_that_others_may_write_to_is_refused(tmp_path: Path) -> None:
    (tmp_path / "copies").mkdir()
    (tmp_path / "copies").chmod(0o777)
    with pytest.raises(DestinationFailed, match=r"may be written by others \(0777\)"):
        put(DirectoryDestination(tmp_path / "copies"), tmp_path, "newest", b"1")


def test_copies_do_not_follow_a_link_out_of_their_directory(tmp_path: Path) -> None:
    for folder in ("copies", "elsewhere"):
        (tmp_path / folder).mkdir(mode=0o700)
    (tmp_path / "copies" / "snapshots").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DestinationFailed, match="leads elsewhere"):
        put(DirectoryDestination(tmp_path / "copies"), tmp_path, "snapshots/a/one", b"1")
    assert not list((tmp_path / "elsewhere").iterdir())


@NO_RSYNC
def test_rsync_runs_nothing_that_lies_in_the_home_of_whoever_copies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The home of the service's user is the firm's directory, which a service that was taken over could write."""
    home, evil = tmp_path / "home", tmp_path / "evil"
    home.mkdir()
    evil.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    evil.chmod(0o700)
    (home / ".popt").write_text(f"rsync exec --recursive {evil}\n")
    monkeypatch.setenv("HOME", str(home))
    subprocess.run(["rsync", "--recursive", str(home)], check=True)
    assert (tmp_path / "ran").exists(), "this rsync reads no such file, and the test shows nothing"
    (tmp_path / "ran").unlink()
    with pytest.raises(DestinationFailed):
        RsyncDestination("nobody@127.0.0.1:/nowhere", ssh_config="/dev/null").sizes("")
    assert not (tmp_path / "ran").exists()


@pytest.fixture
def no_temporary_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))


@NO_RSYNC
@pytest.mark.usefixtures("no_temporary_space")
def test_what_needs_no_temporary_space_is_not_stopped_by_its_lack(tmp_path: Path) -> None:
    """It was told as rsync that is not installed, and whoever installed it was told so again."""
    (tmp_path / "copies").mkdir()
    place = RsyncDestination(str(tmp_path / "copies"))
    for number in range(2):
        put(place, tmp_path, f"tail/{number}", b"x")
    assert place.names("tail") == ["0", "1"]
    place.get_all("tail", ["0", "1"], tmp_path, 1)  # which tells rsync the names
    assert [(tmp_path / name).read_bytes() for name in ("0", "1")] == [b"x", b"x"]


@pytest.mark.usefixtures("no_temporary_space")
@pytest.mark.parametrize("told", [b"", b"x" * 1_000_000], ids=["nothing", "more than a pipe holds"])
def test_a_program_reads_all_that_it_is_told_and_then_an_end(told: bytes) -> None:
    said = answer_of(["cat"], told, os.environ, deadline_s=60, said_max=len(told), complaint_kept=100)
    assert (said.status, said.said) == (0, told)


def test_rsync_that_is_not_installed_is_told_as_that(tmp_path: Path) -> None:
    with pytest.raises(DestinationFailed, match=r"none is not installed: apt-get install rsync"):
        RsyncDestination("vault.example:/srv", program=str(tmp_path / "none")).names("tail")


def test_a_file_that_is_missing_elsewhere_is_not_told_as_rsync_that_is_not_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: Any) -> None:
        raise FileNotFoundError(errno.ENOENT, "No such file or directory")

    monkeypatch.setattr(os, "memfd_create", fail)
    place = RsyncDestination("vault.example:/srv", program="true")  # which is there
    with pytest.raises(DestinationFailed, match=r"could not be started \(No such file or directory\)"):
        place.get_all("tail", ["one"], Path("/nowhere"), 1)
