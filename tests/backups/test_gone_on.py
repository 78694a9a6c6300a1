"""A firm that was restored beside a living one: what the living one signs afterwards is nobody's branch that was left."""

from pathlib import Path
from typing import Any

import pytest

from appliance.copies_seen import check_copies, why_unseen
from appliance.copying import BackupSettings
from appliance.finding import Level
from backups.errors import BackupRefused, RestoreRefused
from backups.newer import OlderThanKnown
from backups.retention import Keep
from backups.shipping import Shipper
from backups.wanted import Until
from storage.files import FirmDirectory
from storage.secret_files import read_secrets

GONE_ON = "the firm that this one was restored from has gone on"
NOTHING = Keep(0, 0, 0, 0)


def lying(house: Any) -> list[Path]:
    return sorted(path for path in house.copies.rglob("*") if path.is_file())


@pytest.fixture
def drilled(house: Any) -> Path:
    """Restored beside the living firm, which ships on."""
    house.snapshot()
    house.tick(5)
    house.ship()
    target, _ = house.restore()
    assert isinstance(target, Path)
    return target


def test_the_restored_firm_touches_nothing_and_does_not_start_once_the_living_one_has_gone_on(
    house: Any, drilled: Path
) -> None:
    house.tick(7)
    house.ship()
    living, there = house.directory, lying(house)
    house.go_on_with(drilled)
    for touch in (house.snapshot, house.prune, house.ship):
        with pytest.raises(OlderThanKnown, match=GONE_ON):
            touch()
    with pytest.raises(OlderThanKnown, match=r"stop it first.*a destination of its own"):
        why_unseen(drilled, BackupSettings(destination=str(house.copies)), read_secrets(drilled))
    assert GONE_ON in "\n".join(house.fresh().problems)
    assert lying(house) == there
    house.go_on_with(living)
    house.tick(3)
    house.ship()
    assert house.restore()[1].size == len(house.rows())


def test_a_restore_from_the_restored_firms_copies_refuses_too(house: Any, drilled: Path, tmp_path: Path) -> None:
    living = house.directory
    house.go_on_with(drilled)
    house.snapshot()
    ours = house.snapshots()[-1]
    ours.rename(tmp_path / ours.name)  # as on a share that is not mounted: the living firm hears nothing of it
    house.go_on_with(living)
    house.tick(4)
    house.ship()
    (tmp_path / ours.name).rename(ours)
    with pytest.raises(RestoreRefused, match=GONE_ON):
        house.restore()
    target, _ = house.restore(accept_older=True)
    house.go_on_with(target)
    house.snapshot()  # a person knew of it: it is no news


def test_two_that_ship_to_one_place_are_told_whoever_shipped_last(house: Any, drilled: Path) -> None:
    """The living firm was idle when the other one began, so that nobody refused; `newest` is then of whoever ships last."""
    shipping = Shipper(house.source, house.folder)  # runs on beside it
    shipping.begin()
    living, house.directory = house.directory, drilled
    house.snapshot()
    house.directory = living
    house.tick(4)
    assert list(iter(shipping.round, None))
    shipping.__exit__()
    [gone] = [path for path in house.tails() if path.parent.name == house.machine.ledger.lineage.hex()][-1:]
    kept = (house.snapshots()[-1] / "checkpoint").read_bytes()
    (house.copies / "newest").write_bytes(kept)  # as the restored firm's shipping leaves it
    house.go_on_with(drilled)
    assert f"{GONE_ON}: its row {int(gone.name[17:33])} is signed" in "\n".join(house.fresh().problems)
    with pytest.raises(RestoreRefused, match=GONE_ON):
        house.restore()
    target, _ = house.restore(accept_older=True)
    gone.with_name(gone.name.replace(gone.name[:33], "0000000000009998-0000000000009999")).write_bytes(
        gone.read_bytes()
    )
    house.go_on_with(target)
    house.snapshot()
    house.restore()  # a name that nobody of ours gave to it stops no restore


def test_what_was_accepted_when_it_was_left_is_no_news(house: Any) -> None:
    house.snapshot()
    house.tick(9)
    house.ship()
    target, _ = house.restore(until=Until(seq=len(house.rows()) - 4), accept_older=True)
    house.go_on_with(target)
    house.snapshot()
    again, _ = house.restore()
    house.go_on_with(again)
    house.snapshot()


def test_what_was_shipped_before_it_was_left_is_no_news_either(house: Any) -> None:
    """A crash between a tail file and `newest`, and a moment before both."""
    house.snapshot()
    house.tick(5)
    house.ship()
    kept = (house.copies / "newest").read_bytes()
    house.tick(3)
    house.ship()
    (house.copies / "newest").write_bytes(kept)
    target, _ = house.restore(until=Until(seq=len(house.rows()) - 6), accept_older=True)
    house.go_on_with(target)
    house.snapshot()
    assert house.fresh().problems == ()
    house.restore()


def test_the_last_whole_snapshot_of_another_lineage_stays_with_what_follows_on_it(house: Any, drilled: Path) -> None:
    [living] = house.snapshots()
    tails = house.tails()
    house.go_on_with(drilled)
    house.snapshot()
    house.tick(2)
    house.snapshot()
    pruned = house.prune(keep=NOTHING)
    assert (living in house.snapshots(), pruned.snapshots) == (True, 1)
    assert house.tails() == tails


def test_a_restore_says_to_stop_the_other_first(firm: Any, run: Any) -> None:
    run("backup", "--data-dir", firm.directory)
    where = ("--from", firm.copies, "--identity", firm.identity_file, "--secrets", firm.directory / "secrets")
    text = run("restore", *where, "--data-dir", firm.folder / "again").stdout
    assert text.index("First: stop the firm that it was restored from") < text.index("Next: ")
    assert "evenhand rehearse" in text


@pytest.mark.parametrize("content", [b"", b"\x00" * 64, b'{"ab": "many"}', b'["ab"]'])
def test_what_was_known_of_it_is_never_taken_for_nothing_where_the_file_is_damaged(
    house: Any, drilled: Path, content: bytes
) -> None:
    house.go_on_with(drilled)
    (drilled / "backup.left").write_bytes(content)
    for touch in (house.snapshot, house.ship, house.prune):
        with pytest.raises(BackupRefused, match=r"backup\.left cannot be read.*restore"):
            touch()
    assert "backup.left cannot be read" in "\n".join(house.fresh().problems)
    settings = BackupSettings(destination=str(house.copies), recipient=house.recipient)
    assert "backup.left cannot be read" in why_unseen(drilled, settings, read_secrets(drilled))
    found = check_copies(FirmDirectory(drilled), settings, read_secrets(drilled))
    assert (found.level, "move it aside" in found.next) == (Level.PROBLEM, True)
