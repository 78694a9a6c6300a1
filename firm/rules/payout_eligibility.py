"""Payout eligibility: from when a payout may be asked for, and which of its conditions are not met yet.

Waiting times count trading days by their labels: a trade on Sunday evening is Monday's where Monday's day has begun. Windows are of the
wall clock in the calendar's zone. Each condition is answered for itself: who is refused hears all that is missing, not only the first.
"""

from calendar import monthrange
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import assert_never

import msgspec
from msgspec.structs import replace

from firm.arithmetic import Arithmetic, Figure
from firm.instant import DAY_US, instant_of
from firm.rules.judged import Judged, Unit, Verdict, met
from firm.rules.payout_figures import asked_rounded_up, granted_rounded_down
from firm.ruleset import Rule
from firm.terms.payouts import (
    DayKind,
    Monthly,
    PayoutClock,
    PayoutConditions,
    PayoutCycle,
    PayoutSchedule,
    Wait,
    Weekly,
)
from firm.terms.words import Amount, Boundary, ShareOf
from firm.trading_day import TradingCalendar, TradingDay

WINDOW_WITHIN_DAYS = 31  # every window opens once in any stretch of so many days
_SATURDAY = 5
_DAY = timedelta(days=1)


class Condition(StrEnum):
    """What an answer is about, where it is not another term of the ruleset."""

    WAIT = "wait"
    WINDOW = "window"
    CYCLE = "cycle"
    POSITIONS = "open positions"
    ORDERS = "waiting orders"
    IDENTITY = "identity"
    PROFIT = "profit since the last payout"
    TRADER_SHARE = "trader's share"


