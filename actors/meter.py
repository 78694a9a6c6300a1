"""Meter: what the engine did and how long it took, since the process started. For health pages; nothing is decided by it."""

from bisect import bisect_left
from collections import deque

from actors.batch import Batch

COMMIT_BOUNDS_US = (100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000)
BATCH_BOUNDS = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000)  # inputs; BATCH_INPUTS_MAX is the last
_RECENT = 1_000


class Meter:
    """Counters, and the durations of the last thousand commits in microseconds."""

    def __init__(self) -> None:
        self.batches = 0
        self.inputs = 0
        self.facts = 0
        self.last_batch_inputs = 0
        self.decide_us: deque[int] = deque(maxlen=_RECENT)
        self.commit_us: deque[int] = deque(maxlen=_RECENT)
        self.commit_counts = [0] * (len(COMMIT_BOUNDS_US) + 1)
        self.commit_us_sum = 0
        self.batch_counts = [0] * (len(BATCH_BOUNDS) + 1)

    def batch(self, batch: Batch, decide_ns: int, commit_ns: int) -> None:
        inputs = len(batch.decided)
        self.batches += 1
        self.inputs += inputs
        self.facts += len(batch.rows) - inputs
        self.last_batch_inputs = inputs
        self.decide_us.append(decide_ns // 1_000)
        self.commit_us.append(commit_ns // 1_000)
        self.commit_counts[bisect_left(COMMIT_BOUNDS_US, commit_ns // 1_000)] += 1
        self.commit_us_sum += commit_ns // 1_000
        self.batch_counts[bisect_left(BATCH_BOUNDS, inputs)] += 1

    def commit_quantile_us(self, hundredths: int) -> int:
        """The given percentile of the recent commits, or 0 before the first."""
        recent = sorted(self.commit_us)
        return recent[min(len(recent) - 1, len(recent) * hundredths // 100)] if recent else 0

    def histogram(self) -> tuple[tuple[int, int], ...]:
        """(upper bound in µs, count); the last bound is 0 and holds everything slower."""
        return tuple(zip((*COMMIT_BOUNDS_US, 0), self.commit_counts, strict=True))
