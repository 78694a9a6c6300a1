"""Arithmetic with its working shown: one definition that computes on the fast path and writes each step when it decides.

A rule is written once against `Arithmetic`. `PLAIN` returns bare integers. `Working` returns integers that remember
their names and records a `Step` for each operation; the steps go into the decision's fact, where
`evenhand explain` reads them aloud and `tools/verify_evidence.py` executes them again.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

import msgspec

from firm.money import divided_rounded_down, divided_rounded_half_away, divided_rounded_up


class Step(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One line of the working: `name` = `op`(`args`) = `value`.

    `op` is one of given, plus, minus, times, divided_rounded_down, divided_rounded_up, divided_rounded_half_away,
    lowest, highest, is_below, is_at_or_below, is_above, is_at_or_above (the last four give 1 or 0).
    For `given`, `source` is "SEQ/path/in/payload" of the ledger row that holds the value, or "ruleset/path" for a term
    of the ruleset. Values are integers; `unit` says of what (minor units, points, lots_e8, ...).
    """

    name: str
    op: str
    args: tuple[str, ...]
    value: int
    unit: str = ""
    source: str = ""


class Figure(msgspec.Struct, frozen=True, gc=False):
    """A number with the ledger row it comes from, "SEQ/path/in/payload", so that a working can cite it."""

    value: int
    source: str


class Unit(StrEnum):
    """What a judged number counts."""

    MINOR = "minor"  # minor units of the account's currency
    BP = "bp"
    LOTS_E8 = "lots_e8"
    COUNT = "count"
    DAYS = "days"
    SECONDS = "s"


class Part(Protocol):
    """A position or a trade. `told`: where in the ledger one of its figures stands, "" for one that no row holds."""

    @property
    def position_id(self) -> str: ...
    def told(self, figure: str) -> str: ...


class Arithmetic(Protocol):
    """The operations a rule may use. Names are for people; `unit` labels what the integer counts."""

    def given(self, name: str, value: int, unit: str, source: str) -> int: ...
    def given_of(self, name: str, part: Part, value: int, unit: str, path: str) -> int: ...
    def given_each(self, name: str, parts: Sequence[Part], values: list[int], unit: str, path: str) -> list[int]: ...
    def plus(self, name: str, left: int, right: int) -> int: ...
    def minus(self, name: str, left: int, right: int) -> int: ...
    def times(self, name: str, left: int, right: int, unit: str) -> int: ...
    def times_of(self, name: str, part: Part, how: str, left: int, right: int, unit: str) -> int: ...
    def divided_rounded_down(self, name: str, left: int, right: int, unit: str) -> int: ...
    def divided_rounded_up(self, name: str, left: int, right: int, unit: str) -> int: ...
    def divided_rounded_half_away(self, name: str, left: int, right: int, unit: str) -> int: ...
    def lowest(self, name: str, *values: int) -> int: ...
    def highest(self, name: str, *values: int) -> int: ...
    def is_below(self, name: str, left: int, right: int) -> bool: ...
    def is_at_or_below(self, name: str, left: int, right: int) -> bool: ...
    def is_above(self, name: str, left: int, right: int) -> bool: ...
    def is_at_or_above(self, name: str, left: int, right: int) -> bool: ...


class _Plain:
    """The fast path: integers in, integers out, nothing recorded."""

    __slots__ = ()

    def given(self, name: str, value: int, unit: str, source: str) -> int:  # noqa: ARG002
        return value

    def given_of(self, name: str, part: Part, value: int, unit: str, path: str) -> int:  # noqa: ARG002
        return value

    def given_each(self, name: str, parts: Sequence[Part], values: list[int], unit: str, path: str) -> list[int]:  # noqa: ARG002
        return values

    def plus(self, name: str, left: int, right: int) -> int:  # noqa: ARG002
        return left + right

    def minus(self, name: str, left: int, right: int) -> int:  # noqa: ARG002
        return left - right

    def times(self, name: str, left: int, right: int, unit: str) -> int:  # noqa: ARG002
        return left * right

    def times_of(self, name: str, part: Part, how: str, left: int, right: int, unit: str) -> int:  # noqa: ARG002
        return left * right

    def divided_rounded_down(self, name: str, left: int, right: int, unit: str) -> int:  # noqa: ARG002
        return divided_rounded_down(left, right)

    def divided_rounded_up(self, name: str, left: int, right: int, unit: str) -> int:  # noqa: ARG002
        return divided_rounded_up(left, right)

    def divided_rounded_half_away(self, name: str, left: int, right: int, unit: str) -> int:  # noqa: ARG002
        return divided_rounded_half_away(left, right)

    def lowest(self, name: str, *values: int) -> int:  # noqa: ARG002
        return min(values)

    def highest(self, name: str, *values: int) -> int:  # noqa: ARG002
        return max(values)

    def is_below(self, name: str, left: int, right: int) -> bool:  # noqa: ARG002
        return left < right

    def is_at_or_below(self, name: str, left: int, right: int) -> bool:  # noqa: ARG002
        return left <= right

    def is_above(self, name: str, left: int, right: int) -> bool:  # noqa: ARG002
        return left > right

    def is_at_or_above(self, name: str, left: int, right: int) -> bool:  # noqa: ARG002
        return left >= right


