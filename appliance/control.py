"""Control: a Unix socket in the firm's directory, by which commands of the same user reach the appliance while it serves.

One JSON line asks, one JSON line answers, then the connection ends. Who may ask: the user that serves, and root.
"""

import contextlib
import logging
import os
import socket
import stat
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import msgspec
from anyio.abc import SocketAttribute, SocketStream, TaskStatus
from anyio.streams.buffered import BufferedByteReceiveStream

from appliance.seam import why_it_failed
from storage.files import FILE_MODE

LINE_BYTES_MAX = 10 * 2**20  # the largest calendar of news, as JSON within JSON
REPLY_BYTES_MAX = LINE_BYTES_MAX
READ_DEADLINE_S = 5
ANSWER_DEADLINE_S = 30
CONNECTIONS_MAX = 16
SOCKET_PATH_BYTES_MAX = 107  # sun_path in unix(7), less its final zero

_LOG = logging.getLogger("evenhand.appliance")


class ControlRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to do, as the command line names it ("bridge add"), and with what."""

    verb: str
    arguments: dict[str, Any] = {}


class ControlReply(msgspec.Struct, frozen=True, kw_only=True):
    """`problem` says what, which and what next where it was not done."""

    ok: bool
    result: Any = None
    problem: str = ""


class NotServing(ConnectionError):
    """Nobody listens on the control socket: nothing was asked."""


class NoAnswer(ConnectionError):
    """Somebody listens there, and did not answer in time or not wholly: what was asked may have been done."""


class ControlRefused(OSError):
    """The socket cannot be opened at this path."""


Handler = Callable[[ControlRequest], Awaitable[ControlReply]]


async def serve_control(
    path: Path, handler: Handler, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED
) -> None:
    """Answer until cancelled: `await tasks.start(serve_control, path, handler)` returns once it listens.

    A socket file that a killed process left is replaced; one on which somebody answers is not.
    """
    _check_length(path)
    if _answers(path):
        raise ControlRefused(f"{path} answers already: another appliance serves this directory; stop it first")
    owner = os.geteuid()
    places = anyio.Semaphore(CONNECTIONS_MAX)

    async def answer(stream: SocketStream) -> None:
        # A socket that fails under one who asks is theirs alone.
        if why := await why_it_failed(lambda: _answer(stream, places, handler, owner)):
            _LOG.error("one who asked on the control socket was not answered: %s", why)

    listener = await anyio.create_unix_listener(path, mode=FILE_MODE)
    try:
        async with listener:
            task_status.started()
            await listener.serve(answer)
    finally:
        os.unlink(path)  # noqa: PTH108  (a cancelled task cannot await; the call does not wait)


def call_control(path: Path, request: ControlRequest, deadline_s: float = ANSWER_DEADLINE_S) -> ControlReply:
    """Ask the appliance that serves this directory. Blocks; for the command line."""
    _check_length(path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as speaker:
        speaker.settimeout(deadline_s)
        try:
            speaker.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError) as absent:
            raise NotServing(
                f'nobody serves {path.parent}: start it with "evenhand serve", or name another --data-dir'
            ) from absent
        except (TimeoutError, BlockingIOError) as busy:
            raise NoAnswer(f"{path} takes no connection: look at its log before asking again") from busy
        line = _exchange(speaker, path, request, deadline_s)
    if not line.endswith(b"\n"):
        raise NoAnswer(f"{path} closed without a whole answer: look at its log before asking again")
    return msgspec.json.decode(line, type=ControlReply)


def _exchange(speaker: socket.socket, path: Path, request: ControlRequest, deadline_s: float) -> bytes:
    try:
        speaker.sendall(msgspec.json.encode(request) + b"\n")
        with speaker.makefile("rb") as answers:
            return answers.readline(REPLY_BYTES_MAX + 1)
    except TimeoutError as late:
        raise NoAnswer(f"{path} did not answer within {deadline_s} s: look at its log before asking again") from late
    except ConnectionError as cut:
        raise NoAnswer(f"{path} closed without a whole answer: look at its log before asking again") from cut


def may_ask(peer_uid: int, owner_uid: int) -> bool:
    return peer_uid in (owner_uid, 0)


async def _answer(stream: SocketStream, places: anyio.Semaphore, handler: Handler, owner: int) -> None:
    async with stream, places:
        reply = await _reply(stream, handler, owner)
        with anyio.move_on_after(READ_DEADLINE_S):
            await _send(stream, reply)


async def _reply(stream: SocketStream, handler: Handler, owner: int) -> ControlReply:
    if not may_ask(peer := _peer_uid(stream), owner):
        return ControlReply(ok=False, problem=f"uid {peer} may not control this appliance: ask as uid {owner}")
    try:
        with anyio.fail_after(READ_DEADLINE_S):
            line = await BufferedByteReceiveStream(stream).receive_until(b"\n", LINE_BYTES_MAX)
        request = msgspec.json.decode(line, type=ControlRequest)
    except (TimeoutError, anyio.IncompleteRead, anyio.BrokenResourceError):
        return ControlReply(
            ok=False, problem=f"no whole line came within {READ_DEADLINE_S} s: send one JSON object and a line feed"
        )
    except anyio.DelimiterNotFound:
        return ControlReply(ok=False, problem=f"the request is longer than {LINE_BYTES_MAX} bytes: send less")
    except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
        return ControlReply(ok=False, problem=f"the request could not be read ({wrong}): use the release that serves")
    return await _handled(handler, request)


async def _handled(handler: Handler, request: ControlRequest) -> ControlReply:
    replies: list[ControlReply] = []

    async def handle() -> None:
        replies.append(await handler(request))

    with anyio.move_on_after(ANSWER_DEADLINE_S) as waited:
        why = await why_it_failed(handle)
    if waited.cancelled_caught:
        return ControlReply(
            ok=False,
            problem=f'"{request.verb}" took longer than {ANSWER_DEADLINE_S} s: it may still happen; look first',
        )
    if why:
        _LOG.error('"%s" on the control socket failed: %s', request.verb, why)
        return ControlReply(ok=False, problem=f'"{request.verb}" failed ({why}): look at the log before asking again')
    return replies[0]


async def _send(stream: SocketStream, reply: ControlReply) -> None:
    # Whoever asked may have gone; what was done is in the ledger.
    with contextlib.suppress(anyio.BrokenResourceError):
        await stream.send(_line(reply))


def _line(reply: ControlReply) -> bytes:
    line = msgspec.json.encode(reply) + b"\n"
    if len(line) <= REPLY_BYTES_MAX:
        return line
    told = f"it was done, but the answer is longer than {REPLY_BYTES_MAX} bytes: ask for less"
    return msgspec.json.encode(ControlReply(ok=False, problem=told)) + b"\n"


def _peer_uid(stream: SocketStream) -> int:
    raw: socket.socket = stream.extra(SocketAttribute.raw_socket)  # noqa: S610  (anyio's extra, not Django's)
    _, uid, _ = struct.unpack("3i", raw.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    return int(uid)


def _answers(path: Path) -> bool:
    if not path.exists():
        return False
    if not stat.S_ISSOCK(path.lstat().st_mode):
        raise ControlRefused(f"{path} is not a socket: move it away, then start again")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            return False
    return True


def _check_length(path: Path) -> None:
    if len(os.fsencode(path)) > SOCKET_PATH_BYTES_MAX:
        raise ControlRefused(
            f"{path} is too long for a socket (at most {SOCKET_PATH_BYTES_MAX} bytes): use a shorter --data-dir"
        )
