"""Guards: by which prices an account must be woken, so that no floor is reached and no peak passed without its desk.

An account stands behind bands of prices (`actors/bands.py`), whose slack is what is left to its nearest floor, or peak; or in columns
(`actors/columns.py`) where its floor follows every high, for in a trend each price is one. Where neither can be drawn, because
something is not priced or a broken limit waits for better prices, every price that it depends on wakes it.
"""

from collections import defaultdict
from functools import partial
from itertools import chain
from operator import attrgetter
from typing import NamedTuple

import msgspec

from actors.bands import SCALE, Side, converted_bands, linear_bands
from actors.desk import Bands, Follower, Watch
from actors.margin_bands import MarginRoom
from actors.sanity import PRICE_POINTS_MAX
from firm.account import AccountState, Peak, with_price_peak
from firm.bounds import EQUITY_MINOR_MAX
from firm.equity import Board, Holdings, Leg, holdings_of
from firm.needs import needs_of
from firm.phase import JUDGED, Standing
from firm.price import Hop, SymbolSpec
from firm.rules.deeds import forbids_holding
from firm.rules.limits import Limit, limits_at_new_peak
from firm.rules.looks import rules_looked_at
from firm.terms.words import Frequency

_POSITIONS, _SYMBOL = attrgetter("positions"), attrgetter("symbol")

Terms = tuple[SymbolSpec | None, tuple[Hop, ...] | None]
"""A contract, and the way from its currency to the account's."""


class Rooms(NamedTuple):
    """How far equity may fall and rise, in minor units, before rules that are no loss limits ask for a look; None: any way.

    `margin`: how far it may fall before a limit of margin does, which rates have a part in.
    """

    down: int | None = None
    up: int | None = None
    margin: MarginRoom | None = None

    @property
    def is_free(self) -> bool:
        return self.down is None and self.up is None and self.margin is None


FREE = Rooms()


class Stakes(msgspec.Struct, frozen=True, gc=False):
    """What guards need of an account that no price changes: only its book, its ruleset and its platform's contracts do.

    `contracts`: of each position, and how its profit is converted: all that the others rest on but the book and the ruleset.
    `needed`: the symbols its equity depends on, None while a contract or a conversion is missing. `late`: those of which it
    judges prices that come late. `holdings`: None where something is missing. `exposure`: minor units a point, times the scale
    and rounded up, of each leg; None where a profit needs conversion. `moves_most`: by what no price moves equity further, in minor
    units; None likewise. `trails`: whether a floor follows every new equity high.
    """

    contracts: tuple[Terms, ...]
    needed: tuple[str, ...] | None
    late: tuple[str, ...]
    holdings: Holdings | None
    exposure: tuple[tuple[Side, int], ...] | None
    moves_most: int | None
    trails: bool

    def equity(self, state: AccountState, board: Board) -> int:
        """As `equity_of` the state, all of whose prices are known."""
        equity = self.equity_if_storable(state, board)
        assert equity is not None, f"account {state.account} is worth what cannot be stored"
        return equity

    def equity_if_storable(self, state: AccountState, board: Board) -> int | None:
        """None where its desk would stop at the figure."""
        assert self.holdings is not None, f"account {state.account} cannot be priced"
        return self.holdings.equity(state.balance, board.quotes)


def stakes_of(state: AccountState, board: Board) -> Stakes:
    holdings = holdings_of(state, board)
    needed = None if holdings is None else holdings.symbols
    exposure = None if holdings is None else _exposure(holdings.legs)
    moves_most = None if exposure is None else _moves_most(exposure) + len(state.positions)
    contracts, late = contracts_of(state, board), _late(state, needed)
    return Stakes(contracts, needed, late, holdings, exposure, moves_most, state.trails_every_tick)


def contracts_of(state: AccountState, board: Board) -> tuple[Terms, ...]:
    currency = state.initial.currency
    specs = [board.specs.get(held.symbol) for held in state.positions]
    return tuple((spec, None if spec is None else board.path(spec.currency_profit, currency)) for spec in specs)


def watch_of(
    state: AccountState,
    stakes: Stakes,
    equity: int | None,
    limits: tuple[Limit, ...],
    board: Board,
    *,
    in_columns: bool = False,
    rooms: Rooms = FREE,
) -> Watch:
    """How the market desk must watch the account, given its equity at the board's prices (None: it cannot be priced).

    `in_columns`: whether it keeps those that follow every high in columns.
    """
    if state.standing not in JUDGED:
        # One that ended, or has not begun, is woken by nothing but what may show that it did not break its limit.
        return Watch(state.account, breached=breached_at(state), newest_us=_newest_us(state))
    needed = stakes.needed if stakes.needed is not None else tuple({held.symbol for held in state.positions})
    bands: Bands | None = ()
    follower = None
    if state.positions:
        # A row of columns has one equity, and no position: what a single one may bring is not seen there.
        follower = _follower(state, stakes, equity, limits) if in_columns and rooms.is_free else None
        bands = _bands(state, stakes, equity, limits, board, rooms) if follower is None else None
    return Watch(
        account=state.account,
        needed=needed,
        bands=bands,
        follower=follower,
        trails=stakes.trails,
        day_end_us=state.day.day.end_us if state.day is not None else 0,
        provisional_us=state.day.day.start_us if state.closing is not None and state.day is not None else 0,
        marked=bool(state.positions or (state.track.orders and needs_of(state.ruleset).orders)),
        late=stakes.late,
        breached=breached_at(state),
        newest_us=_newest_us(state),
        unfilled=_unfilled(state),
    )


