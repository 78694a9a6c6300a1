"""Payout terms: what the adapters about payouts share, to build terms of which a vector says only what its firm restricts."""

from collections.abc import Sequence
from typing import Any

from appliance.conformance.spoken import DRAWDOWN
from appliance.conformance.vector import Vector
from firm.arithmetic import Figure
from firm.terms.payouts import Capped, PayoutAmount, ProfitMeasure, ProfitSplit, SplitCounted, Tier
from firm.terms.words import Amount, Fixed, Share


def told(value: int) -> Figure:
    """A figure that a vector tells: it came from no row."""
    return Figure(value, "")


def as_asked(vector: Vector, key: str, values: Sequence[Any]) -> Any:
    """Vectors write one answer bare and several as a list."""
    return list(values) if isinstance(vector.expect.get(key), list) else values[-1]


def amount_term(
    buffer: Amount | None = None,
    buffer_payouts: int | None = None,
    drawdown: bool = False,
    retain_bp: int = 0,
    minimum_minor: int = 0,
    caps: tuple[Share | Fixed, ...] = (),
    capped: Capped = Capped.PROFIT,
    measured: ProfitMeasure = ProfitMeasure.BALANCE,
    resets_balance: bool = False,
) -> PayoutAmount:
    """How much may be paid out, of which a vector says only what its firm restricts."""
    return PayoutAmount(
        id="amount",
        measured=measured,
        buffer=buffer,
        buffer_payouts=buffer_payouts,
        buffer_plus_drawdown=DRAWDOWN if drawdown else None,
        retain_bp=retain_bp,
        minimum_minor=minimum_minor,
        caps=caps,
        capped=capped,
        balance_share_bp=None,
        resets_balance=resets_balance,
    )


def split_term(bp: int) -> ProfitSplit:
    """One share of all profit."""
    return ProfitSplit(
        id="split",
        tiers=(Tier(up_to_minor=None, trader_bp=bp),),
        counted=SplitCounted.EACH_PAYOUT,
        reset_penalties=(),
    )
