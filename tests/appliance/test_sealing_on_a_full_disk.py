"""Sealing on a full disk: a day of prices that finds no room waits, ends nothing, and leaves nothing behind."""

import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import msgspec
import pytest

from appliance.errands import keep_house
from appliance.space import make_room_to_start
from storage.lock import WriterLock
from storage.segments import seal

PATIENCE_S = 30
DAY_S = 24 * 3_600


@pytest.fixture
def day_gone_by(shop: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr("appliance.errands.LOOK_EVERY_S", 0.01)
    for point in range(3):
        shop.tick(138_700 + point, 138_705 + point)
    shop.wait(DAY_S)
    shop.tick(138_700, 138_705)
    return shop


@asynccontextmanager
async def house_kept(shop: Any) -> AsyncIterator[None]:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(keep_house, shop.machine)
        with anyio.fail_after(PATIENCE_S):
            yield
        tasks.cancel_scope.cancel()


async def until(true: Any) -> None:
    while not true():  # noqa: ASYNC110  (what is logged comes without a word)
        await anyio.sleep(0.005)


def sealed(shop: Any) -> bool:
    shop.machine.runner.run_dry()
    return bool(shop.machine.reader.sealed_through())


async def test_a_day_that_would_fill_the_disk_waits_until_there_is_room(
    day_gone_by: Any, caplog: pytest.LogCaptureFixture
) -> None:
    shop = day_gone_by
    settings = shop.machine.settings
    beyond = msgspec.structs.replace(settings.ledger, space_min_mb=10**9)
    shop.machine.settings = msgspec.structs.replace(settings, ledger=beyond)
    async with house_kept(shop):
        await until(lambda: "no room for a segment" in caplog.text)
        for _ in range(20):
            await anyio.sleep(0.01)
        assert list(shop.files.segments.iterdir()) == []
        shop.machine.settings = settings
        await until(lambda: sealed(shop))
    assert caplog.text.count("prices of days gone by were not sealed") == 1


async def test_a_disk_that_fills_while_a_day_is_sealed_ends_nothing(
    day_gone_by: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("appliance.errands.seal", refuses)
    async with house_kept(day_gone_by):
        await until(lambda: "No space left on device" in caplog.text)
        monkeypatch.setattr("appliance.errands.seal", seal)
        await until(lambda: sealed(day_gone_by))


def test_what_a_sealing_left_that_was_cut_short_goes_before_the_start_looks_for_room(shop: Any) -> None:
    left = shop.files.segments / ".0000000000000004-0000000000000299.quotes.new"
    kept = shop.files.segments / "0000000000000001-0000000000000003.quotes"
    for path in (left, kept):
        path.write_bytes(b"part of a day")
    make_room_to_start(shop.directory)
    assert left.exists(), "whoever has the lock may be sealing"
    shop.machine.close()
    make_room_to_start(shop.directory)
    assert (left.exists(), kept.exists()) == (False, True)
    WriterLock(shop.files.lock).release()
