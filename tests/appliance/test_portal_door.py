"""The portal's door: half requests and clients that do not read are cut, the portal is never full of them, live pages stay."""

import errno
import logging
import resource
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.lowlevel
import pytest
import uvicorn

from appliance.alarms.watch import Watch
from appliance.page_server import HEAD_BYTES_MAX, Deadlines, PageServer
from appliance.portal_door import CONNECTIONS_MAX, PortalDoor, Turned, connections_allowed
from appliance.read_only import ReadOnlyFirm
from appliance.serve import as_pages_see_it

pytestmark = pytest.mark.anyio

SOON_S = 5.0  # how long anything here may take at most
SHORT = Deadlines(head_s=0.2, body_s=0.2, upload_s=0.2, read_s=0.2)
LONG = Deadlines(head_s=60, body_s=60, read_s=60)
HALF = b"GET / HTTP/1.1\r\nHost: x\r\nX: "
WHOLE = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
LIVE = b"GET /live HTTP/1.1\r\nHost: x\r\n\r\n"
LARGE = b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n"
HALF_FILE = b"POST /documents HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n--b"
HALF_BODY = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\nmail="


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Pages:
    """An application of three pages: one that says hello, one that goes on until it is told to end, one that is large."""

    def __init__(self) -> None:
        self.ended = anyio.Event()
        self.watched = 0

    async def __call__(self, scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Any]) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        if scope["method"] == "POST":
            while (await receive()).get("more_body"):
                pass
        await send({"type": "http.response.start", "status": 200, "headers": []})
        if scope["path"] == "/live":
            self.watched += 1
            await send({"type": "http.response.body", "body": b"first", "more_body": True})
            await self.ended.wait()
        body = bytes(1 << 20) * 32 if scope["path"] == "/large" else b"hello"
        await send({"type": "http.response.body", "body": body})


class Served(PageServer):
    """What a test reaches: the door, the application, the address."""

    app: Pages
    door: PortalDoor
    at: tuple[str, int]


@asynccontextmanager
async def served(
    deadlines: Deadlines, connections_max: int = 100, listener: socket.socket | None = None
) -> AsyncIterator[Served]:
    app, door = Pages(), PortalDoor(connections_max)
    config = uvicorn.Config(app, http="httptools", ws="none", log_config=None, timeout_graceful_shutdown=1)
    server = Served(config, door, deadlines)
    listener = listener or socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    server.app, server.door, server.at = app, door, listener.getsockname()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(server.serve_on, listener)
        try:
            with anyio.fail_after(SOON_S):
                yield server
        finally:
            app.ended.set()
            server.should_exit = True


