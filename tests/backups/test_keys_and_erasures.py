"""Keys are copied apart from what they open, for at most 30 days; who was erased stays erased after a restore."""

from pathlib import Path
from typing import Any

import pytest

from backups.envelope import Identity
from backups.errors import DestinationFailed, RestoreRefused
from backups.keys import copy_keys_out, newest_keys, prune_keys
from backups.names import KEYS, next_stamp, stamp_of, wall_us
from backups.shipping import Shipper
from backups.source import workshop
from backups.wanted import Until
from firm.instant import DAY_US
from storage.checkpoint import Signer
from storage.secret_files import read_secrets
from storage.vault import Vault

BEN = 1002


def people_in(directory: Path) -> dict[int, bool]:
    vault = Vault.open_for_reading(directory, read_secrets(directory).vault_master)
    try:
        return {number: vault.person("trader", number) is not None for number in (1001, BEN)}
    finally:
        vault.close()


def keys_now(house: Any) -> set[tuple[str, str]]:
    public_key = Signer(read_secrets(house.directory).signing_seed).public_key
    _, held, _ = newest_keys(house.destination, Identity(house.identity_file), public_key, house.folder)
    return set(held.wrapped)


@pytest.fixture
def copied(house: Any) -> Any:
    house.register(BEN, "ben@trader.example")
    house.snapshot()
    house.tick(3)
    house.ship()
    return house


def test_the_keys_are_nowhere_but_in_their_own_folder(copied: Any) -> None:
    named = [path.relative_to(copied.copies).as_posix() for path in copied.copies.rglob("*") if path.is_file()]
    assert [name for name in named if "keys" in name and not name.startswith("keys/")] == []
    assert len([name for name in named if name.startswith("keys/")]) == 1


def test_a_new_persons_key_is_shipped_before_the_row_that_names_them(copied: Any) -> None:
    copied.register(1003, "cleo@trader.example")
    copied.ship()
    kinds = [name.split("-")[1] for name in copied.destination.names(KEYS)]
    assert kinds == ["full", "delta"]
    assert ("trader:1003", "identity") in keys_now(copied)
    _, restored = copied.restore()
    assert restored.size == len(copied.rows())


def test_keys_lie_there_before_the_rows_that_need_them(copied: Any) -> None:
    """The destination fails in the middle of a round: what did arrive is of use."""
    with workshop(copied.directory, "ship") as scratch, Shipper(copied.source, scratch) as shipper:
        shipper.begin()
        copied.register(1003, "cleo@trader.example")
        (copied.copies / "tail").rename(copied.folder / "tail")
        (copied.copies / "tail").write_text("in the way")
        with pytest.raises(DestinationFailed):
            shipper.round()
        assert ("trader:1003", "identity") in keys_now(copied)
        (copied.copies / "tail").unlink()
        (copied.folder / "tail").rename(copied.copies / "tail")
        assert shipper.round() is not None
    assert copied.restore()[1].size == len(copied.rows())


def test_who_was_erased_since_the_snapshot_is_erased_again_by_a_restore(copied: Any) -> None:
    assert copied.machine.vault.erase("trader:1002") == 1
    copied.tick()
    copied.ship()
    target, restored = copied.restore()
    assert restored.erased_values == 1
    assert people_in(target) == {1001: True, BEN: False}


def test_an_erasure_holds_for_every_earlier_moment(copied: Any) -> None:
    size = len(copied.rows())
    copied.machine.vault.erase("trader:1002")
    copied.tick()
    copied.ship()
    target, _ = copied.restore(until=Until(seq=size), accept_older=True)
    assert people_in(target) == {1001: True, BEN: False}


def test_an_erasure_while_nobody_shipped_is_told_by_the_next_copy(copied: Any) -> None:
    copied.machine.vault.erase("trader:1002")
    copied.snapshot()
    assert len(copied.destination.names("erasures")) == 1
    for path in (copied.copies / "snapshots").iterdir():
        if path.name == max(each.name for each in (copied.copies / "snapshots").iterdir()):
            (path / "manifest").unlink()  # so that the one before it, with Ben in its vault, is restored
    target, restored = copied.restore()
    assert restored.erased_values == 1
    assert people_in(target) == {1001: True, BEN: False}


def test_what_was_sealed_anew_after_an_erasure_is_not_taken_for_what_was_erased(copied: Any) -> None:
    copied.machine.vault.erase("trader:1002")
    copied.tick()
    copied.ship()
    copied.register(BEN + 1, "ben@trader.example")  # the same address, another person
    copied.ship()
    target, _ = copied.restore()
    vault = Vault.open_for_reading(target, read_secrets(target).vault_master)
    found = vault.find_by_mail("ben@trader.example")
    vault.close()
    assert found is not None
    assert found.id == BEN + 1


def test_a_key_that_is_gone_without_a_word_stops_a_restore_until_a_person_says_that_it_was_erased(copied: Any) -> None:
    copied.machine.vault.erase("trader:1002")
    (copied.directory / "backup.keys").unlink()  # nobody remembers what was copied before
    copied.tick()
    copied.ship()
    with pytest.raises(RestoreRefused, match=r"identity of trader:1002.*--erase-keyless"):
        copied.restore()
    target, _ = copied.restore(erase_keyless=True)
    assert people_in(target) == {1001: True, BEN: False}


def test_a_delta_that_is_missing_is_never_taken_for_an_erasure(copied: Any) -> None:
    for number in (1003, 1004):
        copied.register(number, f"{number}@trader.example")
        copied.ship()
    _, first, _ = copied.destination.names(KEYS)
    (copied.copies / KEYS / first).unlink()
    with pytest.raises(RestoreRefused, match=rf"keys of {first[:22]} is missing"):
        copied.restore()
    assert any("copies of the keys that follow on" in problem for problem in copied.fresh().problems)
    with workshop(copied.directory, "keys") as scratch, next_stamp(copied.directory) as stamp:
        copy_keys_out(copied.source, stamp, scratch, whole=True)
    assert copied.fresh().problems == ()
    assert copied.restore()[1].size == len(copied.rows())


def test_a_copy_of_the_keys_that_was_cut_is_as_good_as_none(copied: Any) -> None:
    planted = copied.copies / KEYS / f"{stamp_of(wall_us() + DAY_US)}-full-9.age"
    planted.write_bytes(b"")
    assert copied.restore()[1].size == len(copied.rows())
    assert any(planted.name in problem for problem in copied.fresh().problems)


def test_keys_older_than_what_was_shipped_stop_a_restore(copied: Any) -> None:
    copied.register(1003, "cleo@trader.example")
    copied.ship()
    newest = copied.destination.names(KEYS)[-1]
    (copied.copies / KEYS / newest).unlink()
    with pytest.raises(RestoreRefused, match="needs that of"):
        copied.restore()


def test_copies_of_the_keys_go_after_thirty_days_and_the_newest_stays(copied: Any) -> None:
    now_us = wall_us()
    old = [f"{stamp_of(now_us - days * DAY_US)}-full-3.age" for days in (400, 31, 29)]
    for name in old:
        (copied.copies / KEYS / name).write_bytes(b"old")
    assert prune_keys(copied.destination, now_us, 30) == old[:2]
    later_us = now_us + 40 * DAY_US  # nobody made a copy since: there is nothing newer to go on with
    assert prune_keys(copied.destination, later_us, 30) == old[2:]
    assert len(copied.destination.names(KEYS)) == 1
