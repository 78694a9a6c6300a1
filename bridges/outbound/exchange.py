"""Exchange: one request to one origin and its answer, over a connection to an address that was checked.

The only file that opens connections. A name is resolved once, and what is connected to is an address of that very answer: a name
that leads elsewhere a moment later changes nothing. httpcore speaks HTTP and TLS, and is given no say in where to.
"""

import logging
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import anyio
import httpcore

from bridges.outbound.address import Address, Origin
from bridges.outbound.body import Body
from bridges.outbound.destination import HEAD_BYTES_MAX, HEADERS_MAX, Answer, Destination
from bridges.outbound.errors import BadAnswer, CallRefused, NoAnswer
from bridges.outbound.rules import Rules

ADDRESSES_TRIED_MAX = 4
_WITH_A_BODY = {"POST", "PUT", "PATCH"}  # servers ask these for a length, even of nothing

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

logging.getLogger("httpcore").setLevel(logging.WARNING)  # it would write addresses and headers into the log


class Way(NamedTuple):
    """How an origin is come to. `may_be_listed`: whether what an operator listed counts for it."""

    rules: Rules
    resolve: Resolve
    trust: ssl.SSLContext
    may_be_listed: bool


async def exchange(
    destination: Destination, way: Way, address: Address, method: str, headers: Mapping[str, str], body: bytes
) -> Answer:
    """Raises CallRefused, NoAnswer or BadAnswer."""
    origin = address.origin
    waits = {
        "connect": destination.connect_s,
        "read": destination.read_s,
        "write": destination.read_s,
        "pool": destination.connect_s,
    }
    network = _Network(origin, way, 2 * destination.answer_bytes_max + HEAD_BYTES_MAX)
    try:
        async with (
            httpcore.AsyncConnectionPool(
                ssl_context=way.trust, max_connections=1, max_keepalive_connections=0, network_backend=network
            ) as pool,
            pool.stream(
                method,
                httpcore.URL(scheme=origin.scheme, host=origin.host, port=origin.port, target=address.target),
                headers=[*headers.items(), ("host", origin.netloc), ("connection", "close")],
                content=body if body or method in _WITH_A_BODY else None,
                extensions={"timeout": waits},
            ) as answer,
        ):
            told = _headers_of(origin.host, answer.headers)
            brought = Body(origin.host, told.get("content-encoding", ""), destination.answer_bytes_max)
            async for piece in answer.aiter_stream():
                brought.take(piece)
            return Answer(answer.status, told, brought.whole())
    except httpcore.LocalProtocolError:
        raise CallRefused(f"what was to be sent to {origin.host} is no HTTP: nothing was sent there") from None
    except httpcore.RemoteProtocolError:
        raise BadAnswer(f"{origin.host} did not answer as HTTP does: see whether the address is right") from None
    except (httpcore.TimeoutException, httpcore.NetworkError) as failed:
        raise NoAnswer(_words(origin.host, destination, failed)) from None


def _headers_of(host: str, raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    told: dict[str, str] = {}
    pairs = list(raw)
    if len(pairs) > HEADERS_MAX or sum(len(name) + len(value) for name, value in pairs) > HEAD_BYTES_MAX:
        raise BadAnswer(
            f"{host} answered with headers of more than {HEAD_BYTES_MAX} bytes: see whether the address is right"
        )
    for raw_name, raw_value in pairs:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        told[name] = f"{told[name]}, {value}" if name in told else value
    return told


class _Network(httpcore.AsyncNetworkBackend):
    """Connects to checked addresses alone. `bytes_max`: how much may come over a connection, whatever it is."""

    def __init__(self, origin: Origin, way: Way, bytes_max: int) -> None:
        self._origin, self._way, self._bytes_max = origin, way, bytes_max
        self._sockets = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  (httpcore's own signature)
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        assert (host, port) == (self._origin.host, self._origin.port)
        assert timeout is not None
        until_s = anyio.current_time() + timeout
        chosen = (await self._checked(timeout))[:ADDRESSES_TRIED_MAX]
        failed: Exception = httpcore.ConnectTimeout()
        for number, address in enumerate(chosen):
            # Each gets its part of the time, so that one that hangs leaves some for the others.
            part_s = (until_s - anyio.current_time()) / (len(chosen) - number)
            try:
                stream = await self._sockets.connect_tcp(address, port, part_s, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as again:
                failed = again
                continue
            return _Metered(stream, self._origin.host, self._bytes_max)
        raise failed

    async def _checked(self, within_s: float) -> list[str]:
        origin, way = self._origin, self._way
        try:
            with anyio.fail_after(within_s):
                resolved = await way.resolve(origin.host, origin.port)
        except TimeoutError:
            raise NoAnswer(f"the name {origin.host} was not resolved within {within_s:g} s: see the resolver") from None
        except (OSError, UnicodeError):
            raise NoAnswer(f"the name {origin.host} cannot be resolved: see whether it is right") from None
        if not resolved:
            raise NoAnswer(f"the name {origin.host} leads nowhere: see whether it is right")
        return [str(one) for one in way.rules.checked(origin, resolved, may_be_listed=way.may_be_listed)]


class _Metered(httpcore.AsyncNetworkStream):
    """A connection that ends once more came over it than any answer may have: heads before heads, chunks of nothing."""

    def __init__(self, stream: httpcore.AsyncNetworkStream, host: str, bytes_max: int) -> None:
        self._stream, self._host, self._left = stream, host, bytes_max

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        came = await self._stream.read(max_bytes, timeout)
        self._left -= len(came)
        if self._left < 0:
            raise BadAnswer(f"{self._host} sent more than any answer may have: see whether the address is right")
        return came

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        try:
            secured = await self._stream.start_tls(ssl_context, server_hostname, timeout)
        except httpcore.ConnectError as failed:
            raise NoAnswer(_tls_words(self._host, failed.__cause__)) from None
        return _Metered(secured, self._host, self._left)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _words(host: str, destination: Destination, failed: Exception) -> str:
    match failed:
        case httpcore.ConnectTimeout():
            return f"{host} took no connection within {destination.connect_s:g} s: see whether it is up"
        case httpcore.TimeoutException():
            return f"{host} went silent for {destination.read_s:g} s: try later"
        case httpcore.ConnectError():
            return f"{host} took no connection: see whether it is up"
        case _:
            return f"{host} broke off: try later"


def _tls_words(host: str, cause: BaseException | None) -> str:
    if isinstance(cause, ssl.SSLCertVerificationError):
        why = cause.verify_message.rstrip(".")
        return f"{host} has a certificate that is not trusted ({why}): see who answers there"
    return f"{host} does not speak TLS as it should: see whether the port is right"
