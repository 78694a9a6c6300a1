"""Exceptions from an account's rules: what one does, who may grant it, and what is refused."""

from itertools import pairwise

import pytest
from msgspec.structs import replace

from actors.names import account_desk, enforcement_desk, order_desk
from firm.arithmetic import PLAIN, Figure
from firm.commands import (
    AddStaff,
    BridgeMode,
    GrantOverride,
    LetStaffGo,
    ReviewOutcome,
    ReviewVerdict,
    SetBridgeMode,
    SetStaffRole,
)
from firm.facts import (
    BreachDeclared,
    BreachSuspected,
    ChallengeAdvanced,
    ChallengeReopened,
    CommandQueued,
    DayAnchored,
    DayOpened,
    HighMoved,
    OverrideAsked,
    OverrideGranted,
    Refusal,
    Refused,
    StandingChanged,
    VerdictCorrected,
)
from firm.instant import DAY_US, SECOND_US
from firm.overrides import AdjustMark, ExtendPhase, Mark, Reinstate, Waiver, WaiveRule
from firm.phase import Standing
from firm.rules.clocks import judge_maximum_duration
from firm.rules.endings import is_over
from firm.ruleset import Rule
from firm.terms.losses import Checked, Trail
from firm.terms.objectives import ClockStart, Inactivity, MaximumDuration
from firm.terms.words import Action, Anchor, Fixed, Scope
from tests.actors.conftest import Stage
from tests.actors.test_conduct import LOTS, MAXIMUM, MIDNIGHT_US, TARGET, buy, close, trading

RUTH, OMAR = "staff:1", "staff:2"
DAILY = replace(MAXIMUM, id="daily", scope=Scope.DAY, anchor=Anchor.BALANCE, amount=Fixed(minor=1_000_00))
WEEK = MaximumDuration(id="week", days_max=7, counted_from=ClockStart.ASSIGNMENT)


def asks(
    stage: Stage, account: int, override, by: str = RUTH, why: str = "our feed failed", evidence: str = "ticket 7"
):
    """Somebody wants an exception; what is decided at once."""
    command = GrantOverride(by=by, account=account, override=override, why=why, evidence=evidence)
    return [fact for _, fact in stage.put(command, account).facts]


def refusal_of(facts) -> Refusal | None:
    return next((fact.refusal for fact in facts if isinstance(fact, Refused)), None)


def price(stage: Stage, bid: int, seconds: float = 1):
    stage.wait(seconds)
    stage.tick("EURUSD", bid, bid + 10)


def breached(stage: Stage, *terms, **changes) -> tuple[int, int]:
    """An account that lost its day's limit, and the decision."""
    account = trading(stage, *(terms or (MAXIMUM, DAILY, TARGET)), **changes)
    buy(stage, account, "1")
    stage.equity(account, "99_990.00", "100_000.00")
    price(stage, 137_700)
    [finding] = stage.account(account).findings
    assert stage.account(account).standing is Standing.BREACHED
    return account, finding.seq


def breached_unseen(stage: Stage) -> int:
    """As `breached`, of which the platform is told nothing."""
    account = trading(stage, MAXIMUM, DAILY)
    stage.put(SetBridgeMode(by=OMAR, bridge="sim", mode=BridgeMode.OBSERVE, why="trial"))
    buy(stage, account, "1")
    stage.equity(account, "99_990.00", "100_000.00")
    price(stage, 137_700)
    return account


# --- reinstated ---


def test_a_reinstated_account_goes_on_and_its_breach_stays_on_record(stage):
    account, decision = breached(stage)
    facts = asks(stage, account, Reinstate(decision=decision))
    kinds = [type(fact) for fact in facts]
    assert kinds[:3] == [OverrideGranted, VerdictCorrected, StandingChanged]
    granted, corrected, _ = facts[:3]
    assert (granted.by, granted.why, granted.evidence) == ((RUTH,), "our feed failed", "ticket 7")
    assert (corrected.decision, corrected.verdict) == (decision, "overridden")
    assert corrected.because == "staff:1: our feed failed"
    assert stage.account(account).standing is Standing.ACTIVE
    assert len(stage.facts(BreachDeclared, account)) == 1


