"""The heartbeat: heard while the engine commits, silent when it does not, tried again when nobody answered."""

import logging
from collections.abc import Iterator
from typing import Any

import anyio
import pytest

from appliance.alarms.limits import HeartbeatMethod, HeartbeatSettings
from appliance.heartbeat import Heartbeat
from firm.inputs import ClockTicked


@pytest.fixture
def ear(sinks: Any) -> Iterator[Any]:
    with sinks.running(sinks.HttpSink([])) as sink:
        yield sink


@pytest.fixture
def heart(shop: Any, ear: Any, outbound: Any) -> Heartbeat:
    settings = HeartbeatSettings(url=f"{ear.url}/ping/T0KEN")
    return Heartbeat(settings, lambda: shop.machine.meter.batches, outbound(ear.url))


async def test_it_beats_only_while_the_engine_commits(
    shop: Any, ear: Any, bridge_hands: Any, sinks: Any, heart: Any
) -> None:
    machine = shop.machine
    _, served, _, _ = bridge_hands
    async with served(machine):
        for _ in range(2):
            before = machine.meter.batches
            machine.put(ClockTicked(at_us=shop.now_us))
            await sinks.soon(lambda before=before: machine.meter.batches > before)
            await heart.beat()
            await heart.beat()
    assert [(heard.method, heard.path) for heard in ear.heard] == [("GET", "/ping/T0KEN")] * 2
    assert heart.told == {"sent": 2, "withheld": 2}


async def test_a_beat_that_was_not_heard_is_sent_again_and_its_token_is_not_logged(
    ear: Any, heart: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    ear.answers = [503]
    await heart.beat()
    await heart.beat()
    assert heart.told == {"failed": 1, "sent": 1}
    assert "the heartbeat was not heard (it answered 503)" in caplog.text
    assert "T0KEN" not in caplog.text


async def test_nobody_at_the_other_end_is_no_fault_of_the_firm(caplog: pytest.LogCaptureFixture, outbound: Any) -> None:
    settings = HeartbeatSettings(url="http://127.0.0.1:9/", method=HeartbeatMethod.POST)
    heart = Heartbeat(settings, lambda: 1, outbound(settings.url))
    await heart.beat()
    assert heart.told == {"failed": 1}
    assert "was not heard (127.0.0.1 took no connection: see whether it is up)" in caplog.text


async def test_it_may_be_a_post_and_goes_on_by_itself(ear: Any, sinks: Any, outbound: Any) -> None:
    commits = iter(range(1_000))
    settings = HeartbeatSettings(url=ear.url, method=HeartbeatMethod.POST, every_s=0)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(Heartbeat(settings, lambda: next(commits), outbound(ear.url)).run)
        await sinks.soon(lambda: len(ear.heard) >= 3)
        tasks.cancel_scope.cancel()
    assert {heard.method for heard in ear.heard} == {"POST"}


async def test_without_a_url_there_is_none(outbound: Any) -> None:
    with anyio.fail_after(5):
        await Heartbeat(HeartbeatSettings(), lambda: 1, outbound()).run()
