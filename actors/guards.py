"""Guards: the bands of prices within which an account cannot reach any floor or new peak, so that it need not be woken.

Equity is linear in the prices of an account whose profits need no conversion, so bands are exact: no combination of prices
inside them can bring equity to a floor. The slack to the nearest floor (or peak) is shared over the legs in proportion
to price, minus one minor unit a position for rounding. Accounts with conversions wake on every tick they depend on.
"""

from collections import defaultdict

import msgspec

from actors.desk import Watch
from firm.account import AccountState, Peak
from firm.arithmetic import PLAIN
from firm.equity import Board, Holdings, equity_of, holdings_of, symbols_needed
from firm.inputs import Side
from firm.phase import JUDGED, Standing
from firm.price import CONTRACT_SCALE, LOTS_SCALE, TEN_TO, Hop, SymbolSpec
from firm.rules.limits import Limit

_SCALE = LOTS_SCALE * CONTRACT_SCALE

Leg = tuple[str, str]
"""A symbol, and the side of its quote at which a position in it closes: "bid" or "ask"."""


Terms = tuple[SymbolSpec | None, tuple[Hop, ...] | None]
"""A contract, and the way from its currency to the account's."""


class Stakes(msgspec.Struct, frozen=True, gc=False):
    """What guards need of an account that no price changes: only its book, its ruleset and its platform's contracts do.

    `contracts`: of each position, and how its profit is converted: all that the others rest on but the book and the ruleset.
    `needed`: the symbols its equity depends on, None while a contract or a conversion is missing. `late`: those of which it
    judges prices that come late. `holdings`: None where a profit needs conversion. `exposure`: minor units a point, times
    the scale and rounded up, of each leg of the holdings. `trails`: whether a floor follows every new equity high.
    """

    contracts: tuple[Terms, ...]
    needed: tuple[str, ...] | None
    late: tuple[str, ...]
    holdings: Holdings | None
    exposure: tuple[tuple[Leg, int], ...]
    trails: bool

    def equity(self, state: AccountState, board: Board) -> int:
        """As `equity_of` the state."""
        if self.holdings is None:
            return equity_of(PLAIN, state, board)
        return self.holdings.equity(state.balance, board.quotes)


def stakes_of(state: AccountState, board: Board) -> Stakes:
    needed, holdings = symbols_needed(state, board), holdings_of(state, board)
    exposure = () if holdings is None else _exposure(state, board)
    contracts = contracts_of(state, board)
    return Stakes(contracts, needed, _late(state, needed), holdings, exposure, state.trails_every_tick)


def contracts_of(state: AccountState, board: Board) -> tuple[Terms, ...]:
    currency = state.initial.currency
    specs = [board.specs.get(held.symbol) for held in state.positions]
    return tuple((spec, None if spec is None else board.path(spec.currency_profit, currency)) for spec in specs)


def watch_of(state: AccountState, stakes: Stakes, equity: int | None, limits: tuple[Limit, ...], board: Board) -> Watch:
    """How the market desk must watch the account, given its equity at the board's prices (None: it cannot be priced)."""
    if state.standing not in JUDGED:
        # One that ended, or has not begun, is woken by nothing but what may show that it did not break its limit.
        return Watch(state.account, breached=_breached(state), newest_us=_newest_us(state))
    day_end_us = state.day.day.end_us if state.day is not None else 0
    provisional_us = state.day.day.start_us if state.closing is not None and state.day is not None else 0
    late = (stakes.late, _breached(state), _newest_us(state))
    unfilled = _unfilled(state)
    if not state.positions:
        return Watch(state.account, (), (), day_end_us, provisional_us, False, *late, unfilled)
    rounding = len(state.positions)
    down = None if equity is None else min((equity - limit.floor - 1 - rounding for limit in limits), default=None)
    up = None if equity is None or not stakes.trails or state.peak is None else state.peak.equity - equity
    # A limit that is broken and was not acted on (its price is in doubt), and a high that the next price will bring, are looked
    # at again with whatever comes next.
    if equity is None or stakes.holdings is None or (down is not None and down < 0) or (up is not None and up < 0):
        always = stakes.needed or tuple({held.symbol for held in state.positions})
        return Watch(state.account, (), always, day_end_us, provisional_us, True, *late, unfilled)
    bands = _bands(stakes, down, None if up is None else up - rounding, board)
    return Watch(state.account, bands, (), day_end_us, provisional_us, True, *late, unfilled)


