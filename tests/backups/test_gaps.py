"""Gaps: what is missing or cut among the copies is told by the check, shipped again, and taken for nothing else by a restore."""

import argparse
import time
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from appliance.commands import backup as verb
from appliance.copying import BackupSettings
from backups import names, shipping
from backups.errors import DestinationFailed, RestoreRefused
from backups.names import TailName, stamp_of, tail_named, wall_us
from backups.records import Tail
from backups.retention import Keep
from backups.shipping import Shipper
from backups.source import workshop
from backups.tails import contiguous, to_replay
from backups.wanted import Until
from firm.instant import DAY_US, HOUR_US
from storage.retention import let_segments_go
from storage.secret_files import read_secrets
from storage.vault import Vault
from tests.backups.test_altered_copies import resealed

AHEAD = "20991231T235959000000Z"


class Killed(BaseException):
    """The process ended in the middle of it."""


def failing(house: Any, part: str, error: Callable[[], BaseException], times: int = 1) -> None:
    """The next puts of such files fail."""
    put, left = house.destination.put, [times]

    def fail(local: Any, path: str) -> None:
        if part in path and left[0]:
            left[0] -= 1
            raise error()
        put(local, path)

    house.destination.put = fail


def problems(house: Any, now_us: int | None = None) -> str:
    return "\n".join(house.fresh(now_us).problems)


def test_a_snapshot_that_was_never_finished_makes_the_shipping_skip_nothing(house: Any) -> None:
    house.snapshot()
    house.tick(5)
    house.ship()
    house.tick(30)  # nobody ships
    failing(house, "vault.db", Killed)
    with pytest.raises(Killed):
        house.snapshot()
    house.tick(10)
    house.ship()
    assert house.fresh().behind_rows == 0
    assert house.restore()[1].size == len(house.rows())


def run_ship(house: Any, *, once: bool) -> int:
    options = argparse.Namespace(ship=False, ship_once=once, json=True, data_dir=house.directory)
    return verb._ship(options, house.source, msgspec.structs.replace(BackupSettings(), ship_every_s=0))


def test_the_first_snapshot_is_tried_again_before_anything_is_shipped(house: Any) -> None:
    house.tick(3)
    failing(house, "vault.db", lambda: DestinationFailed("no room there"))
    with pytest.raises(DestinationFailed):
        run_ship(house, once=True)
    house.tick(5)
    assert run_ship(house, once=True) == 0
    assert house.fresh().snapshots == 1
    assert house.restore()[1].size == len(house.rows())


