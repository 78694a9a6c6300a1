"""Venue: the platform of a story: the simulated platform's books, filled at the prices that the story names, and its word on each change.

Commands of the firm are carried out by the simulated platform itself. Nothing is charged but what the story says.
"""

from collections.abc import Mapping

from bridges.events import Deal, Event
from bridges.simulator.answers import Reason, Retcode
from bridges.simulator.bars import Bars
from bridges.simulator.commissions import Charging
from bridges.simulator.corrections import remember
from bridges.simulator.fills import Fills
from bridges.simulator.matching import are_stops_sound, opposite, price_for
from bridges.simulator.orders import Ticket
from bridges.simulator.platform import Platform, opening_state
from bridges.simulator.requests import Requests
from bridges.simulator.state import Account, Pending, Position, Quoted, TradeMode
from bridges.simulator.symbols import LISTED
from bridges.simulator.tellings import Tellings
from bridges.simulator.valuation import equity_minor, margin_minor, margin_of
from bridges.wire import Cmd
from firm.inputs import CashKind, DealEntry, Side
from firm.money import divided_rounded_half_away
from firm.quote_frame import Tick
from firm.sessions import is_open, open_since_us

SEED = 1
# No deal pays commission in this group but those that the venue books itself, at what the story says.
GROUP = f"story/{Charging.NEVER.value}"


