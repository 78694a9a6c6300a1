"""A tail file that is damaged or was planted: an older one with the same rows serves in its place, and else the answer is the right one."""

from pathlib import Path
from typing import Any, NamedTuple

import pyrage
import pytest

from backups import destination, tail_files
from backups.destination import DirectoryDestination
from backups.envelope import Identity
from backups.errors import RestoreRefused, WrongIdentity
from backups.names import TailName, tail_named
from backups.wanted import Until

IN_WHAT_IT_HOLDS = -5
IN_ITS_HEADER = [30, 100]  # of whoever it is for: a reader with the right key is told that it is for somebody else


class Twice(NamedTuple):
    """Tail files that hold the same rows: those shipped first, and the later one that was shipped when a file was gone."""

    house: Any
    first: list[Path]
    again: Path


def damage(path: Path, at: int = IN_WHAT_IT_HOLDS) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


@pytest.fixture
def twice(house: Any) -> Twice:
    house.snapshot()
    for _ in range(3):
        house.tick(3)
        house.ship()
    first = house.tails()
    content = first[0].read_bytes()
    first[0].unlink()
    house.ship()
    [again] = [path for path in house.tails() if path not in first]
    first[0].write_bytes(content)
    return Twice(house, first, again)


def sealed_to_a_stranger(name: TailName) -> tuple[TailName, bytes]:
    """What anybody can lay there: a file that age wrote, under a name that says the right length."""
    sealed = bytes(pyrage.encrypt(b"nothing", [pyrage.x25519.Identity.generate().to_public()]))
    return name._replace(size_bytes=len(sealed)), sealed


@pytest.mark.parametrize("at", [IN_WHAT_IT_HOLDS, *IN_ITS_HEADER])
def test_where_the_later_file_is_damaged_the_older_ones_serve_and_it_is_told(twice: Twice, at: int) -> None:
    damage(twice.again, at)
    target, restored = twice.house.restore()
    rows = twice.house.rows()
    assert twice.house.rows_of(target)[: len(rows)] == rows
    assert restored.tail_files == 3
    assert [twice.again.name in each for each in restored.passed_over] == [True]


def test_where_no_other_holds_the_row_the_way_out_is_up_to_the_row_before_it(twice: Twice) -> None:
    damage(twice.again)
    damage(twice.first[1])
    name = tail_named(twice.first[1].name)
    assert name is not None
    with pytest.raises(RestoreRefused, match=rf"does not open.*--until-seq {name.first - 1}\b") as refused:
        twice.house.restore()
    assert "identity that belongs" not in str(refused.value)
    assert twice.house.restore(until=Until(seq=name.first - 1), accept_older=True)[1].size == name.first - 1


@pytest.mark.parametrize("at", IN_ITS_HEADER)
def test_a_header_that_is_damaged_where_no_other_holds_the_row_blames_no_key_that_opened_the_snapshot(
    twice: Twice, at: int
) -> None:
    damage(twice.again, at)
    damage(twice.first[1], at)
    name = tail_named(twice.first[1].name)
    assert name is not None
    # The keys in it differ each time, and so does whether what is turned is no header any more or one of another key.
    with pytest.raises(RestoreRefused, match=r"damaged or encrypted to another key|does not open, though") as refused:
        twice.house.restore()
    said = str(refused.value)
    assert f"--until-seq {name.first - 1}" in said
    assert said.startswith(f"{name.name} does not open")
    assert "does not open these copies" not in said
    assert twice.house.restore(until=Until(seq=name.first - 1), accept_older=True)[1].size == name.first - 1


def test_a_file_that_is_encrypted_to_a_strangers_key_stops_no_restore(twice: Twice) -> None:
    name = tail_named(twice.again.name)
    assert name is not None
    planted, sealed = sealed_to_a_stranger(name._replace(stamp="20991231T235959000000Z"))
    twice.again.with_name(planted.name).write_bytes(sealed)
    house = twice.house
    restored = house.restore()[1]
    assert restored.size == len(house.rows())
    assert [planted.name in each for each in restored.passed_over] == [True]


def test_rows_that_were_shipped_to_another_key_say_that_one_file_with_both_keys_opens_them(house: Any) -> None:
    house.snapshot()
    house.tick(3)
    end = len(house.rows())
    house.ship()
    identity = pyrage.x25519.Identity.generate()
    house.recipient = str(identity.to_public())
    house.tick(3)
    house.ship()
    with pytest.raises(WrongIdentity, match=rf"a file with the keys, old and new.*--until-seq {end}\b"):
        house.restore()
    both = house.folder / "both.key"
    both.write_text(f"{house.identity_file.read_text()}{identity}\n")
    assert house.restore(identity=Identity(both))[1].size == len(house.rows())


def test_a_name_that_somebody_gave_to_nothing_stops_no_restore(twice: Twice) -> None:
    name = tail_named(twice.again.name)
    assert name is not None
    for first in (name.first, name.first + 1):
        planted = name._replace(first=first, stamp="20991231T235959000000Z", size_bytes=7)
        twice.again.with_name(planted.name).write_bytes(b"nothing")
    house = twice.house
    restored = house.restore()[1]
    assert restored.size == len(house.rows())
    assert len(restored.passed_over) == 1, "the other is of rows that were there by then"


def test_a_file_that_was_moved_here_under_another_name_serves_as_none(twice: Twice) -> None:
    name = tail_named(twice.again.name)
    assert name is not None
    twice.again.rename(twice.again.with_name(name._replace(last=name.last - 1).name))
    restored = twice.house.restore()[1]
    assert restored.size == len(twice.house.rows())
    assert "holds other rows than its name says" in restored.passed_over[0]


def test_tail_files_are_fetched_a_few_at_a_time(twice: Twice, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names are anybody's to give: 500 of 512 MB each would fill the disk before one of them was opened."""
    monkeypatch.setattr(destination, "LOT_FILES_MAX", 1)
    asked: list[int] = []
    get_all = DirectoryDestination.get_all

    def noted(self: DirectoryDestination, folder: str, names: list[str], local: Path, bytes_max: int) -> None:
        if folder.startswith("tail/"):
            asked.append(bytes_max)
            assert len(names) == 1
        get_all(self, folder, names, local, bytes_max)

    monkeypatch.setattr(DirectoryDestination, "get_all", noted)
    twice.again.unlink()
    assert twice.house.restore(keep=False)[1].tail_files == 3
    assert asked == [path.stat().st_size for path in twice.first]


def test_a_tail_file_larger_than_any_of_ours_is_not_even_fetched(twice: Twice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail_files, "READ_BYTES_MAX", max(path.stat().st_size for path in twice.first))
    name = tail_named(twice.again.name)
    assert name is not None
    planted = twice.again.with_name(name._replace(stamp="20991231T235959000000Z", size_bytes=2**40).name)
    with planted.open("wb") as file:
        file.truncate(2**40)
    [first, *_] = twice.house.restore(keep=False)[1].passed_over
    assert planted.name in first
    assert "longer than any of ours" in first
