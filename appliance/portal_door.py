"""Portal door: how many connections the portal holds, who must go when it is full, and what it does where none can be taken.

A connection that waits for its client (a request not yet whole, an answer not yet read, the pause between two requests) costs
its owner nothing, so it is the first to go: a newcomer never waits for somebody who asks for nothing.
"""

import logging
import resource
import socket
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Protocol

import anyio
import anyio.lowlevel

from appliance.pages import PAGES

CONNECTIONS_MAX = 8_192
STREAMS_SHARE = (
    2  # one in so many connections may be a live page, which is never cut for a newcomer: pages have the others
)
FILES_SHARE = 2  # one in so many open files may be a connection: the book, bridges and couriers have the others
OPENING_MAX = 64  # taken at once, before the loop does anything else
PAUSE_S = 1.0  # after the kernel gave no connection: files are not free again any sooner
TOLD_EVERY_S = 60.0  # the log: one line for whatever came in between

_LOG = logging.getLogger("evenhand.portal")


class Turned(StrEnum):
    """Why a connection was not kept, or not taken."""

    HEAD_LATE = "head_late"
    HEAD_LONG = "head_long"
    BODY_LATE = "body_late"
    UNREAD = "unread"
    FULL = "full"
    NOT_TAKEN = "not_taken"


class Connected(Protocol):
    """A connection that can be ended at once, whatever its client does."""

    def cut(self) -> None: ...


class PortalDoor:
    """Everybody who is connected to the portal."""

    def __init__(self, connections_max: int) -> None:
        assert connections_max > 0
        self.connections_max = connections_max
        self.turned: Counter[Turned] = Counter()
        self._inside: set[Connected] = set()
        self._waiting: dict[Connected, None] = {}  # for their clients, the longest first
        self._opening = 0
        self._changed = anyio.Event()
        self._told: Counter[Turned] = Counter()
        self._told_at = float("-inf")

    @property
    def streams_max(self) -> int:
        """How many live pages may be open, so that there is always somebody who can be cut to let a newcomer in."""
        return self.connections_max // STREAMS_SHARE

    def __len__(self) -> int:
        return len(self._inside)

    # --- what a connection tells of itself ---

    def enter(self, one: Connected) -> None:
        self._inside.add(one)
        self._waiting[one] = None

    def waits(self, one: Connected) -> None:
        """It is its client's turn."""
        if one in self._inside:
            self._waiting.setdefault(one)
            self._changed.set()

    def works(self, one: Connected) -> None:
        """It is our turn: it is not cut to make room."""
        self._waiting.pop(one, None)

    def leave(self, one: Connected) -> None:
        self._inside.discard(one)
        self._waiting.pop(one, None)
        self._changed.set()

    def turn(self, why: Turned) -> None:
        """Count it, and say so in the log now and then: whoever knocks a thousand times a second must not fill it."""
        self.turned[why] += 1
        now = anyio.current_time()
        if now - self._told_at < TOLD_EVERY_S:
            return
        new = self.turned - self._told
        said = ", ".join(f"{many} {reason}" for reason, many in sorted(new.items()))
        _LOG.warning(
            "connections to the portal were turned away or cut (%s); %d of at most %d are open: "
            "see evenhand_portal_turned_total and %s/metrics.md",
            *(said, len(self), self.connections_max, PAGES),
        )
        self._told, self._told_at = self.turned.copy(), now

    # --- letting in ---

    async def let_in(self, listener: socket.socket, open_one: Callable[[socket.socket], Awaitable[object]]) -> None:
        """Until cancelled; then the listener is closed, and who comes stays with whoever else holds it."""
        listener.setblocking(False)
        try:
            async with anyio.create_task_group() as tasks:
                while True:
                    taken = await self._take(listener)
                    with _closed_if_cancelled(taken):
                        await self._make_room()
                    self._opening += 1
                    tasks.start_soon(self._open, open_one, taken)
        finally:
            listener.close()

    async def _take(self, listener: socket.socket) -> socket.socket:
        while True:
            await anyio.lowlevel.checkpoint_if_cancelled()
            try:
                taken, _ = listener.accept()
            except BlockingIOError:
                await anyio.wait_readable(listener)
            except ConnectionAbortedError:
                continue
            except OSError:  # no file is left, or no memory: asking again at once would only burn the processor
                self.turn(Turned.NOT_TAKEN)
                await anyio.sleep(PAUSE_S)
            else:
                return taken

    async def _make_room(self) -> None:
        while self._opening >= OPENING_MAX:
            await anyio.lowlevel.checkpoint()
        while len(self._inside) + self._opening >= self.connections_max:
            if self._opening:  # whoever is about to be inside counts twice for a moment
                await anyio.lowlevel.checkpoint()
            elif self._waiting:
                self.turn(Turned.FULL)
                longest = next(iter(self._waiting))
                self.leave(longest)
                longest.cut()
                await anyio.lowlevel.checkpoint()  # its file is closed before another is opened
            else:
                self._changed = anyio.Event()
                await self._changed.wait()

    async def _open(self, open_one: Callable[[socket.socket], Awaitable[object]], taken: socket.socket) -> None:
        try:
            taken.setblocking(False)
            with anyio.CancelScope(shield=True):  # it takes a moment, and somebody is inside by then
                await open_one(taken)
        except OSError:  # gone already
            taken.close()
        finally:
            self._opening -= 1


@contextmanager
def _closed_if_cancelled(taken: socket.socket) -> Iterator[None]:
    try:
        yield
    except BaseException:
        taken.close()
        raise


def connections_allowed() -> int:
    """Well below what this process may open, so that the book can always be written."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        return CONNECTIONS_MAX
    return max(1, min(CONNECTIONS_MAX, files // FILES_SHARE))
