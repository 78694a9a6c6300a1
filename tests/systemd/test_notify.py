"""What systemd hears and hands down: readiness, proofs of life of the engine alone, and doors that outlive the process."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
import zmq

from actors.arrival import Arrival
from actors.engine import Engine
from actors.meter import Meter
from actors.runner import Runner
from appliance.notify import be_watched, inherited, tell, watchdog_s
from appliance.ports import portal_door
from bridges.doorkeeper import bound_socket
from firm.inputs import ClockTicked

AT_US = 1_398_974_400_000_000
DEADLINE_S = 0.08
PATIENCE_S = 20
# A process that took the doors over as systemd hands them: from descriptor 3 on.
HEIR = """
import os, sys
os.environ["LISTEN_PID"] = str(os.getpid())
from appliance.notify import inherited
for name in sys.argv[1:]:
    door = inherited(name)
    print(name, door.getsockname()[1] if door else None, os.get_inheritable(door.fileno()) if door else "")
"""


class Watcher:
    """systemd's side of the notify socket."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.settimeout(PATIENCE_S)

    def heard(self) -> list[str]:
        """All that was said since it was last asked."""
        said = []
        self.socket.setblocking(False)
        while True:
            try:
                said.append(self.socket.recv(1_024).decode())
            except BlockingIOError:
                return said


@pytest.fixture
def watcher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watcher]:
    watcher = Watcher(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setenv("WATCHDOG_USEC", str(int(DEADLINE_S * 1_000_000)))
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    yield watcher
    watcher.socket.close()


class Disk:
    """A ledger on a disk that answers when the test lets it."""

    def __init__(self) -> None:
        self.asked, self.may_end = threading.Event(), threading.Event()
        self.may_end.set()
        self.appends = 0

    def begin(self) -> None: ...

    def write(self, rows: Any, **more: Any) -> None: ...

    def commit(self) -> list[Any]:
        self.asked.set()
        assert self.may_end.wait(PATIENCE_S)
        self.appends += 1
        return []


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def runner(disk: Disk) -> Runner:
    return Runner(Engine("0" * 32), disk, lambda batch: None, lambda effect: None, lambda: AT_US, Meter())  # type: ignore[arg-type]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def tick() -> Arrival:
    return Arrival(ClockTicked(at_us=AT_US), AT_US, AT_US)


async def let_pass(deadlines: int) -> None:
    """Time has to pass here: what is tested is that nothing, or something, is said within it."""
    for _ in range(deadlines * int(DEADLINE_S / 0.02)):
        await anyio.sleep(0.02)


async def test_an_idle_engine_proves_that_it_lives(watcher: Watcher, runner: Runner) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(runner.run)
        tasks.start_soon(be_watched, runner.prove_life_to, runner.knock)
        await let_pass(4)
        assert watcher.heard().count("WATCHDOG=1") >= 4
        tasks.cancel_scope.cancel()


async def test_nothing_is_said_while_a_commit_does_not_end(watcher: Watcher, runner: Runner, disk: Disk) -> None:
    """The event loop turns all the while and its timers fire: they prove nothing."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(runner.run)
        tasks.start_soon(be_watched, runner.prove_life_to, runner.knock)
        await let_pass(1)
        disk.may_end.clear()
        runner.push([tick()])
        with anyio.fail_after(PATIENCE_S):
            while not disk.asked.is_set():
                await anyio.lowlevel.checkpoint()
        watcher.heard()
        await let_pass(4)
        assert watcher.heard() == []
        disk.may_end.set()
        await let_pass(2)
        assert "WATCHDOG=1" in watcher.heard()
        tasks.cancel_scope.cancel()


async def test_nothing_is_said_for_an_engine_that_does_not_run(watcher: Watcher, runner: Runner) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(be_watched, runner.prove_life_to, runner.knock)
        await let_pass(4)
        assert watcher.heard() == []
        tasks.cancel_scope.cancel()


async def test_a_busy_engine_proves_it_by_ticks_that_are_durable(watcher: Watcher, runner: Runner, disk: Disk) -> None:
    """Never idle: each batch brings the next one."""
    proofs: list[int] = []

    def go_on(batch: Any) -> None:
        runner.push([tick()])

    runner._publish = go_on
    runner.prove_life_to(lambda: proofs.append(disk.appends))
    async with anyio.create_task_group() as tasks:
        runner.push([tick()])
        tasks.start_soon(runner.run)
        with anyio.fail_after(PATIENCE_S):
            while len(proofs) < 5:
                await anyio.lowlevel.checkpoint()
        tasks.cancel_scope.cancel()
    assert proofs[:5] == [1, 2, 3, 4, 5]


def test_a_state_reaches_whoever_started_us(watcher: Watcher) -> None:
    tell("READY=1")
    assert watcher.heard() == ["READY=1"]


def test_outside_of_systemd_nobody_is_told_and_nobody_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_PID"):
        monkeypatch.delenv(name, raising=False)
    tell("READY=1")
    assert watchdog_s() is None
    assert inherited("portal") is None


def test_what_was_meant_for_another_process_is_left_alone(watcher: Watcher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHDOG_PID", str(os.getppid()))
    monkeypatch.setenv("LISTEN_PID", str(os.getppid()))
    monkeypatch.setenv("LISTEN_FDS", "1")
    monkeypatch.setenv("LISTEN_FDNAMES", "portal")
    assert watchdog_s() is None
    assert inherited("portal") is None


def test_doors_are_known_by_their_names_and_not_left_to_children() -> None:
    with socket.create_server(("127.0.0.1", 0)) as portal, socket.create_server(("127.0.0.1", 0)) as gateway:
        ports = portal.getsockname()[1], gateway.getsockname()[1]
        # dup2 in a shell of our own: descriptors 3 and 4, whatever they are here.
        shell = f'exec 3<&{gateway.fileno()} 4<&{portal.fileno()}; exec "$@"'
        told = subprocess.run(
            ["bash", "-c", shell, "-", sys.executable, "-c", HEIR, "portal", "gateway", "metrics"],
            env={**os.environ, "LISTEN_FDS": "2", "LISTEN_FDNAMES": "gateway:portal"},
            pass_fds=(portal.fileno(), gateway.fileno()), capture_output=True, text=True, check=True,
        )  # fmt: skip
    assert told.stdout.splitlines() == [f"portal {ports[0]} False", f"gateway {ports[1]} False", "metrics None "]


def test_without_a_door_from_systemd_the_portal_opens_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LISTEN_PID", raising=False)
    with portal_door("127.0.0.1", 0) as door:
        assert door.getsockname()[1] > 0


def test_two_gateways_at_one_door_are_both_woken_and_neither_waits_there() -> None:
    """As when one gateway has not quite ended when the next one starts. What would hang is the end of their context."""
    script = """
import os, socket, zmq
from bridges.doorkeeper import bound_socket
context = zmq.Context()
door = socket.create_server(("127.0.0.1", 0))
secret = zmq.curve_keypair()[1].decode()
gateways = [bound_socket(context, "127.0.0.1", door.getsockname()[1], secret, os.dup(door.fileno())) for _ in range(2)]
accepted = [gateway.get_monitor_socket(zmq.EVENT_ACCEPTED) for gateway in gateways]
bridge = socket.create_connection(door.getsockname())
assert zmq.select(accepted, [], [], 20)[0]
context.destroy(linger=0)
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=PATIENCE_S)


