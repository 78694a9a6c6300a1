"""Floors: the lowest mark that a loss limit allows now, and how it got there.

A floor stands an amount below where its day, week or phase began, or below the highest mark since; a lock stops it, a step changes the
amount. Each figure is cited from the row it came from, so that the working of a decision is the whole of its arithmetic.
"""

from typing import NamedTuple, assert_never

from firm.account import AccountState
from firm.arithmetic import Arithmetic, Figure
from firm.needs import high_keys, is_priced_before, lock_payout, locks_for_good, needs_of
from firm.rules.amounts import Sums, rounded_down, rounded_up
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
    Share,
    ShareOf,
    Trigger,
)
from firm.track import OF_DAYS, DayStart, High, HighOf, day_mark

_LOSS = {Scope.DAY: "daily loss", Scope.WEEK: "weekly loss", Scope.CYCLE: "cycle loss", Scope.PHASE: "maximum loss"}
_FLOOR = {
    Scope.DAY: "daily floor",
    Scope.WEEK: "weekly floor",
    Scope.CYCLE: "cycle floor",
    Scope.PHASE: "maximum-loss floor",
}
_MOVED_BY_PAYOUTS = frozenset({OnPayout.HIGH_LESS_PAYOUT, OnPayout.RESET_TO_INITIAL})


class Floor(NamedTuple):
    """`minor`: the floor. `begins`: what the fall is measured from."""

    minor: int
    begins: int


class _Sold(NamedTuple):
    """An amount as it is sold now, where it stands in its term, and what the scope began with."""

    amount: Amount
    path: str
    start: int


def floor_under(calc: Arithmetic, account: AccountState, rule: Rule, terms: LossLimit) -> Floor:
    """The floor under one limit. For a daily one a day must have begun."""
    sums = Sums(calc, account, by_day=terms.scope is not Scope.PHASE)
    start = _start(sums, terms)
    ended = _ended_by_payout(sums, rule, terms)
    if ended is not None:
        return Floor(ended, start)
    amount, path = _amount_now(sums, rule, terms)
    if terms.trail is Trail.STATIC:
        allowed = _allowed(sums, rule, terms, amount, path, {ShareOf.ANCHOR: start})
        floor, begins = calc.minus(_FLOOR[terms.scope], start, allowed), start
    else:
        floor, begins = _trailing(sums, rule, terms, amount, path, start)
    if terms.lock is None:
        return Floor(floor, begins)
    return Floor(_locked(sums, rule, terms, terms.lock, floor, _Sold(amount, path, start)), begins)


def _trailing(sums: Sums, rule: Rule, terms: LossLimit, amount: Amount, path: str, start: int) -> tuple[int, int]:
    """An amount below the highest mark, which it may be a share of."""
    if isinstance(amount, Share) and amount.of is ShareOf.HIGH:
        begins = _highest(sums, terms, start)
        allowed = _allowed(sums, rule, terms, amount, path, {ShareOf.HIGH: begins})
    else:
        allowed = _allowed(sums, rule, terms, amount, path, {ShareOf.ANCHOR: start})
        begins = _highest(sums, terms, start)
    return sums.calc.minus("trailing floor", begins, allowed), begins


def _allowed(sums: Sums, rule: Rule, terms: LossLimit, amount: Amount, path: str, others: dict[ShareOf, int]) -> int:
    loss = _LOSS[terms.scope]
    return rounded_down(sums, rule, amount, path, (f"{loss} limit", f"allowed {loss}"), others)


def rests_on_adjusted(account: AccountState, terms: LossLimit) -> bool:
    """Whether a mark that the floor is measured from was set by a person."""
    starts = {Scope.DAY: account.day, Scope.WEEK: account.track.week}
    began = starts.get(terms.scope) if terms.anchor is not Anchor.INITIAL else None
    keys = high_keys(terms, peak_of_day=needs_of(account.ruleset).peak_of_day)
    highs = (high for high in account.track.highs if high.adjusted)
    return (began is not None and began.adjusted) or any(high.key in keys for high in highs)


# --- where the scope began ---


