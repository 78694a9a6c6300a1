"""Counterparts: a rule that a draft only calls otherwise is no other rule, and what it decides no other outcome."""

import pytest
from msgspec.structs import replace

from actors.lab_found import Ending, Report
from appliance.lab.choice import Choice
from appliance.lab.counterparts import counterparts
from appliance.lab.lab import Lab
from appliance.lab.report import report_of
from appliance.lab.words import text_of
from firm.ruleset import Ruleset
from firm.terms.union import Term
from firm.terms.words import Scope, Share, ShareOf
from tests.actors.conftest import Stage
from tests.actors.test_conduct import HEDGING, LOTS, MAXIMUM, TARGET, buy, rules_of, trading
from tests.lab.conftest import frames_of, history_of


def called(term: Term, name: str, **changes: object) -> Term:
    return replace(term, id=name, **changes)


DAILY = called(MAXIMUM, "daily-loss", scope=Scope.DAY)
TIGHT = called(MAXIMUM, "tight-loss", amount=replace(MAXIMUM.amount, bp=500))


@pytest.mark.parametrize(
    ("sold", "drafted", "found"),
    [
        ((MAXIMUM,), (MAXIMUM,), {}),
        ((DAILY, MAXIMUM), (called(DAILY, "daily_loss"), called(MAXIMUM, "max")), {"daily_loss": "daily-loss", "max": "maximum"}),
        ((called(LOTS, "lots-a"),), (called(LOTS, "lots_b", limit=7),), {"lots_b": "lots-a"}),
        ((TIGHT, MAXIMUM), (called(TIGHT, "a"), called(MAXIMUM, "b")), {"a": "tight-loss", "b": "maximum"}),
        ((TIGHT, MAXIMUM), (called(TIGHT, "a", amount=replace(TIGHT.amount, bp=700)), MAXIMUM), {"a": "tight-loss"}),
        ((called(LOTS, "tight-loss"),), (called(HEDGING, "tight_loss"),), {}),
        ((TIGHT, MAXIMUM), (called(TIGHT, "a", amount=MAXIMUM.amount, steps=()), called(TIGHT, "b", amount=MAXIMUM.amount)), {}),
    ],
    ids=["the same", "spelled", "other figures", "terms", "only one left", "another kind", "one of two"],
)  # fmt: skip
def test_which_rule_of_a_draft_was_sold_under_another_name(
    sold: tuple[Term, ...], drafted: tuple[Term, ...], found: dict[str, str]
) -> None:
    assert counterparts(rules_of(*sold), rules_of(*drafted)) == found


@pytest.fixture(scope="module")
def broken() -> Stage:
    """Ada lost more than ten thousand."""
    stage = Stage()
    stage.open_shop()
    account = trading(stage, MAXIMUM, TARGET)
    buy(stage, account, "10")
    stage.wait(1)
    stage.tick("EURUSD", 137_600, 137_610)
    return stage


def found(stage: Stage, draft: Ruleset) -> Report:
    lab = Lab(Choice(), draft)
    for recorded in history_of(stage):
        lab.take(recorded, frames_of(stage).__getitem__)
    return report_of(lab)


def test_an_account_that_breaks_the_same_limit_under_another_name_comes_out_the_same(broken: Stage) -> None:
    report = found(broken, rules_of(called(MAXIMUM, "max_loss"), TARGET))
    [line] = report.accounts
    assert (line.before.rule, line.after.rule, line.sold_as) == ("maximum", "max_loss", "maximum")
    assert line.after.ending is Ending.IN_QUESTION  # the platform has not told what the account is worth
    assert "none comes out otherwise" in text_of(report)


def test_one_that_ends_at_the_same_instant_by_another_rule_is_said_to(broken: Stage) -> None:
    report = found(broken, rules_of(called(MAXIMUM, "daily-loss", scope=Scope.DAY), TARGET))
    [line] = report.accounts
    assert (line.differs, line.sold_as, line.is_by_another_rule) == (True, "", True)
    assert "the same at the same instant, by another rule" in text_of(report)


def test_one_that_ends_by_a_renamed_limit_at_another_instant_comes_out_otherwise(broken: Stage) -> None:
    report = found(broken, rules_of(called(MAXIMUM, "max_loss", amount=Share(bp=5_000, of=ShareOf.INITIAL)), TARGET))
    [line] = report.accounts
    assert (line.differs, line.is_by_another_rule) == (True, False)
