"""Live streams: a page that is being watched gets its changed parts as events, at most twice a second.

Each watched thing is rendered once for all who watch it, and only while somebody does. Streams end when the application is
told to (`end_streams`), when the session behind one has ended, when nothing can change any more, or when the browser leaves.
"""

from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping

import anyio

from storage.errors import FrontRefused
from web.auth import still_signed_in
from web.bounds import (
    STREAM_INTERVAL_SECONDS,
    STREAM_PING_SECONDS,
    STREAM_RECHECK_SECONDS,
    STREAMS_PER_PERSON_MAX,
)
from web.firm import Firm
from web.visitor import Visitor

PING = b"event: ping\ndata:\n\n"
ENDED = b"event: ended\ndata:\n\n"  # the application stops: the browser comes back by itself
SIGNED_OUT = b"event: signed-out\ndata:\n\n"
OVER = b"event: over\ndata:\n\n"

Parts = Mapping[str, str]
"""The parts of a page by the name of their event, each as HTML. Empty when nothing can change any more."""
Render = Callable[[], Awaitable[Parts]]


class TooManyStreams(Exception):
    """More live pages are open than the firm, or this person, may have."""


class Streams:
    """All open streams, and what was last rendered for each thing that is watched."""

    def __init__(self, firm: Firm) -> None:
        self._firm = firm
        self._ended = anyio.Event()
        self._watchers: Counter[str] = Counter()
        self._people: Counter[str] = Counter()
        self._frames: dict[str, tuple[float, dict[str, bytes]]] = {}

    @property
    def open(self) -> int:
        return self._people.total()

    def end(self) -> None:
        """End every stream; new ones end at once."""
        self._ended.set()

    def watch(self, visitor: Visitor, key: str, render: Render) -> AsyncGenerator[bytes, None]:
        """The event stream of `key` for a visitor. Raises TooManyStreams before anything is sent."""
        if self.open >= self._firm.streams_max or self._people[visitor.reference] >= STREAMS_PER_PERSON_MAX:
            raise TooManyStreams
        return self._stream(visitor, key, render)

    async def _stream(self, visitor: Visitor, key: str, render: Render) -> AsyncGenerator[bytes, None]:
        self._watchers[key] += 1
        self._people[visitor.reference] += 1
        try:
            async for event in self._events(visitor, key, render):
                yield event
        finally:
            # Nothing here may wait: the server cancels awaits while it cleans a stream up.
            self._leave(visitor, key)

    async def _events(self, visitor: Visitor, key: str, render: Render) -> AsyncGenerator[bytes, None]:
        sent: dict[str, bytes] = {}
        sent_at = checked_at = anyio.current_time()
        yield b"retry: 2000\n\n"
        while not self._ended.is_set():
            now = anyio.current_time()
            if now - checked_at >= STREAM_RECHECK_SECONDS:
                checked_at = now
                try:
                    is_signed_in = await still_signed_in(self._firm, visitor)
                except FrontRefused:  # nobody can say: the browser comes back, and is asked again
                    break
                if not is_signed_in:
                    yield SIGNED_OUT
                    return
            frame = await self._frame(key, render, now)
            if not frame:
                yield OVER
                return
            changed = [event for name, event in frame.items() if sent.get(name) != event]
            for event in changed or ([PING] if now - sent_at >= STREAM_PING_SECONDS else []):
                yield event
                sent_at = now
            sent = frame
            with anyio.move_on_after(STREAM_INTERVAL_SECONDS):
                await self._ended.wait()
        yield ENDED

    async def _frame(self, key: str, render: Render, now: float) -> dict[str, bytes]:
        """The events for everyone who watches `key`, made anew when the last ones are half a second old."""
        made_at, frame = self._frames.get(key, (float("-inf"), {}))
        if now - made_at < STREAM_INTERVAL_SECONDS * 0.9:
            return frame
        frame = {name: event_of(name, html) for name, html in (await render()).items()}
        self._frames[key] = (now, frame)
        return frame

    def _leave(self, visitor: Visitor, key: str) -> None:
        self._watchers[key] -= 1
        self._people[visitor.reference] -= 1
        if not self._watchers[key]:
            del self._watchers[key]
            self._frames.pop(key, None)
        if not self._people[visitor.reference]:
            del self._people[visitor.reference]


def event_of(name: str, text: str) -> bytes:
    """One event; each line of the text is a data line of its own."""
    lines = "".join(f"data: {line}\n" for line in text.splitlines() if line.strip())
    return f"event: {name}\n{lines}\n".encode()
