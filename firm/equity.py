"""Equity: what an account is worth at given prices: balance, plus each position's profit and swap, in exact integers."""

from collections.abc import Mapping
from math import gcd
from typing import NamedTuple

import msgspec

from firm.account import AccountState, Position
from firm.arithmetic import Arithmetic
from firm.bounds import EQUITY_MINOR_MAX
from firm.inputs import Side
from firm.price import CONTRACT_SCALE, LOTS_SCALE, TEN_TO, Crosses, Hop, Quote, SymbolSpec, floating_profit


class Board(msgspec.Struct):
    """The prices of one bridge at one instant: latest quote and contract by symbol. Read by desks, written by the market desk.

    `specs` and `paths` are replaced and never changed, so that a copy may share them. `crosses`: what paths are found by.
    """

    specs: dict[str, SymbolSpec]
    quotes: dict[str, Quote]
    paths: dict[tuple[str, str], tuple[Hop, ...] | None] = msgspec.field(default_factory=dict)
    crosses: Crosses | None = None

    def path(self, source: str, target: str) -> tuple[Hop, ...] | None:
        """How to convert between two currencies here, or None; remembered until a contract of one of the two changes."""
        if source == target:
            return ()
        key = (source, target)
        if key not in self.paths:
            if self.crosses is None:
                self.crosses = Crosses(self.specs.values())
            self.paths[key] = self.crosses.path(source, target)
        return self.paths[key]

    def take(self, spec: SymbolSpec) -> None:
        """A new contract, or another in place of one of its symbol."""
        known = self.specs.get(spec.symbol)
        if known == spec:
            return
        self.specs = self.specs | {spec.symbol: spec}
        if self.crosses is not None:
            if known is not None:
                self.crosses.remove(known)
            self.crosses.add(spec)
        # Each hop of a way begins or ends at one of its two currencies: no other contract can change it.
        told = {
            currency
            for one in (known, spec)
            if one is not None
            for currency in (one.currency_base, one.currency_profit)
        }
        self.paths = {ends: path for ends, path in self.paths.items() if told.isdisjoint(ends)}

    def digits_of(self, symbol: str) -> int | None:
        """In whose points its prices are; None where no contract was told."""
        spec = self.specs.get(symbol)
        return None if spec is None else spec.digits

    def name_now(self, symbol: str) -> str:
        """What a symbol is called now, over however many renames."""
        seen = {symbol}
        while (spec := self.specs.get(symbol)) is not None and spec.renamed_to and spec.renamed_to not in seen:
            symbol = spec.renamed_to
            seen.add(symbol)
        return symbol

    def at(self, quotes: Mapping[str, Quote]) -> "Board":
        """The same contracts with other prices."""
        return Board(self.specs, dict(quotes), self.paths, self.crosses)


class Priced(msgspec.Struct, frozen=True):
    """Where a quote and its symbol's contract can be cited from: the QuoteUsed row."""

    seq: int


NOT_CITED: Mapping[str, Priced] = {}


def symbols_needed(account: AccountState, board: Board) -> tuple[str, ...] | None:
    """The symbols the account's equity depends on, sorted; None when a contract or a conversion is missing."""
    symbols: set[str] = set()
    for position in account.positions:
        spec = board.specs.get(position.symbol)
        if spec is None:
            return None
        hops = board.path(spec.currency_profit, account.initial.currency)
        if hops is None:
            return None
        symbols.add(position.symbol)
        symbols.update(hop.symbol for hop in hops)
    return tuple(sorted(symbols))


def unpriced(account: AccountState, board: Board) -> bool:
    """Whether some price that the equity depends on has never been seen."""
    return lacks_prices(symbols_needed(account, board), board)


def lacks_prices(symbols: tuple[str, ...] | None, board: Board) -> bool:
    """Whether one of the symbols that an equity depends on (None: not known) was never priced."""
    return symbols is None or any(symbol not in board.quotes for symbol in symbols)


def equity_of(calc: Arithmetic, account: AccountState, board: Board, cited: Mapping[str, Priced] = NOT_CITED) -> int:
    """Equity in minor units of the account's currency. Every needed symbol must be priced (`unpriced` is False)."""
    total = calc.given("balance", account.balance, "minor", account.balance_source)
    for place, position in enumerate(account.positions, start=1):
        label = f"{position.symbol} #{place}"
        profit = position_profit(calc, account, position, board, label, cited)
        total = calc.plus(f"balance and profit up to {label}", total, profit)
        if position.swap:
            swap = calc.given(f"{label} swap", position.swap, "minor", f"{position.swap_seq}/{position.swap_path}")
            total = calc.plus(f"balance, profit and swap up to {label}", total, swap)
    assert -EQUITY_MINOR_MAX < total < EQUITY_MINOR_MAX, f"account {account.account} is worth what cannot be stored"
    return total


