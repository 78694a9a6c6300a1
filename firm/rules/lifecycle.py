"""Lifecycle: when a phase may be begun anew, tried again or made longer, when an account grows, and what one trader may hold.

Days are trading days by their labels and months are the calendar's: a month from 31 January on is the last day of February.
"""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, timedelta
from typing import assert_never

import msgspec

from firm.arithmetic import Arithmetic, Figure
from firm.rules.judged import SILENT, Judged, Unit, kept, met
from firm.rules.payout_figures import asked_rounded_up, share_rounded_down, total_of
from firm.ruleset import Rule
from firm.terms.lifecycle import (
    Deadline,
    Extension,
    Growth,
    GrowthStep,
    LiveStart,
    LotsMerged,
    MaximumAllocation,
    Merge,
    Reset,
    Retry,
    Scaling,
)
from firm.terms.words import ShareOf
from firm.trading_day import TradingCalendar

USED = "used so far"
BREACH = "breach"
IN_PROFIT = "balance above the start"
FLAT = "open positions"
MONTHS = "months"
MONTHS_PROFIT = "profit of the months"
MONTHS_PAYOUTS = "payouts of the months"
SIZE = "size in all"
ACCOUNTS = "accounts"


class AccountHeld(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One of a trader's accounts. `size`: its initial balance; `lots_max_e8`: what it may hold, None without such a limit.

    `currency`: of its amounts, with the exponent.
    """

    account: str
    size: Figure
    balance: Figure
    lots_max_e8: int | None
    is_funded: bool
    currency: str = ""


class Grown(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An account since it grew last, or since it was opened. Amounts are minor units.

    `size`: its initial balance now; `start`: that with deposits and withdrawals. `times`: how often it has grown. `profit`, `payouts`:
    made since.
    """

    since: Figure
    size: Figure
    start: Figure
    balance: Figure
    times: int
    profit: Figure
    payouts: int


# --- a phase anew, again, longer ---


def judge_reset(calc: Arithmetic, rule: Rule, resets: int, *, is_breached: bool) -> tuple[Judged, ...]:
    """Whether a phase may be reset once more, after so many resets."""
    terms = rule.terms
    assert isinstance(terms, Reset)
    used = _fewer_than(calc, rule, "resets_max", terms.resets_max, resets)
    if terms.after_breach:
        return (used,)
    return used, kept(int(is_breached), 0, Unit.COUNT, BREACH, broken=is_breached)


def reset_price_rounded_down(calc: Arithmetic, rule: Rule, price: Figure) -> int:
    """What a reset costs, in minor units."""
    terms = rule.terms
    assert isinstance(terms, Reset)
    paid = calc.given("price of the program", price.value, "minor", price.source)
    return share_rounded_down(calc, rule, "price_bp", terms.price_bp, paid, "price of a reset")


def deadline_after_reset(calc: Arithmetic, rule: Rule, start: Figure, reset: Figure, calendar: TradingCalendar) -> date:
    """The first day that is too late for the phase. `start`, `reset`: instants; a reset on the deadline's day comes after it."""
    terms = rule.terms
    assert isinstance(terms, Reset)
    window = calc.given("days of a window", terms.window_days, "days", rule.cited("window_days"))
    deadline = calc.plus("deadline", _day(calc, "first day", start, calendar), window)
    again = _day(calc, "day of the reset", reset, calendar)
    is_within = calc.is_below("reset within the window", again, deadline)
    what = terms.before_deadline if is_within else terms.after_deadline
    match what:
        case Deadline.KEPT:
            return date.fromordinal(deadline)
        case Deadline.FRESH:
            return date.fromordinal(calc.plus("fresh deadline", again, window))
        case unknown:
            assert_never(unknown)


def judge_retry(
    calc: Arithmetic, rule: Rule, retries: int, balance: Figure, start: Figure, positions: int
) -> tuple[Judged, ...]:
    """Whether a phase that ended without its target, and without a breach, may be tried again."""
    terms = rule.terms
    assert isinstance(terms, Retry)
    answers = [_fewer_than(calc, rule, "retries_max", terms.retries_max, retries)]
    if terms.in_profit:
        answers.append(_above_start(calc, balance, start))
    if terms.flat:
        held = calc.given(FLAT, positions, "count", "")
        answers.append(met(held, 0, Unit.COUNT, FLAT, is_met=calc.is_at_or_below("no position open", held, 0)))
    return tuple(answers)


def judge_extension(
    calc: Arithmetic, rule: Rule, extensions: int, balance: Figure, start: Figure
) -> tuple[Judged, ...]:
    """Whether a phase may be made longer once more, after so many extensions."""
    terms = rule.terms
    assert isinstance(terms, Extension)
    used = _fewer_than(calc, rule, "extensions_max", terms.extensions_max, extensions)
    return (used, _above_start(calc, balance, start)) if terms.in_profit else (used,)


def extended(terms: Extension, deadline: date) -> date:
    """The deadline of a phase that was made longer."""
    return deadline + timedelta(days=terms.days)


# --- growth ---


def growth_step(terms: Scaling, times: int) -> GrowthStep | None:
    """By what an account that has grown so often grows next; None where it grows no more."""
    for step in terms.steps:
        if step.times is None or times < step.times:
            return step
        times -= step.times
    return None


def months_later(day: date, months: int) -> date:
    """The same day so many months later, or the last one of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    _, length = monthrange(year, month + 1)
    return date(year, month + 1, min(day.day, length))


def judge_scaling(
    calc: Arithmetic, rule: Rule, grown: Grown, calendar: TradingCalendar, now_us: int
) -> tuple[Judged, ...]:
    """Whether an account grows now: enough months, profit and payouts since it grew last. Silent where it grows no more."""
    terms = rule.terms
    assert isinstance(terms, Scaling)
    step = growth_step(terms, grown.times)
    if step is None:
        return (SILENT,)
    answers = [_judge_months(calc, rule, terms.steps.index(step), step, grown.since, calendar, now_us)]
    if terms.profit_min is not None:
        bases = {ShareOf.INITIAL: calc.given("size now", grown.size.value, "minor", grown.size.source)}
        need = asked_rounded_up(calc, rule, "profit_min", terms.profit_min, bases, "least profit")
        made = calc.given(MONTHS_PROFIT, grown.profit.value, "minor", grown.profit.source)
        answers.append(
            met(made, need, Unit.MINOR, MONTHS_PROFIT, is_met=calc.is_at_or_above("enough profit", made, need))
        )
    if terms.payouts_min:
        need = calc.given("payouts needed", terms.payouts_min, "count", rule.cited("payouts_min"))
        made = calc.given(MONTHS_PAYOUTS, grown.payouts, "count", "")
        answers.append(
            met(made, need, Unit.COUNT, MONTHS_PAYOUTS, is_met=calc.is_at_or_above("enough payouts", made, need))
        )
    if terms.balance_above_initial:
        answers.append(_above_start(calc, grown.balance, grown.start))
    return tuple(answers)


def grown_size_rounded_down(calc: Arithmetic, rule: Rule, original: Figure, now: Figure, times: int) -> int:
    """The size of an account after it has grown once more, in minor units. `original`: as sold; `now`: after growing `times` times."""
    terms = rule.terms
    assert isinstance(terms, Scaling)
    size = calc.given("size now", now.value, "minor", now.source)
    step = growth_step(terms, times)
    if step is None:
        return size
    match step.of:
        case Growth.OF_ORIGINAL:
            of = calc.given("original size", original.value, "minor", original.source)
        case Growth.COMPOUND:
            of = size
        case unknown:
            assert_never(unknown)
    more = share_rounded_down(calc, rule, f"steps/{terms.steps.index(step)}/grows_bp", step.grows_bp, of, "growth")
    largest = calc.given("largest size", terms.size_max_minor, "minor", rule.cited("size_max_minor"))
    return calc.highest(
        "size of then", calc.lowest("size within the largest", calc.plus("grown size", size, more), largest), size
    )


def trader_bp_after_growth(terms: Scaling, before_bp: int) -> int:
    """The trader's share of an account that has grown."""
    return before_bp if terms.split_after_bp is None else terms.split_after_bp


def _judge_months(
    calc: Arithmetic, rule: Rule, place: int, step: GrowthStep, since: Figure, calendar: TradingCalendar, now_us: int
) -> Judged:
    first = _day(calc, "day from which months are counted", since, calendar)
    due = months_later(date.fromordinal(first), step.months).toordinal()
    days = calc.given("days of the months", due - first, "days", rule.cited(f"steps/{place}/months"))
    end = calc.plus("first day after the months", first, days)
    today = _day(calc, "today", Figure(now_us, ""), calendar)
    return met(today - first, days, Unit.DAYS, MONTHS, is_met=calc.is_at_or_above("the months are over", today, end))


# --- several accounts of one trader ---


def judge_merge(calc: Arithmetic, rule: Rule, accounts: Sequence[AccountHeld]) -> tuple[Judged, ...]:
    """Whether accounts may become one: not too large together, and each untouched where that is asked."""
    terms = rule.terms
    assert isinstance(terms, Merge)
    answers = [_no_larger_than(calc, rule, "size_max_minor", terms.size_max_minor, merged_size(calc, accounts))]
    if terms.untouched_only:
        for held in accounts:
            is_touched = held.balance.value != held.size.value
            answers.append(kept(held.balance.value, held.size.value, Unit.MINOR, held.account, broken=is_touched))
    return tuple(answers)


def merged_size(calc: Arithmetic, accounts: Sequence[AccountHeld]) -> int:
    """The initial balance of the account that others become, in minor units."""
    return total_of(calc, SIZE, _sizes(calc, accounts))


def merged_lots_e8(terms: Merge, accounts: Sequence[AccountHeld]) -> int | None:
    """What the merged account may hold; None where none of them had a limit."""
    lots = [held.lots_max_e8 for held in accounts if held.lots_max_e8 is not None]
    if not lots:
        return None
    match terms.lots:
        case LotsMerged.SUM:
            return sum(lots)
        case LotsMerged.LARGEST:
            return max(lots)
        case unknown:
            assert_never(unknown)


def live_balance(calc: Arithmetic, rule: Rule, accounts: Sequence[AccountHeld]) -> int:
    """With what a live account starts that follows simulated ones, in minor units."""
    terms = rule.terms
    assert isinstance(terms, LiveStart)
    assert accounts, f"term {terms.id}: a live account follows at least one"
    balances = [
        calc.given(f"balance of {held.account}", held.balance.value, "minor", held.balance.source) for held in accounts
    ]
    together = total_of(calc, "balances together", balances)
    if not terms.largest_only:
        return together
    return calc.lowest("live balance", together, calc.highest("largest size", *_sizes(calc, accounts)))


def judge_maximum_allocation(
    calc: Arithmetic, rule: Rule, held: Sequence[AccountHeld], asked: AccountHeld
) -> tuple[Judged, ...]:
    """Whether a trader may be given one more account. Silent where the rule does not count accounts of its kind.

    Sizes are added in the currency of what is asked for; accounts are counted in all of them.
    """
    terms = rule.terms
    assert isinstance(terms, MaximumAllocation)
    if terms.funded_only and not asked.is_funded:
        return (SILENT,)
    counted = [one for one in (*held, asked) if one.is_funded or not terms.funded_only]
    alike = [one for one in counted if one.currency == asked.currency]
    size = _no_larger_than(calc, rule, "limit_minor", terms.limit_minor, merged_size(calc, alike))
    most = calc.given("accounts at most", terms.accounts_max, "count", rule.cited("accounts_max"))
    count = calc.given(ACCOUNTS, len(counted), "count", "")
    return size, kept(count, most, Unit.COUNT, ACCOUNTS, broken=calc.is_above("too many accounts", count, most))


def _sizes(calc: Arithmetic, accounts: Sequence[AccountHeld]) -> list[int]:
    return [calc.given(f"size of {held.account}", held.size.value, "minor", held.size.source) for held in accounts]


def _no_larger_than(calc: Arithmetic, rule: Rule, path: str, largest_minor: int, size: int) -> Judged:
    largest = calc.given("largest size", largest_minor, "minor", rule.cited(path))
    return kept(size, largest, Unit.MINOR, SIZE, broken=calc.is_above("too large", size, largest))


def _fewer_than(calc: Arithmetic, rule: Rule, path: str, most: int, used: int) -> Judged:
    allowed = calc.given("times allowed", most, "count", rule.cited(path))
    times = calc.given(USED, used, "count", "")
    return met(times, allowed, Unit.COUNT, USED, is_met=calc.is_below("once more is allowed", times, allowed))


def _above_start(calc: Arithmetic, balance: Figure, start: Figure) -> Judged:
    now = calc.given("balance", balance.value, "minor", balance.source)
    begin = calc.given("starting balance", start.value, "minor", start.source)
    return met(now, begin, Unit.MINOR, IN_PROFIT, is_met=calc.is_above(IN_PROFIT, now, begin))


def _day(calc: Arithmetic, name: str, instant: Figure, calendar: TradingCalendar) -> int:
    """The trading day of an instant, as days since the year 1."""
    label = calendar.day_at(instant.value).label
    return calc.given(name, date.fromisoformat(label).toordinal(), "date", instant.source)
