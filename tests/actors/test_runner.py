"""Nothing is released before it is durable: not to pages, not to bridges, not to whoever waits for an answer."""

import threading

import anyio
import pytest
from anyio import to_thread

from actors.arrival import Arrival, Overloaded
from actors.engine import Engine
from actors.meter import Meter
from actors.runner import Runner
from firm import bounds
from firm.commands import EnrolBridge, RevokeBridge
from firm.inputs import ClockTicked

AT_US = 1_398_974_400_000_000


class HeldLedger:
    """A disk that takes its time: `append` returns once the test lets it, or fails as the test says."""

    def __init__(self):
        self.asked, self.may_end = threading.Event(), threading.Event()
        self.fails = None
        self.rows = []

    def begin(self):
        pass

    def write(self, rows, **more):
        self.written = [row for row, _ in rows]

    def commit(self):
        self.asked.set()
        assert self.may_end.wait(30)
        if self.fails is not None:
            raise self.fails
        self.rows.extend(self.written)
        return []


@pytest.fixture
def released():
    return []


@pytest.fixture
def disk():
    return HeldLedger()


@pytest.fixture
def runner(disk, released):
    return Runner(
        Engine("0" * 32),
        disk,
        lambda batch: released.append(("page", len(batch.rows))),
        lambda effect: released.append(("courier", type(effect).__name__)),
        lambda: AT_US,
        Meter(),
    )


def revocation(released):
    """An input with an effect and somebody who waits for the answer."""
    enrol = EnrolBridge(by="console", bridge="sim", public_key="k" * 40, simulator=True)
    revoke = RevokeBridge(by="console", bridge="sim", why="lost")
    return [
        Arrival(enrol, AT_US, AT_US),
        Arrival(revoke, AT_US, AT_US, on_durable=lambda decided: released.append(("answer", decided.seq))),
    ]


async def test_while_the_disk_is_busy_nobody_is_told(runner, disk, released):
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(runner.run)
        runner.offer(revocation(released))
        await to_thread.run_sync(disk.asked.wait, 30)
        await anyio.lowlevel.checkpoint()
        assert (released, disk.rows) == ([], [])
        disk.may_end.set()
        with anyio.fail_after(30):
            while len(released) < 3:  # noqa: ASYNC110
                await anyio.sleep(0.001)
        runner.stop()
    assert [name for name, _ in released] == ["page", "courier", "answer"]


async def test_a_commit_that_fails_releases_nothing_and_ends_the_run(runner, disk, released):
    disk.fails = OSError("no space left on device")
    disk.may_end.set()
    runner.offer(revocation(released))
    with pytest.raises(OSError, match="no space"):
        await runner.run()
    assert released == []


def test_more_than_can_wait_is_refused_whole(runner, monkeypatch):
    monkeypatch.setattr("actors.runner.QUEUE_INPUTS_MAX", 3)
    assert bounds.QUEUE_INPUTS_MAX > 3
    ticks = [Arrival(ClockTicked(at_us=AT_US), AT_US, AT_US) for _ in range(4)]
    with pytest.raises(Overloaded, match="offer again"):
        runner.offer(ticks)
    assert runner.queue_depth == 0
    runner.offer(ticks[:3])
    assert runner.queue_depth == 3


@pytest.fixture
def anyio_backend():
    return "asyncio"
