"""Needs: what the terms of a ruleset ask to be remembered of an account. Nothing else is."""

from typing import assert_never

import msgspec

from firm.rules.deduction import may_take_profit
from firm.ruleset import AnyRuleset, kept_with
from firm.terms.conduct import Grid, HighFrequency, Martingale, NewsWindow, TradeDuration, TradingHours
from firm.terms.losses import Effective, FloorReaches, LossLimit, Measured, OnPayout, Trail
from firm.terms.objectives import DayCounts, Inactivity, MaximumDuration, ProfitTarget, TradingDays
from firm.terms.union import Term
from firm.terms.words import (
    Anchor,
    BalanceGain,
    EndOfDayBalance,
    EquityGain,
    Observed,
    PayoutsMade,
    Scope,
    Trigger,
)
from firm.track import OF_DAYS, HighKey, HighOf


class Needs(msgspec.Struct, frozen=True, gc=False):
    """`highs`: which ones are kept. `follows_prices`: something follows every equity high. `peak_of_day`: that high begins anew each day.
    `in_columns`: floors rise with equity highs alone, and by no more than they do, and only equity is held against them.
    `week`: a limit is measured from where the week began; `cycle`: the payout cycle. `days`, `trades`, `orders`: whether finished
    days, closed trades, and stops with waiting orders are kept; `parts`: when the lots of each position were opened; `openings`: when
    anything was.
    """

    highs: tuple[HighKey, ...]
    follows_prices: bool
    peak_of_day: bool
    in_columns: bool
    week: bool
    cycle: bool
    days: bool
    trades: bool
    orders: bool
    parts: bool
    openings: bool


def needs_of(ruleset: AnyRuleset) -> Needs:
    """Worked out once for each ruleset."""
    return kept_with(ruleset, "needs", _needs_of)


def _needs_of(ruleset: AnyRuleset) -> Needs:
    limits = [rule.terms for rule in ruleset.rules if isinstance(rule.terms, LossLimit)]
    follows = [terms for terms in limits if follows_prices(terms)]
    peak_of_day = any(terms.trail is Trail.EVERY_TICK and terms.scope is not Scope.PHASE for terms in follows)
    keys = [key for terms in limits for key in high_keys(terms, peak_of_day=peak_of_day)]
    asked = {
        observed for rule in ruleset.rules if not _is_counted_by_rows(rule.terms) for observed in rule.terms.inputs
    }
    return Needs(
        highs=tuple(dict.fromkeys(keys)),
        follows_prices=bool(follows),
        peak_of_day=peak_of_day,
        in_columns=not any(_leaves_columns(terms) for terms in limits),
        week=any(terms.scope is Scope.WEEK and terms.anchor is not Anchor.INITIAL for terms in limits),
        cycle=any(terms.scope is Scope.CYCLE and terms.anchor is not Anchor.INITIAL for terms in limits),
        days=Observed.DAYS in asked,
        trades=Observed.TRADES in asked or may_take_profit(ruleset),
        orders=Observed.ORDERS in asked,
        parts=any(_asks_how_old(rule.terms) for rule in ruleset.rules),
        openings=any(isinstance(rule.terms, HighFrequency) for rule in ruleset.rules),
    )


def _asks_how_old(terms: Term) -> bool:
    """Whether it matters when the lots of a position were opened."""
    return isinstance(terms, TradeDuration | TradingHours | Grid | Martingale) or (
        isinstance(terms, NewsWindow) and terms.exempt_opened_before_s is not None
    )


def _leaves_columns(terms: LossLimit) -> bool:
    leaps = any(isinstance(trigger, EquityGain) for trigger in triggers_of(terms))
    return leaps or terms.measured is not Measured.EQUITY


def _is_counted_by_rows(terms: Term) -> bool:
    """Loss limits have the day's start and their highs; days on which something was opened are counted as they come; clocks have theirs."""
    if isinstance(terms, TradingDays):
        return is_counted_as_it_comes(terms)
    if isinstance(terms, Inactivity):
        return not terms.pending_order_counts
    return isinstance(terms, LossLimit | ProfitTarget | MaximumDuration)


def is_counted_as_it_comes(terms: TradingDays) -> bool:
    """Whether its days are those that rows count: on which something was opened, since the phase began."""
    return terms.counts is DayCounts.OPENED and terms.per is Scope.PHASE


def follows_prices(terms: LossLimit) -> bool:
    """Whether its floor moves with equity highs that prices bring."""
    trails = terms.trail is Trail.EVERY_TICK and terms.high is not Anchor.BALANCE
    return trails or any(isinstance(trigger, EquityGain) for trigger in triggers_of(terms))


