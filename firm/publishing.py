"""Publishing: who may put a program on offer, and what of it only an owner may change: what is sold, and for how much."""

from firm.checks.listing import Listings, listing_problems
from firm.checks.placeholders import placeholder_problems
from firm.checks.problem import Problem
from firm.ruleset import Program
from firm.ruleset_checks import problems_of_program

WHY_CHARACTERS_MAX = 500
FAULTS_TOLD_MAX = 20

_SOLD = {"price": "the price", "size": "the size", "accounts_max": "how many accounts a trader may hold"}
"""What only an owner changes; a price and a size hold their currencies."""


def problems_before_sale(program: Program, listings: Listings) -> tuple[Problem, ...]:
    """All that keeps a firm from selling it. `listings`: of the bridges that are enrolled, with what they told of their platforms."""
    return (
        *problems_of_program(program, listings),
        *placeholder_problems(program),
        *listing_problems(program, listings),
    )


def fingerprint_of(program: Program | None) -> str:
    """What a draft was read against; "" where nothing is on offer under its name."""
    return "" if program is None else program.fingerprint()


def changes_of_sale(before: Program | None, after: Program) -> str:
    """What of it decides what is sold and for how much, which asks for a permission of its own; "" where nothing does."""
    if before is None:
        return "what is sold for the first time has a price and a size, which an owner decides: ask one to publish it"
    changed = [words for field, words in _SOLD.items() if getattr(before, field) != getattr(after, field)]
    return f"this changes {' and '.join(changed)}, which an owner decides: ask one to publish it" if changed else ""
