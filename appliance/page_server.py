"""Page server: uvicorn with a door of ours before it, and with deadlines for whoever sends or reads too slowly.

Uvicorn bounds neither connections nor the time that a request may take to come; without both, half requests stop the firm.
"""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any, NamedTuple

import anyio
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from appliance.portal_door import PortalDoor, Turned

HEAD_BYTES_MAX = 64 * 1024
UPLOADS = frozenset(
    {b"/documents", b"/staff/documents"}
)  # where bodies are a hundred times as long; the door bounds how many come from one address
LAST_WORD_S = 0.25  # from a connection to its request: more than a round trip to the proxy


class Deadlines(NamedTuple):
    """How long a client may take for the head of a request, for its body, and to read more of an answer that has piled up."""

    head_s: float = 10.0
    body_s: float = 10.0
    upload_s: float = 90.0  # for a body with a document in it, over a telephone
    read_s: float = 30.0


class PageServer(uvicorn.Server):
    """Serves one listener. It has no signal handlers of its own: the program stops it."""

    def __init__(self, config: uvicorn.Config, door: PortalDoor, deadlines: Deadlines | None = None) -> None:
        super().__init__(config)
        self._door = door
        self._deadlines = deadlines or Deadlines()
        self._letting_in = anyio.CancelScope()
        self._listener: socket.socket | None = None

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def serve_on(self, listener: socket.socket) -> None:
        """Until `should_exit` is set. The listener is closed then."""
        self._listener = listener
        await self.serve(sockets=[])  # uvicorn accepts nothing by itself

    async def let_nobody_in(self) -> None:
        """Whoever comes now waits at the door for the next process; who came in a moment ago still gets to say what for."""
        self._letting_in.cancel()
        await anyio.sleep(LAST_WORD_S)

    async def main_loop(self) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._let_in)
            await super().main_loop()
            self._letting_in.cancel()

    async def _let_in(self) -> None:
        assert self._listener is not None
        with self._letting_in:
            await self._door.let_in(self._listener, self._open)

    async def _open(self, taken: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        await loop.connect_accepted_socket(
            lambda: Connection(self.config, self.server_state, self.lifespan.state, self._door, self._deadlines), taken
        )


class Connection(HttpToolsProtocol):
    """One client. A deadline runs while it is their turn: to send a whole head, a whole body, or to read what we sent.

    None runs while we answer, however long that takes: live pages stay open for hours.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: Any,
        app_state: dict[str, Any],
        door: PortalDoor,
        deadlines: Deadlines,
    ) -> None:
        super().__init__(config, server_state, app_state)
        self._door = door
        self._deadlines = deadlines
        self._sending: asyncio.TimerHandle | None = None  # they send: head or body
        self._reading: asyncio.TimerHandle | None = None  # they read
        self._in_head = False
        self._head_bytes = 0

    def cut(self) -> None:
        """At once: a close would wait until the client has read the rest."""
        self.transport.abort()

    # --- the transport ---

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._door.enter(self)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_sending()
        self._stop_reading()
        self._door.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._sending is None:  # the next request begins, and be it with an empty line
            self._expect_head()
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > HEAD_BYTES_MAX:
            self._turn(Turned.HEAD_LONG)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._door.waits(self)
        self._reading = self.loop.call_later(self._deadlines.read_s, self._turn, Turned.UNREAD)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop_reading()
        if self._answers:
            self._door.works(self)

    # --- the parser ---

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._expect_head()  # anew: a browser may open a connection well before it has something to ask

    def on_headers_complete(self) -> None:
        self._stop_sending()
        self._in_head = False
        self._head_bytes = 0
        body_s = self._deadlines.upload_s if self.url.partition(b"?")[0] in UPLOADS else self._deadlines.body_s
        self._sending = self.loop.call_later(body_s, self._turn, Turned.BODY_LATE)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._stop_sending()
        super().on_message_complete()
        if self._answers:
            self._door.works(self)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self._answers:
            self._door.waits(self)

    # --- whose turn it is ---

    @property
    def _answers(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _expect_head(self) -> None:
        self._stop_sending()
        self._in_head = True
        self._sending = self.loop.call_later(self._deadlines.head_s, self._turn, Turned.HEAD_LATE)

    def _stop_sending(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
            self._sending = None

    def _stop_reading(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _turn(self, why: Turned) -> None:
        self._door.turn(why)
        self.cut()
