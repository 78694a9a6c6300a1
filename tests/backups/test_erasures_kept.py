"""Who was erased stays erased, whoever may write to where the copies lie; and nobody else is taken for erased."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from backups import names
from backups.errors import RestoreRefused
from backups.names import KEYS, keys_named, stamp_of, wall_us
from firm.inputs import EventRefused
from firm.instant import DAY_US, HOUR_US
from storage.people import LOGINS, SESSION
from storage.readmodels.seals import SEALED_EVENT
from storage.secret_files import read_secrets
from storage.vault import Vault
from tests.backups.test_keys_and_erasures import BEN, people_in


@pytest.fixture
def copied(house: Any) -> Any:
    """Ben was erased after a snapshot and its tail; his key lies in an old copy of the keys, which somebody kept."""
    house.register(BEN, "ben@trader.example")
    house.snapshot()
    house.tick(3)
    house.ship()
    shutil.copytree(house.copies / KEYS, house.folder / "kept")
    house.machine.vault.erase("trader:1002")
    house.tick()
    house.ship()
    assert house.fresh().problems == ()
    return house


def kept_under_a_new_name(house: Any, stamp: str) -> str:
    [kept] = (house.folder / "kept").iterdir()
    name = keys_named(kept.name)
    assert name is not None
    renamed = name._replace(stamp=stamp).name
    shutil.copy(kept, house.copies / KEYS / renamed)
    return renamed


def erasures_of(house: Any) -> list[Path]:
    return sorted((house.copies / "erasures").rglob("*.age"))


def test_old_keys_under_a_new_name_bring_nobody_back(copied: Any) -> None:
    shutil.rmtree(copied.copies / "erasures")
    renamed = kept_under_a_new_name(copied, stamp_of(wall_us() + 1_000_000))
    with pytest.raises(RestoreRefused, match=f"{renamed} is the copy of the keys of .* renamed"):
        copied.restore()
    told = copied.fresh(wall_us() + HOUR_US).problems
    assert any(f"{renamed} is later than any copy of the keys that this machine made" in problem for problem in told)
    assert any("1 of 1 erasures are missing or cut" in problem for problem in told)


def test_an_erasure_that_was_taken_away_is_told_and_refuses_a_restore(copied: Any) -> None:
    copied.register(1003, "cleo@trader.example")
    copied.machine.vault.erase("trader:1003")
    copied.ship()
    copied.register(1004, "dan@trader.example")
    copied.ship()
    copied.machine.vault.erase("trader:1004")
    copied.ship()
    first, last = erasures_of(copied)
    for gone, number in ((first, 1), (last, 2)):
        gone.rename(copied.folder / "gone")
        assert any(f"(number {number} first)" in problem for problem in copied.fresh().problems)
        with pytest.raises(RestoreRefused, match=f"erasure {number} of 2 is missing"):
            copied.restore()
        (copied.folder / "gone").rename(gone)
    assert people_in(copied.restore()[0]) == {1001: True, BEN: False}


def test_one_erasure_in_the_place_of_another_is_found_out(copied: Any) -> None:
    copied.register(1003, "cleo@trader.example")
    copied.ship()
    copied.machine.vault.erase("trader:1003")
    copied.ship()
    first, last = erasures_of(copied)
    first.write_bytes(last.read_bytes())
    with pytest.raises(RestoreRefused, match=r"is number 2 of .* renamed|is missing"):
        copied.restore()


def test_at_a_new_place_erasures_begin_anew_and_hold(copied: Any) -> None:
    copied.copies.rename(copied.folder / "before")
    copied.copies.mkdir(mode=0o700)
    (copied.directory / "backup.keys").unlink()
    copied.snapshot()
    copied.register(1003, "cleo@trader.example")
    copied.ship()
    copied.machine.vault.erase("trader:1003")
    copied.tick()
    copied.ship()
    assert copied.fresh().problems == ()
    assert copied.restore()[1].erased_values == 1


def test_an_erasure_holds_whatever_stamp_it_bears(copied: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock was ahead when it was told; what else bore such a stamp was moved aside, and the next copies bear older ones."""
    ahead = wall_us() + 400 * DAY_US
    monkeypatch.setattr(names, "wall_us", lambda: ahead)
    copied.register(1003, "cleo@trader.example")
    copied.machine.vault.erase("trader:1001")
    copied.ship()
    monkeypatch.undo()
    (copied.directory / "backup.lock").unlink()
    for path in [*copied.tails(), *(copied.copies / KEYS).iterdir()]:
        if f"{stamp_of(ahead)[:6]}" in path.name:
            path.unlink()
    copied.snapshot()
    copied.ship()
    assert copied.fresh().problems == ()
    target, _ = copied.restore(snapshot=copied.snapshots()[0].name, accept_older=True)
    assert people_in(target) == {1001: False, BEN: False}


def test_a_key_that_was_forgotten_and_drawn_anew_costs_nothing_of_what_the_new_one_seals(house: Any) -> None:
    """A login was sealed and its row never came; the start forgot the key; the login comes again and has a row."""
    house.machine.vault.seal(LOGINS, SESSION, b"192.0.2.7 a telephone")
    house.snapshot()
    house.tick()
    house.machine.tidy()
    seen = house.machine.vault.seal(LOGINS, SESSION, b"192.0.2.7 a telephone")
    house.seq += 1
    house.put(EventRefused(bridge="sim", seq=house.seq, reason="undecodable", raw_hex=SEALED_EVENT + seen))
    house.snapshot()
    assert house.fresh().problems == ()
    target, restored = house.restore()
    assert restored.size == len(house.rows())
    vault = Vault.open_for_reading(target, read_secrets(target).vault_master)
    assert vault.open_value(seen) == b"192.0.2.7 a telephone"
    vault.close()


def test_a_password_under_a_key_that_is_gone_goes_and_the_identity_stays(copied: Any) -> None:
    copied.machine.vault.erase("trader:1001", "credentials")
    copied.ship()
    target, _ = copied.restore()
    assert people_in(target) == {1001: False, BEN: False}
