"""Amounts: shares of what there is, of something, and tables that name each size once."""

from firm.checks.beside import Beside
from firm.checks.problem import Problem, Problems
from firm.plain_figures import percent
from firm.terms.words import BP_WHOLE, Amount, BySize, Fixed, Share, ShareOf

OF_INITIAL = frozenset({ShareOf.INITIAL})
OF_SOLD = frozenset({ShareOf.INITIAL, ShareOf.TARGET})
"""What is known of an account from its first instant on."""

_MARKS = frozenset({ShareOf.INITIAL, ShareOf.ANCHOR, ShareOf.HIGH})
"""What an account has; a profit may be lost more than once."""
_ABSENT = {
    ShareOf.INITIAL: "it is a share of the limit that is named beside it: anchor",
    ShareOf.ANCHOR: "there is no anchor here: only a loss limit measures from one",
    ShareOf.HIGH: "there is no high here: only a loss limit with a trail follows one",
    ShareOf.TARGET: "there is no profit target that it could be a share of",
    ShareOf.DAY_START_PROFIT: "no day begins here, whose starting profit it could be a share of",
}


def amount_problems(
    path: str, amount: Amount | None, beside: Beside, of: frozenset[ShareOf], *, nothing: str = "", whole: str = ""
) -> Problems:
    """`of`: what there is to be a share of. `nothing`, `whole`: why it may not be zero, and not more than the whole; "": it may."""
    match amount:
        case Share():
            if amount.of is ShareOf.TARGET and beside.has_target and amount.of not in of:
                yield Problem(f"{path}.of", "it cannot be a share of the profit target")
            elif amount.of not in of or (amount.of is ShareOf.TARGET and not beside.has_target):
                yield Problem(f"{path}.of", _ABSENT[amount.of])
            if nothing and amount.bp == 0:
                yield Problem(f"{path}.bp", nothing)
            if whole and amount.of in _MARKS and amount.bp > BP_WHOLE:
                yield Problem(f"{path}.bp", f"{percent(amount.bp)} is more than the whole: {whole}")
        case Fixed():
            if nothing and amount.minor == 0:
                yield Problem(f"{path}.minor", nothing)
        case BySize():
            yield from _table_problems(f"{path}.table", amount, nothing)


def _table_problems(path: str, amount: BySize, nothing: str) -> Problems:
    sizes = [line.size_minor for line in amount.table]
    for place, line in enumerate(amount.table):
        if line.size_minor in sizes[:place]:
            yield Problem(f"{path}[{place}].size_minor", "this size has a line already")
        if nothing and line.minor == 0:
            yield Problem(f"{path}[{place}].minor", nothing)
