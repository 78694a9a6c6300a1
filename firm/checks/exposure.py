"""Exposure and risk: limits that can be reached, and groups that add something up."""

from itertools import pairwise

from firm.checks.amounts import OF_INITIAL, OF_SOLD, amount_problems
from firm.checks.beside import Beside
from firm.checks.problem import Problem, Problems
from firm.terms.exposure import (
    AccountsTogether,
    AcrossAccounts,
    CountedOver,
    ExposureLimit,
    GapFrom,
    IdeaGrouping,
    IdeaRisk,
    Quantity,
    RiskReward,
    StopLossRequired,
)
from firm.terms.words import BP_WHOLE, Boundary

_AT_ONCE = frozenset({CountedOver.OPEN_AT_ONCE, CountedOver.EACH_POSITION})
_NO_RISK = "no risk at all is allowed, so nothing could be traded"
_MORE_THAN_ALL = "an account cannot lose more than it has"


def exposure_limit_problems(term: ExposureLimit, _: Beside) -> Problems:
    if len(set(term.symbols)) < len(term.symbols):
        yield Problem("symbols", "each symbol is named once")
    if term.quantity is Quantity.MARGIN:
        if term.counted not in _AT_ONCE:
            yield Problem("counted", "margins of trades that never overlapped are never added up")
        if term.limit > BP_WHOLE:
            yield Problem("limit", "margin in use cannot pass the whole equity")
    if term.quantity is Quantity.POSITIONS and term.counted is CountedOver.EACH_POSITION:
        yield Problem("counted", "each position is one position: name what is open at once, or opened in a day")
    if term.quantity is Quantity.POSITIONS and term.boundary is Boundary.TOUCHES:
        limits = [("limit", term.limit), *((f"tiers[{n}].limit", tier.limit) for n, tier in enumerate(term.tiers))]
        for path, limit in limits:
            if limit <= 1:
                yield Problem(path, "the first position touches it, and breaks it: 2, or boundary crosses")
    yield from _tier_problems(term)


def _tier_problems(term: ExposureLimit) -> Problems:
    for place, (one, next_one) in enumerate(pairwise(term.tiers), start=1):
        if one.profit_from >= next_one.profit_from:
            yield Problem(f"tiers[{place}].profit_from", "tiers rise: it is not above the one before")
    for place, tier in enumerate(term.tiers):
        if tier.limit == 0:
            yield Problem(
                f"tiers[{place}].limit", "nothing could be held from there on: whoever wins would have to stop"
            )


def idea_risk_problems(term: IdeaRisk, beside: Beside) -> Problems:
    yield from amount_problems("amount", term.amount, beside, OF_SOLD, nothing=_NO_RISK, whole=_MORE_THAN_ALL)
    if term.gap_s and term.grouping is IdeaGrouping.POSITION:
        yield Problem("gap_s", "each position is an idea of its own: no later opening belongs to it")
    if not term.gap_s and term.gap_from is not GapFrom.LAST_OPENING:
        yield Problem(
            "gap_from", "no time runs after the idea's last closing: say in gap_s how long, or leave this out"
        )


def stop_loss_problems(term: StopLossRequired, beside: Beside) -> Problems:
    yield from amount_problems("risk_max", term.risk_max, beside, OF_INITIAL, nothing=_NO_RISK, whole=_MORE_THAN_ALL)


def risk_reward_problems(term: RiskReward, _: Beside) -> Problems:
    if term.stop_to_target_max_bp == 0:
        yield Problem("stop_to_target_max_bp", "no stop is at no distance: every trade would break it")


def across_accounts_problems(term: AcrossAccounts, _: Beside) -> Problems:
    if term.limit == 0 and term.measured is not AccountsTogether.OPPOSITE_POSITIONS:
        yield Problem("limit", f"with no {term.measured.value} allowed nobody could have an account")
