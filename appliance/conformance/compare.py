"""Compare: what a vector expects against what we got, at the digits at which the vocabulary compares.

Money to the cent. What comes from a division is published with the digits its author liked: those are compared, half up, or rounded
down where the largest amount is asked that still keeps a rule. Lists are compared one by one, truth and text exactly, and of what
we got only what is asked for. Checks are matched by their `i`.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

MONEY_DIGITS = 2
LARGEST = frozenset({"max_today", "max_day", "max_day_for_target"})
"""The largest amounts that still keep a rule."""
DIVIDED = LARGEST | {"score", "required_total", "new_target", "headroom_today"}
"""Figures that come from a division."""


class Difference(NamedTuple):
    """`path` as in `checks[2].floor`."""

    path: str
    expected: Any
    got: Any

    def __str__(self) -> str:
        return f"expected {self.path} {written(self.expected)} got {written(self.got)}"


class _Absent:
    def __repr__(self) -> str:
        return "nothing"


ABSENT = _Absent()


def differences(expected: Any, got: Any, path: str = "") -> Iterator[Difference]:
    """Where the two differ, each place by its path."""
    match expected:
        case dict():
            yield from _of_fields(expected, got, path)
        case list():
            yield from _of_items(expected, got, path)
        case bool() | str() | None:
            if type(got) is not type(expected) or got != expected:
                yield Difference(path, expected, got)
        case _:
            if not _is_number(got) or not _agree(expected, got, path.rpartition(".")[2].partition("[")[0]):
                yield Difference(path, expected, got)


def written(value: Any) -> str:
    """A value as a line of the report tells it, near to JSON."""
    match value:
        case bool():
            return "true" if value else "false"
        case None:
            return "null"
        case float():
            return f"a binary {value}"
        case Fraction():
            return f"{float(value):.4f}"
        case dict():
            return "{" + ", ".join(f"{key}: {written(one)}" for key, one in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(written, value)) + "]"
        case _:
            return str(value)


def _of_fields(expected: Mapping[str, Any], got: Any, path: str) -> Iterator[Difference]:
    if not isinstance(got, Mapping):
        yield Difference(path, expected, got)
        return
    for key, value in expected.items():
        yield from differences(value, got.get(key, ABSENT), f"{path}.{key}" if path else key)


def _of_items(expected: Sequence[Any], got: Any, path: str) -> Iterator[Difference]:
    if not isinstance(got, list | tuple):
        yield Difference(path, expected, got)
    elif all(isinstance(item, Mapping) and "i" in item for item in expected) and expected:
        by_i = {item["i"]: item for item in got}
        for item in expected:
            yield from differences(item, by_i.get(item["i"], ABSENT), f"{path}[{item['i']}]")
    elif len(got) != len(expected):
        yield Difference(path, expected, got)
    else:
        for place, (item, its_got) in enumerate(zip(expected, got, strict=True)):
            yield from differences(item, its_got, f"{path}[{place}]")


def _is_number(value: Any) -> bool:
    """Binary floats are none: a figure that was one anywhere is not exact."""
    return isinstance(value, int | Decimal | Fraction) and not isinstance(value, bool)


def _agree(expected: int | Decimal, got: int | Decimal | Fraction, key: str) -> bool:
    exact, asked = Fraction(got), Fraction(expected)
    if key not in DIVIDED:
        return _half_up(exact, MONEY_DIGITS) == _half_up(asked, MONEY_DIGITS)
    digits = _digits(expected)
    return _half_up(exact, digits) == asked or (key in LARGEST and _down(exact, digits) == asked)


def _digits(number: int | Decimal) -> int:
    exponent = Decimal(number).as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _half_up(value: Fraction, digits: int) -> Fraction:
    scale = 10**digits
    return Fraction(math.floor(value * scale + Fraction(1, 2)), scale)


def _down(value: Fraction, digits: int) -> Fraction:
    scale = 10**digits
    return Fraction(math.floor(value * scale), scale)
