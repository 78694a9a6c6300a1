"""Link: one connection from a bridge to its appliance, from dialling to its end. A new attempt is a new link, with a new routing id."""

from collections.abc import Callable, Sequence

import anyio
import zmq

from bridges.bounds import RECONNECT_MAX_S, RECONNECT_MIN_S, TRANSPORT_BYTES_MAX
from bridges.channel import Channel
from bridges.enrolment import KeyFile
from bridges.wire import Bye, Header, UnreadableFrame, message, read_header


class Link:
    """`ended` says why it is over, "" while it is not; `session` is set by a WELCOME."""

    def __init__(
        self,
        context: "zmq.Context[zmq.Socket[bytes]]",
        key: KeyFile,
        *,
        on_message: Callable[[Header, bytes], None],
        on_turn: Callable[[], None],
        on_writable: Callable[[], None],
    ) -> None:
        self.session = ""
        self.ended = ""
        self.heard_at = self.beaten_at = anyio.current_time()
        self._on_message = on_message
        self._channel = Channel(_dialled(context, key), on_message=self._read, on_turn=on_turn, on_writable=on_writable)

    def send(self, parts: Sequence[bytes]) -> bool:
        return not self.ended and self._channel.send(parts)

    def end(self, reason: str) -> None:
        self.ended = self.ended or reason

    def say_bye(self, reason: str) -> None:
        if self.session:
            self.send(message(Bye(reason), self.session))

    def pause(self) -> None:
        self._channel.pause()

    def resume(self) -> None:
        self.heard_at = anyio.current_time()
        self._channel.resume()

    @property
    def is_paused(self) -> bool:
        return self._channel.paused

    def raise_fault(self) -> None:
        self._channel.raise_fault()

    def close(self) -> None:
        self._channel.close()

    def _read(self, frames: list[zmq.Frame]) -> None:
        if self.ended:
            return
        parts = [frame.bytes for frame in frames]
        self.heard_at = anyio.current_time()
        try:
            self._on_message(read_header(parts), parts[1])
        except UnreadableFrame as error:
            self.end(f"the appliance sent what this bridge cannot read ({error}): check the versions of both")


def _dialled(context: "zmq.Context[zmq.Socket[bytes]]", key: KeyFile) -> "zmq.Socket[bytes]":
    socket = context.socket(zmq.DEALER)
    socket.curve_publickey = key.bridge_public.encode()
    socket.curve_secretkey = key.bridge_secret.encode()
    socket.curve_serverkey = key.server_public.encode()
    socket.setsockopt(zmq.IMMEDIATE, 1)  # nothing is queued for a peer that is not there
    socket.setsockopt(zmq.RECONNECT_IVL, int(RECONNECT_MIN_S * 1000))
    socket.setsockopt(zmq.RECONNECT_IVL_MAX, int(RECONNECT_MAX_S * 1000))
    socket.setsockopt(zmq.MAXMSGSIZE, TRANSPORT_BYTES_MAX)
    socket.connect(key.endpoint)
    return socket
