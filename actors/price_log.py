"""Price log: the prices that highs rest on, by the order in which they came, for as long as a desk may ask for them."""

from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from firm.price import Quote

PRICES_MAX = 65_536


class Logged(NamedTuple):
    """A price, and whether it was beyond its symbol's sanity band."""

    quote: Quote
    off_market: bool


class PriceLog:
    """Numbers prices, and tells which stood when one of them came."""

    def __init__(self) -> None:
        self.ordinal = 1
        self._of_symbol: dict[str, tuple[list[int], list[Logged]]] = {}
        self._kept = 0

    def begin(self, standing: Quote) -> None:
        """Keep the prices of a symbol from here on. The first one is within its band: nobody is admitted at another."""
        if standing.symbol not in self._of_symbol:
            self._of_symbol[standing.symbol] = ([self.ordinal], [Logged(standing, off_market=False)])

    def add(self, quote: Quote, off_market: bool) -> None:
        """A price came."""
        self.ordinal += 1
        ordinals, prices = self._of_symbol.setdefault(quote.symbol, ([], []))
        ordinals.append(self.ordinal)
        prices.append(Logged(quote, off_market))
        self._kept += 1

    @property
    def is_full(self) -> bool:
        """Whether it is time to `forget_all_but` what is wanted."""
        return self._kept > PRICES_MAX

    def stood_at(self, symbols: tuple[str, ...], ordinal: int) -> tuple[Logged, ...]:
        """What stood of these symbols when the price of that number came."""
        return tuple(self._stood_at(symbol, ordinal) for symbol in symbols)

    def t_us_at(self, ordinal: int, symbols: tuple[str, ...]) -> int:
        """The stamp of the price of that number, which is of one of these symbols."""
        for symbol in symbols:
            ordinals, prices = self._of_symbol[symbol]
            place = bisect_right(ordinals, ordinal) - 1
            if ordinals[place] == ordinal:
                return prices[place].quote.t_us
        raise AssertionError(f"price {ordinal} is of none of {symbols}")

    def forget_after(self, ordinal: int) -> None:
        """Prices that came after that number came not: their input is undone."""
        for symbol, (ordinals, prices) in list(self._of_symbol.items()):
            place = bisect_right(ordinals, ordinal)
            del ordinals[place:], prices[place:]
            if not ordinals:
                del self._of_symbol[symbol]
        self.ordinal = ordinal

    def forget_all_but(self, wanted: Iterable[int]) -> None:
        """Keep what stood when prices of these numbers came, and what stands now."""
        moments = np.unique(np.fromiter(wanted, np.int64))
        for symbol, (ordinals, prices) in self._of_symbol.items():
            places = np.searchsorted(np.array(ordinals), moments, side="right") - 1
            kept = np.unique(np.append(places[places >= 0], len(ordinals) - 1)).tolist()
            self._of_symbol[symbol] = ([ordinals[place] for place in kept], [prices[place] for place in kept])
        # What must be kept makes room for as much again, or it would be looked through with every price.
        self._kept = 0

    def _stood_at(self, symbol: str, ordinal: int) -> Logged:
        ordinals, prices = self._of_symbol[symbol]
        return prices[bisect_right(ordinals, ordinal) - 1]