def _start(sums: Sums, terms: LossLimit) -> int:
    if terms.scope is Scope.PHASE or terms.anchor is Anchor.INITIAL:
        return sums.start
    calc, account = sums.calc, sums.account
    if terms.scope is Scope.CYCLE:
        cycle = account.track.cycle  # one begins with a payout, and the first one with the account
        return sums.start if cycle is None else calc.given("balance at cycle start", cycle.value, "minor", cycle.source)
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


def _highest(sums: Sums, terms: LossLimit, start: int) -> int:
    calc = sums.calc
    payout = terms.on_payout if terms.on_payout in _MOVED_BY_PAYOUTS else OnPayout.NONE
    marks = [calc.given("highest mark", one.value, "minor", one.source) for one in _highs(sums.account, terms, payout)]
    begin = "initial balance" if terms.scope is Scope.PHASE else "starting figure"
    return calc.highest(f"higher of {begin} and highest mark", start, *marks)


def _highs(account: AccountState, terms: LossLimit, payout: OnPayout) -> list[Figure]:
    """Those that a trail follows; `payout`: as payouts have left them, or as if none had lowered them."""
    match terms.trail:
        case Trail.STATIC:
            return []
        case Trail.END_OF_DAY:
            return [_day_high(account, terms, payout)]
        case Trail.ON_CLOSE:
            return [_figure(account.track.high(HighOf.CLOSED, terms.scope, payout))]
        case Trail.EVERY_TICK:
            closed = [] if terms.high is Anchor.EQUITY else [account.track.high(HighOf.CLOSED, terms.scope, payout)]
            priced = [] if terms.high is Anchor.BALANCE else _priced(account, terms, terms.scope, payout)
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


def _priced(account: AccountState, terms: LossLimit, scope: Scope, payout: OnPayout) -> list[Figure]:
    peak, peak_of_day = account.peak, needs_of(account.ruleset).peak_of_day and scope is not Scope.DAY
    now = [] if peak is None else [Figure(peak.equity, f"{peak.seq}/equity/minor")]
    if not is_priced_before(terms, payout, peak_of_day=peak_of_day):
        return now
    return [_figure(account.track.high(HighOf.PRICED, scope, payout)), *now]


def _figure(high: High) -> Figure:
    return Figure(high.minor, high.source)


def high_after_payout(account: AccountState, on_payout: OnPayout, high: int, profit: int) -> int | None:
    """What a payout makes of a high that floors follow; None where it stays."""
    match on_payout:
        case OnPayout.HIGH_LESS_PAYOUT:
            return high - profit
        case OnPayout.RESET_TO_INITIAL:
            return account.initial.minor + account.cash_net
        case OnPayout.NONE | OnPayout.LOCK_AT_INITIAL | OnPayout.TO_ZERO:
            return None
        case unknown:
            assert_never(unknown)


def highs_before_payout(account: AccountState) -> list[tuple[High, int]]:
    """Highs of prices that no payout lowers, with what they are once the peak comes down: what was reached stays reached."""
    peak = account.peak
    if peak is None:
        return []
    highs = (
        high for high in account.track.highs if high.key.of is HighOf.PRICED and high.key.on_payout is OnPayout.NONE
    )
    return [(high, max(high.minor, peak.equity)) for high in highs]


# --- steps, locks and payouts ---


def _amount_now(sums: Sums, rule: Rule, terms: LossLimit) -> tuple[Amount, str]:
    amount, path = terms.amount, "amount"
    for place, step in enumerate(terms.steps):
        if _is_reached(sums, rule, terms, step.when, f"steps/{place}/when", step.effective, OnPayout.NONE):
            amount, path = step.amount, f"steps/{place}/amount"
    return amount, path


def _locked(sums: Sums, rule: Rule, terms: LossLimit, lock: Lock, floor: int, sold: _Sold) -> int:
    if isinstance(lock.trigger, FloorReaches):
        level = _lock_level(sums, rule, lock)
        if sums.account.track.payouts and locks_for_good(terms) and _has_reached(sums, rule, terms, level, sold):
            return level
        return sums.calc.lowest(_FLOOR[terms.scope], floor, level)
    if _is_reached(sums, rule, terms, lock.trigger, "lock/trigger", Effective.NOW, lock_payout(terms)):
        return _lock_level(sums, rule, lock)
    return floor


