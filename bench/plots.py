"""Plots: what was measured, kept as JSON in docs/benchmarks, and the pictures that are drawn of it beside it.

    python -m bench.plots

draws them anew from that JSON. `python -m bench --write` keeps what it measured and does the same.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bench.chart import Chart, Point, svg_of

PLOTS = Path(__file__).resolve().parents[1] / "docs" / "benchmarks"

Results = Mapping[str, Any]
"""By benchmark; one that was not measured is absent."""


def keep(folder: Path, results: Results, shape: str) -> None:
    """Write down what was measured, and on what."""
    folder.mkdir(exist_ok=True)
    for name, result in results.items():
        text = json.dumps({"shape": shape} | result, indent=1, ensure_ascii=False)
        (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def draw(folder: Path) -> list[str]:
    """Draw what is kept; the pictures as lines of the page beside the folder."""
    kept = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}
    shown = []
    for name, of in CHARTS.items():
        chart = of(kept)
        if chart.series:
            (folder / f"{name}.svg").write_text(svg_of(chart), encoding="utf-8")
            shown.append(f"![{chart.title}]({folder.name}/{name}.svg)")
    return shown


def _append_peers(kept: Results) -> Chart:
    series = _series(kept, "append-peers", "producers", lambda line: line["rows_per_s"])
    return Chart("Durable append, all synced", "producers that wait for their row", "rows/s", series)


def _hand_overs(kept: Results) -> Chart:
    return Chart("Messages handed to actors", "actors", "hand-overs/s", _of_crowds(kept, "per_s"))


def _memory_of_actors(kept: Results) -> Chart:
    return Chart("Memory of an actor", "actors", "bytes each", _of_crowds(kept, "bytes_each"))


def _of_crowds(kept: Results, figure: str) -> dict[str, list[Point]]:
    def of(line: dict[str, Any]) -> dict[str, float]:
        return {crowd: found[figure] for crowd, found in line["crowds"].items() if found is not None}

    return _series(kept, "actors", "actors", of)


def _prices(kept: Results) -> Chart:
    series = {}
    for bench, called in (("prices-static", "static floors"), ("prices-trend", "all trail in a trend")):
        series |= _series(kept, bench, "accounts", lambda line, called=called: {called: line["us_per_price"]})
    return Chart("One price through every desk", "accounts with two positions each", "µs of processor time", series)


def _beyond(kept: Results) -> Chart:
    """What a poller finds by how often it looks; ours, which look at every price, lie level."""
    found = kept.get("burst", {}).get("beyond", {})
    pollers = {float(name.removesuffix(" s")): told["percent"] for name, told in found.items() if name.endswith(" s")}
    series = {"a poller, at its look": sorted(pollers.items())} if pollers else {}
    for name, called in (("at once", "the price itself"), ("durable", "breach durable"), ("close", "request to close")):
        if pollers and found[name]["percent"] > 0:
            series[called] = [(every_s, found[name]["percent"]) for every_s in sorted(pollers)]
    return Chart(
        "Beyond the floor on payrolls", "seconds between two looks of a poller", "% of the allowed loss", series
    )


def _restart(kept: Results) -> Chart:
    called = {"total_s": "to the first decision", "recover_s": "of it recovery", "import_s": "of it imports"}
    series = _series(kept, "restart", "accounts", lambda line: {name: line[key] for key, name in called.items()})
    return Chart("Restart after kill -9", "accounts", "seconds", series)


def _series(
    kept: Results, bench: str, across: str, of: Callable[[dict[str, Any]], dict[str, float]]
) -> dict[str, list[Point]]:
    series: dict[str, list[Point]] = {}
    for line in kept.get(bench, {}).get("lines", ()):
        for name, figure in of(line).items():
            if figure > 0:
                series.setdefault(name, []).append((line[across], figure))
    return series


CHARTS: dict[str, Callable[[Results], Chart]] = {
    "append-peers": _append_peers,
    "actors": _hand_overs,
    "actors-memory": _memory_of_actors,
    "prices": _prices,
    "restart": _restart,
    "burst": _beyond,
}

if __name__ == "__main__":
    for line in draw(PLOTS):
        print(line)
