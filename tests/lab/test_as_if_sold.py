"""As if sold: what the lab says of a draft is what the engine decides in the very same world where that draft was sold.

What happens in a world comes from its seed alone, so the same prices and deals can be had under both. Where the firm stopped an account
before the draft decides, the lab knows nothing more.
"""

from collections import Counter
from pathlib import Path

import pytest
from msgspec.structs import replace

from actors.lab_found import Ending, Outcome
from actors.replay import recorded_inputs
from appliance.lab.choice import Choice
from appliance.lab.lab import STOPPED, Case, Lab
from firm.commands import PublishProgram
from firm.inputs import Input, PolicyAdopted
from firm.ruleset import AnyRuleset, FirstRuleset, LateBreach
from firm.ruleset_text import read_toml
from firm.terms.first import (
    AmountBase,
    DailyLoss,
    FirstAnchor,
    FirstProfitTarget,
    FirstTrail,
    MaximumLoss,
    OnDailyLoss,
)
from firm.terms.words import Boundary
from firm.trading_day import TradingCalendar
from tests.lab.conftest import frames_of, rows_of_world
from tests.worlds.world import World, columns_from

DRAFT = Path(__file__).parents[2] / "docs" / "examples" / "draft.toml"
SEEDS, SEEDS_AT_LENGTH, STEPS = 24, 60, 90
COLUMNS = (10**9, 0, 3)


def draft(seed: int) -> AnyRuleset:
    """Tighter than most of what worlds sell, and with a target that some reach; every fourth in the words of today."""
    if seed % 4 == 3:
        return read_toml(DRAFT.read_text("utf-8"))  # type: ignore[return-value]
    daily = DailyLoss(
        id="draft-daily", loss_max_bp=(100, 400)[seed % 2], anchor=FirstAnchor.HIGHER, base=AmountBase.INITIAL,
        boundary=Boundary.CROSSES, on_breach=list(OnDailyLoss)[seed % 3 % 2],
    )  # fmt: skip
    maximum = MaximumLoss(
        id="draft-maximum", loss_max_bp=(200, 600)[seed % 2], trail=list(FirstTrail)[seed % 3], trails_on=FirstAnchor.EQUITY,
        lock_at_bp=None, boundary=Boundary.TOUCHES,
    )  # fmt: skip
    target = FirstProfitTarget(id="draft-target", target_bp=30, flat_required=False)
    return FirstRuleset(
        name="draft", calendar=TradingCalendar("America/New_York", "17:00"), late_breach=LateBreach.ENFORCE, await_swap=False,
        terms=(daily, maximum, target),
    )  # fmt: skip


class Sold(World):
    """A world whose breaker never trips, and in which every program has the draft's rules where there is one."""

    sells_together = (
        False  # whether a trader has room for another account goes by the rules: others would be another world
    )

    def __init__(self, seed: int, steps: int, rules: AnyRuleset | None) -> None:
        self._rules = rules
        super().__init__(seed, steps)

    def put(self, body: Input, account: int = 0, frame: bytes | None = None, at_us: int | None = None):  # type: ignore[no-untyped-def]
        match body:
            case PolicyAdopted():
                body = PolicyAdopted(
                    policy=replace(body.policy, breaker_accounts_max=10**6, breaker_share_max_bp=10**6)
                )
            case PublishProgram() if self._rules is not None:
                phases = tuple(replace(phase, ruleset=self._rules) for phase in body.program.phases)
                body = replace(body, program=replace(body.program, phases=phases))
        return super().put(body, account, frame, at_us)


def cases_of(world: World, rules: AnyRuleset | None) -> dict[int, Case]:
    lab, frames = Lab(Choice(), rules), frames_of(world)
    for recorded in recorded_inputs(rows_of_world(world)):
        lab.take(recorded, frames.__getitem__)
    return lab.cases


def without_row(outcome: Outcome) -> Outcome:
    """Another world's rows have other numbers."""
    return replace(outcome, row=0)


def told_in(seeds: range) -> Counter[str]:
    """What the lab said in these worlds, each of it held against the world in which the draft was sold."""
    seen: Counter[str] = Counter()
    for seed in seeds:
        rules = draft(seed)
        with columns_from(COLUMNS[seed % len(COLUMNS)]):
            tried = cases_of(Sold(seed, STEPS, None), rules)
            sold = cases_of(Sold(seed, STEPS, rules), None)
        for account, case in tried.items():
            told, truly = case.outcome_after(), sold[account].before.outcome()
            if told.ending is Ending.UNKNOWN:
                stopped = case.before.outcome()
                assert (told.rule, told.at_us >= stopped.at_us) == (STOPPED, True), f"world {seed}, account {account}"
                assert truly.ending not in (Ending.BREACHED, Ending.PASSED) or truly.at_us >= told.at_us
                seen["unknown"] += 1
            else:
                assert without_row(told) == without_row(truly), f"world {seed}, account {account}"
                seen[told.ending] += 1
                seen["earlier"] += case.before.has_ended and told.at_us < case.before.outcome().at_us
    return seen


@pytest.mark.parametrize(
    ("seeds", "least"),
    [
        pytest.param(range(SEEDS), 2, id="each time"),
        pytest.param(range(SEEDS, SEEDS_AT_LENGTH), 3, id="at length", marks=pytest.mark.soak),
    ],
)
def test_what_the_lab_says_is_what_would_have_been_decided(seeds: range, least: int) -> None:
    seen = told_in(seeds)
    assert min(seen[each] for each in ("unknown", "earlier", Ending.RUNNING, Ending.BREACHED, Ending.PASSED)) > least
    assert seen[Ending.IN_QUESTION], seen
