"""Facts of the market desks: prices that may not be used, that jumped, and on which a decision rests."""

from firm.facts.fact import Fact


class QuotesRefused(Fact, frozen=True, kw_only=True):
    """Ticks of the causing frame that no desk may use, as (index, why).

    `why` is crossed, not_positive, out_of_range, unknown_symbol, far_past or far_future.
    """

    bridge: str
    refused: tuple[tuple[int, str], ...]


class SanityBandLeft(Fact, frozen=True, kw_only=True):
    """A price jumped further than its band: used for marks, but no hard failure rests on it alone."""

    bridge: str
    symbol: str
    index: int
    before: int
    after: int
    band_bp: int


class QuoteUsed(Fact, frozen=True, kw_only=True):
    """An exhibit: a tick on which a decision rests, copied from frame row `frame`, tick `index`, with its contract.

    Of a conflated frame's window number w, ticks 4w and 4w + 2 are its low, 4w + 1 its high, 4w + 3 its last price.
    """

    symbol: str
    frame: int
    index: int
    t_us: int
    bid: int
    ask: int
    digits: int
    contract_e8: int
    currency_base: str
    currency_profit: str
