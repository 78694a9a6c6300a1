"""Market desk: one bridge's prices in the platform's order, its time, and which accounts each price must wake.

It owns the board. It refuses ticks that cannot be prices, marks those that jumped beyond their symbol's sanity band, ends
trading days at their instant before the first tick past it is used, and lets them become final with the watermark.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from actors.desk import Turn
from actors.market_state import MarketState
from actors.market_view import MarketView
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
from actors.sanity import SanityBands, why_refused
from firm.equity import Board
from firm.facts import Fact, IncidentEnded, IncidentExtended, IncidentOpened, QuotesRefused, SanityBandLeft
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


class MarketDesk(MarketView):
    """The prices of one bridge."""

    def fold(self, body: Input | Fact, seq: int, account: int, happened_us: int) -> None:  # noqa: ARG002
        self._captured = None
        match body:
            case SymbolReported():
                self._take_contract(body.spec)
            case PlatformReported():
                self._platform_up = body.up
                self._down_since_us = (
                    0 if body.up else self._down_since_us or min(body.since_us or happened_us, happened_us)
                )
            case GapReported():
                self._gaps |= {body.symbol}
            case IncidentOpened() | IncidentExtended():
                for symbol in body.symbols:
                    self._missing.begin(symbol, self.told_us(symbol), body.from_us)
            case IncidentEnded():
                self._missing.end()

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
            self._missing.ask_again(turn)
            return
        yield from self._instants_before(turn.header.happened_us, turn)
        turn.at_us = turn.header.happened_us  # what is decided of this input happened with it, not at the last mark
        if isinstance(message, Watermark) and message.t_us == turn.header.happened_us:
            self._watermark_us = max(self._watermark_us, message.t_us)
            self._tell_all(turn)
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
        day_end_us, marked_us = self.wakes.next_day_end_us(), self._marked_us
        return marked_us if day_end_us is None or marked_us < day_end_us else day_end_us

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
            asked=self._missing.asked,
            trails=self._trail.capture(),
            down_since_us=self._down_since_us,
            windows=dict(self._missing.windows),
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
        self._missing.restore(state.asked, state.windows)
        self._down_since_us = state.down_since_us
        self._trail.restore(state.trails)

    # --- one tick ---

    def _take(self, tick: Tick, index: int, conflated: bool, turn: Turn) -> bool:
        """Put a tick on the board and wake whom it touches; whether it woke anyone."""
        symbol, t_us, board = tick.symbol, tick.t_us, self.board
        quote = Quote(symbol, t_us, tick.bid, tick.ask, turn.header.seq, index)
        self._captured = None
        before, spec = board.quotes.get(symbol), board.specs[symbol]
        self._trail.add(quote)
        if symbol in self._missing.windows:
            self._missing.tell(symbol, t_us, spec, turn)
            self._missing.fill(quote)
        if before is not None and t_us < before.t_us:
            return self._take_late(quote, turn)
        turn.at_us = t_us
        accepted = self._sanity.take(quote, before, spec)
        if accepted is not None:
            self._tell_jump(accepted, quote, turn)
        if conflated:
            from_us = self._conflated.get(symbol, (before.t_us if before is not None else t_us, 0))[0]
            self._conflated[symbol] = (from_us, t_us)
        elif symbol in self._conflated and t_us > self._conflated[symbol][1]:
            # The overload is over: the bridge has time to send what it merged. All of it will be older than this price.
            from_us, last_us = self._conflated.pop(symbol)
            self._missing.ask((symbol, from_us, last_us + 1), turn)
        board.quotes[symbol] = quote
        if self._closing:
            self._take_into_closing(quote)  # another symbol may have passed the instant before this one
        if symbol in self._gaps:
            self._gaps -= {symbol}
        if t_us > self._latest_us:
            self._latest_us = t_us
        behind = self.wakes.behind(quote)
        if behind:
            self._send_late(behind, quote, turn)
        touched = self.wakes.touched_by(quote, board.quotes, symbol in self._sanity.jumped)
        for account in touched:
            turn.send(account_desk(account), PriceReached(at_us=t_us))
        self.wake_count += len(touched)
        return bool(behind or touched)

    def _take_late(self, quote: Quote, turn: Turn) -> bool:
        """A tick out of order never becomes the price; it may still be the last one before an instant, or show a breach."""
        self._take_into_closing(quote)
        accounts = sorted({*self.wakes.judging_late(quote.symbol), *self.wakes.behind(quote)})
        self._send_late(accounts, quote, turn)
        return bool(accounts)

    def _send_late(self, accounts: list[int], quote: Quote, turn: Turn) -> None:
        for account in accounts:
            turn.send(account_desk(account), LatePrice(quote=quote))

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

    def _tell_all(self, turn: Turn) -> None:
        """The bridge says that it has told everything: so far are the incident's symbols told, unless it has lost its platform."""
        if self._missing.windows and self._platform_up:
            self._captured = None
            for symbol in tuple(self._missing.windows):
                self._missing.tell(symbol, self._watermark_us, self.board.specs[symbol], turn)

    def _hear_of(self, report: GapReported | BackfillReported, turn: Turn) -> None:
        """A gap that the bridge tells of itself is asked for once; one that answers our question is for good."""
        self._captured = None
        if not self._missing.answers(report, turn):
            return
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
