"""Power cuts for as long as a soak lasts. Each run draws other images; docs/soaked adds up how many there were."""

import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest

from tests.faults.recovery import different_images, started_again, try_crashes
from tests.faults.scenes import SCENES, Player, Scene, plan_migration, play
from tests.soaked import SHARE_S, PowerCuts, keep, read

IMAGES_A_ROUND = 500
SECOND_IMAGES = 30


def scene_of(number: int) -> tuple[str, Scene]:
    """The scenes in turn; every other time trading in batches of sizes drawn anew."""
    if number % 2:
        name = list(SCENES)[number // 2 % len(SCENES)]
        return name, SCENES[name]
    drawn = Random(number)
    sizes = [drawn.choice((1, 1, 1, 2, 4)) for _ in range(drawn.randrange(3, 9))]

    def trade_in_drawn_batches(player: Player) -> None:
        player.trade(player.open(), *sizes)

    return "drawn", Scene(trade_in_drawn_batches, drawn.choice((2, 3, 6)))


def numbered(folder: Path) -> Iterator[Path]:
    for number in count():
        (folder / str(number)).mkdir()
        yield folder / str(number)


@pytest.mark.soak
def test_power_cuts_at_length(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figures, until_s = read(PowerCuts), time.monotonic() + SHARE_S
    first, opened = figures.rounds, 0
    while opened == 0 or time.monotonic() < until_s:
        began_s, drawn = time.monotonic(), Random(figures.rounds)
        name, scene = scene_of(figures.rounds)
        with monkeypatch.context() as patch, TemporaryDirectory(dir=memory) as scratch:
            folders = numbered(Path(scratch))
            patch.setattr("storage.schema.WAL_CHECKPOINT_PAGES", drawn.choice((8, 20, 60)))
            trace = play(scene, next(folders) / "firm")
            if name == "a migration":
                plan_migration(patch)
            tally = try_crashes(trace, next(folders), drawn, images_max=IMAGES_A_ROUND)
            assert not tally.problems, f"round {figures.rounds} ({name}): {tally.problems[:5]}"
            if name in {"drawn", "sealing", "the vault"}:
                told, image = drawn.choice(different_images(trace, drawn))
                again = started_again(trace, image, told, folders)
                second = try_crashes(again, next(folders), drawn, images_max=SECOND_IMAGES)
                assert not second.problems, f"round {figures.rounds} ({name}), twice: {second.problems[:5]}"
                figures.second_crashes += second.total
        opened += tally.total
        figures.images[name] = figures.images.get(name, 0) + tally.total
        figures.seconds += time.monotonic() - began_s
        figures.rounds += 1
        keep(figures)
    print(
        f"rounds {first} to {figures.rounds - 1}: {opened} images; {figures.count} of {figures.wanted} so far, all recovered"
    )
