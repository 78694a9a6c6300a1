"""The control socket: commands of the same user reach the appliance that serves, and nobody else's do."""

import os
import socket
import stat
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest
from anyio.to_thread import run_sync

from appliance import control
from appliance.console import CommandRefused, answer, ask_firm
from appliance.control import (
    LINE_BYTES_MAX,
    REPLY_BYTES_MAX,
    ControlRefused,
    ControlReply,
    ControlRequest,
    NoAnswer,
    NotServing,
    call_control,
    may_ask,
    serve_control,
)
from firm.commands import EngageKillSwitch, KillSwitch
from storage.files import FirmDirectory

ENGAGE = EngageKillSwitch(by="console", switch=KillSwitch.FAILURES, why="a look")
PING = ControlRequest(verb="ping", arguments={"what": "Ada"})


async def echo(request: ControlRequest) -> ControlReply:
    return ControlReply(ok=True, result={request.verb: request.arguments})


@pytest.fixture
def folder() -> Iterator[Path]:
    """Short and open to all, so that the path fits and another user gets as far as the socket."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
async def serving(folder: Path) -> AsyncIterator[Path]:
    path = folder / "control.sock"
    async with anyio.create_task_group() as tasks:
        await tasks.start(serve_control, path, echo)
        yield path
        tasks.cancel_scope.cancel()


def say(path: Path, raw: bytes) -> ControlReply:
    with socket.socket(socket.AF_UNIX) as speaker:
        speaker.settimeout(10)
        speaker.connect(str(path))
        speaker.sendall(raw)
        speaker.shutdown(socket.SHUT_WR)
        with speaker.makefile("rb") as lines:
            return msgspec.json.decode(lines.readline(), type=ControlReply)


async def test_a_request_is_answered(serving: Path) -> None:
    reply = await run_sync(call_control, serving, PING)
    assert reply == ControlReply(ok=True, result={"ping": {"what": "Ada"}})


async def test_many_ask_at_once(serving: Path) -> None:
    replies: list[ControlReply] = []

    async def ask() -> None:
        replies.append(await run_sync(call_control, serving, PING))

    async with anyio.create_task_group() as tasks:
        for _ in range(50):
            tasks.start_soon(ask)
    assert len(replies) == 50
    assert all(reply.ok for reply in replies)


async def test_the_socket_is_private_and_goes_with_its_server(folder: Path) -> None:
    path = folder / "control.sock"
    async with anyio.create_task_group() as tasks:
        await tasks.start(serve_control, path, echo)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        tasks.cancel_scope.cancel()
    assert not path.exists()


async def test_a_socket_that_a_killed_process_left_is_replaced(folder: Path) -> None:
    path = folder / "control.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    with pytest.raises(NotServing, match='start it with "evenhand serve"'):
        await run_sync(call_control, path, PING)
    async with anyio.create_task_group() as tasks:
        await tasks.start(serve_control, path, echo)
        assert (await run_sync(call_control, path, PING)).ok
        tasks.cancel_scope.cancel()


async def test_a_socket_on_which_somebody_answers_is_not_taken_over(serving: Path) -> None:
    with pytest.raises(ControlRefused, match="answers already: another appliance"):
        with anyio.fail_after(10):
            await serve_control(serving, echo)
    assert (await run_sync(call_control, serving, PING)).ok


async def test_a_file_that_is_no_socket_is_left_alone(folder: Path) -> None:
    path = folder / "control.sock"
    path.write_text("mine")
    with pytest.raises(ControlRefused, match="is not a socket: move it away"):
        with anyio.fail_after(10):
            await serve_control(path, echo)
    assert path.read_text() == "mine"


async def test_an_answer_beyond_the_bound_is_told_as_such(folder: Path) -> None:
    async def wordy(_request: ControlRequest) -> ControlReply:
        return ControlReply(ok=True, result="x" * REPLY_BYTES_MAX)

    async with anyio.create_task_group() as tasks:
        await tasks.start(serve_control, folder / "control.sock", wordy)
        reply = await run_sync(call_control, folder / "control.sock", PING)
        tasks.cancel_scope.cancel()
    assert "it was done, but the answer is longer" in reply.problem


def test_asking_where_nobody_serves_says_how_to_start(folder: Path) -> None:
    with pytest.raises(NotServing, match=r'nobody serves .*: start it with "evenhand serve"'):
        call_control(folder / "control.sock", PING)


async def test_a_path_too_long_for_a_socket_is_refused_by_both(folder: Path) -> None:
    path = folder / ("x" * 100) / "control.sock"
    with pytest.raises(ControlRefused, match="use a shorter --data-dir"):
        call_control(path, PING)
    with pytest.raises(ControlRefused, match="use a shorter --data-dir"):
        with anyio.fail_after(10):
            await serve_control(path, echo)


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        pytest.param(b"\xff\xfe\n", "could not be read", id="no text"),
        pytest.param(b"{}\n", "missing required field `verb`", id="no verb"),
        pytest.param(b'{"verb":"ping","other":1}\n', "unknown field `other`", id="an unknown field"),
        pytest.param(b'{"verb":"ping"}', "no whole line", id="no line feed"),
        pytest.param(b"", "no whole line", id="nothing"),
        pytest.param(b"x" * (LINE_BYTES_MAX + 2), "longer than", id="too long"),
        pytest.param(b"[" * 100_000 + b"\n", "could not be read", id="too deep"),
    ],
)
async def test_what_cannot_be_read_is_answered_and_the_next_one_served(serving: Path, raw: bytes, told: str) -> None:
    reply = await run_sync(say, serving, raw)
    assert not reply.ok
    assert told in reply.problem
    assert (await run_sync(call_control, serving, PING)).ok


async def test_one_who_connects_and_says_nothing_is_shown_out(serving: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "READ_DEADLINE_S", 0.05)
    async with await anyio.connect_unix(serving) as stream:
        reply = msgspec.json.decode(await stream.receive(), type=ControlReply)
    assert "no whole line came within" in reply.problem


async def test_an_answer_that_takes_too_long_says_that_it_may_still_happen(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "ANSWER_DEADLINE_S", 0.05)

    async def never(_request: ControlRequest) -> ControlReply:
        await anyio.sleep_forever()
        raise AssertionError

    async with anyio.create_task_group() as tasks:
        await tasks.start(serve_control, folder / "control.sock", never)
        reply = await run_sync(call_control, folder / "control.sock", PING)
        tasks.cancel_scope.cancel()
    assert "it may still happen; look first" in reply.problem


async def test_an_error_of_one_request_is_told_without_its_values_and_ends_nothing(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(request: ControlRequest) -> ControlReply:
        if request.verb == "ping":
            raise RuntimeError("ada@example.org")
        return await echo(request)

    async with anyio.create_task_group() as tasks:
        await tasks.start(serve_control, folder / "control.sock", broken)
        reply = await run_sync(call_control, folder / "control.sock", PING)
        assert (await run_sync(call_control, folder / "control.sock", ControlRequest(verb="other"))).ok
        tasks.cancel_scope.cancel()
    assert not reply.ok
    assert reply.problem.startswith('"ping" failed (RuntimeError at ')
    assert "ada@example.org" not in reply.problem + caplog.text
    assert '"ping" on the control socket failed' in caplog.text


async def test_a_command_to_a_firm_that_takes_nothing_is_refused_in_words(shop: Any) -> None:
    shop.machine.runner.hold("the firm's disk has only 1 MB free")
    path = FirmDirectory(shop.directory).control_socket
    async with anyio.create_task_group() as tasks:
        await tasks.start(serve_control, path, lambda request: answer(shop.machine, request))
        with pytest.raises(CommandRefused, match="was not taken: the firm's disk has only 1 MB free"):
            await run_sync(ask_firm, shop.directory, ENGAGE)
        assert (await run_sync(call_control, path, ControlRequest(verb="progress"))).ok
        tasks.cancel_scope.cancel()


async def test_a_command_that_was_cut_off_is_not_tried_again_by_opening_the_firm(
    shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever listened may have taken it."""
    opened: list[Path] = []
    monkeypatch.setattr("appliance.console.open_machine", opened.append)
    listener = await anyio.create_unix_listener(FirmDirectory(shop.directory).control_socket)

    async def hang_up(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            await stream.receive()

    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, hang_up)
        with pytest.raises(NoAnswer, match="look at its log before asking again"):
            await run_sync(ask_firm, shop.directory, ENGAGE)
        tasks.cancel_scope.cancel()
    assert opened == []


