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
from typing import Any

import apsw

from bench.lines import Line, lines_of
from bench.plots import PLOTS, draw, keep

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
BEGIN, END = "<!-- measured -->", "<!-- end of what was measured -->"


# Name of each benchmark and what `python -m` runs, in the order of the table.
BENCHES = {
    "append": ("bench.append",),
    "append-peers": ("bench.append_peers",),
    "actors": ("bench.actors",),
    "engine": ("bench.engine",),
    "engine-static": ("bench.engine", "--static"),
    "engine-conversions": ("bench.engine", "--conversions", "--frames", "200"),
    "prices-static": ("bench.engine", "--static", "--sizes", "1000,5000,20000,100000"),
    "prices-trend": ("bench.engine", "--trend", "--sizes", "1000,5000,20000,100000"),
    "rules": ("bench.rules",),
    "feed": ("bench.feed",),
    "feed-static": ("bench.feed", "--static"),
    "gateway": ("bench.gateway",),
    "burst-few": ("bench.burst", "--breaking", "20"),
    "burst": ("bench.burst",),
    "pages": ("bench.pages",),
    "login-flood": ("bench.login_flood",),
    "memory": ("bench.memory",),
    "replay": ("bench.replay",),
    "lab": ("bench.lab",),
    "restore": ("bench.restore",),
    "restart": ("bench.restart",),
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
    parser.add_argument(
        "--write", action="store_true", help="put what was measured into docs/benchmarks.md, and draw it"
    )
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
    for name, result in results.items():
        for why in result.get("skipped", ()):
            sys.stderr.write(f"skipped in {name}: {why}\n")
    if options.write:
        table = table_of(lines, other_rows(page, names))
        keep(PLOTS, results, shape())
        PAGE.write_text(with_table(page, "\n\n".join([table, *draw(PLOTS)])), encoding="utf-8")
    if missed:
        sys.stderr.write(f"missed, and not explained in docs/benchmarks.md: {', '.join(sorted(missed))}\n")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
