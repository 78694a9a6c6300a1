"""A disk that takes no more writes: the firm ends, comes back read-only, says why, and goes on by itself."""

import os
import socket
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import httpx
import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP
from msgspec.structs import replace

from actors.recovery import all_rows
from appliance.clock import wall_us
from appliance.founding import found, staff_command
from appliance.read_only import ReadOnlyFirm, takes_a_write
from appliance.settings import ClockSettings
from bridges.outbox import Outbox
from firm.kinds import body_of
from storage.factors import Factors, Totp, written
from storage.reader import LedgerReader
from tests.appliance.small_disk import SmallDisk, contract, small_disk
from web.app import create_app
from web.password_desk import hash_password
from web.second_factor import STEP_US
from web.words import moment

DISK_MB, LEAST_MB = 220, 60
PATIENCE_S = 30
RUTH, PASSWORD = "ruth@northlight.example", "a long enough password"
SECRET = b"twenty bytes of it.."


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path, DISK_MB) as disk:
        yield disk


async def test_a_firm_whose_disk_fails_comes_back_read_only_and_goes_on_once_it_is_well(
    disk: SmallDisk,
    tmp_path: Path,
    serving: Callable[[Path], Any],
    settings: Callable[..., Any],
    bridge_hands: tuple[Callable[..., Any], ...],
    until: Callable[..., Any],
) -> None:
    founded, _, connected, platform_of = bridge_hands
    firm = disk.place / "firm"
    machine, key = founded(firm, replace(settings(space_min_mb=LEAST_MB), clock=ClockSettings()))
    machine.close()
    child = serving(firm)
    platform, outbox = platform_of(), Outbox(tmp_path / "outbox.db")
    platform.machine = SimpleNamespace(clock=SimpleNamespace(now_us=lambda: time.time_ns() // 1_000))
    async with connected(key, outbox, platform) as client:
        await platform.publish(*(contract(f"AAA{n:03}") for n in range(3)))
        with anyio.fail_after(PATIENCE_S):
            await client.settled()
        disk.fail()
        await platform.publish(*(contract(f"BBB{n:03}") for n in range(20)))
        assert await anyio.to_thread.run_sync(child.ended) == 1
        assert "may or may not be durable" in child.log.read_text()
        disk.come_back(writable=False)

        child = serving(firm)
        assert " read-only on " in child.first_line, child.log.read_text()
        url = child.first_line.split()[-1]
        page = await anyio.to_thread.run_sync(read, f"{url}/sign-in")
        assert "Nothing new is taken at the moment" in page
        assert "is mounted read-only" in child.log.read_text()
        assert rows_of(firm) == [f"AAA{n:03}" for n in range(3)]

        disk.allow_writing()
        await anyio.to_thread.run_sync(
            lambda: until(lambda: "the firm starts" in child.log.read_text(), "the firm goes on", PATIENCE_S)
        )
        with anyio.fail_after(PATIENCE_S):
            await client.settled()
        page = await anyio.to_thread.run_sync(read, f"{url}/sign-in")
        assert "Nothing new is taken" not in page
    outbox.close()
    assert child.close() == 0
    assert rows_of(firm) == [f"AAA{n:03}" for n in range(3)] + [f"BBB{n:03}" for n in range(20)]


async def test_what_is_kept_can_be_read_and_nothing_is_taken(tmp_path: Path, settings: Callable[..., Any]) -> None:
    machine = found(tmp_path / "firm", replace(settings(), clock=ClockSettings()))
    machine.decide_now([staff_command(machine, RUTH, "Ruth", "owner", hash_password(PASSWORD))])
    ruths = machine.vault.find_by_mail(RUTH).reference
    app = Factors(totp=Totp(secret=SECRET))
    machine.vault.change_factors(ruths, lambda _: (written(app), None))
    machine.close()
    before = {path: path.read_bytes() for path in (tmp_path / "firm").glob("*") if path.is_file()}
    with ReadOnlyFirm(tmp_path / "firm", "the disk is broken") as firm:
        transport = httpx.ASGITransport(create_app(firm.firm))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as ruth:
            own = {"origin": "http://127.0.0.1"}
            code = HOTP(SECRET, 6, SHA1()).generate(wall_us() // STEP_US).decode()
            told, sessions = [], []
            for _ in range(2):  # the code counts once, although nothing can be kept of it
                ruth.cookies.clear()
                asked = await ruth.post("/session", data={"mail": RUTH, "password": PASSWORD, "next": "/"}, headers=own)
                token = asked.text.partition('name="csrf_token" value="')[2].partition('"')[0]
                form = {"csrf_token": token, "code": code, "next": "/"}
                told.append((await ruth.post("/session/factor", data=form, headers=own)).status_code)
                sessions.append(ruth.cookies["evenhand"])
            assert told == [303, 422]
            ruth.cookies.clear()
            ruth.cookies.set("evenhand", sessions[0])
            controls = await ruth.get("/staff/controls")
            assert "Nothing new is taken at the moment" in controls.text
            assert "The reason: <span>the disk is broken</span>." in controls.text
            assert "prices cannot be judged since" in controls.text
            last_us = firm.firm.reader.row(firm.firm.reader.size()).received_us
            assert moment(last_us) in controls.text
            token = controls.text.partition('name="csrf_token" value="')[2].partition('"')[0]
            form = {"csrf_token": token, "why": "a disk that is broken"}
            answer = await ruth.post("/staff/controls/enforcement/engagement", data=form, headers=own)
            assert answer.status_code == 503
            assert "EngageKillSwitch was not taken: the disk is broken: nothing was sent" in answer.text
    after = {path: path.read_bytes() for path in before if path.exists()}
    assert after == before


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """Its ear; and it wants a sign of life within four thousandths of a second."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(tmp_path / "notify"))
        ear.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "4000")
        monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
        yield ear


def heard_by(ear: socket.socket) -> list[str]:
    said = []
    with suppress(BlockingIOError):
        while True:
            said.append(ear.recv(1_024).decode())
    return said


def test_a_recovery_gives_signs_of_life_as_it_goes_through_rows_and_for_nothing_else(
    shop: Any, systemd: socket.socket
) -> None:
    """systemd watches since the pages of the read-only firm were ready, and a recovery may take longer than it waits."""
    for number in range(400):
        shop.wait(1)
        shop.tick(138_700 + number % 50, 138_705 + number % 50)
    shop.machine.close()
    assert heard_by(systemd) == []
    with ReadOnlyFirm(shop.directory, "the disk was broken"):
        while_reading = heard_by(systemd)
    machine = shop.reopen()
    again = heard_by(systemd)
    for said in (while_reading, again):
        assert set(said) == {"WATCHDOG=1\nEXTEND_TIMEOUT_USEC=60000000"}
        assert 3 <= len(said) <= machine.recovered.rows
    fresh = found(shop.directory.with_name("fresh"), replace(shop.settings, web=replace(shop.settings.web, port=1)))
    fresh.close()
    assert fresh.recovered.rows == 0
    assert heard_by(systemd) == []


def test_a_directory_takes_a_write_or_it_does_not(tmp_path: Path) -> None:
    assert takes_a_write(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert not takes_a_write(tmp_path / "not there")


def rows_of(firm: Path) -> list[str]:
    """The symbols that were reported."""
    with LedgerReader(firm) as reader:
        rows = [body_of(row.kind, row.payload) for row in all_rows(reader, 0)]
    return [body.spec.symbol for body in rows if type(body).__name__ == "SymbolReported"]


def read(url: str) -> str:
    with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
        return str(answer.read().decode())
