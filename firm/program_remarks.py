"""Program remarks: what is worth knowing before a program is sold, though nothing is wrong with it: nothing here refuses anything."""

from collections.abc import Iterator
from typing import get_args

from firm.money import Money
from firm.ruleset import Program, Rule
from firm.terms.conduct import NewsWindow
from firm.terms.lifecycle import MaximumAllocation
from firm.terms.union import Lifecycle, Payout

_ASKED_BY_NOBODY = frozenset({*get_args(Payout), *get_args(Lifecycle)} - {MaximumAllocation})
"""Kinds that can be judged and held against worked examples, while no desk asks them yet."""
_PRICE_FALLS_TO = 10
"""A price below one in so many of what it was is more likely a slip than a sale."""


def remarks_on(program: Program, before: Program | None = None, *, has_calendar: bool | None = None) -> tuple[str, ...]:
    """In words. `before`: what is on offer under its name. `has_calendar`: of economic news; None where no firm is known."""
    return tuple(_remarks(program, before, has_calendar))


def _remarks(program: Program, before: Program | None, has_calendar: bool | None) -> Iterator[str]:
    if before is not None and _is_slashed(before.price, program.price):
        yield f"the price falls below a tenth: it was {before.price}, and is {program.price}"
    for phase in program.phases:
        news = [rule.id for rule in phase.ruleset.rules if isinstance(rule.terms, NewsWindow)]
        if news and not has_calendar:
            until = "as long as the firm has no calendar of economic news" if has_calendar is None else "yet"
            yield (
                f"{phase.name}: {_named(news)} forbids nothing {until}: bring one in with `evenhand calendar import`, "
                "or have one fetched"
            )
        silent = [rule.id for rule in phase.ruleset.rules if _is_silent(rule)]
        if silent:
            yield f"{phase.name}: nothing follows from {_named(silent)} by itself yet: no desk asks for payouts, resets or growth"


def _is_slashed(before: Money, after: Money) -> bool:
    return before.currency == after.currency and after.minor * _PRICE_FALLS_TO < before.minor


def _is_silent(rule: Rule) -> bool:
    return type(rule.terms) in _ASKED_BY_NOBODY


def _named(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