def test_the_platform_is_unblocked_and_nothing_of_the_flattening_is_wanted_any_more(stage):
    account, decision = breached(stage)
    asks(stage, account, Reinstate(decision=decision))
    [unblock] = [fact for fact in stage.facts(CommandQueued, account) if fact.purpose == "release"]
    assert (unblock.action, unblock.for_decision) == ("unblock", decision)
    plan = stage.engine.desk(enforcement_desk("sim")).state.plans[account]
    assert plan.purpose == "release"


def test_where_nothing_was_sent_a_reinstated_account_owes_no_flattening(stage):
    account = breached_unseen(stage)
    [finding] = stage.account(account).findings
    owed = lambda: stage.engine.desk(enforcement_desk("sim")).state.owed.get(account)  # noqa: E731
    assert owed().purpose == "flatten"
    asks(stage, account, Reinstate(decision=finding.seq))
    assert owed().purpose == "release"


def test_the_broken_rule_rests_until_the_day_ends_and_no_other_does(stage):
    account, decision = breached(stage)
    asks(stage, account, Reinstate(decision=decision))
    price(stage, 137_600)
    assert stage.account(account).standing is Standing.ACTIVE
    stage.now_us = MIDNIGHT_US + SECOND_US
    price(stage, 137_600)
    assert [finding.rule for finding in stage.account(account).findings] == ["daily"]


def test_another_rule_that_breaks_the_same_day_ends_it_again(stage):
    account, decision = breached(stage)
    asks(stage, account, Reinstate(decision=decision))
    price(stage, 128_600)
    rules = [finding.rule for finding in stage.account(account).findings]
    assert rules == ["maximum"]


def test_the_challenge_of_a_reinstated_account_goes_on_to_its_next_phase(stage):
    account, decision = breached(stage)
    close(stage, account, "1", 137_700, profit="-1_000.00")
    asks(stage, account, Reinstate(decision=decision))
    assert [fact.challenge for fact in stage.facts(ChallengeReopened, account)] == [503]
    buy(stage, account, "1", "P2")
    close(stage, account, "1", position="P2", profit="2_000.00")
    stage.equity(account, "101_000.00", "101_000.00")
    assert stage.account(account).standing is Standing.PASSED
    assert [fact.phase for fact in stage.facts(ChallengeAdvanced)] == [0, 1]


def test_an_account_that_was_closed_for_days_goes_on_in_the_running_one(stage):
    account, decision = breached(stage)
    close(stage, account, "1", 137_700, profit="-1_000.00")
    stage.now_us += 3 * DAY_US
    stage.tick("EURUSD", 138_000, 138_010)
    asks(stage, account, Reinstate(decision=decision))
    days = [fact.day for fact in stage.facts(DayOpened, account)]
    assert all(before.end_us == after.start_us for before, after in pairwise(days))
    assert len(days) == 4
    assert days[-1].start_us <= stage.now_us < days[-1].end_us
    assert stage.account(account).day.balance == 99_000_00
    buy(stage, account, "1", "P2")
    price(stage, 136_900)
    assert stage.account(account).standing is Standing.ACTIVE  # the rule rests for this day
    assert stage.refolded().account(account) == stage.account(account)


def test_of_an_account_that_ended_no_other_decision_is_overridden(stage):
    account, decision = breached(stage)
    assert refusal_of(asks(stage, account, Reinstate(decision=decision + 1))) is Refusal.NOT_BREACHED
    asks(stage, account, Reinstate(decision=decision))
    assert refusal_of(asks(stage, account, Reinstate(decision=decision))) is Refusal.NOT_BREACHED


def test_what_was_closed_too_long_ago_is_not_taken_up(stage):
    account, decision = breached(stage)
    stage.now_us += 94 * DAY_US
    assert refusal_of(asks(stage, account, Reinstate(decision=decision))) is Refusal.TOO_LONG_AGO


# --- waived, extended, adjusted ---


def test_a_waived_limit_is_judged_again_from_the_instant_that_was_named(stage):
    account = trading(stage, MAXIMUM, DAILY)
    buy(stage, account, "1")
    stage.equity(account, "99_990.00", "100_000.00")
    until_us = stage.now_us + 10 * SECOND_US
    asks(stage, account, WaiveRule(rule="daily", until_us=until_us))
    stage.now_us = until_us - 1
    price(stage, 137_600, 0)
    assert stage.account(account).standing is Standing.ACTIVE
    stage.now_us = until_us
    price(stage, 137_600, 0)
    assert [fact.rule for fact in stage.facts(BreachDeclared, account)] == ["daily"]


