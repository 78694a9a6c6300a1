"""Reset effect: how a new trading day moved the floor, where equity that had been above it was not above it any more."""

from collections.abc import Sequence

import msgspec

from firm.arithmetic import PLAIN
from firm.money import Money
from firm.rules.daily_loss import daily_floor
from firm.rules.limits import breaks
from firm.ruleset import Anchor, DailyLoss, Ruleset
from storage.readmodels.days import Day
from web.floor_lines import start_of


class ResetEffect(msgspec.Struct, frozen=True):
    """What the reset at `at_us` did: the floor `before` it, the day's `start` by `measured_from`, and the floor `after` it."""

    at_us: int
    before: Money
    measured_from: str
    start: Money
    after: Money


def reset_effect(
    ruleset: Ruleset, rule: str, initial: Money, days: Sequence[Day], at_us: int, observed: int
) -> ResetEffect | None:
    """None where the day before would have judged the same, or another kind of rule was broken. `days`: newest first."""
    term = next((term for term in ruleset.terms if term.id == rule and isinstance(term, DailyLoss)), None)
    begun = [day for day in days if day.start_us <= at_us]
    if not isinstance(term, DailyLoss) or len(begun) < 2:
        return None
    today, yesterday = begun[:2]
    after, before = (daily_floor(PLAIN, term, "", start_of(day), initial.minor, "") for day in (today, yesterday))
    if breaks(PLAIN, term.boundary, observed, before) or not breaks(PLAIN, term.boundary, observed, after):
        return None
    by_equity = term.anchor is Anchor.EQUITY or (
        term.anchor is Anchor.HIGHER and today.equity_start > today.balance_start
    )
    measured_from, start = ("equity", today.equity_start) if by_equity else ("balance", today.balance_start)
    money = initial.with_minor
    return ResetEffect(today.start_us, money(before), measured_from, money(start), money(after))
