"""Consequences: what a broken term of its kind can have done."""

from firm.checks.problem import Problem, Problems
from firm.terms.exposure import AcrossAccounts
from firm.terms.losses import LossLimit
from firm.terms.objectives import Inactivity
from firm.terms.words import Action, Consequence, DeductProfit, Observed, OnBreach, RuleTerm

WITHOUT_TRADE = (LossLimit, Inactivity, AcrossAccounts)
"""Terms that no single trade breaks."""
OPEN = frozenset({Observed.POSITIONS, Observed.EQUITY})


def consequence_problems(term: RuleTerm, on_breach: OnBreach) -> Problems:
    for place, consequence in enumerate(on_breach):
        if reason := _impossible(term, consequence):
            yield Problem(f"on_breach[{place}]", reason)
        if consequence is Action.FAIL and place + 1 < len(on_breach):
            yield Problem(f"on_breach[{place + 1}]", "the account has failed by then")


def _impossible(term: RuleTerm, consequence: Consequence) -> str:
    """Why it cannot be done; "" where it can."""
    if (isinstance(consequence, DeductProfit) or consequence is Action.EXCLUDE_PROFIT) and isinstance(
        term, WITHOUT_TRADE
    ):
        return "no single trade breaks this term, so there is no profit of one to take away"
    if consequence is Action.CLOSE_POSITIONS and not OPEN & term.inputs:
        return "this term looks at closed trades alone: nothing that breaks it is open"
    if isinstance(term, Inactivity) and consequence in (Action.RESTRICT, Action.CLOSE_POSITIONS, Action.PAUSE):
        return "an account that may not trade can only stay inactive"
    return ""
