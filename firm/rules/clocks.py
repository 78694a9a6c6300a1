"""Clocks: how long a phase may last, and how long nothing may happen on an account.

A duration counts calendar days by the labels of trading days. Inactivity counts days of 24 hours, to the microsecond.
"""

from datetime import date
from typing import assert_never

import msgspec

from firm.arithmetic import Arithmetic, Figure
from firm.instant import DAY_US
from firm.rules.judged import SILENT, Judged, Unit, kept
from firm.ruleset import Rule
from firm.terms.objectives import ClockStart, Inactivity, MaximumDuration


class Activity(msgspec.Struct, frozen=True, gc=False):
    """When things last happened on an account, in microseconds; None: never. `positions`, `orders`: how many are open, how many wait.

    `order_gone`: when the last waiting order was filled or taken back.
    """

    assigned: Figure
    first_trade: Figure | None
    last_opened: Figure | None
    last_closed: Figure | None
    order_gone: Figure | None
    positions: int
    orders: int


def day_number(label: str) -> int:
    """A trading day's label as a count of days, so that two can be subtracted."""
    return date.fromisoformat(label).toordinal()


def judge_maximum_duration(
    calc: Arithmetic, rule: Rule, first: Figure | None, begins: Figure, granted: Figure | None = None
) -> Judged:
    """Whether all days are used up when another begins. Both days as `day_number`; `first`: None while the clock has not started.

    `granted`: days that a person gave it beyond those of the rule.
    """
    terms = rule.terms
    assert isinstance(terms, MaximumDuration), f"term {rule.id} is no duration"
    if first is None:
        return SILENT
    started = calc.given("first day", first.value, "days", first.source)
    today = calc.given("day that begins", begins.value, "days", begins.source)
    used = calc.minus("days that are over", today, started)
    most = calc.given("days there are", terms.days_max, "days", rule.cited("days_max"))
    most = _with_granted(calc, most, granted)
    return kept(used, most, Unit.DAYS, broken=calc.is_at_or_above("all days are over", used, most))


def judge_inactivity(
    calc: Arithmetic, rule: Rule, activity: Activity, now: Figure, granted: Figure | None = None
) -> Judged:
    """Whether nothing happened for too long. `now` in microseconds; answered in whole days, rounded down, compared exactly.

    `granted`: as in `judge_maximum_duration`.
    """
    terms = rule.terms
    assert isinstance(terms, Inactivity), f"term {rule.id} asks for no activity"
    if (terms.open_position_counts and activity.positions) or (terms.pending_order_counts and activity.orders):
        return kept(0, terms.days_max, Unit.DAYS, broken=False)
    last = last_active(terms, activity)
    since = calc.given("last activity", last.value, "us", last.source)
    idle = calc.minus("time without activity", calc.given("now", now.value, "us", now.source), since)
    days_max = calc.given("days without activity", terms.days_max, "days", rule.cited("days_max"))
    days_max = _with_granted(calc, days_max, granted)
    longest = calc.times("longest time without activity", days_max, DAY_US, "us")
    is_broken = calc.is_at_or_above("without activity for too long", idle, longest)
    idle_days = calc.divided_rounded_down("whole days without activity", idle, DAY_US, "days")
    return kept(idle_days, days_max, Unit.DAYS, broken=is_broken)


def _with_granted(calc: Arithmetic, days: int, granted: Figure | None) -> int:
    if granted is None:
        return days
    more = calc.given("days that a person granted", granted.value, "days", granted.source)
    return calc.plus("days with those granted", days, more)


def last_active(terms: Inactivity, activity: Activity) -> Figure:
    """What the clock runs from, in microseconds. What counts as activity while it lasts starts the clock anew when it ends."""
    started = clock_start(terms.counted_from, activity) or activity.assigned
    ended = (
        activity.last_closed if terms.open_position_counts else None,
        activity.order_gone if terms.pending_order_counts else None,
    )
    return _latest(started, *ended) or started


def clock_start(counted_from: ClockStart, activity: Activity) -> Figure | None:
    """The event that starts a clock; None where there was none yet."""
    match counted_from:
        case ClockStart.ASSIGNMENT:
            return activity.assigned
        case ClockStart.FIRST_TRADE:
            return activity.first_trade
        case ClockStart.LAST_OPENED:
            return activity.last_opened
        case ClockStart.LAST_CLOSED:
            return activity.last_closed
        case ClockStart.LAST_TRADE:
            return _latest(activity.last_opened, activity.last_closed)
        case unknown:
            assert_never(unknown)


def _latest(*events: Figure | None) -> Figure | None:
    return max((event for event in events if event is not None), key=lambda event: event.value, default=None)
