"""Passes under rules of today are worked out again; of a rule that the verifier does not know, the firm's own steps are done again."""

from types import ModuleType
from typing import Any

import pytest
from msgspec.structs import replace

from firm.arithmetic import Unit, Working
from firm.facts import BreachDeclared, RuleBroken
from firm.inputs import Side
from firm.terms.conduct import Hedging
from firm.terms.objectives import DayCounts, MinimumTrades, ProfitTarget, TargetMeasure, TradingDays
from firm.terms.words import Action, Boundary, Fixed, Scope, Share, ShareOf
from tests.evidence.checking import told
from tests.evidence.limits_of_today import BY_SIZE, LIMIT, sold

# --- passes ---


TARGET = ProfitTarget(
    id="target", amount=Share(bp=800, of=ShareOf.INITIAL), measured=TargetMeasure.BALANCE, held_s=0, flat_required=True,
    latched=False, auto_close=False,
)  # fmt: skip
DAYS = TradingDays(
    id="days", days_min=1, counts=DayCounts.OPENED, profit_min=None, boundary=Boundary.TOUCHES, per=Scope.PHASE
)
TRADES = MinimumTrades(id="trades", trades_min=1, per=Scope.PHASE)


@pytest.mark.parametrize("amount", [TARGET.amount, Fixed(minor=8_000_00), BY_SIZE])
def test_a_pass_is_worked_out_again(story: Any, verifier: ModuleType, amount: Any) -> None:
    sold(story, LIMIT, replace(TARGET, amount=amount), DAYS)
    story.earn(story.ada, "8_000.00")
    assert told(story, verifier, story.win(story.ada))


def test_each_of_several_targets_is_worked_out_again(story: Any, verifier: ModuleType) -> None:
    smaller = replace(TARGET, id="smaller", amount=Fixed(minor=100_00), flat_required=False)
    of_payouts = replace(DAYS, id="cycle", days_min=9, per=Scope.CYCLE)  # which is no objective of the phase
    sold(story, LIMIT, TARGET, smaller, DAYS, of_payouts)
    story.earn(story.ada, "8_000.00")
    said = told(story, verifier, story.win(story.ada))
    assert "target balance = 10800000 minor" in said
    assert "target balance (2) = 10010000 minor" in said


def test_who_broke_another_rule_for_good_does_not_pass(story: Any, verifier: ModuleType, silent: None) -> None:
    sold(story, LIMIT, TARGET, DAYS)
    story.earn(story.ada, "8_000.00")
    broken = RuleBroken(
        rule="hedge", rule_kind="hedging", does=Action.FAIL, unit=Unit.LOTS_E8, limit=0, observed=1, subject="EURUSD",
        at_us=story.at_us, reviewed=False, calendar="", working=(),
    )  # fmt: skip
    story.add(broken, story.ada)
    with pytest.raises(verifier.Refused, match="declared a limit broken, and was not corrected"):
        told(story, verifier, story.win(story.ada))


# --- rules that are not worked out ---


def test_what_a_pass_rests_on_beside_is_named_and_its_steps_are_done_again(story: Any, verifier: ModuleType) -> None:
    traded(story)
    said = told(story, verifier, story.win(story.ada))
    assert "the definition of 'closed' (trading_days) is not in this verifier" in said
    assert "each figure is in the row that it names" in said
    assert "NOT shown: where positions closed on 2014-05-02 come from; the working names no row" in said


def test_trades_beside_a_target_are_counted_again(story: Any, verifier: ModuleType) -> None:
    sold(story, LIMIT, TARGET, DAYS, TRADES)
    story.earn(story.ada, "8_000.00")
    said = told(story, verifier, story.win(story.ada))
    assert "enough trades = 1" in said
    assert "steps of row" in said
    assert "NOT shown: that these steps" not in said


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"target": 10_700_000}, "says target 10700000, which is in no step"),
        ({"observed": 10_900_000}, "says observed 10900000, the book holds 10800000"),
    ],
)
def test_a_pass_names_the_balance_and_a_target_of_its_working(
    story: Any, verifier: ModuleType, silent: None, wrong: dict[str, int], why: str
) -> None:
    traded(story)
    money = story.states[story.ada].money
    story.alter = lambda fact: fact.update({name: money(minor) for name, minor in wrong.items()})
    with pytest.raises(verifier.Refused, match=why):
        verifier.verify(story.bundle(story.win(story.ada)))


