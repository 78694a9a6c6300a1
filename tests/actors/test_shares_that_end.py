"""Shares of the profit that end an account: with a closing, at a day's end, or in place of a pass; and what holds such a failure up."""

import pytest
from msgspec.structs import replace

from firm.bounds import TRADES_TRACKED_MAX
from firm.commands import EngageKillSwitch, GrantOverride, KillSwitch, ReviewOutcome, ReviewVerdict
from firm.facts import (
    BreachWaived,
    DeskStopped,
    Doubt,
    PassHeld,
    PhasePassed,
    Refusal,
    Refused,
    RuleBroken,
    RuleSuspected,
    VerdictCorrected,
)
from firm.inputs import Side, SymbolReported
from firm.instant import DAY_US
from firm.overrides import Reinstate, WaiveRule
from firm.phase import Standing
from firm.terms.objectives import (
    Consistency,
    ConsistencyEffect,
    DayBasis,
    Denominator,
    FailsAt,
    Numerator,
    ProfitTarget,
    TargetMeasure,
)
from firm.terms.words import Action, Boundary, Fixed, Scope
from tests.actors.dealer import delete
from tests.actors.test_conduct import MAXIMUM, buy, close, trading

TARGET = ProfitTarget(id="target", amount=Fixed(minor=2_000_00), measured=TargetMeasure.BALANCE, held_s=0, flat_required=True,
                      latched=False, auto_close=False)  # fmt: skip
OF_TARGET = Consistency(id="share", best=Numerator.BEST_DAY, of=Denominator.TARGET, day_basis=DayBasis.CLOSE, caps_bp=(5_000,),
                        boundary=Boundary.CROSSES, effect=ConsistencyEffect.FAIL, per=Scope.PHASE,
                        fails_at=FailsAt.CLOSE)  # fmt: skip
IN_PLACE = replace(OF_TARGET, of=Denominator.NET_TOTAL, fails_at=FailsAt.TARGET)


def earn(stage, account, profit, position="P1"):
    buy(stage, account, "1", position)
    close(stage, account, "1", price=138_700, position=position, profit=profit)


def next_day(stage, account):
    stage.now_us += DAY_US
    stage.tick("EURUSD", 138_690, 138_700)
    stage.watermark()  # the day's start is final
    confirmed(stage, account)


def confirmed(stage, account):
    """The platform shows its balance, as a pass asks for."""
    state = stage.account(account)
    balance = str(state.money(state.balance)).split()[0].replace(",", "_")
    stage.equity(account, balance, balance)


@pytest.mark.parametrize(("profit", "broken"), [("1_000.00", 0), ("1_000.01", 1)])
def test_with_the_closing_that_makes_it_too_large_the_account_ends(stage, profit, broken):
    account = trading(stage, MAXIMUM, OF_TARGET, TARGET)
    earn(stage, account, profit)
    found = stage.facts(RuleBroken, account)
    assert len(found) == broken
    if broken:
        [fact] = found
        assert (fact.rule, fact.rule_kind, fact.does) == ("share", "consistency", Action.FAIL)
        assert (fact.observed, fact.limit, fact.subject) == (5_000, 5_000, "2014-05-01")
        assert fact.working[-1].op == "is_above"
        assert stage.account(account).standing is Standing.BREACHED


def test_what_it_lost_again_on_that_day_is_no_excuse(stage):
    account = trading(stage, MAXIMUM, OF_TARGET, TARGET)
    earn(stage, account, "1_500.00")
    assert stage.account(account).standing is Standing.BREACHED
    earn(stage, account, "-1_000.00", "P2")
    assert len(stage.facts(RuleBroken, account)) == 1


def test_at_a_rollover_the_day_is_looked_at_as_it_ended(stage):
    account = trading(stage, MAXIMUM, replace(OF_TARGET, fails_at=FailsAt.ROLLOVER), TARGET)
    earn(stage, account, "1_500.00")
    earn(stage, account, "-400.00", "P2")
    assert stage.facts(RuleBroken, account) == []
    next_day(stage, account)
    [fact] = stage.facts(RuleBroken, account)
    assert (fact.observed, fact.subject, fact.at_us) == (5_500, "2014-05-01", stage.account(account).day.day.start_us)
    assert stage.account(account).standing is Standing.BREACHED


