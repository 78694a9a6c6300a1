"""Document turns: how often, and how many at once, documents are handed in, so that bodies that wait fit into memory."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from web.bounds import UPLOADS_AT_ONCE, UPLOADS_IN_ALL_PER_HOUR, UPLOADS_PER_HOUR

_HOUR_US = 3_600 * 1_000_000


class TooManyUploads(Exception):
    """Not now. Says why in words."""


class DocumentTurns:
    """By trader and in all. Times are wall time."""

    def __init__(self) -> None:
        self._inside: set[int] = set()
        self._begun: dict[int, deque[int]] = {}
        self._in_all: deque[int] = deque()

    @contextmanager
    def turn(self, trader: int, now_us: int) -> Iterator[None]:
        """While a document of this trader comes and is looked at. Raises TooManyUploads."""
        if trader in self._inside:
            raise TooManyUploads("a document of yours is on its way already: wait until it has come")
        if len(self._inside) >= UPLOADS_AT_ONCE:
            raise TooManyUploads("many hand documents in just now: try again in a minute")
        self._forget_before(now_us - _HOUR_US)
        if len(self._begun.get(trader, ())) >= UPLOADS_PER_HOUR:
            raise TooManyUploads(f"you have handed in {UPLOADS_PER_HOUR} files within the hour: go on later")
        if len(self._in_all) >= UPLOADS_IN_ALL_PER_HOUR:
            raise TooManyUploads("many have handed documents in within the hour: try again later")
        self._begun.setdefault(trader, deque()).append(now_us)
        self._in_all.append(now_us)
        self._inside.add(trader)
        try:
            yield
        finally:
            self._inside.discard(trader)

    def _forget_before(self, until_us: int) -> None:
        """What is older, of everybody: who has nothing left is not kept."""
        while self._in_all and self._in_all[0] < until_us:
            self._in_all.popleft()
        for trader, begun in list(self._begun.items()):
            while begun and begun[0] < until_us:
                begun.popleft()
            if not begun:
                del self._begun[trader]
