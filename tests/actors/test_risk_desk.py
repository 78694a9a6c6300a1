"""Hard failures are hard to reverse: doubts, the breaker, the kill switches, a person's review."""

import pytest

from firm.commands import (
    AddStaff,
    EngageKillSwitch,
    KillSwitch,
    LetStaffGo,
    ReleaseKillSwitch,
    ResetBreaker,
    ReviewOutcome,
    ReviewVerdict,
    SetStaffRole,
)
from firm.facts import (
    BreachDeclared,
    BreachSuspected,
    BreakerTripped,
    CommandQueued,
    CommandWithheld,
    Doubt,
    DriftCleared,
    DriftFound,
    KillSwitchReleaseAsked,
    KillSwitchReleased,
    PassHeld,
    PhasePassed,
    Refusal,
    Refused,
    VerdictCorrected,
)
from firm.inputs import DealEntry, GapReported, PlatformReported, Side
from firm.phase import Standing
from firm.policy import Policy


def hold(stage, account=None, symbol="EURUSD"):
    """Ten lots bought at 1.38700, with the platform's agreement."""
    account = account or stage.sell()
    stage.tick("EURUSD", 138_690, 138_700)
    stage.deal(account, f"P{account}", Side.BUY, "10", 138_700)
    stage.equity(account, "99_900.00", "100_000.00")
    return account


def crash(stage):
    stage.tick("EURUSD", 137_000, 137_010)


def review(stage, account, outcome, decision=None):
    decision = decision or stage.account(account).findings[-1].seq
    return stage.put(
        ReviewVerdict(by="staff:1", account=account, decision=decision, outcome=outcome, why="looked at it"), account
    )


def test_a_drifting_account_is_not_failed_but_reviewed(stage):
    account = hold(stage)
    stage.equity(account, "99_000.00", "100_000.00")
    [drift] = stage.facts(DriftFound)
    assert (drift.what, drift.computed.minor, drift.reported.minor) == ("equity", 99_900_00, 99_000_00)
    crash(stage)
    [suspected] = stage.facts(BreachSuspected)
    assert Doubt.DRIFT in suspected.doubts
    assert stage.account(account).standing is Standing.UNDER_REVIEW
    assert stage.facts(CommandQueued, account)[-1].action == "close_only"


def test_drift_clears_when_the_figures_agree_again(stage):
    account = hold(stage)
    stage.equity(account, "99_000.00", "100_000.00")
    stage.equity(account, "99_900.00", "100_000.00")
    assert [fact.what for fact in stage.facts(DriftCleared)] == ["equity"]
    crash(stage)
    assert stage.facts(BreachDeclared)


def test_a_platform_figure_that_is_too_old_holds_a_failure_back(stage):
    hold(stage)
    stage.wait(121)
    crash(stage)
    [suspected] = stage.facts(BreachSuspected)
    assert suspected.doubts == (Doubt.NOT_RECONCILED,)
    assert not stage.facts(BreachDeclared)


@pytest.mark.parametrize(
    ("trouble", "doubt"),
    [
        (lambda stage: PlatformReported(bridge="sim", seq=stage.next_seq(), up=False, since_us=0, why="link"), Doubt.PLATFORM_DOWN),
        (lambda stage: GapReported(bridge="sim", seq=stage.next_seq(), symbol="EURUSD", from_us=0, to_us=1), Doubt.STALE_QUOTE),
    ],
)  # fmt: skip
def test_a_troubled_feed_holds_a_failure_back(stage, trouble, doubt):
    account = hold(stage)
    stage.put(trouble(stage))
    # The equity falls by a deal booked at a bad price, not by a fresh tick.
    stage.deal(account, "P9", Side.BUY, "10", 139_500)
    [suspected] = stage.facts(BreachSuspected)
    assert doubt in suspected.doubts


def test_a_price_outside_its_sanity_band_fails_nobody_alone(stage):
    account = hold(stage)
    stage.tick("EURUSD", 130_000, 130_010)
    [suspected] = stage.facts(BreachSuspected)
    assert suspected.doubts == (Doubt.OUTSIDE_SANITY_BAND,)
    assert stage.account(account).standing is Standing.UNDER_REVIEW


def test_a_reviewer_confirms_a_suspected_breach(stage):
    account = hold(stage)
    stage.wait(121)
    crash(stage)
    review(stage, account, ReviewOutcome.CONFIRM)
    [breach] = stage.facts(BreachDeclared)
    [suspected] = stage.facts(BreachSuspected)
    assert (breach.floor, breach.observed) == (suspected.floor, suspected.observed)
    assert stage.account(account).standing is Standing.BREACHED


