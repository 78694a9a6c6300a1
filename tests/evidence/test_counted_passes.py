"""A pass by days and trades alone: each is counted again from the rows, and what a firm forges of it is found out."""

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from msgspec.structs import replace

from firm.arithmetic import Unit
from firm.facts import ConditionMet, PhasePassed, TradingDayCounted
from firm.terms.objectives import DayCounts, MinimumTrades, TradingDays
from firm.terms.words import Boundary, Fixed, Scope
from tests.actors.conftest import Stage
from tests.actors.test_conduct import MAXIMUM, trading
from tests.actors.test_shares_that_end import confirmed, earn, next_day
from tests.evidence.proven import changed, decisions, proven, rows_of, with_step
from tests.evidence.test_shares_proven import DERIVED

DAYS = TradingDays(
    id="days", days_min=2, counts=DayCounts.OPENED, profit_min=None, boundary=Boundary.TOUCHES, per=Scope.PHASE
)
TRADES = MinimumTrades(id="trades", trades_min=2, per=Scope.PHASE)
PAID = replace(DAYS, id="paid", days_min=1, counts=DayCounts.PROFIT_CLOSED, profit_min=Fixed(minor=100_00))


def counted(stage: Stage, *terms: Any) -> int:
    """Ada trades on two days, once on each; the decision that passed her phase."""
    account = trading(stage, MAXIMUM, *(terms or (DAYS, TRADES)))
    earn(stage, account, "300.00")
    next_day(stage, account)
    earn(stage, account, "-500.00", "P2")
    confirmed(stage, account)
    [decision] = decisions(stage, PhasePassed)
    return decision


def test_days_and_trades_are_counted_again(stage: Stage, verifier: ModuleType, tmp_path: Path) -> None:
    said = proven(verifier, stage, tmp_path, counted(stage))
    assert DERIVED in said
    assert "what wins the phase is counted: it asks for no target and no score" in said
    assert "trades closed (2) = 2" in said
    assert "NOT shown: that no trading day" not in said


def test_days_alone_are_counted_again(stage: Stage, verifier: ModuleType, tmp_path: Path) -> None:
    assert DERIVED in proven(verifier, stage, tmp_path, counted(stage, DAYS))


def test_of_days_by_their_profit_the_steps_are_done_again_and_the_conditions_are_in_them(
    stage: Stage, verifier: ModuleType, tmp_path: Path
) -> None:
    said = proven(verifier, stage, tmp_path, counted(stage, PAID, DAYS))
    assert "the definition of 'paid' (trading_days) is not in this verifier" in said


def met(rule: str, observed: int, asked: int = 2, kind: str = "trading_days", unit: Unit = Unit.DAYS) -> ConditionMet:
    return ConditionMet(rule=rule, rule_kind=kind, unit=unit, observed=observed, asked=asked)


TWO_DAYS, TWO_TRADES = met("days", 2), met("trades", 2, kind="minimum_trades", unit=Unit.COUNT)
FORGERIES: list[tuple[str, Any]] = [
    ("the decision says conditions .* the rows and the rules give", {"conditions": (met("days", 3), TWO_TRADES)}),
    ("the decision says conditions .* the rows and the rules give ", {"conditions": (TWO_DAYS,)}),
    ("the decision says conditions null", {"conditions": ()}),
    ("rule 'trades' is not the phase's target", {"rule": "trades"}),
    ("says trading_days 9, the rows and the rules give 2", {"trading_days": 9}),
]


@pytest.mark.parametrize(("why", "fields"), FORGERIES, ids=[f"{why} {n}" for n, (why, _) in enumerate(FORGERIES)])
def test_a_pass_that_says_something_else_is_found_out(
    stage: Stage, verifier: ModuleType, tmp_path: Path, why: str, fields: dict[str, Any]
) -> None:
    decision = counted(stage)
    with pytest.raises(verifier.Refused, match=why):
        proven(verifier, stage, tmp_path, decision, changed(decision, **fields))


@pytest.mark.parametrize(
    ("why", "conditions"),
    [
        ("which is in no step", (met("paid", 7, 1), TWO_DAYS)),
        ("the pass leaves out 'days', which it needs", (met("paid", 1, 1),)),
        ("the pass names no condition that won the phase", ()),
        ("'maximum' is no condition of this phase", (met("paid", 1, 1), TWO_DAYS, met("maximum", 1, 1))),
    ],
)
def test_where_steps_are_done_again_conditions_are_found_out_too(
    stage: Stage, verifier: ModuleType, tmp_path: Path, why: str, conditions: Any
) -> None:
    decision = counted(stage, PAID, DAYS)
    with pytest.raises(verifier.Refused, match=why):
        proven(verifier, stage, tmp_path, decision, changed(decision, conditions=conditions))


def test_fewer_days_than_were_sold_are_found_out(stage: Stage, verifier: ModuleType, tmp_path: Path) -> None:
    decision = counted(stage)
    with pytest.raises(verifier.Refused, match=r"trading days needed = 1 days .* it is trading days needed = 2"):
        proven(verifier, stage, tmp_path, decision, with_step(decision, "trading days needed", value=1))


def test_a_day_that_nobody_traded_on_is_found_out(stage: Stage, verifier: ModuleType, tmp_path: Path) -> None:
    decision = counted(stage)
    [_, (row, _)] = [(row.seq, body) for row, body in rows_of(stage) if isinstance(body, TradingDayCounted)]
    with pytest.raises(verifier.Refused, match=f"row {row}"):
        proven(verifier, stage, tmp_path, decision, changed(row, count=5))
