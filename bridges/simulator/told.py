"""Told: when the newest prices of each symbol were told, by their stamps: what the platform answers by when it is asked for a stretch."""

from collections import deque

from firm.quote_frame import Tick

KEPT_MAX = 200_000  # of one symbol, the newest: a day of the busiest


class ToldPrices:
    """A ring for each symbol."""

    def __init__(self, since_us: int) -> None:
        self._since_us = since_us
        self._stamps: dict[str, deque[int]] = {}

    def take(self, tick: Tick) -> None:
        """It is told now, whatever its stamp."""
        self._stamps.setdefault(tick.symbol, deque(maxlen=KEPT_MAX)).append(tick.t_us)

    def count(self, symbol: str, from_us: int, to_us: int) -> int | None:
        """How many of a stretch were told; None where that is not known any more, or the symbol was never told."""
        stamps = self._stamps.get(symbol)
        if stamps is None or from_us < (stamps[0] if len(stamps) == KEPT_MAX else self._since_us):
            return None
        return sum(from_us <= stamp < to_us for stamp in stamps)
