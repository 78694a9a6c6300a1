"""Profit split: how much of a profit is the trader's, tier by tier, less what resets cost.

All parts are added before the one division, and that one rounds down: the trader is never paid a fraction that was not earned, and no
tier's edge costs a second one.
"""

from bisect import bisect_left
from collections.abc import Sequence
from typing import assert_never

import msgspec

from firm.arithmetic import PLAIN, Arithmetic
from firm.rules.payout_figures import total_of
from firm.ruleset import Rule
from firm.terms.payouts import ProfitSplit, ResetPenalty, SplitCounted, Tier
from firm.terms.words import BP_WHOLE
from firm.track import PayoutMade


class ResetMade(msgspec.Struct, frozen=True, gc=False):
    """A reset of one of the challenge's phases, and how many payouts were made since."""

    phase: str
    payouts_since: int


def trader_share_rounded_down(
    calc: Arithmetic, rule: Rule, profit: int, payouts: Sequence[PayoutMade], resets: Sequence[ResetMade]
) -> int:
    """The trader's part of a profit, in minor units. `payouts`: those made before, oldest first."""
    terms = rule.terms
    assert isinstance(terms, ProfitSplit)
    assert profit >= 0, f"term {terms.id}: a loss of {-profit} is not shared"
    match terms.counted:
        case SplitCounted.EACH_PAYOUT:
            scaled = _over_tiers(calc, rule, terms, profit, 0)
        case SplitCounted.ACCOUNT_TOTAL:
            scaled = _over_tiers(calc, rule, terms, profit, _paid_out_before(calc, payouts))
        case SplitCounted.PAYOUT_NUMBER:
            scaled = _by_number(calc, rule, terms, profit, len(payouts) + 1)
        case unknown:
            assert_never(unknown)
    penalty = penalty_in_force(terms, resets)
    if penalty is None:
        return calc.divided_rounded_down("trader's share", scaled, BP_WHOLE, "minor")
    place = terms.reset_penalties.index(penalty)
    lost = calc.given(
        f"lost by the reset of {penalty.phase}", penalty.bp, "bp", rule.cited(f"reset_penalties/{place}/bp")
    )
    left = calc.minus("left of the share after the reset", BP_WHOLE, lost)
    reduced = calc.times("shares of profit after the reset", scaled, left, "minor x bp x bp")
    return calc.divided_rounded_down("trader's share", reduced, BP_WHOLE * BP_WHOLE, "minor")


def least_profit_for_share(
    rule: Rule, share: int, profit_max: int, payouts: Sequence[PayoutMade], resets: Sequence[ResetMade]
) -> int:
    """The least profit of which `share` is the trader's part; of up to `profit_max`, of which it is at least that."""
    found = bisect_left(
        range(profit_max), share, key=lambda profit: trader_share_rounded_down(PLAIN, rule, profit, payouts, resets)
    )
    return int(found)


def penalty_in_force(terms: ProfitSplit, resets: Sequence[ResetMade]) -> ResetPenalty | None:
    """The largest penalty that a reset still brings on the next payout."""
    held = (
        penalty
        for penalty in terms.reset_penalties
        for reset in resets
        if reset.phase == penalty.phase and (penalty.payouts is None or reset.payouts_since < penalty.payouts)
    )
    return max(held, key=lambda penalty: penalty.bp, default=None)


def _paid_out_before(calc: Arithmetic, payouts: Sequence[PayoutMade]) -> int:
    taken = [calc.given(f"payout {made.number}", made.profit, "minor", f"{made.seq}/profit/minor") for made in payouts]
    return total_of(calc, "paid out before", taken)


def _over_tiers(calc: Arithmetic, rule: Rule, terms: ProfitSplit, profit: int, before: int) -> int:
    """Each tier's part of the profit times its share, added, in minor units x bp. `before`: how much of the tiers is used up."""
    shares, rest = [], profit
    for place, tier in enumerate(terms.tiers):
        part = rest
        if tier.up_to_minor is not None:
            end = calc.given(
                f"end of tier {place + 1}", tier.up_to_minor, "minor", rule.cited(f"tiers/{place}/up_to_minor")
            )
            room = calc.highest(
                f"room in tier {place + 1}", calc.minus(f"tier {place + 1} not used up", end, before), 0
            )
            part = calc.lowest(f"part of the profit in tier {place + 1}", rest, room)
            before = calc.highest(f"begin of tier {place + 2}", before, end)
        shares.append(_shared(calc, rule, place, tier, part))
        rest = calc.minus(f"profit above tier {place + 1}", rest, part)
        if not rest:
            break
    return total_of(calc, "shares of the profit", shares)


def _by_number(calc: Arithmetic, rule: Rule, terms: ProfitSplit, profit: int, number: int) -> int:
    place, tier = next(
        (place, tier)
        for place, tier in enumerate(terms.tiers)
        if tier.up_to_minor is None or number <= tier.up_to_minor
    )
    return _shared(calc, rule, place, tier, profit)


def _shared(calc: Arithmetic, rule: Rule, place: int, tier: Tier, part: int) -> int:
    share = calc.given(
        f"trader's share in tier {place + 1}", tier.trader_bp, "bp", rule.cited(f"tiers/{place}/trader_bp")
    )
    return calc.times(f"share of profit in tier {place + 1}", part, share, "minor x bp")
