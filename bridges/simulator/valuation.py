"""Valuation: what positions are worth and what margin they bind, in the very integers that the firm computes with.

Profit is `firm.price.floating_profit`, rounded half away from zero per position; conversion goes at the side on which the
account would trade. So platform and firm agree to the last minor unit wherever they hold the same prices.
"""

from bridges.simulator.state import Account, Position, Quoted, State
from firm.arithmetic import PLAIN
from firm.inputs import Side
from firm.money import divided_rounded_half_away, divided_rounded_up
from firm.price import LOTS_SCALE, TEN_TO, Hop, floating_profit

COMMISSION_CENTS_PER_LOT = 350  # a side, in hundredths of the account's currency
MARGIN_CALL_LEVEL_PERCENT = 100
STOP_OUT_LEVEL_PERCENT = 50


class NoPrice(LookupError):
    """A symbol that the account's worth depends on has not been quoted yet."""


def close_price(position: Position, state: State) -> int:
    """The price a position would close at: bid when long, ask when short."""
    quote = _quote(state, position.symbol)
    return quote.bid if position.side is Side.BUY else quote.ask


def profit_minor(account: Account, position: Position, state: State) -> int:
    """Floating profit of a position at the last prices."""
    return _profit(
        account,
        position.symbol,
        is_long=position.side is Side.BUY,
        lots_e8=position.lots_e8,
        price_open=position.price_open,
        price_close=close_price(position, state),
        state=state,
    )


def profit_of_deal(account: Account, position: Position, lots_e8: int, price: int, state: State) -> int:
    """Realised profit of closing `lots_e8` of a position at `price`."""
    return _profit(
        account,
        position.symbol,
        is_long=position.side is Side.BUY,
        lots_e8=lots_e8,
        price_open=position.price_open,
        price_close=price,
        state=state,
    )


def dividend_of(account: Account, position: Position, points: int, state: State) -> int:
    """What a dividend of so many points a lot brings a long, or costs a short, valued like a profit."""
    return _worth_of_points(account, position, points if position.side is Side.BUY else -points, state)


def swap_of_nights(account: Account, position: Position, nights: int, state: State) -> int:
    """The swap that a rollover adds: the listing's points for the side, valued like a profit."""
    listing = state.listing(position.symbol)
    points = nights * (listing.swap_long if position.side is Side.BUY else listing.swap_short)
    return _worth_of_points(account, position, points, state)


def margin_of(account: Account, symbol: str, lots_e8: int, price_open: int, state: State) -> int:
    """Lots x contract x opening price / leverage in the account's currency, rounded up. Longs and shorts do not net."""
    worth = -_profit(account, symbol, is_long=True, lots_e8=lots_e8, price_open=price_open, price_close=0, state=state)
    return divided_rounded_up(worth, account.leverage)


def margin_minor(account: Account, state: State) -> int:
    """Margin bound by all open positions."""
    return sum(
        margin_of(account, held.symbol, held.lots_e8, held.price_open, state) for held in account.positions.values()
    )


def equity_minor(account: Account, state: State) -> int:
    """Balance plus each position's floating profit and swap."""
    floating = sum(profit_minor(account, held, state) + held.swap_minor for held in account.positions.values())
    return account.balance_minor + floating


def has_come_down_to(level_percent: int, equity: int, margin: int) -> bool:
    """The margin level, equity over margin, is at a level or below it."""
    return margin > 0 and equity * 100 <= margin * level_percent


def commission_minor(account: Account, lots_e8: int) -> int:
    """What one deal costs: negative, as it is booked."""
    cents = COMMISSION_CENTS_PER_LOT * lots_e8 * TEN_TO[account.exponent]
    return -divided_rounded_half_away(cents, 100 * LOTS_SCALE)


def conversion_symbols(account: Account, symbol: str, state: State) -> tuple[str, ...]:
    """The symbols whose prices turn this symbol's profit into the account's currency."""
    return tuple(hop.symbol for hop in _hops(state, symbol, account))


def is_convertible(account: Account, symbol: str, state: State) -> bool:
    """Whether there is a way from the symbol's currency to the account's, priced or not."""
    return state.catalogue.path(state.listing(symbol).spec.currency_profit, account.currency) is not None


def can_value(account: Account, symbol: str, state: State) -> bool:
    """Whether the symbol and everything its profit is converted through have been quoted."""
    return all(name in state.quotes for name in (symbol, *conversion_symbols(account, symbol, state)))


def _profit(
    account: Account, symbol: str, *, is_long: bool, lots_e8: int, price_open: int, price_close: int, state: State
) -> int:
    spec = state.listing(symbol).spec
    return floating_profit(
        PLAIN,
        label="",
        is_long=is_long,
        lots_e8=lots_e8,
        price_open=price_open,
        price_close=price_close,
        contract_e8=spec.contract_e8,
        digits=spec.digits,
        exponent=account.exponent,
        rates=_rates(account, symbol, state),
        ten_to=TEN_TO,
    )


def _worth_of_points(account: Account, position: Position, points: int, state: State) -> int:
    return _profit(
        account,
        position.symbol,
        is_long=True,
        lots_e8=position.lots_e8,
        price_open=0,
        price_close=points,
        state=state,
    )


def _rates(account: Account, symbol: str, state: State) -> tuple[tuple[Hop, int, int, str], ...]:
    rates = []
    for hop in _hops(state, symbol, account):
        quote = _quote(state, hop.symbol)
        rates.append((hop, quote.bid, quote.ask, ""))
    return tuple(rates)


def _hops(state: State, symbol: str, account: Account) -> tuple[Hop, ...]:
    source = state.listing(symbol).spec.currency_profit
    hops = state.catalogue.path(source, account.currency)
    assert hops is not None, f"{symbol} is held by an account in {account.currency}, to which nothing converts {source}"
    return hops


def _quote(state: State, symbol: str) -> Quoted:
    quote = state.quotes.get(symbol)
    if quote is None:
        raise NoPrice(f"{symbol} has no price yet: wait for its first tick")
    return quote
