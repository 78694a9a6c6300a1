"""Exposition: figures in the text format of Prometheus (version 0.0.4), each family with what it means and of which type it is."""

from collections.abc import Iterable, Mapping, Sequence

SERIES_MAX = 256  # of one family; what comes beyond it is left out, so that no label can grow without end

Labels = tuple[tuple[str, str], ...]
Number = int | float


class Exposition:
    """Collects families; `text` is the page. Names carry the prefix `evenhand_`."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def gauge(self, name: str, meaning: str, value: Number | Iterable[tuple[Labels, Number]]) -> None:
        self._family(name, "gauge", meaning, value)

    def counter(self, name: str, meaning: str, value: Number | Iterable[tuple[Labels, Number]]) -> None:
        """`name` ends in `_total`."""
        assert name.endswith("_total"), name
        self._family(name, "counter", meaning, value)

    def histogram(
        self, name: str, meaning: str, bounds: Sequence[Number], counts: Sequence[int], total: Number
    ) -> None:
        """`counts`: one for each bound, and one for all beyond the last. `total`: the sum of what was observed."""
        assert len(counts) == len(bounds) + 1, name
        self._head(name, "histogram", meaning)
        below = 0
        for bound, count in zip((*map(_number, bounds), "+Inf"), counts, strict=True):
            below += count
            self._sample(f"{name}_bucket", (("le", bound),), below)
        self._sample(f"{name}_sum", (), total)
        self._sample(f"{name}_count", (), below)

    def text(self) -> str:
        return "\n".join((*self._lines, ""))

    def _family(self, name: str, kind: str, meaning: str, value: Number | Iterable[tuple[Labels, Number]]) -> None:
        samples = [((), value)] if isinstance(value, int | float) else list(value)
        if samples:
            self._head(name, kind, meaning)
        for labels, number in samples[:SERIES_MAX]:
            self._sample(name, labels, number)

    def _head(self, name: str, kind: str, meaning: str) -> None:
        escaped = meaning.replace("\\", "\\\\").replace("\n", "\\n")
        self._lines += [f"# HELP evenhand_{name} {escaped}", f"# TYPE evenhand_{name} {kind}"]

    def _sample(self, name: str, labels: Labels, value: Number) -> None:
        told = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels)
        self._lines.append(
            f"evenhand_{name}{{{told}}} {_number(value)}" if told else f"evenhand_{name} {_number(value)}"
        )


def by(label: str, values: Mapping[str, Number]) -> list[tuple[Labels, Number]]:
    """A series for each key."""
    return [(((label, key),), value) for key, value in values.items()]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: Number) -> str:
    return str(value) if isinstance(value, int) else format(value, ".10g")
