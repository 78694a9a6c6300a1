"""Figures of positions and trades: how a working cites and adds them, and when one is beyond its limit."""

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import NamedTuple, TypeVar

from firm.arithmetic import PLAIN, Arithmetic, Figure
from firm.inputs import Side
from firm.instant import SECOND_US
from firm.ruleset import Rule
from firm.terms.words import BP_WHOLE, Boundary
from firm.track import HeldPosition, Trade

AnyPart = TypeVar("AnyPart", HeldPosition, Trade)
OPENED = attrgetter("opened_us", "position_id")
"""By their openings: the order of positions and trades."""


class Marks(NamedTuple):
    """Marks of an account that conduct is measured by, in minor units. `start_profit`: with which the running day began."""

    initial: Figure
    equity: Figure
    start_profit: Figure


def source_of(seq: int, path: str) -> str:
    """Where a figure stands in the ledger; "" for one that no row holds, such as a running day's."""
    return f"{seq}/{path}" if seq else ""


def lots_of(calc: Arithmetic, parts: Sequence[HeldPosition | Trade]) -> list[int]:
    return calc.given_each("lots", parts, [part.lots_e8 for part in parts], "lots_e8", "lots_e8")


def seconds_given(calc: Arithmetic, rule: Rule, name: str, seconds: int, path: str) -> int:
    """A figure of a term in seconds, as microseconds: what instants are compared in."""
    given = calc.given(name, seconds, "s", rule.cited(path))
    return calc.times(f"{name} in microseconds", given, SECOND_US, "us")


def summed(calc: Arithmetic, name: str, values: Iterable[int]) -> int:
    """The sum, step by step; 0 of nothing."""
    if calc is PLAIN:
        return sum(values)
    total: int | None = None
    for value in values:
        total = value if total is None else calc.plus(name, total, value)
    return 0 if total is None else total


def by_side(parts: Iterable[AnyPart]) -> tuple[list[AnyPart], list[AnyPart]]:
    """The long ones and the short ones."""
    long: list[AnyPart] = []
    short: list[AnyPart] = []
    for part in parts:
        (long if part.side is Side.BUY else short).append(part)
    return long, short


def by_symbol(parts: Iterable[AnyPart]) -> dict[str, list[AnyPart]]:
    """Those of each symbol."""
    found: dict[str, list[AnyPart]] = {}
    for part in parts:
        found.setdefault(part.symbol, []).append(part)
    return found


def is_beyond(calc: Arithmetic, boundary: Boundary, name: str, observed: int, limit: int) -> bool:
    """Whether an upper limit is broken; touching it breaks it only where the ruleset says so."""
    match boundary:
        case Boundary.TOUCHES:
            return calc.is_at_or_above(f"{name} at or above the limit", observed, limit)
        case Boundary.CROSSES:
            return calc.is_above(f"{name} above the limit", observed, limit)


def share_rounded_half_away(calc: Arithmetic, name: str, part: int, whole: int) -> int:
    """A share in basis points, to be shown: what decides is compared without a quotient."""
    scaled = calc.times(f"{name}, unrounded", part, BP_WHOLE, "scaled")
    return calc.divided_rounded_half_away(name, scaled, whole, "bp")