class PayoutClocks(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """From when an account's waiting times run: instants and the rows they came from, None for what has not happened."""

    assigned: Figure
    first_trade: Figure | None
    last_payout: Figure | None
    first_trade_after_payout: Figure | None


class PayoutRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An account at the moment of a request; amounts are minor units.

    `profit`: since the last payout. `trader_share`: what would be the trader's own. `loss_allowed`: the amount of the loss limit that
    the terms name, None where they name none.
    """

    initial: Figure
    positions: int
    orders: int
    is_identity_confirmed: bool
    profit: Figure
    trader_share: Figure
    loss_allowed: Figure | None


def is_eligible(answers: tuple[Judged, ...]) -> bool:
    """Whether nothing is missing."""
    return not any(answer.verdict in {Verdict.PENDING, Verdict.BROKEN} for answer in answers)


# --- the schedule ---


def judge_payout_schedule(
    calc: Arithmetic, rule: Rule, clocks: PayoutClocks, calendar: TradingCalendar, now_us: int
) -> tuple[Judged, ...]:
    """Whether the wait is over and, where there are windows, whether one is open."""
    terms = rule.terms
    assert isinstance(terms, PayoutSchedule)
    waited = _judge_wait(calc, rule, terms, clocks, calendar, now_us)
    if not terms.windows:
        return (waited,)
    is_open = _next_opening_us(terms, calendar.zone, now_us) == now_us
    return waited, met(int(is_open), 1, Unit.COUNT, Condition.WINDOW, is_met=is_open)


def next_payout_us(terms: PayoutSchedule, clocks: PayoutClocks, calendar: TradingCalendar, now_us: int) -> int | None:
    """The first instant from now on at which a payout may be asked for; None while its wait has not begun."""
    _, wait = _wait_of(terms, clocks)
    began = _began(wait, clocks)
    if began is None:
        return None
    due = day_after(_label(calendar, began.value), wait.days, wait.day_kind)
    return _next_opening_us(terms, calendar.zone, max(now_us, _begin_us(calendar, due)))


def _judge_wait(
    calc: Arithmetic,
    rule: Rule,
    terms: PayoutSchedule,
    clocks: PayoutClocks,
    calendar: TradingCalendar,
    now_us: int,
) -> Judged:
    path, wait = _wait_of(terms, clocks)
    began = _began(wait, clocks)
    if began is None:
        return met(0, wait.days, Unit.DAYS, Condition.WAIT, is_met=False)
    first = _label(calendar, began.value)
    start = calc.given(_CLOCK_NAMES[wait.counted_from], first.toordinal(), "date", began.source)
    waits = calc.given("days to wait", wait.days, "days", rule.cited(f"{path}/days"))
    weekend = (day_after(first, wait.days, wait.day_kind) - first).days - wait.days
    if wait.day_kind is DayKind.BUSINESS:
        waits = calc.plus(
            "days to wait with weekends", waits, calc.given("weekend days among them", weekend, "days", "")
        )
    due = calc.plus("first day for a payout", start, waits)
    today = calc.given("today", _label(calendar, now_us).toordinal(), "date", "")
    is_over = calc.is_at_or_above("the wait is over", today, due)
    return met(today - start, waits, Unit.DAYS, Condition.WAIT, is_met=is_over)


_CLOCK_NAMES = {
    PayoutClock.ASSIGNMENT: "day on which the account was opened",
    PayoutClock.FIRST_TRADE: "day of the first trade",
    PayoutClock.FIRST_TRADING_DAY: "first trading day",
    PayoutClock.FIRST_TRADE_AFTER_PAYOUT: "day of the first trade after the last payout",
    PayoutClock.LAST_PAYOUT: "day of the last payout",
}


def _wait_of(terms: PayoutSchedule, clocks: PayoutClocks) -> tuple[str, Wait]:
    return ("first", terms.first) if clocks.last_payout is None else ("then", terms.then)


def _began(wait: Wait, clocks: PayoutClocks) -> Figure | None:
    match wait.counted_from:
        case PayoutClock.ASSIGNMENT:
            return clocks.assigned
        case PayoutClock.FIRST_TRADE | PayoutClock.FIRST_TRADING_DAY:
            return clocks.first_trade
        case PayoutClock.FIRST_TRADE_AFTER_PAYOUT:
            return clocks.first_trade_after_payout
        case PayoutClock.LAST_PAYOUT:
            return clocks.last_payout
        case unknown:
            assert_never(unknown)


# --- windows ---


def _next_opening_us(terms: PayoutSchedule, zone: str, from_us: int) -> int:
    """The first instant from `from_us` on that lies in a window."""
    if not terms.windows:
        return from_us
    local = TradingCalendar(zone, "00:00")
    day = local.day_at(from_us)
    for _ in range(WINDOW_WITHIN_DAYS):
        opened = [us for window in terms.windows if (us := _opens_us(window, zone, day)) is not None]
        if opened:
            return max(from_us, min(opened))
        day = local.day_at(day.end_us)
    raise AssertionError(f"term {terms.id}: no window opens within {WINDOW_WITHIN_DAYS} days")


def _opens_us(window: Weekly | Monthly, zone: str, local: TradingDay) -> int | None:
    """From when on the window is open on a local day, to the day's end; None where it is not."""
    day = date.fromisoformat(local.label)
    match window:
        case Weekly():
            return (
                TradingCalendar(zone, window.at).day_at(local.end_us - 1).start_us
                if day.weekday() == window.weekday
                else None
            )
        case Monthly():
            return local.start_us if _is_within(window, day) else None
        case unknown:
            assert_never(unknown)


def _is_within(window: Monthly, day: date) -> bool:
    """A month's last day stands for those that it lacks; from the 25th to the 5th runs over the month's end."""
    _, length = monthrange(day.year, day.month)
    is_begun, is_not_over = day.day >= min(window.from_day, length), day.day <= min(window.to_day, length)
    return (is_begun and is_not_over) if window.from_day <= window.to_day else (is_begun or is_not_over)


# --- days ---


def day_after(day: date, days: int, kind: DayKind) -> date:
    """So many days later; of business days, the so-manieth after it."""
    if kind is DayKind.CALENDAR:
        return day + timedelta(days=days)
    while days > 0:
        day += _DAY
        days -= day.weekday() < _SATURDAY
    return day


def cycle_end(terms: PayoutCycle, first: date) -> date:
    """The last day of a cycle that begins on `first`. A weekend before the first business day counts for nothing."""
    return day_after(first - _DAY, terms.days, terms.day_kind)


def judge_payout_cycle(
    calc: Arithmetic, rule: Rule, first_trade: Figure | None, calendar: TradingCalendar, now_us: int
) -> Judged:
    """Whether the cycle that its first trade began is over: the day after its last one has begun."""
    terms = rule.terms
    assert isinstance(terms, PayoutCycle)
    if first_trade is None:
        return met(0, terms.days, Unit.DAYS, Condition.CYCLE, is_met=False)
    first = _label(calendar, first_trade.value)
    start = calc.given("day of the cycle's first trade", first.toordinal(), "date", first_trade.source)
    span = (cycle_end(terms, first) - first).days
    end = calc.plus("last day of the cycle", start, calc.given("days after it", span, "days", rule.cited("days")))
    today = calc.given("today", _label(calendar, now_us).toordinal(), "date", "")
    is_over = calc.is_above("the cycle is over", today, end)
    return met(today - start + 1, span + 1, Unit.DAYS, Condition.CYCLE, is_met=is_over)


def _label(calendar: TradingCalendar, at_us: int) -> date:
    return date.fromisoformat(calendar.day_at(at_us).label)


def _begin_us(calendar: TradingCalendar, label: date) -> int:
    """The first instant of the trading day that is called so, or of the one that it was merged into."""
    day = calendar.day_at(instant_of(datetime(label.year, label.month, label.day, tzinfo=UTC)) - 2 * DAY_US)
    while date.fromisoformat(day.label) < label:
        day = calendar.day_at(day.end_us)
    return day.start_us


# --- the conditions ---


def judge_payout_conditions(
    calc: Arithmetic, rule: Rule, request: PayoutRequest, needs: Mapping[str, Judged]
) -> tuple[Judged, ...]:
    """One answer for each condition. `needs`: how the other terms of the ruleset are met, by their ids."""
    terms = rule.terms
    assert isinstance(terms, PayoutConditions)
    return tuple(_judge_conditions(calc, rule, terms, request, needs))


def _judge_conditions(
    calc: Arithmetic, rule: Rule, terms: PayoutConditions, request: PayoutRequest, needs: Mapping[str, Judged]
) -> Iterator[Judged]:
    if terms.flat_required:
        yield _none_left(calc, Condition.POSITIONS, request.positions)
    if terms.no_pending_orders:
        yield _none_left(calc, Condition.ORDERS, request.orders)
    if terms.kyc_required:
        confirmed = request.is_identity_confirmed
        yield met(int(confirmed), 1, Unit.COUNT, Condition.IDENTITY, is_met=confirmed)
    if terms.profit_min is not None:
        yield _enough(calc, rule, Condition.PROFIT, "profit_min", terms.profit_min, request.profit, request)
    if terms.trader_share_min is not None:
        share = terms.trader_share_min
        yield _enough(calc, rule, Condition.TRADER_SHARE, "trader_share_min", share, request.trader_share, request)
    for term_id in terms.needs:
        answer = needs[term_id]
        yield replace(answer, subject=term_id)


def _none_left(calc: Arithmetic, condition: Condition, count: int) -> Judged:
    have = calc.given(condition, count, "count", "")
    return met(have, 0, Unit.COUNT, condition, is_met=calc.is_at_or_below(f"no {condition}", have, 0))


def _enough(
    calc: Arithmetic,
    rule: Rule,
    condition: Condition,
    path: str,
    least: Amount,
    observed: Figure,
    request: PayoutRequest,
) -> Judged:
    terms = rule.terms
    assert isinstance(terms, PayoutConditions)
    bases = {
        ShareOf.INITIAL: calc.given(
            "initial balance that was sold", request.initial.value, "minor", request.initial.source
        )
    }
    if request.loss_allowed is not None:
        allowed = request.loss_allowed
        bases[ShareOf.ANCHOR] = calc.given(f"amount of {terms.share_of}", allowed.value, "minor", allowed.source)
    have = calc.given(condition, observed.value, "minor", observed.source)
    # Each rounding is exact: a whole number is at least a fraction where it is at least the next whole one, and above it where it
    # is above the whole one before.
    match terms.boundary:
        case Boundary.TOUCHES:
            need = asked_rounded_up(calc, rule, path, least, bases, f"least {condition}")
            is_met = calc.is_at_or_above(f"{condition} is enough", have, need)
        case Boundary.CROSSES:
            need = granted_rounded_down(calc, rule, path, least, bases, f"{condition} to exceed")
            is_met = calc.is_above(f"{condition} is more than that", have, need)
    return met(have, need, Unit.MINOR, condition, is_met=is_met)
