"""Actors: messages handed over a second, and memory for each actor, for ten and fifty thousand of them, against peers.

    python -m bench.actors [--json]

Each crowd (`bench/crowds.py`) is made in a process of its own, in turns. A crowd that cannot be made so large says why.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from bench import peers
from bench.crowds import CROWDS
from bench.memory import pss_kib
from bench.telling import parser_of, tell

COUNTS = (10_000, 50_000)
TURNS = 3
MEASURED_S = 1.0
ENDS_WITHIN_S = 180
LIBRARIES = ("pykka", "thespian")


def one(crowd: str, count: int) -> dict[str, Any]:
    """Make one crowd in this process: its hand-overs a second and bytes an actor, mailboxes used."""
    told: dict[str, Any] = {}
    before_kib = pss_kib(os.getpid())

    def work(one_round: Callable[[], None]) -> None:
        one_round()
        told["bytes_each"] = (pss_kib(os.getpid()) - before_kib) * 1024 / count
        rounds, began = 0, time.perf_counter()
        while (took := time.perf_counter() - began) < MEASURED_S:
            one_round()
            rounds += 1
        told["per_s"] = rounds * count / took

    try:
        CROWDS[crowd](work, count)
    except (RuntimeError, MemoryError) as error:
        return {"failed": f"{type(error).__name__}: {error}"}
    return told


def run(counts: tuple[int, ...] = COUNTS, turns: int = TURNS) -> dict[str, Any]:
    """Measure: the median of turns."""
    skipped = [why for library in LIBRARIES if (why := peers.missing(library))]
    chosen = [crowd for crowd in CROWDS if crowd not in LIBRARIES or not peers.missing(crowd)]
    lines = []
    for count in counts:
        seen: dict[str, list[dict[str, Any]]] = {crowd: [] for crowd in chosen}
        for _ in range(turns):
            for crowd in chosen:
                if not any("failed" in told for told in seen[crowd]):
                    seen[crowd].append(_in_a_process(crowd, count))
        for crowd, told in seen.items():
            if "failed" in told[-1]:
                skipped.append(f"{crowd} cannot have {count:,} actors here ({told[-1]['failed']})")
        lines.append({"actors": count, "crowds": {crowd: _medians(told) for crowd, told in seen.items()}})
    return {"bench": "actors", "lines": lines, "skipped": skipped, "goals_met": True}


def _in_a_process(crowd: str, count: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.actors", "--one", crowd, "--count", str(count)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=ENDS_WITHIN_S, check=False)
    except subprocess.TimeoutExpired:
        return {"failed": f"not ready within {ENDS_WITHIN_S} s"}
    if not done.stdout.strip():
        return {"failed": (done.stderr.strip().splitlines() or [f"ended with {done.returncode}"])[-1]}
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def _medians(told: list[dict[str, Any]]) -> dict[str, float] | None:
    """None where the crowd could not be made."""
    if any("failed" in each for each in told):
        return None
    return {name: statistics.median(each[name] for each in told) for name in ("per_s", "bytes_each")}


def text_of(result: dict[str, Any]) -> str:
    """For people."""
    lines = ["  actors   crowd       hand-overs/s   bytes an actor"]
    lines += [
        f"{line['actors']:>8,}   {crowd:<10} {told['per_s']:>13,.0f} {told['bytes_each']:>16,.0f}"
        for line in result["lines"]
        for crowd, told in line["crowds"].items()
        if told is not None
    ]
    return "\n".join([*lines, *(f"skipped: {why}" for why in result["skipped"])])


def main() -> int:
    parser = parser_of(__doc__)
    parser.add_argument("--one", choices=sorted(CROWDS), help="only this crowd, in this process")
    parser.add_argument("--count", type=int, default=COUNTS[0], help="with --one: how many actors")
    options = parser.parse_args()
    if options.one:
        sys.stdout.write(json.dumps(one(options.one, options.count)) + "\n")
        sys.stdout.flush()
        os._exit(0)  # threads of ten thousand actors are not waited for
    result = run()
    tell(result, options, text_of)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
