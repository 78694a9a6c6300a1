"""Delivery: what a bridge sends next, so that journal and prices leave in the order in which they happened.

Prices that follow journal event s leave after s and before s + 1; a watermark leaves once all it speaks of has left. After a
reconnect or a NACK both lanes begin again at the numbers the appliance lacks, in that same merged order.
"""

from collections.abc import Callable

from bridges.bounds import EVENTS_MAX, FRAME_BYTES_MAX, WINDOW_EVENTS_MAX, WINDOW_TICKS_MAX
from bridges.outbox import Outbox
from bridges.ring import Cut, QuoteRing
from bridges.wire import Ack, Nack, Watermark, journal, message, quotes

_FRAMING_BYTES = 16


class CannotResume(Exception):
    """The appliance asks for what this bridge does not have."""


class Delivery:
    """The cursors of both lanes over the outbox and the ring."""

    def __init__(self, outbox: Outbox, ring: QuoteRing) -> None:
        self._outbox = outbox
        self._ring = ring
        self._next_seq = outbox.last_seq + 1
        self._mark: Watermark | None = None
        self._mark_sent = False

    @property
    def is_done(self) -> bool:
        """All that was handed over is durable at the appliance."""
        return self._outbox.depth == 0 and self._ring.is_empty and self._mark is None

    def mark(self, t_us: int) -> None:
        if self._mark is None or t_us > self._mark.t_us:
            self._mark = Watermark(t_us, self._outbox.last_seq, self._ring.last_qseq)
            self._mark_sent = False

    def resume(self, after_seq: int, *, renumbered: bool) -> None:
        """A new session begins after these numbers; the ring was already set to its own."""
        self._go_back(after_seq)
        self._outbox.acknowledge(after_seq)
        if self._mark is not None:
            self._mark_sent = False
            if renumbered:
                self._mark = Watermark(self._mark.t_us, self._outbox.last_seq, self._ring.last_qseq)

    def acknowledged(self, ack: Ack) -> None:
        if ack.seq > self._outbox.last_seq:
            raise CannotResume(f"acknowledged up to {ack.seq}, but the outbox ends at {self._outbox.last_seq}")
        self._outbox.acknowledge(max(ack.seq, self._outbox.acked_seq))
        self._ring.acknowledge(ack.qseq)
        if self._mark is not None and ack.t_us >= self._mark.t_us:
            self._mark = None

    def refused(self, nack: Nack) -> None:
        self._go_back(nack.expected_seq - 1)
        self._ring.rewind(nack.expected_qseq)
        self._mark_sent = False

    def flow(self, session: str, send: Callable[[list[bytes]], bool]) -> None:
        """Send what is due until the peer takes no more or a window is full."""
        while (due := self._due(session)) is not None:
            parts, left = due
            if not send(parts):
                return
            left()

    def _due(self, session: str) -> tuple[list[bytes], Callable[[], None]] | None:
        head = self._ring.head()
        if self._mark is not None and not self._mark_sent and self._has_left(self._mark, head):
            return message(self._mark, session), self._mark_left
        if head is not None and head.after_seq < self._next_seq:
            if self._ring.sent_ticks >= WINDOW_TICKS_MAX:
                return None
            return quotes(session, head.qseq, head.n, head.body, conflated=head.conflated), self._ring.head_sent
        if self._next_seq > self._outbox.last_seq or self._next_seq - self._outbox.acked_seq > WINDOW_EVENTS_MAX:
            return None
        return self._due_events(session, head)

    def _due_events(self, session: str, head: Cut | None) -> tuple[list[bytes], Callable[[], None]]:
        last = self._outbox.last_seq if head is None else min(head.after_seq, self._outbox.last_seq)
        events: list[bytes] = []
        size = _FRAMING_BYTES
        for row in self._outbox.read(self._next_seq, min(EVENTS_MAX, last - self._next_seq + 1)):
            size += len(row.event)
            if events and size > FRAME_BYTES_MAX:
                break
            events.append(row.event)
        following = self._next_seq + len(events)
        return journal(session, self._next_seq, events), lambda: self._go_back(following - 1)

    def _has_left(self, mark: Watermark, head: Cut | None) -> bool:
        return self._next_seq > mark.seq and (head is None or head.qseq > mark.qseq)

    def _mark_left(self) -> None:
        self._mark_sent = True

    def _go_back(self, seq: int) -> None:
        if not self._outbox.first_seq <= seq + 1 <= self._outbox.last_seq + 1:
            raise CannotResume(
                f"asked for journal event {seq + 1}, but the outbox holds {self._outbox.first_seq} to {self._outbox.last_seq}"
            )
        self._next_seq = seq + 1
