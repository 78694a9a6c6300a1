"""Feed: each symbol of a bridge as the market desk last saw it: its price, and what makes that price doubtful for a failure."""

import msgspec

from actors.market_state import MarketState
from actors.sanity import SETTLED_AFTER_PRICES
from firm.sessions import is_open


class Jump(msgspec.Struct, frozen=True):
    """A price beyond its sanity band: the last accepted one, the band, and how many in a row have stood at the new level."""

    accepted_bid: int
    accepted_us: int
    band_bp: int
    prices: int
    prices_needed: int


class SymbolFeed(msgspec.Struct, frozen=True, kw_only=True):
    """One symbol. Prices in points of `digits`, None before the first; `priced_us` by the platform's clock.

    `gap`: the bridge lacks prices before the next one. `conflated`: since which price it sent merged ones, up to which.
    `asked`: stretches that it was asked to send in full and has not answered.
    """

    symbol: str
    digits: int
    bid: int | None
    ask: int | None
    priced_us: int
    open: bool
    gap: bool
    jump: Jump | None
    conflated: tuple[int, int] | None
    asked: tuple[tuple[int, int], ...]

    @property
    def doubtful(self) -> bool:
        return self.gap or self.jump is not None or self.conflated is not None or bool(self.asked)


class Feed(msgspec.Struct, frozen=True, kw_only=True):
    """One bridge's prices. `watermark_us`: everything stamped before it has arrived; 0 before the first."""

    bridge: str
    platform_up: bool
    watermark_us: int
    symbols: tuple[SymbolFeed, ...]


def feed_of(bridge: str, market: MarketState, now_us: int) -> Feed:
    """By name of symbol."""
    asked: dict[str, list[tuple[int, int]]] = {}
    for symbol, from_us, to_us in sorted(market.asked):
        asked.setdefault(symbol, []).append((from_us, to_us))
    return Feed(
        bridge=bridge,
        platform_up=market.platform_up,
        watermark_us=market.watermark_us,
        symbols=tuple(_symbol(market, symbol, tuple(asked.get(symbol, ())), now_us) for symbol in sorted(market.specs)),
    )


def _symbol(market: MarketState, symbol: str, asked: tuple[tuple[int, int], ...], now_us: int) -> SymbolFeed:
    spec, quote = market.specs[symbol], market.quotes.get(symbol)
    return SymbolFeed(
        symbol=symbol,
        digits=spec.digits,
        bid=quote.bid if quote is not None else None,
        ask=quote.ask if quote is not None else None,
        priced_us=quote.t_us if quote is not None else 0,
        open=is_open(spec, now_us),
        gap=symbol in market.gaps,
        jump=_jump(market, symbol),
        conflated=market.conflated.get(symbol),
        asked=asked,
    )


def _jump(market: MarketState, symbol: str) -> Jump | None:
    if symbol not in market.jumped:
        return None
    accepted = market.accepted[symbol]
    band_bp = market.specs[symbol].sanity_band_bp
    return Jump(accepted.bid, accepted.t_us, band_bp, market.jumped[symbol], SETTLED_AFTER_PRICES)
