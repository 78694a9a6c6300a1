"""Market state: what a market desk knows, as an immutable value for snapshots and undo."""

import msgspec

from actors.price_trail import Trails
from firm.price import Quote, SymbolSpec

Stretch = tuple[str, int, int]
"""Prices of a symbol in [from_us, to_us)."""


class Window(msgspec.Struct, frozen=True):
    """A symbol in an incident. `told_us`: everything before it is told. `is_asked`: a stretch was passed over and asked for; `is_lost`:
    some of it will never come. `low`, `high`: the lowest bid and the highest ask of what came afterwards.
    """

    from_us: int
    told_us: int
    is_asked: bool = False
    is_lost: bool = False
    low: Quote | None = None
    high: Quote | None = None


class MarketState(msgspec.Struct, frozen=True, kw_only=True):
    """The market as an immutable value, for snapshots and undo.

    `closing`: last prices before instants not yet final. `accepted`: the last price of each symbol within its sanity band.
    `jumped`: symbols beyond it, with how many prices in a row have stood at the new level.
    `conflated`: symbols whose newest prices were merged, with the last plain stamp and the last merged one.
    `down_since_us`: 0, or since when the bridge has lost its platform. `windows`: symbols of the incident that goes on.
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
    down_since_us: int = 0
    windows: dict[str, Window] = msgspec.field(default_factory=dict)
