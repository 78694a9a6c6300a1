"""Seat: what a simulated trader sees on the screen and the buttons they have. Distances are points, looks are market time."""

from zoneinfo import ZoneInfo

from bridges.simulator.answers import Reason, Retcode
from bridges.simulator.bars import Bars
from bridges.simulator.books import Books
from bridges.simulator.matching import LOTS_STEP_E8
from bridges.simulator.orders import Terms, Ticket
from bridges.simulator.state import Account, OrderType, Position, State
from bridges.simulator.symbols import NEW_YORK
from bridges.simulator.valuation import close_price, profit_minor
from firm.inputs import Side
from firm.instant import DAY_US, MINUTE_US, SECOND_US, datetime_of, instant_of
from firm.price import TEN_TO

_UNQUOTED_SPREAD = 10**9
# Lot sizes in tempers are meant for an account of this size.
_REFERENCE_SIZES = {"JPY": 10_000_000, "CZK": 2_000_000}
_REFERENCE_SIZE = 100_000  # in any other currency


class Seat:
    """One trader at one account at one instant."""

    def __init__(self, account: Account, state: State, books: Books, bars: Bars, now_us: int) -> None:
        self.now_us = now_us
        self.notes = account.notes
        self._account = account
        self._state = state
        self._books = books
        self._bars = bars

    # --- the screen ---

    def sees(self, symbol: str) -> bool:
        """Whether the symbol has a price yet."""
        return symbol in self._state.quotes

    def bid(self, symbol: str) -> int:
        return self._state.quotes[symbol].bid

    def spread(self, symbol: str) -> int:
        """Ask less bid; wider than anybody would trade at where there is no price yet."""
        quote = self._state.quotes.get(symbol)
        return quote.ask - quote.bid if quote is not None else _UNQUOTED_SPREAD

    def positions(self, symbol: str = "") -> list[Position]:
        """Own positions, oldest first."""
        return [held for held in self._account.positions.values() if symbol in ("", held.symbol)]

    def has_orders(self) -> bool:
        return bool(self._account.orders)

    def profit_bp(self, position: Position) -> int:
        """A position's profit as a share of the account's initial balance."""
        return profit_minor(self._account, position, self._state) * 10_000 // self._account.initial_minor

    def gained_bp(self) -> int:
        """How far the balance is above where it began."""
        return (self._account.balance_minor - self._account.initial_minor) * 10_000 // self._account.initial_minor

    def points_against(self, position: Position) -> int:
        """How far the price at which the position would close is on the wrong side of its opening."""
        moved = close_price(position, self._state) - position.price_open
        return -moved if position.side is Side.BUY else moved

    def trend(self, symbol: str, minutes: int) -> int:
        """The bid now less the bid `minutes` ago."""
        before = self._bars.close_before(symbol, self.now_us // MINUTE_US - minutes)
        return self.bid(symbol) - before if before is not None and self.sees(symbol) else 0

    def channel(self, symbol: str, minutes: int) -> tuple[int, int] | None:
        """Lowest and highest bid of the finished `minutes`; None where there is too little past."""
        return self._bars.channel(symbol, self.now_us // MINUTE_US, minutes) if self.sees(symbol) else None

    def seconds_to_payrolls(self) -> int:
        """Seconds to this day's US payrolls (first Friday of a month, 8:30 in New York): negative after it, a day where there is none."""
        local = datetime_of(self.now_us).astimezone(ZoneInfo(NEW_YORK))
        if local.weekday() != 4 or local.day > 7:
            return DAY_US // SECOND_US
        release = local.replace(hour=8, minute=30, second=0, microsecond=0)
        return (instant_of(release) - self.now_us) // SECOND_US

    def minute_of_day(self) -> int:
        """Minutes since midnight UTC."""
        return self.now_us % DAY_US // MINUTE_US

    # --- the buttons ---

    def dice(self, sides: int) -> int:
        return self._books.draw(self._account, sides)

    def lots(self, hundredths: int) -> int:
        """A volume in hundredths of a lot for a 100 000 account, scaled to this one, at least 0.01."""
        reference = _REFERENCE_SIZES.get(self._account.currency, _REFERENCE_SIZE) * TEN_TO[self._account.exponent]
        scaled: int = hundredths * self._account.initial_minor // reference
        return max(1, scaled) * LOTS_STEP_E8

    def buy(self, symbol: str, lots_e8: int, stop: int = 0, target: int = 0) -> Retcode:
        return self.open(symbol, Side.BUY, lots_e8, stop, target)

    def sell(self, symbol: str, lots_e8: int, stop: int = 0, target: int = 0) -> Retcode:
        return self.open(symbol, Side.SELL, lots_e8, stop, target)

    def open(self, symbol: str, side: Side, lots_e8: int, stop: int = 0, target: int = 0) -> Retcode:
        """A market order with stop and target `stop` and `target` points from the opposite price; 0 for none."""
        if not self.sees(symbol):
            return Retcode.NO_PRICES
        quote = self._state.quotes[symbol]
        long = side is Side.BUY
        near = quote.ask if long else quote.bid
        stop_loss = (near - stop if long else near + stop) if stop else 0
        take_profit = (near + target if long else near - target) if target else 0
        return self._books.open_market(self._account, symbol, side, lots_e8, stop_loss, take_profit, self.now_us)

    def leave_stop_order(self, symbol: str, side: Side, lots_e8: int, away: int, stop: int, target: int) -> Retcode:
        """A stop order `away` points beyond the price, with its own stop and target."""
        if not self.sees(symbol):
            return Retcode.NO_PRICES
        quote = self._state.quotes[symbol]
        sign = 1 if side is Side.BUY else -1
        price = (quote.ask if side is Side.BUY else quote.bid) + sign * away
        terms = Terms(price, price - sign * stop, price + sign * target)
        ticket = Ticket(symbol, side, OrderType.STOP, lots_e8, terms)
        return self._books.orders.place(self._account, ticket, self.now_us)

    def close(self, position: Position) -> Retcode:
        return self._books.close(self._account, position, self.now_us, Reason.CLIENT)

    def close_half(self, position: Position) -> Retcode:
        """Take half off, in whole hundredths of a lot."""
        half = position.lots_e8 // 2 // LOTS_STEP_E8 * LOTS_STEP_E8
        return self._books.close(self._account, position, self.now_us, Reason.CLIENT, half)

    def close_all(self) -> None:
        for position in self.positions():
            self.close(position)

    def cancel_orders(self) -> None:
        for order in list(self._account.orders.values()):
            self._books.orders.cancel(self._account, order, self.now_us)