def test_a_reviewer_dismisses_it_and_the_account_trades_again(stage):
    account = hold(stage)
    stage.wait(121)
    crash(stage)
    stage.tick("EURUSD", 138_690, 138_700)
    review(stage, account, ReviewOutcome.DISMISS)
    [corrected] = stage.facts(VerdictCorrected)
    assert corrected.verdict == "dismissed"
    assert stage.account(account).standing is Standing.ACTIVE
    assert stage.facts(CommandQueued, account)[-1].action == "unblock"


def test_a_stale_form_cannot_settle_another_question(stage):
    account = hold(stage)
    stage.wait(121)
    crash(stage)
    answer = review(stage, account, ReviewOutcome.DISMISS, decision=1)
    assert [fact.refusal for _, fact in answer.facts] == [Refusal.NOTHING_TO_DECIDE]
    assert stage.account(account).standing is Standing.UNDER_REVIEW


def test_a_final_breach_cannot_be_reviewed_away(stage):
    account = hold(stage)
    crash(stage)
    answer = review(stage, account, ReviewOutcome.DISMISS)
    assert [fact.refusal for _, fact in answer.facts] == [Refusal.NOTHING_TO_DECIDE]
    assert stage.account(account).standing is Standing.BREACHED


# --- the breaker ---


def many(stage, count):
    accounts = []
    for n in range(count):
        account = stage.sell(3_000 + n, 900 + n, (9_000 + 2 * n, 9_001 + 2 * n))
        hold(stage, account)
        accounts.append(account)
    return accounts


def test_a_mass_breach_stops_automatic_failures(stage):
    """Twelve of twelve at once: the tenth is more than a fifth of all, so from there on a person looks."""
    accounts = many(stage, 12)
    crash(stage)
    assert len(stage.facts(BreachDeclared)) == 9
    assert len(stage.facts(BreakerTripped)) == 1
    held = [account for account in accounts if stage.account(account).standing is Standing.UNDER_REVIEW]
    assert len(held) == 3
    assert {fact.doubts for fact in stage.facts(BreachSuspected)} == {(Doubt.MASS_BREACH,)}


def test_too_many_failures_stop_it_even_where_they_are_a_small_share(hands):
    """Two hundred accounts, of which four may fail in a minute: the fifth is left to a person."""
    stage = hands.Stage()
    stage.open_shop(policy=Policy(breaker_accounts_max=4))
    accounts = many(stage, 6)
    for n in range(194):
        stage.sell(5_000 + n, 1_500 + n, (20_000 + 2 * n, 20_001 + 2 * n))
    crash(stage)
    assert len(stage.facts(BreachDeclared)) == 4
    [tripped] = stage.facts(BreakerTripped)
    assert (tripped.failures, tripped.accounts) == (5, 200)
    assert [account for account in accounts if stage.account(account).standing is Standing.UNDER_REVIEW] == accounts[4:]


def test_after_a_reset_failures_are_automatic_again(stage):
    many(stage, 12)
    crash(stage)
    stage.put(ResetBreaker(by="staff:1", why="a real market"))
    late = hold(stage, stage.sell(3_999, 999, (9_900, 9_901)))
    stage.wait(5)
    crash(stage)
    assert stage.account(late).standing is Standing.BREACHED


def test_failures_far_apart_trip_nothing(stage):
    for n in range(12):
        hold(stage, stage.sell(3_000 + n, 900 + n, (9_000 + 2 * n, 9_001 + 2 * n)))
        crash(stage)
        stage.wait(61)
    assert len(stage.facts(BreachDeclared)) == 12
    assert not stage.facts(BreakerTripped)


# --- kill switches ---


def engage(stage, switch, by="staff:1"):
    return stage.put(EngageKillSwitch(by=by, switch=switch, why="looks odd"))


def release(stage, switch, by):
    return stage.put(ReleaseKillSwitch(by=by, switch=switch, why="fine again"))


def test_a_console_without_a_name_releases_no_switch(stage):
    engage(stage, KillSwitch.FAILURES)
    for _ in range(2):
        answer = release(stage, KillSwitch.FAILURES, "console")
        assert [fact.refusal for _, fact in answer.facts] == [Refusal.NAME_MISSING]
        release(stage, KillSwitch.FAILURES, "staff:1")
    assert stage.facts(KillSwitchReleased) == []


def test_one_person_engages_and_two_release(stage):
    engage(stage, KillSwitch.FAILURES)
    release(stage, KillSwitch.FAILURES, "staff:1")
    answer = release(stage, KillSwitch.FAILURES, "staff:1")
    assert [fact.refusal for _, fact in answer.facts] == [Refusal.SAME_PERSON_TWICE]
    release(stage, KillSwitch.FAILURES, "staff:2")
    [released] = stage.facts(KillSwitchReleased)
    assert released.by == ("staff:1", "staff:2")


