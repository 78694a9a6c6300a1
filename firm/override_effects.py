"""Override effects: what setting a mark does to the floors of an account, worked out with the very rows that would follow.

The desk that grants an exception and the page that shows it first ask here, so that they say the same.
"""

import msgspec

from firm.account import AccountState
from firm.account_fold import fold
from firm.arithmetic import PLAIN
from firm.facts import DayAnchored, FloorSet, HighMoved
from firm.needs import follows_prices, locking_keys, needs_of, trailed_keys
from firm.overrides import AdjustMark, Mark, Override
from firm.rules.limits import Limit, breaks, limits_of, measured_of
from firm.ruleset import term_named
from firm.terms.losses import LossLimit
from firm.track import HighKey


class FloorMoved(msgspec.Struct, frozen=True):
    """A limit whose floor an exception moves. Minor units. `measured`: what is held against it; None where it cannot be priced.

    `breaks`: with that the limit would be broken at once.
    """

    limit: Limit
    before: int
    after: int
    measured: int | None
    breaks: bool


def rows_of_adjustment(state: AccountState, wanted: AdjustMark) -> tuple[DayAnchored | HighMoved, ...]:
    """The rows that say it, each of a kind that there is anyway; none where no such mark is kept."""
    if wanted.mark is Mark.HIGH:
        high = state.money(wanted.minor)
        return tuple(
            HighMoved(of=key.of, scope=key.scope, on_payout=key.on_payout, high=high, adjusted=True)
            for key in highs_followed(state, wanted.rule)
        )
    if state.day is None:
        return ()
    balance = wanted.minor if wanted.mark is Mark.DAY_BALANCE else state.day.balance
    equity = wanted.minor if wanted.mark is Mark.DAY_EQUITY else state.day.equity
    anchored = DayAnchored(
        day=state.day.day,
        balance=state.money(balance),
        equity=state.money(equity),
        changed=True,
        priced=state.day.priced,
        adjusted=True,
    )
    return (anchored,)


def highs_followed(state: AccountState, rule: str) -> list[HighKey]:
    """The highs that a rule's floor follows; none where prices bring new ones at any time."""
    terms = term_named(state.ruleset, rule)
    if not isinstance(terms, LossLimit) or follows_prices(terms):
        return []
    return [*trailed_keys(terms, peak_of_day=needs_of(state.ruleset).peak_of_day), *locking_keys(terms)]


def mark_now(state: AccountState, mark: Mark, rule: str) -> int | None:
    """What a mark is at present, in minor units; the highest of them where a rule follows several highs. None where there is none."""
    if mark is Mark.HIGH:
        keys = highs_followed(state, rule)
        return max((high.minor for high in state.track.highs if high.key in keys), default=None)
    if state.day is None:
        return None
    return state.day.balance if mark is Mark.DAY_BALANCE else state.day.equity


def floors_moved(state: AccountState, wanted: AdjustMark, equity: int | None) -> tuple[FloorMoved, ...]:
    """The limits whose floors an adjustment moves, in the order of the ruleset. `equity`: at present prices, None where unknown."""
    after = state
    for row in rows_of_adjustment(state, wanted):
        after = fold(after, row, 0, 0)
    floors = {limit.rule.id: limit.floor for limit in limits_of(state)}
    return tuple(
        _moved(limit, floors[limit.rule.id], state.balance, equity)
        for limit in limits_of(after)
        if limit.floor != floors[limit.rule.id]
    )


def floors_set(state: AccountState, wanted: Override) -> tuple[FloorSet, ...]:
    """The same as the row of the exception has it; none where it sets no mark."""
    if not isinstance(wanted, AdjustMark):
        return ()
    moved = floors_moved(state, wanted, None)
    return tuple(FloorSet(one.limit.rule.id, state.money(one.before), state.money(one.after)) for one in moved)


def _moved(limit: Limit, before: int, balance: int, equity: int | None) -> FloorMoved:
    measured = None if equity is None else measured_of(PLAIN, limit, equity, balance)
    is_broken = measured is not None and (measured <= limit.floor or breaks(PLAIN, limit.terms, measured, limit.floor))
    return FloorMoved(limit, before, limit.floor, measured, is_broken)