def test_a_destination_that_fails_the_first_snapshot_does_not_end_the_shipping(
    house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def said(what: dict[str, Any]) -> None:
        if "after_row" in what:
            raise Killed

    monkeypatch.setattr(verb, "_say_json", said)
    failing(house, "vault.db", lambda: DestinationFailed("no room there"), times=2)
    with pytest.raises(Killed):
        run_ship(house, once=False)
    assert house.fresh().snapshots == 1


def test_after_an_outage_the_shipping_is_as_quick_again_as_before() -> None:
    waits = verb._Waits(2)
    assert [waits.take() for _ in range(7)] == [2, 4, 8, 16, 32, 60, 60]
    waits.went_well()
    assert waits.take() == 2


@pytest.fixture
def four(house: Any) -> Any:
    """Four tail files behind a snapshot."""
    house.snapshot()
    for _ in range(4):
        house.tick(3)
        house.ship()
    assert problems(house) == ""
    return house


def test_a_missing_tail_file_is_told_and_shipped_again(four: Any) -> None:
    gone = four.tails()[1]
    gone.unlink()
    name = tail_named(gone.name)
    assert name is not None
    assert f"rows {name.first} to {name.last} are missing" in problems(four)
    assert four.fresh().shipped_through == name.first - 1
    four.ship()
    assert problems(four) == ""
    assert four.restore()[1].size == len(four.rows())


@pytest.mark.parametrize("which", [1, 3])
def test_a_tail_file_that_was_cut_is_told_and_shipped_again(four: Any, which: int) -> None:
    cut = four.tails()[which]
    cut.write_bytes(b"")
    assert f"{cut.name}: not as long as when it was sent" in problems(four)
    with pytest.raises(RestoreRefused, match=r"are missing|is not as long as when it was sent"):
        four.restore(accept_older=True)
    four.ship()
    assert four.restore()[1].size == len(four.rows())
    cut.unlink()
    assert problems(four) == ""


def test_what_was_shipped_again_knows_who_was_erased_and_who_changed_since(
    house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shipping again was cut short itself: behind the new file lies an old one, with what was true before."""
    house.snapshot()
    house.tick(3)
    [first] = house.ship()
    house.tick(2)
    house.register(1002, "ben@trader.example")
    house.machine.vault.change_password_hash("trader", 1001, "an-early-hash")
    [second] = house.ship()
    house.machine.vault.change_password_hash("trader", 1001, "a-later-hash")
    house.machine.vault.erase("trader:1002")
    house.tails()[0].unlink()
    monkeypatch.setattr(shipping, "ROWS_MAX", first.last - first.first + 3)
    with workshop(house.directory, "ship") as scratch, Shipper(house.source, scratch) as shipper:
        shipper.begin()
        again = shipper.round()
    assert again is not None
    assert again.first == first.first
    assert second.first <= again.last < second.last
    target, restored = house.restore()
    assert restored.size == len(house.rows())
    vault = Vault.open_for_reading(target, read_secrets(target).vault_master)
    ada, ben = vault.person("trader", 1001), vault.person("trader", 1002)
    vault.close()
    assert ben is None
    assert ada is not None
    assert ada.password_hash == "a-later-hash"


def test_of_two_files_with_the_same_rows_the_later_one_is_read() -> None:
    def tail(first: int, last: int, stamp_us: int) -> TailName:
        return TailName(first, last, stamp_of(stamp_us), 9)

    early, late, further, beyond = tail(5, 9, 1), tail(5, 7, 3), tail(8, 20, 2), tail(30, 31, 1)
    assert list(to_replay(4, [early, beyond, further, late])) == [late, further, beyond]
    assert list(to_replay(9, [early, late])) == []
    assert contiguous(4, [early, beyond, further, late], 40) == [late, early, further]
    assert contiguous(4, [early, further], 19) == [early]


def test_a_name_that_says_more_rows_than_there_are_does_not_stop_the_shipping_and_is_told(house: Any) -> None:
    house.snapshot()
    house.tick(5)
    house.ship()
    [real] = house.tails()
    planted = real.with_name(f"9999999999999998-9999999999999999-{stamp_of(wall_us())}-7.age")
    planted.write_bytes(b"nothing")
    house.tick(30)
    [shipped] = house.ship()
    assert shipped.last == len(house.rows())
    assert "of rows that the ledger does not have" in problems(house)
    assert house.fresh().behind_rows == 0
    planted.unlink()
    assert house.restore()[1].size == len(house.rows())


def test_stamps_of_the_future_and_empty_files_hide_no_age(house: Any) -> None:
    house.snapshot()
    snapshot = house.copies / "snapshots" / f"{AHEAD}-0000000000000001"
    snapshot.mkdir()
    (snapshot / "manifest").write_bytes(b"")
    (house.copies / "keys" / f"{AHEAD}-full-9.age").write_bytes(b"123456789")
    (house.copies / "keys" / f"{stamp_of(wall_us() + 399 * DAY_US)}-full-9.age").write_bytes(b"")
    told = problems(house, wall_us() + 400 * DAY_US)
    assert "no whole snapshot of the last 26 hours" in told
    assert "no copy of the keys of the last 26 hours" in told
    assert "of later than this machine's clock" in told
    assert AHEAD in told
    assert house.fresh(wall_us() + 400 * DAY_US).keys_age_s == pytest.approx(400 * 86_400, abs=60)


def test_a_name_that_is_no_instant_does_not_end_the_check(house: Any) -> None:
    house.snapshot()
    (house.copies / "keys" / "20269999T999999999999Z-full-9.age").write_bytes(b"123456789")
    assert problems(house) == ""
    house.prune()


def test_a_snapshot_with_an_empty_manifest_is_none(house: Any) -> None:
    house.snapshot()
    (house.snapshots()[0] / "manifest").write_bytes(b"")
    assert "is cut short" in problems(house)
    assert house.fresh().snapshots == 0


def test_a_row_after_a_quiet_night_is_not_late_at_once(house: Any) -> None:
    house.snapshot()
    house.tick()
    later_us = wall_us() + 10 * HOUR_US
    assert "rows are not shipped" in problems(house, later_us)  # a simulated clock: the row is old
    house.now_us = later_us - 1_000_000
    house.ship()
    house.tick()
    assert "rows are not shipped" not in problems(house, later_us + 30_000_000)
    assert "rows are not shipped" in problems(house, later_us + 90_000_000)


def test_a_clock_that_jumped_stops_the_copies_until_a_person_looked(
    house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.snapshot()
    now = time.time_ns()
    monkeypatch.setattr(names, "time_ns", lambda: now + 5_000 * 86_400 * 10**9)
    house.tick()
    house.ship()
    monkeypatch.setattr(names, "time_ns", lambda: now + 60 * 10**9)
    house.tick()
    for copy in (house.snapshot, house.ship):
        with pytest.raises(names.BackupRefused, match="ahead of this machine's clock"):
            copy()
    assert "of later than this machine's clock" in problems(house)
    # As docs/operating/backups.md tells: what bears such a stamp goes, then the lock; and nothing is lost by it.
    for path in house.copies.rglob("2040*"):
        path.unlink()
    for path in house.tails():
        path.unlink()
    (house.directory / "backup.lock").unlink()
    house.snapshot()
    house.tick()
    house.ship()
    assert problems(house) == ""
    assert house.restore()[1].size == len(house.rows())


def test_a_snapshot_of_the_future_pushes_no_true_one_out(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    house.snapshot()
    now = time.time_ns()
    monkeypatch.setattr(names, "time_ns", lambda: now + 5_000 * 86_400 * 10**9)
    house.tick()
    house.snapshot()
    monkeypatch.setattr(names, "time_ns", lambda: now + 60 * 10**9)
    assert house.prune(keep=Keep(0, 0, 0, 0)).snapshots == 0
    assert len(house.snapshots()) == 2


def test_a_segment_that_was_cut_is_sent_again_by_the_next_night(house: Any) -> None:
    house.tick(12)
    house.next_day()
    house.snapshot()
    [sealed] = (house.copies / "segments").iterdir()
    sealed.write_bytes(b"")
    assert f"{sealed.name}: not as long as when it was sent" in problems(house)
    house.tick()
    assert house.snapshot().segments == 1
    assert problems(house) == ""
    assert house.restore()[1].segments == 1


def test_a_segment_that_is_gone_from_the_copies_is_told_and_sent_again_where_it_still_is(house: Any) -> None:
    house.tick(12)
    house.next_day()
    house.snapshot()
    [sealed] = (house.copies / "segments").iterdir()
    sealed.unlink()
    assert f"1 of 1 sealed segments is missing (segments/{sealed.name})" in problems(house)
    house.snapshot()
    assert problems(house) == ""


def test_a_segment_whose_copy_was_the_last_one_is_told_for_as_long_as_a_snapshot_names_it(house: Any) -> None:
    house.tick(5)
    for _ in range(3):
        house.next_day()
        house.tick(60)
    house.snapshot()
    house.segments_keep_days = 1
    [gone, *_] = let_segments_go(house.directory, house.segments_keep_days)
    [sealed] = [path for path in (house.copies / "segments").iterdir() if path.name.startswith(gone)]
    content = sealed.read_bytes()
    sealed.unlink()
    for _ in range(2):
        assert f"sealed segments is missing (segments/{sealed.name})" in problems(house)
        house.snapshot()  # which does not need it any more
    sealed.write_bytes(content)
    assert problems(house) == ""


def test_a_segment_that_cannot_be_sent_again_is_named_and_is_no_riddle(house: Any) -> None:
    house.tick(12)
    house.next_day()
    house.snapshot()
    [sealed] = (house.copies / "segments").iterdir()
    content = bytearray(sealed.read_bytes())
    content[-40] ^= 1
    sealed.write_bytes(content)
    with pytest.raises(RestoreRefused, match=r"what was restored is not sound.*quotes"):
        house.restore()


def test_other_prices_of_the_same_rows_are_another_segment(house: Any) -> None:
    """As after a restore: what the lost machine had sealed is not what the restored one sealed."""
    house.tick(12)
    house.next_day()
    house.snapshot()
    [sealed] = (house.copies / "segments").iterdir()
    name = names.segment_named(sealed.name)
    assert name is not None
    sealed.rename(sealed.with_name(name._replace(sha256="0" * 64).name))
    assert house.snapshot().segments == 1
    assert len(list((house.copies / "segments").iterdir())) == 2
    assert house.restore()[1].segments == 1


def test_room_is_asked_for_each_segment_that_will_be_sent_though_another_of_its_name_lies_there(
    house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies there is another lineage's: the snapshot sends ours beside it, and must have asked for its room."""
    house.tick(5)
    house.next_day()
    house.snapshot()
    asked: list[int] = []
    monkeypatch.setattr(house.destination, "require_room", asked.append)
    house.snapshot()
    [lying] = (house.copies / "segments").iterdir()
    name = names.segment_named(lying.name)
    assert name is not None
    lying.rename(lying.with_name(name._replace(sha256="0" * 64).name))
    house.snapshot()
    [segment] = (house.directory / "segments").iterdir()
    assert asked[1] - asked[0] == segment.stat().st_size


def test_where_a_part_of_a_file_is_wanted_all_of_it_must_be_what_was_signed(house: Any) -> None:
    house.tick(12)
    house.snapshot()
    house.tick(5)
    house.ship()
    [path] = house.tails()

    def alter(tail: Tail) -> Tail:
        first = tail.rows[0]
        return msgspec.structs.replace(tail, rows=[first._replace(received_us=first.received_us + 1), *tail.rows[1:]])

    first = int(path.name[:16])
    assert house.restore(until=Until(seq=first), accept_older=True)[1].size == first
    resealed(house, path, alter)
    with pytest.raises(RestoreRefused, match="do not hash to what was signed"):
        house.restore(until=Until(seq=first), accept_older=True)


@pytest.mark.parametrize("older", [False, True], ids=["the only one", "an older one is whole"])
def test_a_snapshot_that_was_cut_is_told_as_the_one_cause(house: Any, older: bool) -> None:
    if older:
        house.snapshot()
        house.tick(9)
    house.snapshot()
    house.tick(5)
    house.ship()
    cut = house.snapshots()[-1] / "ledger.db.age"
    cut.write_bytes(cut.read_bytes()[:-1])
    [told] = house.fresh(wall_us() + HOUR_US).problems
    assert f"{cut.parent.name}/ledger.db.age has" in told
    assert 'run "evenhand backup"' in told
    house.snapshot()
    house.tick()
    assert house.fresh().problems == ()


def test_rows_that_were_lost_behind_a_cut_snapshot_are_still_told(house: Any) -> None:
    house.snapshot()
    house.tick(3)
    house.ship()
    house.tick(3)
    house.ship()
    cut = house.snapshots()[-1] / "ledger.db.age"
    cut.write_bytes(b"")
    house.tails()[0].unlink()
    assert "are missing among the tail files" in problems(house)
