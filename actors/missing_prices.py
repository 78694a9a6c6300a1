"""Missing prices of one bridge: the stretches that it was asked for, and in an incident what came of them afterwards.

What a bridge merged or left out is asked for once; its answer is for good. While an incident goes on, each symbol of it has a window:
how far its prices are told, whether a stretch had to be asked for, and the lowest and highest of what came afterwards.
"""

from typing import Protocol

from msgspec.structs import replace

from actors.effects import Effect, RequestBackfill
from actors.market_state import Stretch, Window
from firm.bounds import BACKFILLS_ASKED_MAX
from firm.incidents import Hole
from firm.inputs import BackfillReported, GapReported
from firm.outage import longest_silence_us
from firm.policy import Policy
from firm.price import Quote, SymbolSpec


class Asking(Protocol):
    """Of a turn, what is needed to ask the bridge."""

    policy: Policy

    def effect(self, effect: Effect) -> None: ...


class MissingPrices:
    """What one bridge owes. `asked`: stretches without an answer. `windows`: of the incident that goes on, by symbol."""

    def __init__(self, bridge: str) -> None:
        self._bridge = bridge
        self.asked: frozenset[Stretch] = frozenset()
        self.windows: dict[str, Window] = {}

    def restore(self, asked: frozenset[Stretch], windows: dict[str, Window]) -> None:
        self.asked, self.windows = asked, dict(windows)

    # --- asking ---

    def ask(self, stretch: Stretch, turn: Asking) -> None:
        """Have the bridge send a stretch in full. Beyond the bound nothing is asked, and what rests on it stays open."""
        symbol, from_us, to_us = stretch
        window = self.windows.get(symbol)
        if window is not None and from_us < to_us:
            self.windows[symbol] = replace(window, is_asked=True)
        if len(self.asked) < BACKFILLS_ASKED_MAX and stretch not in self.asked:
            self.asked |= {stretch}
            turn.effect(self._request(stretch))
        elif window is not None and stretch not in self.asked:
            self.windows[symbol] = replace(window, is_asked=True, is_lost=True)

    def ask_again(self, turn: Asking) -> None:
        """A session began: what the last one left unanswered."""
        for stretch in sorted(self.asked):
            turn.effect(self._request(stretch))

    def _request(self, stretch: Stretch) -> RequestBackfill:
        symbol, from_us, to_us = stretch
        return RequestBackfill(bridge=self._bridge, symbol=symbol, from_us=from_us, to_us=to_us)

    def answers(self, report: GapReported | BackfillReported, turn: Asking) -> bool:
        """Whether a report answers our question, and is for good. A gap that the bridge tells of itself is asked for once."""
        stretch = (report.symbol, report.from_us, report.to_us)
        is_gap = isinstance(report, GapReported)
        if stretch not in self.asked:
            if is_gap:
                self.ask(stretch, turn)
            return False
        self.asked -= {stretch}
        window = self.windows.get(report.symbol)
        if is_gap and window is not None and window.is_asked:
            self.windows[report.symbol] = replace(window, is_lost=True)
        return True

    # --- windows ---

    def begin(self, symbol: str, told_us: int, from_us: int) -> None:
        """Prices of a symbol are missing since `from_us`; everything before `told_us` is known."""
        known = self.windows.get(symbol)
        if known is not None:
            self.windows[symbol] = replace(known, from_us=min(known.from_us, from_us))
            return
        is_asked = any(stretch[0] == symbol and stretch[2] > from_us for stretch in self.asked)
        self.windows[symbol] = Window(from_us, told_us, is_asked)

    def end(self) -> None:
        self.windows = {}

    def tell(self, symbol: str, until_us: int, spec: SymbolSpec, turn: Asking) -> None:
        """Everything of a symbol before an instant is told. What was passed over on the way for too long is asked for."""
        window = self.windows[symbol]
        passed_us = until_us - window.told_us
        if passed_us <= 0:
            return
        bound_us = turn.policy.incident_after_us
        if passed_us > bound_us and longest_silence_us(spec, window.told_us, until_us) > bound_us:
            self.ask((symbol, window.told_us, until_us), turn)
        self.windows[symbol] = replace(self.windows[symbol], told_us=until_us)

    def fill(self, quote: Quote) -> None:
        """A price came of what had been passed over."""
        window = self.windows[quote.symbol]
        if window.from_us <= quote.t_us < window.told_us:
            low = quote if window.low is None or quote.bid < window.low.bid else window.low
            high = quote if window.high is None or quote.ask > window.high.ask else window.high
            self.windows[quote.symbol] = replace(window, low=low, high=high)

    # --- what the incident desk asks ---

    @property
    def is_awaited(self) -> bool:
        """Whether a stretch of one of the windows was asked for and is not answered."""
        return any(symbol in self.windows for symbol, _, _ in self.asked)

    @property
    def is_lost(self) -> bool:
        """Whether some of it will never come."""
        return any(window.is_lost for window in self.windows.values())

    def holes(self) -> dict[str, Hole | None]:
        """By symbol, what came of stretches that had to be asked for; None where nothing was passed over."""
        return {symbol: Hole(one.low, one.high) if one.is_asked else None for symbol, one in self.windows.items()}
