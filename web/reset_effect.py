"""Reset effect: how a new trading day moved the floor, where equity that had been above it was not above it any more."""

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from firm.arithmetic import PLAIN
from firm.money import Money
from firm.rules.limits import breaks, limit_of
from firm.ruleset import AnyRuleset
from firm.terms.losses import LossLimit
from firm.terms.words import Anchor, Scope
from storage.readmodels.days import Day
from web.floor_lines import account_at_start, start_of


class ResetEffect(msgspec.Struct, frozen=True):
    """What the reset at `at_us` did: the floor `before` it, the day's `start` by `measured_from`, and the floor `after` it."""

    at_us: int
    before: Money
    measured_from: str
    start: Money
    after: Money


def reset_effect(
    ruleset: AnyRuleset, rule: str, initial: Money, days: Sequence[Day], at_us: int, observed: int
) -> ResetEffect | None:
    """None where the day before would have judged the same, or another kind of rule was broken. `days`: newest first."""
    found = next((one for one in ruleset.rules if one.id == rule), None)
    begun = [day for day in days if day.start_us <= at_us]
    if found is None or not isinstance(found.terms, LossLimit) or found.terms.scope is not Scope.DAY or len(begun) < 2:
        return None
    terms, account = found.terms, account_at_start(ruleset, initial)
    today, yesterday = begun[:2]
    after, before = (limit_of(replace(account, day=start_of(day)), found).floor for day in (today, yesterday))
    if breaks(PLAIN, terms, observed, before) or not breaks(PLAIN, terms, observed, after):
        return None
    by_equity = terms.anchor is Anchor.EQUITY or (
        terms.anchor is Anchor.HIGHER and today.equity_start > today.balance_start
    )
    measured_from, start = ("equity", today.equity_start) if by_equity else ("balance", today.balance_start)
    money = initial.with_minor
    return ResetEffect(today.start_us, money(before), measured_from, money(start), money(after))
