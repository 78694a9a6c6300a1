"""Snapshotter: writes a captured state in small parts, between batches, so that no price waits for it.

Only desks whose state is another object than in the last snapshot are encoded again.
"""

import hashlib
from collections import deque
from time import perf_counter_ns
from typing import Any

from actors.batch import Captured
from actors.states import state_bytes
from firm.inputs import SnapshotWritten
from storage.snapshots import SnapshotPart

PART_NS_MAX = 1_000_000  # time a batch may spend on a snapshot


class Snapshotter:
    """At most one snapshot is on its way; another that falls due meanwhile is let go, the next one comes soon enough."""

    def __init__(self) -> None:
        self._known: dict[str, Any] = {}
        self._hashes: dict[str, bytes] = {}
        self._captured: Captured | None = None
        self._waiting: deque[str] = deque()

    @property
    def busy(self) -> bool:
        return self._captured is not None

    def begin(self, captured: Captured) -> None:
        if self.busy:
            return
        self._captured = captured
        self._waiting = deque(
            name for name, state in captured.states.items() if self._known.get(name, self) is not state
        )

    def part(self) -> list[SnapshotPart]:
        """The next states to be written with this batch; at least one while any waits."""
        if self._captured is None:
            return []
        parts: list[SnapshotPart] = []
        started_ns = perf_counter_ns()
        while self._waiting and (not parts or perf_counter_ns() - started_ns < PART_NS_MAX):
            name = self._waiting.popleft()
            state = self._captured.states[name]
            raw = state_bytes(state)
            self._known[name] = state
            self._hashes[name] = hashlib.sha256(raw).digest()
            parts.append(SnapshotPart(name, self._captured.of_seq, raw))
        return parts

    def finished(self) -> SnapshotWritten | None:
        """The input that completes the snapshot, once its last part is durable."""
        if self._captured is None or self._waiting:
            return None
        captured, self._captured = self._captured, None
        whole = hashlib.sha256()
        for name in sorted(captured.states, key=lambda name: name.encode()):
            label = name.encode()
            whole.update(len(label).to_bytes(4) + label + self._hashes[name])
        return SnapshotWritten(of_seq=captured.of_seq, states=len(captured.states), state_hash=whole.hexdigest())
