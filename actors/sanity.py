"""Sanity bands: which prices are beyond what their symbol can have moved, so that no hard failure rests on them."""

from firm.instant import MINUTE_US
from firm.price import Quote, SymbolSpec

SETTLED_AFTER_PRICES = 20  # in a row at a new level, and it is the market


class SanityBands:
    """One bridge's. `accepted`: each symbol's last price within its band; `jumped`: how many have stood at a new level since."""

    def __init__(self, accepted: dict[str, Quote] | None = None, jumped: dict[str, int] | None = None) -> None:
        self.accepted = accepted or {}
        self.jumped = jumped or {}

    def take(self, quote: Quote, before: Quote | None, spec: SymbolSpec) -> Quote | None:
        """Look at a new price; the last accepted one, where this price is the first beyond its band. `before`: the one on the board.

        A price beyond it is used all the same. It is accepted once it came back, or once prices have stood at the new level for a while.
        """
        symbol, accepted = quote.symbol, self.accepted.get(quote.symbol)
        if accepted is None or _is_within(spec, accepted, quote):
            self.accepted[symbol] = quote
            self.jumped.pop(symbol, None)
            return None
        is_first = symbol not in self.jumped
        steady = before is not None and _is_within(spec, before, quote)
        self.jumped[symbol] = self.jumped.get(symbol, 0) + 1 if steady else 1
        if self.jumped[symbol] >= SETTLED_AFTER_PRICES:
            self.accepted[symbol] = quote
            del self.jumped[symbol]
        return accepted if is_first else None

    def forget(self, symbol: str) -> None:
        """Its contract is another: no price of it is known."""
        self.accepted.pop(symbol, None)
        self.jumped.pop(symbol, None)


def _is_within(spec: SymbolSpec, known: Quote, quote: Quote) -> bool:
    """Bid and ask within the symbol's band, which widens by itself for each minute of silence, up to tenfold."""
    minutes = min(9, max(0, quote.t_us - known.t_us) // MINUTE_US)
    band_bp = spec.sanity_band_bp * (1 + minutes)
    moved = max(abs(quote.bid - known.bid), abs(quote.ask - known.ask))
    return moved * 10_000 <= band_bp * known.bid
