"""Clock: firm time, by which the firm stamps and waits. It never goes back, and never jumps.

On a live firm it is the machine's monotonic clock, slewed gently towards its wall clock. In a demo it is the simulated
platform's time: it stands still between the platform's reports. Sessions and guesses are counted by wall time instead.
"""

import time
from typing import Protocol

# How fast a wrong wall clock is followed: 500 µs a second, the rate at which adjtime(3) slews.
SLEW_PER_SECOND_US = 500


class Clock(Protocol):
    """Firm time in µs UTC. `advance` tells it an instant that a platform has reported."""

    def now_us(self) -> int: ...

    def advance(self, reported_us: int) -> None: ...


def wall_us() -> int:
    """The machine's wall clock. It may step; nothing is decided by it."""
    return time.time_ns() // 1_000


class SystemClock:
    """Monotonic time, slewed towards wall time; starts no earlier than the ledger's last row."""

    def __init__(self, not_before_us: int) -> None:
        self._offset_us = max(wall_us(), not_before_us) - _monotonic_us()
        self._slewed_at_us = _monotonic_us()

    def now_us(self) -> int:
        monotonic_us = _monotonic_us()
        elapsed_us = monotonic_us - self._slewed_at_us
        if elapsed_us >= 1_000_000:
            step_max_us = elapsed_us * SLEW_PER_SECOND_US // 1_000_000
            behind_us = wall_us() - (monotonic_us + self._offset_us)
            self._offset_us += max(-step_max_us, min(step_max_us, behind_us))
            self._slewed_at_us = monotonic_us
        return monotonic_us + self._offset_us

    def advance(self, reported_us: int) -> None:
        """A platform's clock is no authority on ours."""


class SimulatedClock:
    """The newest instant that the simulated platform has reported."""

    def __init__(self, start_us: int) -> None:
        self._now_us = start_us

    def now_us(self) -> int:
        return self._now_us

    def advance(self, reported_us: int) -> None:
        self._now_us = max(self._now_us, reported_us)


def _monotonic_us() -> int:
    return time.monotonic_ns() // 1_000