def test_a_waiver_that_is_renewed_runs_from_where_the_first_began(stage):
    account = trading(stage, MAXIMUM, DAILY)
    first_us = stage.now_us
    asks(stage, account, WaiveRule(rule="daily", until_us=first_us + 10 * SECOND_US))
    asks(stage, account, WaiveRule(rule="maximum", until_us=first_us + 50 * SECOND_US))
    stage.wait(9)
    asks(stage, account, WaiveRule(rule="daily", until_us=first_us + 20 * SECOND_US))
    daily = Waiver("daily", first_us, first_us + 20 * SECOND_US)
    assert stage.account(account).overrides.waivers[-1] == daily
    assert len(stage.account(account).overrides.waivers) == 2
    stage.wait(11)
    asks(stage, account, WaiveRule(rule="daily", until_us=first_us + 30 * SECOND_US))
    begins_us = first_us + 20 * SECOND_US
    assert stage.account(account).overrides.waivers[-1] == Waiver("daily", begins_us, first_us + 30 * SECOND_US)


def test_a_reinstatement_ends_no_longer_waiver_of_the_same_rule(stage):
    account = trading(stage, MAXIMUM, DAILY)
    buy(stage, account, "1")
    price(stage, 137_700)
    [suspected] = stage.account(account).findings
    until_us = stage.now_us + 3 * DAY_US
    asks(stage, account, WaiveRule(rule="daily", until_us=until_us))
    confirm = ReviewVerdict(by=RUTH, account=account, decision=suspected.seq, outcome=ReviewOutcome.CONFIRM, why="lost")
    stage.put(confirm, account)
    assert stage.account(account).standing is Standing.BREACHED
    asks(stage, account, Reinstate(decision=stage.account(account).findings[-1].seq))
    assert stage.account(account).overrides.waived_at(until_us - 1) == {"daily"}
    assert stage.account(account).overrides.waived_at(until_us) == set()


@pytest.mark.parametrize(("until_us", "broken"), [(1, []), (0, ["daily"])])
def test_a_limit_of_the_rollover_is_waived_at_its_instant(stage, until_us, broken):
    account = trading(stage, MAXIMUM, replace(DAILY, checked=Checked.AT_ROLLOVER))
    buy(stage, account, "1")
    asks(stage, account, WaiveRule(rule="daily", until_us=MIDNIGHT_US + until_us))
    price(stage, 137_600)
    stage.now_us = MIDNIGHT_US - SECOND_US
    stage.equity(account, "98_900.00", "100_000.00")
    stage.now_us = MIDNIGHT_US + SECOND_US
    stage.watermark()
    assert [finding.rule for finding in stage.account(account).findings] == broken


def test_a_waived_rule_of_conduct_is_broken_by_nothing(stage):
    account = trading(stage, MAXIMUM, replace(LOTS, on_breach=(Action.FAIL,)))
    asks(stage, account, WaiveRule(rule="lots", until_us=stage.now_us + DAY_US))
    buy(stage, account, "6")
    assert stage.account(account).standing is Standing.ACTIVE


@pytest.mark.parametrize(("days", "standing"), [(0, Standing.CLOSED), (1, Standing.ACTIVE)])
def test_a_phase_that_was_extended_lasts_so_many_days_more(stage, days, standing):
    account = trading(stage, MAXIMUM, replace(WEEK, days_max=1))
    if days:
        asks(stage, account, ExtendPhase(days=days))
    stage.now_us = MIDNIGHT_US + SECOND_US
    stage.tick("EURUSD", 138_690, 138_700)
    assert stage.account(account).standing is standing
    stage.now_us += DAY_US
    stage.tick("EURUSD", 138_690, 138_700)
    assert stage.account(account).standing is Standing.CLOSED


def test_a_waived_clock_ends_nothing(stage):
    account = trading(stage, MAXIMUM, replace(WEEK, days_max=1))
    asks(stage, account, WaiveRule(rule="week", until_us=MIDNIGHT_US + 1))
    stage.now_us = MIDNIGHT_US + SECOND_US
    stage.tick("EURUSD", 138_690, 138_700)
    assert stage.account(account).standing is Standing.ACTIVE