async def test_one_who_hangs_up_before_the_answer_harms_nobody(folder: Path) -> None:
    asked, gone = anyio.Event(), anyio.Event()

    async def slow(_request: ControlRequest) -> ControlReply:
        asked.set()
        await gone.wait()
        return ControlReply(ok=True, result="x" * 1_000_000)

    async with anyio.create_task_group() as tasks:
        await tasks.start(serve_control, folder / "control.sock", slow)
        async with await anyio.connect_unix(folder / "control.sock") as stream:
            await stream.send(b'{"verb":"ping"}\n')
            await asked.wait()
        gone.set()
        assert (await run_sync(call_control, folder / "control.sock", PING)).ok
        tasks.cancel_scope.cancel()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can speak as another user")
async def test_another_user_who_reaches_the_socket_is_refused(serving: Path) -> None:
    os.chmod(serving, 0o666)  # noqa: PTH101  (waits for nothing)
    with socket.socket(socket.AF_UNIX) as speaker:
        os.seteuid(65534)
        try:
            speaker.connect(str(serving))  # the kernel notes here who connects
        finally:
            os.seteuid(0)
        speaker.setblocking(False)
        await anyio.wait_readable(speaker)
        reply = msgspec.json.decode(speaker.recv(4096), type=ControlReply)
    assert not reply.ok
    assert "uid 65534 may not control this appliance" in reply.problem


@pytest.mark.parametrize(("peer", "owner", "may"), [(7, 7, True), (0, 7, True), (8, 7, False), (7, 0, False)])
def test_the_serving_user_and_root_may_ask(peer: int, owner: int, may: bool) -> None:
    assert may_ask(peer, owner) is may