class Leg(NamedTuple):
    """A position, ready to be valued at any prices. Minor units a point as a fraction in lowest terms, before conversion by `hops`."""

    symbol: str
    is_long: bool
    price_open: int
    factor: int
    divisor: int
    hops: tuple[Hop, ...]

    def profit(self, quotes: Mapping[str, Quote]) -> int:
        """As `position_profit`: minor units, rounded half away from zero."""
        symbol, is_long, price_open, factor, divisor, hops = self
        quote = quotes[symbol]
        worth = ((quote.bid - price_open) if is_long else (price_open - quote.ask)) * factor
        if hops:
            gains = worth > 0
            for hop in hops:
                rate = quotes[hop.symbol]
                if hop.inverse:
                    worth *= TEN_TO[hop.digits]
                    divisor *= rate.ask if gains else rate.bid
                else:
                    worth *= rate.bid if gains else rate.ask
                    divisor *= TEN_TO[hop.digits]
        doubled = 2 * divisor
        return (2 * worth + divisor) // doubled if worth >= 0 else -((divisor - 2 * worth) // doubled)


class Holdings(msgspec.Struct, frozen=True, gc=False):
    """A book, ready to be valued at any prices: `equity_of` for the many looks that decide nothing.

    What decides is worked out by `equity_of` itself, and must agree; tests hold both to the same cent.
    """

    swaps: int
    legs: tuple[Leg, ...]

    @property
    def symbols(self) -> tuple[str, ...]:
        """Those that the equity depends on, sorted."""
        symbols = {leg.symbol for leg in self.legs}
        symbols.update([hop.symbol for leg in self.legs for hop in leg.hops])
        return tuple(sorted(symbols))

    def equity(self, balance: int, quotes: Mapping[str, Quote]) -> int | None:
        """In minor units; None beyond what can be stored. Every symbol must be priced."""
        total = balance + self.swaps
        for leg in self.legs:
            total += leg.profit(quotes)
        return total if -EQUITY_MINOR_MAX < total < EQUITY_MINOR_MAX else None


def holdings_of(account: AccountState, board: Board) -> Holdings | None:
    """None where a contract or a conversion is missing."""
    legs = []
    for held in account.positions:
        leg = leg_of(account, held, board)
        if leg is None:
            return None
        legs.append(leg)
    return Holdings(sum([held.swap for held in account.positions]), tuple(legs))


def leg_of(account: AccountState, held: Position, board: Board) -> Leg | None:
    """One position of it; None where its contract or a conversion is missing."""
    spec = board.specs.get(held.symbol)
    hops = None if spec is None else board.path(spec.currency_profit, account.initial.currency)
    if spec is None or hops is None:
        return None
    factor = held.lots_e8 * spec.contract_e8 * TEN_TO[account.initial.exponent]
    divisor = TEN_TO[spec.digits] * LOTS_SCALE * CONTRACT_SCALE
    common = gcd(factor, divisor)
    return Leg(held.symbol, held.side is Side.BUY, held.price_open, factor // common, divisor // common, hops)


def position_profit(
    calc: Arithmetic,
    account: AccountState,
    position: Position,
    board: Board,
    label: str,
    cited: Mapping[str, Priced] = NOT_CITED,
) -> int:
    """Floating profit of one position, closed at the bid when long and at the ask when short."""
    spec, quote = board.specs[position.symbol], board.quotes[position.symbol]
    is_long = position.side is Side.BUY
    booked = f"{position.seq}/{position.path}"
    shown = _source(cited, position.symbol)
    hops = board.path(spec.currency_profit, account.initial.currency)
    assert hops is not None, f"{position.symbol} cannot be converted to {account.initial.currency}"
    return floating_profit(
        calc,
        label=label,
        is_long=is_long,
        lots_e8=calc.given(f"{label} lots_e8", position.lots_e8, "lots_e8", f"{booked}lots_e8"),
        price_open=calc.given(f"{label} open price", position.price_open, "points", f"{booked}price_open"),
        price_close=calc.given(
            f"{label} {'bid' if is_long else 'ask'}",
            quote.bid if is_long else quote.ask,
            "points",
            f"{shown}/{'bid' if is_long else 'ask'}",
        ),
        contract_e8=calc.given(f"{label} contract_e8", spec.contract_e8, "contract_e8", f"{shown}/contract_e8"),
        digits=spec.digits,
        exponent=account.initial.exponent,
        rates=tuple(_rate(hop, board, cited) for hop in hops),
        ten_to=TEN_TO,
    )


def quotes_used(account: AccountState, board: Board) -> tuple[Quote, ...]:
    """The ticks that the account's equity rests on, by symbol."""
    symbols = symbols_needed(account, board)
    return tuple(board.quotes[symbol] for symbol in symbols or () if symbol in board.quotes)


def _rate(hop: Hop, board: Board, cited: Mapping[str, Priced]) -> tuple[Hop, int, int, str]:
    quote = board.quotes[hop.symbol]
    return hop, quote.bid, quote.ask, _source(cited, hop.symbol)


def _source(cited: Mapping[str, Priced], symbol: str) -> str:
    return str(cited[symbol].seq) if symbol in cited else ""