@pytest.mark.parametrize("days", [1, 2, 30])
def test_days_without_a_trade_are_as_many_more_as_were_granted(stage, days):
    idle = Inactivity(
        id="idle", days_max=1, counted_from=ClockStart.ASSIGNMENT, open_position_counts=False, pending_order_counts=False,
        on_breach=(Action.FAIL,),
    )  # fmt: skip
    account = trading(stage, MAXIMUM, idle)
    asks(stage, account, ExtendPhase(days=days))
    state, rule = stage.account(account), Rule(1, idle, {})
    ends_us = state.opened_us + (1 + days) * DAY_US
    assert [is_over(PLAIN, state, rule, at_us) for at_us in (ends_us - 1, ends_us)] == [False, True]


@pytest.mark.parametrize(("today", "over"), [(108, False), (109, False), (110, True), (111, True)])
def test_days_granted_come_on_top_of_those_of_the_rule(today, over):
    rule = Rule(0, WEEK, {})
    judged = judge_maximum_duration(PLAIN, rule, Figure(100, ""), Figure(today, ""), Figure(3, ""))
    assert (judged.is_broken, judged.limit) == (over, 10)


def test_a_day_s_mark_that_was_adjusted_moves_the_floor_with_it(stage):
    account = trading(stage, MAXIMUM, DAILY)
    stage.now_us = MIDNIGHT_US + SECOND_US
    stage.tick("EURUSD", 138_690, 138_700)
    stage.watermark()
    [*_, granted, anchored] = asks(stage, account, AdjustMark(mark=Mark.DAY_BALANCE, rule="", minor=99_500_00))
    assert (type(granted), type(anchored)) == (OverrideGranted, DayAnchored)
    assert (anchored.balance.minor, anchored.equity.minor, anchored.changed) == (99_500_00, 100_000_00, True)
    buy(stage, account, "1")
    stage.equity(account, "99_990.00", "100_000.00")
    price(stage, 137_300)
    assert stage.account(account).standing is Standing.ACTIVE
    price(stage, 137_200)
    [broken] = stage.facts(BreachSuspected, account)
    assert (broken.floor.minor, broken.observed.minor) == (98_500_00, 98_500_00)


def test_a_high_that_was_adjusted_moves_the_floor_that_follows_it(stage):
    trailing = replace(MAXIMUM, id="trailing", trail=Trail.ON_CLOSE, high=Anchor.BALANCE, amount=Fixed(minor=2_000_00))
    account = trading(stage, trailing)
    buy(stage, account, "1")
    close(stage, account, "1", profit="3_000.00")
    facts = asks(stage, account, AdjustMark(mark=Mark.HIGH, rule="trailing", minor=101_000_00))
    [moved] = [fact for fact in facts if isinstance(fact, HighMoved)]
    assert moved.high.minor == 101_000_00
    [limit] = stage.engine.desk(account_desk(account)).limits()
    assert limit.floor == 99_000_00


# --- two people ---


def test_where_the_rules_want_two_people_the_first_only_asks(stage):
    account, decision = breached(stage, MAXIMUM, DAILY, overrides_by_two=True)
    [asked] = asks(stage, account, Reinstate(decision=decision))
    assert (type(asked), asked.by) == (OverrideAsked, RUTH)
    assert stage.account(account).standing is Standing.BREACHED
    assert refusal_of(asks(stage, account, Reinstate(decision=decision))) is Refusal.SAME_PERSON_TWICE
    granted = asks(stage, account, Reinstate(decision=decision), by=OMAR, why="I saw it too")[0]
    assert (granted.by, granted.why) == ((RUTH, OMAR), "I saw it too")
    assert stage.account(account).standing is Standing.ACTIVE
    assert stage.account(account).overrides.asked == ()
    assert stage.facts(VerdictCorrected, account)[-1].because == ("staff:1 and staff:2: our feed failed; I saw it too")
    assert (granted.asked_why, granted.asked_evidence, granted.evidence) == ("our feed failed", "ticket 7", "ticket 7")
    assert granted.reasons == "our feed failed; I saw it too"


def test_who_may_only_agree_asks_for_nothing_and_is_the_second_person(stage):
    account = trading(stage, MAXIMUM, WEEK, overrides_by_two=True)
    stage.put(AddStaff(by="console", staff=3, role="compliance", sealed=""))
    wanted = ExtendPhase(days=1)
    assert refusal_of(asks(stage, account, wanted, by="staff:3")) is Refusal.NOT_PERMITTED
    asks(stage, account, wanted)
    [granted] = asks(stage, account, wanted, by="staff:3", why="I saw it too")
    assert granted.by == (RUTH, "staff:3")


