"""Deduction: how much of a profit a breach takes away."""

from firm.arithmetic import Arithmetic, Figure
from firm.ruleset import Rule
from firm.terms.conduct import AutomationUse, NewsWindow
from firm.terms.words import BP_WHOLE, Action, Consequence, DeductProfit


def deducted_rounded_down(calc: Arithmetic, rule: Rule, place: int, takes: DeductProfit, profit: Figure) -> int:
    """What is taken of a trade's profit, in minor units, never more than the share; of a loss nothing. `place`: in `on_breach`."""
    made = calc.highest("profit concerned", calc.given("result", profit.value, "minor", profit.source), 0)
    share = calc.given("share that is deducted", takes.share_bp, "bp", rule.cited(f"on_breach/{place}/share_bp"))
    scaled = calc.times("profit x share", made, share, "minor x bp")
    return calc.divided_rounded_down("deducted", scaled, BP_WHOLE, "minor")


def excluded_rounded_down(calc: Arithmetic, rule: Rule, does: Consequence | None, profit: Figure) -> int:
    """What of a trade's profit does not count where its position broke the rule and this followed, in minor units; of a loss nothing."""
    terms = rule.terms
    assert isinstance(terms, NewsWindow | AutomationUse)
    match does:
        case DeductProfit():
            return deducted_rounded_down(calc, rule, terms.on_breach.index(does), does, profit)
        case Action.EXCLUDE_PROFIT:
            return calc.highest("profit concerned", calc.given("result", profit.value, "minor", profit.source), 0)
        case _:
            return 0
