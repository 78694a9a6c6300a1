"""Appeals: a trader asks once for a person's look at a decision of an account of theirs, and one answer ends it."""

import pytest

from actors.permitted import refusal_of
from actors.states import state_bytes
from firm.bounds import APPEALS_OPEN_MAX
from firm.commands import AnswerAppeal, AppealDecision, AppealOutcome, GrantOverride
from firm.facts import AppealAnswered, DecisionAppealed, OverrideGranted, Refusal, Refused
from firm.instant import DAY_US
from firm.overrides import WaiveRule

ADA, ACCOUNT = 7, 7001


@pytest.fixture
def sold(stage):
    stage.sell(accounts=(ACCOUNT, ACCOUNT + 1))
    return stage


def appeal(decision=40, trader=None, by=None, stage=None):
    whose = stage.account(ACCOUNT).trader if trader is None else trader
    return AppealDecision(
        by=by or f"trader:{whose}", trader=whose, account=ACCOUNT, decision=decision, sealed=f"{decision:064x}"
    )


def answer(stage, decision=40, account=ACCOUNT, why="both feeds agree", outcome=AppealOutcome.STANDS):
    whose = stage.account(ACCOUNT).trader
    return AnswerAppeal(by="console", trader=whose, account=account, decision=decision, outcome=outcome, why=why)


def granted(stage, days):
    """An exception from the day's rule; the kinds of what was decided."""
    waiver = WaiveRule(rule="daily", until_us=stage.now_us + days * DAY_US)
    command = GrantOverride(by="staff:1", account=ACCOUNT, override=waiver, why="our feed failed", evidence="ticket 7")
    return [type(fact) for _, fact in stage.put(command, ACCOUNT).facts]


def said(stage, command):
    [(account, fact)] = stage.put(command).facts
    return account, fact


def test_a_decision_is_asked_about_once_and_answered_once(sold):
    account, asked = said(sold, appeal(stage=sold))
    assert (account, type(asked), asked.decision) == (ACCOUNT, DecisionAppealed, 40)
    assert said(sold, appeal(stage=sold))[1].refusal is Refusal.APPEALED_ALREADY
    assert said(sold, answer(sold, why=" "))[1].refusal is Refusal.WHY_MISSING
    assert said(sold, answer(sold, why="x" * 501))[1].refusal is Refusal.WHY_MISSING
    assert said(sold, answer(sold, account=ACCOUNT + 1))[1].refusal is Refusal.NOTHING_TO_DECIDE
    account, told = said(sold, answer(sold))
    assert (account, told) == (
        ACCOUNT,
        AppealAnswered(
            trader=asked.trader, decision=40, outcome=AppealOutcome.STANDS, by="console", why="both feeds agree"
        ),
    )
    assert said(sold, answer(sold))[1].refusal is Refusal.NOTHING_TO_DECIDE
    assert said(sold, appeal(stage=sold))[1].refusal is Refusal.APPEALED_ALREADY


def test_nobody_is_told_that_it_was_put_right_before_something_was(sold):
    assert OverrideGranted in granted(sold, days=1)  # of before they asked: no answer to it
    said(sold, appeal(stage=sold))
    said(sold, appeal(41, stage=sold))
    righted = answer(sold, outcome=AppealOutcome.CORRECTED)
    assert said(sold, righted)[1].refusal is Refusal.NOTHING_PUT_RIGHT
    assert OverrideGranted in granted(sold, days=2)
    assert said(sold, righted)[1].outcome is AppealOutcome.CORRECTED
    assert said(sold, answer(sold, 41, outcome=AppealOutcome.CORRECTED))[1].outcome is AppealOutcome.CORRECTED
    said(sold, appeal(42, stage=sold))
    assert said(sold, answer(sold, 42, outcome=AppealOutcome.CORRECTED))[1].refusal is Refusal.NOTHING_PUT_RIGHT


def test_only_so_many_wait_at_once(sold):
    for decision in range(APPEALS_OPEN_MAX):
        assert isinstance(said(sold, appeal(decision, stage=sold))[1], DecisionAppealed)
    assert said(sold, appeal(99, stage=sold))[1].refusal is Refusal.TOO_MANY_APPEALS
    said(sold, answer(sold, decision=0))
    assert isinstance(said(sold, appeal(99, stage=sold))[1], DecisionAppealed)


def test_nobody_asks_about_another_s_account(sold):
    mine = appeal(stage=sold)
    assert refusal_of(mine, sold.engine) is None
    for other in (appeal(trader=8, stage=sold), appeal(by="trader:8", stage=sold)):
        no = refusal_of(other, sold.engine)
        assert isinstance(no, Refused)


def test_rows_alone_lead_to_the_same_state(sold):
    sold.put(appeal(stage=sold))
    sold.put(appeal(41, stage=sold))
    sold.put(answer(sold))
    name = (
        f"appeals/{sold.engine.desk(next(each for each in sold.engine.desks if each.startswith('appeals/'))).name[8:]}"
    )
    live = state_bytes(sold.engine.desk(name).capture())
    assert b'"waiting":{"41":7001},"answered":{"40":7001}' in live
    assert state_bytes(sold.refolded().desk(name).capture()) == live
    assert OverrideGranted in granted(sold, days=1)
    live = state_bytes(sold.engine.desk(name).capture())
    assert b'"righted":[41]' in live
    assert state_bytes(sold.refolded().desk(name).capture()) == live
