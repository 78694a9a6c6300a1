"""Accounts that a clock of their phase ended: the proof works the clock out from the account's rows."""

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from msgspec.structs import replace

from firm.commands import GrantOverride
from firm.facts import AccountOpened, StandingChanged
from firm.instant import DAY_US
from firm.overrides import ExtendPhase
from firm.phase import Standing
from firm.terms.objectives import ClockStart, Inactivity, MaximumDuration
from firm.terms.words import Action
from storage import grounds
from storage.grounds import NotADecision
from tests.actors.conftest import Stage
from tests.actors.test_conduct import MAXIMUM, buy, close, trading
from tests.evidence.proven import changed, honest, proof, proven, refused, rows_of, write

IDLE = Inactivity(
    id="idle", days_max=3, counted_from=ClockStart.LAST_TRADE, open_position_counts=True, pending_order_counts=True,
    on_breach=(Action.FAIL,),
)  # fmt: skip
DURATION = MaximumDuration(id="days", days_max=4, counted_from=ClockStart.FIRST_TRADE)


def days_go_by(stage: Stage, count: int) -> None:
    for _ in range(count):
        stage.now_us += DAY_US
        stage.tick("EURUSD", 138_690, 138_700)
        stage.watermark()


def traded(stage: Stage, *terms: Any) -> int:
    """A trade on the second day."""
    account = trading(stage, MAXIMUM, *terms)
    days_go_by(stage, 1)
    buy(stage, account, "1")
    stage.wait(60)
    close(stage, account, "1")
    return account


def ended(stage: Stage, account: int) -> int:
    assert stage.account(account).standing is Standing.CLOSED
    rows = ((row.seq, body) for row, body in rows_of(stage) if row.account == account)
    return next(seq for seq, body in rows if isinstance(body, StandingChanged) and body.after is Standing.CLOSED)


@pytest.mark.parametrize(
    "counted_from", [ClockStart.LAST_TRADE, ClockStart.FIRST_TRADE, ClockStart.LAST_CLOSED, ClockStart.ASSIGNMENT]
)
def test_an_end_by_inactivity_is_worked_out(
    stage: Stage, verifier: ModuleType, tmp_path: Path, counted_from: ClockStart
) -> None:
    account = traded(stage, replace(IDLE, counted_from=counted_from))
    stage.order(account, "O1", "placed")
    days_go_by(stage, 2)
    stage.order(account, "O1", "cancelled")
    days_go_by(stage, 5)
    said = proven(verifier, stage, tmp_path, ended(stage, account))
    assert "rule 'idle' had run out, worked out from the rows and the rules" in said
    assert "without activity for too long = 1 yes or no" in said


@pytest.mark.parametrize("counted_from", [ClockStart.FIRST_TRADE, ClockStart.ASSIGNMENT])
def test_an_end_by_the_longest_duration_is_worked_out(
    stage: Stage, verifier: ModuleType, tmp_path: Path, counted_from: ClockStart
) -> None:
    account = traded(stage, replace(DURATION, counted_from=counted_from))
    days_go_by(stage, 6)
    said = proven(verifier, stage, tmp_path, ended(stage, account))
    assert "rule 'days' had run out, worked out from the rows and the rules" in said


def test_days_that_people_granted_are_counted(stage: Stage, verifier: ModuleType, tmp_path: Path) -> None:
    account = traded(stage, DURATION)
    granted = GrantOverride(
        by="console", account=account, override=ExtendPhase(days=2), why="ours", evidence="ticket 7"
    )
    stage.put(granted, account)
    days_go_by(stage, 8)
    said = proven(verifier, stage, tmp_path, ended(stage, account))
    assert "days with those granted = 6 days" in said


def laxer(row: Any, body: Any) -> Any:
    """Rules with a day more were sold."""
    if not isinstance(body, AccountOpened):
        return row, body
    terms = tuple(
        replace(one, days_max=one.days_max + 1) if isinstance(one, MaximumDuration) else one
        for one in body.ruleset.terms
    )
    rules = replace(body.ruleset, terms=terms)
    return row, replace(body, ruleset=rules, ruleset_id=rules.ruleset_id())


def test_an_end_before_its_time_is_refused(stage: Stage, verifier: ModuleType, tmp_path: Path) -> None:
    account = traded(stage, DURATION)
    days_go_by(stage, 6)
    refused(verifier, stage, tmp_path, ended(stage, account), laxer, "no clock of the phase had run out")


def test_an_end_by_another_clock_is_refused(stage: Stage, verifier: ModuleType, tmp_path: Path) -> None:
    account = traded(stage, DURATION, replace(IDLE, days_max=300))
    days_go_by(stage, 6)
    seq = ended(stage, account)
    refused(verifier, stage, tmp_path, seq, changed(seq, because="inactivity"), "by the rows it is maximum_duration")


def test_an_end_within_the_day_is_refused(stage: Stage, verifier: ModuleType, tmp_path: Path) -> None:
    account = traded(stage, DURATION)
    days_go_by(stage, 6)
    seq = ended(stage, account)

    def later(row: Any, body: Any) -> Any:
        return (row._replace(happened_us=row.happened_us + 1) if row.seq == seq else row), body

    refused(verifier, stage, tmp_path, seq, later, "which is no rollover of its cause")


def test_what_lies_before_the_file_s_rows_is_said_not_to_be_shown(
    stage: Stage, verifier: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = traded(stage, DURATION)
    days_go_by(stage, 6)
    monkeypatch.setattr(grounds, "CHAIN_ROWS_MAX", 1)
    assert "NOT shown: that the clock had run out" in proven(verifier, stage, tmp_path, ended(stage, account))


def test_another_change_of_standing_is_no_decision(stage: Stage, tmp_path: Path) -> None:
    traded(stage, DURATION)
    opened = next(row.seq for row, body in rows_of(stage) if isinstance(body, StandingChanged))
    write(stage, tmp_path, honest)
    with pytest.raises(NotADecision, match="StandingChanged, which judged nothing"):
        proof(tmp_path, opened)
