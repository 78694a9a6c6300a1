"""Units: the vocabulary's numbers in ours and back, exactly. What does not fit is refused, never rounded."""

from decimal import Decimal
from typing import Any

from appliance.conformance.vector import CannotExpress

_LOTS = 10**8


def minor_of(amount: Any) -> int:
    """Units of money with at most two decimals, in minor units."""
    return _whole(amount, 100, "an amount with two decimals")


def bp_of(percentage: Any) -> int:
    """A percentage in basis points: 4.5 is 450."""
    return _whole(percentage, 100, "a percentage in basis points")


def lots_e8_of(lots: Any) -> int:
    return _whole(lots, _LOTS, "a volume in lots")


def amount_of(minor: int) -> Decimal:
    """Minor units as the vocabulary writes money."""
    return Decimal(int(minor)).scaleb(-2)


def percentage_of(bp: int) -> Decimal:
    return Decimal(int(bp)).scaleb(-2)


def lots_of(lots_e8: int) -> Decimal:
    return Decimal(int(lots_e8)).scaleb(-8)


def _whole(number: Any, scale: int, what: str) -> int:
    if isinstance(number, bool) or not isinstance(number, int | Decimal):
        raise CannotExpress(f"{number!r} is not {what}")
    scaled = Decimal(number) * scale
    if scaled != scaled.to_integral_value():
        raise CannotExpress(f"{number} is not {what}")
    return int(scaled)