def test_at_a_rollover_a_day_that_gave_enough_back_is_kept(stage):
    account = trading(stage, MAXIMUM, replace(OF_TARGET, fails_at=FailsAt.ROLLOVER), TARGET)
    earn(stage, account, "1_500.00")
    earn(stage, account, "-500.00", "P2")
    next_day(stage, account)
    assert stage.facts(RuleBroken, account) == []


def test_a_day_that_is_too_large_yet_holds_the_pass_up_until_it_has_ended(stage):
    account = trading(stage, MAXIMUM, replace(OF_TARGET, fails_at=FailsAt.ROLLOVER), TARGET)
    earn(stage, account, "900.00")
    next_day(stage, account)
    earn(stage, account, "1_100.00", "P2")
    confirmed(stage, account)
    assert stage.facts(PhasePassed, account) == stage.facts(RuleBroken, account) == []
    earn(stage, account, "-100.00", "P3")
    next_day(stage, account)
    assert stage.facts(RuleBroken, account) == []
    earn(stage, account, "100.00", "P4")
    confirmed(stage, account)
    [won] = stage.facts(PhasePassed, account)
    assert [(one.rule, one.observed) for one in won.conditions] == [("share", 5_000), ("target", 102_000_00)]


def test_in_place_of_a_pass_it_ends_the_account_and_nothing_is_passed(stage):
    account = trading(stage, MAXIMUM, IN_PLACE, TARGET)
    earn(stage, account, "1_999.99")
    confirmed(stage, account)
    assert stage.facts(RuleBroken, account) == []
    earn(stage, account, "0.01", "P2")
    confirmed(stage, account)
    [fact] = stage.facts(RuleBroken, account)
    assert (fact.rule, fact.observed, fact.limit) == ("share", 10_000, 5_000)
    assert "balance at or above the target" in [step.name for step in fact.working]
    assert stage.facts(PhasePassed, account) == []
    assert stage.account(account).standing is Standing.BREACHED


def test_two_days_alike_pass_and_the_share_is_one_of_the_conditions(stage):
    account = trading(stage, MAXIMUM, IN_PLACE, TARGET)
    earn(stage, account, "1_000.00")
    next_day(stage, account)
    earn(stage, account, "1_000.00", "P2")
    confirmed(stage, account)
    [won] = stage.facts(PhasePassed, account)
    assert [(one.rule, one.observed, one.asked) for one in won.conditions] == [
        ("share", 5_000, 5_000),
        ("target", 102_000_00, 102_000_00),
    ]
    assert won.working[-1].name == "balance at or above the target"


def test_while_failures_are_stopped_a_person_decides_and_one_who_dismisses_it_lets_it_pass(stage):
    account = trading(stage, MAXIMUM, IN_PLACE, TARGET)
    stage.put(EngageKillSwitch(by="console", switch=KillSwitch.FAILURES, why="a storm"))
    earn(stage, account, "2_000.00")
    confirmed(stage, account)
    [asked] = stage.facts(RuleSuspected, account)
    assert asked.doubts == (Doubt.KILL_SWITCH,)
    assert stage.account(account).standing is Standing.UNDER_REVIEW
    decision = stage.account(account).findings[0].seq
    stage.put(
        ReviewVerdict(by="console", account=account, decision=decision, outcome=ReviewOutcome.DISMISS, why="ours"),
        account,
    )
    [won] = stage.facts(PhasePassed, account)
    assert [one.rule for one in won.conditions] == ["target"]


def test_a_rule_that_a_person_waived_stands_in_no_pass_s_way(stage):
    account = trading(stage, MAXIMUM, IN_PLACE, TARGET)
    waive = WaiveRule(rule="share", until_us=stage.now_us + DAY_US)
    stage.put(GrantOverride(by="console", account=account, override=waive, why="ours", evidence="ticket 4"), account)
    earn(stage, account, "2_000.00")
    confirmed(stage, account)
    assert len(stage.facts(BreachWaived, account)) == 1
    [won] = stage.facts(PhasePassed, account)
    assert [one.rule for one in won.conditions] == ["target"]


def test_waived_at_a_days_end_it_holds_no_pass_up(stage):
    account = trading(stage, MAXIMUM, replace(OF_TARGET, fails_at=FailsAt.ROLLOVER), TARGET)
    earn(stage, account, "2_000.00")
    confirmed(stage, account)
    assert stage.facts(PhasePassed, account) == []
    waive = WaiveRule(rule="share", until_us=stage.now_us + DAY_US)
    stage.put(GrantOverride(by="console", account=account, override=waive, why="ours", evidence="ticket 4"), account)
    confirmed(stage, account)
    [won] = stage.facts(PhasePassed, account)
    assert [one.rule for one in won.conditions] == ["target"]


