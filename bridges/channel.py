"""Channel: one ZeroMQ socket in the event loop, drained without ever cancelling a receive.

ZMQ_FD is edge-triggered and covers both directions: after each send and each receive the socket's EVENTS must be looked at
again, or a message lies there until the next one comes. Cancelling a receive loses the message; nothing here waits in one.
"""

import asyncio
from collections.abc import Callable, Sequence

import zmq

from bridges.bounds import LINGER_MS, MESSAGES_PER_TURN_MAX


class Channel:
    """Calls `on_message` with the frames of each message, and `on_turn` after each turn of reading."""

    def __init__(
        self,
        socket: "zmq.Socket[bytes]",
        *,
        on_message: Callable[[list[zmq.Frame]], None],
        on_turn: Callable[[], None],
        on_writable: Callable[[], None] | None = None,
    ) -> None:
        self._socket = socket
        self._on_message = on_message
        self._on_turn = on_turn
        self._on_writable = on_writable
        self._loop = asyncio.get_running_loop()
        self._fd = int(socket.getsockopt(zmq.FD))
        self._paused = False
        self._closed = False
        self._blocked = on_writable is not None
        self._scheduled = False
        self._fault: BaseException | None = None
        self._loop.add_reader(self._fd, self._wake)
        self._look_again()

    def send(self, parts: Sequence[bytes]) -> bool:
        """False where the peer takes nothing now; `on_writable` tells when it does. Other errors are the caller's."""
        if self._closed:
            return False
        self._look_again()
        try:
            self._socket.send_multipart(parts, zmq.NOBLOCK)
        except zmq.Again:
            self._blocked = True
            return False
        return True

    def raise_fault(self) -> None:
        """Raise what reading ended with, if it did. asyncio only logs what a callback raises: who owns the channel asks."""
        if self._fault is not None:
            raise self._fault

    @property
    def paused(self) -> bool:
        return self._paused

    def pause(self) -> None:
        """Read nothing more: ZeroMQ and TCP hold the senders back."""
        if not self._paused and not self._closed:
            self._paused = True
            self._loop.remove_reader(self._fd)

    def resume(self) -> None:
        if self._paused and not self._closed:
            self._paused = False
            self._loop.add_reader(self._fd, self._wake)
            self._look_again()

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._loop.remove_reader(self._fd)
            self._socket.close(linger=LINGER_MS)

    def _look_again(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._look)

    def _look(self) -> None:
        self._scheduled = False
        self._wake()

    def _wake(self) -> None:
        if self._closed or self._fault is not None:
            return
        try:
            self._read_and_write()
        except BaseException as fault:
            self._fault = fault  # a message may be half taken: none is read after it
            raise

    def _read_and_write(self) -> None:
        self._tell_writable()
        read = 0
        # EVENTS is asked before each receive and once more: when it shows nothing to read, the next message is a new edge.
        while not self._paused and self._is_ready_for(zmq.POLLIN):
            if read == MESSAGES_PER_TURN_MAX:
                self._look_again()
                break
            read += 1
            self._on_message(self._socket.recv_multipart(zmq.NOBLOCK, copy=False))
        if read:
            self._on_turn()
        if self._blocked:
            self._tell_writable()  # a receive may have taken the edge that announced room
            if not self._paused and self._is_ready_for(zmq.POLLIN):
                self._look_again()  # and this look the edge of a message

    def _tell_writable(self) -> None:
        if self._blocked and self._on_writable is not None and self._is_ready_for(zmq.POLLOUT):
            self._blocked = False
            self._on_writable()

    def _is_ready_for(self, what: int) -> bool:
        return not self._closed and bool(int(self._socket.getsockopt(zmq.EVENTS)) & what)
