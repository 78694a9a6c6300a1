"""Files that are lost, cut short or swapped: each is told of by name, or nobody misses what was in it."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SWAPS = [
    pytest.param("secrets/ledger_secret", "secrets/signing_seed", id="two secrets"),
    pytest.param("secrets/vault_master", "secrets/curve_server_key", id="two others"),
    pytest.param("ledger.db", "vault.db", id="ledger and vault"),
    pytest.param("keys.db", "vault.db", id="keys and vault"),
    pytest.param("keys.db", "front.db", id="keys and front"),
    pytest.param("evenhand.toml", "secrets/fingerprints", id="settings and fingerprints"),
]


def lose(path: Path) -> None:
    path.unlink()


def cut(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("spoil", [lose, cut, empty])
def test_a_file_that_is_not_whole_is_told_of_by_name(ground: Any, spoil: Callable[[Path], None]) -> None:
    for file in ground.files():
        ground.restore()
        spoil(ground.copy / file)
        told = ground.came_out(file.parts[0])
        if told.by == "harmless":
            # Settings that are cut behind the last key that was set say what they said.
            assert file.name in ground.spare or (file.name == "evenhand.toml" and spoil is cut), file
            continue
        assert told.by in ("verify", "doctor", "start"), f"{spoil.__name__} {file}: {told.by} {told.text}"
        # A ledger that is cut is told row by row; a lost one, and everything else, is named.
        assert file.name in told.text or file.name == "ledger.db", f"{file}: {told.text}"


@pytest.mark.parametrize(("one", "other"), SWAPS)
def test_two_files_that_changed_places_are_told_of(ground: Any, one: str, other: str) -> None:
    ground.restore()
    _swap(ground.copy / one, ground.copy / other)
    told = ground.came_out()
    assert told.by in ("verify", "doctor", "start"), told
    assert Path(one).name in told.text or Path(other).name in told.text, told.text


def test_two_segments_that_changed_places_are_both_told_of(ground: Any) -> None:
    ground.restore()
    first, second = sorted((ground.copy / "segments").iterdir())
    _swap(first, second)
    told = ground.came_out()
    assert first.name in told.text
    assert second.name in told.text


@pytest.mark.parametrize("name", ["ledger.db", "vault.db", "keys.db", "evenhand.toml"])
def test_a_start_on_a_lost_file_makes_no_new_one_in_its_place(ground: Any, name: str) -> None:
    ground.restore()
    (ground.copy / name).unlink()
    told = ground.noticed(("start",))
    assert told is not None
    assert name in told.text
    assert not (ground.copy / name).exists() or (ground.copy / name).stat().st_size == 0


def _swap(one: Path, other: Path) -> None:
    aside = one.with_name("aside")
    shutil.move(one, aside)
    shutil.move(other, one)
    shutil.move(aside, other)