class Venue:
    """The market and its accounts. `now_us`: market time, which only moves forward."""

    def __init__(self, from_us: int) -> None:
        self._state = opening_state("story", SEED, from_us)
        self._tell = Tellings()
        self._platform = Platform(self._state, Bars(), self._tell)
        self._requests = Requests(self._platform, self._tell)
        self._fills = Fills(self._state, self._tell)
        self._last_deals: dict[str, Deal] = {}
        self._filled: dict[str, str] = {}  # positions, by the orders that became them
        self._standing: frozenset[str] = frozenset()

    def told(self) -> list[Tick | Event]:
        """What was told since this was last asked: prices, then the events that followed them."""
        told = [*self._tell.ticks, *self._tell.events]
        self._tell.ticks, self._tell.events = [], []
        deals = [one for one in told if isinstance(one, Deal)]
        self._last_deals |= {one.pos_id: one for one in deals}
        self._filled |= {one.order_id: one.pos_id for one in deals if one.entry is DealEntry.IN}
        return told

    def account(self, login: str) -> Account:
        return self._state.accounts[login]

    def move_to(self, at_us: int) -> None:
        self._state.clocks.now_us = at_us

    @property
    def now_us(self) -> int:
        return self._state.clocks.now_us

    @property
    def is_held(self) -> bool:
        """Whether any account holds a position."""
        return any(account.positions for account in self._state.accounts.values())

    # --- the market ---

    def begin(self) -> None:
        self._tell.platform_up(self.now_us, "begins")
        for listing in LISTED.values():
            self._tell.symbol(listing)

    def price(self, symbol: str, bid: int, ask: int, *, stands: bool) -> None:
        """A price, and what it sets off: stops, targets, stop-outs. `stands`: it is told again until there is another."""
        self._standing = self._standing | {symbol} if stands else self._standing - {symbol}
        self._state.quotes[symbol] = Quoted(self.now_us, bid, ask, 0)
        self._tell.quote(Tick(symbol, self.now_us, bid, ask))
        for account in self._state.accounts.values():
            self._platform.books.work_price(account, symbol, self.now_us)

    def stand(self) -> None:
        """Prices stand: those whose market has not closed since are told again."""
        for symbol in sorted(self._standing):
            quote = self._state.quotes[symbol]
            since_us = open_since_us(self._state.listing(symbol).spec, self.now_us)
            if since_us is not None and since_us <= quote.t_us < self.now_us:
                quote.t_us = self.now_us
                self._tell.quote(Tick(symbol, self.now_us, quote.bid, quote.ask))

    # --- traders ---

    def open(
        self,
        account: Account,
        symbol: str,
        side: Side,
        lots_e8: int,
        price: int | None,
        stops: tuple[int, int],
        cost: int,
    ) -> Position | Retcode:
        """A position at this price, or at the market; or why there is none. `stops`: stop and target, 0 for none."""
        refusal = self._fills.refusal(account, symbol, side, lots_e8, self.now_us)
        if refusal is not None:
            return refusal
        at = price_for(side, self._state.quotes[symbol]) if price is None else price
        if not are_stops_sound(side, at, *stops):
            return Retcode.INVALID_STOPS
        needed = margin_of(account, symbol, lots_e8, at, self._state) + cost
        if equity_minor(account, self._state) < margin_minor(account, self._state) + needed:
            return Retcode.NO_MONEY
        position = Position(self._fills.number("position"), symbol, side, lots_e8, at, *stops, 0, self.now_us)
        account.positions[position.position_id] = position
        self._book_entry(account, position, lots_e8, at, cost)
        return position

    def add(self, account: Account, position: Position, lots_e8: int, price: int | None) -> Retcode:
        """Another fill of the order that opened a position, which is held at the average price from then on."""
        refusal = self._fills.refusal(account, position.symbol, position.side, lots_e8, self.now_us)
        if refusal is not None:
            return refusal
        at = price_for(position.side, self._state.quotes[position.symbol]) if price is None else price
        weighted = position.price_open * position.lots_e8 + at * lots_e8
        position.lots_e8 += lots_e8
        position.price_open = divided_rounded_half_away(weighted, position.lots_e8)
        self._book_entry(account, position, lots_e8, at, 0)
        return Retcode.DONE

    def close(self, account: Account, position: Position, lots_e8: int, price: int | None) -> Retcode:
        """Close so much of it at this price, or at the market."""
        if not 0 < lots_e8 <= position.lots_e8:
            return Retcode.INVALID_VOLUME
        if account.mode is TradeMode.BLOCKED:
            return Retcode.TRADE_DISABLED
        if not is_open(self._state.listing(position.symbol).spec, self.now_us):
            return Retcode.MARKET_CLOSED
        quote = self._state.quotes[position.symbol]
        at = price_for(opposite(position.side), quote) if price is None else price
        self._fills.leave(account, position, lots_e8, at, self.now_us, Reason.CLIENT)
        return Retcode.DONE

    def protect(self, account: Account, position: Position, stop: int | None, target: int | None) -> Retcode:
        """Move its stop or target; None leaves it, 0 takes it away."""
        kept = position.stop_loss if stop is None else stop, position.take_profit if target is None else target
        return self._platform.books.protect(account, position, *kept, self.now_us)

    def is_better(self, symbol: str, side: Side, price: int) -> bool:
        """Whether a price is better for who trades this way than the market's is now, so that it is waited for by a limit."""
        quote = self._state.quotes.get(symbol)
        if quote is None:
            return True
        now = price_for(side, quote)
        return price <= now if side is Side.BUY else price >= now

    def leave_order(self, account: Account, ticket: Ticket) -> Pending | Retcode:
        """Leave an order that waits; the order, or why there is none."""
        answer = self._platform.books.orders.place(account, ticket, self.now_us)
        return next(reversed(account.orders.values())) if answer is Retcode.DONE else answer

    def cancel_order(self, account: Account, order: Pending) -> Retcode:
        return self._platform.books.orders.cancel(account, order, self.now_us)

    def position_of(self, order_id: str) -> str:
        """The position that an order has become; "" while it has become none."""
        return self._filled.get(order_id, "")

    def _book_entry(self, account: Account, position: Position, lots_e8: int, price: int, cost: int) -> None:
        account.balance_minor -= cost
        op = "opened" if position.lots_e8 == lots_e8 else "changed"
        deal = self._tell.deal(
            account, position, self._fills.number("deal"), self._fills.number("order"), DealEntry.IN, position.side,
            lots_e8, price, 0, -cost, 0, Reason.CLIENT.value, self.now_us,
        )  # fmt: skip
        remember(account, deal)
        self._tell.position(account, position, op, self._state, self.now_us)
        self._tell.equity(account, self._state, self.now_us)

    # --- the platform's own ---

    def swap(self, account: Account, position: Position, minor: int) -> None:
        """Charge or pay for a night."""
        position.swap_minor += minor
        self._tell.position(account, position, "changed", self._state, self.now_us)

    def charge_nothing(self, account: Account) -> None:
        """Say of each position that the night cost what it had cost before."""
        for position in account.positions.values():
            self._tell.position(account, position, "changed", self._state, self.now_us)

    def pay(self, account: Account, kind: CashKind, minor: int) -> Retcode:
        """Pay in or out, no more than is not bound by margin."""
        if not self._platform.books.can_pay(account, minor):
            return Retcode.NO_MONEY
        self._platform.books.move_cash(account, minor, kind, "", self.now_us)
        return Retcode.DONE

    def pay_dividend(self, account: Account, position: Position, minor: int) -> Retcode:
        """Book what a position brings, or costs, on its ex-date."""
        comment = f"dividend {position.symbol}, position {position.position_id}"
        self._platform.books.move_cash(account, minor, CashKind.DIVIDEND, comment, self.now_us)
        return Retcode.DONE

    def delete_deal(self, account: Account, position_id: str) -> Retcode:
        """Take the newest deal of a position out of the history."""
        return self._platform.corrections.delete(account, _newest_deal(account, position_id), self.now_us)

    def correct_deal(self, account: Account, position_id: str, changes: Mapping[str, int]) -> Retcode:
        """Give the newest deal of a position another `px` or `profit`."""
        return self._platform.corrections.update(account, _newest_deal(account, position_id), self.now_us, **changes)

    def tell_again(self, position_id: str) -> None:
        """The newest fill of a position, once more."""
        self._tell.event(self._last_deals[position_id])

    def report(self) -> None:
        """Tell the equity of each account that holds something."""
        for account in self._state.accounts.values():
            if account.positions:
                self._tell.equity(account, self._state, self.now_us)

    # --- the firm's ---

    def snapshot(self, login: str, last_seq: int) -> None:
        """Tell an account in full; login "" means all. `last_seq`: of what was told so far."""
        self._requests.snapshot(login, last_seq)

    def obey(self, command: Cmd) -> None:
        """Carry a command of the firm out."""
        self._requests.carry_out(command)
        if command.action == "create_account":
            newest = next(reversed(self._state.accounts.values()))
            newest.group = GROUP


def _newest_deal(account: Account, position_id: str) -> str:
    """Its number; "", which is nobody's, where all were deleted."""
    return next((one.deal_id for one in reversed(account.deals.values()) if one.pos_id == position_id), "")
