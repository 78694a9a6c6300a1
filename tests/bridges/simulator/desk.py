"""A platform with one account, for sums done by hand: EURUSD 1.38600 / 1.38610, gold 1284.000 / 1284.300, a Thursday noon."""

from bridges.events import Event
from bridges.simulator.answers import Reason, Retcode
from bridges.simulator.bars import Bars
from bridges.simulator.books import Books
from bridges.simulator.orders import Lifetime, Terms, Ticket
from bridges.simulator.platform import Platform, opening_state
from bridges.simulator.state import Account, Execution, OrderType, PositionMode
from bridges.simulator.tellings import Tellings
from firm.inputs import Side
from firm.instant import SECOND_US, parse_utc
from firm.quote_frame import Tick

NOON = parse_utc("2014-05-01T12:00:00")  # a Thursday
LOT = 10**8


class Desk:
    """A platform with one account, idle so that only the test trades, and the events it told."""

    def __init__(
        self,
        currency: str = "USD",
        leverage: int = 100,
        balance: str = "100000.00",
        position_mode: PositionMode = PositionMode.HEDGING,
        execution: Execution = Execution.MARKET,
        seed: int = 1,
    ) -> None:
        self.state = opening_state("market", seed, NOON)
        self.tellings = Tellings()
        self.platform = Platform(self.state, Bars(), self.tellings)
        self.books: Books = self.platform.books
        self.account = self.seat("1", currency, leverage, balance, position_mode, execution)
        self.now = NOON
        self.price("XAUUSD", 1_284_000, 1_284_300)
        self.price("EURUSD", 138_600, 138_610)

    def seat(
        self,
        login: str,
        currency: str,
        leverage: int,
        balance: str,
        position_mode: PositionMode,
        execution: Execution,
    ) -> Account:
        minor = int(balance.replace(".", ""))
        account = Account(
            login=login, trader="ada", temper="idle", group="g", leverage=leverage, currency=currency, exponent=2,
            balance_minor=minor, initial_minor=minor, position_mode=position_mode, execution=execution,
        )  # fmt: skip
        self.state.accounts[login] = account
        return account

    def price(self, symbol: str, bid: int, ask: int, after_us: int = SECOND_US) -> list[Event]:
        self.now += after_us
        self.tellings.events.clear()
        self.platform.pass_time(self.now)
        told, self.tellings.events = self.tellings.events, []
        self.platform.take_tick(Tick(symbol, self.now, bid, ask))
        return told + self.tellings.events

    def open(self, side: Side, lots_e8: int, symbol: str = "EURUSD", stop: int = 0, target: int = 0) -> Retcode:
        self.tellings.events.clear()
        answer = self.books.open_market(self.account, symbol, side, lots_e8, stop, target, self.now)
        self.platform.changed(self.account)
        return answer

    def place(
        self,
        side: Side,
        order_type: OrderType,
        price: int,
        *,
        lots_e8: int = LOT,
        stop: int = 0,
        target: int = 0,
        limit: int = 0,
        lifetime: Lifetime = Lifetime.GOOD_TILL_CANCELLED,
        until_us: int = 0,
    ) -> Retcode:
        """A waiting EURUSD order."""
        self.tellings.events.clear()
        terms = Terms(price, stop, target, limit, lifetime, until_us)
        answer = self.books.orders.place(self.account, Ticket("EURUSD", side, order_type, lots_e8, terms), self.now)
        self.platform.changed(self.account)
        return answer

    def close(self, lots_e8: int | None = None) -> Retcode:
        [position, *_] = self.account.positions.values()
        return self.books.close(self.account, position, self.now, Reason.CLIENT, lots_e8)

    def flatten_slippage(self) -> None:
        """Pin the open positions to the quote, where a sum is about something else than slippage."""
        for position in self.account.positions.values():
            quote = self.state.quotes[position.symbol]
            position.price_open = quote.ask if position.side is Side.BUY else quote.bid
        self.platform.changed(self.account)


def the(kind: type, events: list[Event]) -> Event:
    [found] = [event for event in events if isinstance(event, kind)]
    return found
