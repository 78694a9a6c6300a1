"""Bars: one-minute highs, lows and closes that traders look back on. Worked out from the tick files, so never saved."""

from collections import deque
from typing import NamedTuple

from firm.instant import MINUTE_US
from firm.quote_frame import Tick

BARS_KEPT = 600


class Bar(NamedTuple):
    """The bids of one minute."""

    minute: int
    high: int
    low: int
    close: int


class Bars:
    """The last finished and the running minute of each symbol, over all ticks read so far."""

    def __init__(self) -> None:
        self._bars: dict[str, deque[Bar]] = {}
        self._channels: dict[tuple[str, int], tuple[int, tuple[int, int] | None]] = {}

    def take(self, tick: Tick) -> None:
        bars = self._bars.setdefault(tick.symbol, deque(maxlen=BARS_KEPT))
        minute = tick.t_us // MINUTE_US
        if bars and bars[-1].minute == minute:
            last = bars[-1]
            bars[-1] = Bar(minute, max(last.high, tick.bid), min(last.low, tick.bid), tick.bid)
        else:
            bars.append(Bar(minute, tick.bid, tick.bid, tick.bid))

    def forget(self, symbol: str) -> None:
        """Its prices are in other points from now on."""
        self._bars.pop(symbol, None)

    def close_before(self, symbol: str, minute: int) -> int | None:
        """The close of the last bar up to and including `minute`, or of the oldest kept one; None without any."""
        bars = self._bars.get(symbol)
        if not bars:
            return None
        return next((bar.close for bar in reversed(bars) if bar.minute <= minute), bars[0].close)

    def pace(self, symbol: str, minute: int, minutes: int) -> int:
        """The mean range of the finished `minutes` before `minute`, in points; 0 where less than a quarter of them has bars."""
        bars = [bar for bar in self._bars.get(symbol, ()) if minute - minutes <= bar.minute < minute]
        return sum(bar.high - bar.low for bar in bars) // len(bars) if bars and 4 * len(bars) >= minutes else 0

    def channel(self, symbol: str, minute: int, minutes: int) -> tuple[int, int] | None:
        """Lowest and highest bid of the finished `minutes` before `minute`; None where less than a quarter of them has bars."""
        key = (symbol, minutes)
        known = self._channels.get(key)
        if known is None or known[0] != minute:
            bars = [bar for bar in self._bars.get(symbol, ()) if minute - minutes <= bar.minute < minute]
            found = (min(bar.low for bar in bars), max(bar.high for bar in bars)) if 4 * len(bars) >= minutes else None
            known = self._channels[key] = (minute, found)
        return known[1]
