"""Live streams: a page that is being watched gets its changed pieces as events, at most twice a second.

Each watched thing is rendered once for all who watch it, only while somebody does, and only in its turn (`web/turns.py`). Streams end
when the application is told to (`end_streams`), when the session behind one has ended, when nothing can change any more, or when
the browser leaves.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from typing import Protocol

import anyio

from storage.errors import FrontRefused
from web.auth import is_as_before, still_signed_in
from web.bounds import (
    STREAM_INTERVAL_SECONDS,
    STREAM_PING_SECONDS,
    STREAM_RECHECK_SECONDS,
    STREAM_SENDING_SECONDS_MAX,
    STREAMS_PER_PERSON_MAX,
    VIEWS_OVER_KEPT,
)
from web.firm import Firm
from web.turns import Turns
from web.visitor import Visitor

PING = b"event: ping\ndata:\n\n"
ENDED = b"event: ended\ndata:\n\n"  # the application stops: the browser comes back by itself
SIGNED_OUT = b"event: signed-out\ndata:\n\n"
OVER = b"event: over\ndata:\n\n"
MOVED = "-moved"
TIMER_SECONDS = 0.001  # that a timer may ring early, by its rounding

Parts = Mapping[str, str | Mapping[str, str]]
"""The parts of a page by the name of their event: HTML, or pieces of it by key. Empty when nothing can change any more.

