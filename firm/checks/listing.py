"""Listing: what a program names of its platform, held against what the platform says it has: groups of accounts, and leverages."""

from collections.abc import Iterator, Mapping

from firm.checks.problem import Problem, Problems
from firm.platform_listing import PlatformListing
from firm.ruleset import Phase, Program
from firm.terms.words import ToGroup, ToLeverage

NAMES_TOLD_MAX = 12
"""Of the groups that there are; a platform may have hundreds."""

Listings = Mapping[str, PlatformListing]
"""Of the bridges that are enrolled, by name."""


def listing_problems(program: Program, listings: Listings) -> Problems:
    """What a connected platform has not. One that never told its groups has nothing held against it."""
    listing = listings.get(program.bridge)
    if listing is not None and listing.connected:
        yield from missing_at(program, listing)


def missing_at(program: Program, listing: PlatformListing) -> Problems:
    """Groups and leverages that the platform has not, by where the program names them; nothing where it never told its groups."""
    if not listing.groups:
        return
    group = listing.group(program.group)
    if group is None:
        yield Problem("group", _no_group(program.bridge, program.group, listing))
    elif not group.has(program.leverage):
        had = _leverages(group.leverages)
        yield Problem(
            "leverage", f"the group {program.group} of {program.bridge} has no 1:{program.leverage}. It has: {had}"
        )
    for place, phase in enumerate(program.phases):
        yield from _missing_in(program, phase, f"phases[{place}]", listing)


def is_named(program: Program) -> bool:
    """Whether a rule names a group or a leverage, besides those in which accounts are opened."""
    return any(True for phase in program.phases for _ in _named(phase))


def _missing_in(program: Program, phase: Phase, path: str, listing: PlatformListing) -> Problems:
    within = {program.group, *(does.group for _, does in _named(phase) if isinstance(does, ToGroup))}
    groups = [one for one in listing.groups if one.group in within]
    for at, does in _named(phase):
        match does:
            case ToGroup() if listing.group(does.group) is None:
                yield Problem(f"{path}.{at}.group", _no_group(program.bridge, does.group, listing))
            case ToLeverage() if groups and not any(one.has(does.leverage) for one in groups):
                had = _leverages({each for one in groups for each in one.leverages})
                reason = (
                    f"no group of {program.bridge} that these accounts are in has 1:{does.leverage}. There is: {had}"
                )
                yield Problem(f"{path}.{at}.leverage", reason)


def _named(phase: Phase) -> Iterator[tuple[str, ToGroup | ToLeverage]]:
    """Each with its path within the phase. A ruleset in the first words names none."""
    for at, term in enumerate(getattr(phase.ruleset, "terms", ())):
        for step, does in enumerate(getattr(term, "on_breach", ())):
            if isinstance(does, ToGroup | ToLeverage):
                yield f"ruleset.terms[{at}].on_breach[{step}]", does


def _no_group(bridge: str, group: str, listing: PlatformListing) -> str:
    names = sorted(one.group for one in listing.groups)
    more = f" and {len(names) - NAMES_TOLD_MAX} more" if len(names) > NAMES_TOLD_MAX else ""
    return f"{bridge} has no group {group}. It has: {', '.join(names[:NAMES_TOLD_MAX])}{more}"


def _leverages(leverages: "set[int] | tuple[int, ...]") -> str:
    return ", ".join(f"1:{each}" for each in sorted(leverages))
