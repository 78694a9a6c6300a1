"""Deduction: how much of a profit a breach takes away."""

from firm.arithmetic import Arithmetic, Figure
from firm.instant import SECOND_US
from firm.ruleset import AnyRuleset, Rule, kept_with
from firm.terms.conduct import TradeDuration
from firm.terms.objectives import LotConsistency, PartialCloses
from firm.terms.words import BP_WHOLE, Action, Consequence, DeductProfit, RuleTerm
from firm.track import Trade


def takes_profit(does: Consequence | None) -> bool:
    """Whether what follows a breach is that profit does not count."""
    return isinstance(does, DeductProfit) or does is Action.EXCLUDE_PROFIT


def may_take_profit(ruleset: AnyRuleset) -> bool:
    """Whether a breach of one of its rules may take profit away."""
    return kept_with(ruleset, "may take profit", lambda rules: any(map(_may_take_profit, rules.rules)))


def _may_take_profit(rule: Rule) -> bool:
    return any(takes_profit(does) for does in getattr(rule.terms, "on_breach", ()))


def looks_at_closings(terms: RuleTerm) -> bool:
    """Whether each closing breaks it by itself: then the profit of no other closing of the position is concerned."""
    return isinstance(terms, TradeDuration) or _takes_parts_apart(terms)


def _takes_parts_apart(terms: RuleTerm) -> bool:
    return isinstance(terms, LotConsistency) and terms.partial_closes is PartialCloses.SEPARATE


def concerned(rule: Rule, trades: tuple[Trade, ...], *, held: bool) -> tuple[Trade, ...]:
    """Of a position that broke the rule just now, those of its closed parts whose profit is concerned. `held`: some of it is open yet.

    Where the position as a whole broke it, what was closed before that counts.
    """
    if isinstance(rule.terms, TradeDuration):
        return tuple(trade for trade in trades if is_too_short(rule.terms, trade))
    if _takes_parts_apart(rule.terms):
        return trades[-1:]
    return () if held else trades


def is_too_short(terms: TradeDuration, trade: Trade) -> bool:
    """Whether one trade lasted less than it must."""
    return terms.seconds_min is not None and trade.closed_us - trade.began_us < terms.seconds_min * SECOND_US


def deducted_rounded_down(calc: Arithmetic, rule: Rule, place: int, takes: DeductProfit, profit: Figure) -> int:
    """What is taken of a trade's profit, in minor units, never more than the share; of a loss nothing. `place`: in `on_breach`."""
    made = calc.highest("profit concerned", calc.given("result", profit.value, "minor", profit.source), 0)
    share = calc.given("share that is deducted", takes.share_bp, "bp", rule.cited(f"on_breach/{place}/share_bp"))
    scaled = calc.times("profit x share", made, share, "minor x bp")
    return calc.divided_rounded_down("deducted", scaled, BP_WHOLE, "minor")


def excluded_rounded_down(calc: Arithmetic, rule: Rule, does: Consequence | None, profit: Figure) -> int:
    """What of a trade's profit does not count where its position broke the rule and this followed, in minor units; of a loss nothing."""
    match does:
        case DeductProfit():
            place = getattr(rule.terms, "on_breach", ()).index(does)
            return deducted_rounded_down(calc, rule, place, does, profit)
        case Action.EXCLUDE_PROFIT:
            return calc.highest("profit concerned", calc.given("result", profit.value, "minor", profit.source), 0)
        case _:
            return 0
