"""Guards: the bands of prices within which an account cannot reach any floor or new peak, so that it need not be woken.

Equity is linear in the prices of an account whose profits need no conversion, so bands are exact: no combination of prices
inside them can bring equity to a floor. The slack to the nearest floor (or peak) is shared over the legs in proportion
to price, minus one minor unit a position for rounding. Accounts with conversions wake on every tick they depend on.
"""

from collections import defaultdict

from actors.desk import Watch
from firm.account import AccountState
from firm.equity import Board, symbols_needed
from firm.inputs import Side
from firm.phase import JUDGED, Standing
from firm.price import CONTRACT_SCALE, LOTS_SCALE, TEN_TO
from firm.rules.limits import Limit
from firm.ruleset import MaximumLoss, Trail

_SCALE = LOTS_SCALE * CONTRACT_SCALE


def watch_of(state: AccountState, equity: int | None, limits: tuple[Limit, ...], board: Board) -> Watch:
    """How the market desk must watch the account, given its equity at the board's prices (None: it cannot be priced)."""
    if state.standing not in JUDGED:
        return Watch(state.account)  # one that ended, or has not begun, is never woken
    day_end_us = state.day.day.end_us if state.day is not None else 0
    provisional_us = state.day.day.start_us if state.closing is not None and state.day is not None else 0
    needed = symbols_needed(state, board)
    late, unfilled = _late(state, needed), _unfilled(state)
    if not state.positions:
        return Watch(state.account, day_end_us=day_end_us, provisional_us=provisional_us, late=late, unfilled=unfilled)
    # A limit that is broken and was not acted on (its price is in doubt) is looked at again with whatever comes next.
    broken = equity is not None and any(equity - limit.floor <= len(state.positions) for limit in limits)
    if equity is None or needed is None or broken or _converts(state, board):
        always = needed or tuple({held.symbol for held in state.positions})
        return Watch(
            state.account,
            always=always,
            day_end_us=day_end_us,
            provisional_us=provisional_us,
            marked=True,
            late=late,
            unfilled=unfilled,
        )
    return Watch(
        state.account,
        bands=_bands(state, equity, limits, board),
        day_end_us=day_end_us,
        provisional_us=provisional_us,
        marked=True,
        late=late,
        unfilled=unfilled,
    )


def _late(state: AccountState, needed: tuple[str, ...] | None) -> tuple[str, ...]:
    """What it depends on now, and what it held earlier in the day as far as its books are kept."""
    held = {held.symbol for book in state.earlier for held in book.positions}
    return tuple(sorted(held.union(needed or (held.symbol for held in state.positions))))


def _unfilled(state: AccountState) -> tuple[str, ...]:
    """The symbols whose full prices settle a breach that merged ones showed."""
    if state.standing is not Standing.SUSPECTED or not any(finding.awaits_prices for finding in state.findings):
        return ()
    return _late(state, None)


def trails_every_tick(state: AccountState) -> bool:
    return any(isinstance(terms, MaximumLoss) and terms.trail is Trail.EVERY_TICK for terms in state.ruleset.terms)


def _bands(
    state: AccountState, equity: int, limits: tuple[Limit, ...], board: Board
) -> tuple[tuple[str, str, int | None, int | None], ...]:
    exposure = _exposure(state, board)
    rounding = len(state.positions)
    down = min((equity - limit.floor - 1 - rounding for limit in limits), default=None)
    up = None
    if trails_every_tick(state) and state.peak is not None:
        up = state.peak.equity - equity - rounding
    weights = {leg: _price(board, leg) // 10_000 or 1 for leg in exposure}
    total = sum(exposure[leg] * weights[leg] for leg in exposure)
    bands = []
    for leg in exposure:
        price = _price(board, leg)
        loss = _width(down, total, weights[leg])
        gain = _width(up, total, weights[leg])
        falls, rises = (loss, gain) if leg[1] == "bid" else (gain, loss)
        low = None if falls is None else price - falls
        high = None if rises is None else price + rises
        bands.append((leg[0], leg[1], low, high))
    return tuple(bands)


def _width(slack: int | None, total: int, weight: int) -> int | None:
    """Points a leg may move so that all legs moving that much together use at most `slack`; below 0 wakes at once."""
    if slack is None:
        return None
    return slack * _SCALE // total * weight if slack >= 0 else -1


def _exposure(state: AccountState, board: Board) -> dict[tuple[str, str], int]:
    """Minor units a point, times the scale and rounded up, of each leg: (symbol, the side of the quote it closes at)."""
    exposure: dict[tuple[str, str], int] = defaultdict(int)
    for held in state.positions:
        spec = board.specs[held.symbol]
        value = held.lots_e8 * spec.contract_e8 * TEN_TO[state.initial.exponent]
        exposure[held.symbol, "bid" if held.side is Side.BUY else "ask"] += -(-value // TEN_TO[spec.digits])
    return exposure


def _price(board: Board, leg: tuple[str, str]) -> int:
    quote = board.quotes[leg[0]]
    return quote.bid if leg[1] == "bid" else quote.ask


def _converts(state: AccountState, board: Board) -> bool:
    return any(board.specs[held.symbol].currency_profit != state.initial.currency for held in state.positions)
