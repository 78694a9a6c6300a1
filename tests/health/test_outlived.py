"""Whatever an errand to the outside raises, it is counted and told, and the firm goes on."""

import logging
import re
from typing import Any

import anyio
import msgspec
import pytest

from appliance.alarms.courier import Courier
from appliance.alarms.limits import HeartbeatSettings
from appliance.alarms.notice import Alarm
from appliance.heartbeat import Heartbeat
from bridges.outbound.destination import Answer

ODD = (OverflowError("T0KEN"), IndexError("T0KEN"), UnicodeError("T0KEN"), ExceptionGroup("T0KEN", [KeyError("T0KEN")]))


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: type(odd).__name__)
async def test_a_delivery_that_raises_what_it_never_promised_is_a_failed_try(
    notice: Any, sinks: Any, caplog: pytest.LogCaptureFixture, odd: Exception
) -> None:
    raised = [odd]

    async def deliver(_: Any) -> None:
        if raised:
            raise raised.pop()

    courier = Courier("mail", deliver, (0,))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(courier.run)
        courier.hand(notice)
        await sinks.soon(lambda: courier.told["delivered"])
        tasks.cancel_scope.cancel()
    assert courier.told == {"failed_tries": 1, "delivered": 1}
    assert re.search(rf"mail: {type(odd).__name__} at .*test_outlived\.py:\d+; again", caplog.text)
    assert "T0KEN" not in caplog.text, "what a strange error says may be an address"


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: type(odd).__name__)
async def test_a_beat_that_raises_what_it_never_promised_was_not_heard(
    sinks: Any, outbound: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, odd: Exception
) -> None:
    raised = [odd]

    async def exchange(*_: Any) -> Answer:
        if raised:
            raise raised.pop()
        return Answer(204, {}, b"")

    monkeypatch.setattr("bridges.outbound.exchange.exchange", exchange)
    heart = Heartbeat(HeartbeatSettings(url="https://heart.example/T0KEN", every_s=0), lambda: 1, outbound())
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(heart.run)
        await sinks.soon(lambda: heart.told["sent"])
        tasks.cancel_scope.cancel()
    assert heart.told["failed"] == 1
    assert f"the heartbeat was not heard ({type(odd).__name__} at" in caplog.text
    assert "T0KEN" not in caplog.text


async def test_a_look_that_raises_is_told_and_the_next_one_finds_what_there_is(
    shop: Any, watched: Any, sinks: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    machine = shop.machine
    alarms = msgspec.structs.replace(machine.settings.alarms, look_every_s=0, disk_free_low_mb=10**9)
    machine.settings = msgspec.structs.replace(machine.settings, alarms=alarms)
    watch, whole, looks = watched(machine), machine.health.now, iter(range(1_000_000))

    def sick() -> Any:
        if next(looks) < 2:
            raise KeyError("7001")
        return whole()

    monkeypatch.setattr(type(machine.health), "now", lambda _: sick())
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(watch.run)
        await sinks.soon(lambda: [one.alarm for one in watch.alarms()] == [Alarm.DISK_LOW])
        tasks.cancel_scope.cancel()
    assert watch.looks_failed == 2
    assert "evenhand_looks_failed_total 2" in watch.metrics(0)
    assert "the machine could not be looked over (KeyError at " in caplog.text
    assert "7001" not in caplog.text


async def test_cancelling_is_no_failure(notice: Any, caplog: pytest.LogCaptureFixture) -> None:
    courier = Courier("mail", lambda _: anyio.sleep_forever(), (0,))
    courier.hand(notice)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(courier.run)
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
    assert not courier.told
    assert not caplog.text
