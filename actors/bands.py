"""Bands: for each leg of an account, the prices within which its equity keeps clear of every floor and of its peak.

They are exact: no combination of prices inside them brings equity to a floor. All prices that equity depends on may move
by the same share of themselves, the widest at which the worst (the best) corner of that box still leaves the slack unspent.
Where all profits are in the account's own currency, equity is linear in the prices and the share is one division; a converted
profit is a product of prices, whose worst value over a box lies in a corner, and the share is found by halving.
"""

from collections.abc import Callable, Mapping, Sequence

from actors.desk import Bands
from firm.equity import Leg
from firm.price import CONTRACT_SCALE, LOTS_SCALE, TEN_TO, Hop, Quote

SCALE = LOTS_SCALE * CONTRACT_SCALE
_SHARES_OF_A_PRICE = (
    10_000  # a leg of weight 1 moves a point where one of weight 10_000 moves a ten-thousandth of its price
)
_REFINED = 16  # a share is found to within one part of so many

Side = tuple[str, str]
"""A symbol, and the side of its quote at which a position in it closes: "bid" or "ask"."""
Quotes = Mapping[str, Quote]


def linear_bands(exposure: Sequence[tuple[Side, int]], quotes: Quotes, down: int | None, up: int | None) -> Bands:
    """Within which equity neither falls by more than `down` nor rises by more than `up`, in minor units; None: any.

    `exposure`: minor units a point, times the scale and rounded up, of each leg. Where nothing is left no leg may move at all. That
    suffices: equity is no worse (no higher) than it was just judged to be, rounding included, until some leg has gone beyond its
    price of now.
    """
    total, legs = 0, []
    for (symbol, side), exposed in exposure:
        quote = quotes[symbol]
        price = quote.bid if side == "bid" else quote.ask
        weight = _weight(price)
        total += exposed * weight
        legs.append((symbol, side, price, weight))
    # Points that a leg of weight 1 may move, so that all legs moving that much together use the slack up at most.
    loss = None if down is None else max(down, 0) * SCALE // total
    gain = None if up is None else max(up, 0) * SCALE // total
    return tuple(_band(symbol, side, price, weight, loss, gain) for symbol, side, price, weight in legs)


def converted_bands(
    legs: Sequence[Leg], quotes: Quotes, down: int | None, up: int | None, fall: Callable[[int], int] | None = None
) -> Bands:
    """As `linear_bands`, for legs some of which need conversion. Rounding is in the corners: each is rounded to its own side.

    `fall`: by how much equity may fall besides while each price moves by a share, where that follows from rates too.
    """
    widest = min(
        quotes[symbol].bid // (2 * _weight(quotes[symbol].bid))
        for leg in legs
        for symbol in (leg.symbol, *(hop.symbol for hop in leg.hops))
    )
    now = sum(leg.profit(quotes) for leg in legs)

    def is_kept(share: int) -> bool:
        falls = now - _worst(legs, quotes, share)
        return (down is None or falls <= down) and (fall is None or falls <= fall(share))

    loss = None if down is None and fall is None else _share(widest, is_kept)
    gain = None if up is None else _share(widest, lambda share: _best(legs, quotes, share) - now <= up)
    # A price that converts costs by falling as by rising, as its leg gains or loses.
    either = min((share for share in (loss, gain) if share is not None), default=None)
    found: dict[Side, tuple[int | None, int | None]] = {}
    for leg in legs:
        quote, side = quotes[leg.symbol], "bid" if leg.is_long else "ask"
        price = quote.bid if leg.is_long else quote.ask
        _narrow(found, _band(leg.symbol, side, price, _weight(price), loss, gain))
        for hop in leg.hops:
            rate = quotes[hop.symbol]
            for side, price in (("bid", rate.bid), ("ask", rate.ask)):
                _narrow(found, _band(hop.symbol, side, price, _weight(rate.bid), either, either))
    return tuple((symbol, side, low, high) for (symbol, side), (low, high) in found.items())


def _weight(price: int) -> int:
    return price // _SHARES_OF_A_PRICE or 1


def _band(
    symbol: str, side: str, price: int, weight: int, loss: int | None, gain: int | None
) -> tuple[str, str, int | None, int | None]:
    falls, rises = (loss, gain) if side == "bid" else (gain, loss)
    return (
        symbol,
        side,
        None if falls is None else price - falls * weight,
        None if rises is None else price + rises * weight,
    )


def _narrow(found: dict[Side, tuple[int | None, int | None]], band: tuple[str, str, int | None, int | None]) -> None:
    """Where a price counts twice, as a leg's and as a rate, the narrower band holds."""
    symbol, side, low, high = band
    known_low, known_high = found.get((symbol, side), (None, None))
    lows, highs = (
        [one for one in (low, known_low) if one is not None],
        [one for one in (high, known_high) if one is not None],
    )
    found[symbol, side] = (max(lows, default=None), min(highs, default=None))


def _share(widest: int, is_within: Callable[[int], bool]) -> int:
    """The largest share, to a sixteenth of itself, within which the slack lasts; 0 where none does: then no price may move at all."""
    if widest < 1 or not is_within(1):
        return 0
    if is_within(widest):
        return widest
    within, beyond = 1, 2
    while beyond <= widest and is_within(beyond):
        within, beyond = beyond, 2 * beyond
    beyond = min(beyond, widest + 1)
    while beyond - within > 1 + within // _REFINED:
        middle = (within + beyond) // 2
        within, beyond = (middle, beyond) if is_within(middle) else (within, middle)
    return within


def _worst(legs: Sequence[Leg], quotes: Quotes, share: int) -> int:
    """No more than the least that the legs are worth together while each price moves by a share; minor units."""
    total = 0
    for leg in legs:
        moved = _moved(leg, quotes) - share * _weight(_closing(leg, quotes))
        worth, divisor = converted(moved * leg.factor, leg.divisor, leg.hops, quotes, -share)
        total += worth // divisor
    return total


def _best(legs: Sequence[Leg], quotes: Quotes, share: int) -> int:
    """No less than the most that they are worth."""
    total = 0
    for leg in legs:
        moved = _moved(leg, quotes) + share * _weight(_closing(leg, quotes))
        worth, divisor = converted(moved * leg.factor, leg.divisor, leg.hops, quotes, share)
        total += -(-worth // divisor)
    return total


def converted(worth: int, divisor: int, hops: Sequence[Hop], quotes: Quotes, share: int) -> tuple[int, int]:
    """Converted where rates have moved by a share: for the best if that is above nought, else for the worst."""
    gains = worth > 0
    # A gain is worth most, and a loss costs most, where what it is multiplied by is highest.
    raised = share if gains else -share
    for hop in hops:
        rate = quotes[hop.symbol]
        weight, ten = _weight(rate.bid), TEN_TO[hop.digits]
        if hop.inverse:
            worth, divisor = worth * ten, divisor * ((rate.ask if gains else rate.bid) - raised * weight)
        else:
            worth, divisor = worth * ((rate.bid if gains else rate.ask) + raised * weight), divisor * ten
    return worth, divisor


def _closing(leg: Leg, quotes: Quotes) -> int:
    quote = quotes[leg.symbol]
    return quote.bid if leg.is_long else quote.ask


def _moved(leg: Leg, quotes: Quotes) -> int:
    closing = _closing(leg, quotes)
    return closing - leg.price_open if leg.is_long else leg.price_open - closing
