"""Payout figures: what an amount or a share comes to in the terms of payouts and of an account's life.

What is asked of a trader is rounded up and what is granted is rounded down: a fraction of a minor unit is never paid and never waived.
"""

from collections.abc import Mapping, Sequence
from typing import assert_never

from firm.arithmetic import Arithmetic
from firm.ruleset import Rule
from firm.terms.words import BP_WHOLE, Amount, BySize, Fixed, Share, ShareOf

Bases = Mapping[ShareOf, int]
"""What shares are shares of, in minor units. A table by size is read by the initial balance."""


def asked_rounded_up(calc: Arithmetic, rule: Rule, path: str, amount: Amount, bases: Bases, name: str) -> int:
    """An amount that a trader must show or leave, in minor units. `path`: where it stands in its term."""
    if not isinstance(amount, Share):
        return _fixed(calc, rule, path, amount, bases, name)
    return calc.divided_rounded_up(name, _scaled(calc, rule, path, amount, bases, name), BP_WHOLE, "minor")


def granted_rounded_down(calc: Arithmetic, rule: Rule, path: str, amount: Amount, bases: Bases, name: str) -> int:
    """An amount up to which a trader may go, in minor units."""
    if not isinstance(amount, Share):
        return _fixed(calc, rule, path, amount, bases, name)
    return calc.divided_rounded_down(name, _scaled(calc, rule, path, amount, bases, name), BP_WHOLE, "minor")


def share_rounded_down(calc: Arithmetic, rule: Rule, path: str, bp: int, whole: int, name: str) -> int:
    """A share of an amount, in minor units, as it is paid."""
    share = calc.given(f"share of {name}", bp, "bp", rule.cited(path))
    return calc.divided_rounded_down(
        name, calc.times(f"{name} before rounding", whole, share, "minor x bp"), BP_WHOLE, "minor"
    )


def total_of(calc: Arithmetic, name: str, parts: Sequence[int]) -> int:
    """The parts added one by one; 0 where there is none."""
    total, *others = parts or (0,)
    for part in others:
        total = calc.plus(name, total, part)
    return total


def _scaled(calc: Arithmetic, rule: Rule, path: str, amount: Share, bases: Bases, name: str) -> int:
    share = calc.given(f"share of {name}", amount.bp, "bp", rule.cited(f"{path}/bp"))
    return calc.times(f"{name} before rounding", bases[amount.of], share, "minor x bp")


def _fixed(calc: Arithmetic, rule: Rule, path: str, amount: Fixed | BySize, bases: Bases, name: str) -> int:
    match amount:
        case Fixed():
            return calc.given(name, amount.minor, "minor", rule.cited(f"{path}/minor"))
        case BySize():
            size = int(bases[ShareOf.INITIAL])
            place, line = next((place, line) for place, line in enumerate(amount.table) if line.size_minor == size)
            return calc.given(name, line.minor, "minor", rule.cited(f"{path}/table/{place}/minor"))
        case unknown:
            assert_never(unknown)
