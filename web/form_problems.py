"""Form problems: what is wrong with a program that is being filled in, at the fields that show it, each by what people call it."""

from collections.abc import Iterator, Sequence

import msgspec

from firm.checks.problem import Problem
from firm.ruleset_form import Control, FormField
from web.form_gists import Gist


class PlacedProblem(msgspec.Struct, frozen=True):
    """`at`: the path of the field that shows it, "" where none does; `where`: "Step one, Daily loss, Warn at", or the path itself."""

    at: str
    where: str
    reason: str


class BuilderForm(msgspec.Struct, frozen=True):
    """What the template needs beside the fields: reasons by path, phases and rules by path, and the bridges that are enrolled."""

    faults: dict[str, str]
    gists: dict[str, Gist]
    bridges: list[str]


def placed_problems(
    fields: Sequence[FormField], problems: Sequence[Problem], gists: dict[str, Gist]
) -> tuple[PlacedProblem, ...]:
    """Each at the nearest field: a problem with an amount's decimals is one with the amount."""
    names = dict(_names(fields, (), gists))
    return tuple(_placed(problem, names) for problem in problems)


def faults_of(placed: Sequence[PlacedProblem]) -> dict[str, str]:
    """All that is wrong at a field, by its path."""
    faults: dict[str, str] = {}
    for one in placed:
        if one.at:
            faults[one.at] = f"{faults[one.at]} {one.reason}" if one.at in faults else one.reason
    return faults


def _placed(problem: Problem, names: dict[str, tuple[str, ...]]) -> PlacedProblem:
    at = problem.path
    while at and at not in names:
        at = at[: max(at.rfind("."), at.rfind("["), 0)]
    return PlacedProblem(at, ", ".join(names[at]) if at else problem.path, problem.reason)


def _names(
    fields: Sequence[FormField], above: tuple[str, ...], gists: dict[str, Gist]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every path with the names of what it lies in. The list that an item is in is left out where the item has a name of its own."""
    for field in fields:
        gist = gists.get(field.path)
        said = (*above, gist.title if gist else field.label)
        yield field.path, said
        silent = field.control is Control.LIST or field.path.endswith(".ruleset") or (above and said[-1] == above[-1])
        yield from (
            (path, names)
            for path, names in _names(field.fields, above if silent else said, gists)
            if path != field.path
        )
