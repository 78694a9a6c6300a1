"""Consequences: what a broken term of its kind can have done."""

from firm.checks.problem import Problem, Problems
from firm.rules.deduction import takes_profit
from firm.terms.conduct import (
    AdverseExcursion,
    AutomationUse,
    HoldingLimit,
    Martingale,
    NewsWindow,
    TradeDuration,
    TradingHours,
)
from firm.terms.exposure import IdeaGrouping, IdeaRisk, RiskReward, StopLossRequired
from firm.terms.objectives import Inactivity, LotConsistency
from firm.terms.words import Action, Consequence, Observed, OnBreach, RuleTerm, ToLeverage

OF_A_TRADE = (
    AdverseExcursion,
    AutomationUse,
    HoldingLimit,
    IdeaRisk,
    LotConsistency,
    Martingale,
    NewsWindow,
    RiskReward,
    StopLossRequired,
    TradeDuration,
    TradingHours,
)
"""Terms that are broken by a single trade, whose profit may be taken away."""
OPEN = frozenset({Observed.POSITIONS, Observed.EQUITY})


def consequence_problems(term: RuleTerm, on_breach: OnBreach) -> Problems:
    for place, consequence in enumerate(on_breach):
        if reason := _impossible(term, consequence):
            yield Problem(f"on_breach[{place}]", reason)
        if consequence is Action.FAIL and place + 1 < len(on_breach):
            yield Problem(f"on_breach[{place + 1}]", "the account has failed by then")


def _impossible(term: RuleTerm, consequence: Consequence) -> str:
    """Why it cannot be done; "" where it can."""
    if takes_profit(consequence) and (reason := _without_trade(term)):
        return reason
    if consequence is Action.CLOSE_POSITIONS and not OPEN & term.inputs:
        return "this term looks at closed trades alone: nothing that breaks it is open"
    if isinstance(term, Inactivity) and consequence in (Action.RESTRICT, Action.CLOSE_POSITIONS, Action.PAUSE):
        return "an account that may not trade can only stay inactive"
    return ""


def _without_trade(term: RuleTerm) -> str:
    """Why there is no trade whose profit could be taken away; "" where there is one."""
    if not isinstance(term, OF_A_TRADE):
        return "no single trade breaks this term, so there is no profit of one to take away"
    if isinstance(term, TradeDuration) and (term.average_s_min is not None or term.share_of_longer_bp is not None):
        return "no single trade breaks an average or a share of profit: ask for them in a term of their own"
    if isinstance(term, IdeaRisk) and term.grouping is not IdeaGrouping.POSITION:
        return "an idea may be many trades, and no single one breaks this term: group by position"
    return ""


def leverage_problems(term: RuleTerm, leverage: int) -> Problems:
    """`leverage`: with which accounts are opened."""
    for place, consequence in enumerate(getattr(term, "on_breach", ())):
        if isinstance(consequence, ToLeverage) and consequence.leverage > leverage:
            reason = f"accounts are opened with 1:{leverage}: a breach would be rewarded with more"
            yield Problem(f"on_breach[{place}].leverage", reason)