def triggers_of(terms: LossLimit) -> tuple[Trigger, ...]:
    lock = terms.lock.trigger if terms.lock is not None else None
    locks = () if lock is None or isinstance(lock, FloorReaches) else (lock,)
    return (*locks, *(step.when for step in terms.steps))


def high_keys(terms: LossLimit, *, peak_of_day: bool) -> list[HighKey]:
    """The highs that a limit is measured by. What prices bring of the running day (or ever) is the account's peak."""
    keys = [*trailed_keys(terms, peak_of_day=peak_of_day), *locking_keys(terms)]
    for trigger, effective, payout in _levels(terms):
        match trigger:
            case BalanceGain():
                of = HighOf.CLOSED if effective is Effective.NOW else HighOf.CLOSED_YESTERDAY
                keys.append(HighKey(of, Scope.PHASE, payout))
                keys.append(HighKey(HighOf.CLOSED, Scope.PHASE, payout))
            case EndOfDayBalance():
                keys.append(HighKey(HighOf.DAY_BALANCE, Scope.PHASE, payout))
            case EquityGain():
                earlier = effective is Effective.NEXT_DAY or is_priced_before(terms, payout, peak_of_day=peak_of_day)
                keys += [HighKey(HighOf.PRICED, Scope.PHASE, payout)] if earlier else []
            case PayoutsMade():
                pass
            case unknown:
                assert_never(unknown)
    return keys


def trailed_keys(terms: LossLimit, *, peak_of_day: bool) -> list[HighKey]:
    """Of these the ones that its floor follows."""
    payout = terms.on_payout if terms.on_payout in _MOVES else OnPayout.NONE
    return [HighKey(of, terms.scope, payout) for of in _trailed(terms, peak_of_day=peak_of_day)]


def locking_keys(terms: LossLimit) -> list[HighKey]:
    """The same as if no payout had lowered them, by which a floor was locked for good."""
    if not locks_for_good(terms):
        return []
    of = _trailed(terms, peak_of_day=False)
    priced = [HighOf.PRICED] if terms.trail is Trail.EVERY_TICK and terms.high is not Anchor.BALANCE else []
    return [HighKey(one, terms.scope, OnPayout.NONE) for one in (*of, *priced)]


def locks_for_good(terms: LossLimit) -> bool:
    """Whether a floor that came to its lock stays there although a payout lowers what it follows."""
    lock = terms.lock
    return lock is not None and lock.permanent and isinstance(lock.trigger, FloorReaches) and terms.on_payout in _MOVES


def lock_payout(terms: LossLimit) -> OnPayout:
    """What a payout does to the highs that trigger a lock: to one that is not permanent the same as to those that floors follow."""
    assert terms.lock is not None, f"{terms.id} has no lock"
    return terms.on_payout if terms.on_payout in _MOVES and not terms.lock.permanent else OnPayout.NONE


def is_priced_before(terms: LossLimit, payout: OnPayout, *, peak_of_day: bool) -> bool:
    """Whether the peak is not all that prices brought: it begins anew each day, or a payout has lowered it."""
    return peak_of_day or (payout is OnPayout.NONE and terms.on_payout in _MOVES)


_MOVES = frozenset({OnPayout.HIGH_LESS_PAYOUT, OnPayout.RESET_TO_INITIAL})


def _trailed(terms: LossLimit, *, peak_of_day: bool) -> list[HighOf]:
    match terms.trail:
        case Trail.STATIC:
            return []
        case Trail.END_OF_DAY:
            return [OF_DAYS[terms.high]]
        case Trail.ON_CLOSE:
            return [HighOf.CLOSED]
        case Trail.EVERY_TICK:
            closed = [] if terms.high is Anchor.EQUITY else [HighOf.CLOSED]
            earlier = peak_of_day and terms.scope is not Scope.DAY and terms.high is not Anchor.BALANCE
            return [*closed, *([HighOf.PRICED] if earlier else [])]
        case unknown:
            assert_never(unknown)


def _levels(terms: LossLimit) -> list[tuple[Trigger, Effective, OnPayout]]:
    """What triggers its steps and its lock, when each takes effect, and what a payout does to the highs that tell."""
    levels = [(step.when, step.effective, OnPayout.NONE) for step in terms.steps]
    lock = terms.lock.trigger if terms.lock is not None else None
    if lock is None or isinstance(lock, FloorReaches):
        return levels
    return [*levels, (lock, Effective.NOW, lock_payout(terms))]
