"""Verdicts after people made exceptions: a high that they set, and an account that was taken up again."""

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from msgspec.structs import replace

from firm.commands import GrantOverride
from firm.facts import BreachDeclared, BreachSuspected, HighMoved, OverrideGranted, RuleBroken
from firm.inputs import DealEntry, Side
from firm.instant import DAY_US, SECOND_US
from firm.overrides import AdjustMark, Mark, Override, Reinstate, WaiveRule
from firm.phase import Standing
from firm.terms.conduct import Hedging
from firm.terms.losses import Trail
from firm.terms.words import Action, Anchor, Scope
from tests.actors.conftest import Stage
from tests.actors.test_conduct import MAXIMUM, MIDNIGHT_US, buy, close, trading
from tests.actors.test_overrides import breached, price
from tests.evidence.proven import DERIVED, changed, decisions, proven, rows_of

ON_CLOSE = replace(MAXIMUM, id="trails", trail=Trail.ON_CLOSE, high=Anchor.BALANCE)
HEDGING = Hedging(id="hedging", lots_e8_max=None, on_breach=(Action.FAIL,), strikes_within=Scope.PHASE)


def grant(stage: Stage, account: int, override: Override) -> None:
    stage.put(GrantOverride(by="console", account=account, override=override, why="ours", evidence="ticket 7"), account)


# --- a high that people set ---


def below_a_high_that_was_set(stage: Stage) -> int:
    """The floor follows a high that people raised to 105 000.00: it is 95 000.00, and she falls to it."""
    account = trading(stage, ON_CLOSE)
    grant(stage, account, AdjustMark(mark=Mark.HIGH, rule="trails", minor=105_000_00))
    buy(stage, account, "1")
    stage.equity(account, "99_990.00", "100_000.00")
    price(stage, 133_700)
    assert stage.account(account).standing is Standing.UNDER_REVIEW
    return account


def test_a_breach_below_a_high_that_people_set_is_proven_from_that_figure(
    stage: Stage, verifier: ModuleType, tmp_path: Path
) -> None:
    below_a_high_that_was_set(stage)
    [decision] = decisions(stage, BreachSuspected)
    said = proven(verifier, stage, tmp_path, decision)
    [granted], [moved] = decisions(stage, OverrideGranted), decisions(stage, HighMoved)
    assert DERIVED in said
    assert f"highest mark = 10500000 minor (given by {moved}/high/minor)" in said
    assert (
        f"NOT shown: whether the exception in row {granted} (adjust mark, granted by console) was right to make" in said
    )


@pytest.mark.parametrize("minor", [104_999_99, 106_000_00])
def test_a_high_that_nobody_set_so_is_found_out(stage: Stage, verifier: ModuleType, tmp_path: Path, minor: int) -> None:
    account = below_a_high_that_was_set(stage)
    [decision], [moved] = decisions(stage, BreachSuspected), decisions(stage, HighMoved)
    high = stage.account(account).money(minor)
    with pytest.raises(verifier.Refused, match=rf"row {moved} moves the highest mark to {minor}"):
        proven(verifier, stage, tmp_path, decision, changed(moved, high=high))


def test_a_high_that_was_granted_otherwise_is_found_out(stage: Stage, verifier: ModuleType, tmp_path: Path) -> None:
    below_a_high_that_was_set(stage)
    [decision], [granted] = decisions(stage, BreachSuspected), decisions(stage, OverrideGranted)
    other = AdjustMark(mark=Mark.HIGH, rule="trails", minor=101_000_00)
    with pytest.raises(verifier.Refused, match="moves the highest mark to 10500000"):
        proven(verifier, stage, tmp_path, decision, changed(granted, override=other))


# --- after a reinstatement ---


def test_the_breach_after_a_reinstatement_is_proven(stage: Stage, verifier: ModuleType, tmp_path: Path) -> None:
    account, first = breached(stage)
    grant(stage, account, Reinstate(decision=first))
    price(stage, 128_600)
    found = [*decisions(stage, BreachDeclared, "maximum"), *decisions(stage, BreachSuspected, "maximum")]
    assert DERIVED in proven(verifier, stage, tmp_path, found[0])
    assert DERIVED in proven(verifier, stage, tmp_path, first)


@pytest.mark.parametrize("days", [0, 3])
def test_a_rule_that_is_broken_again_after_a_reinstatement_is_proven(
    stage: Stage, verifier: ModuleType, tmp_path: Path, days: int
) -> None:
    """What is held is closed after the breach, at once or on the next day, while nobody looks at the account."""
    account = trading(stage, MAXIMUM, HEDGING)
    buy(stage, account, "1")
    stage.deal(account, "P2", Side.SELL, "0.4", 138_690)
    [first] = decisions(stage, RuleBroken)
    assert stage.account(account).standing is Standing.BREACHED
    stage.now_us += DAY_US if days else 0
    stage.tick("EURUSD", 138_690, 138_700)
    close(stage, account, "1")
    stage.deal(account, "P2", Side.BUY, "0.4", 138_700, entry=DealEntry.OUT)
    stage.now_us += days * DAY_US
    stage.tick("EURUSD", 138_690, 138_700)
    grant(stage, account, Reinstate(decision=first))
    stage.now_us = max(stage.now_us, MIDNIGHT_US) + DAY_US + SECOND_US
    stage.tick("EURUSD", 138_690, 138_700)
    buy(stage, account, "1", "P3")
    stage.deal(account, "P4", Side.SELL, "0.2", 138_690)
    kinds = [type(body).__name__ for row, body in rows_of(stage) if row.account == account]
    assert "VerdictCorrected" in kinds
    second = decisions(stage, RuleBroken)[1]
    said = proven(verifier, stage, tmp_path, second)
    assert DERIVED in said
    assert "(reinstate, granted by console) was right to make" in said


# --- a waiver whose end was moved ---


def test_a_breach_after_a_waiver_was_shortened_is_proven_and_one_within_it_refused(
    stage: Stage, verifier: ModuleType, tmp_path: Path
) -> None:
    account = trading(stage, MAXIMUM, HEDGING)
    buy(stage, account, "1")
    ends_us = stage.now_us + 60 * SECOND_US
    for until_us in (stage.now_us + DAY_US, ends_us):
        waive = WaiveRule(rule="hedging", until_us=until_us)
        grant(stage, account, waive)
        stage.wait(1)
    stage.now_us = ends_us
    stage.deal(account, "P2", Side.SELL, "0.4", 138_690)
    [decision] = decisions(stage, RuleBroken)
    assert DERIVED in proven(verifier, stage, tmp_path / "honest", decision)

    def longer(row: Any, body: Any) -> Any:
        override = getattr(body, "override", None)
        is_newest = override is not None and override.until_us == ends_us
        return row, replace(body, override=replace(override, until_us=ends_us + 1)) if is_newest else body

    with pytest.raises(verifier.Refused, match="waives rule 'hedging' for that instant"):
        proven(verifier, stage, tmp_path / "forged", decision, longer)
