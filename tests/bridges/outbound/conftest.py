"""The outside as a test wants it: names, servers on real sockets, an internet of a few addresses, and canaries that must stay silent."""

import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from typing import Any

import anyio
import httpcore
import pytest
from anyio.abc import SocketAttribute
from anyio.streams.tls import TLSListener

from bridges.outbound.address import read_address
from bridges.outbound.client import Outbound
from bridges.outbound.destination import Destination
from bridges.outbound.rules import Rules
from bridges.outbound.surroundings import Surroundings

PUBLIC = "93.184.216.34"  # an address of the internet; what answers there is the test's own
ELSEWHERE = "2606:2800:21f:cb07:6820:80da:af6b:8b2c"
HANDLER = Callable[[Any, bytes], Awaitable[None]]


class Names:
    """A resolver. `answers`: for each name what it says, one after another, the last for ever; `asked`: all that it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Sequence[str]]] = {}
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        if host in self.answers:
            told = self.answers[host]
            return told.pop(0) if len(told) > 1 else told[0]
        # As the system reads an address, however it is spelled; a name it does not know, for no test asks the net.
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        return [str(where[0]) for *_, where in found]


class Clock:
    """Time that passes when somebody waits, or when a test says so."""

    def __init__(self) -> None:
        self.s = 1_000.0
        self.waits: list[float] = []

    def now_s(self) -> float:
        return self.s

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.s += seconds


class Site:
    """A server on a real socket. `answers`: what it says to one request after another, the last for ever: bytes, or a way to say them."""

    def __init__(self, *answers: bytes | HANDLER) -> None:
        self.answers = list(answers)
        self.heard: list[bytes] = []
        self.connections = 0
        self.port = 0

    async def talk(self, stream: Any) -> None:
        self.connections += 1
        with suppress(anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
            async with stream:
                heard = await self._request(stream)
                self.heard.append(heard)
                said = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                if callable(said):
                    await said(stream, heard)
                else:
                    await stream.send(said)

    async def _request(self, stream: Any) -> bytes:
        heard = b""
        while b"\r\n\r\n" not in heard:
            heard += await stream.receive()
        head, _, body = heard.partition(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
        )
        while len(body) < length:
            body += await stream.receive()
        return head + b"\r\n\r\n" + body

    @property
    def paths(self) -> list[str]:
        return [heard.split(b" ")[1].decode() for heard in self.heard]


def said(status: int = 200, body: bytes = b"", **headers: str) -> bytes:
    """An answer. `headers`: with _ for -."""
    lines = [f"HTTP/1.1 {status} X", f"content-length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


@asynccontextmanager
async def running(*sites: Site, tls: ssl.SSLContext | None = None) -> AsyncIterator[None]:
    async with AsyncExitStack() as opened, anyio.create_task_group() as tasks:
        for site in sites:
            listener: Any = await anyio.create_tcp_listener(local_host="127.0.0.1")
            opened.push_async_callback(listener.aclose)
            site.port = listener.extra(SocketAttribute.local_port)
            if tls is not None:
                listener = TLSListener(listener, tls, standard_compatible=False)
            tasks.start_soon(listener.serve, site.talk)
        yield
        tasks.cancel_scope.cancel()


class Canaries:
    """Listens on every address of this machine; nobody may ever come."""

    def __init__(self) -> None:
        self.sockets = [socket.create_server(("0.0.0.0", 0))]
        self.port = self.sockets[0].getsockname()[1]
        if socket.has_ipv6:
            with suppress(OSError):  # a machine without IPv6 cannot be reached by it either
                self.sockets.append(socket.create_server(("::", self.port), family=socket.AF_INET6))
        for each in self.sockets:
            each.setblocking(False)

    def came(self) -> int:
        """How many connections the kernel took for it since the last look."""
        many = 0
        for each in self.sockets:
            with suppress(BlockingIOError):
                while True:
                    each.accept()[0].close()
                    many += 1
        return many

    def hear(self, host: str) -> bool:
        """Whether this machine has that address at all."""
        with suppress(OSError), socket.create_connection((host, self.port)):
            return self.came() == 1
        return False

    def close(self) -> None:
        for each in self.sockets:
            each.close()


@contextmanager
def listening() -> Iterator[Canaries]:
    canaries = Canaries()
    try:
        yield canaries
    finally:
        canaries.close()


@pytest.fixture
def canaries() -> Iterator[Canaries]:
    with listening() as found:
        yield found


@pytest.fixture
def names() -> Names:
    return Names()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """`sites`: which server is at which public address; `called`: all addresses that a connection was begun to."""
    sites: dict[str, Site] = {}
    called: list[tuple[str, int]] = []
    really = httpcore.AnyIOBackend.connect_tcp

    async def connect_tcp(sockets: Any, host: str, port: int, *more: Any) -> Any:
        called.append((host, port))
        here = sites.get(host)
        return await (
            really(sockets, host, port, *more) if here is None else really(sockets, "127.0.0.1", here.port, *more)
        )

    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect_tcp)
    return {"sites": sites, "called": called}


@pytest.fixture
def firm(names: Names, clock: Clock) -> Callable[..., Outbound]:
    """A firm's way out. `listed`: URLs that its operator allows inside; `trust`: whom it trusts beside nobody."""

    def made(*listed: str, trust: ssl.SSLContext | None = None, **rules: Any) -> Outbound:
        around = Surroundings(
            names,
            now_s=clock.now_s,
            sleep=clock.sleep,
            chance=lambda: 1.0,
            trust=lambda: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if trust is None else trust,
        )
        allowed = frozenset(read_address(url).origin for url in listed)
        return Outbound(Rules(listed=allowed, **rules), "evenhand/test", around)

    return made


@pytest.fixture
def outside() -> Any:
    """The words of this file, for tests beside it."""

    class Words:
        public, elsewhere = PUBLIC, ELSEWHERE
        site, reply, serving = Site, staticmethod(said), staticmethod(running)
        listening = staticmethod(listening)

    return Words


@pytest.fixture
def provider() -> Callable[..., Destination]:
    def made(**how: Any) -> Destination:
        return Destination(**({"name": "provider", "connect_s": 2, "read_s": 2, "whole_s": 10} | how))

    return made
