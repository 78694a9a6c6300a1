"""Floors: the lowest mark that a loss limit allows now, and how it got there.

A floor stands an amount below where its day, week or phase began, or below the highest mark since; a lock stops it, a step changes the
amount. Each figure is cited from the row it came from, so that the working of a decision is the whole of its arithmetic.
"""

from typing import NamedTuple, assert_never

from firm.account import AccountState
from firm.arithmetic import Arithmetic, Figure
from firm.needs import needs_of
from firm.rules.amounts import Bases, gain_rounded_up, loss_rounded_down, starting_balance
from firm.ruleset import Rule
from firm.terms.losses import Effective, FloorReaches, Lock, LossLimit, OnPayout, Trail
from firm.terms.words import (
    Amount,
    Anchor,
    BalanceGain,
    EndOfDayBalance,
    EquityGain,
    PayoutsMade,
    Scope,
    Trigger,
)
from firm.track import OF_DAYS, DayStart, High, HighOf, day_mark

_NAMES = {Scope.DAY: "daily", Scope.WEEK: "weekly", Scope.CYCLE: "cycle", Scope.PHASE: "maximum"}
_MOVED_BY_PAYOUTS = frozenset({OnPayout.HIGH_LESS_PAYOUT, OnPayout.RESET_TO_INITIAL})


class Floor(NamedTuple):
    """`minor`: the floor. `begins`: what the fall is measured from."""

    minor: int
    begins: int


def floor_under(calc: Arithmetic, account: AccountState, rule: Rule, terms: LossLimit) -> Floor:
    """The floor under one limit. For a daily one a day must have begun."""
    name = f"{_NAMES[terms.scope]} loss limit"
    start = _start(calc, account, terms)
    ended = _ended_by_payout(calc, account, rule, terms)
    if ended is not None:
        return Floor(ended, start)
    begins = start if terms.trail is Trail.STATIC else _highest(calc, account, terms, start)
    amount, path = _amount_now(calc, account, rule, terms)
    allowed = loss_rounded_down(calc, account, rule, amount, path, name, Bases(anchor=start, high=begins))
    floor = calc.minus(f"{_NAMES[terms.scope]} floor", begins, allowed)
    if terms.lock is None:
        return Floor(floor, begins)
    return Floor(_locked(calc, account, rule, terms, terms.lock, floor), begins)


# --- where the scope began ---


def _start(calc: Arithmetic, account: AccountState, terms: LossLimit) -> int:
    if terms.scope is Scope.PHASE or terms.anchor is Anchor.INITIAL:
        return starting_balance(calc, account)
    began = _began(account, terms.scope)
    start = _mark(calc, terms.anchor, began, _BEGAN[terms.scope])
    if terms.on_payout is not OnPayout.HIGH_LESS_PAYOUT:
        return start
    for payout in account.track.payouts:
        if payout.at_us >= began.day.start_us:
            taken = calc.given(f"payout {payout.number}", payout.profit, "minor", f"{payout.seq}/profit/minor")
            start = calc.minus(f"starting figure after payout {payout.number}", start, taken)
    return start


_BEGAN = {Scope.DAY: "day start", Scope.WEEK: "week start"}


def _began(account: AccountState, scope: Scope) -> DayStart:
    began = account.day if scope is Scope.DAY else account.track.week
    assert began is not None, f"account {account.account} has no {scope} to measure from"
    return began


def _mark(calc: Arithmetic, anchor: Anchor, began: DayStart, when: str) -> int:
    def given(name: str, value: int) -> int:
        return calc.given(f"{name} at {when}", value, "minor", f"{began.seq}/{name}/minor")

    match anchor:
        case Anchor.BALANCE:
            return given("balance", began.balance)
        case Anchor.EQUITY:
            return given("equity", began.equity)
        case Anchor.HIGHER:
            marks = given("balance", began.balance), given("equity", began.equity)
            return calc.highest(f"higher of balance and equity at {when}", *marks)
        case Anchor.LOWER:
            marks = given("balance", began.balance), given("equity", began.equity)
            return calc.lowest(f"lower of balance and equity at {when}", *marks)
        case Anchor.INITIAL:
            raise AssertionError("the initial balance is no mark of a day")
        case unknown:
            assert_never(unknown)


# --- the highest mark since ---


def _highest(calc: Arithmetic, account: AccountState, terms: LossLimit, start: int) -> int:
    marks = [calc.given("highest mark", figure.value, "minor", figure.source) for figure in _highs(account, terms)]
    return calc.highest("higher of starting figure and highest mark", start, *marks)


