"""Lanes: the two numbered lanes of one bridge at the gateway: what is taken, what is a duplicate, what must wait, what is durable.

Nothing is offered out of order: a number that is missing is asked for, a number seen before is dropped. Prices wait for the
journal event that they follow. The journal never waits for prices.
"""

from collections import deque
from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

from msgspec import Raw

from bridges.bounds import HELD_FRAMES_MAX, IN_FLIGHT_MAX
from bridges.wire import Watermark
from firm.quote_frame import Tick, Window, encode_quotes


class Took(Enum):
    """What became of a frame."""

    TAKEN = "taken"
    DUPLICATE = "duplicate"
    HOLE = "sequence hole"
    FULL = "too many held frames"


class PendingEvent(NamedTuple):
    """A journal event, still encoded."""

    seq: int
    raw: bytes | Raw


class PendingQuotes(NamedTuple):
    """A quote frame whose first new tick is the one expected."""

    qseq: int
    after_seq: int
    entries: list[Tick] | list[Window]
    body: bytes
    conflated: bool

    @property
    def last_qseq(self) -> int:
        return self.qseq + len(self.entries) - 1


Pending = PendingEvent | PendingQuotes | Watermark


class Numbers(NamedTuple):
    """How far both lanes and the watermark have come."""

    seq: int
    qseq: int
    mark_us: int


class Lanes:
    """Both lanes of a bridge over all its sessions. `durable` is what may be acknowledged.

    `barrier`: the journal waits until what was offered is durable, because the events after it need the answer.
    """

    def __init__(self, bridge: str, *, seq: int, qseq: int, epoch: str) -> None:
        self.bridge = bridge
        self.epoch = epoch
        self.durable = self.offered = Numbers(seq, qseq, 0)
        self.in_flight = 0
        self.barrier = False
        self.ack_due = False
        self.is_new = True  # no session since this process began
        self.refused_for = ""
        self._taken = self.offered
        self._events: deque[PendingEvent] = deque()
        self._held: deque[PendingQuotes | Watermark] = deque()
        self._asked_seq = 0
        self._asked_qseq = 0

    @property
    def pressure(self) -> int:
        """Events and ticks that are not yet durable and that more reading would not help along."""
        return self.in_flight + len(self._events)

    @property
    def expected_seq(self) -> int:
        return self._taken.seq + 1

    @property
    def expected_qseq(self) -> int:
        return self._taken.qseq + 1

    def take_events(self, first_seq: int, raws: Sequence[bytes | Raw]) -> Took:
        expected = self.expected_seq
        if first_seq > expected:
            return Took.HOLE
        if first_seq + len(raws) <= expected:
            return Took.DUPLICATE
        fresh = raws[expected - first_seq :]
        self._events.extend(PendingEvent(seq, raw) for seq, raw in enumerate(fresh, expected))
        self._taken = self._taken._replace(seq=self._taken.seq + len(fresh))
        return Took.TAKEN

    def take_quotes(self, frame: PendingQuotes) -> Took:
        expected = self.expected_qseq
        if frame.qseq > expected:
            return Took.HOLE
        if frame.last_qseq < expected:
            return Took.DUPLICATE
        if self._is_far_ahead(frame.after_seq):
            return Took.HOLE
        if len(self._held) >= HELD_FRAMES_MAX:
            return Took.FULL
        self._held.append(frame if frame.qseq == expected else _trimmed(frame, expected))
        self._taken = self._taken._replace(qseq=frame.last_qseq)
        return Took.TAKEN

    def take_watermark(self, mark: Watermark) -> Took:
        if mark.t_us <= self._taken.mark_us:
            return Took.DUPLICATE
        if mark.qseq > self._taken.qseq or self._is_far_ahead(mark.seq):
            return Took.HOLE
        if len(self._held) >= HELD_FRAMES_MAX:
            return Took.FULL
        self._held.append(mark)
        self._taken = self._taken._replace(mark_us=mark.t_us)
        return Took.TAKEN

    def next_ready(self) -> Pending | None:
        """What may be offered now, in the merged order: prices first, then the event that ends their stretch."""
        if self._held and self._follows(self._held[0]):
            ready = self._held.popleft()
            match ready:
                case PendingQuotes():
                    self.offered = self.offered._replace(qseq=ready.last_qseq)
                case Watermark():
                    self.offered = self.offered._replace(mark_us=ready.t_us)
            return ready
        if self._events and not self.barrier:
            event = self._events.popleft()
            self.offered = Numbers(event.seq, self.offered.qseq, self.offered.mark_us)
            return event
        return None

    def made_durable(self, numbers: Numbers, weight: int) -> None:
        assert numbers.seq >= self.durable.seq, (
            f"journal of {self.bridge}: durable {self.durable.seq}, then {numbers.seq}"
        )
        assert numbers.qseq >= self.durable.qseq, (
            f"quotes of {self.bridge}: durable {self.durable.qseq}, then {numbers.qseq}"
        )
        self.durable = numbers
        self.in_flight -= weight
        self.ack_due = True

    def go_back(self, numbers: Numbers, weight: int) -> None:
        """What was taken after these numbers, and never came as far as the engine, was not taken: it has to come again."""
        self.offered = self._taken = numbers
        self.in_flight -= weight
        self._events.clear()
        self._held.clear()
        self.forget_asking()

    def should_ask(self, *, journal: bool) -> bool:
        """Whether a NACK is due for what this lane lacks: once for each missing number, until that is forgotten."""
        due = self._asked_seq != self.expected_seq if journal else self._asked_qseq != self.expected_qseq
        if due:
            self._asked_seq, self._asked_qseq = self.expected_seq, self.expected_qseq
        return due

    def forget_asking(self) -> None:
        self._asked_seq = self._asked_qseq = 0

    def _is_far_ahead(self, seq: int) -> bool:
        """Nobody has so many events under way: to hold what follows such a one would close the lane for good."""
        return seq > self._taken.seq + IN_FLIGHT_MAX

    def _follows(self, held: PendingQuotes | Watermark) -> bool:
        match held:
            case PendingQuotes():
                return held.after_seq <= self.offered.seq
            case Watermark():
                return held.seq <= self.offered.seq  # its prices lie before it in the same queue


def _trimmed(frame: PendingQuotes, expected: int) -> PendingQuotes:
    """Without the ticks that were taken before, encoded again in the canonical way."""
    entries = frame.entries[expected - frame.qseq :]
    return frame._replace(qseq=expected, entries=entries, body=encode_quotes(frame.after_seq, entries))