def test_a_bridge_that_knocks_between_two_gateways_is_let_in_by_the_second() -> None:
    """The door is held here, as systemd holds it: the first gateway ends, a bridge comes, the second takes over."""
    context: zmq.Context[Any] = zmq.Context()
    door = socket.create_server(("127.0.0.1", 0))
    port = door.getsockname()[1]
    public, secret = zmq.curve_keypair()
    try:
        first = bound_socket(context, "127.0.0.1", port, secret.decode(), os.dup(door.fileno()))
        first.close(linger=0)
        bridge = context.socket(zmq.DEALER)
        bridge.curve_serverkey = public
        bridge.curve_publickey, bridge.curve_secretkey = zmq.curve_keypair()
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S):
            pass  # not refused, although no gateway is there
        bridge.connect(f"tcp://127.0.0.1:{port}")
        bridge.send(b"hello")
        second = bound_socket(context, "127.0.0.1", port, secret.decode(), os.dup(door.fileno()))
        second.setsockopt(zmq.ZAP_ENFORCE_DOMAIN, 0)
        accepted = second.get_monitor_socket(zmq.EVENT_ACCEPTED)
        assert accepted.poll(PATIENCE_S * 1_000)
        second.disable_monitor()
        accepted.close(linger=0)
        for one in (bridge, second):
            one.close(linger=0)
    finally:
        door.close()
        context.destroy(linger=0)