def test_a_waiver_that_has_ended_holds_it_up_again_but_not_what_was_let_off(stage):
    account = trading(stage, MAXIMUM, replace(OF_TARGET, fails_at=FailsAt.ROLLOVER), TARGET)
    waive = WaiveRule(rule="share", until_us=stage.now_us + DAY_US + DAY_US // 2)
    stage.put(GrantOverride(by="console", account=account, override=waive, why="ours", evidence="ticket 4"), account)
    earn(stage, account, "1_500.00")
    next_day(stage, account)
    assert [fact.subject for fact in stage.facts(BreachWaived, account)] == ["2014-05-01"]
    next_day(stage, account)
    earn(stage, account, "500.00", "P2")
    confirmed(stage, account)
    assert len(stage.facts(PhasePassed, account)) == 1


def test_once_the_waiver_has_ended_another_day_holds_it_up(stage):
    account = trading(stage, MAXIMUM, replace(OF_TARGET, fails_at=FailsAt.ROLLOVER), TARGET)
    waive = WaiveRule(rule="share", until_us=stage.now_us + DAY_US // 2)
    stage.put(GrantOverride(by="console", account=account, override=waive, why="ours", evidence="ticket 4"), account)
    next_day(stage, account)
    earn(stage, account, "2_000.00")
    confirmed(stage, account)
    assert stage.facts(PhasePassed, account) == []


def test_who_is_reinstated_goes_on_and_has_won(stage):
    """The failure stood in place of a pass: what a person takes back is what stood in the way."""
    account = trading(stage, MAXIMUM, IN_PLACE, TARGET)
    earn(stage, account, "2_000.00")
    confirmed(stage, account)
    decision = stage.account(account).findings[0].seq
    again = GrantOverride(
        by="console", account=account, override=Reinstate(decision=decision), why="ours", evidence="ticket 5"
    )
    stage.put(again, account)
    confirmed(stage, account)
    assert len(stage.facts(PhasePassed, account)) == 1


def test_a_held_pass_is_not_confirmed_once_the_share_has_become_too_large(stage):
    account = trading(stage, MAXIMUM, IN_PLACE, TARGET)
    earn(stage, account, "1_000.00")
    next_day(stage, account)
    stage.put(EngageKillSwitch(by="console", switch=KillSwitch.PASSES, why="a storm"))
    earn(stage, account, "1_000.00", "P2")
    confirmed(stage, account)
    [held] = stage.facts(PassHeld, account)
    assert [one.rule for one in held.conditions] == ["share", "target"]
    earn(stage, account, "500.00", "P3")
    decision = stage.account(account).pass_held_seq
    confirm = ReviewVerdict(by="console", account=account, decision=decision, outcome=ReviewOutcome.CONFIRM, why="ours")
    stage.put(confirm, account)
    [refused] = stage.facts(Refused)
    assert refused.refusal is Refusal.NO_LONGER_WON


def test_a_share_that_was_weighed_without_trades_that_are_not_kept_holds_the_pass_for_a_person(stage):
    account = trading(stage, MAXIMUM, replace(IN_PLACE, best=Numerator.BEST_TRADE), TARGET)
    earn(stage, account, "1_990.00")
    for number in range(TRADES_TRACKED_MAX):
        earn(stage, account, "0.01", f"Q{number}")
    confirmed(stage, account)
    assert stage.facts(PhasePassed, account) == []
    [held] = stage.facts(PassHeld, account)
    assert held.doubts == (Doubt.HISTORY_CUT,)


def test_days_are_weighed_by_themselves_however_many_trades_there_were(stage):
    account = trading(stage, MAXIMUM, OF_TARGET, TARGET)
    buy(stage, account, "10.01")
    for _ in range(TRADES_TRACKED_MAX + 1):
        close(stage, account, "0.01", price=138_700, profit="0.10")
    assert stage.account(account).track.is_cut
    for position in ("P2", "P3"):
        next_day(stage, account)
        earn(stage, account, "949.95", position)
    confirmed(stage, account)
    assert len(stage.facts(PhasePassed, account)) == 1


# --- what comes late ---


def later_words(stage, account):
    return [(fact.decision, fact.verdict) for fact in stage.facts(VerdictCorrected, account)]


@pytest.mark.parametrize("terms", [OF_TARGET, IN_PLACE, replace(IN_PLACE, best=Numerator.BEST_TRADE)])
def test_a_failure_whose_deal_was_never_made_is_put_before_a_person(stage, terms):
    account = trading(stage, MAXIMUM, terms, TARGET)
    earn(stage, account, "400.00", "P0")
    buy(stage, account, "1")
    stage.wait(1)
    close(stage, account, "1", price=138_700, profit="2_000.00", deal="X")
    confirmed(stage, account)
    [finding] = stage.account(account).findings
    delete(stage, account, "X")
    assert later_words(stage, account) == [(finding.seq, "questioned")]
    stage.put(
        ReviewVerdict(by="staff:1", account=account, decision=finding.seq, outcome=ReviewOutcome.DISMISS, why="twice")
    )
    assert later_words(stage, account)[1:] == [(finding.seq, "dismissed")]
    assert stage.refolded().account(account) == stage.account(account)


@pytest.mark.parametrize(("loss", "is_asked"), [("-499.99", False), ("-500.00", True)])
@pytest.mark.parametrize("fails_at", [FailsAt.ROLLOVER, FailsAt.CLOSE])
def test_a_loss_of_before_that_comes_late_questions_it_where_the_share_is_kept_with_it(stage, fails_at, loss, is_asked):
    account = trading(stage, MAXIMUM, replace(OF_TARGET, fails_at=fails_at), TARGET)
    buy(stage, account, "1", "P2")
    stage.wait(1)
    then = stage.now_us
    stage.wait(1)
    earn(stage, account, "1_500.00")
    next_day(stage, account)
    assert stage.account(account).standing is Standing.BREACHED
    earn(stage, account, "-700.00", "P3")
    [finding] = stage.account(account).findings
    close(stage, account, "1", position="P2", profit=loss, at_us=then, deal="L")
    assert later_words(stage, account) == [(finding.seq, "questioned")] * is_asked
    delete(stage, account, "L")
    assert later_words(stage, account)[1:] == [(finding.seq, "withdrawn")] * is_asked


def test_what_was_lost_after_the_failure_is_taken_out_of_its_day(stage):
    account = trading(stage, MAXIMUM, OF_TARGET, TARGET)
    buy(stage, account, "1", "P2")
    then = stage.now_us
    stage.wait(1)
    earn(stage, account, "1_500.00")
    stage.wait(1)
    earn(stage, account, "-1_000.00", "P3")
    close(stage, account, "1", position="P2", profit="-1.00", at_us=then)
    assert later_words(stage, account) == []


# --- what is held has no price, and shares ask for none ---


def hold_what_nobody_can_convert(stage, account):
    """A lot of a symbol whose profit is in New Zealand dollars, of which no exchange rate is traded."""
    spec = stage.engine.market("sim").board.specs["EURUSD"]
    unknown = replace(spec, symbol="AUDNZD", currency_base="AUD", currency_profit="NZD")
    stage.put(SymbolReported(bridge="sim", seq=stage.next_seq(), spec=unknown))
    stage.deal(account, "P9", Side.BUY, "1", 138_700, symbol="AUDNZD")


@pytest.mark.parametrize(("profit", "broken"), [("1_000.00", 0), ("1_000.01", 1)])
def test_at_a_rollover_it_is_looked_at_though_nobody_can_convert_what_is_held(stage, profit, broken):
    account = trading(stage, MAXIMUM, replace(OF_TARGET, fails_at=FailsAt.ROLLOVER), TARGET)
    earn(stage, account, profit)
    hold_what_nobody_can_convert(stage, account)
    next_day(stage, account)
    assert stage.facts(DeskStopped) == []
    assert len(stage.facts(RuleBroken, account)) == broken


def test_in_place_of_a_pass_it_is_looked_at_though_nobody_can_convert_what_is_held(stage):
    account = trading(stage, MAXIMUM, IN_PLACE, replace(TARGET, flat_required=False, latched=True))
    earn(stage, account, "2_000.00")
    hold_what_nobody_can_convert(stage, account)
    confirmed(stage, account)
    stage.wait(60)
    stage.watermark()
    assert stage.facts(DeskStopped) == []
    [fact] = stage.facts(RuleBroken, account)
    assert (fact.rule, fact.observed) == ("share", 10_000)
