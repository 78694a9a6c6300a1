"""Platform: the whole simulated market place as one deterministic machine: ticks, timed events and requests in, tellings out.

It reads no clock and no socket. The same state, ticks and requests give the same tellings byte for byte.
"""

from collections.abc import Mapping

from bridges.simulator.alarms import Alarms
from bridges.simulator.bars import Bars
from bridges.simulator.books import Books
from bridges.simulator.seat import Seat
from bridges.simulator.state import Account, Clocks, Counters, Quoted, State
from bridges.simulator.symbols import rollover_after
from bridges.simulator.tellings import Tellings
from bridges.simulator.tempers import TEMPERS, Temper
from firm.instant import SECOND_US
from firm.quote_frame import Tick

EQUITY_EVERY_US = 60 * SECOND_US


class Platform:
    """Market time only moves forward: `take_tick` and `pass_time` bring it on, requests happen at `now_us`."""

    def __init__(self, state: State, bars: Bars, tellings: Tellings, tempers: Mapping[str, Temper] = TEMPERS) -> None:
        self.state = state
        self._tempers = tempers
        self.books = Books(state, tellings)
        self._bars = bars
        self._tell = tellings
        self._alarms = Alarms()
        self._next_look_us = 0
        for account in state.accounts.values():
            self._alarms.draw(account, state.quotes)

    def take_tick(self, tick: Tick) -> None:
        """One price: told first, then what it sets off: stops, stop-outs, traders who look now."""
        self.pass_time(tick.t_us)
        self._quote(tick)
        self._tell.quote(tick)
        self.state.clocks.ticks_told += 1
        woken = self._alarms.woken_by(tick.symbol, tick.bid, tick.ask)
        if woken or self._next_look_us <= tick.t_us:
            for account in self.state.accounts.values():
                if account.login in woken:
                    self._work_price(account, tick)
                if account.look_us <= tick.t_us:
                    self._look(account, tick.t_us)
            self._next_look_us = min((account.look_us for account in self.state.accounts.values()), default=0)

    def pass_time(self, to_us: int) -> None:
        """Everything due up to and at `to_us`, each at its own instant: orders' expiry, swap at the rollover, equity on the minute."""
        clocks, orders = self.state.clocks, self.books.orders
        while (due_us := min(clocks.rollover_us, clocks.equity_us, orders.next_expiry_us)) <= to_us:
            clocks.now_us = due_us
            if due_us == orders.next_expiry_us:
                for account in orders.expire(due_us):
                    self._alarms.draw(account, self.state.quotes)
            if due_us == clocks.rollover_us:
                self._post_swaps(due_us)
                clocks.rollover_us = rollover_after(due_us)
            if due_us == clocks.equity_us:
                self._post_equities(due_us)
                clocks.equity_us = due_us + EQUITY_EVERY_US
        clocks.now_us = max(clocks.now_us, to_us)

    def changed(self, account: Account) -> None:
        """Something outside the market changed the account, or brought it."""
        self._alarms.draw(account, self.state.quotes)
        self._next_look_us = min(self._next_look_us, account.look_us)

    def _quote(self, tick: Tick) -> None:
        before = self.state.quotes.get(tick.symbol)
        same_second = before is not None and before.t_us // SECOND_US == tick.t_us // SECOND_US
        burst = before.burst + 1 if before is not None and same_second else 1
        self.state.quotes[tick.symbol] = Quoted(tick.t_us, tick.bid, tick.ask, burst)

    def _work_price(self, account: Account, tick: Tick) -> None:
        self.books.work_price(account, tick.symbol, tick.t_us)
        self._alarms.draw(account, self.state.quotes)

    def _look(self, account: Account, t_us: int) -> None:
        changes = self.books.changes
        pause_s = self._tempers[account.temper](Seat(account, self.state, self.books, self._bars, t_us))
        account.look_us = t_us + pause_s * SECOND_US
        if self.books.changes != changes:
            self._alarms.draw(account, self.state.quotes)

    def _post_swaps(self, rollover_us: int) -> None:
        for account in self.state.accounts.values():
            if account.positions:
                self.books.post_swap(account, rollover_us)
                self._alarms.draw(account, self.state.quotes)

    def _post_equities(self, t_us: int) -> None:
        for account in self.state.accounts.values():
            if account.positions:
                self._tell.equity(account, self.state.quotes, t_us)


def opening_state(market: str, seed: int, from_us: int) -> State:
    """A platform without accounts, at the start of its market."""
    minute = from_us // EQUITY_EVERY_US * EQUITY_EVERY_US + EQUITY_EVERY_US
    clocks = Clocks(from_us, rollover_after(from_us - 1), minute)
    return State(market, seed, from_us, clocks, Counters())
