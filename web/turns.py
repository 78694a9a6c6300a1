"""Turns: when live pages may use the loop that decides on prices: one at a time, each in its turn, and never more than their share.

One timer looks who is due. Whoever has nothing new is due again half a second later, which costs a look; whoever has is given the
turn, and what it takes is charged. While all of them together have taken their share of the time, everybody waits, and whoever
has waited longest is next: with more pages than the share allows, each is refreshed less often, and none is left out. What must
not be late goes before the line, and so does a page that was just opened; of either the line keeps every second turn. Whom nobody
awaits just now, since its browsers read what they were sent, stands aside, and comes back to where it was.
"""

import asyncio
from collections.abc import Callable, Coroutine, Generator
from heapq import heappop, heappush
from itertools import count
from typing import Any, Protocol

from web.bounds import STREAM_INTERVAL_SECONDS, STREAM_LOOK_SECONDS, STREAM_SAVED_SECONDS, STREAM_SHARE


class Seat(Protocol):
    """Somebody who waits for turns. `gone`: waits no more. `place`: in the line, None while it is in none. `due_at`: when it was due there
    last. `is_aside`: it was due, and nobody awaited it.
    """

    gone: bool
    place: int | None
    due_at: float
    is_aside: bool

    def is_awaited(self) -> bool:
        """Whether anybody would take its turn just now."""

    def has_nothing_new(self) -> bool:
        """Asked when it is due; must be quick."""

    def begin(self, now: float) -> None:
        """Its turn begins, for all to wait until it is over: it must not wait for anything itself."""


class Turns:
    """Whose turn it is, who is due when, and how much of the loop's time is taken. Times are the loop's, in seconds."""

    def __init__(self) -> None:
        self._turn: Seat | None = None
        # When, in which order of those of the same instant, the place that it has while this counts, and who.
        self._due: list[tuple[float, int, int, Seat]] = []
        self._hurried: list[tuple[float, int, int, Seat]] = []
        self._new: list[tuple[float, int, int, Seat]] = []
        self._was_hurried = self._was_new = False  # the last one whose turn it was, and of those that were not hurried
        self._order = count()
        self._free_at = float("-inf")
        self._timer: asyncio.TimerHandle | None = None

    def wait(self, seat: Seat, due_at: float) -> None:
        """Give it a turn when it is due, those before it have had theirs, and there is time."""
        self._stand(seat, due_at)
        self._set_timer()

    def hurry(self, seat: Seat, due_at: float) -> None:
        """Let one that waits go before the line when it is due. Every second turn is still the line's."""
        if seat.place is not None:
            heappush(self._hurried, (due_at, next(self._order), seat.place, seat))
            self._set_timer()

    def join(self, seat: Seat, due_at: float) -> None:
        """One that has somebody new goes before the line too, when it is due: the line keeps every second turn of those that are left.

        One that waits already keeps its place there.
        """
        if seat.place is None:
            self._stand(seat, due_at)
        heappush(self._new, (due_at, next(self._order), seat.place or 0, seat))
        self._set_timer()

    def over(self, seat: Seat) -> None:
        """Its turn is over, if it was its turn: the next begins when the loop has gone round."""
        if self._turn is seat:
            self._turn = None
            self._set_timer()

    def give_back(self, seat: Seat) -> None:
        """Whoever would have taken its turn has left: it is as if nobody had awaited it."""
        seat.is_aside = True
        self.over(seat)

    def charge(self, seconds: float) -> None:
        """Live pages have used the loop for so long."""
        earliest = asyncio.get_running_loop().time() - STREAM_SAVED_SECONDS
        self._free_at = max(self._free_at, earliest) + seconds / STREAM_SHARE

    def charged(self, work: Coroutine[Any, Any, None]) -> "Charged":
        """Work that may wait. What it takes of the loop is charged, what it waits is not."""
        return Charged(work, self.charge)

    def _go_on(self) -> None:
        """Whoever is due, until one has something new."""
        self._timer = None
        loop = asyncio.get_running_loop()
        began = now = loop.time()
        try:
            while self._turn is None and self._next_at() <= now < began + STREAM_LOOK_SECONDS:
                seat = self._next(now)
                if seat is not None and self._begins(seat, now):
                    self._turn = seat
                    seat.begin(now)
                now = loop.time()  # also where thousands are gone: passing over them takes time, too
        finally:  # whatever one of them raises, the others go on
            self.charge(loop.time() - began)
            self._set_timer()

    def _begins(self, seat: Seat, now: float) -> bool:
        """Whether its turn does. Else it is due again later, or stands aside."""
        seat.place = None
        if not seat.is_awaited():
            seat.is_aside = True
            return False
        has_new = False
        try:
            has_new = not seat.has_nothing_new()
        finally:
            if not has_new:
                self._stand(seat, now + STREAM_INTERVAL_SECONDS)
        return has_new

    def _stand(self, seat: Seat, due_at: float) -> None:
        seat.place, seat.due_at, seat.is_aside = next(self._order), due_at, False
        heappush(self._due, (due_at, seat.place, seat.place, seat))

    def _next_at(self) -> float:
        """When the next turn may begin."""
        firsts = [line[0][0] for line in (self._hurried, self._new, self._due) if line]
        return max(self._free_at, min(firsts)) if firsts else float("inf")

    def _next(self, now: float) -> Seat | None:
        """Take whose turn it is next; None where who was there has had it meanwhile, or is gone."""
        is_hurried, is_new, is_due = (
            bool(line) and line[0][0] <= now for line in (self._hurried, self._new, self._due)
        )
        hurried = is_hurried and not (self._was_hurried and (is_new or is_due))
        new = not hurried and is_new and not (self._was_new and is_due)
        _, _, place, seat = heappop(self._hurried if hurried else self._new if new else self._due)
        if seat.gone or seat.place != place:
            return None
        self._was_hurried, self._was_new = hurried, self._was_new if hurried else new
        return seat

    def _set_timer(self) -> None:
        """For the first who is due, or for when there is time again. A timer that rings too early finds that out."""
        next_at = self._next_at()
        if self._turn is not None or next_at == float("inf"):
            return
        loop = asyncio.get_running_loop()
        # Never for an instant that has passed: whatever else is due meanwhile goes first.
        at = max(next_at, loop.time())
        if self._timer is not None:
            if self._timer.when() <= at:
                return
            self._timer.cancel()
        self._timer = loop.call_at(at, self._go_on)


class Charged(Generator[Any, Any, None]):
    """Work as it is awaited, whose every step is timed: between two of them others have the loop."""

    def __init__(self, work: Coroutine[Any, Any, None], charge: Callable[[float], None]) -> None:
        self._work = work
        self._charge = charge

    def __await__(self) -> "Charged":
        return self

    def send(self, value: Any, /) -> Any:
        return self._timed(self._work.send, value)

    def throw(self, *thrown: Any) -> Any:
        return self._timed(self._work.throw, *thrown)

    def close(self) -> None:
        self._work.close()

    def _timed(self, step: Callable[..., Any], *given: Any) -> Any:
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            return step(*given)
        finally:
            self._charge(loop.time() - began)
