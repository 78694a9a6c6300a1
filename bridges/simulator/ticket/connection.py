"""Connection: one browser's at the ticket, cut once it takes too long to say what it asks, or to read the answer.

Uvicorn bounds how many there are, and not for how long they say nothing: without this, as many silent ones shut the ticket.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

TURN_S = 10.0  # for a whole request, head and body, and for reading on


class Connection(HttpToolsProtocol):
    """A deadline runs while it is their turn, none while we answer."""

    _sending: asyncio.TimerHandle | None = None
    _reading: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._sending = self._cut_later()

    def connection_lost(self, exc: Exception | None) -> None:
        for deadline in (self._sending, self._reading):
            if deadline is not None:
                deadline.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._sending is None:  # the next request begins, and be it with an empty line
            self._sending = self._cut_later()
        super().data_received(data)

    def on_message_complete(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
            self._sending = None
        super().on_message_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._reading = self._cut_later()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _cut_later(self) -> asyncio.TimerHandle:
        # At once: a close would wait until they have read the rest.
        return self.loop.call_later(TURN_S, self.transport.abort)
