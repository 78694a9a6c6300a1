"""Consequences: what a broken term does this time, and which of two that trip on one event counts.

The order is fixed: fail, review, pause, close positions, restrict, another group or leverage, deducted or excluded profit, warn; of two
that do the same the first of the ruleset. A breach counts before a pass of the same event.
"""

from typing import Protocol

from firm.account import AccountState
from firm.terms.words import Action, Consequence, DeductProfit, Scope, ToGroup, ToLeverage

_GRAVITY: dict[Action, int] = {
    Action.WARN: 0,
    Action.EXCLUDE_PROFIT: 1,
    Action.RESTRICT: 4,
    Action.CLOSE_POSITIONS: 5,
    Action.PAUSE: 6,
    Action.REVIEW: 7,
    Action.FAIL: 8,
}


class Striking(Protocol):
    """A term that may be broken more than once."""

    @property
    def on_breach(self) -> tuple[Consequence, ...]: ...
    @property
    def strikes_within(self) -> Scope: ...


def gravity(does: Consequence) -> int:
    """How grave a consequence is: higher counts before lower."""
    match does:
        case Action():
            return _GRAVITY[does]
        case DeductProfit():
            return 2
        case ToGroup() | ToLeverage():
            return 3


def consequence_of(account: AccountState, rule: str, terms: Striking) -> Consequence:
    """What the next breach of a term does, by the strikes that count against it already."""
    return terms.on_breach[min(strikes_of(account, rule, terms.strikes_within), len(terms.on_breach) - 1)]


def strikes_of(account: AccountState, rule: str, within: Scope) -> int:
    """Breaches of a term so far, of those that are still counted."""
    return sum(
        strike.rule == rule and _counts(account, strike.at_us, strike.day, within) for strike in account.track.strikes
    )


def _counts(account: AccountState, at_us: int, day: str, within: Scope) -> bool:
    match within:
        case Scope.PHASE:
            return True
        case Scope.CYCLE:
            payouts = account.track.payouts
            return not payouts or at_us >= payouts[-1].at_us
        case Scope.WEEK:
            week = account.track.week
            return week is None or at_us >= week.day.start_us
        case Scope.DAY:
            return account.day is None or day == account.day.day.label
