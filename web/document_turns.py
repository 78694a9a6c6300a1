"""Document turns: how often documents are handed in, and how much of them is in memory: a body that comes slowly gives way to others."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

import anyio

from web.bounds import UPLOADS_AT_ONCE, UPLOADS_BYTES_AT_ONCE, UPLOADS_IN_ALL_PER_HOUR, UPLOADS_PER_HOUR

_HOUR_US = 3_600 * 1_000_000


class TooManyUploads(Exception):
    """Not now. `key`: the name of the sentence that says why; `counted`: what it counts."""

    def __init__(self, key: str, **counted: int) -> None:
        super().__init__(key)
        self.key, self.counted = key, counted


class Turn:
    """One document, from its body's first byte to what became of it. `held_bytes`: of its file in memory."""

    def __init__(self, turns: "DocumentTurns") -> None:
        self._turns = turns
        self._coming: anyio.CancelScope | None = None
        self.held_bytes = 0
        self.is_cut = False

    def count(self, size_bytes: int) -> None:
        """Of its file so many more bytes have come. Raises TooManyUploads."""
        self.held_bytes += size_bytes
        self._turns.make_room(self)

    @contextmanager
    def coming(self) -> Iterator[None]:
        """While its body comes it may have to give way. Raises TooManyUploads where it had to."""
        with anyio.CancelScope() as self._coming:
            try:
                yield
            finally:
                self._coming = None
        if self.is_cut:
            raise TooManyUploads("documents.came_slowly")

    @property
    def may_give_way(self) -> bool:
        """What has come is looked at, however many come after it."""
        return self._coming is not None and not self.is_cut

    def give_way(self) -> None:
        assert self._coming is not None
        self.is_cut, self.held_bytes = True, 0
        self._coming.cancel()


class DocumentTurns:
    """By who hands in ("trader:7"), and in all, the longest ones first. Times are wall time."""

    def __init__(self) -> None:
        self._inside: dict[str, Turn] = {}
        self._begun: dict[str, deque[int]] = {}
        self._in_all: deque[int] = deque()

    @contextmanager
    def turn(self, who: str, now_us: int) -> Iterator[Turn]:
        """While a document of theirs comes and is looked at. Raises TooManyUploads."""
        if who in self._inside:
            raise TooManyUploads("documents.on_its_way")
        self._forget_before(now_us - _HOUR_US)
        if len(self._begun.get(who, ())) >= UPLOADS_PER_HOUR:
            raise TooManyUploads("documents.too_often", count=UPLOADS_PER_HOUR)
        if len(self._in_all) >= UPLOADS_IN_ALL_PER_HOUR:
            raise TooManyUploads("documents.many_lately")
        mine = self._inside[who] = Turn(self)
        try:
            self.make_room(mine)
            self._begun.setdefault(who, deque()).append(now_us)
            self._in_all.append(now_us)
            yield mine
        finally:
            del self._inside[who]

    def make_room(self, mine: Turn) -> None:
        """Who began first and still sends gives way: so nobody keeps others out by sending slowly. Raises TooManyUploads."""
        while self._is_over():
            longest = next(turn for turn in self._inside.values() if turn is mine or turn.may_give_way)
            if longest is mine:
                raise TooManyUploads("documents.many_now")
            longest.give_way()

    def _is_over(self) -> bool:
        held = [turn.held_bytes for turn in self._inside.values() if not turn.is_cut]
        return len(held) > UPLOADS_AT_ONCE or sum(held) > UPLOADS_BYTES_AT_ONCE

    def _forget_before(self, until_us: int) -> None:
        """What is older, of everybody: who has nothing left is not kept."""
        while self._in_all and self._in_all[0] < until_us:
            self._in_all.popleft()
        for who, begun in list(self._begun.items()):
            while begun and begun[0] < until_us:
                begun.popleft()
            if not begun:
                del self._begun[who]