def test_who_may_only_agree_grants_nothing_where_one_person_does(stage):
    account = trading(stage, MAXIMUM, WEEK)
    stage.put(AddStaff(by="console", staff=3, role="compliance", sealed=""))
    assert refusal_of(asks(stage, account, ExtendPhase(days=1), by="staff:3")) is Refusal.NOT_PERMITTED


def test_a_console_without_a_name_is_none_of_the_two(stage):
    account = trading(stage, MAXIMUM, WEEK, overrides_by_two=True)
    assert refusal_of(asks(stage, account, ExtendPhase(days=1), by="console")) is Refusal.NAME_MISSING
    asks(stage, account, ExtendPhase(days=1))
    assert refusal_of(asks(stage, account, ExtendPhase(days=1), by="console")) is Refusal.NAME_MISSING
    assert stage.facts(OverrideGranted, account) == []


def test_what_a_console_asked_for_in_an_older_release_counts_for_nobody(stage):
    account = trading(stage, MAXIMUM, WEEK, overrides_by_two=True)
    desk, wanted = stage.engine.desk(account_desk(account)), ExtendPhase(days=1)
    desk.fold(OverrideAsked(override=wanted, by="console", why="w", evidence="e"), 9_999, account, stage.now_us)
    assert len(stage.account(account).overrides.asked) == 1
    assert [type(fact) for fact in asks(stage, account, wanted)] == [OverrideAsked]
    assert [type(fact) for fact in asks(stage, account, wanted, by=OMAR)] == [OverrideGranted]


def test_one_person_at_the_console_may_grant_what_one_may(stage):
    account = trading(stage, MAXIMUM, WEEK)
    assert [type(fact) for fact in asks(stage, account, ExtendPhase(days=1), by="console")] == [OverrideGranted]


@pytest.mark.parametrize(
    "gone",
    [
        pytest.param(LetStaffGo(by="console", staff=3, why="let go for fraud"), id="let go"),
        pytest.param(
            SetStaffRole(by="console", staff=3, role="support", why="moved"), id="who grants nothing any more"
        ),
    ],
)
def test_somebody_who_was_let_go_is_none_of_the_two(stage, gone):
    account = trading(stage, MAXIMUM, WEEK, overrides_by_two=True)
    for number, role in ((3, "risk"), (4, "compliance")):
        stage.put(AddStaff(by="console", staff=number, role=role, sealed=""))
    wanted = ExtendPhase(days=1)
    asks(stage, account, wanted, by="staff:3")
    stage.put(gone)
    assert refusal_of(asks(stage, account, wanted, by="staff:4")) is Refusal.NOT_PERMITTED  # who may only agree
    [asked] = asks(stage, account, wanted, why="I saw it too")
    assert (type(asked), asked.by) == (OverrideAsked, RUTH)
    assert stage.facts(OverrideGranted, account) == []
    [granted] = asks(stage, account, wanted, by="staff:4", why="so did I")
    assert (granted.by, granted.asked_why) == ((RUTH, "staff:4"), "I saw it too")
    assert stage.refolded().account(account) == stage.account(account)


def test_two_people_who_want_different_things_grant_nothing(stage):
    account = trading(stage, MAXIMUM, WEEK, overrides_by_two=True)
    asks(stage, account, ExtendPhase(days=1))
    asks(stage, account, ExtendPhase(days=2), by=OMAR)
    assert stage.facts(OverrideGranted, account) == []
    assert len(stage.account(account).overrides.asked) == 2


@pytest.mark.parametrize(("after_us", "kind"), [(7 * DAY_US, OverrideGranted), (7 * DAY_US + 1, OverrideAsked)])
def test_who_agrees_after_more_than_a_week_asks_anew(stage, after_us, kind):
    account = trading(stage, MAXIMUM, replace(WEEK, days_max=30), overrides_by_two=True)
    asks(stage, account, ExtendPhase(days=1))
    stage.now_us += after_us
    assert [type(fact) for fact in asks(stage, account, ExtendPhase(days=1), by=OMAR)] == [kind]


# --- refused ---


