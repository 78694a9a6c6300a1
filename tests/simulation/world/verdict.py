"""Verdict on a seed: play it, check it, and where it is broken say in one line how anybody sees it again."""

import os
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from world.checks import check_all, digest_of
from world.run import played
from world.watcher import Broken

KEPT = Path(__file__).resolve().parents[1] / "kept_seeds.txt"
CHOSEN = "EVENHAND_SIMULATION_SEEDS"


class Result(NamedTuple):
    """What a seed came to. `happened`: how often what, to know whether the seeds are worth anything."""

    seed: int
    broken: list[Broken]
    happened: Counter[str]
    digest: str


def judge(seed: int) -> Result:
    with played(seed) as world:
        check_all(world)
        happened = Counter(world.counts)
        happened.update(row.kind for row in world.watcher.rows)
        happened.update({f"network: {name}": count for name, count in world.network.counts.items()})
        happened.update(f"crash: {point}" for point in world.disk.crashes)
        happened.update({f"released: {what}": count for what, count in world.watcher.releases.items()})
        happened["told late"] += world.platform.late_share > 0
        happened["in order"] += world.is_in_order
        return Result(seed, list(world.watcher.broken), happened, digest_of(world))


def told(result: Result) -> str:
    """The first line is for a terminal; the others say what is broken."""
    again = f"{CHOSEN}={result.seed} .venv/bin/python -m pytest tests/simulation/test_seeds.py"
    return "\n".join([f"seed {result.seed} is broken; see it again with: {again}", *map(str, result.broken)])


def kept_seeds(*, of_every_run: bool = False) -> list[int]:
    """Those that were broken once; `of_every_run`: the first part of the file alone, short ones that showed faults of the firm."""
    text = KEPT.read_text("utf-8")
    lines = (text.partition("\n\n")[0] if of_every_run else text).splitlines()
    return [int(line.split("#")[0]) for line in lines if line.split("#")[0].strip()]


def keep(result: Result) -> None:
    """What a soak finds, which nobody would play again by chance: every run plays it first from now on, until somebody has looked at it."""
    if result.seed not in kept_seeds():
        head, gap, rest = KEPT.read_text("utf-8").partition("\n\n")
        KEPT.write_text(f"{head.rstrip()}\n{result.seed}  # {result.broken[0].invariant}\n{gap[1:]}{rest}", "utf-8")


def chosen_seeds(count: int) -> list[int]:
    """Those of the environment where it names any, else `count`: the kept ones, and the first of the others."""
    named = os.environ.get(CHOSEN, "")
    if named:
        return [int(one) for one in named.split(",")]
    return list(dict.fromkeys([*kept_seeds(of_every_run=True), *range(count)]))[:count]
