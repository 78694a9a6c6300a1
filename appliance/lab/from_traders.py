"""From traders: what a desk that looks at several accounts of a trader led to on each, and whether it would lead to that here too."""

from typing import get_args

from firm.account import AccountState
from firm.facts import (
    AccountPaused,
    AccountRestricted,
    RuleBroken,
    RuleKeptAgain,
    RuleSuspected,
    StandingChanged,
    VerdictCorrected,
)
from firm.phase import ENDED

OfTrader = (
    RuleBroken | RuleSuspected | RuleKeptAgain | StandingChanged | AccountPaused | AccountRestricted | VerdictCorrected
)
KINDS_OF_TRADERS = frozenset(kind.__name__ for kind in get_args(OfTrader))
ASKED_BY_TRADERS = frozenset({"questioned", "withdrawn"})
"""What a trader's desk leads to on accounts, told by the rule that it is about."""


def may_be_told(state: AccountState, said: OfTrader) -> bool:
    """Whether it is told an account that stands as this one does: one that has ended still hears what it breaks no more."""
    match said:
        case VerdictCorrected():
            return True
        case RuleKeptAgain():
            return any((one.rule, one.subject) == (said.rule, said.subject) for one in state.track.broken)
        case StandingChanged():
            return state.standing not in ENDED and said.before is state.standing
        case _:
            return state.standing not in ENDED
