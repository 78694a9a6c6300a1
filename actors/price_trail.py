"""Price trail: recent prices of one bridge in the order of their stamps, so that what comes late meets those of its instant."""

from bisect import bisect_left, bisect_right

from firm.bounds import LOOK_BACK_PRICES_MAX, LOOK_BACK_US
from firm.price import Quote

Trails = dict[str, tuple[Quote, ...]]
"""By symbol; of one stamp in the order in which they came. Nothing is missing between the first and the last."""


class PriceTrail:
    """What a minute of the market was, as far as it is known by now."""

    def __init__(self) -> None:
        self._trails: Trails = {}

    def add(self, quote: Quote) -> None:
        """Keep a price, in time or late. One from before all that is kept says nothing of what was cut off between."""
        known = self._trails.get(quote.symbol, ())
        if not known or known[-1].t_us <= quote.t_us:
            self._trails[quote.symbol] = (*_recent(known, quote.t_us), quote)
            return
        place = bisect_right(known, quote.t_us, key=_stamp)
        if place:
            kept = (*known[:place], quote, *known[place:])
            self._trails[quote.symbol] = kept[-LOOK_BACK_PRICES_MAX:]

    def forget(self, symbol: str) -> None:
        self._trails.pop(symbol, None)

    def at(self, symbol: str, at_us: int) -> Quote | None:
        """The last one stamped at or before an instant; None where that is not known."""
        known = self._trails.get(symbol, ())
        place = bisect_right(known, at_us, key=_stamp)
        return known[place - 1] if place else None

    def stamps(self, symbol: str, from_us: int, until_us: int) -> list[int]:
        """When it had another price in [from_us, until_us)."""
        known = self._trails.get(symbol, ())
        first, last = (bisect_left(known, instant_us, key=_stamp) for instant_us in (from_us, until_us))
        return [quote.t_us for quote in known[first:last]]

    def next_us(self, symbol: str, at_us: int) -> int | None:
        """The stamp of the first one after an instant."""
        known = self._trails.get(symbol, ())
        place = bisect_right(known, at_us, key=_stamp)
        return known[place].t_us if place < len(known) else None

    def capture(self) -> Trails:
        return dict(self._trails)

    def restore(self, trails: Trails) -> None:
        self._trails = dict(trails)


def _stamp(quote: Quote) -> int:
    return quote.t_us


def _recent(known: tuple[Quote, ...], now_us: int) -> tuple[Quote, ...]:
    """What is kept beside a newer one: as far back as is looked, and the price that stood where that begins."""
    first = 1 if len(known) >= LOOK_BACK_PRICES_MAX else 0
    since_us = now_us - LOOK_BACK_US
    if len(known) > first + 1 and known[first + 1].t_us <= since_us:
        first = bisect_right(known, since_us, key=_stamp) - 1
    return known[first:] if first else known