@pytest.mark.parametrize(
    ("override", "refusal"),
    [
        (WaiveRule(rule="nothing", until_us=MIDNIGHT_US), Refusal.UNKNOWN_RULE),
        (WaiveRule(rule="target", until_us=MIDNIGHT_US), Refusal.NOTHING_TO_OVERRIDE),
        (WaiveRule(rule="daily", until_us=0), Refusal.OUT_OF_BOUNDS),
        (WaiveRule(rule="daily", until_us=MIDNIGHT_US + 366 * DAY_US), Refusal.OUT_OF_BOUNDS),
        (ExtendPhase(days=1), Refusal.NOTHING_TO_OVERRIDE),
        (Reinstate(decision=1), Refusal.NOT_BREACHED),
        (AdjustMark(mark=Mark.HIGH, rule="maximum", minor=1), Refusal.NOTHING_TO_OVERRIDE),
        (AdjustMark(mark=Mark.HIGH, rule="nothing", minor=1), Refusal.UNKNOWN_RULE),
        (AdjustMark(mark=Mark.DAY_EQUITY, rule="", minor=10**15 + 1), Refusal.OUT_OF_BOUNDS),
    ],
)
def test_what_cannot_be_granted_is_refused_and_changes_nothing(stage, override, refusal):
    account = trading(stage, MAXIMUM, DAILY, TARGET)
    before = stage.account(account)
    [no] = asks(stage, account, override)
    assert no.refusal is refusal
    assert no.detail
    assert stage.account(account) == before


@pytest.mark.parametrize(("days", "refused"), [(0, True), (1, False), (366, False), (367, True)])
def test_a_phase_is_extended_by_a_bounded_number_of_days(stage, days, refused):
    account = trading(stage, MAXIMUM, WEEK)
    assert (refusal_of(asks(stage, account, ExtendPhase(days=days))) is Refusal.OUT_OF_BOUNDS) is refused


@pytest.mark.parametrize(
    ("why", "evidence"), [("", "ticket"), (" ", "ticket"), ("so", ""), ("x" * 501, "ticket"), ("so", "x" * 501)]
)
def test_an_exception_without_its_reason_or_evidence_is_none(stage, why, evidence):
    account = trading(stage, MAXIMUM, WEEK)
    [no] = asks(stage, account, ExtendPhase(days=1), why=why, evidence=evidence)
    assert no.refusal is Refusal.REASON_MISSING


def test_a_rule_is_waived_until_later_than_now(stage):
    account = trading(stage, MAXIMUM)
    found = [asks(stage, account, WaiveRule(rule="maximum", until_us=stage.now_us + after_us)) for after_us in (0, 1)]
    assert [refusal_of(facts) for facts in found] == [Refusal.OUT_OF_BOUNDS, None]


def test_at_the_very_rollover_a_reinstated_account_is_in_the_day_that_begins(stage):
    account, decision = breached(stage)
    close(stage, account, "1", 137_700, profit="-1_000.00")
    stage.now_us = MIDNIGHT_US
    asks(stage, account, Reinstate(decision=decision))
    assert stage.account(account).day.day.start_us == MIDNIGHT_US


def test_an_account_that_ended_has_no_rules_to_make_an_exception_from(stage):
    account, _ = breached(stage)
    found = asks(stage, account, WaiveRule(rule="daily", until_us=MIDNIGHT_US))
    assert refusal_of(found) is Refusal.ACCOUNT_NOT_RUNNING
    assert refusal_of(asks(stage, 9_999, ExtendPhase(days=1))) is Refusal.UNKNOWN_ACCOUNT


# --- the same rows ---


def test_the_same_rows_give_the_same_account_and_challenge(stage):
    account, decision = breached(stage, MAXIMUM, DAILY, WEEK, overrides_by_two=True)
    for by in (RUTH, OMAR):
        asks(stage, account, Reinstate(decision=decision), by=by)
    for by in (RUTH, OMAR):
        asks(stage, account, ExtendPhase(days=3), by=by)
    asks(stage, account, WaiveRule(rule="maximum", until_us=MIDNIGHT_US))
    price(stage, 137_600)
    folded = stage.refolded()
    assert folded.account(account) == stage.account(account)
    for name in (order_desk(503), enforcement_desk("sim")):
        assert folded.desk(name).capture() == stage.engine.desk(name).capture()
