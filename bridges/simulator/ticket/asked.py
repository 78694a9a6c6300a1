"""Asked: what a trader's forms ask for, read into the platform's own words with bounds, or what is wrong with them by field."""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from bridges.bounds import PRICE_POINTS_MAX
from bridges.simulator.catalogue import Catalogue
from bridges.simulator.orders import Lifetime, Terms, Ticket
from bridges.simulator.state import OrderType
from bridges.simulator.symbols import Listing
from firm.inputs import Side

MARKET = "market"
KEPT = ("symbol", "type", "lots", "price", "limit_price", "stop_loss", "take_profit", "lifetime")
"""What of an order is typed or chosen, by its fields' names."""

_NO_PRICE = "A market order is filled at once, at whatever price there is: empty this field, or choose limit or stop."
_NO_LIMIT = "Only a stop-limit takes a limit price: empty this field, or choose stop-limit."
TRAIL_MAX_POINTS = 1_000_000
# A comma, too, which is all that many phones have on their keypad: nobody has a thousand lots for it to part.
_LOTS = re.compile(r"(\d{1,3})(?:[.,](\d{1,2}))?\Z", re.ASCII)
_PRICE = re.compile(r"(\d{1,9})(?:\.(\d{1,9}))?\Z", re.ASCII)
_WHOLE = re.compile(r"\d{1,7}\Z", re.ASCII)
_Choice = TypeVar("_Choice")


_EXAMPLE = "38600000"  # what stands after the point in a price that shows how one is written


def price_written(digits: int) -> str:
    """How a price of so many decimals is typed. A comma is refused: it parts thousands as well as decimals."""
    return f"with a point, as 1.{_EXAMPLE[:digits]}" if digits else "without decimals"


class Wrong(msgspec.Struct, frozen=True):
    """What is wrong by field ("" for the form as a whole), and what was typed."""

    errors: dict[str, str]
    typed: dict[str, str]

    @property
    def first(self) -> str:
        """The field to begin with; "" where none is at fault."""
        return next(filter(None, self.errors), "")


class MarketOrder(msgspec.Struct, frozen=True):
    """Filled at once."""

    symbol: str
    side: Side
    lots_e8: int
    stop_loss: int
    take_profit: int


class Protection(msgspec.Struct, frozen=True):
    """Stop, target and trailing distance of a position; 0 for none."""

    stop_loss: int
    take_profit: int
    trail_points: int


def read_order(fields: Mapping[str, Any], catalogue: Catalogue) -> MarketOrder | Ticket | Wrong:
    """A new order. Prices are in the symbol's digits; which of them make sense is for the books to say."""
    form = _Form(fields)
    symbol = form.text("symbol")
    listing = catalogue.listing(symbol)
    if listing is None:
        return Wrong({"symbol": "Choose a symbol from the list."}, form.typed())
    at_market = form.text("type") == MARKET
    order_type = None if at_market else form.choice("type", OrderType, "Choose what kind of order it is.")
    lots_e8 = form.lots("lots", required=True)
    price = form.none("price", _NO_PRICE) if at_market else form.price("price", listing, required=True)
    if order_type is OrderType.STOP_LIMIT:
        limit_price = form.price("limit_price", listing, required=True)
    else:
        limit_price = form.none("limit_price", _NO_LIMIT)
    stop_loss, take_profit = form.price("stop_loss", listing), form.price("take_profit", listing)
    lifetime = None if at_market else form.choice("lifetime", Lifetime, "Choose how long the order waits.")
    side = form.choice("side", Side, "Press Buy or Sell.")
    if form.errors or side is None:
        return Wrong(form.errors, form.typed())
    if order_type is None or lifetime is None:
        return MarketOrder(symbol, side, lots_e8, stop_loss, take_profit)
    terms = Terms(price, stop_loss, take_profit, limit_price, lifetime)
    return Ticket(symbol, side, order_type, lots_e8, terms)


def kept_of(fields: Mapping[str, Any]) -> dict[str, str]:
    """What was typed of an order that was not placed, bounded, for its form to have it again."""
    typed = _Form(fields).typed()
    return {name: typed[name] for name in KEPT if typed.get(name)}


def read_closing(fields: Mapping[str, Any]) -> int | Wrong | None:
    """How much to close, in lots times 10^8; None is all of it."""
    form = _Form(fields)
    lots_e8 = form.lots("lots")
    return Wrong(form.errors, form.typed()) if form.errors else lots_e8 or None


def read_protection(fields: Mapping[str, Any], listing: Listing) -> Protection | Wrong:
    form = _Form(fields)
    stop_loss, take_profit = form.price("stop_loss", listing), form.price("take_profit", listing)
    trail_points = form.whole("trail_points", TRAIL_MAX_POINTS)
    if form.errors:
        return Wrong(form.errors, form.typed())
    return Protection(stop_loss, take_profit, trail_points)


class _Form:
    """Strings from a browser, and what was found wrong with them so far."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self._fields = fields
        self.errors: dict[str, str] = {}

    def text(self, name: str) -> str:
        value = self._fields.get(name, "")
        return value.strip() if isinstance(value, str) else ""

    def typed(self) -> dict[str, str]:
        return {name: value[:40] for name, value in self._fields.items() if isinstance(value, str)}

    def choice(self, name: str, choices: type[_Choice], complaint: str) -> _Choice | None:
        try:
            return choices(self.text(name))  # type: ignore[call-arg]  # an enum looks its member up by value
        except ValueError:
            self.errors[name] = complaint
            return None

    def lots(self, name: str, *, required: bool = False) -> int:
        """Lots times 10^8; 0 where nothing is said."""
        text = self.text(name)
        match = _LOTS.match(text)
        if match is not None:
            lots_e8 = int(match[1] + (match[2] or "").ljust(2, "0")) * 1_000_000
            if lots_e8:
                return lots_e8
        if text or required:
            self.errors[name] = "Say how many lots: 0.01 to 200, with at most two decimals."
        return 0

    def price(self, name: str, listing: Listing, *, required: bool = False) -> int:
        """Points; 0 where nothing is said. Only what the wire carries as a price is one."""
        text, digits = self.text(name), listing.spec.digits
        match = _PRICE.match(text)
        if match is not None and len(match[2] or "") <= digits:
            points = int(match[1] + (match[2] or "").ljust(digits, "0"))
            if points > PRICE_POINTS_MAX:
                self.errors[name] = "No price goes as far as that."
                return 0
            if points or not required:
                return points
        if text or required:
            most = f": at most {digits} decimals." if digits else "."
            self.errors[name] = f"Say a price of {listing.spec.symbol} {price_written(digits)}{most}"
        return 0

    def none(self, name: str, complaint: str) -> int:
        """0; a field that this kind of order does not take must be empty: what is passed over in silence was meant."""
        if self.text(name):
            self.errors[name] = complaint
        return 0

    def whole(self, name: str, most: int) -> int:
        """A whole number; 0 where nothing is said."""
        text = self.text(name)
        if _WHOLE.match(text) and int(text) <= most:
            return int(text)
        if text:
            self.errors[name] = f"Say a whole number of points, at most {most:,}."
        return 0
