"""Price trail: recent prices of one bridge in the order of their stamps, so that what comes late meets those of its instant."""

from bisect import bisect_left, bisect_right

from firm.bounds import LOOK_BACK_PRICES_MAX, LOOK_BACK_US
from firm.price import Quote

Prices = tuple[Quote, ...]
Trails = dict[str, tuple[Prices, Prices]]
"""By symbol, older and newer prices; of one stamp in the order in which they came. Nothing is missing between the first and the last.

The newer ones are few, so that one more copies few: these are values, which may be kept to go back to.
"""
NEWER_MAX = 16


class PriceTrail:
    """What a minute of the market was, as far as it is known by now."""

    def __init__(self) -> None:
        self._trails: Trails = {}

    def add(self, quote: Quote) -> None:
        """Keep a price, in time or late. One from before all that is kept says nothing of what was cut off between."""
        older, newer = self._trails.get(quote.symbol, _NONE)
        last = newer[-1] if newer else older[-1] if older else quote
        if last.t_us <= quote.t_us:
            newer += (quote,)
            self._trails[quote.symbol] = (older, newer) if len(newer) < NEWER_MAX else (_recent(older + newer), ())
            return
        known = older + newer
        place = bisect_right(known, quote.t_us, key=_stamp)
        if place:
            self._trails[quote.symbol] = (_recent((*known[:place], quote, *known[place:])), ())

    def forget(self, symbol: str) -> None:
        self._trails.pop(symbol, None)

    def at(self, symbol: str, at_us: int) -> Quote | None:
        """The last one stamped at or before an instant; None where that is not known."""
        for known in reversed(self._trails.get(symbol, _NONE)):
            place = bisect_right(known, at_us, key=_stamp)
            if place:
                return known[place - 1]
        return None

    def stamps(self, symbol: str, from_us: int, until_us: int) -> list[int]:
        """When it had another price in [from_us, until_us)."""
        known = self._known(symbol)
        first, last = (bisect_left(known, instant_us, key=_stamp) for instant_us in (from_us, until_us))
        return [quote.t_us for quote in known[first:last]]

    def next_us(self, symbol: str, at_us: int) -> int | None:
        """The stamp of the first one after an instant."""
        known = self._known(symbol)
        place = bisect_right(known, at_us, key=_stamp)
        return known[place].t_us if place < len(known) else None

    def _known(self, symbol: str) -> Prices:
        older, newer = self._trails.get(symbol, _NONE)
        return older + newer

    def capture(self) -> Trails:
        return dict(self._trails)

    def restore(self, trails: Trails) -> None:
        self._trails = dict(trails)


_NONE: tuple[Prices, Prices] = ((), ())


def _stamp(quote: Quote) -> int:
    return quote.t_us


def _recent(known: Prices) -> Prices:
    """As far back as is looked, and the price that stood where that begins."""
    known = known[-LOOK_BACK_PRICES_MAX:]
    begins = bisect_right(known, known[-1].t_us - LOOK_BACK_US, key=_stamp)
    return known[max(0, begins - 1) :]
