"""The lab and rules across accounts: what was sold stands as it stood; what a draft alone asks is said not to be judged."""

import pytest
from msgspec.structs import replace

from actors.lab_found import Ending
from actors.replay import recorded_inputs
from appliance.lab.choice import Choice
from appliance.lab.lab import Lab
from appliance.lab.report import report_of
from appliance.lab.words import text_of
from firm.commands import ReviewOutcome, ReviewVerdict
from firm.facts import RuleBroken, RuleKeptAgain, RuleSuspected, VerdictCorrected
from firm.terms.words import Action
from tests.actors.dealer import delete
from tests.actors.several import LOTS, OPPOSITE, ada, buy, close, sell
from tests.lab.conftest import frames_of, rows_of_world

DOES = [(Action.WARN,), (Action.RESTRICT,), (Action.PAUSE,), (Action.REVIEW,), (Action.FAIL,)]


def hedged(does):
    """A firm whose trader hedges, lets go, and does it again; what was suspected is confirmed."""
    stage, (one, two) = ada(replace(OPPOSITE, on_breach=does), LOTS)
    buy(stage, one, "2")
    sell(stage, two, "1", deal="D-short")
    close(stage, one, "2")
    if stage.facts(RuleBroken) and does == (Action.FAIL,):
        delete(stage, two, "D-short")
    buy(stage, one, "1", "P5")
    for suspected in stage.facts(RuleSuspected):
        account = two if suspected in stage.facts(RuleSuspected, two) else one
        decision = stage.account(account).findings[0].seq
        said = ReviewVerdict(
            by="console", account=account, decision=decision, outcome=ReviewOutcome.CONFIRM, why="hedged"
        )
        stage.put(said, account)
    return stage, one, two


def tried(stage, rules=None):
    lab, frames = Lab(Choice(), rules), frames_of(stage)
    for recorded in recorded_inputs(rows_of_world(stage)):
        lab.take(recorded, frames.__getitem__)
    return lab


@pytest.mark.parametrize("does", DOES, ids=lambda does: does[0].value)
def test_under_what_was_sold_nothing_comes_out_otherwise(does):
    stage, one, two = hedged(does)
    assert stage.facts(RuleBroken) or stage.facts(RuleSuspected)
    lab = tried(stage)
    assert lab.not_judged == ()
    for account in (one, two):
        case = lab.cases[account]
        assert case.outcome_after() == case.before.outcome()
    facts = RuleKeptAgain, VerdictCorrected
    assert any(stage.facts(kind) for kind in facts) or does[0] in (Action.REVIEW, Action.FAIL)


def test_a_draft_with_another_rule_across_accounts_is_not_told_as_kept():
    stage, one, two = hedged((Action.FAIL,))
    sold = stage.account(one).ruleset
    drafted = replace(sold, terms=(sold.terms[0], replace(OPPOSITE, limit=1), LOTS))
    lab = tried(stage, drafted)
    assert lab.not_judged == ("hedged",)
    report = report_of(lab)
    assert "Not judged here: hedged." in " ".join(text_of(report).split())
    assert lab.cases[two].outcome_after().ending is Ending.UNKNOWN  # stopped in history by what the draft does not say


def test_a_draft_that_keeps_the_rule_keeps_what_it_led_to():
    stage, _, two = hedged((Action.FAIL,))
    sold = stage.account(two).ruleset
    drafted = replace(
        sold,
        name="draft",
        terms=(replace(sold.terms[0], amount=replace(sold.terms[0].amount, bp=900)), *sold.terms[1:]),
    )
    lab = tried(stage, drafted)
    assert lab.not_judged == ()
    assert lab.cases[two].outcome_after().ending is Ending.BREACHED
    assert lab.cases[two].outcome_after().rule == "hedged"