A part in pieces is sent whole where it has other keys than before; else those that changed are, as an event of its name and `-moved`.
"""
Render = Callable[[], Awaitable[Parts]]


class Watched(Protocol):
    """What is watched. Of these only `gather` may wait; what the others do holds up the loop."""

    def heed(self, hurry: Callable[[], None]) -> None:
        """From now on call `hurry` when there is something that must not be shown late."""

    def forget(self) -> None:
        """Nobody watches any more."""

    def changed(self) -> bool:
        """Whether there may be other parts than the last ones; asked twice a second, so it must cost almost nothing."""

    def lacks(self) -> bool:
        """Whether something has to be gathered before the next parts."""

    async def gather(self) -> None:
        """Fetch it."""

    def parts(self) -> Parts:
        """The parts, from what was gathered and what is at hand; the very same object where nothing changed."""


class TooManyStreams(Exception):
    """More live pages are open than the firm, or this person, may have."""


class Streams:
    """All open streams, and what was last rendered for each thing that is watched."""

    def __init__(self, firm: Firm) -> None:
        self._firm = firm
        self._ended = False
        self._views_over: deque[int] = deque(maxlen=VIEWS_OVER_KEPT)
        self._people: Counter[str] = Counter()
        self._shown: dict[str, Shown] = {}
        self._turns = Turns()
        firm.live.tell_staff(self._wake_all)

    @property
    def open(self) -> int:
        return self._people.total()

    def end(self) -> None:
        """End every stream; new ones end at once."""
        self._ended = True
        self._wake_all()

    def end_view(self, view: int) -> None:
        """End the streams of whoever viewed as a trader in this view."""
        self._views_over.append(view)
        self._wake_all()

    def _is_over(self, visitor: Visitor) -> bool:
        return visitor.behind is not None and visitor.behind.view in self._views_over

    def _wake_all(self) -> None:
        for shown in self._shown.values():
            shown.wake()

    def watch(self, visitor: Visitor, key: str, render: Render) -> AsyncGenerator[bytes, None]:
        """The event stream of `key`, rendered again whenever it is due. Raises TooManyStreams before anything is sent."""
        return self.follow(visitor, key, _Rendered(render))

    def follow(self, visitor: Visitor, key: str, watched: Watched) -> AsyncGenerator[bytes, None]:
        """The same of something that knows when it changes."""
        if self.open >= self._firm.streams_max or self._people[visitor.sits_there] >= STREAMS_PER_PERSON_MAX:
            raise TooManyStreams
        return self._stream(visitor, key, watched)

    async def _stream(self, visitor: Visitor, key: str, watched: Watched) -> AsyncGenerator[bytes, None]:
        shown = self._shown.get(key)
        if shown is None:
            shown = self._shown[key] = Shown(watched, self._turns)
            self._turns.join(shown, _now())
            watched.heed(shown.hurry)
        shown.watchers += 1
        self._people[visitor.sits_there] += 1
        try:
            async for event in self._events(visitor, shown):
                yield event
        finally:
            # Nothing here may wait: the server cancels awaits while it cleans a stream up.
            self._leave(visitor, key, shown)

    async def _events(self, visitor: Visitor, shown: "Shown") -> AsyncGenerator[bytes, None]:
        sent: Parts | None = None
        known = shown.passed_over()
        sent_at = checked_at = _now()
        yield b"retry: 2000\n\n"
        while not self._ended:
            if self._is_over(visitor) or not is_as_before(self._firm, visitor):
                break  # the browser comes back, and is asked again who it is
            parts = await shown.newest()
            if parts is not None and not parts:
                yield OVER
                return
            is_silent = _now() >= sent_at + STREAM_PING_SECONDS - TIMER_SECONDS
            events: list[bytes] = []
            if parts is not known:
                events, sent, known = shown.events_since(sent), parts, parts
            for event in events or ([PING] if is_silent else []):
                began = _now()
                yield event
                sent_at = _now()
                self._turns.charge(min(sent_at - began, STREAM_SENDING_SECONDS_MAX))
            if _now() - checked_at >= STREAM_RECHECK_SECONDS:
                checked_at = _now()
                try:
                    is_signed_in = await still_signed_in(self._firm, visitor)
                except FrontRefused:  # nobody can say: the browser comes back, and is asked again
                    break
                if not is_signed_in:
                    yield SIGNED_OUT
                    return
            await shown.news(known, ping_at=sent_at + STREAM_PING_SECONDS)
        yield ENDED

    def _leave(self, visitor: Visitor, key: str, shown: "Shown") -> None:
        shown.watchers -= 1
        self._people[visitor.sits_there] -= 1
        if not shown.watchers:
            shown.leave()
            if self._shown.get(key) is shown:
                del self._shown[key]
        if not self._people[visitor.sits_there]:
            del self._people[visitor.sits_there]


class Shown:
    """Something that is watched, as it was last rendered for everyone who watches it. It has a seat among those that wait for turns."""

    def __init__(self, watched: Watched, turns: Turns) -> None:
        self.watchers = 0
        self.gone = False
        self.place: int | None = None
        self.due_at = 0.0
        self.is_aside = False
        self._watched = watched
        self._turns = turns
        self._parts: Parts | None = None  # before its first turn
        self._waiting = 0
        self._has_turn = self._is_urgent = self._is_passed_over = False
        self._gathered_at: float | None = None  # where it was, and is to be shown
        self._began_at = float("-inf")
        self._woken = anyio.Event()
        self._last_events: tuple[Parts | None, Parts | None, list[bytes]] = (None, None, [])

    # --- its turns ---

    def is_awaited(self) -> bool:
        """Not where everybody still reads the last events: a browser that reads slowly holds up nobody but itself."""
        return self._waiting > 0

    def has_nothing_new(self) -> bool:
        if self._is_passed_over or self._watched.changed():
            return False
        self._is_urgent, self._gathered_at = False, None  # it was shown before it was told of
        return True

    def begin(self, now: float) -> None:
        """Whoever of those that wait comes first renders it."""
        self._has_turn, self._began_at = True, now
        self.wake()

    def wake(self) -> None:
        woken, self._woken = self._woken, anyio.Event()
        woken.set()

    def leave(self) -> None:
        """Nobody watches any more."""
        self.gone = True
        self._turns.over(self)
        self._watched.forget()

    def hurry(self) -> None:
        """Before others, but no more often than twice a second."""
        if not self._is_urgent:
            self._is_urgent = True
            self._hurry()

    def _stand(self, due_at: float) -> None:
        """In the line, and where it was before others, there again."""
        self._turns.wait(self, due_at)
        if self._is_urgent or self._gathered_at is not None:
            self._hurry()

    def _hurry(self) -> None:
        due_at = self._gathered_at
        self._turns.hurry(self, due_at if due_at is not None else self._began_at + STREAM_INTERVAL_SECONDS)

    # --- its watchers ---

    def passed_over(self) -> Parts | None:
        """The last parts, where a page that is opened now may show what is newer: it begins with those of the next turn."""
        if self._parts is None or not self._watched.changed():
            return None
        self._is_passed_over = True
        if self.place is not None:
            self._turns.join(self, max(_now(), self._began_at + STREAM_INTERVAL_SECONDS))
        return self._parts

    async def newest(self) -> Parts | None:
        """The parts, made anew where it is its turn; None before the first one."""
        if not self._has_turn:
            return self._parts
        self._has_turn = False
        # What came since it began to be gathered is not in it: that is still urgent.
        self._is_urgent = self._is_urgent and self._gathered_at is not None
        self._gathered_at = None
        lacks = False
        try:
            lacks = self._watched.lacks()
            if not lacks:
                self._render()
        finally:
            self._turns.over(self)
            if not lacks:
                self._stand(self._began_at + STREAM_INTERVAL_SECONDS)
        if lacks:
            await self._gather()
        return self._parts

    async def _gather(self) -> None:
        """Out of its turn, since it waits; then it goes before others, because it has had its place in the line."""
        try:
            await self._turns.charged(self._watched.gather())
        finally:
            self._gathered_at = _now()
            self._stand(self._began_at + STREAM_INTERVAL_SECONDS)

    def _render(self) -> None:
        began = _now()
        parts = self._watched.parts()
        # What was passed over may hold again: who waits for the next parts is told them all the same.
        self._parts = dict(parts) if self._is_passed_over and parts is self._parts else parts
        self._is_passed_over = False
        self._turns.charge(_now() - began)

    def events_since(self, sent: Parts | None) -> list[bytes]:
        """What brings a page that has `sent` up to date."""
        if self.watchers == 1:
            return list(_events_between(sent or {}, self._parts or {}))
        since, until, events = self._last_events
        if since is not sent or until is not self._parts:
            events = list(_events_between(sent or {}, self._parts or {}))
            self._last_events = (sent, self._parts, events)
        return events

    async def news(self, known: Parts | None, ping_at: float) -> None:
        """Wait while there is nothing else than `known`: until its turn, until it is told to wake, or until a ping is due.

        A ping waits for no turn: however long the line is, a browser knows that it is connected.
        """
        if self._parts is not known or self._has_turn:
            return
        self._waiting += 1
        stays = False
        try:
            if self.is_aside:
                self._stand(self.due_at)
            with anyio.move_on_after(max(0.0, ping_at - _now())):
                await self._woken.wait()
            stays = True
        finally:
            self._waiting -= 1
            if not stays:
                self._give_back()

    def _give_back(self) -> None:
        """One who waited leaves. Where nobody else does, its turn would never be over: who still reads may do so for hours."""
        if self._has_turn and not self._waiting:
            self._has_turn = False
            self._turns.give_back(self)


class _Rendered:
    """What is rendered whenever it is due, as it is gathered, and charged as that: few people watch it, all of them staff."""

    def __init__(self, render: Render) -> None:
        self._render = render
        self._fresh: Parts | None = None

    def heed(self, hurry: Callable[[], None]) -> None:
        """Nothing of it is so urgent."""

    def forget(self) -> None:
        """Nothing is kept for it."""

    def changed(self) -> bool:
        return True

    def lacks(self) -> bool:
        return self._fresh is None

    async def gather(self) -> None:
        self._fresh = await self._render()

    def parts(self) -> Parts:
        assert self._fresh is not None, "what is lacking is gathered first"
        parts, self._fresh = self._fresh, None
        return parts


def _now() -> float:
    return asyncio.get_running_loop().time()


def _events_between(sent: Parts, parts: Parts) -> Iterator[bytes]:
    for name, part in parts.items():
        before = sent.get(name)
        if isinstance(part, str):
            if part != before:
                yield event_of(name, part)
        elif before is None or isinstance(before, str) or before.keys() != part.keys():
            yield event_of(name, "\n".join(part.values()))
        elif moved := [html for key, html in part.items() if html != before[key]]:
            yield event_of(name + MOVED, "\n".join(moved))


def event_of(name: str, text: str) -> bytes:
    """One event; each line of the text is a data line of its own."""
    lines = "".join(f"data: {line}\n" for line in text.splitlines() if line.strip())
    return f"event: {name}\n{lines}\n".encode()