def _has_reached(sums: Sums, rule: Rule, terms: LossLimit, level: int, sold: _Sold) -> bool:
    """Whether the floor came to its lock, by the highs that no payout lowered: then it stays there for good."""
    calc, first = sums.calc, sums.account.track.payouts[0]
    calc.given("number of the first payout", first.number, "count", f"{first.seq}/number")
    highs = _highs(sums.account, terms, OnPayout.NONE)
    marks = [calc.given("highest mark with all payouts", one.value, "minor", one.source) for one in highs]
    begins = calc.highest("highest of all with all payouts", sold.start, *marks)
    of_high = isinstance(sold.amount, Share) and sold.amount.of is ShareOf.HIGH
    others = {ShareOf.HIGH: begins} if of_high else {ShareOf.ANCHOR: sold.start}
    allowed = _allowed(sums, rule, terms, sold.amount, sold.path, others)
    return calc.is_at_or_above("locked for good", calc.minus("floor with all payouts", begins, allowed), level)


def _lock_level(sums: Sums, rule: Rule, lock: Lock) -> int:
    start = sums.start
    offset = rounded_down(sums, rule, lock.offset, "lock/offset", ("lock above initial balance", "lock amount"))
    return sums.calc.plus("locked floor", start, offset)


def _ended_by_payout(sums: Sums, rule: Rule, terms: LossLimit) -> int | None:
    """The floor that the first payout put in place of all others."""
    payouts, calc = sums.account.track.payouts, sums.calc
    if not payouts or terms.on_payout not in (OnPayout.LOCK_AT_INITIAL, OnPayout.TO_ZERO):
        return None
    calc.given("number of the first payout", payouts[0].number, "count", f"{payouts[0].seq}/number")
    if terms.on_payout is OnPayout.TO_ZERO:
        return calc.minus("floor of zero", 0, 0)
    return sums.start if terms.lock is None else _lock_level(sums, rule, terms.lock)


def _is_reached(
    sums: Sums, rule: Rule, terms: LossLimit, trigger: Trigger, path: str, effective: Effective, payout: OnPayout
) -> bool:
    """`payout`: what payouts do to the highs that tell; a step that was taken is not taken back by one."""
    calc, account = sums.calc, sums.account
    if isinstance(trigger, PayoutsMade):
        need = calc.given("payouts needed", trigger.count, "count", rule.cited(f"{path}/count"))
        made = len(account.track.payouts)
        source = f"{account.track.payouts[-1].seq}/number" if made else ""
        return calc.is_at_or_above("enough payouts made", calc.given("payouts made", made, "count", source), need)
    start = sums.start
    gain = rounded_up(sums, rule, trigger.gain, f"{path}/gain", ("gain to reach", "gain"))
    level = calc.plus("level to reach", start, gain)
    levels = _levels(account, terms, trigger, effective, payout)
    highest = [calc.given("highest so far", one.value, "minor", one.source) for one in levels]
    return calc.is_at_or_above("level reached", calc.highest("highest of all", start, *highest), level)


def _levels(
    account: AccountState,
    terms: LossLimit,
    trigger: BalanceGain | EquityGain | EndOfDayBalance,
    effective: Effective,
    payout: OnPayout,
) -> list[Figure]:
    match trigger:
        case BalanceGain():
            of = HighOf.CLOSED if effective is Effective.NOW else HighOf.CLOSED_YESTERDAY
            return [_figure(account.track.high(of, Scope.PHASE, payout))]
        case EndOfDayBalance():
            return [_figure(account.track.high(HighOf.DAY_BALANCE, Scope.PHASE, payout))]
        case EquityGain() if effective is Effective.NEXT_DAY:
            return [_figure(account.track.high(HighOf.PRICED, Scope.PHASE, payout))]
        case EquityGain():
            return _priced(account, terms, Scope.PHASE, payout)
        case unknown:
            assert_never(unknown)
