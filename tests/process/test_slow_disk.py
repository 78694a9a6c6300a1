"""A disk whose every sync takes 200 ms longer: batches grow instead of the queue, pages answer, and what was acknowledged is there."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio import to_thread

from bridges.outbox import Outbox
from firm.inputs import DealReported
from firm.quote_frame import Tick
from tests.process.hands import (
    PATIENCE_S,
    PRICE,
    SERVE,
    Hand,
    Served,
    assert_every_number_once,
    assert_sound,
    found_for,
    journalled,
    settled,
    stored,
    trading,
)

DELAY_US = 200_000
SYNCS = "fsync,fdatasync"
# The tracer stands beside the firm (-D), and stops it at nothing but a sync.
TRACER = (
    *("strace", "-D", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null"),
    *("-e", f"trace={SYNCS}", "-e", f"inject={SYNCS}:delay_exit={DELAY_US}"),
)
BATCH_MIN = 5  # inputs, in the middle
DEALS = [pytest.param(250, id="250 deals"), pytest.param(5_000, id="5,000 deals", marks=pytest.mark.soak)]


@pytest.fixture
def slow() -> tuple[str, ...]:
    """What stands before a command whose syncs shall be slow."""
    if shutil.which("strace") is None:
        pytest.skip("there is no strace here, by which syncs are made slow: sudo apt-get install strace")
    done = subprocess.run([*TRACER, "true"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"strace may not trace here: {done.stderr.strip()}")
    return TRACER


class Seen:
    """The firm from outside, again and again while it is slow."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.depth_max, self.pages = 0, 0
        self.alarms: set[str] = set()

    async def watch(self) -> None:
        while True:
            told = await to_thread.run_sync(self.served.health)
            self.depth_max = max(self.depth_max, told["queue_depth"])
            self.alarms.update(await to_thread.run_sync(self.served.alarms))
            assert "Sign in" in await to_thread.run_sync(self.served.page)
            self.pages += 1


@pytest.mark.parametrize("many", DEALS)
async def test_a_slow_disk_makes_batches_grow_and_loses_nothing(
    many: int,
    slow: tuple[str, ...],
    tmp_path: Path,
    serve: Callable[..., Served],
    capsys: pytest.CaptureFixture[str],
) -> None:
    firm, hand = tmp_path / "firm", Hand()
    key, outbox = found_for(firm), Outbox(tmp_path / "outbox.db")
    served = await to_thread.run_sync(serve, firm, (*slow, *SERVE))
    async with trading(firm, key, outbox, hand) as client:
        before = served.health()
        async with anyio.create_task_group() as tasks:
            seen = Seen(served)
            tasks.start_soon(seen.watch)
            deals = await trade_on(client, hand, lambda told: len(told) >= many)
            await settled(client)
            after = served.health()
            # An alarm is raised once a second look finds it: the market goes on until then.
            deals += await trade_on(client, hand, lambda _: "commits_slow" in seen.alarms)
            await settled(client)
            tasks.cancel_scope.cancel()
        # Cut off in the middle of a sync, with some acknowledged and more on the way: that comes again.
        settled_seq = outbox.acked_seq
        deals += await trade_on(client, hand, lambda _: settled_seq < outbox.acked_seq < outbox.last_seq)
        served.kill()
        assert journalled(stored(firm))[-1] >= outbox.acked_seq
        served = await to_thread.run_sync(serve, firm)
        await settled(client)
    outbox.close()
    assert served.close() == 0
    assert seen.pages > 0
    inputs, batches = after["inputs"] - before["inputs"], after["batches"] - before["batches"]
    # Were a commit for one input, nearly all would wait at the end.
    assert inputs / batches >= BATCH_MIN
    assert seen.depth_max < many // 2
    assert [row.body.deal_id for row in stored(firm) if isinstance(row.body, DealReported)] == deals
    assert_every_number_once(firm)
    assert_sound(firm, capsys)


async def trade_on(client: Any, hand: Hand, is_enough: Callable[[list[str]], bool]) -> list[str]:
    """A price and a deal, every few milliseconds; the deals."""
    told: list[str] = []
    with anyio.fail_after(10 * PATIENCE_S):
        while not is_enough(told):
            await client.send_quotes([Tick("EURUSD", hand.now_us, PRICE, PRICE + 5)])
            told.append(await hand.trade())
            await anyio.sleep(0.005)
    return told
