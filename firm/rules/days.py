"""Trading days: which days count towards a phase or a payout, and whether they are enough.

A day that counts by what was traded on it counts at once. One that counts by its profit counts when it has ended: until then the
profit may be lost again. Its result is final then but for positions that were opened on it and are still held.
"""

from collections.abc import Sequence
from typing import assert_never

from firm.arithmetic import Arithmetic
from firm.rules.judged import Judged, Unit, met
from firm.rules.results import source_of
from firm.ruleset import Rule
from firm.terms.objectives import DayCounts, TradingDays
from firm.terms.words import Boundary
from firm.track import DayResult


def judge_trading_days(
    calc: Arithmetic, rule: Rule, days: Sequence[DayResult], since_us: int, profit_min: int | None
) -> Judged:
    """Whether enough days count, of those that began at `since_us` or later.

    `days`: with the running one. `profit_min`: what the term's amount comes to in minor units, None where days count by trades.
    """
    terms = _trading_days(rule)
    count = 0
    for day in days:
        if day.start_us >= since_us and does_count(calc, rule, day, profit_min):
            count = calc.plus("days that count", count, 1)
    asked = calc.given("days to show", terms.days_min, "days", rule.cited("days_min"))
    return met(count, asked, Unit.DAYS, is_met=calc.is_at_or_above("enough days that count", count, asked))


def does_count(calc: Arithmetic, rule: Rule, day: DayResult, profit_min: int | None) -> bool:
    """Whether a day counts."""
    terms = _trading_days(rule)
    times = _times(calc, terms.counts, day)
    if times is not None:
        return calc.is_at_or_above(f"{day.label} counts", times, 1)
    profit = day_profit(calc, terms.counts, day) if day.seq else None
    if profit is None:
        return False
    assert profit_min is not None, f"term {rule.id} counts days by their profit and names none"
    match terms.boundary:
        case Boundary.TOUCHES:
            return calc.is_at_or_above(f"{day.label} counts", profit, profit_min)
        case Boundary.CROSSES:
            return calc.is_above(f"{day.label} counts", profit, profit_min)
        case unknown:
            assert_never(unknown)


def day_profit(calc: Arithmetic, counts: DayCounts, day: DayResult) -> int | None:
    """A day's profit as a term counts it, in minor units. None: for equity that was not priced, and where days count by trades."""
    match counts:
        case DayCounts.PROFIT_CLOSED:
            return calc.given(f"profit closed on {day.label}", day.closed, "minor", source_of(day, "closed/minor"))
        case DayCounts.PROFIT_CLOSED_LESS_OPEN_LOSS:
            closed = calc.given(f"profit closed on {day.label}", day.closed, "minor", source_of(day, "closed/minor"))
            loss = calc.given(
                f"open loss at the end of {day.label}", day.open_loss, "minor", source_of(day, "open_loss/minor")
            )
            return calc.plus(f"profit less open loss of {day.label}", closed, loss)
        case DayCounts.PROFIT_OPENED:
            return calc.given(f"profit opened on {day.label}", day.opened, "minor", source_of(day, "opened/minor"))
        case DayCounts.PROFIT_EQUITY:
            if day.equity is None:
                return None
            return calc.given(f"equity gained on {day.label}", day.equity, "minor", source_of(day, "equity/minor"))
        case DayCounts.ANY_FILL | DayCounts.OPENED | DayCounts.CLOSED | DayCounts.OPENED_AND_CLOSED:
            return None
        case unknown:
            assert_never(unknown)


def _times(calc: Arithmetic, counts: DayCounts, day: DayResult) -> int | None:
    """How often that was done by which a day counts; None where it counts by its profit."""
    match counts:
        case DayCounts.ANY_FILL:
            return calc.given(f"fills on {day.label}", day.fills, "count", source_of(day, "fills"))
        case DayCounts.OPENED:
            return calc.given(f"positions opened on {day.label}", day.openings, "count", source_of(day, "openings"))
        case DayCounts.CLOSED:
            return calc.given(f"positions closed on {day.label}", day.closings, "count", source_of(day, "closings"))
        case DayCounts.OPENED_AND_CLOSED:
            words = f"positions opened on {day.label} and closed by now"
            return calc.given(words, day.round_trips, "count", source_of(day, "round_trips"))
        case (
            DayCounts.PROFIT_CLOSED
            | DayCounts.PROFIT_CLOSED_LESS_OPEN_LOSS
            | DayCounts.PROFIT_OPENED
            | DayCounts.PROFIT_EQUITY
        ):
            return None
        case unknown:
            assert_never(unknown)


def _trading_days(rule: Rule) -> TradingDays:
    assert isinstance(rule.terms, TradingDays), f"term {rule.id} counts no days"
    return rule.terms
