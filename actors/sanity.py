"""Sanity: which ticks are no prices, and which prices are beyond what their symbol can have moved: no hard failure rests on those."""

from collections.abc import Mapping

from firm.instant import MINUTE_US
from firm.policy import Policy
from firm.price import Quote, SymbolSpec
from firm.quote_frame import Tick

PRICE_POINTS_MAX = 10**12  # no symbol's price in points comes near; beyond it sums would outgrow what is stored
SETTLED_AFTER_PRICES = 20  # in a row at a new level, and it is the market


def why_refused(tick: Tick, specs: Mapping[str, SymbolSpec], received_us: int, policy: Policy) -> str:
    """Why a tick is no price, in the word for the ledger; "" where it is one."""
    bid, ask, ahead_us = tick.bid, tick.ask, tick.t_us - received_us
    if tick.symbol not in specs:
        return "unknown_symbol"
    if bid <= 0 or ask <= 0:
        return "not_positive"
    if bid > ask:
        return "crossed"
    if ask > PRICE_POINTS_MAX:
        return "out_of_range"
    if ahead_us > policy.far_future_us:
        return "far_future"
    if -ahead_us > policy.far_past_us:
        return "far_past"
    return ""


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
            if symbol in self.jumped:
                del self.jumped[symbol]
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
    silent_us, band_bp = quote.t_us - known.t_us, spec.sanity_band_bp
    if silent_us >= MINUTE_US:
        band_bp *= 1 + min(9, silent_us // MINUTE_US)
    widest = band_bp * known.bid // 10_000
    return -widest <= quote.bid - known.bid <= widest and -widest <= quote.ask - known.ask <= widest