def _bands(
    state: AccountState, stakes: Stakes, equity: int | None, limits: tuple[Limit, ...], board: Board, rooms: Rooms
) -> Bands | None:
    if equity is None or stakes.holdings is None:
        return None
    rounding = len(state.positions)
    fall = None if rooms.margin is None else partial(rooms.margin.fall, board.quotes)
    fixed = fall(0) if fall is not None else None
    down = _least(*(limit.room(equity, state.balance) for limit in limits), rooms.down, fixed)
    down = None if down is None else down - 1 - rounding
    up = _least(state.peak.equity - equity if stakes.trails and state.peak is not None else None, rooms.up)
    # A limit that is broken and was not acted on (its price is in doubt), and a high that the next price will bring, are looked
    # at again with whatever comes next.
    if (down is not None and down < 0) or (up is not None and up < 0):
        return None
    up = None if up is None else up - rounding
    if stakes.moves_most is None or abs(equity) + stakes.moves_most >= EQUITY_MINOR_MAX:
        # Beyond what can be stored its desk must stop: at the price that brings equity there, not with the next mark.
        room = EQUITY_MINOR_MAX - 1 - rounding
        down = room + equity if down is None else min(down, room + equity)
        up = room - equity if up is None else min(up, room - equity)
    if stakes.exposure is None:
        return converted_bands(stakes.holdings.legs, board.quotes, down, up, fall)
    return linear_bands(stakes.exposure, board.quotes, down, up)


def _least(*rooms: int | None) -> int | None:
    return min((room for room in rooms if room is not None), default=None)


def _follower(state: AccountState, stakes: Stakes, equity: int | None, limits: tuple[Limit, ...]) -> Follower | None:
    """None where it follows no high, or none may be kept, or it is at a floor: then every price is for its desk."""
    peak, trailing = state.peak, [limit for limit in limits if limit.follows_every_tick]
    if equity is None or stakes.holdings is None or stakes.needed is None or peak is None or not trailing:
        return None
    floor = max(limit.nearest for limit in limits)
    if equity <= floor:
        return None
    highest = with_price_peak(state, EQUITY_MINOR_MAX, 0, ())
    return Follower(
        account=state.account,
        legs=stakes.holdings.legs,
        needed=stakes.needed,
        equity=equity,
        peak=peak.equity,
        floor=floor,
        gap=peak.equity - max(limit.nearest for limit in trailing),
        ceiling=max(limit.nearest for limit in limits_at_new_peak(tuple(trailing), highest)),
        since_us=state.book_since_us,
    )


def _late(state: AccountState, needed: tuple[str, ...] | None) -> tuple[str, ...]:
    """What it depends on now, and what it held earlier in the day as far as its books are kept."""
    held = set(map(_SYMBOL, chain.from_iterable(map(_POSITIONS, state.earlier))))
    return tuple(sorted(held.union(needed or map(_SYMBOL, state.positions))))


def _newest_us(state: AccountState) -> int:
    """Before which a price meets another book than the one of now, or comes before a breach or a high that it may move; 0: never."""
    breaches = (finding.at_us + 1 for finding in state.findings if finding.grounds is not None)
    high = _high(state)
    return max((state.book_since_us if state.earlier else 0, high.at_us + 1 if high is not None else 0, *breaches))


def _high(state: AccountState) -> Peak | None:
    """The peak that a floor follows, where a price that comes late may put it in doubt."""
    peak = state.peak
    if peak is None or len(peak.quotes) < 2 or state.standing not in JUDGED or not state.trails_every_tick:
        return None
    return None if state.is_peak_in_doubt else peak


def breached_at(state: AccountState) -> tuple[str, ...]:
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


def _exposure(legs: tuple[Leg, ...]) -> tuple[tuple[Side, int], ...] | None:
    exposure: dict[Side, int] = defaultdict(int)
    for leg in legs:
        if leg.hops:
            return None
        exposure[leg.symbol, "bid" if leg.is_long else "ask"] += -(-leg.factor * SCALE // leg.divisor)
    return tuple(exposure.items())


def _moves_most(exposure: tuple[tuple[Side, int], ...]) -> int:
    return sum(exposed for _, exposed in exposure) * PRICE_POINTS_MAX // SCALE + 1


def is_looked_at_by_the_minute(state: AccountState) -> bool:
    """Whether a minute that passes can change anything of it but its chart: by a rule that goes by time or forbids to hold, or a target
    that must be held."""
    rules = state.ruleset
    return bool(state.track.reached) or forbids_holding(rules) or bool(rules_looked_at(rules, Frequency.MINUTE))
