"""Refolding: stored rows taken as they are, whatever engine decided them: facts change states, prices move boards, days and peaks.

A frame's prices are seen before the rows that were decided between them are read. Where one of these says that a desk stopped in that very
frame, it has seen none of it: what it was before is kept until the next input.
"""

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from actors.account_desk import AccountDesk
from actors.arrival import ticks_of
from actors.desk import Desk, Header
from actors.market_desk import MarketDesk
from actors.messages import DayEnded, PriceReached
from actors.names import account_desk, market_desk
from actors.routes import deciding
from actors.turn import QuietTurn, WorkingTurn
from firm.facts import DeskResumed, DeskStopped
from firm.inputs import Input, QuoteFrame
from firm.kinds import Body

if TYPE_CHECKING:
    from actors.engine import Engine


class Refolding:
    """One engine's way of taking rows as they are."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._input = 0
        self._before: dict[str, tuple[Desk, Any]] = {}  # desks that this input's prices have changed
        self._failed: Exception | None = None

    def take(self, header: Header, body: Body, frame: bytes | None) -> None:
        """Prices that have left the machine (a QuoteFrame without its `frame`) move nothing: later ones and facts have replaced them."""
        engine = self._engine
        engine.indexing.index_retold(body)
        if isinstance(body, Input):
            header = engine.believed(header)
            self.settle()
        elif isinstance(body, DeskStopped) and body.input == self._input:
            self._was_stopped(body.desk)
        engine.fold(body, header.seq, header.account, header.happened_us)
        if isinstance(body, Input) and (frame is not None or not isinstance(body, QuoteFrame)):
            self._see(header, body, frame)
        name = body.desk if isinstance(body, DeskStopped | DeskResumed) else account_desk(header.account)
        engine.indexing.index_named(name)
        engine.size = header.seq

    def settle(self) -> None:
        """The rows of the last input have all been taken."""
        if self._failed is not None:
            # No row says that this stopped a desk: then it is this engine's own fault.
            raise self._failed
        for desk, _ in self._before.values():
            if isinstance(desk, MarketDesk):
                desk.settle()
        self._before.clear()

    def see_price(self, name: str, message: PriceReached, turn: WorkingTurn) -> None:
        """Let an account note the peak that a price brought."""
        engine = self._engine
        if name in engine.own.state.stopped:
            return
        seat = engine.desk(name)
        assert isinstance(seat, AccountDesk)
        self._before.setdefault(name, (seat, seat.capture()))
        if seat.see_price(turn, message.at_us):
            market = engine.market(seat.held.bridge)
            # The end of its next day may be awaited already, of which no state says yet.
            known = market.wakes.watch_of(seat.account)
            watch = replace(seat.watch_now(market), day_end_us=known.day_end_us)
            market.watch(watch)
            seat.watched(watch, market)

    def see_day_end(self, name: str, message: DayEnded) -> None:
        """Await the end of an account's next day, which may have come too."""
        engine = self._engine
        seat = engine.desk(name)
        assert isinstance(seat, AccountDesk)
        if name in engine.own.state.stopped:
            engine.indexing.await_next_day(seat, message.at_us)
        else:
            self._before.setdefault(name, (seat, seat.capture()))
            market, next_day = engine.market(seat.held.bridge), seat.held.ruleset.calendar.day_at(message.at_us)
            if seat.see_day_end(message.at_us, market.board.at(message.quotes)):
                watch = replace(seat.watch_now(market), day_end_us=next_day.end_us)
                market.watch(watch)
                seat.watched(watch, market)
            else:
                market.wakes.await_day_end(seat.account, next_day.end_us)

    def _see(self, header: Header, body: Input, frame: bytes | None) -> None:
        engine, self._input = self._engine, header.seq
        turn = QuietTurn(engine, header, ticks_of(body, frame), self)
        for name in deciding(body, header.account, engine.own.state.bridges):
            if not name.startswith("market/") or name in engine.own.state.stopped:
                continue
            market = engine.market(name.partition("/")[2])
            self._before[name] = (market, market.capture())
            try:
                for _ in market.decide(body, turn):
                    pass
            except (MemoryError, OSError):
                raise
            except Exception as error:  # noqa: BLE001  (whatever it was that stopped the desk)
                self._failed = error

    def _was_stopped(self, name: str) -> None:
        engine = self._engine
        if not name.startswith("market/"):
            seat = engine.desk(name)
            seat.restore(self._before[name][1] if name in self._before else seat.capture())
            return
        self._failed = None
        for desk, state in self._before.values():
            if isinstance(desk, AccountDesk) and desk.state is not None and market_desk(desk.state.bridge) == name:
                desk.restore(state)
        if name in self._before:
            desk, state = self._before[name]
            desk.restore(state)
        engine.indexing.index_all()
