"""Scores that the firm publishes of an account: what they win, what is asked for besides, and what is refused."""

import pytest
from msgspec.structs import replace

from firm.commands import PublishScore
from firm.facts import Doubt, PassHeld, PhasePassed, Refusal, Refused, ScorePublished
from firm.inputs import PlatformReported
from firm.phase import Standing
from firm.terms.objectives import MinimumTrades, ScoreTarget
from firm.terms.words import Scope
from tests.actors.test_conduct import MAXIMUM, TARGET, buy, close, trading

CUP = ScoreTarget(id="score", board="Spring cup", score_min=10)


def publish(stage, account, score=12, board="Spring cup", why="first on the board", by="console"):
    return stage.put(PublishScore(by=by, account=account, board=board, score=score, why=why), account)


@pytest.mark.parametrize(("score", "passed"), [(9, 0), (10, 1), (11, 1)])
def test_a_phase_is_won_by_a_score_that_is_high_enough(stage, score, passed):
    account = trading(stage, MAXIMUM, CUP)
    publish(stage, account, score)
    [said] = stage.facts(ScorePublished, account)
    assert (said.board, said.score, said.by, said.why) == ("Spring cup", score, "console", "first on the board")
    won = stage.facts(PhasePassed, account)
    assert len(won) == passed
    if passed:
        assert (won[0].rule, won[0].score.published, won[0].score.asked) == ("score", score, 10)
        assert won[0].working[-1].name == "score at or above what is asked"
        assert stage.account(account).standing is Standing.PASSED


def test_what_the_rules_ask_for_besides_must_be_there(stage):
    account = trading(stage, MAXIMUM, CUP, MinimumTrades(id="trades", trades_min=1, per=Scope.PHASE))
    publish(stage, account)
    assert stage.facts(PhasePassed, account) == []
    buy(stage, account, "1")
    close(stage, account, "1", price=138_700)
    stage.equity(account, "100_000.00", "100_000.00")
    assert len(stage.facts(PhasePassed, account)) == 1


def test_beside_a_target_of_money_both_are_asked_for(stage):
    account = trading(stage, MAXIMUM, TARGET, CUP)
    publish(stage, account)
    assert stage.facts(PhasePassed, account) == []
    buy(stage, account, "2")
    close(stage, account, "2", price=139_700, profit="2_000.00")
    stage.equity(account, "102_000.00", "102_000.00")
    [won] = stage.facts(PhasePassed, account)
    assert (won.rule, won.score.rule) == ("target", "score")


def test_a_score_waits_for_what_is_in_doubt(stage):
    account = trading(stage, MAXIMUM, CUP)
    stage.put(PlatformReported(bridge="sim", seq=stage.next_seq(), up=False, since_us=stage.now_us, why="lost"))
    publish(stage, account)
    [held] = stage.facts(PassHeld, account)
    assert Doubt.PLATFORM_DOWN in held.doubts
    assert held.score.published == 12
    stage.put(PlatformReported(bridge="sim", seq=stage.next_seq(), up=True, since_us=stage.now_us, why=""))
    stage.equity(account, "100_000.00", "100_000.00")
    assert len(stage.facts(PhasePassed, account)) == 1


def test_a_breach_counts_before_a_score(stage):
    account = trading(stage, MAXIMUM, CUP)
    buy(stage, account, "10")
    stage.equity(account, "99_900.00", "100_000.00")
    stage.tick("EURUSD", 137_000, 137_010)
    publish(stage, account)
    assert stage.facts(PhasePassed, account) == []


def test_the_newest_score_counts_and_a_pass_stands(stage):
    account = trading(stage, MAXIMUM, CUP)
    publish(stage, account, 4)
    publish(stage, account, 12)
    publish(stage, account, 3, why="counted for somebody else")
    assert [fact.score for fact in stage.facts(ScorePublished, account)] == [4, 12, 3]
    assert len(stage.facts(PhasePassed, account)) == 1
    assert stage.account(account).standing is Standing.PASSED


def test_a_score_that_is_folded_is_the_one_that_was_decided(stage):
    account = trading(stage, MAXIMUM, CUP, replace(CUP, id="other", board="Autumn cup"))
    publish(stage, account, 4)
    publish(stage, account, 5, board="Autumn cup")
    publish(stage, account, 6)
    state = stage.account(account)
    assert {board: score.value for board, score in state.track.scores} == {"Spring cup": 6, "Autumn cup": 5}
    assert stage.refolded().account(account) == state


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ({"board": "Autumn cup"}, Refusal.UNKNOWN_BOARD),
        ({"score": -1}, Refusal.OUT_OF_BOUNDS),
        ({"score": 10**12 + 1}, Refusal.OUT_OF_BOUNDS),
        ({"why": "  "}, Refusal.REASON_MISSING),
        ({"why": "x" * 501}, Refusal.REASON_MISSING),
    ],
)
def test_what_cannot_be_published_is_refused(stage, what, why):
    account = trading(stage, MAXIMUM, CUP)
    publish(stage, account, **what)
    assert [fact.refusal for fact in stage.facts(Refused)] == [why]
    assert stage.facts(ScorePublished) == []


def test_the_same_score_is_published_once(stage):
    account = trading(stage, MAXIMUM, CUP)
    publish(stage, account, 4)
    publish(stage, account, 4)
    assert [fact.refusal for fact in stage.facts(Refused)] == [Refusal.SCORE_KNOWN]
    assert len(stage.facts(ScorePublished)) == 1


def test_an_account_that_nobody_has_or_that_ended_has_no_score(stage):
    account = trading(stage, MAXIMUM, CUP)
    publish(stage, 4711)
    buy(stage, account, "10")
    stage.equity(account, "99_900.00", "100_000.00")
    close(stage, account, "10", price=137_000, profit="-17_000.00")
    stage.equity(account, "83_000.00", "83_000.00")
    assert stage.account(account).standing is Standing.BREACHED
    publish(stage, account)
    assert [fact.refusal for fact in stage.facts(Refused)] == [Refusal.UNKNOWN_ACCOUNT, Refusal.ACCOUNT_NOT_RUNNING]
