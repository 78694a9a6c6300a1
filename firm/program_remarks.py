"""Program remarks: what is worth knowing before a program is sold, though nothing is wrong with it: nothing here refuses anything."""

from collections.abc import Collection, Iterator
from typing import get_args

from firm.checks.listing import Listings, is_named, missing_at
from firm.money import Money
from firm.news import NEWS_NAME
from firm.ruleset import Program, Rule
from firm.terms.conduct import NewsWindow
from firm.terms.lifecycle import MaximumAllocation
from firm.terms.union import Lifecycle, Payout

_ASKED_BY_NOBODY = frozenset({*get_args(Payout), *get_args(Lifecycle)} - {MaximumAllocation})
"""Kinds that can be judged and held against worked examples, while no desk asks them yet."""
_PRICE_FALLS_TO = 10
"""A price below one in so many of what it was is more likely a slip than a sale."""


def remarks_on(
    program: Program,
    before: Program | None = None,
    calendars: Collection[str] | None = None,
    listings: Listings | None = None,
) -> tuple[str, ...]:
    """In words. `before`: what is on offer under its name. `calendars`: of economic news, by name, and `listings`: of platforms; both None
    where no firm is known.
    """
    return (*_remarks(program, before, calendars), *_on_platform(program, listings))


def _remarks(program: Program, before: Program | None, calendars: Collection[str] | None) -> Iterator[str]:
    if before is not None and _is_slashed(before.price, program.price):
        yield f"the price falls below a tenth: it was {before.price}, and is {program.price}"
    for phase in program.phases:
        for rule in phase.ruleset.rules:
            if isinstance(rule.terms, NewsWindow) and (name := rule.terms.calendar or NEWS_NAME) not in (
                calendars or ()
            ):
                until = "as long as" if calendars is None else "yet:"
                yield (
                    f"{phase.name}: {rule.id} forbids nothing {until} the firm has no calendar {name!r}: bring one in with "
                    "`evenhand calendar import`, or have one fetched"
                )
        silent = [rule.id for rule in phase.ruleset.rules if _is_silent(rule)]
        if silent:
            yield f"{phase.name}: nothing follows from {_named(silent)} by itself yet: no desk asks for payouts, resets or growth"


def _on_platform(program: Program, listings: Listings | None) -> Iterator[str]:
    """Whether it acts, and what nobody can say now of groups and leverages: a connected platform without them makes a fault of it."""
    if listings is None:
        if is_named(program):
            yield f"groups and leverages that rules name are held against what {program.bridge} has once it is published"
        return
    listing = listings.get(program.bridge)
    if listing is None:
        return
    if listing.observes:
        yield (
            f"{program.bridge} only observes: no account that is sold is opened there, and none that breaks a rule is closed, until "
            f"`evenhand bridge mode {program.bridge} enforce` is run"
        )
    if listing.connected:
        return
    if not listing.groups:
        yield f"{program.bridge} is not connected: nobody can say whether it has the group {program.group}, and what else is named of it"
    for problem in missing_at(program, listing):
        yield f"{problem.path}: as of its last connection, {problem.reason}"


def _is_slashed(before: Money, after: Money) -> bool:
    return before.currency == after.currency and after.minor * _PRICE_FALLS_TO < before.minor


def _is_silent(rule: Rule) -> bool:
    return type(rule.terms) in _ASKED_BY_NOBODY


def _named(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
