"""Kinds of rows by their types, so that a read model names what it wants in words that the type checker knows."""

from firm.facts import Fact
from firm.inputs import Input


def kinds_of(*bodies: type[Input | Fact]) -> frozenset[str]:
    return frozenset(body.__name__ for body in bodies)
