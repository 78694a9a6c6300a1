"""Quote ring: the prices a bridge still holds because the appliance has not confirmed them, and what it does when that is too many.

Ticks are numbered as they enter. Only overload merges prices, one window for each symbol, and marks them so. A symbol for
which there is no window any more loses its prices; of it is known which stretch is missing.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from bridges.bounds import CONFLATED_SYMBOLS_MAX, RING_TICKS_MAX, TICKS_MAX
from bridges.events import Gap
from firm.quote_frame import Tick, Window, encode_quotes


class Cut(NamedTuple):
    """One frame's worth of prices, encoded; numbers `qseq` to `qseq + n - 1`, after journal event `after_seq`."""

    qseq: int
    n: int
    after_seq: int
    body: bytes
    conflated: bool

    @property
    def last_qseq(self) -> int:
        return self.qseq + self.n - 1


class QuoteRing:
    """`next_qseq` None: numbering begins wherever the appliance stands."""

    def __init__(self, next_qseq: int | None) -> None:
        self.next_qseq = next_qseq
        self._sent: deque[Cut] = deque()
        self._unsent: deque[Cut] = deque()
        self._windows: dict[str, Window] = {}
        self._lost: dict[str, Gap] = {}  # a name and two instants each: the platform's own list of symbols is the bound
        self.sent_ticks = 0
        self.unsent_ticks = 0

    @property
    def last_qseq(self) -> int:
        return 0 if self.next_qseq is None else self.next_qseq - 1

    @property
    def first_qseq(self) -> int:
        """The oldest tick that is held, else the next one; 0 before numbering began."""
        for side in (self._sent, self._unsent):
            if side:
                return side[0].qseq
        return self.next_qseq or 0

    @property
    def has_room(self) -> bool:
        return self.sent_ticks + self.unsent_ticks < RING_TICKS_MAX

    @property
    def has_room_for_windows(self) -> bool:
        return self.sent_ticks + self.unsent_ticks < 2 * RING_TICKS_MAX

    def start(self, qseq: int) -> None:
        """Number from here on, what is held first."""
        self.next_qseq = qseq
        for side in (self._sent, self._unsent):
            for index, cut in enumerate(side):
                side[index] = cut._replace(qseq=self.next_qseq)
                self.next_qseq += cut.n

    def add(self, entries: Sequence[Tick] | Sequence[Window], after_seq: int, *, conflated: bool = False) -> None:
        qseq = self.next_qseq or 0
        for start in range(0, len(entries), TICKS_MAX):
            part = entries[start : start + TICKS_MAX]
            self._unsent.append(Cut(qseq, len(part), after_seq, encode_quotes(after_seq, part), conflated))
            qseq += len(part)
        self.unsent_ticks += len(entries)
        if self.next_qseq is not None:
            self.next_qseq = qseq

    def put_before(self, parts: Iterable[tuple[int, Sequence[Tick]]], qseq: int) -> None:
        """Take in again what came before the oldest held tick, from `qseq` on, as (after_seq, ticks)."""
        older = QuoteRing(qseq)
        for after_seq, ticks in parts:
            older.add(ticks, after_seq)
        assert older.next_qseq == self.first_qseq, (
            f"refilled to {older.last_qseq}, but {self.first_qseq} is the oldest tick held"
        )
        self._unsent = deque((*older._unsent, *self._sent, *self._unsent))
        self.unsent_ticks += self.sent_ticks + older.unsent_ticks
        self._sent.clear()
        self.sent_ticks = 0

    def conflate(self, ticks: Sequence[Tick]) -> None:
        """Merge into each symbol's window."""
        for tick in ticks:
            window = self._windows.get(tick.symbol)
            if window is not None:
                self._windows[tick.symbol] = _merged(window, tick)
            elif len(self._windows) < CONFLATED_SYMBOLS_MAX:
                self._windows[tick.symbol] = _window_of(tick)
            else:
                self._lost[tick.symbol] = _widened(self._lost.get(tick.symbol), tick)

    @property
    def is_empty(self) -> bool:
        return not (self._sent or self._unsent or self._windows)

    @property
    def is_conflating(self) -> bool:
        return bool(self._windows)

    def close_windows(self, after_seq: int) -> list[Gap]:
        """Put the merged prices into the ring, in the order of their last ticks; what was lost meanwhile is to be journalled."""
        if self._windows:
            windows = sorted(self._windows.values(), key=lambda window: (window.t_us, window.symbol))
            self._windows.clear()
            self.add(windows, after_seq, conflated=True)
        lost = sorted(self._lost.values(), key=lambda gap: (gap.from_us, gap.sym))
        self._lost.clear()
        return lost

    def acknowledge(self, qseq: int) -> None:
        while self._sent and self._sent[0].last_qseq <= qseq:
            self.sent_ticks -= self._sent.popleft().n
        while not self._sent and self._unsent and self.next_qseq is not None and self._unsent[0].last_qseq <= qseq:
            self.unsent_ticks -= self._unsent.popleft().n

    def rewind(self, qseq: int) -> None:
        """What holds tick `qseq` or later is to be sent again."""
        while self._sent and self._sent[-1].last_qseq >= qseq:
            cut = self._sent.pop()
            self._unsent.appendleft(cut)
            self.sent_ticks -= cut.n
            self.unsent_ticks += cut.n

    def head(self) -> Cut | None:
        """The next frame to be sent."""
        return self._unsent[0] if self._unsent else None

    def head_sent(self) -> None:
        cut = self._unsent.popleft()
        self._sent.append(cut)
        self.unsent_ticks -= cut.n
        self.sent_ticks += cut.n


def _widened(gap: Gap | None, tick: Tick) -> Gap:
    """The stretch, end exclusive, in which this tick too is missing."""
    if gap is None:
        return Gap(tick.symbol, tick.t_us, tick.t_us + 1)
    return Gap(tick.symbol, min(gap.from_us, tick.t_us), max(gap.to_us, tick.t_us + 1))


def _window_of(tick: Tick) -> Window:
    return Window(tick.symbol, tick.t_us, tick.bid, tick.ask, tick.bid, tick.bid, tick.ask, tick.ask, 1)


def _merged(window: Window, tick: Tick) -> Window:
    return Window(
        tick.symbol,
        tick.t_us,
        tick.bid,
        tick.ask,
        min(window.bid_lo, tick.bid),
        max(window.bid_hi, tick.bid),
        min(window.ask_lo, tick.ask),
        max(window.ask_hi, tick.ask),
        window.merged + 1,
    )
