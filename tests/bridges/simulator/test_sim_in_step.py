"""In step: no platform gets further ahead of another than a few seconds, one that died is waited for, one that ended is not."""

from pathlib import Path

import anyio
import pytest

from bridges.simulator import in_step
from bridges.simulator.in_step import LEAD_MAX_US, InStep
from firm.instant import parse_utc


@pytest.fixture
def two(tmp_path: Path) -> tuple[InStep, InStep]:
    first, second = tmp_path / "first", tmp_path / "second"
    for directory in (first, second):
        directory.mkdir()
    return InStep(first, [second]), InStep(second, [first])


async def waits(platform: InStep, now_us: int) -> bool:
    with anyio.move_on_after(0.05) as scope:
        await platform.wait(now_us)
    return scope.cancelled_caught


async def test_who_is_within_the_lead_goes_on_and_who_is_beyond_it_waits(two: tuple[InStep, InStep]) -> None:
    fast, slow = two
    start = 10 * LEAD_MAX_US
    assert await waits(fast, start)  # nobody else is there yet
    assert not await waits(slow, start)
    assert not await waits(fast, start + LEAD_MAX_US)
    assert await waits(fast, start + LEAD_MAX_US + 1)
    assert not await waits(slow, start + 1)  # the slowest never waits
    assert not await waits(fast, start + LEAD_MAX_US + 1)


async def test_one_that_waits_goes_on_once_the_other_has_come_after(two: tuple[InStep, InStep]) -> None:
    fast, slow = two
    start = 10 * LEAD_MAX_US
    reached: list[int] = []

    async def play(platform: InStep, step_us: int, steps: int) -> None:
        for number in range(steps):
            await platform.wait(start + number * step_us)
            reached.append(start + number * step_us)
        platform.end()

    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(play, fast, LEAD_MAX_US, 20)
            tasks.start_soon(play, slow, LEAD_MAX_US // 4, 80)
    # As both went, none was ever told to go on from further ahead than the lead and one step of the other.
    furthest = 0
    for place, at in enumerate(reached):
        furthest = max(furthest, max(reached[: place + 1]) - at)
    assert furthest <= 2 * LEAD_MAX_US
    assert len(reached) == 100


@pytest.mark.parametrize("has_begun", [False, True])
async def test_who_waits_for_long_says_once_for_whom(
    two: tuple[InStep, InStep], has_begun: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fast, slow = two
    start = parse_utc("2014-05-02T12:00:00")
    if has_begun:
        await waits(slow, start)
    assert await waits(fast, start + 2 * LEAD_MAX_US)
    assert capsys.readouterr().err == ""  # no demo's moment of waiting is worth a line
    monkeypatch.setattr(in_step, "TOLD_AFTER_S", 0.01)
    assert await waits(fast, start + 2 * LEAD_MAX_US)
    [line] = capsys.readouterr().err.splitlines()
    where = "is at 2014-05-02T12:00:00" if has_begun else "has not begun"
    assert f"waiting for the platform in {slow._own.parent}, which {where}" in line
    assert not await waits(slow, start)
    assert capsys.readouterr().err == ""


async def test_nobody_waits_for_one_that_has_ended_but_for_one_that_was_killed(two: tuple[InStep, InStep]) -> None:
    fast, slow = two
    start = 10 * LEAD_MAX_US
    assert await waits(slow, start)
    del slow  # killed: what it said last stays
    assert await waits(fast, start + 2 * LEAD_MAX_US)
    InStep(two[1]._own.parent, [two[0]._own.parent]).end()
    assert not await waits(fast, start + 2 * LEAD_MAX_US)
