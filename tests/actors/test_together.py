"""Rules across a trader's accounts: Ada trades on several, on two platforms, and is judged by all of them together."""

import pytest
from msgspec.structs import replace

from actors.engine_desk import Parked, unparked
from actors.messages import TogetherKept
from actors.names import account_desk, trader_desk
from actors.states import hash_of
from firm.commands import (
    EngageKillSwitch,
    GrantOverride,
    KillSwitch,
    ResumeDesk,
    ReviewOutcome,
    ReviewVerdict,
)
from firm.facts import (
    Doubt,
    PassHeld,
    RuleBroken,
    RuleKeptAgain,
    RuleSuspected,
    VerdictCorrected,
)
from firm.inputs import (
    DealEntry,
    Side,
    Watermark,
)
from firm.instant import MINUTE_US, SECOND_US
from firm.overrides import WaiveRule
from firm.phase import Standing
from firm.ruleset import LateBreach
from firm.terms.words import Action
from tests.actors.conftest import ADA
from tests.actors.dealer import delete
from tests.actors.several import LOT, LOTS, OPPOSITE, WON, ada, buy, close, sell, two_platforms

# --- against each other ---


def test_the_account_whose_deal_made_the_hedge_is_looked_at_by_a_person():
    stage, (one, two) = ada(OPPOSITE)
    buy(stage, one, "2")
    assert stage.facts(RuleSuspected) == []
    sell(stage, two, "0.5")
    [suspected] = stage.facts(RuleSuspected, two)
    assert (suspected.rule, suspected.observed, suspected.limit, suspected.subject) == ("hedged", LOT // 2, 0, "EURUSD")
    assert suspected.doubts == (Doubt.REVIEW_REQUIRED,)
    assert suspected.accounts == (one, two)
    assert suspected.working[-1].op == "is_above"
    assert stage.account(two).standing is Standing.UNDER_REVIEW
    assert stage.account(one).standing is Standing.ACTIVE
    assert stage.facts(RuleSuspected, one) == []


def test_what_one_account_holds_both_ways_is_no_matter_of_several():
    stage, (one, two) = ada(OPPOSITE)
    buy(stage, one, "2")
    sell(stage, one, "2", "P2")
    buy(stage, two, "1", "P3")
    assert [fact.observed for fact in stage.facts(RuleSuspected)] == [LOT]
    stage, (one, two) = ada(OPPOSITE)
    buy(stage, one, "2")
    sell(stage, one, "2", "P2")
    assert stage.facts(RuleSuspected) == []


def test_a_failure_asks_the_risk_desk_and_ends_the_account():
    stage, (one, two) = ada(replace(OPPOSITE, on_breach=(Action.FAIL,)))
    buy(stage, one, "2")
    sell(stage, two, "2")
    [broken] = stage.facts(RuleBroken, two)
    assert (broken.does, broken.rule_kind, broken.accounts) == (Action.FAIL, "across_accounts", (one, two))
    assert stage.account(two).standing is Standing.BREACHED
    assert stage.account(one).standing is Standing.ACTIVE


def test_it_is_one_breach_until_it_is_kept_again_and_strikes_are_counted():
    stage, (one, two) = ada(replace(OPPOSITE, on_breach=(Action.WARN, Action.RESTRICT)))
    buy(stage, one, "2")
    sell(stage, two, "1")
    sell(stage, two, "1", "P2")
    buy(stage, one, "1", "P3")
    assert [fact.does for fact in stage.facts(RuleBroken)] == [Action.WARN]
    close(stage, one, "2")
    close(stage, one, "1", position="P3")
    assert [fact.subject for fact in stage.facts(RuleKeptAgain, two)] == ["EURUSD"]
    buy(stage, one, "1", "P4")  # this time it is the other one's deal
    assert [fact.does for fact in stage.facts(RuleBroken, one)] == [Action.WARN]
    close(stage, one, "1", position="P4")
    buy(stage, one, "1", "P5")
    assert [fact.does for fact in stage.facts(RuleBroken, one)] == [Action.WARN, Action.RESTRICT]
    assert stage.account(one).standing is Standing.RESTRICTED


@pytest.mark.parametrize(
    ("lots", "broken"),
    [
        pytest.param("3.99", False, id="a hundredth of a lot less"),
        pytest.param("4", False, id="all that is allowed"),
        pytest.param("4.01", True, id="a hundredth of a lot more"),
    ],
)
def test_lots_of_all_accounts_are_added(lots, broken):
    stage, (one, two) = ada(LOTS)
    buy(stage, one, "6")
    buy(stage, two, lots)
    sell(stage, one, "9", "P2")  # the other way is another matter
    assert [fact.observed for fact in stage.facts(RuleBroken, two)] == ([1001 * LOT // 100] if broken else [])


def test_one_account_alone_may_hold_too_many():
    stage, (one,) = ada(LOTS, count=1)
    buy(stage, one, "10.01")
    assert [(fact.subject, fact.accounts) for fact in stage.facts(RuleBroken, one)] == [("EURUSD buy", (one,))]


def test_a_word_that_was_parked_before_it_said_what_is_held_reads_as_it_did():
    parked = Parked("TogetherKept", '{"type":"TogetherKept","rule":"hedged","subject":"EURUSD"}', 0, 1)
    assert unparked(parked) == TogetherKept(rule="hedged", subject="EURUSD")


def test_another_trader_is_another_identity():
    stage, (one,) = ada(OPPOSITE, count=1)
    other = stage.sell(1002, 650, (7_500, 7_501), "together")
    buy(stage, one, "1")
    sell(stage, other, "1")
    assert stage.facts(RuleSuspected) == []


def test_an_account_that_is_over_counts_no_more():
    stage, (one, two, three) = ada(replace(OPPOSITE, on_breach=(Action.FAIL,)), count=3)
    buy(stage, one, "2")
    sell(stage, two, "2")
    assert stage.account(two).standing is Standing.BREACHED
    buy(stage, three, "1")
    assert len(stage.facts(RuleBroken)) == 1


def test_a_deal_on_a_program_without_the_rule_is_written_down_where_the_rule_was_sold():
    stage, (one,) = ada(OPPOSITE, count=1)
    stage.offer("free")
    free = stage.sell(ADA, 700, (7_600, 7_601), "free")
    buy(stage, one, "1")
    sell(stage, free, "1")
    assert [fact.accounts for fact in stage.facts(RuleSuspected, one)] == [(one, free)]
    assert stage.facts(RuleSuspected, free) == []


def test_only_accounts_of_the_program_count_where_the_rule_says_so():
    stage, (one,) = ada(replace(OPPOSITE, same_program=True), count=1)
    stage.offer("free")
    free = stage.sell(ADA, 700, (7_600, 7_601), "free")
    buy(stage, one, "1")
    sell(stage, free, "1")
    assert stage.facts(RuleSuspected) == []


def test_an_account_that_ends_lets_the_others_keep_the_rule_again():
    stage, (one, two) = ada(replace(OPPOSITE, on_breach=(Action.WARN,)))
    buy(stage, one, "60")
    stage.equity(one, "99400.00", "100000.00")
    sell(stage, two, "1")
    assert len(stage.facts(RuleBroken, two)) == 1
    stage.wait(1)
    stage.tick("EURUSD", 136_000, 136_010)
    assert stage.account(one).standing is Standing.BREACHED
    assert [fact.subject for fact in stage.facts(RuleKeptAgain, two)] == ["EURUSD"]


def test_the_drift_of_another_account_puts_a_failure_in_doubt():
    stage, (one, two) = ada(replace(OPPOSITE, on_breach=(Action.FAIL,)))
    buy(stage, one, "1")
    stage.equity(one, "99990.00", "99000.00")  # its platform has another balance
    sell(stage, two, "1")
    assert [fact.doubts for fact in stage.facts(RuleSuspected, two)] == [(Doubt.DRIFT,)]


def test_no_phase_is_won_while_the_trader_desk_is_stopped():
    stage, (one, _) = ada(OPPOSITE, WON)
    stop(stage, trader_desk(ADA), lambda: buy(stage, one, "1", "W"), one)
    close(stage, one, "1", position="W", profit="1000.00")
    stage.equity(one, "101000.00", "101000.00")
    assert [fact.doubts for fact in stage.facts(PassHeld, one)] == [(Doubt.DESK_STOPPED,)]
    stage.put(ResumeDesk(by="console", desk=trader_desk(ADA), why="mended"))
    stage.equity(one, "101000.00", "101000.00")
    assert stage.account(one).standing is Standing.PASSED


# --- what is told late, corrected or deleted, and two platforms ---


def test_accounts_on_two_platforms_are_one_persons():
    stage, one, two = two_platforms(OPPOSITE)
    stage.wait(10)
    stage.deal_on("sim", one, "P1", Side.BUY, "1")
    stage.wait(10)
    stage.deal_on("other", two, "P1", Side.SELL, "1")
    [suspected] = stage.facts(RuleSuspected, two)
    assert (suspected.accounts, suspected.doubts) == ((one, two), (Doubt.REVIEW_REQUIRED,))


@pytest.mark.parametrize(
    ("late", "ends"), [(LateBreach.REVIEW, Standing.UNDER_REVIEW), (LateBreach.ENFORCE, Standing.BREACHED)]
)
def test_by_the_stamps_it_is_told_who_made_it_and_not_by_who_is_heard_first(late, ends):
    stage, one, two = two_platforms(replace(OPPOSITE, on_breach=(Action.FAIL,)), late_breach=late)
    begun = stage.now_us
    stage.wait(30)
    stage.deal_on("sim", one, "P1", Side.BUY, "1", at_us=begun + 20 * SECOND_US)
    stage.deal_on("sim", one, "P7", Side.BUY, "1", at_us=begun + 25 * SECOND_US)
    # the other platform's deal was made before it, and is heard after it
    stage.deal_on("other", two, "P1", Side.SELL, "1", at_us=begun + 10 * SECOND_US)
    assert stage.account(one).standing is ends
    assert stage.account(two).standing is Standing.ACTIVE
    decided = stage.facts(RuleSuspected, one) + stage.facts(RuleBroken, one)
    assert [fact.at_us for fact in decided] == [begun + 20 * SECOND_US]


def test_a_soft_breach_waits_until_a_platform_that_is_behind_has_told():
    stage, one, two = two_platforms(replace(OPPOSITE, on_breach=(Action.WARN,)))
    begun = stage.now_us
    stage.wait(3_600)
    stage.deal_on("sim", one, "P1", Side.BUY, "1")
    # an hour ago, as the other bridge tells now: by that hour's end it was closed again
    stage.deal_on("other", two, "P1", Side.SELL, "1", at_us=begun + MINUTE_US)
    assert stage.facts(RuleBroken) == []
    stage.deal_on("other", two, "P1", Side.BUY, "1", entry=DealEntry.OUT, at_us=begun + 2 * MINUTE_US)
    stage.put(Watermark(bridge="other", t_us=stage.now_us, seq=stage.seq, qseq=0))
    stage.wait(60)
    stage.tick("EURUSD", 138_690, 138_700)
    stage.clock()
    assert stage.facts(RuleBroken) == []


def test_what_stands_when_a_platform_has_caught_up_is_seen_by_the_minute():
    stage, one, two = two_platforms(replace(OPPOSITE, on_breach=(Action.WARN,)))
    begun = stage.now_us
    stage.wait(3_600)
    stage.deal_on("sim", one, "P1", Side.BUY, "1")
    stage.deal_on("other", two, "P1", Side.SELL, "1", at_us=begun + MINUTE_US)
    assert stage.facts(RuleBroken) == []
    stage.put(Watermark(bridge="other", t_us=stage.now_us, seq=stage.seq, qseq=0))
    for _ in range(2):
        stage.wait(61)
        stage.tick("EURUSD", 138_690, 138_700)
    [broken] = stage.facts(RuleBroken)
    assert broken.accounts == (one, two)


def test_a_hard_one_is_suspected_while_a_platform_is_behind_and_questioned_by_what_it_tells():
    stage, one, two = two_platforms(replace(OPPOSITE, on_breach=(Action.FAIL,)))
    begun = stage.now_us
    stage.wait(3_600)
    stage.deal_on("sim", one, "P1", Side.BUY, "1")
    stage.deal_on("other", two, "P1", Side.SELL, "1", at_us=begun + MINUTE_US)
    [suspected] = stage.facts(RuleSuspected, one)
    assert Doubt.LATE_DATA in suspected.doubts
    stage.deal_on("other", two, "P1", Side.BUY, "1", entry=DealEntry.OUT, at_us=begun + 2 * MINUTE_US)
    assert [fact.verdict for fact in stage.facts(VerdictCorrected, one)] == ["questioned"]
    decision = stage.account(one).findings[0].seq
    stage.put(
        ReviewVerdict(by="console", account=one, decision=decision, outcome=ReviewOutcome.DISMISS, why="late"), one
    )
    assert stage.account(one).standing is Standing.ACTIVE


def test_a_deleted_deal_puts_the_breach_that_it_made_before_a_person():
    stage, (one, two) = ada(replace(OPPOSITE, on_breach=(Action.FAIL,)))
    buy(stage, one, "2")
    sell(stage, two, "2", deal="D-short")
    assert stage.account(two).standing is Standing.BREACHED
    stage.wait(1)
    delete(stage, two, "D-short")
    assert [fact.verdict for fact in stage.facts(VerdictCorrected, two)] == ["questioned"]


def test_a_person_may_confirm_what_was_suspected():
    stage, (one, two) = ada(OPPOSITE)
    buy(stage, one, "2")
    sell(stage, two, "2")
    decision = stage.account(two).findings[0].seq
    stage.put(
        ReviewVerdict(by="console", account=two, decision=decision, outcome=ReviewOutcome.CONFIRM, why="hedged"), two
    )
    [broken] = stage.facts(RuleBroken, two)
    assert (broken.reviewed, broken.accounts) == (True, (one, two))
    assert stage.account(two).standing is Standing.BREACHED


# --- stopped desks ---


def stop(stage, name, body, account):
    """The desk of this name raises on an input."""
    desk = stage.engine.desk(name)
    desk.decide = lambda message, turn: 1 // 0
    body()
    del desk.decide


def test_a_stopped_trader_desk_judges_what_it_missed_when_it_goes_on():
    stage, (one, two) = ada(OPPOSITE)
    buy(stage, one, "2")
    name = trader_desk(ADA)
    stop(stage, name, lambda: sell(stage, two, "1"), two)
    assert name in stage.engine.own.state.stopped
    buy(stage, one, "1", "P5")
    assert stage.facts(RuleSuspected) == []
    stage.put(ResumeDesk(by="console", desk=name, why="mended"))
    assert [fact.rule for fact in stage.facts(RuleSuspected, two)] == ["hedged"]
    assert stage.facts(RuleSuspected, one) == []


def test_an_account_whose_desk_is_stopped_is_in_doubt():
    stage, (one, two) = ada(replace(OPPOSITE, on_breach=(Action.FAIL,)))
    buy(stage, one, "2")
    stop(stage, account_desk(one), lambda: buy(stage, one, "1", "P5"), one)
    sell(stage, two, "1")
    assert [fact.doubts for fact in stage.facts(RuleSuspected, two)] == [(Doubt.DESK_STOPPED,)]


@pytest.mark.parametrize(
    ("lots", "broken"),
    [
        pytest.param("0.99", False, id="a hundredth of a lot less"),
        pytest.param("1", False, id="all that is allowed against each other"),
        pytest.param("1.01", True, id="a hundredth of a lot more"),
    ],
)
def test_so_much_may_be_held_against_each_other(lots, broken):
    stage, (one, two) = ada(replace(OPPOSITE, limit=LOT))
    buy(stage, one, "3")
    sell(stage, two, lots)
    assert [fact.observed for fact in stage.facts(RuleSuspected, two)] == ([101 * LOT // 100] if broken else [])


def test_what_a_person_waived_breaks_nothing():
    stage, (one, two) = ada(replace(OPPOSITE, on_breach=(Action.FAIL,)))
    waive = WaiveRule(rule="hedged", until_us=stage.now_us + 60 * MINUTE_US)
    stage.put(GrantOverride(by="console", account=two, override=waive, why="agreed", evidence="ticket 7"), two)
    buy(stage, one, "2")
    sell(stage, two, "1")
    close(stage, one, "1")
    buy(stage, one, "1", "P5")  # nor is it counted against the account whose deal comes next
    assert stage.facts(RuleBroken) + stage.facts(RuleSuspected) == []


def test_a_kill_switch_holds_the_failure_for_a_person():
    stage, (one, two) = ada(replace(OPPOSITE, on_breach=(Action.FAIL,)))
    stage.put(EngageKillSwitch(by="console", switch=KillSwitch.FAILURES, why="odd prices"))
    buy(stage, one, "1")
    sell(stage, two, "1")
    [held] = stage.facts(RuleSuspected, two)
    assert (held.doubts, held.accounts) == ((Doubt.KILL_SWITCH,), (one, two))


def test_what_is_found_of_an_account_whose_desk_is_stopped_waits_for_it():
    stage, (one,) = ada(replace(OPPOSITE, on_breach=(Action.FAIL,)), count=1)
    stage.offer("free")
    free = stage.sell(ADA, 700, (7_600, 7_601), "free")
    buy(stage, one, "1")
    stop(stage, account_desk(one), lambda: buy(stage, one, "1", "P5"), one)
    sell(stage, free, "1")
    assert stage.facts(RuleSuspected) + stage.facts(RuleBroken) == []
    stage.put(ResumeDesk(by="console", desk=account_desk(one), why="mended"))
    [found] = stage.facts(RuleBroken, one)  # once, with all that it holds by then
    assert (found.accounts, found.observed, found.at_us) == ((one, free), LOT, stage.now_us)
    assert "lots of P5 on account 00000-006XW" in [step.name for step in found.working]
    assert hash_of(stage.refolded().capture()) == hash_of(stage.engine.capture())