def _late(state: AccountState, needed: tuple[str, ...] | None) -> tuple[str, ...]:
    """What it depends on now, and what it held earlier in the day as far as its books are kept."""
    held = {held.symbol for book in state.earlier for held in book.positions}
    return tuple(sorted(held.union(needed or (held.symbol for held in state.positions))))


def _newest_us(state: AccountState) -> int:
    """Before which a price meets another book than the one of now, or comes before a breach or a high that it may move; 0: never."""
    breaches = (finding.at_us + 1 for finding in state.findings if finding.grounds is not None)
    high = _high(state)
    return max((state.book_since_us if state.earlier else 0, high.at_us + 1 if high is not None else 0, *breaches))


def _high(state: AccountState) -> Peak | None:
    """The peak that a floor follows, where a price that comes late may put it in doubt."""
    if state.peak is None or state.standing not in JUDGED or not state.trails_every_tick or state.is_peak_in_doubt:
        return None
    return state.peak if len(state.peak.quotes) > 1 else None


def _breached(state: AccountState) -> tuple[str, ...]:
    """The symbols at whose prices limits were seen broken, or a high was, as long as a late one may show that they were not."""
    grounds = [finding.grounds for finding in state.findings if finding.grounds is not None]
    highs = [high for high in (_high(state), *(one.high for one in grounds)) if high is not None]
    used = (*(one.quotes for one in grounds), *(high.quotes for high in highs))
    return tuple(sorted({quote.symbol for quotes in used for quote in quotes}))


def _unfilled(state: AccountState) -> tuple[str, ...]:
    """The symbols whose full prices settle a breach that merged ones showed."""
    if state.standing is not Standing.SUSPECTED or not any(finding.awaits_prices for finding in state.findings):
        return ()
    return _late(state, None)


def _bands(
    stakes: Stakes, down: int | None, up: int | None, board: Board
) -> tuple[tuple[str, str, int | None, int | None], ...]:
    """Within which equity neither falls by more than `down` nor rises by more than `up`, in minor units; None: any.

    Where nothing is left no leg may move at all. That suffices: equity is no worse (no higher) than it was just judged to
    be, rounding included, until some leg has gone beyond its price of now.
    """
    quotes, total, legs = board.quotes, 0, []
    for (symbol, side), exposed in stakes.exposure:
        quote = quotes[symbol]
        price = quote.bid if side == "bid" else quote.ask
        weight = price // 10_000 or 1
        total += exposed * weight
        legs.append((symbol, side, price, weight))
    # Points that a leg of weight 1 may move, so that all legs moving that much together use the slack up at most.
    loss = None if down is None else max(down, 0) * _SCALE // total
    gain = None if up is None else max(up, 0) * _SCALE // total
    bands = []
    for symbol, side, price, weight in legs:
        falls, rises = (loss, gain) if side == "bid" else (gain, loss)
        low = None if falls is None else price - falls * weight
        high = None if rises is None else price + rises * weight
        bands.append((symbol, side, low, high))
    return tuple(bands)


def _exposure(state: AccountState, board: Board) -> tuple[tuple[Leg, int], ...]:
    exposure: dict[Leg, int] = defaultdict(int)
    for held in state.positions:
        spec = board.specs[held.symbol]
        value = held.lots_e8 * spec.contract_e8 * TEN_TO[state.initial.exponent]
        exposure[held.symbol, "bid" if held.side is Side.BUY else "ask"] += -(-value // TEN_TO[spec.digits])
    return tuple(exposure.items())
