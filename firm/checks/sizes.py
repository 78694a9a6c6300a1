"""Sizes: what holds for the size that is sold: tables that have a line for it, and amounts that it can hold."""

from firm.checks.locks import lowering_problems
from firm.checks.losses import LOCK_TOO_HIGH, is_too_high
from firm.checks.problem import Problem, Problems
from firm.terms.exposure import AccountsTogether, AcrossAccounts
from firm.terms.lifecycle import MaximumAllocation
from firm.terms.losses import LossLimit
from firm.terms.objectives import ProfitTarget
from firm.terms.words import BP_WHOLE, Amount, BySize, Fixed, RuleTerm, Share, ShareOf, Words

TARGET_TIMES_MAX = 100
"""Of the size: as many as a share may be."""

_UNREACHED = "it is more than the size that is sold: the floor could not be reached"


def size_problems(term: RuleTerm, size_minor: int) -> Problems:
    yield from _tables(term, "", size_minor)
    if isinstance(term, LossLimit):
        yield from lowering_problems(term, size_minor)
    match term:
        case LossLimit():
            yield from _limit_problems(term, size_minor)
        case ProfitTarget(amount=amount) if _comes_to(amount, size_minor) > TARGET_TIMES_MAX * size_minor:
            yield Problem("amount", f"it is more than {TARGET_TIMES_MAX} times the size that is sold: nobody could win")
        case MaximumAllocation(limit_minor=limit) if limit < size_minor:
            yield Problem("limit_minor", "the size that is sold is more than one trader may have")
        case AcrossAccounts(measured=AccountsTogether.ALLOCATION, limit=limit) if limit < size_minor:
            yield Problem("limit", "the size that is sold is more than one trader may have")


def _limit_problems(term: LossLimit, size_minor: int) -> Problems:
    amounts = [
        ("amount", term.amount),
        *((f"steps[{place}].amount", one.amount) for place, one in enumerate(term.steps)),
    ]
    for path, amount in amounts:
        if not isinstance(amount, Share) and _comes_to(amount, size_minor) > size_minor:
            yield Problem(f"{path}.minor" if isinstance(amount, Fixed) else f"{path}.table", _UNREACHED)
    trigger = None if term.lock is None else getattr(term.lock.trigger, "gain", None)
    if term.lock is None or not isinstance(trigger, Share | Fixed) or type(trigger) is type(term.lock.offset):
        return
    offset, gain = term.lock.offset, trigger
    if _is_known(offset) and _is_known(gain):
        floor, reached = (Fixed(minor=_comes_to(one, size_minor)) for one in (offset, gain))
        if is_too_high(floor, reached, term.boundary):
            yield Problem("lock.offset", LOCK_TOO_HIGH)


def _is_known(amount: Amount) -> bool:
    return not isinstance(amount, Share) or amount.of is ShareOf.INITIAL


def _comes_to(amount: Amount, size_minor: int) -> int:
    """At this size, in minor units: a share of it, a sum, or the line of a table; 0 of a table without one."""
    match amount:
        case Share():
            return size_minor * amount.bp // BP_WHOLE
        case Fixed():
            return amount.minor
        case BySize():
            return next((line.minor for line in amount.table if line.size_minor == size_minor), 0)


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
