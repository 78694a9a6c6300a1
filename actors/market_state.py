"""Market state: what a market desk knows, as an immutable value for snapshots and undo."""

import msgspec

from actors.price_trail import Trails
from firm.price import Quote, SymbolSpec

Stretch = tuple[str, int, int]
"""Prices of a symbol in [from_us, to_us)."""


class MarketState(msgspec.Struct, frozen=True, kw_only=True):
    """The market as an immutable value, for snapshots and undo.

    `closing`: last prices before instants not yet final. `accepted`: the last price of each symbol within its sanity band.
    `jumped`: symbols beyond it, with how many prices in a row have stood at the new level.
    `conflated`: symbols whose newest prices were merged, with the last plain stamp and the last merged one.
    `asked`: stretches that the bridge was asked to send in full and has not answered. `trails`: recent prices, for what comes late.
    """

    specs: dict[str, SymbolSpec]
    quotes: dict[str, Quote]
    closing: dict[int, dict[str, Quote]]
    latest_us: int
    watermark_us: int
    marked_us: int
    platform_up: bool
    gaps: frozenset[str]
    accepted: dict[str, Quote]
    jumped: dict[str, int]
    conflated: dict[str, tuple[int, int]]
    asked: frozenset[Stretch]
    trails: Trails = msgspec.field(default_factory=dict)
