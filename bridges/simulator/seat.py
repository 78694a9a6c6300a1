"""Seat: what a simulated trader sees on the screen and the buttons they have. Distances are points, looks are market time."""

from zoneinfo import ZoneInfo

from bridges.simulator.answers import Reason, Retcode
from bridges.simulator.bars import Bars
from bridges.simulator.books import Books
from bridges.simulator.matching import LOTS_STEP_E8
from bridges.simulator.orders import Lifetime, Terms, Ticket
from bridges.simulator.state import Account, OrderType, Pending, Position, PositionMode, State
from bridges.simulator.symbols import LISTED, NEW_YORK
from bridges.simulator.valuation import can_value, close_price, is_convertible, margin_of, profit_minor
from firm.inputs import Side
from firm.instant import DAY_US, MINUTE_US, SECOND_US, datetime_of, instant_of
from firm.price import LOTS_SCALE, TEN_TO

_UNQUOTED_SPREAD = 10**9
_INDEX = "cfd_index"
_PACE_MINUTES = 60
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
        """Whether the symbol has a price yet, and so has all that its profit is converted through."""
        listed = self._state.catalogue.listing(symbol) is not None
        convertible = listed and is_convertible(self._account, symbol, self._state)
        return convertible and can_value(self._account, symbol, self._state)

    def symbols(self) -> list[str]:
        """What has a price, in the order in which it is listed."""
        return [symbol for symbol in LISTED if self.sees(symbol)]

    def indices(self) -> list[str]:
        """Of these the stock indices."""
        return [symbol for symbol in self.symbols() if LISTED[symbol].calc_mode == _INDEX]

    def favourite(self) -> str:
        """The market that this trader chose when first looking, of those that had a price; "" while there is none."""
        if "favourite" not in self.notes and self.symbols():
            self.notes["favourite"] = list(LISTED).index(self.symbols()[self.dice(len(self.symbols()))])
        return list(LISTED)[self.notes["favourite"]] if "favourite" in self.notes else ""

    def bid(self, symbol: str) -> int:
        return self._state.quotes[symbol].bid

    def ask(self, symbol: str) -> int:
        return self._state.quotes[symbol].ask

    def spread(self, symbol: str) -> int:
        """Ask less bid; wider than anybody would trade at where there is no price yet."""
        quote = self._state.quotes.get(symbol)
        return quote.ask - quote.bid if quote is not None else _UNQUOTED_SPREAD

    def positions(self, symbol: str = "") -> list[Position]:
        """Own positions, oldest first."""
        return [held for held in self._account.positions.values() if symbol in ("", held.symbol)]

    def has_orders(self) -> bool:
        return bool(self._account.orders)

    def orders(self, symbol: str = "") -> list[Pending]:
        """Own waiting orders, oldest first."""
        return [order for order in self._account.orders.values() if symbol in ("", order.symbol)]

    def is_netting(self) -> bool:
        """Whether all fills of a symbol are one position."""
        return self._account.position_mode is PositionMode.NETTING

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

    def pace(self, symbol: str) -> int:
        """How far the price usually gets within a minute, in points, by the last hour; 0 where that is not known yet."""
        if not self.sees(symbol):
            return 0
        ranged = self._bars.pace(symbol, self.now_us // MINUTE_US, _PACE_MINUTES)
        return max(ranged, self.spread(symbol)) if ranged else 0

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

    def lots_binding(self, symbol: str, percent: int) -> int:
        """A volume whose margin is so much of the initial balance, in hundredths of a lot, at least 0.01."""
        margin = margin_of(self._account, symbol, LOTS_SCALE, self.ask(symbol), self._state)
        return max(1, percent * self._account.initial_minor // max(1, margin)) * LOTS_STEP_E8

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
        return self.leave_order(OrderType.STOP, symbol, side, lots_e8, away, stop, target)

    def leave_order(
        self,
        order_type: OrderType,
        symbol: str,
        side: Side,
        lots_e8: int,
        away: int,
        stop: int = 0,
        target: int = 0,
        back: int = 0,
        for_s: int = 0,
    ) -> Retcode:
        """An order that waits `away` points from the price, on the side of its type, with stop and target so far from where it opens.

        A stop-limit's limit lies `back` points behind its stop. `for_s`: seconds until it expires; 0: never.
        """
        if not self.sees(symbol):
            return Retcode.NO_PRICES
        sign = 1 if side is Side.BUY else -1
        near = self.ask(symbol) if side is Side.BUY else self.bid(symbol)
        price = near - sign * away if order_type is OrderType.LIMIT else near + sign * away
        limit_price = price - sign * back if order_type is OrderType.STOP_LIMIT else 0
        opens_at = limit_price or price
        terms = Terms(
            price,
            stop_loss=opens_at - sign * stop if stop else 0,
            take_profit=opens_at + sign * target if target else 0,
            limit_price=limit_price,
            lifetime=Lifetime.UNTIL if for_s else Lifetime.GOOD_TILL_CANCELLED,
            until_us=self.now_us + for_s * SECOND_US if for_s else 0,
        )
        return self._books.orders.place(self._account, Ticket(symbol, side, order_type, lots_e8, terms), self.now_us)

    def trail(self, position: Position, points: int) -> Retcode:
        """Let the stop follow the price so many points behind; a target stays."""
        return self._books.protect(
            self._account, position, position.stop_loss, position.take_profit, self.now_us, trail_points=points
        )

    def move_stop(self, position: Position, price: int) -> Retcode:
        """Put the stop at a price; a target stays."""
        return self._books.protect(self._account, position, price, position.take_profit, self.now_us)

    def close(self, position: Position) -> Retcode:
        return self._books.close(self._account, position, self.now_us, Reason.CLIENT)

    def close_half(self, position: Position) -> Retcode:
        return self.close_part(position, 50)

    def close_part(self, position: Position, percent: int) -> Retcode:
        """Take so much off, in whole hundredths of a lot, rounded down; less than one is refused."""
        part = position.lots_e8 * percent // 100 // LOTS_STEP_E8 * LOTS_STEP_E8
        return self._books.close(self._account, position, self.now_us, Reason.CLIENT, part)

    def close_all(self) -> None:
        for position in self.positions():
            self.close(position)

    def cancel_orders(self, symbol: str = "") -> None:
        for order in self.orders(symbol):
            self._books.orders.cancel(self._account, order, self.now_us)
