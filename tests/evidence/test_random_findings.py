"""Random histories under rules about conduct: every verdict proves itself to the offline verifier, and most are worked out by it.

`EVENHAND_FINDINGS=SEED` plays one history alone.
"""

import os
import time
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from firm.facts import BreachDeclared, BreachSuspected, RuleBroken, RuleKeptAgain, RuleSuspected
from storage.evidence import build_bundle
from storage.reader import LedgerReader
from tests.evidence.conduct_world import ConductWorld
from tests.evidence.proven import SECRET, SEED, write
from tests.soaked import SHARE_S, Proofs, keep, read
from tests.worlds.world import World, desks_that_raise

# Among them news, closures, lots that were added, breaches of a waiver, stopped desks, breaches that people confirmed, a renamed symbol.
SEEDS = (3, 7, 18, 38, 47, 116, 122, 236, 314, 345)
LIMIT_SEEDS = (17, 20)  # of tests/worlds: limits with several consequences, ideas and floating losses
STEPS = 70
KINDS = (RuleBroken, RuleSuspected, RuleKeptAgain, BreachDeclared, BreachSuspected)
WORKED_OUT = (
    "built once more from the rows and the rules alone: the same",
    "no more, worked out from the rows and the rules",
)


def prove(world: World, seed: int, verifier: ModuleType, directory: Path) -> Counter[str]:
    """How many verdicts were proven, by kind; with "done again" those of which the verifier could only repeat the firm's arithmetic."""
    write(world, directory)
    told: Counter[str] = Counter()
    with LedgerReader(directory, secret=SECRET) as reader:
        for batch in world.batches:
            for row, body in batch.rows:
                if isinstance(body, KINDS):
                    kind = f"{type(body).__name__} {getattr(body, 'rule_kind', '')}".strip()
                    bundle = build_bundle(reader, row.seq, secret=SECRET, signing_seed=SEED)
                    try:
                        said = "\n".join(verifier.verify(bundle))
                    except verifier.Refused as refused:
                        raise AssertionError(f"{kind} in row {row.seq} of history {seed}: {refused}") from refused
                    told[kind if any(words in said for words in WORKED_OUT) else f"{kind}, done again"] += 1
    return told


def played(seed: int) -> ConductWorld:
    with desks_that_raise(seed):
        return ConductWorld(seed, STEPS)


@pytest.mark.parametrize("seed", SEEDS)
def test_each_finding_of_a_random_history_proves_itself(seed: int, verifier: ModuleType, tmp_path: Path) -> None:
    told = prove(played(seed), seed, verifier, tmp_path)
    again = sum(count for kind, count in told.items() if "done again" in kind)
    assert told.total() > 5
    assert again * 5 <= told.total(), f"most is worked out from the rows: {told}"


@pytest.mark.parametrize("seed", LIMIT_SEEDS)
def test_each_finding_beside_loss_limits_proves_itself(seed: int, verifier: ModuleType, tmp_path: Path) -> None:
    with desks_that_raise(seed):
        world = World(seed, STEPS)
    assert world.speaks_today
    assert prove(world, seed, verifier, tmp_path)


@pytest.mark.skipif("EVENHAND_FINDINGS" not in os.environ, reason="plays the history that EVENHAND_FINDINGS names")
def test_one_history(verifier: ModuleType, tmp_path: Path) -> None:
    seed = int(os.environ["EVENHAND_FINDINGS"])
    assert prove(played(seed), seed, verifier, tmp_path)


@pytest.mark.soak
def test_findings_of_ever_other_histories_prove_themselves(
    verifier: ModuleType, tmp_path_factory: pytest.TempPathFactory
) -> None:
    figures, began = read(Proofs), time.monotonic()
    while time.monotonic() - began < SHARE_S:
        directory: Any = tmp_path_factory.mktemp("history")
        told = prove(played(figures.next_seed), figures.next_seed, verifier, directory)
        figures.told = dict(Counter(figures.told) + told)
        figures.count += told.total()
        figures.next_seed += 1
        keep(figures)
