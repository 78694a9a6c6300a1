"""Market desk: one bridge's prices in the platform's order, its time, and which accounts each price must wake.

It owns the board. It refuses ticks that cannot be prices, marks those that jumped beyond their symbol's sanity band, ends
trading days at their instant before the first tick past it is used, and lets them become final with the watermark.
"""

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from actors.desk import High, Turn, Watch
from actors.effects import RequestBackfill
from actors.market_state import MarketState, Stretch
from actors.messages import (
    ContractReported,
    DayEnded,
    DayFinal,
    LatePrice,
    MarkDue,
    Message,
    PriceReached,
    PricesFilled,
    PricesMissing,
)
from actors.names import account_desk
from actors.price_trail import PriceTrail
from actors.sanity import SanityBands, why_refused
from actors.wakes import Wakes
from firm.bounds import BACKFILLS_ASKED_MAX
from firm.equity import Board
from firm.facts import Doubt, Fact, QuotesRefused, SanityBandLeft
from firm.freshness import is_stale
from firm.inputs import (
    BackfillReported,
    BridgeConnected,
    GapReported,
    Input,
    PlatformReported,
    QuoteFrame,
    SymbolReported,
    Watermark,
)
from firm.instant import SECOND_US
from firm.price import Quote, SymbolSpec
from firm.quote_frame import Tick
from firm.sessions import open_since_us


