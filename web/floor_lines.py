"""Floor lines: where each floor lay at each instant of a chart, so that today's floor is never drawn over yesterday.

The floors come from the rules that judge; this file only asks them for each trading day, or for each mark where one trails.
"""

from collections.abc import Iterable, Sequence
from typing import assert_never

from firm.account import DayStart
from firm.arithmetic import PLAIN
from firm.money import Money
from firm.rules.daily_loss import daily_floor
from firm.rules.maximum_loss import maximum_loss_floor
from firm.ruleset import Anchor, DailyLoss, MaximumLoss, Ruleset, Trail
from firm.trading_day import TradingDay
from storage.readmodels.days import Day
from storage.readmodels.marks import Mark
from web import words
from web.charts import Line, Steps


def floor_lines(
    ruleset: Ruleset, initial: Money, days: Sequence[Day], marks: Sequence[Mark], high_before: int
) -> dict[str, Line]:
    """A stepped line for each loss limit, by rule. `days`: oldest first; `high_before`: the highest equity before the marks."""
    lines: dict[str, Line] = {}
    for term in ruleset.terms:
        match term:
            case DailyLoss():
                lines[term.id] = _line("daily_loss", _daily(term, initial, days))
            case MaximumLoss() if term.trail is Trail.EVERY_TICK:
                others = tuple(lines.values())
                lines[term.id] = _line("maximum_loss", _every_tick(term, initial, marks, high_before, others))
            case MaximumLoss():
                lines[term.id] = _line("maximum_loss", _by_day(term, initial, days))
            case _:
                pass
    return {rule: line for rule, line in lines.items() if line.steps}


def follows_every_tick(ruleset: Ruleset) -> bool:
    """Whether some floor depends on highs before the chart begins."""
    return any(isinstance(term, MaximumLoss) and term.trail is Trail.EVERY_TICK for term in ruleset.terms)


def _line(kind: str, steps: Iterable[tuple[int, int]]) -> Line:
    kept: list[tuple[int, int]] = []
    for at_us, level in steps:
        if not kept or kept[-1][1] != level:
            kept.append((at_us, level))
    return Line(f"{words.rule_kind(kind)} floor", "daily" if kind == "daily_loss" else "floor", tuple(kept))


def _daily(term: DailyLoss, initial: Money, days: Sequence[Day]) -> Steps:
    return tuple((day.start_us, daily_floor(PLAIN, term, "", start_of(day), initial.minor, "")) for day in days)


def start_of(day: Day) -> DayStart:
    """A day's first marks, as the rules ask for them."""
    bounds = TradingDay(day.label, day.start_us, day.end_us)
    return DayStart(bounds, day.balance_start, day.equity_start, seq=0, final=day.final)


def _by_day(term: MaximumLoss, initial: Money, days: Sequence[Day]) -> Steps:
    """A floor that never moves but by deposits and withdrawals, or that follows the marks of each reset."""
    steps, cash, high = [], 0, initial.minor
    for day in days:
        high = max(high, _mark_at_reset(term.trails_on, day))
        steps.append((day.start_us, _floor(term, initial, high, initial.minor + cash)))
        cash, high = cash + day.cash, high + day.cash
    return tuple(steps)


def _every_tick(
    term: MaximumLoss, initial: Money, marks: Sequence[Mark], high_before: int, others: Sequence[Line]
) -> Steps:
    """A floor that follows each high. Marks are a minute apart: where this floor was the nearest, the headroom says it exactly."""
    steps, high, floor = [], max(initial.minor, high_before), 0
    for mark in marks:
        high = max(high, mark.equity)
        floor = max(floor, _floor(term, initial, high, initial.minor))
        nearest = None if mark.headroom is None else mark.equity - mark.headroom
        if nearest is not None and all(nearest > (line.level_at(mark.at_us) or 0) for line in others):
            floor = max(floor, nearest)
        steps.append((mark.at_us, floor))
    return tuple(steps)


def _floor(term: MaximumLoss, initial: Money, high: int, start: int) -> int:
    return maximum_loss_floor(PLAIN, term, "", initial.minor, "", high, "", start)


def _mark_at_reset(anchor: Anchor, day: Day) -> int:
    match anchor:
        case Anchor.BALANCE:
            return day.balance_start
        case Anchor.EQUITY:
            return day.equity_start
        case Anchor.HIGHER:
            return max(day.balance_start, day.equity_start)
        case unknown:
            assert_never(unknown)
