"""Samples: durations with the instant they belong to and how often they count, and what is told of them."""

from collections.abc import Sequence


class Samples:
    """Durations in µs."""

    def __init__(self) -> None:
        self._all: list[tuple[int, int, int]] = []

    def add(self, at_us: int, took_us: int, count: int = 1) -> None:
        self._all.append((at_us, took_us, count))

    def summary(self, from_us: int, to_us: int) -> dict[str, float]:
        """Quantiles in ms over what began in the stretch."""
        return self.over([(from_us, to_us)])

    def over(self, stretches: Sequence[tuple[int, int]]) -> dict[str, float]:
        """Of several stretches together."""
        chosen = sorted(
            (took, count) for at, took, count in self._all if any(since <= at < until for since, until in stretches)
        )
        total = sum(count for _, count in chosen)
        assert total, "nothing was measured in this stretch"
        told = {"count": float(total)}
        for name, share in (("p50", 0.5), ("p99", 0.99), ("p999", 0.999)):
            told[name] = _quantile(chosen, share * total) / 1_000
        told["max"] = chosen[-1][0] / 1_000
        return told


def _quantile(chosen: list[tuple[int, int]], wanted: float) -> int:
    passed = 0
    for took, count in chosen:
        passed += count
        if passed >= wanted:
            return took
    return chosen[-1][0]
