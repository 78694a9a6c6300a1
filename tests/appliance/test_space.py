"""Space: what is laid aside for a full disk is laid beside the firm's work, and a disk that refuses it ends nothing."""

import errno
import resource
import threading
from collections.abc import Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from appliance.space import MB, SPARE_SHARE, Space, make_room_to_start
from storage.files import BALLAST_BYTES, FirmDirectory, lay_ballast

PATIENCE_S = 30
LEAST_MB = 500


@pytest.fixture
def space(shop: Any, monkeypatch: pytest.MonkeyPatch) -> Space:
    monkeypatch.setattr("appliance.space.LOOK_EVERY_S", 0.01)
    monkeypatch.setattr("appliance.space.BALLAST_AGAIN_S", 0.02)
    ledger = msgspec.structs.replace(shop.machine.settings.ledger, space_min_mb=20)
    shop.machine.settings = msgspec.structs.replace(shop.machine.settings, ledger=ledger)
    return Space(shop.machine)


@pytest.fixture
def files_stay_small() -> Iterator[Any]:
    """As with a quota: the kernel lets no file of this process grow beyond half a ballast."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (BALLAST_BYTES // 2, hard))
    yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@asynccontextmanager
async def watching(space: Space) -> Any:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(space.watch)
        with anyio.fail_after(PATIENCE_S):
            yield
        tasks.cancel_scope.cancel()


async def until(true: Any) -> None:
    while not true():  # noqa: ASYNC110  (files appear without a word)
        await anyio.sleep(0.005)


async def test_a_ballast_that_is_refused_is_told_and_laid_later(
    shop: Any, space: Space, files_stay_small: Any, caplog: pytest.LogCaptureFixture
) -> None:
    ballast = shop.files.ballast
    async with watching(space):
        await until(lambda: caplog.text.count("no room for a ballast") >= 2)
        assert not ballast.exists()
        assert not shop.machine.runner.held
        files_stay_small()
        await until(ballast.exists)
        await until(lambda: ballast.stat().st_size == BALLAST_BYTES)


async def test_a_file_that_comes_between_ends_nothing(
    shop: Any, space: Space, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def came_between(*_: Any) -> None:
        raise FileExistsError(errno.EEXIST, "File exists", "ballast")

    with monkeypatch.context() as race:
        race.setattr("storage.files.write_new", came_between)
        async with watching(space):
            await until(lambda: "File exists" in caplog.text)
    async with watching(space):
        await until(shop.files.ballast.exists)


async def test_prices_are_read_while_the_ballast_is_laid(
    space: Space, shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk_answers, threads = threading.Event(), []

    def slow(_: int) -> None:
        threads.append(threading.current_thread())
        disk_answers.wait(PATIENCE_S)

    with monkeypatch.context() as slowly:
        slowly.setattr("storage.files.os.fsync", slow)
        space.look()
        async with watching(space):
            await until(lambda: threads)
            held = []
            monkeypatch.setattr(space, "look", lambda: held.append(1))
            await until(lambda: len(held) > 3)
            disk_answers.set()
            await until(lambda: shop.files.ballast.stat().st_size == BALLAST_BYTES)
    assert threading.main_thread() not in threads


def test_a_ballast_that_was_cut_short_is_laid_again(tmp_path: Path) -> None:
    files = FirmDirectory(tmp_path)
    files.ballast.write_bytes(b"")
    lay_ballast(files)
    assert files.ballast.stat().st_size == BALLAST_BYTES
    assert files.ballast.stat().st_blocks * 512 >= BALLAST_BYTES


def test_a_disk_that_does_not_say_what_is_free_is_told_and_ends_nothing(
    shop: Any, space: Space, caplog: pytest.LogCaptureFixture
) -> None:
    """As where its mount is gone: the directory is not there any more."""
    machine, elsewhere = shop.machine, shop.directory.with_name("elsewhere")
    space.look()
    assert machine.space_unseen == ""
    shop.directory.rename(elsewhere)
    for _ in range(3):
        space.look()
        make_room_to_start(shop.directory)
    assert machine.space_unseen == f"how much is free under {shop.directory} cannot be seen (No such file or directory)"
    assert caplog.text.count("see whether its file system is still mounted") == 1
    assert not machine.runner.held
    elsewhere.rename(shop.directory)
    space.look()
    assert machine.space_unseen == ""
    assert "can be seen again" in caplog.text


def test_a_firm_that_stopped_for_want_of_space_goes_on_only_with_a_tenth_to_spare(
    shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = shop.machine
    ledger = msgspec.structs.replace(machine.settings.ledger, space_min_mb=LEAST_MB)
    machine.settings = msgspec.structs.replace(machine.settings, ledger=ledger)
    space, least = Space(machine), LEAST_MB * MB
    spare = least // SPARE_SHARE
    held = {}
    for free in (least, least - 1, least, least + spare - 1, least + spare, least):
        monkeypatch.setattr("appliance.space.free_bytes", lambda _, free=free: free)
        space.look()
        held.setdefault(free, []).append(bool(machine.runner.held))
    assert held == {least: [False, True, False], least - 1: [True], least + spare - 1: [True], least + spare: [False]}
    assert spare == 50 * MB
