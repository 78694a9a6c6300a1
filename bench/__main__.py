"""All benchmarks against their goals, as one table.

    python -m bench [--json] [--only NAME] [--write]

Each runs in a process of its own. Exits 1 where a goal is missed that docs/benchmarks.md does not explain: a line there beginning
"explained: NAME" is the firm's word that it knows.
"""

import argparse
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import apsw

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
BEGIN, END = "<!-- measured -->", "<!-- end of what was measured -->"


class Line(NamedTuple):
    """One goal. `name` is what an explanation names; `met` None where a figure has no goal."""

    name: str
    what: str
    goal: str
    measured: str
    met: bool | None


# Name of each benchmark and what `python -m` runs, in the order of the table.
BENCHES = {
    "append": ("bench.append",),
    "engine": ("bench.engine",),
    "engine-static": ("bench.engine", "--static"),
    "engine-conversions": ("bench.engine", "--conversions", "--frames", "200"),
    "feed": ("bench.feed",),
    "feed-static": ("bench.feed", "--static"),
    "memory": ("bench.memory",),
    "restore": ("bench.restore",),
    "shipping": ("bench.shipping",),
}


def measure(name: str) -> dict[str, Any]:
    """Run one benchmark; what it says in JSON. A missed goal is no failure here."""
    module, *options = BENCHES[name]
    done = subprocess.run([sys.executable, "-m", module, *options, "--json"], stdout=subprocess.PIPE, text=True)
    if not done.stdout.strip():
        raise SystemExit(
            f"benchmark {name} gave no figures (exit {done.returncode}): run python -m {module} to see why"
        )
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def lines_of(name: str, result: dict[str, Any]) -> list[Line]:
    """What one benchmark found, goal by goal."""
    match result["bench"]:
        case "append":
            return [_append_line(name, line) for line in result["lines"]]
        case "engine":
            measured = f"{result['us_per_price']:.0f} µs CPU, {result['wakes_per_price']:.2f} wakes"
            return [Line(name, f"one price, {result['accounts']:,} accounts, {_floors(result)}", "-", measured, None)]
        case "feed":
            return _feed_lines(name, result)
        case "memory":
            goal = f"<= {result['goal_mb']:g} MB"
            met = bool(result["goals_met"])
            return [Line(name, "the demo's three processes, PSS together", goal, f"{result['mb']:.0f} MB", met)]
        case "restore":
            return [_restore_line(name, result)]
        case "shipping":
            return [_shipping_line(name, result)]
        case unknown:
            raise ValueError(f"nobody knows how to tell of benchmark {unknown!r}")


def _append_line(name: str, line: dict[str, Any]) -> Line:
    what = f"durable append, {line['group']:,} rows a commit, the {line['mix']}'s rows: share of raw SQLite"
    measured = f"{line['ratio']:.2f} ({line['ledger']:,.0f} rows/s)"
    goal = line.get("goal")
    return Line(
        name, what, "-" if goal is None else f">= {goal:g}", measured, None if goal is None else line["ratio"] >= goal
    )


def _feed_lines(name: str, result: dict[str, Any]) -> list[Line]:
    decided, load = (
        result["decided"],
        f"{result['prices']:,.0f} prices/s, {result['accounts']:,} accounts, {_floors(result)}",
    )
    measured = f"p50 {decided['p50']:.1f}, p99 {decided['p99']:.1f}, p99.9 {decided['p999']:.1f} ms"
    with_cpu = f"{measured}; CPU {result['cpu_appliance']:.0%}"
    return [
        Line(
            name, f"feed to durable decision, {load}", f"p99 <= {result['goal_ms']:g} ms", with_cpu, result["goals_met"]
        )
    ]


def _restore_line(name: str, result: dict[str, Any]) -> Line:
    what = f"restore with full verification, {result['ledger_mb']} MB; for 5 GB, extrapolated"
    measured = (
        f"{result['extrapolated_5_gb_s']} s ({result['extrapolated_5_gb_processor_s']} s CPU,"
        f" {result['times_bare']:.1f} times that of copying, hashing and reading the same)"
    )
    return Line(name, what, f"<= {result['goal_s']} s", measured, result["met"])


def _shipping_line(name: str, result: dict[str, Any]) -> Line:
    lag, met = result["lag_s"], bool(result["goals_met"])
    what = f"commit to durable copy in a directory, {result['rows_per_s']:,.0f} rows/s, shipped every {result['every_s']} s"
    measured = f"p50 {lag['p50']:.2f}, p99 {lag['p99']:.2f}, max {lag['max']:.2f} s"
    return Line(name, what, f"max <= {result['goal_s']:g} s", measured, met)


def _floors(result: dict[str, Any]) -> str:
    if result["conversions"]:
        return "six of 30 symbols need a conversion"
    return "static floors" if result["static"] else "half trail every tick"


def shape() -> str:
    """What these figures were seen on; no names."""
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, SQLite {apsw.sqlite_lib_version()}"


def table_of(lines: list[Line], others: Sequence[str] = ()) -> str:
    """As docs/benchmarks.md has it. `others`: rows as they stand there, of what was not measured now."""
    told = {True: "yes", False: "**no**", None: ""}
    rows = [f"| {line.name} | {line.what} | {line.goal} | {line.measured} | {told[line.met]} |" for line in lines]
    rows = sorted([*others, *rows], key=_place)
    return "\n".join(
        ["| name | what | goal | measured | met |", "|---|---|---|---|---|", *rows, "", f"Seen on {shape()}."]
    )


def other_rows(page: str, names: Collection[str]) -> list[str]:
    """The rows of the page's table that are not of these benchmarks."""
    table = page.partition(BEGIN)[2].partition(END)[0]
    rows = [line for line in table.splitlines() if line.startswith("| ") and line.split()[1] in BENCHES]
    return [row for row in rows if row.split()[1] not in names]


def _place(row: str) -> int:
    return list(BENCHES).index(row.split()[1])


def explained(page: str) -> set[str]:
    """The benchmarks whose missed goals a page explains."""
    return set(re.findall(r"^explained: (\S+)", page, re.MULTILINE))


def with_table(page: str, table: str) -> str:
    """The page with what was measured in place of what it said."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{PAGE.name} has no {BEGIN} and {END}: put them back around its table")
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument("--only", choices=sorted(BENCHES), help="one benchmark")
    parser.add_argument("--write", action="store_true", help="put what was measured into docs/benchmarks.md's table")
    options = parser.parse_args()
    names = [options.only] if options.only else list(BENCHES)
    results = {name: measure(name) for name in names}
    lines = [line for name in names for line in lines_of(name, results[name])]
    page = PAGE.read_text(encoding="utf-8")
    missed = {line.name for line in lines if line.met is False} - explained(page)
    if options.json:
        sys.stdout.write(json.dumps({"shape": shape(), "results": results, "missed": sorted(missed)}) + "\n")
    else:
        sys.stdout.write(table_of(lines) + "\n")
    if options.write:
        PAGE.write_text(with_table(page, table_of(lines, other_rows(page, names))), encoding="utf-8")
    if missed:
        sys.stderr.write(f"missed, and not explained in docs/benchmarks.md: {', '.join(sorted(missed))}\n")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