def test_a_breach_of_another_rule_is_done_again_and_its_definition_said_not_to_be_shown(
    story: Any, verifier: ModuleType, silent: None
) -> None:
    hedged(story)
    said = told(story, verifier, declare_hedging(story))
    assert "NOT shown: that these steps are what the rules say; the definition of 'hedge' (hedging)" in said
    assert "NOT shown: what the decision's amounts are" in said


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"value": 2}, "lots held long .*: it is 100000000"),
        ({"source": "ruleset/terms/0/lots_e8_max"}, "lots held long .*: it is 50000000"),
        ({"op": "guessed"}, "there is no such operation"),
        ({"op": "plus", "args": ("lots held short", "#1")}, "rests on a step that does not come before it"),
        ({"name": "most that may be held"}, "has the name 'most that may be held' twice"),
        ({"source": "", "value": 10_000_000}, "more than may be held .*: it is 0"),
        ({"source": "18/floor/minor", "value": 0}, "that row is not one of before the decision"),  # which is row 18
    ],
)
def test_its_steps_are_what_they_say(
    story: Any, verifier: ModuleType, silent: None, told: dict[str, Any], why: str
) -> None:
    hedged(story)
    with pytest.raises(verifier.Refused, match=why):
        verifier.verify(story.bundle(declare_hedging(story, long=told)))


def test_its_last_step_says_yes(story: Any, verifier: ModuleType, silent: None) -> None:
    hedged(story, lots_e8=50_000_000)
    with pytest.raises(verifier.Refused, match="by its own arithmetic the decision is wrong"):
        told(story, verifier, declare_hedging(story))


def test_a_figure_that_names_no_row_is_said_not_to_be_shown(story: Any, verifier: ModuleType, silent: None) -> None:
    hedged(story)
    assert "NOT shown: where lots held long come from" in told(
        story, verifier, declare_hedging(story, long={"source": ""})
    )


@pytest.mark.parametrize(
    ("fact", "why"),
    [
        ({"does": Action.FAIL, "severity": "hard"}, 'says that the breach does "fail", by the rule it does "warn"'),
        ({"severity": "hard"}, 'the severity is not that of "warn"'),
    ],
)
def test_and_it_does_what_its_rule_says(
    story: Any, verifier: ModuleType, silent: None, fact: dict[str, Any], why: str
) -> None:
    hedged(story)
    with pytest.raises(verifier.Refused, match=why):
        verifier.verify(story.bundle(declare_hedging(story, **fact)))


def traded(story: Any) -> None:
    sold(story, LIMIT, TARGET, DAYS, replace(DAYS, id="closed", counts=DayCounts.CLOSED))
    story.earn(story.ada, "8_000.00")


def hedged(story: Any, lots_e8: int = 100_000_000) -> None:
    sold(
        story,
        Hedging(id="hedge", lots_e8_max=50_000_000, on_breach=(Action.WARN, Action.FAIL), strikes_within=Scope.PHASE),
    )
    story.price("EURUSD", 138_700, 138_702)
    story.trade(story.ada, "p1", "EURUSD", Side.BUY, lots_e8, 138_702)


def declare_hedging(story: Any, long: dict[str, Any] | None = None, **told: Any) -> int:
    """A breach of a rule that the verifier does not know; `long`, `told`: what a dishonest firm writes."""
    calc, held = Working(), story.states[story.ada].positions[0]
    most = calc.given("most that may be held", 50_000_000, "lots_e8", "ruleset/terms/0/lots_e8_max")
    lots = calc.given("lots held long", held.lots_e8, "lots_e8", f"{held.seq}/lots_e8")
    calc.is_above("more than may be held", lots, most)
    steps = [calc.steps[0], replace(calc.steps[1], **(long or {})), calc.steps[2]]
    state = story.states[story.ada]
    honest: dict[str, Any] = {
        "rule": "hedge", "rule_kind": "hedging", "severity": "soft", "floor": state.money(0), "observed": state.money(0),
        "at_us": story.at_us, "late": False, "reviewed": False, "quotes": (), "working": tuple(steps), "does": Action.WARN,
    }  # fmt: skip
    seq: int = story.add(BreachDeclared(**(honest | told)), story.ada)
    return seq