def _highs(account: AccountState, terms: LossLimit) -> list[Figure]:
    payout = terms.on_payout if terms.on_payout in _MOVED_BY_PAYOUTS else OnPayout.NONE
    match terms.trail:
        case Trail.STATIC:
            return []
        case Trail.END_OF_DAY:
            return [_day_high(account, terms, payout)]
        case Trail.ON_CLOSE:
            return [_figure(account.track.high(HighOf.CLOSED, terms.scope, payout))]
        case Trail.EVERY_TICK:
            closed = [] if terms.high is Anchor.EQUITY else [account.track.high(HighOf.CLOSED, terms.scope, payout)]
            priced = [] if terms.high is Anchor.BALANCE else _priced(account, terms.scope, payout)
            return [*map(_figure, closed), *priced]
        case unknown:
            assert_never(unknown)


def _day_high(account: AccountState, terms: LossLimit, payout: OnPayout) -> Figure:
    of = OF_DAYS[terms.high]
    high = _figure(account.track.high(of, terms.scope, payout))
    if account.day is None or account.day.final:
        return high
    # While the day's start may still move, its mark counts for a suspicion and is given up if it proves lower.
    mark = day_mark(of, account.day.balance, account.day.equity)
    assert mark is not None, f"{of} is a mark of days"
    return max(high, Figure(mark[0], f"{account.day.seq}/{mark[1]}/minor"), key=lambda one: one.value)


def _priced(account: AccountState, scope: Scope, payout: OnPayout) -> list[Figure]:
    peak = account.peak
    now = [] if peak is None else [Figure(peak.equity, f"{peak.seq}/equity/minor")]
    if not needs_of(account.ruleset).peak_of_day or scope is Scope.DAY:
        return now
    return [_figure(account.track.high(HighOf.PRICED, scope, payout)), *now]


def _figure(high: High) -> Figure:
    return Figure(high.minor, high.source)


# --- steps, locks and payouts ---


def _amount_now(calc: Arithmetic, account: AccountState, rule: Rule, terms: LossLimit) -> tuple[Amount, str]:
    amount, path = terms.amount, "amount"
    for place, step in enumerate(terms.steps):
        if _is_reached(calc, account, rule, step.when, f"steps/{place}/when", step.effective):
            amount, path = step.amount, f"steps/{place}/amount"
    return amount, path


def _locked(calc: Arithmetic, account: AccountState, rule: Rule, terms: LossLimit, lock: Lock, floor: int) -> int:
    locked = _lock_level(calc, account, rule, lock)
    if isinstance(lock.trigger, FloorReaches):
        return calc.lowest(f"locked {_NAMES[terms.scope]} floor", floor, locked)
    return locked if _is_reached(calc, account, rule, lock.trigger, "lock/trigger", Effective.NOW) else floor


def _lock_level(calc: Arithmetic, account: AccountState, rule: Rule, lock: Lock) -> int:
    start = starting_balance(calc, account)
    offset = loss_rounded_down(
        calc, account, rule, lock.offset, "lock/offset", "lock above the initial balance", Bases(anchor=start)
    )
    return calc.plus("floor when locked", start, offset)


def _ended_by_payout(calc: Arithmetic, account: AccountState, rule: Rule, terms: LossLimit) -> int | None:
    """The floor that the first payout put in place of all others."""
    if not account.track.payouts or terms.on_payout not in (OnPayout.LOCK_AT_INITIAL, OnPayout.TO_ZERO):
        return None
    first = account.track.payouts[0]
    calc.given("first payout", first.profit, "minor", f"{first.seq}/profit/minor")
    if terms.on_payout is OnPayout.TO_ZERO:
        return calc.minus("floor of zero", 0, 0)
    if terms.lock is None:
        return starting_balance(calc, account)
    return _lock_level(calc, account, rule, terms.lock)


def _is_reached(
    calc: Arithmetic, account: AccountState, rule: Rule, trigger: Trigger, path: str, effective: Effective
) -> bool:
    if isinstance(trigger, PayoutsMade):
        need = calc.given("payouts needed", trigger.count, "count", rule.cited(f"{path}/count"))
        made = len(account.track.payouts)
        source = f"{account.track.payouts[-1].seq}/number" if made else ""
        return calc.is_at_or_above("enough payouts made", calc.given("payouts made", made, "count", source), need)
    start = starting_balance(calc, account)
    gain = gain_rounded_up(calc, account, rule, trigger.gain, f"{path}/gain", "gain")
    level = calc.plus("level to reach", start, gain)
    highest = [
        calc.given("highest so far", one.value, "minor", one.source) for one in _levels(account, trigger, effective)
    ]
    return calc.is_at_or_above("level reached", calc.highest("highest of all", start, *highest), level)


def _levels(
    account: AccountState, trigger: BalanceGain | EquityGain | EndOfDayBalance, effective: Effective
) -> list[Figure]:
    match trigger:
        case BalanceGain():
            of = HighOf.CLOSED if effective is Effective.NOW else HighOf.CLOSED_YESTERDAY
            return [_figure(account.track.high(of, Scope.PHASE))]
        case EndOfDayBalance():
            return [_figure(account.track.high(HighOf.DAY_BALANCE, Scope.PHASE))]
        case EquityGain():
            return _priced(account, Scope.PHASE, OnPayout.NONE)
        case unknown:
            assert_never(unknown)
