"""Run: every vector of a file through the adapter of its rule. What cannot be said in our terms, or goes wrong, fails with its reason."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from appliance.conformance import conduct, losses, objectives, payout_floor, payouts, phase_end
from appliance.conformance.compare import differences, written
from appliance.conformance.vector import Vector, read_vectors
from appliance.conformance.vocabulary import require_spoken

Adapter = Callable[[Vector], dict[str, Any]]
"""From a vector to what we get for it, under the keys that it expects."""

ADAPTERS: tuple[Mapping[str, Adapter], ...] = (
    conduct.FAMILIES,
    losses.FAMILIES,
    objectives.FAMILIES,
    payout_floor.FAMILIES,
    payouts.FAMILIES,
    phase_end.FAMILIES,
)
"""One line a module: its `FAMILIES`."""

RULES_OF_ADAPTERS = frozenset(rule for families in ADAPTERS for rule in families)

_OURS = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""What an adapter or a judge may raise over a vector that it does not understand."""


class Result(msgspec.Struct, frozen=True):
    """How one vector went. `problem` is "" where we got what it expects."""

    id: str
    problem: str

    @property
    def is_ok(self) -> bool:
        return not self.problem

    def __str__(self) -> str:
        return f"{self.id} ok" if self.is_ok else f"{self.id} FAIL {self.problem}"


def conform(path: Path, adapters: tuple[Mapping[str, Adapter], ...] = ADAPTERS) -> Iterator[Result]:
    """Each vector's result, in the file's order. Raises VectorsRefused before the first where the file is none of vectors."""
    by_rule = {rule: adapter for families in adapters for rule, adapter in families.items()}
    vectors = read_vectors(path)
    return (Result(vector.id, _problem(vector, by_rule)) for vector in vectors)


def _problem(vector: Vector, by_rule: Mapping[str, Adapter]) -> str:
    adapter = by_rule.get(vector.rule)
    if adapter is None:
        return f"expected {written(vector.expect)} got no adapter for the rule {vector.rule}"
    try:
        booked = _as_booked(vector)
        require_spoken(booked)
        got = adapter(booked)
        return "; ".join(map(str, differences(vector.expect, got)))
    except _OURS as wrong:
        return f"expected {written(vector.expect)} got {type(wrong).__name__}: {wrong}"


def _as_booked(vector: Vector) -> Vector:
    """A fill that was sent twice is booked once (`firm/account_deals.py`) before any rule sees it: here too."""
    booked: list[dict[str, Any]] = []
    seen = set()
    for entry in vector.timeline:
        deal = entry.get("deal")
        if deal is None or deal not in seen:
            booked.append({key: value for key, value in entry.items() if key != "deal"})
        seen.add(deal)
    return msgspec.structs.replace(vector, timeline=booked)
