"""Market view: what one bridge's market desk knows of prices, and what other desks may ask of it. Only the desk writes it."""

from collections.abc import Iterable

from actors.desk import High, Watch
from actors.market_state import MarketState
from actors.missing_prices import MissingPrices
from actors.price_trail import PriceTrail
from actors.sanity import SanityBands
from actors.wakes import Wakes
from firm.equity import Board
from firm.facts import Doubt
from firm.freshness import is_stale
from firm.incidents import Hole
from firm.inputs import GapReported
from firm.outage import silent_since_us
from firm.price import Quote
from firm.sessions import open_since_us


class MarketView:
    """The prices of one bridge, to be asked about."""

    def __init__(self, name: str, bridge: str) -> None:
        self.name = name
        self.bridge = bridge
        self.wakes = Wakes()
        self.wake_count = 0
        self.tick_count = 0
        self.board = Board({}, {})
        self._closing: dict[int, dict[str, Quote]] = {}
        self._latest_us = self._watermark_us = self._marked_us = 0
        self._platform_up = True
        self._down_since_us = 0
        self._gaps: frozenset[str] = frozenset()
        self._sanity = SanityBands()
        self._conflated: dict[str, tuple[int, int]] = {}
        self._missing = MissingPrices(bridge)
        self._trail = PriceTrail()
        self._contract_changed = False  # by the input that is being decided
        self._captured: MarketState | None = None  # while nothing but time has gone on since

    @property
    def latest_us(self) -> int:
        return self._latest_us

    @property
    def watermark_us(self) -> int:
        return self._watermark_us

    def is_final(self, instant_us: int) -> bool:
        """Whether everything stamped before the instant has arrived."""
        return self._watermark_us >= instant_us

    def doubts_about(self, symbols: tuple[str, ...], now_us: int, stale_after_us: int) -> tuple[Doubt, ...]:
        """What is wrong with these symbols' prices for a hard failure, in the order of the enum."""
        doubts = set()
        if not self._platform_up:
            doubts.add(Doubt.PLATFORM_DOWN)
        if any(symbol not in self.board.quotes for symbol in symbols):
            doubts.add(Doubt.NO_QUOTE)
        if any(symbol in self._gaps or self._is_old(symbol, now_us, stale_after_us) for symbol in symbols):
            doubts.add(Doubt.STALE_QUOTE)
        if any(symbol in self._sanity.jumped for symbol in symbols):
            doubts.add(Doubt.OUTSIDE_SANITY_BAND)
        if any(symbol in self._conflated for symbol in symbols):
            doubts.add(Doubt.CONFLATED_PRICES)
        return tuple(doubt for doubt in Doubt if doubt in doubts)

    def stale_symbols(self, now_us: int, stale_after_us: int) -> tuple[str, ...]:
        """Symbols silent for too long while their session is open. The hours before it opened are no silence."""
        opened = {symbol: open_since_us(self.board.specs[symbol], now_us) for symbol in self.board.quotes}
        since = {symbol: max(us, self.board.quotes[symbol].t_us) for symbol, us in opened.items() if us is not None}
        return tuple(sorted(symbol for symbol, us in since.items() if now_us - us > stale_after_us))

    def _is_old(self, symbol: str, now_us: int, stale_after_us: int) -> bool:
        """Too old to fail anybody by."""
        quote = self.board.quotes.get(symbol)
        return quote is not None and is_stale(quote, self.board.specs[symbol], now_us, stale_after_us)

    # --- what the incident desk may ask ---

    def missing(self, now_us: int, after_us: int) -> dict[str, int]:
        """Symbols of which nothing was told for longer than `after_us` while their market was open, with since when."""
        bound_us = now_us - after_us
        if self._platform_up and self._watermark_us >= bound_us:
            return {}  # everything is told: so it is nearly always, and a platform may have thousands of symbols
        untold = [symbol for symbol in self.board.quotes if self.told_us(symbol) < bound_us]
        since = {one: silent_since_us(self.board.specs[one], self.told_us(one), now_us) for one in untold}
        return {symbol: us for symbol, us in since.items() if us is not None and us < bound_us}

    def told_us(self, symbol: str) -> int:
        """Before which every price of a symbol is known: by its newest one, or by the bridge's word that there was no other."""
        quote = self.board.quotes.get(symbol)
        told_us = max(self._watermark_us, quote.t_us if quote is not None else 0)
        return min(told_us, self._down_since_us) if self._down_since_us else told_us

    def is_answered(self, report: GapReported) -> bool:
        """Whether a gap that was told answered our question, so that nothing more is awaited of it."""
        return (report.symbol, report.from_us, report.to_us) not in self._missing.asked

    @property
    def is_platform_up(self) -> bool:
        return self._platform_up

    @property
    def awaits_prices(self) -> bool:
        """Whether prices of the incident's symbols were asked for and have not come."""
        return self._missing.is_awaited

    @property
    def lost_prices(self) -> bool:
        """Whether some of them never will."""
        return self._missing.is_lost

    def holes(self) -> dict[str, Hole | None]:
        """By symbol of the incident, what came of its prices that had to be asked for; None where none had to be."""
        return self._missing.holes()

    def prices_at(self, symbols: tuple[str, ...], at_us: int) -> dict[str, Quote] | None:
        """What stood on the board at an instant, by all that is known now; None where one of them is not known."""
        found = {symbol: self._price_at(symbol, at_us) for symbol in symbols}
        known = {symbol: quote for symbol, quote in found.items() if quote is not None}
        return known if len(known) == len(found) else None

    def _price_at(self, symbol: str, at_us: int) -> Quote | None:
        newest = self.board.quotes.get(symbol)
        return newest if newest is not None and newest.t_us <= at_us else self._trail.at(symbol, at_us)

    def stamps(self, symbols: Iterable[str], from_us: int, until_us: int) -> set[int]:
        """The instants in [from_us, until_us) at which one of them had another price, as far as they are kept."""
        return {at_us for symbol in symbols for at_us in self._trail.stamps(symbol, from_us, until_us)}

    def next_price_us(self, symbol: str, at_us: int) -> int | None:
        """When the symbol had its next price; None where there is no later one."""
        return self._trail.next_us(symbol, at_us)

    def watch(self, watch: Watch) -> None:
        self.wakes.watch(watch, self.board.quotes)

    @property
    def has_columns(self) -> bool:
        return self.wakes.has_columns

    def is_off_market(self, symbols: tuple[str, ...]) -> bool:
        return any(symbol in self._sanity.jumped for symbol in symbols)

    def take_high(self, account: int) -> High | None:
        return self.wakes.columns.take_high(account)

    def high_before(self, account: int) -> High | None:
        return self.wakes.columns.high_before(account)

    def settle(self) -> None:
        """The input is decided: what its prices brought stays."""
        self.wakes.columns.settle()