class Client:
    """A raw connection: what it sends is up to the test."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection

    @classmethod
    async def at(cls, server: Served, sent: bytes = b"") -> "Client":
        connection = socket.socket()
        connection.setblocking(False)
        try:
            connection.connect(server.at)
        except BlockingIOError:
            await anyio.wait_writable(connection)
        client = cls(connection)
        client.send(sent)
        return client

    def send(self, sent: bytes) -> None:
        self._socket.sendall(sent)

    async def receive(self) -> bytes:
        """What comes next; nothing once the server has cut it."""
        await anyio.wait_readable(self._socket)
        try:
            return self._socket.recv(65_536)
        except ConnectionResetError:
            return b""

    async def until_cut(self) -> bytes:
        said = b""
        while part := await self.receive():
            said += part
        self._socket.close()
        return said

    async def answer(self) -> bytes:
        said = b""
        while not said.endswith(b"0\r\n\r\n"):
            part = await self.receive()
            assert part, "cut before the answer was whole"
            said += part
        return said

    def close(self) -> None:
        self._socket.close()


async def until(holds: Callable[[], bool]) -> None:
    while not holds():  # noqa: ASYNC110  (a test looks from outside)
        await anyio.sleep(0.005)


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        pytest.param(b"", Turned.HEAD_LATE, id="nothing at all"),
        pytest.param(HALF, Turned.HEAD_LATE, id="half a head"),
        pytest.param(HALF_BODY, Turned.BODY_LATE, id="half a body"),
        pytest.param(WHOLE + HALF, Turned.HEAD_LATE, id="half a head behind a whole request"),
        pytest.param(HALF + b"y" * HEAD_BYTES_MAX, Turned.HEAD_LONG, id="a head without end"),
        pytest.param(HALF_FILE, Turned.BODY_LATE, id="half a document"),
    ],
)
async def test_who_does_not_finish_a_request_is_cut(sent, why):
    async with served(SHORT) as server:
        client = await Client.at(server, sent)
        await client.until_cut()
        assert server.door.turned == {why: 1}


async def test_a_document_has_longer_to_come_than_other_forms():
    async with served(Deadlines(head_s=60, body_s=0.2, upload_s=60, read_s=60)) as server:
        document, form = await Client.at(server, HALF_FILE), await Client.at(server, HALF_BODY)
        await form.until_cut()
        assert server.door.turned == {Turned.BODY_LATE: 1}
        document.send(b"x" * (60_000 - 3))
        assert await document.answer() != b""
        document.close()


async def test_a_head_that_comes_byte_by_byte_gains_no_time_by_it():
    async with served(SHORT) as server:
        client = await Client.at(server, HALF)

        async def dribble() -> None:
            while not server.door.turned:
                client.send(b"a")
                await anyio.sleep(0.02)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(dribble)
            await until(lambda: server.door.turned[Turned.HEAD_LATE] == 1)
        client.close()


async def test_empty_lines_between_two_requests_gain_no_time():
    async with served(SHORT) as server:
        client = await Client.at(server, WHOLE)
        await client.answer()
        client.send(b"\r\n")
        await client.until_cut()
        assert server.door.turned == {Turned.HEAD_LATE: 1}


async def test_who_does_not_read_an_answer_is_cut():
    async with served(SHORT) as server:
        client = await Client.at(server, LARGE)
        await until(lambda: server.door.turned[Turned.UNREAD] == 1 and len(server.door) == 0)
        client.close()


async def test_a_live_page_outlives_every_deadline():
    async with served(SHORT, connections_max=2) as server:
        live = await Client.at(server, LIVE)
        assert b"first" in await live.receive()
        other = await Client.at(server, HALF)
        await other.until_cut()  # a deadline that began after the live page did is over
        late = await Client.at(server, HALF)
        await late.until_cut()
        server.app.ended.set()
        assert (await live.receive()).endswith(b"0\r\n\r\n")
        live.close()


async def test_half_requests_that_fill_the_portal_make_room_for_whoever_asks():
    async with served(LONG, connections_max=10) as server:
        half = [await Client.at(server, HALF if place % 2 else HALF_BODY) for place in range(30)]
        asker = await Client.at(server, WHOLE)
        assert b"hello" in await asker.answer()
        assert len(server.door) <= 10
        assert server.door.turned[Turned.FULL] == 21
        await half[0].until_cut()  # the longest waiting went first
        for one in (*half[1:], asker):
            one.close()


async def test_a_portal_full_of_live_pages_lets_the_next_in_when_one_has_left():
    async with served(LONG, connections_max=3) as server:
        live = [await Client.at(server, LIVE) for _ in range(3)]
        await until(lambda: server.app.watched == 3)
        asker = await Client.at(server, WHOLE)
        for _ in range(20):
            await anyio.lowlevel.checkpoint()
        assert len(server.door) == 3
        live[0].close()
        assert b"hello" in await asker.answer()
        assert server.app.watched == 3
        assert not server.door.turned[Turned.FULL]
        for one in (*live[1:], asker):
            one.close()


class Exhausted(socket.socket):
    """A listener of a process that has no file left, until `again`."""

    again = False
    asked = 0

    def accept(self) -> tuple[socket.socket, Any]:
        self.asked += 1
        if not self.again:
            raise OSError(errno.EMFILE, "Too many open files")
        return super().accept()


async def test_without_a_file_left_nobody_is_let_in_and_the_processor_is_left_alone(monkeypatch):
    monkeypatch.setattr("appliance.portal_door.PAUSE_S", 0.05)
    listener = Exhausted()
    async with served(LONG, listener=listener) as server:
        client, began = await Client.at(server, WHOLE), anyio.current_time()
        await until(lambda: server.door.turned[Turned.NOT_TAKEN] >= 3)
        assert anyio.current_time() - began >= 2 * 0.05
        assert listener.asked == server.door.turned[Turned.NOT_TAKEN]
        listener.again = True
        assert b"hello" in await client.answer()
        client.close()


async def test_a_thousand_cut_connections_are_one_line_of_the_log(caplog):
    door = PortalDoor(10)
    with caplog.at_level(logging.WARNING, "evenhand.portal"):
        for _ in range(1_000):
            door.turn(Turned.HEAD_LATE)
    [line] = caplog.records
    assert "1 head_late" in line.getMessage()
    assert door.turned[Turned.HEAD_LATE] == 1_000


@pytest.mark.parametrize("files", [8, 400, 1_024, 1 << 20])
def test_live_pages_never_fill_the_door_of_a_firm(shop, monkeypatch, files):
    """Whatever the machine lets the process open: half of what the door holds can be cut to let somebody in."""
    monkeypatch.setattr(resource, "getrlimit", lambda _: (files, files))
    machine = shop.reopen()
    served = as_pages_see_it(machine, Watch(machine, []), {})
    machine.close()
    with ReadOnlyFirm(shop.directory, "the disk is broken") as firm:
        assert served.streams_max == firm.firm.streams_max == connections_allowed() // 2
    assert machine.door.connections_max - served.streams_max >= served.streams_max


@pytest.mark.parametrize(
    ("files", "connections"),
    [(400, 200), (1_024, 512), (16_384, 8_192), (1 << 20, CONNECTIONS_MAX), (resource.RLIM_INFINITY, CONNECTIONS_MAX)],
)
def test_connections_leave_files_for_the_book(monkeypatch, files, connections):
    monkeypatch.setattr(resource, "getrlimit", lambda _: (files, files))
    assert connections_allowed() == connections
