"""Loop: an event loop whose time jumps to the next thing that is due, so that an hour of waiting costs nothing and no run differs."""

import asyncio
import selectors
from typing import Any

START_US = 1_398_981_420_000_000  # 2014-05-01T21:57:00Z: three minutes before midnight in Prague

END_S = 6_000.0  # of any run; the longest take 3,000


class Stuck(Exception):
    """Everything waits and nothing will ever happen: a deadlock of the firm, the bridge or the world."""


class _Jumping(selectors.SelectSelector):
    """Never waits: the loop's time is moved to when the wait would have ended."""

    loop: "VirtualLoop"

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None or (self.loop.seconds > END_S and not self.loop.is_stuck):
            self.loop.is_stuck = True  # tasks may still end
            raise Stuck(f"nothing is due any more, or {END_S:g} simulated seconds have passed, and the run is not over")
        self.loop.seconds += max(0.0, timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Simulated seconds since the run began."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.is_stuck = False
        selector = _Jumping()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self.seconds

    @property
    def now_us(self) -> int:
        """Firm time: whole microseconds UTC."""
        return START_US + round(self.seconds * 1_000_000)
