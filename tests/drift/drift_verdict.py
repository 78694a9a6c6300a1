"""Verdict on a history: play it, and where the books come to differ say in one line how anybody sees it again."""

import os
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.drift.history import Drift, History

CHOSEN = "EVENHAND_HISTORY_SEEDS"
KEPT = Path(__file__).parent / "kept_seeds.txt"
HISTORIES = 500
AT_ONCE = 25  # in one test


class Result(NamedTuple):
    """What a seed came to. `drift`: what differs first, "" where nothing ever does."""

    seed: int
    drift: str
    happened: Counter[str]


def judge(seed: int) -> Result:
    history = History(seed)
    try:
        history.play()
    except Drift as drift:
        return Result(seed, str(drift), history.happened)
    return Result(seed, "", history.happened)


def held(seeds: list[int], happened: Counter[str]) -> None:
    """Each of them played without a difference, ever. Where there is one it is told, and no file is written."""
    for seed in seeds:
        result = judge(seed)
        happened.update(result.happened)
        if result.drift:
            pytest.fail(told(result), pytrace=False)


def told(result: Result) -> str:
    again = f"{CHOSEN}={result.seed} .venv/bin/python -m pytest tests/drift"
    return f"seed {result.seed} drifts; see it again with: {again}\n{result.drift}"


def kept_seeds() -> list[int]:
    """Those that drifted once: played first by every run."""
    lines = KEPT.read_text("utf-8").splitlines()
    return [int(line.split("#")[0]) for line in lines if line.split("#")[0].strip()]


def keep(result: Result) -> None:
    """For every later run to play first: what a soak finds, which nobody would play again by chance."""
    if result.seed not in kept_seeds():
        with KEPT.open("a", encoding="utf-8") as file:
            file.write(f"{result.seed}  # {result.drift}\n")


def chosen(remainder: int) -> list[list[int]]:
    """Seeds of one kind of account, some at once: those of the environment where it names any, else the kept and the first ones."""
    named = os.environ.get(CHOSEN, "")
    seeds = [int(one) for one in named.split(",")] if named else [*kept_seeds(), *range(HISTORIES)]
    of_kind = [seed for seed in dict.fromkeys(seeds) if seed % 2 == remainder]
    return [of_kind[at : at + AT_ONCE] for at in range(0, len(of_kind), AT_ONCE)]
