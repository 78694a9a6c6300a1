"""Exceptions now: which rules of an account are not judged at an instant, until when, and what that makes of its objectives."""

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from firm.account import AccountState
from firm.objective import Objective, Progress
from firm.rules.limits import Limit

_CLOCKS = ("maximum_duration", "inactivity")


def not_judged_until(state: AccountState, at_us: int) -> Mapping[str, int]:
    """By rule the instant from which it is judged again: what people waived, and what a review let off for the day."""
    until = {one.rule: one.until_us for one in state.overrides.waivers if one.from_us <= at_us < one.until_us}
    if state.waived and state.day is not None:
        for rule in state.waived:
            until[rule] = max(until.get(rule, 0), state.day.day.end_us)
    return until


def judged_at(state: AccountState, limits: Iterable[Limit], at_us: int) -> list[Limit]:
    """Of its limits those that are judged: no headroom is told of another."""
    resting = not_judged_until(state, at_us)
    return [limit for limit in limits if limit.rule.id not in resting]


def with_exceptions(state: AccountState, rows: tuple[Objective, ...], at_us: int) -> tuple[Objective, ...]:
    """The objectives as they read with the exceptions: of a rule that is not judged nothing is measured."""
    resting, days = not_judged_until(state, at_us), state.overrides.days
    if not resting and not days:
        return rows
    return tuple(_with(row, resting.get(row.rule, 0), days if row.kind in _CLOCKS else 0) for row in rows)


def _with(row: Objective, until_us: int, days: int) -> Objective:
    row = replace(row, extended_days=days)
    if not until_us:
        return row
    return replace(row, waived_until_us=until_us, progress=Progress.SILENT, headroom=None, used_bp=0, judged=None)
