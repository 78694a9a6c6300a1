"""A full disk: the firm stops taking before nothing can be written any more; pages stay up, and it goes on by itself."""

import os
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import pytest
from msgspec.structs import replace

from actors.recovery import all_rows
from appliance.clock import wall_us
from appliance.settings import ClockSettings
from appliance.space import MB, ROOM_TO_START_BYTES, make_room_to_start
from bridges.outbox import Outbox
from firm.kinds import body_of
from storage.files import BALLAST_BYTES, FirmDirectory, drop_ballast, lay_ballast
from storage.reader import LedgerReader
from tests.appliance.small_disk import SmallDisk, contract, small_disk

DISK_MB = 220
LEAST_MB = 60
RESUMES_WITHIN_S = 10


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path, DISK_MB) as disk:
        yield disk


def rows_of(firm: Path, since_us: int = 0) -> list[Any]:
    """What the firm took since an instant, and what it decided on it."""
    with LedgerReader(firm) as reader:
        return [body_of(row.kind, row.payload) for row in all_rows(reader, 0) if row.received_us >= since_us]


async def test_with_little_space_left_pages_stay_up_and_nothing_is_taken_until_there_is_room(
    disk: SmallDisk,
    tmp_path: Path,
    serving: Callable[[Path], Any],
    settings: Callable[..., Any],
    bridge_hands: tuple[Callable[..., Any], ...],
    until: Callable[..., Any],
) -> None:
    founded, _, connected, platform_of = bridge_hands
    machine, key = founded(disk.place / "firm", replace(settings(space_min_mb=LEAST_MB), clock=ClockSettings()))
    machine.close()
    child = serving(disk.place / "firm")
    url = child.first_line.split()[-1]
    platform, outbox = platform_of(), Outbox(tmp_path / "outbox.db")
    platform.machine = SimpleNamespace(clock=SimpleNamespace(now_us=wall_us))
    async with connected(key, outbox, platform) as client:
        await platform.publish(*(contract(f"AAA{n:03}") for n in range(3)))
        await client.settled()
        filler = disk.fill(LEAST_MB // 2)
        await until_true(lambda: "takes nothing more" in child.log.read_text())
        held_us = wall_us()
        await platform.publish(*(contract(f"BBB{n:03}") for n in range(50)))
        page = await anyio.to_thread.run_sync(lambda: urllib.request.urlopen(f"{url}/sign-in", timeout=5).read())
        assert b"Sign in" in page
        with anyio.move_on_after(3) as waited:
            await client.settled()
        assert waited.cancelled_caught, "something was acknowledged on a full disk"
        # A tick of the clock may have been on its way to the disk: what was taken before ends well.
        assert rows_of(disk.place / "firm", since_us=held_us) == []
        filler.unlink()
        with anyio.fail_after(RESUMES_WITHIN_S):
            await client.settled()
    outbox.close()
    assert child.close() == 0
    told = [body.spec.symbol for body in rows_of(disk.place / "firm") if type(body).__name__ == "SymbolReported"]
    assert told == [f"AAA{n:03}" for n in range(3)] + [f"BBB{n:03}" for n in range(50)]


def test_on_a_disk_that_is_full_to_the_last_byte_a_sign_in_is_refused_in_words(
    disk: SmallDisk,
    serving: Callable[[Path], Any],
    settings: Callable[..., Any],
    bridge_hands: tuple[Callable[..., Any], ...],
    until: Callable[..., Any],
) -> None:
    founded, _, _, _ = bridge_hands
    machine, _ = founded(disk.place / "firm", replace(settings(space_min_mb=LEAST_MB), clock=ClockSettings()))
    machine.close()
    child = serving(disk.place / "firm")
    url = child.first_line.split()[-1]
    disk.fill(LEAST_MB // 2)
    until(lambda: "takes nothing more" in child.log.read_text(), "it has looked: a commit before would end the process")
    filler = disk.fill_up()
    # The log of front.db has room for a few more; each is another address, and a new counter.
    for number in range(2_000):
        status, page = sign_in(url, f"{number}{'x' * 200}@example.org")
        if status != 422:
            break
    assert status == 503, child.log.read_text()
    assert "Signing in has to be saved, and the firm’s disk has no room for it" in page
    assert "We cannot answer right now" in page
    assert urllib.request.urlopen(f"{url}/sign-in", timeout=5).status == 200
    filler.unlink()
    assert sign_in(url, "ada@example.org")[0] == 422
    assert child.close() == 0
    log = child.log.read_text()
    assert "front.db cannot be read or written (FullError" in log
    assert "Traceback" not in log


def sign_in(url: str, mail: str) -> tuple[int, str]:
    form = urllib.parse.urlencode({"mail": mail, "password": "whatever", "next": "/"}).encode()
    request = urllib.request.Request(f"{url}/session", form, {"Origin": url})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()


def test_a_start_on_a_full_disk_gives_the_ballast_up_serves_and_lays_it_again(
    disk: SmallDisk,
    serving: Callable[[Path], Any],
    settings: Callable[..., Any],
    bridge_hands: tuple[Callable[..., Any], ...],
    until: Callable[..., Any],
) -> None:
    founded, _, _, _ = bridge_hands
    machine, _ = founded(disk.place / "firm", replace(settings(space_min_mb=LEAST_MB + 20), clock=ClockSettings()))
    machine.close()
    ballast = FirmDirectory(disk.place / "firm").ballast
    child = serving(disk.place / "firm")
    until(ballast.exists, "the ballast is laid where there is room")
    child.close()
    filler = disk.fill(2)
    child = serving(disk.place / "firm")
    assert child.first_line.startswith("serving"), child.log.read_text()
    assert not ballast.exists()
    assert "takes nothing more" in child.log.read_text()
    filler.unlink()
    until(ballast.exists, "the ballast is laid again")
    assert "the firm goes on" in child.log.read_text()
    assert child.close() == 0


def test_the_ballast_is_kept_while_there_is_room_to_start(disk: SmallDisk) -> None:
    files = FirmDirectory(disk.place)
    with files.ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, BALLAST_BYTES)
    make_room_to_start(disk.place)
    assert files.ballast.exists()
    disk.fill(ROOM_TO_START_BYTES // MB // 2)
    make_room_to_start(disk.place)
    assert not files.ballast.exists()
    drop_ballast(files)  # harmless where there is none


# As on a server with one file system: the only places for temporary files are on the disk that is full.
TEMPORARY_ON_THIS_DISK = """
import sys, tempfile
place, *sys.argv[1:] = sys.argv[1:]
tempfile._candidate_tempdir_list = lambda: [place]
from appliance.cli import main
sys.exit(main())
"""


@pytest.mark.parametrize("has_ballast", [True, False], ids=["with ballast", "without"])
def test_a_start_needs_no_room_for_temporary_files(
    disk: SmallDisk,
    tmp_path: Path,
    settings: Callable[..., Any],
    bridge_hands: tuple[Callable[..., Any], ...],
    has_ballast: bool,
) -> None:
    founded, _, _, _ = bridge_hands
    firm = disk.place / "firm"
    machine, _ = founded(firm, replace(settings(space_min_mb=LEAST_MB), clock=ClockSettings()))
    machine.close()
    if has_ballast:
        lay_ballast(FirmDirectory(firm))
    disk.fill_up()
    command = [sys.executable, "-c", TEMPORARY_ON_THIS_DISK, disk.place, "serve", "--data-dir", firm]
    log = tmp_path / "serve.log"
    with log.open("w") as errors, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as child:
        assert child.stdout is not None
        first_line = child.stdout.readline()
        child.terminate()
    assert first_line.startswith("serving"), log.read_text()
    assert (" read-only on " in first_line) is not has_ballast
    assert not FirmDirectory(firm).ballast.exists()


async def until_true(true: Callable[[], bool]) -> None:
    with anyio.fail_after(RESUMES_WITHIN_S):
        while not true():  # noqa: ASYNC110  (what another process logs)
            await anyio.sleep(0.05)
