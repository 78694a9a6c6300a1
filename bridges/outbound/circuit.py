"""Circuit: whether a destination that failed again and again is called at all: closed, open for a while, then one call to try.

So a provider that is down costs each caller nothing, and is not drowned when it comes back.
"""

from enum import StrEnum


class CircuitState(StrEnum):
    """Closed: calls go through. Open: none does. Half open: one does, and what becomes of it decides."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Admitted:
    """That a call may be made: one for each, by which a circuit knows whose try ended."""


class Circuit:
    """Of one destination. Instants are monotonic seconds. `failures`: in a row, up to now."""

    def __init__(self, failures_max: int, open_s: float) -> None:
        self.failures = 0
        self._failures_max = failures_max
        self._open_s = open_s
        self._opened_s: float | None = None
        self._single: Admitted | None = None  # the one that tries while it is half open

    def state(self, now_s: float) -> CircuitState:
        if self._opened_s is None:
            return CircuitState.CLOSED
        return CircuitState.OPEN if now_s - self._opened_s < self._open_s else CircuitState.HALF_OPEN

    def closed_in_s(self, now_s: float) -> float:
        """How long nothing goes through yet."""
        return 0.0 if self._opened_s is None else max(0.0, self._opened_s + self._open_s - now_s)

    def admits(self, now_s: float) -> Admitted | None:
        """None where no call may be made now. What was admitted ends with `succeeded`, `failed` or `given_up`."""
        match self.state(now_s):
            case CircuitState.CLOSED:
                return Admitted()
            case CircuitState.OPEN:
                return None
            case CircuitState.HALF_OPEN:
                if self._single is not None:
                    return None
                self._single = Admitted()
                return self._single

    def succeeded(self) -> bool:
        """True where that closed it."""
        was_open = self._opened_s is not None
        self.failures, self._opened_s, self._single = 0, None, None
        return was_open

    def failed(self, admitted: Admitted, now_s: float) -> bool:
        """True where that opened it, for the first time or anew."""
        self.failures += 1
        if not self._ends_single(admitted) and self._opened_s is not None:
            return False  # a call of before it opened, which only ends now
        if self._opened_s is None and self.failures < self._failures_max:
            return False
        self._opened_s = now_s
        return True

    def given_up(self, admitted: Admitted) -> None:
        """Whoever called did not wait for the end, which says nothing of the destination."""
        self._ends_single(admitted)

    def _ends_single(self, admitted: Admitted) -> bool:
        """Whether it was the single try, which is over then."""
        if admitted is not self._single:
            return False
        self._single = None
        return True
