"""Alarms about disks, by what really happens to one: it fills, it is slow, it does not answer. Only root may try that."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from appliance.alarms.notice import Alarm, Notice, Saying
from appliance.assembly import Machine
from appliance.founding import found
from appliance.space import Space
from firm.inputs import ClockTicked
from tests.appliance.small_disk import SmallDisk, small_disk

DISK_MB, LOW_MB, LEAST_MB = 120, 60, 30
PATIENCE_S = 30
SLOW_MS = 300


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path, DISK_MB) as disk:
        yield disk


@pytest.fixture
def machine(
    disk: SmallDisk, on_the_clock: Any, adjust: Any, bridge_hands: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Machine]:
    """A firm on that disk. An alarm is over as soon as it is well."""
    monkeypatch.setattr("appliance.alarms.book.OVER_AFTER_S", 0)
    settings = on_the_clock()
    ledger = msgspec.structs.replace(settings.ledger, space_min_mb=LEAST_MB)
    machine = found(disk.place / "firm", msgspec.structs.replace(settings, ledger=ledger))
    adjust(machine, disk_free_low_mb=LOW_MB, engine_stands_s=1, commit_slow_ms=SLOW_MS)
    yield machine
    machine.close()


class Seen:
    """What a watch said about each alarm, look after look."""

    def __init__(self, machine: Machine, watch: Any) -> None:
        self.machine, self.watch = machine, watch

    async def look(self, alarm: Alarm) -> list[Notice]:
        return [notice for notice in await self.watch.look() if notice.alarm is alarm]

    async def said(self, alarm: Alarm) -> Notice:
        """The next thing that is said about it. Inputs keep coming meanwhile."""
        with anyio.fail_after(PATIENCE_S):
            while not (found := await self.look(alarm)):
                self.tick()
                await anyio.sleep(0.02)
        return found[0]

    def tick(self) -> None:
        if not self.machine.runner.held:
            self.machine.put(ClockTicked(at_us=self.machine.clock.now_us()))


@pytest.fixture
def seen(machine: Machine, watched: Any) -> Seen:
    return Seen(machine, watched(machine))


async def test_a_disk_that_fills_is_told_before_the_firm_must_stop_and_when_it_must(
    disk: SmallDisk, machine: Machine, seen: Seen
) -> None:
    space = Space(machine)
    space.look()
    assert await seen.look(Alarm.DISK_LOW) == []
    filler = disk.fill((LOW_MB + LEAST_MB) // 2)
    space.look()
    assert not machine.runner.held
    assert "MB are free under the firm's directory" in (await seen.said(Alarm.DISK_LOW)).text
    filler.unlink()
    filler = disk.fill(LEAST_MB // 2)
    space.look()
    assert "takes nothing more below 30 MB" in (await seen.said(Alarm.ENGINE_STANDS)).text
    filler.unlink()
    space.look()
    assert (await seen.said(Alarm.ENGINE_STANDS)).saying is Saying.OVER


async def test_a_disk_that_does_not_answer(
    disk: SmallDisk, machine: Machine, seen: Seen, bridge_hands: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing on it can be looked at, either: that must not keep the alarm from being told."""
    monkeypatch.setattr("appliance.alarms.watch.FILES_DEADLINE_S", 0.2)
    _, served, _, _ = bridge_hands
    async with served(machine):
        assert await seen.look(Alarm.ENGINE_STANDS) == []
        with disk.hanging():
            notice = await seen.said(Alarm.ENGINE_STANDS)
        assert "wait, and nothing was committed for 1 s" in notice.text
        assert (await seen.said(Alarm.ENGINE_STANDS)).saying is Saying.OVER


async def test_a_disk_that_is_slow(
    disk: SmallDisk, machine: Machine, seen: Seen, bridge_hands: Any, sinks: Any
) -> None:
    """Half of the commits must be: one slow commit is no alarm."""
    _, served, _, _ = bridge_hands
    async with served(machine):
        await sinks.soon(lambda: machine.meter.batches > 0)
        await seen.look(Alarm.COMMITS_SLOW)
        heard = {}
        for slow in (1, 5):
            for number in range(6):
                await commit(machine, sinks, disk.hanging() if number < slow else nullcontext())
            heard[slow] = await seen.look(Alarm.COMMITS_SLOW)
    assert heard[1] == []
    assert [notice.saying for notice in heard[5]] == [Saying.RAISED]


async def commit(machine: Machine, sinks: Any, hanging: AbstractContextManager[None]) -> None:
    """One input, on a disk that hangs until its commit is late."""
    before = machine.meter.batches
    with hanging:
        machine.put(ClockTicked(at_us=machine.clock.now_us()))
        await sinks.soon(lambda: machine.runner.queue_depth == 0)
        if not isinstance(hanging, nullcontext):
            late = anyio.current_time() + SLOW_MS / 1_000
            await sinks.soon(lambda: anyio.current_time() > late)
    await sinks.soon(lambda: machine.meter.batches > before)
