"""Door: arrivals wait here for the engine to take them, in order; where it is full they stay, and reading stops."""

import asyncio
from collections.abc import Callable

from actors.arrival import Arrival, Offer, Overloaded
from bridges.bounds import DOOR_RETRY_S


class Door:
    """Offers all that waits at once. `on_full` is called when the engine took nothing, `on_open` when it takes again."""

    def __init__(self, offer: Offer, *, on_full: Callable[[], None], on_open: Callable[[], None]) -> None:
        self._offer = offer
        self._on_full = on_full
        self._on_open = on_open
        self._waiting: list[Arrival] = []
        self._scheduled = False
        self.is_full = False
        self.is_halfway = False  # outside of `knock`: an error left what waited behind

    def put(self, arrival: Arrival) -> None:
        self._waiting.append(arrival)
        self._knock_in(0.0)

    def knock(self) -> None:
        batch = self._waiting
        if not batch or self.is_halfway:
            return
        self._waiting, self.is_halfway = [], True
        try:
            self._offer(batch)
        except Overloaded:
            self.is_halfway = False
            self._waiting = batch + self._waiting
            self.is_full = True
            self._on_full()
            self._knock_in(DOOR_RETRY_S)
            return
        self.is_halfway = False
        if self.is_full:
            self.is_full = False
            self._on_open()

    def _knock_in(self, seconds: float) -> None:
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_later(seconds, self._knock_now)

    def _knock_now(self) -> None:
        self._scheduled = False
        self.knock()