class MarketDesk:
    """The prices of one bridge."""

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
        self._gaps: frozenset[str] = frozenset()
        self._sanity = SanityBands()
        self._conflated: dict[str, tuple[int, int]] = {}
        self._asked: frozenset[Stretch] = frozenset()
        self._trail = PriceTrail()
        self._contract_changed = False  # by the input that is being decided
        self._captured: MarketState | None = None  # while nothing but time has gone on since

    # --- what other desks may ask ---

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

    # --- desk ---

    def fold(self, body: Input | Fact, seq: int, account: int, happened_us: int) -> None:  # noqa: ARG002
        self._captured = None
        match body:
            case SymbolReported():
                self._take_contract(body.spec)
            case PlatformReported():
                self._platform_up = body.up
            case GapReported():
                self._gaps |= {body.symbol}

    def _take_contract(self, spec: SymbolSpec) -> None:
        """Prices in other points, or of another size, are none of this contract's: it has no price until the next one."""
        known = self.board.specs.get(spec.symbol)
        self.board.take(spec)
        self._contract_changed = known is not None and known.worth != spec.worth
        if self._contract_changed:
            for prices in (self.board.quotes, *self._closing.values()):
                prices.pop(spec.symbol, None)
            self._sanity.forget(spec.symbol)
            self._conflated.pop(spec.symbol, None)
            self._trail.forget(spec.symbol)

    def decide(self, message: Message | Input, turn: Turn) -> Iterator[None]:
        """Take prices tick by tick, or let time pass up to the input's instant.

        After each yield the engine runs the messages caused so far to quiescence, so that a price is fully decided
        before the next one is looked at.
        """
        self._forget_final_instants()
        if isinstance(message, QuoteFrame):
            self.wakes.columns.begin()
            yield from self._walk(message, turn)
            return
        if isinstance(message, BridgeConnected):
            self._ask_again(turn)
            return
        yield from self._instants_before(turn.header.happened_us, turn)
        turn.at_us = turn.header.happened_us  # what is decided of this input happened with it, not at the last mark
        if isinstance(message, Watermark) and message.t_us == turn.header.happened_us:
            self._watermark_us = max(self._watermark_us, message.t_us)
            self._finalise(turn)
        elif isinstance(message, GapReported | BackfillReported):
            self._hear_of(message, turn)
        elif isinstance(message, SymbolReported) and self._contract_changed:
            symbol = message.spec.symbol
            holders = frozenset(self.wakes.judging_late(symbol))
            for account in self.wakes.measured_by(symbol):
                turn.send(account_desk(account), ContractReported(symbol=symbol, held=account in holders))

    def _walk(self, frame: QuoteFrame, turn: Turn) -> Iterator[None]:
        refused: list[tuple[int, str]] = []
        due_us = self._next_instant_us()  # another one only after desks were at work
        for index, tick in enumerate(turn.ticks):
            why = why_refused(tick, self.board.specs, turn.header.received_us, turn.policy)
            if why:
                refused.append((index, why))
                continue
            if tick.t_us >= due_us:
                yield from self._instants_before(tick.t_us, turn)
                due_us = self._next_instant_us()
            if self._take(tick, index, frame.conflated, turn):
                yield
                due_us = self._next_instant_us()
        self.tick_count += len(turn.ticks)
        if refused:
            turn.record(QuotesRefused(bridge=self.bridge, refused=tuple(refused)))

    def _next_instant_us(self) -> int:
        """When a day ends, or marks are struck, next."""
        return min(self.wakes.next_day_end_us() or self._marked_us, self._marked_us)

    def _instants_before(self, at_us: int, turn: Turn) -> Iterator[None]:
        """End each day and strike each mark up to `at_us`, with the last prices before it."""
        while (day_end_us := self.wakes.next_day_end_us()) is not None and day_end_us <= at_us:
            yield from self._strike_marks(day_end_us - 1, turn)  # those of the old day, by its floors
            turn.at_us = day_end_us
            quotes = dict(self.board.quotes)
            self._captured = None
            self._closing.setdefault(day_end_us, quotes)
            for account in self.wakes.days_ended(day_end_us):
                turn.send(account_desk(account), DayEnded(at_us=day_end_us, quotes=quotes))
            yield
        yield from self._strike_marks(at_us, turn)
        self._latest_us = max(self._latest_us, at_us)

    def capture(self) -> MarketState:
        """Between prices only time goes on, and a bridge may know thousands of symbols: they are copied when one of them changed."""
        known = self._captured
        times = {"latest_us": self._latest_us, "marked_us": self._marked_us, "watermark_us": self._watermark_us}
        self._captured = self._copied() if known is None else replace(known, **times)
        return self._captured

    def _copied(self) -> MarketState:
        return MarketState(
            specs=dict(self.board.specs),
            quotes=dict(self.board.quotes),
            closing={instant_us: dict(quotes) for instant_us, quotes in self._closing.items()},
            latest_us=self._latest_us,
            watermark_us=self._watermark_us,
            marked_us=self._marked_us,
            platform_up=self._platform_up,
            gaps=self._gaps,
            accepted=dict(self._sanity.accepted),
            jumped=dict(self._sanity.jumped),
            conflated=dict(self._conflated),
            asked=self._asked,
            trails=self._trail.capture(),
        )

    def restore(self, state: MarketState) -> None:
        self._captured = None
        self.wakes.columns.take_back()
        self.board = Board(dict(state.specs), dict(state.quotes))
        self._closing = {instant_us: dict(quotes) for instant_us, quotes in state.closing.items()}
        self._latest_us = state.latest_us
        self._watermark_us = state.watermark_us
        self._marked_us = state.marked_us
        self._platform_up = state.platform_up
        self._gaps = state.gaps
        self._sanity = SanityBands(dict(state.accepted), dict(state.jumped))
        self._conflated = dict(state.conflated)
        self._asked = state.asked
        self._trail.restore(state.trails)

    # --- one tick ---

    def _take(self, tick: Tick, index: int, conflated: bool, turn: Turn) -> bool:
        """Put a tick on the board and wake whom it touches; whether it woke anyone."""
        symbol = tick.symbol
        quote = Quote(symbol, tick.t_us, tick.bid, tick.ask, turn.header.seq, index)
        self._captured = None
        before = self.board.quotes.get(symbol)
        self._trail.add(quote)
        if before is not None and tick.t_us < before.t_us:
            return self._take_late(quote, turn)
        turn.at_us = tick.t_us
        accepted = self._sanity.take(quote, before, self.board.specs[symbol])
        if accepted is not None:
            self._tell_jump(accepted, quote, turn)
        if conflated:
            from_us = self._conflated.get(symbol, (before.t_us if before is not None else tick.t_us, 0))[0]
            self._conflated[symbol] = (from_us, tick.t_us)
        elif symbol in self._conflated and tick.t_us > self._conflated[symbol][1]:
            # The overload is over: the bridge has time to send what it merged. All of it will be older than this price.
            from_us, last_us = self._conflated.pop(symbol)
            self._ask((symbol, from_us, last_us + 1), turn)
        self.board.quotes[symbol] = quote
        if self._closing:
            self._take_into_closing(quote)  # another symbol may have passed the instant before this one
        if symbol in self._gaps:
            self._gaps -= {symbol}
        self._latest_us = max(self._latest_us, tick.t_us)
        is_late_to_some = self._send_late(self.wakes.behind(quote), quote, turn)
        touched = self.wakes.touched_by(quote, self.board.quotes, symbol in self._sanity.jumped)
        for account in touched:
            turn.send(account_desk(account), PriceReached(at_us=tick.t_us))
        self.wake_count += len(touched)
        return is_late_to_some or bool(touched)

    def _take_late(self, quote: Quote, turn: Turn) -> bool:
        """A tick out of order never becomes the price; it may still be the last one before an instant, or show a breach."""
        self._take_into_closing(quote)
        behind = self.wakes.behind(quote)
        return self._send_late(sorted({*self.wakes.judging_late(quote.symbol), *behind}), quote, turn)

    def _send_late(self, accounts: list[int], quote: Quote, turn: Turn) -> bool:
        for account in accounts:
            turn.send(account_desk(account), LatePrice(quote=quote))
        return bool(accounts)

    def _take_into_closing(self, quote: Quote) -> None:
        """The last price before an instant is whatever was stamped last before it, in whichever order it comes."""
        for instant_us, quotes in self._closing.items():
            known = quotes.get(quote.symbol)
            if quote.t_us < instant_us and (known is None or known.t_us <= quote.t_us):
                quotes[quote.symbol] = quote

    def _tell_jump(self, accepted: Quote, quote: Quote, turn: Turn) -> None:
        turn.record(
            SanityBandLeft(
                bridge=self.bridge,
                symbol=quote.symbol,
                index=quote.index,
                before=accepted.bid,
                after=quote.bid,
                band_bp=self.board.specs[quote.symbol].sanity_band_bp,
            )
        )

    # --- prices that are missing ---

    def _ask(self, stretch: Stretch, turn: Turn) -> None:
        """Have the bridge send a stretch in full. Beyond the bound nothing is asked, and what rests on it stays open."""
        if len(self._asked) < BACKFILLS_ASKED_MAX and stretch not in self._asked:
            self._asked |= {stretch}
            turn.effect(self._request(stretch))

    def _ask_again(self, turn: Turn) -> None:
        """A session began: what the last one left unanswered."""
        for stretch in sorted(self._asked):
            turn.effect(self._request(stretch))

    def _request(self, stretch: Stretch) -> RequestBackfill:
        symbol, from_us, to_us = stretch
        return RequestBackfill(bridge=self.bridge, symbol=symbol, from_us=from_us, to_us=to_us)

    def _hear_of(self, report: GapReported | BackfillReported, turn: Turn) -> None:
        """A gap that the bridge tells of itself is asked for once; one that answers our question is for good."""
        stretch = (report.symbol, report.from_us, report.to_us)
        if stretch not in self._asked:
            if isinstance(report, GapReported):
                self._ask(stretch, turn)
            return
        self._captured = None
        self._asked -= {stretch}
        told = PricesMissing if isinstance(report, GapReported) else PricesFilled
        for account in self.wakes.unfilled(report.symbol):
            turn.send(account_desk(account), told(symbol=report.symbol, from_us=report.from_us, to_us=report.to_us))

    # --- instants ---

    def _strike_marks(self, at_us: int, turn: Turn) -> Iterator[None]:
        """Each account in a second of its own, so that no price waits for thousands; after a silence each at most once."""
        if at_us < self._marked_us:
            return
        seconds = turn.policy.mark_every_us // SECOND_US
        last = at_us // SECOND_US
        if self._marked_us:
            for second in range(max(self._marked_us // SECOND_US, last - seconds + 1), last + 1):
                turn.at_us = second * SECOND_US
                for account in self.wakes.marked(second % seconds, seconds):
                    turn.send(account_desk(account), MarkDue(at_us=turn.at_us))
        self._marked_us = (last + 1) * SECOND_US
        yield

    def _finalise(self, turn: Turn) -> None:
        for instant_us, accounts in self.wakes.provisional():
            if instant_us > self._watermark_us:
                break
            quotes = self._closing.get(instant_us, {})  # none are known where a frame was folded without its prices
            for account in accounts:
                turn.send(account_desk(account), DayFinal(at_us=instant_us, quotes=quotes))

    def _forget_final_instants(self) -> None:
        """At the next input, so that folding, which learns of final days from facts, forgets at the same place."""
        if not self._closing:
            return
        self._captured = None
        awaited = self.wakes.provisional_instants()
        kept = [instant_us for instant_us in self._closing if instant_us in awaited or instant_us > self._watermark_us]
        self._closing = {instant_us: self._closing[instant_us] for instant_us in kept}