PLAIN: Arithmetic = _Plain()


class Term(int):
    """An integer that knows its name in the working."""

    name: str
    unit: str

    def __new__(cls, value: int, name: str, unit: str) -> "Term":
        """Make the integer and attach its name and unit."""
        term = super().__new__(cls, value)
        term.name = name
        term.unit = unit
        return term


class Working:
    """Arithmetic that records each step, in the order in which it was done. Names are made unique by numbering."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._names: set[str] = set()

    def given(self, name: str, value: int, unit: str, source: str) -> int:
        return self._record(name, "given", (), int(value), unit, source)

    def given_of(self, name: str, part: Part, value: int, unit: str, path: str) -> int:
        """A figure of one part of many, `path` in its row, "" for one that no row holds. Only here are words made of it."""
        source = part.told(path) if path else ""
        return self.given(f"{name} of {part.position_id}", value, unit, source)

    def given_each(self, name: str, parts: Sequence[Part], values: list[int], unit: str, path: str) -> list[int]:
        """The same figure of each of many parts."""
        return [self.given_of(name, part, value, unit, path) for part, value in zip(parts, values, strict=True)]

    def plus(self, name: str, left: int, right: int) -> int:
        return self._record(name, "plus", (left, right), int(left) + int(right), _unit(left))

    def minus(self, name: str, left: int, right: int) -> int:
        return self._record(name, "minus", (left, right), int(left) - int(right), _unit(left))

    def times(self, name: str, left: int, right: int, unit: str) -> int:
        return self._record(name, "times", (left, right), int(left) * int(right), unit)

    def times_of(self, name: str, part: Part, how: str, left: int, right: int, unit: str) -> int:
        """Of one part of many, as `given_of`: only here are words made of it."""
        return self.times(f"{name} of {part.position_id} {how}", left, right, unit)

    def divided_rounded_down(self, name: str, left: int, right: int, unit: str) -> int:
        return self._record(
            name, "divided_rounded_down", (left, right), divided_rounded_down(int(left), int(right)), unit
        )

    def divided_rounded_up(self, name: str, left: int, right: int, unit: str) -> int:
        return self._record(name, "divided_rounded_up", (left, right), divided_rounded_up(int(left), int(right)), unit)

    def divided_rounded_half_away(self, name: str, left: int, right: int, unit: str) -> int:
        value = divided_rounded_half_away(int(left), int(right))
        return self._record(name, "divided_rounded_half_away", (left, right), value, unit)

    def lowest(self, name: str, *values: int) -> int:
        return self._record(name, "lowest", values, int(min(values)), _unit(values[0]))

    def highest(self, name: str, *values: int) -> int:
        return self._record(name, "highest", values, int(max(values)), _unit(values[0]))

    def is_below(self, name: str, left: int, right: int) -> bool:
        return bool(self._record(name, "is_below", (left, right), int(left < right), "yes or no"))

    def is_at_or_below(self, name: str, left: int, right: int) -> bool:
        return bool(self._record(name, "is_at_or_below", (left, right), int(left <= right), "yes or no"))

    def is_above(self, name: str, left: int, right: int) -> bool:
        return bool(self._record(name, "is_above", (left, right), int(left > right), "yes or no"))

    def is_at_or_above(self, name: str, left: int, right: int) -> bool:
        return bool(self._record(name, "is_at_or_above", (left, right), int(left >= right), "yes or no"))

    def _record(self, name: str, op: str, args: Sequence[int], value: int, unit: str, source: str = "") -> Term:
        unique = name
        count = 1
        while unique in self._names:
            count += 1
            unique = f"{name} ({count})"
        self._names.add(unique)
        self.steps.append(Step(unique, op, tuple(_name(arg) for arg in args), value, unit, source))
        return Term(value, unique, unit)


def _name(value: int) -> str:
    """A term by its name; a bare integer is a constant of the definition and stands for itself."""
    return value.name if isinstance(value, Term) else f"#{int(value)}"


def _unit(value: int) -> str:
    return value.unit if isinstance(value, Term) else ""
