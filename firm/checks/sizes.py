"""Sizes: what holds for the size that is sold: tables that have a line for it, and amounts that it can hold."""

from firm.checks.locks import lowering_problems
from firm.checks.problem import Problem, Problems
from firm.terms.exposure import AccountsTogether, AcrossAccounts
from firm.terms.lifecycle import MaximumAllocation
from firm.terms.losses import LossLimit
from firm.terms.words import BySize, Fixed, RuleTerm, Words


def size_problems(term: RuleTerm, size_minor: int) -> Problems:
    yield from _tables(term, "", size_minor)
    if isinstance(term, LossLimit):
        yield from lowering_problems(term, size_minor)
    match term:
        case LossLimit(amount=Fixed(minor=minor)) if minor > size_minor:
            yield Problem("amount.minor", "it is more than the size that is sold: the floor could not be reached")
        case MaximumAllocation(limit_minor=limit) if limit < size_minor:
            yield Problem("limit_minor", "the size that is sold is more than one trader may have")
        case AcrossAccounts(measured=AccountsTogether.ALLOCATION, limit=limit) if limit < size_minor:
            yield Problem("limit", "the size that is sold is more than one trader may have")


def _tables(value: object, path: str, size_minor: int) -> Problems:
    """Tables anywhere in a term."""
    if isinstance(value, BySize):
        if size_minor not in [line.size_minor for line in value.table]:
            yield Problem(f"{path}.table", "there is no line for the size that is sold")
    elif isinstance(value, Words):
        for name in value.__struct_fields__:
            yield from _tables(getattr(value, name), f"{path}.{name}" if path else name, size_minor)
    elif isinstance(value, tuple):
        for place, item in enumerate(value):
            yield from _tables(item, f"{path}[{place}]", size_minor)
