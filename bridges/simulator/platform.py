"""Platform: the whole simulated market place as one deterministic machine: ticks, timed events and requests in, tellings out.

It reads no clock and no socket. The same state, ticks and requests give the same tellings byte for byte.
"""

import heapq
from collections.abc import Mapping

from bridges.simulator.alarms import Alarms
from bridges.simulator.bars import Bars
from bridges.simulator.books import Books
from bridges.simulator.corrections import Corrections
from bridges.simulator.dividends import pay_dividends
from bridges.simulator.holidays import opening_catalogue
from bridges.simulator.orders import NEVER_US
from bridges.simulator.script import NOTHING, Script
from bridges.simulator.seat import Seat
from bridges.simulator.state import Account, Clocks, Counters, Quoted, State
from bridges.simulator.symbols import rollover_after
from bridges.simulator.tellings import Tellings
from bridges.simulator.tempers import TEMPERS, Temper
from bridges.simulator.turns import Turns
from firm.instant import SECOND_US
from firm.quote_frame import Tick

EQUITY_EVERY_US = 60 * SECOND_US


class Platform:
    """Market time only moves forward: `take_tick` and `pass_time` bring it on, requests happen at `now_us`.

    `touched`: accounts that may have changed, until whoever saves them empties it.
    """

    def __init__(
        self,
        state: State,
        bars: Bars,
        tellings: Tellings,
        script: Script = NOTHING,
        tempers: Mapping[str, Temper] = TEMPERS,
    ) -> None:
        self.state = state
        self._tempers = tempers
        self.books = Books(state, tellings)
        self.corrections = Corrections(state, tellings)
        self._bars = bars
        self._tell = tellings
        self._alarms = Alarms()
        self._script = script
        self._turns = Turns(state, tellings, script)
        self._looks: list[tuple[int, str]] = []  # a heap; an entry is outdated once its trader looks at another instant
        self.touched: dict[str, Account] = {}
        for account in state.accounts.values():
            self._expect(account)

    def tell_tick(self, tick: Tick) -> None:
        """The bridge hears of a price."""
        self._tell.quote(tick)
        self.state.clocks.ticks_told += 1

    def take_tick(self, tick: Tick, *, told: bool = True) -> None:
        """One price: `told` first, unless that is late, then what it sets off: stops, stop-outs, traders who look now."""
        self.pass_time(tick.t_us)
        self._quote(tick)
        if told:
            self.tell_tick(tick)
        woken = self._alarms.woken_by(tick.symbol, tick.bid, tick.ask)
        for login in sorted(woken | self._looking(tick.t_us)):
            account = self.state.accounts[login]
            if login in woken:
                self._work_price(account, tick)
            if account.look_us <= tick.t_us:
                self._look(account, tick.t_us)

    def pass_time(self, to_us: int, *, with_turns: bool = True) -> None:
        """Everything due up to and at `to_us`, each at its own instant: the script's turns, orders' expiry, swap at the rollover,
        equity on the minute. What a platform that was down has missed comes with its own stamp once it is back.

        `with_turns`: also the script's turns of `to_us` itself, which the price that belongs to them follows at once.
        """
        clocks, orders = self.state.clocks, self.books.orders
        while (due_us := self._next_due_us(to_us, with_turns)) <= to_us:
            clocks.now_us = max(clocks.now_us, due_us)
            if due_us == self._turns.next_us and (with_turns or due_us < to_us):
                self._turns.take()
                for account in self.state.accounts.values():
                    self._redraw(account)
                continue
            if due_us == orders.next_expiry_us:
                for account in orders.expire(due_us):
                    self._redraw(account)
            if due_us == clocks.rollover_us:
                self._roll_over(due_us)
                clocks.rollover_us = rollover_after(due_us)
            if due_us == clocks.equity_us:
                self._post_equities(due_us)
                clocks.equity_us = due_us + EQUITY_EVERY_US
        clocks.now_us = max(clocks.now_us, to_us)

    def changed(self, account: Account) -> None:
        """Something outside the market changed the account, or brought it."""
        self._expect(account)
        self.touched[account.login] = account

    def _expect(self, account: Account) -> None:
        heapq.heappush(self._looks, (account.look_us, account.login))
        self._alarms.draw(account, self.state)

    def _looking(self, t_us: int) -> set[str]:
        """Whose traders look at the screen now."""
        found: set[str] = set()
        while self._looks and self._looks[0][0] <= t_us:
            look_us, login = heapq.heappop(self._looks)
            if self.state.accounts[login].look_us == look_us:
                found.add(login)
        return found

    def _redraw(self, account: Account) -> None:
        self._alarms.draw(account, self.state)
        self.touched[account.login] = account

    def _next_due_us(self, to_us: int, with_turns: bool) -> int:
        turn_us = self._turns.next_us
        if turn_us == to_us and not with_turns:
            turn_us = NEVER_US
        if self.state.is_down:
            return turn_us
        clocks = self.state.clocks
        return min(turn_us, clocks.rollover_us, clocks.equity_us, self.books.orders.next_expiry_us)

    def _quote(self, tick: Tick) -> None:
        before = self.state.quotes.get(tick.symbol)
        same_second = before is not None and before.t_us // SECOND_US == tick.t_us // SECOND_US
        burst = before.burst + 1 if before is not None and same_second else 1
        self.state.quotes[tick.symbol] = Quoted(tick.t_us, tick.bid, tick.ask, burst)

    def _work_price(self, account: Account, tick: Tick) -> None:
        self.books.work_price(account, tick.symbol, tick.t_us)
        self._redraw(account)

    def _look(self, account: Account, t_us: int) -> None:
        changes = self.books.changes
        pause_s = self._tempers[account.temper](Seat(account, self.state, self.books, self._bars, t_us))
        account.look_us = t_us + pause_s * SECOND_US
        heapq.heappush(self._looks, (account.look_us, account.login))
        self.touched[account.login] = account
        if self.books.changes != changes:
            self._alarms.draw(account, self.state)

    def _roll_over(self, rollover_us: int) -> None:
        for account in self.state.accounts.values():
            if account.positions:
                self.books.post_swap(account, rollover_us)
                pay_dividends(self.state, self.books, self._script, account, rollover_us)
                self._redraw(account)

    def _post_equities(self, t_us: int) -> None:
        for account in self.state.accounts.values():
            if account.positions:
                self._tell.equity(account, self.state, t_us)


def opening_state(market: str, seed: int, from_us: int) -> State:
    """A platform without accounts, at the start of its market."""
    minute = from_us // EQUITY_EVERY_US * EQUITY_EVERY_US + EQUITY_EVERY_US
    clocks = Clocks(from_us, rollover_after(from_us - 1), minute)
    return State(market, seed, from_us, clocks, Counters(), catalogue=opening_catalogue(from_us))