@pytest.mark.parametrize(
    "gone",
    [
        pytest.param(LetStaffGo(by="console", staff=3, why="let go for fraud"), id="let go"),
        pytest.param(
            SetStaffRole(by="console", staff=3, role="support", why="moved"), id="who releases nothing any more"
        ),
    ],
)
def test_somebody_who_was_let_go_is_none_of_the_two_who_release(stage, gone):
    stage.put(AddStaff(by="console", staff=3, role="risk", sealed=""))
    engage(stage, KillSwitch.FAILURES)
    release(stage, KillSwitch.FAILURES, "staff:3")
    stage.put(gone)
    [(_, asked)] = release(stage, KillSwitch.FAILURES, "staff:1").facts
    assert asked == KillSwitchReleaseAsked(switch=KillSwitch.FAILURES, by="staff:1", why="fine again")
    answer = release(stage, KillSwitch.FAILURES, "staff:1")
    assert [fact.refusal for _, fact in answer.facts] == [Refusal.SAME_PERSON_TWICE]
    release(stage, KillSwitch.FAILURES, "staff:2")
    [released] = stage.facts(KillSwitchReleased)
    assert released.by == ("staff:1", "staff:2")
    assert stage.refolded().desk("risk").capture() == stage.engine.desk("risk").capture()


def test_a_switch_that_is_not_engaged_cannot_be_released(stage):
    answer = release(stage, KillSwitch.PASSES, "staff:1")
    assert [fact.refusal for _, fact in answer.facts] == [Refusal.SWITCH_NOT_ENGAGED]


def test_the_failures_switch_turns_breaches_into_reviews(stage):
    account = hold(stage)
    engage(stage, KillSwitch.FAILURES)
    crash(stage)
    assert {fact.doubts for fact in stage.facts(BreachSuspected)} == {(Doubt.KILL_SWITCH,)}
    assert stage.account(account).standing is Standing.UNDER_REVIEW


def test_the_passes_switch_holds_a_pass_until_a_person_decides(stage):
    account = stage.sell()
    engage(stage, KillSwitch.PASSES)
    stage.deal(account, "P1", Side.BUY, "10", 138_700)
    stage.deal(account, "P1", Side.SELL, "10", 138_900, entry=DealEntry.OUT, profit="2_000.00")
    stage.equity(account, "102_000.00", "102_000.00")
    stage.equity(account, "102_000.00", "102_000.00")
    assert len(stage.facts(PassHeld)) == 1
    assert not stage.facts(PhasePassed)
    review(stage, account, ReviewOutcome.CONFIRM, decision=stage.account(account).pass_held_seq)
    assert stage.account(account).standing is Standing.PASSED


def test_a_pass_waits_until_no_breach_is_in_question(stage):
    account = hold(stage)
    engage(stage, KillSwitch.PASSES)
    engage(stage, KillSwitch.FAILURES)
    stage.deal(account, f"P{account}", Side.SELL, "10", 139_000, entry=DealEntry.OUT, profit="3_000.00")
    for _ in range(2):
        stage.equity(account, "103_000.00", "103_000.00")
    held = stage.account(account).pass_held_seq
    assert held
    stage.deal(account, "P2", Side.BUY, "10", 138_700)
    stage.equity(account, "103_000.00", "103_000.00")
    crash(stage)
    assert stage.account(account).standing is Standing.UNDER_REVIEW
    answer = review(stage, account, ReviewOutcome.CONFIRM, decision=held)
    assert [fact.refusal for _, fact in answer.facts] == [Refusal.BREACH_IN_QUESTION]
    assert not stage.facts(PhasePassed)


def test_the_enforcement_switch_withholds_commands_and_never_sends_them_later(stage):
    account = hold(stage)
    engage(stage, KillSwitch.ENFORCEMENT)
    queued = len(stage.facts(CommandQueued))
    crash(stage)
    withheld = stage.facts(CommandWithheld)
    assert [fact.action for fact in withheld] == ["close_only", "cancel_orders", "close_all", "block"]
    assert {fact.because for fact in withheld} == {"kill_switch"}
    release(stage, KillSwitch.ENFORCEMENT, "staff:1")
    release(stage, KillSwitch.ENFORCEMENT, "staff:2")
    stage.wait(600)
    stage.clock()
    assert len(stage.facts(CommandQueued)) == queued
    assert stage.account(account).standing is Standing.BREACHED


def test_a_command_that_makes_no_sense_is_refused_not_raised(stage):
    answer = stage.put(ReviewVerdict(by="staff:1", account=4, decision=4, outcome=ReviewOutcome.CONFIRM, why="?"), 4)
    assert [type(fact) for _, fact in answer.facts] == [Refused]
