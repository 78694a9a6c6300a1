"""Power cut: at any moment, with whatever the disk made of what was under way, nothing acknowledged is lost or there twice."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import apsw
import pytest

from storage.ledger import Ledger
from storage.verify import verify
from tests.faults.crashes import Crash, images, lay
from tests.faults.recovery import different_images, digest_of, started_again, try_crashes
from tests.faults.scenes import SCENES, found, plan_migration, play
from tests.storage.conftest import SECRET, SEED

# Different images of each scene that are opened: together 5,000, as many as half a minute has room for.
WANTED = {
    "founding": 900, "trading": 1_300, "a tile": 100, "sealing": 700, "snapshots": 800, "read models": 400,
    "a migration": 450, "the vault": 350, "a rotation": 60,
}  # fmt: skip
# Images on which the recovery is cut short as well, and images of that for each.
CUT_TWICE = {"trading": 12, "sealing": 6, "the vault": 6}
SECOND_IMAGES = 12


def test_enough_images_are_opened() -> None:
    assert set(WANTED) == set(SCENES)
    assert sum(WANTED.values()) >= 5_000


@pytest.mark.parametrize("name", WANTED)
def test_whatever_the_power_cut_leaves_holds_all_that_was_acknowledged(
    name: str, folders: Iterator[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = play(SCENES[name], next(folders) / "firm")
    assert trace.raised is None
    if name == "a migration":
        plan_migration(monkeypatch)
    tally = try_crashes(trace, next(folders), Random(name), images_max=WANTED[name])
    assert not tally.problems, tally.problems[:5]
    assert tally.total == WANTED[name]
    assert set(tally.images) == set(Crash)


def test_a_founding_that_is_cut_short_can_be_done_again(folders: Iterator[Path]) -> None:
    trace, place, drawn = play(SCENES["founding"], next(folders) / "firm"), next(folders), Random(3)
    unfinished = [image for _, image in different_images(trace, drawn) if "ledger.db" not in image]
    for image in drawn.sample(unfinished, 40):
        lay(image, place)
        found(place)
        with Ledger.open(place, secret=SECRET, signing_seed=SEED, read_models=()) as ledger:
            assert ledger.size == 0
        assert verify(place, secret=SECRET).is_sound


def test_a_migration_that_is_cut_short_has_happened_or_not(folders: Iterator[Path]) -> None:
    trace, place = play(SCENES["a migration"], next(folders) / "firm"), next(folders)
    found, tried = set(), set()
    for _, _, platter, image in images(trace.disk, tuple(Crash), Random(2)):
        if digest_of(image, {}) not in tried and not platter.told.get("acked"):
            tried.add(digest_of(image, {}))
            lay(image, place)
            found.add(schema_in(place))
    assert found == {(1, False), (2, True)}, "the version and the table that it brings come together"


def schema_in(folder: Path) -> tuple[int, bool]:
    with closing(apsw.Connection(str(folder / "ledger.db"), flags=apsw.SQLITE_OPEN_READWRITE)) as connection:
        is_there = connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'notes'").fetchone() is not None
        return connection.pragma("user_version"), is_there


@pytest.mark.parametrize("name", CUT_TWICE)
def test_a_recovery_that_is_cut_short_recovers_too(name: str, folders: Iterator[Path]) -> None:
    trace, drawn = play(SCENES[name], next(folders) / "firm"), Random(name)
    opened = 0
    for told, image in drawn.sample(different_images(trace, drawn), CUT_TWICE[name]):
        again = started_again(trace, image, told, folders)
        tally = try_crashes(again, next(folders), drawn, images_max=SECOND_IMAGES, every=drawn.choice((1, 2, 3)))
        assert not tally.problems, tally.problems[:5]
        opened += tally.total
    assert opened >= CUT_TWICE[name] * SECOND_IMAGES * 3 // 4
