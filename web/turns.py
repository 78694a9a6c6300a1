"""Turns: when live pages may use the loop that decides on prices: one at a time, each in its turn, and never more than their share.

One timer looks who is due. Whoever has nothing new is due again half a second later, which costs a look; whoever has is given the
turn, and what it takes is charged. While all of them together have taken their share of the time, everybody waits, and
whoever has waited longest is next: with more pages than the share allows, each is refreshed less often, and none is left out.
"""

import asyncio
from heapq import heappop, heappush
from itertools import count
from typing import Protocol

from web.bounds import STREAM_INTERVAL_SECONDS, STREAM_LOOK_SECONDS, STREAM_SAVED_SECONDS, STREAM_SHARE


class Seat(Protocol):
    """Somebody who waits for turns. `gone`: waits no more."""

    gone: bool

    def has_nothing_new(self, now: float) -> bool:
        """Asked when it is due; must be quick."""

    def begin(self, now: float) -> None:
        """Its turn begins, for all to wait until it is over: it must not wait for anything itself."""


class Turns:
    """Whose turn it is, who is due when, and how much of the loop's time is taken. Times are the loop's, in seconds."""

    def __init__(self) -> None:
        self._turn: Seat | None = None
        self._due: list[tuple[float, int, Seat]] = []
        self._order = count()
        self._free_at = float("-inf")
        self._timer: asyncio.TimerHandle | None = None

    def wait(self, seat: Seat, due_at: float) -> None:
        """Give it a turn when it is due, those before it have had theirs, and there is time."""
        heappush(self._due, (due_at, next(self._order), seat))
        self._set_timer()

    def join(self, seat: Seat) -> None:
        """A new one, who has nothing to look at yet, stands beside the one who has waited longest."""
        now = asyncio.get_running_loop().time()
        self.wait(seat, min(now, self._due[0][0]) if self._due else now)

    def over(self, seat: Seat) -> None:
        """Its turn is over, if it was its turn: the next begins when the loop has gone round."""
        if self._turn is seat:
            self._turn = None
            self._set_timer()

    def charge(self, seconds: float) -> None:
        """Live pages have used the loop for so long."""
        earliest = asyncio.get_running_loop().time() - STREAM_SAVED_SECONDS
        self._free_at = max(self._free_at, earliest) + seconds / STREAM_SHARE

    def _go_on(self) -> None:
        """Whoever is due, until one has something new."""
        self._timer = None
        loop = asyncio.get_running_loop()
        began = now = loop.time()
        while self._due and max(self._free_at, self._due[0][0]) <= now < began + STREAM_LOOK_SECONDS:
            _, _, seat = heappop(self._due)
            if seat.gone:
                continue
            if not seat.has_nothing_new(now):
                self._turn = seat
                seat.begin(now)
                break
            heappush(self._due, (now + STREAM_INTERVAL_SECONDS, next(self._order), seat))
            now = loop.time()
        self.charge(loop.time() - began)
        self._set_timer()

    def _set_timer(self) -> None:
        """For the first who is due, or for when there is time again. A timer that rings too early finds that out."""
        if self._turn is not None or not self._due:
            return
        loop = asyncio.get_running_loop()
        # Never for an instant that has passed: whatever else is due meanwhile goes first.
        at = max(self._free_at, self._due[0][0], loop.time())
        if self._timer is not None:
            if self._timer.when() <= at:
                return
            self._timer.cancel()
        self._timer = loop.call_at(at, self._go_on)
