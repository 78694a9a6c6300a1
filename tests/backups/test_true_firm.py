"""Copies are the true firm's: one that is old, was thought dead, or is another firm touches none of them."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from backups.errors import BackupRefused, DestinationFailed, RestoreRefused
from backups.names import MANIFEST
from backups.newer import OlderThanKnown
from backups.retention import Keep
from backups.wanted import Until

NOTHING = Keep(0, 0, 0, 0)


def lying(house: Any) -> list[Path]:
    return sorted(path for path in house.copies.rglob("*") if path.is_file())


@pytest.fixture
def beside(house: Any, tmp_path: Path) -> Any:
    """Another firm of the same name, such as one for trying things, which was given the same destination."""
    (tmp_path / "staging").mkdir()
    other = type(house)(tmp_path / "staging")
    other.open_for_business()
    other.tick(9)
    other.copies, other.destination = house.copies, house.destination
    return other


def test_an_old_directory_makes_no_copy_and_removes_none(house: Any) -> None:
    old = house.put_aside()
    house.snapshot()
    house.tick(20)
    house.ship()
    size, there = len(house.rows()), lying(house)
    true = house.directory
    house.go_on_with(old)
    house.register(2002, "ben@trader.example")
    for touch in (house.snapshot, house.prune, house.ship):
        with pytest.raises(OlderThanKnown):
            touch()
    assert lying(house) == there
    house.go_on_with(true)
    assert house.restore()[1].size == size


def test_a_machine_that_was_thought_dead_makes_no_copy_and_removes_none(house: Any) -> None:
    house.snapshot()
    house.tick(5)
    house.ship()
    zombie = house.put_aside()
    target, _ = house.restore()
    house.go_on_with(target)
    house.snapshot()
    there = lying(house)
    house.go_on_with(zombie)
    house.tick(9)
    for touch in (house.snapshot, house.prune, house.ship):
        with pytest.raises(OlderThanKnown, match="never heard of"):
            touch()
    assert lying(house) == there


def test_another_firm_with_the_same_destination_is_refused(house: Any, beside: Any) -> None:
    house.snapshot()
    house.tick(3)
    house.ship()
    size, there = len(house.rows()), lying(house)
    for touch in (beside.snapshot, beside.prune, beside.ship):
        with pytest.raises(BackupRefused, match="another firm's copies lie there"):
            touch()
    assert lying(house) == there
    assert house.restore()[1].size == size
    assert "each firm needs a destination of its own" in "\n".join(beside.fresh().problems)


def test_what_another_firm_left_there_is_not_removed_and_pushes_nothing_out(
    house: Any, beside: Any, tmp_path: Path
) -> None:
    (tmp_path / "others").mkdir(mode=0o700)
    beside.destination = type(house.destination)(tmp_path / "others")
    house.snapshot()
    beside.snapshot()
    [others] = (tmp_path / "others" / "snapshots").iterdir()
    (others / "checkpoint").unlink()  # all that would have told before anything is touched
    shutil.copytree(others, house.copies / "snapshots" / others.name)
    assert house.prune(keep=NOTHING).snapshots == 0
    assert len(house.snapshots()) == 2
    house.tick()
    assert house.snapshot().size > 0
    assert house.prune(keep=NOTHING).snapshots == 1
    assert others.name in [path.name for path in house.snapshots()]
    assert house.restore()[1].size == len(house.rows())


def test_the_last_good_snapshot_stays_where_newer_ones_are_cut(house: Any) -> None:
    house.snapshot()
    good = house.snapshots()[0]
    for name in ("ledger.db.age", MANIFEST):
        house.tick()
        house.snapshot()
        (house.snapshots()[-1] / name).write_bytes(b"")
    house.prune(keep=NOTHING)
    assert good in house.snapshots()
    house.ship()
    _, restored = house.restore()
    assert (restored.snapshot, restored.size) == (f"snapshots/{good.name}", len(house.rows()))


def test_a_snapshot_that_this_firm_began_and_never_finished_goes_with_time(house: Any) -> None:
    house.snapshot()
    (house.snapshots()[0] / MANIFEST).unlink()
    house.tick()
    house.snapshot()
    assert house.prune().snapshots == 1
    assert house.prune().snapshots == 0


@pytest.mark.parametrize("lost", ["ledger.db.age", "vault.db.age", "evenhand.toml.age"])
def test_a_snapshot_of_which_a_file_is_missing_is_passed_over_and_told(house: Any, lost: str) -> None:
    house.snapshot()
    house.tick(5)
    house.snapshot()
    house.tick(2)
    house.ship()
    older, newest = house.snapshots()
    (newest / lost).unlink()
    with pytest.raises(RestoreRefused, match="are missing in"):
        house.restore()  # the tail between the two was never shipped: nothing is lost unseen
    house.ship()
    _, restored = house.restore()
    assert restored.snapshot == f"snapshots/{older.name}"
    assert restored.size == len(house.rows())
    [why] = restored.passed_over
    assert newest.name in why
    assert f"{lost} is missing" in why


def test_a_snapshot_whose_manifest_is_something_else_is_passed_over(house: Any) -> None:
    house.snapshot()
    house.snapshot()
    newest = house.snapshots()[-1]
    (newest / MANIFEST).unlink()
    (newest / MANIFEST).mkdir()
    assert newest.name in house.restore()[1].passed_over[0]


def test_a_file_that_fails_while_it_is_fetched_passes_its_snapshot_over(house: Any) -> None:
    house.snapshot()
    house.snapshot()
    older, newest = house.snapshots()
    get = house.destination.get

    def fail(path: str, *more: Any) -> None:
        if path == f"snapshots/{newest.name}/vault.db.age":
            raise DestinationFailed(f"{path}: Input/output error")
        get(path, *more)

    house.destination.get = fail
    _, restored = house.restore()
    assert restored.snapshot == f"snapshots/{older.name}"
    assert "Input/output error" in restored.passed_over[0]


def test_a_person_may_name_the_snapshot_to_begin_from(house: Any) -> None:
    house.snapshot()
    house.tick(2)
    house.ship()
    house.snapshot()
    older, newest = house.snapshots()
    assert house.restore()[1].snapshot == f"snapshots/{newest.name}"
    for name in (older.name, f"snapshots/{older.name}/"):
        _, restored = house.restore(snapshot=name)
        assert (restored.snapshot, restored.size) == (f"snapshots/{older.name}", len(house.rows()))
    with pytest.raises(
        RestoreRefused, match=rf"has no snapshot nonesuch in it; there lie: {older.name}, {newest.name}"
    ):
        house.restore(snapshot="nonesuch")


def test_a_tail_of_another_lineage_is_refused_for_every_moment(house: Any) -> None:
    """What the lost machine wrote after the fork is no history of the firm that was restored, wherever it lies."""
    house.snapshot()
    house.tick(3)
    house.ship()
    fork = len(house.rows())
    house.tick(9)
    house.ship()
    [left] = [path for path in house.tails() if int(path.name[:16]) > fork]
    target, restored = house.restore(until=Until(fork), accept_older=True)
    house.go_on_with(target)
    size = house.snapshot().size
    planted = house.copies / "tail" / restored.lineage
    planted.mkdir(exist_ok=True)
    shutil.copy(left, planted / left.name)
    assert int(left.name[17:33]) > size
    for until in (Until(), Until(seq=size + 1), Until(seq=size + 3)):
        with pytest.raises(RestoreRefused, match="is of lineage"):
            house.restore(until=until, accept_older=True)
