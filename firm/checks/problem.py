"""Problem: where something is wrong with a ruleset, and why."""

from collections.abc import Iterator

import msgspec


class Problem(msgspec.Struct, frozen=True):
    """`path` of the field as in `terms[2].lock.offset`; "" for the whole."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}" if self.path else self.reason


Problems = Iterator[Problem]


def below(path: str, problems: Problems) -> Problems:
    """The same problems, seen from where `path` begins."""
    for problem in problems:
        yield Problem(f"{path}.{problem.path}" if problem.path else path, problem.reason)
