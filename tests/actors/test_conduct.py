"""Rules that are no loss limits, on an account that trades: what breaks one, what follows, and when it is a new breach."""

import pytest
from msgspec.structs import replace

from firm.commands import PublishProgram, ReviewOutcome, ReviewVerdict
from firm.facts import (
    AccountPaused,
    AccountRestricted,
    BreachDeclared,
    BreachSuspected,
    CommandQueued,
    DayClosed,
    Doubt,
    LimitNeared,
    PhasePassed,
    RuleBroken,
    RuleKeptAgain,
    RuleSuspected,
    TargetLeft,
    TargetReached,
)
from firm.inputs import CashKind, DealEntry, Side
from firm.instant import DAY_US, MINUTE_US, SECOND_US, parse_utc
from firm.phase import Standing
from firm.rules.limits import limits_of
from firm.ruleset import LateBreach, Ruleset
from firm.terms.conduct import AdverseExcursion, Hedging
from firm.terms.exposure import (
    CountedOver,
    ExposureLimit,
    IdeaGrouping,
    IdeaMeasure,
    IdeaRisk,
    Netted,
    Quantity,
    StopLossRequired,
    Tier,
)
from firm.terms.losses import Checked, LossLimit, Measured, OnPayout, Trail
from firm.terms.objectives import DayCounts, ProfitTarget, TargetMeasure, TradingDays
from firm.terms.words import Action, Anchor, Boundary, Fixed, Scope, Share, ShareOf, ToLeverage
from firm.trading_day import DayLabel, LabelledCalendar
from tests.actors.conftest import Stage, program

LOT = 10**8
MIDNIGHT_US = parse_utc("2014-05-01T22:00:00")  # in Prague
MAXIMUM = LossLimit(
    id="maximum", scope=Scope.PHASE, amount=Share(bp=1_000, of=ShareOf.INITIAL), anchor=Anchor.INITIAL, trail=Trail.STATIC,
    high=Anchor.EQUITY, lock=None, steps=(), checked=Checked.EVERY_TICK, measured=Measured.EQUITY, boundary=Boundary.TOUCHES,
    on_payout=OnPayout.NONE, warn_at_bp=(), on_breach=(Action.FAIL,), strikes_within=Scope.PHASE,
)  # fmt: skip
LOTS = ExposureLimit(
    id="lots", quantity=Quantity.LOTS, limit=5 * LOT, symbols=(), counted=CountedOver.OPEN_AT_ONCE, netted=Netted.GROSS, tiers=(),
    boundary=Boundary.CROSSES, on_breach=(Action.WARN,), strikes_within=Scope.PHASE,
)  # fmt: skip
HEDGING = Hedging(id="hedging", lots_e8_max=None, on_breach=(Action.REVIEW,), strikes_within=Scope.PHASE)
TARGET = ProfitTarget(
    id="target", amount=Fixed(minor=1_000_00), measured=TargetMeasure.BALANCE, held_s=0, flat_required=True, latched=False,
    auto_close=False,
)  # fmt: skip
DAYS = TradingDays(
    id="days", days_min=1, counts=DayCounts.PROFIT_CLOSED, profit_min=Fixed(minor=500_00), boundary=Boundary.TOUCHES, per=Scope.PHASE
)  # fmt: skip


def rules_of(*terms, **changes):
    calendar = LabelledCalendar(zone="Europe/Prague", rollover="00:00", label=DayLabel.START, merged=())
    rules = Ruleset(name="conduct", calendar=calendar, late_breach=LateBreach.REVIEW, await_swap=False, failures_reviewed=False,
                    overrides_by_two=False, terms=terms)  # fmt: skip
    return replace(rules, **changes)


def trading(stage: Stage, *terms, **changes) -> int:
    """Ada's account under these terms, with a price."""
    rules = rules_of(*terms, **changes)
    stage.put(PublishProgram(by="console", program=program(rules, rules, name="conduct")))
    account = stage.sell(1003, 503, (7005, 7006), "conduct")
    stage.tick("EURUSD", 138_690, 138_700)
    return account


def buy(stage, account, lots, position="P1", **how):
    stage.deal(account, position, Side.BUY, lots, 138_700, **how)


def close(stage, account, lots, price=138_690, position="P1", **how):
    stage.deal(account, position, Side.SELL, lots, price, entry=DealEntry.OUT, **how)


# --- breaches and their subjects ---


def test_too_many_lots_are_warned_of_once_until_there_are_fewer(stage):
    account = trading(stage, MAXIMUM, LOTS)
    buy(stage, account, "5")
    assert stage.facts(RuleBroken, account) == []
    buy(stage, account, "0.01", "P2")
    buy(stage, account, "1", "P3")
    [broken] = stage.facts(RuleBroken, account)
    assert (broken.rule, broken.observed, broken.limit, broken.does) == ("lots", 501_000_000, 5 * LOT, Action.WARN)
    assert broken.working[-1].op == "is_above"
    close(stage, account, "1", position="P3")
    close(stage, account, "0.01", position="P2")
    assert [fact.rule for fact in stage.facts(RuleKeptAgain, account)] == ["lots"]
    buy(stage, account, "2", "P4")
    assert len(stage.facts(RuleBroken, account)) == 2
    assert stage.account(account).standing is Standing.ACTIVE


@pytest.mark.parametrize(
    ("does", "standing", "told", "purposes"),
    [
        (Action.RESTRICT, Standing.RESTRICTED, AccountRestricted, ["close_only"]),
        (Action.PAUSE, Standing.PAUSED, AccountPaused, ["pause"]),
        (Action.CLOSE_POSITIONS, Standing.ACTIVE, None, ["close"]),
        (ToLeverage(leverage=30), Standing.ACTIVE, None, ["releverage"]),
        (Action.FAIL, Standing.BREACHED, None, ["flatten"]),
    ],
)
def test_a_breach_does_what_the_rule_says(stage, does, standing, told, purposes):
    account = trading(stage, MAXIMUM, replace(LOTS, on_breach=(does,)))
    buy(stage, account, "6")
    assert stage.account(account).standing is standing
    assert told is None or len(stage.facts(told, account)) == 1
    queued = [fact.purpose for fact in stage.facts(CommandQueued, account) if fact.purpose != "provision"]
    assert list(dict.fromkeys(queued)) == purposes


def test_the_third_strike_ends_the_account(stage):
    account = trading(stage, MAXIMUM, replace(LOTS, on_breach=(Action.WARN, Action.WARN, Action.FAIL)))
    for number in range(3):
        buy(stage, account, "6", f"P{number}")
        close(stage, account, "6", position=f"P{number}")
    assert [fact.does for fact in stage.facts(RuleBroken, account)] == [Action.WARN, Action.WARN, Action.FAIL]
    assert stage.account(account).standing is Standing.BREACHED


def test_a_day_that_ends_gives_a_restricted_account_back(stage):
    account = trading(stage, MAXIMUM, replace(LOTS, on_breach=(Action.RESTRICT,)))
    buy(stage, account, "6")
    close(stage, account, "6")
    stage.now_us = MIDNIGHT_US + SECOND_US
    stage.tick("EURUSD", 138_690, 138_700)
    assert stage.account(account).standing is Standing.ACTIVE


@pytest.mark.parametrize(
    ("outcome", "standing"), [(ReviewOutcome.CONFIRM, Standing.BREACHED), (ReviewOutcome.DISMISS, Standing.ACTIVE)]
)
def test_what_a_person_must_decide_waits_for_one(stage, outcome, standing):
    account = trading(stage, MAXIMUM, HEDGING)
    buy(stage, account, "1")
    stage.deal(account, "P2", Side.SELL, "1", 138_690)
    [suspected] = stage.facts(RuleSuspected, account)
    assert (suspected.rule, suspected.subject, suspected.doubts) == ("hedging", "EURUSD", (Doubt.REVIEW_REQUIRED,))
    assert stage.account(account).standing is Standing.UNDER_REVIEW
    [finding] = stage.account(account).findings
    stage.put(ReviewVerdict(by="console", account=account, decision=finding.seq, outcome=outcome, why="seen"))
    assert stage.account(account).standing is standing


def test_every_failure_goes_to_a_person_where_the_rules_say_so(stage):
    account = trading(stage, MAXIMUM, replace(LOTS, on_breach=(Action.FAIL,)), failures_reviewed=True)
    buy(stage, account, "6")
    assert stage.account(account).standing is Standing.UNDER_REVIEW


def test_scaling_follows_the_profit_with_which_the_day_began(stage):
    tiers = (Tier(profit_from=2_000_00, limit=10 * LOT),)
    account = trading(stage, MAXIMUM, replace(LOTS, tiers=tiers))
    buy(stage, account, "1")
    close(stage, account, "1", profit="2_000.00")
    buy(stage, account, "6", "P2")
    assert len(stage.facts(RuleBroken, account)) == 1
    close(stage, account, "6", position="P2")
    stage.now_us = MIDNIGHT_US + SECOND_US
    stage.tick("EURUSD", 138_690, 138_700)
    buy(stage, account, "10", "P3")
    assert len(stage.facts(RuleBroken, account)) == 1


# --- by prices ---


def test_an_idea_that_loses_too_much_breaks_at_the_price_that_shows_it(stage):
    idea = IdeaRisk(
        id="idea", amount=Share(bp=100, of=ShareOf.INITIAL), grouping=IdeaGrouping.SYMBOL_AND_SIDE, gap_s=0, measured=IdeaMeasure.LOSS,
        boundary=Boundary.TOUCHES, on_breach=(Action.PAUSE,), strikes_within=Scope.PHASE,
    )  # fmt: skip
    account = trading(stage, MAXIMUM, idea)
    buy(stage, account, "1")
    stage.wait(1)
    stage.tick("EURUSD", 137_701, 137_711)
    assert stage.facts(RuleBroken, account) == []
    stage.wait(1)
    stage.tick("EURUSD", 137_700, 137_710)
    [broken] = stage.facts(RuleBroken, account)
    assert (broken.observed, broken.limit, broken.subject) == (1_000_00, 1_000_00, "P1")
    assert stage.account(account).standing is Standing.PAUSED


@pytest.mark.parametrize(
    ("measured", "are_kept"), [(IdeaMeasure.ADVERSE_EXCURSION, True), (IdeaMeasure.STOP_DISTANCE, False)]
)
def test_a_moved_stop_leaves_the_bands_unless_what_it_may_lose_is_held_against_a_rule(stage, measured, are_kept):
    idea = IdeaRisk(
        id="idea", amount=Share(bp=100, of=ShareOf.INITIAL), grouping=IdeaGrouping.POSITION, gap_s=0, measured=measured,
        boundary=Boundary.TOUCHES, on_breach=(Action.PAUSE,), strikes_within=Scope.PHASE,
    )  # fmt: skip
    account = trading(stage, MAXIMUM, idea)
    buy(stage, account, "1")
    stage.position(account, "P1", stop_loss=138_000)
    wakes = stage.engine.market("sim").wakes
    before = wakes.watch_of(account)
    stage.position(account, "P1", stop_loss=138_100)
    assert (wakes.watch_of(account) is before) == are_kept
    stage.wait(1)
    stage.tick("EURUSD", 137_701, 137_711)
    assert wakes.watch_of(account).bands
    known = len(stage.facts(RuleBroken, account))
    stage.wait(1)
    stage.tick("EURUSD", 137_700, 137_710)
    assert len(stage.facts(RuleBroken, account)) == known + are_kept, (
        "the price that breaks it wakes the account all the same"
    )


def test_one_position_floats_too_deep_while_another_makes_up_for_it(stage):
    deep = AdverseExcursion(
        id="deep", share_bp=100, of_profit=False, minimum_minor=0, boundary=Boundary.TOUCHES, on_breach=(Action.WARN,),
        strikes_within=Scope.PHASE,
    )  # fmt: skip
    account = trading(stage, MAXIMUM, deep)
    buy(stage, account, "1")
    stage.deal(account, "P2", Side.SELL, "1", 138_690)
    stage.wait(1)
    stage.tick("EURUSD", 137_700, 137_700)
    [broken] = stage.facts(RuleBroken, account)
    assert (broken.subject, broken.observed) == ("P1", 1_000_00)


def test_a_position_without_a_stop_is_found_when_its_time_is_up(stage):
    stop = StopLossRequired(id="stop", within_s=60, risk_max=None, on_breach=(Action.WARN,), strikes_within=Scope.PHASE)
    account = trading(stage, MAXIMUM, stop)
    buy(stage, account, "1")
    for _ in range(3):
        stage.now_us += MINUTE_US
        stage.tick("EURUSD", 138_690, 138_700)
        stage.clock()
    assert [fact.subject for fact in stage.facts(RuleBroken, account)] == ["P1"]


def test_the_trader_is_warned_as_a_limit_is_used_up(stage):
    account = trading(stage, replace(MAXIMUM, warn_at_bp=(5_000, 8_000)))
    buy(stage, account, "1")
    for bid in (133_701, 133_700, 133_690, 130_700, 130_000):
        stage.wait(1)
        stage.tick("EURUSD", bid, bid + 10)
    assert [(fact.share_bp, fact.observed.minor) for fact in stage.facts(LimitNeared, account)] == [
        (5_000, 95_000_00), (8_000, 92_000_00),
    ]  # fmt: skip


# --- limits of other scopes ---


def test_a_daily_floor_that_follows_the_day_s_high_begins_anew_each_day(stage):
    trailing = replace(
        MAXIMUM, id="trailing", scope=Scope.DAY, anchor=Anchor.EQUITY, trail=Trail.EVERY_TICK, on_breach=(Action.PAUSE,)
    )
    account = trading(stage, replace(trailing, amount=Fixed(minor=1_000_00)))
    buy(stage, account, "10")
    stage.wait(1)
    stage.tick("EURUSD", 139_700, 139_710)
    stage.wait(1)
    stage.tick("EURUSD", 139_600, 139_610)
    [paused] = stage.facts(BreachDeclared, account)
    assert (paused.floor.minor, paused.observed.minor, paused.severity) == (109_000_00, 109_000_00, "soft")


def test_of_two_limits_of_the_balance_that_one_deal_breaks_the_second_is_seen_with_the_next_price(stage):
    by_balance = replace(MAXIMUM, measured=Measured.BALANCE, on_breach=(Action.REVIEW,))
    account = trading(stage, by_balance, replace(by_balance, id="second"))
    buy(stage, account, "1")
    buy(stage, account, "1", "P2")
    close(stage, account, "1", position="P2", profit="-10_000.00")
    assert [fact.rule for fact in stage.facts(BreachSuspected, account)] == ["maximum"]
    stage.tick("EURUSD", 138_690, 138_700)
    assert [fact.rule for fact in stage.facts(BreachSuspected, account)] == ["maximum", "second"]
    wakes = stage.engine.market("sim").wake_count
    stage.tick("EURUSD", 138_690, 138_700)
    assert stage.engine.market("sim").wake_count == wakes


def test_a_balance_that_falls_counts_where_the_rules_measure_it(stage):
    account = trading(stage, replace(MAXIMUM, measured=Measured.BALANCE, amount=Fixed(minor=1_000_00)))
    buy(stage, account, "10")
    stage.wait(1)
    stage.tick("EURUSD", 137_000, 137_010)
    assert stage.account(account).standing is Standing.ACTIVE
    close(stage, account, "10", 137_000, profit="-1_700.00")
    assert stage.account(account).standing is not Standing.ACTIVE


@pytest.mark.parametrize(("bid", "broken"), [(138_101, False), (138_100, True)])
def test_a_limit_of_the_rollover_is_held_against_its_marks_alone(stage, bid, broken):
    daily = replace(
        MAXIMUM,
        id="daily",
        scope=Scope.DAY,
        anchor=Anchor.BALANCE,
        amount=Fixed(minor=600_00),
        checked=Checked.AT_ROLLOVER,
    )
    account = trading(stage, replace(daily, on_breach=(Action.WARN,)))
    buy(stage, account, "1")
    stage.wait(1)
    stage.tick("EURUSD", 137_000, 137_010)
    assert stage.facts(BreachDeclared, account) == []
    stage.now_us = MIDNIGHT_US - SECOND_US
    stage.tick("EURUSD", bid, bid + 10)
    stage.now_us = MIDNIGHT_US + SECOND_US
    stage.tick("EURUSD", 138_690, 138_700)
    assert stage.facts(BreachDeclared, account) == []
    stage.watermark()
    found = [(fact.rule, fact.floor.minor, fact.observed.minor) for fact in stage.facts(BreachDeclared, account)]
    assert found == ([("daily", 99_400_00, 99_400_00)] if broken else [])


@pytest.mark.parametrize(
    ("on_payout", "floor"),
    [
        (OnPayout.NONE, 95_000_00),
        (OnPayout.HIGH_LESS_PAYOUT, 91_000_00),
        (OnPayout.RESET_TO_INITIAL, 90_000_00),
        (OnPayout.LOCK_AT_INITIAL, 100_000_00),
        (OnPayout.TO_ZERO, 0),
    ],
)
@pytest.mark.parametrize("trail", [Trail.ON_CLOSE, Trail.EVERY_TICK])
def test_a_payout_does_to_the_floor_what_the_rules_say(stage, trail, on_payout, floor):
    high = Anchor.BALANCE if trail is Trail.ON_CLOSE else Anchor.EQUITY
    account = trading(stage, replace(MAXIMUM, trail=trail, high=high, on_payout=on_payout))
    buy(stage, account, "1")
    close(stage, account, "1", profit="5_000.00")
    stage.cash(account, "-4_000.00", kind=CashKind.PAYOUT)
    state = stage.account(account)
    assert state.balance == 101_000_00
    [limit] = limits_of(state)
    assert limit.floor == floor
    assert stage.refolded().account(account) == state


# --- days and targets ---


def test_days_count_by_the_profit_that_they_made(stage):
    days = replace(DAYS, days_min=1, profit_min=Fixed(minor=500_00))
    account = trading(stage, MAXIMUM, TARGET, days)
    buy(stage, account, "1")
    close(stage, account, "1", profit="1_000.00")
    assert stage.facts(PhasePassed, account) == []
    stage.now_us = MIDNIGHT_US + SECOND_US
    stage.tick("EURUSD", 138_690, 138_700)
    [closed] = stage.facts(DayClosed, account)
    assert (closed.closed.minor, closed.openings, closed.closings, closed.round_trips) == (1_000_00, 1, 1, 1)
    buy(stage, account, "0.01", "P2")
    close(stage, account, "0.01", position="P2")
    stage.equity(account, "101_000.00", "101_000.00")
    assert len(stage.facts(PhasePassed, account)) == 1


def test_equity_must_stay_at_its_target(stage):
    held = replace(TARGET, measured=TargetMeasure.EQUITY, held_s=30, flat_required=False)
    account = trading(stage, MAXIMUM, held)
    buy(stage, account, "10")
    stage.equity(account, "99_900.00", "100_000.00")
    for after_s, bid in ((1, 138_800), (10, 138_799), (10, 138_800), (20, 138_801)):
        stage.wait(after_s)
        stage.tick("EURUSD", bid, bid + 10)
    assert [type(fact).__name__ for fact in stage.facts(None, account) if isinstance(fact, TargetReached | TargetLeft)] == [
        "TargetReached", "TargetLeft", "TargetReached",
    ]  # fmt: skip
    assert stage.facts(PhasePassed, account) == []
    for _ in range(2):
        stage.wait(60)
        stage.tick("EURUSD", 138_802, 138_812)
        stage.clock()
    assert len(stage.facts(PhasePassed, account)) == 1


def test_equity_that_need_not_stay_wins_at_the_price_that_brings_it(stage):
    account = trading(stage, MAXIMUM, replace(TARGET, measured=TargetMeasure.EQUITY, flat_required=False))
    buy(stage, account, "10")
    stage.equity(account, "99_900.00", "100_000.00")
    stage.wait(1)
    stage.tick("EURUSD", 138_799, 138_809)
    assert stage.facts(PhasePassed, account) == []
    stage.wait(1)
    stage.tick("EURUSD", 138_800, 138_810)
    assert len(stage.facts(PhasePassed, account)) == 1


def test_the_same_rows_give_the_same_account(stage):
    """Whatever rules remember is in the rows."""
    days = replace(DAYS, days_min=2, profit_min=Fixed(minor=1))
    account = trading(stage, MAXIMUM, replace(TARGET, latched=True), LOTS, HEDGING, days)
    buy(stage, account, "6")
    close(stage, account, "2", profit="900.00")
    stage.now_us = MIDNIGHT_US + SECOND_US
    stage.tick("EURUSD", 138_890, 138_900)
    close(stage, account, "4", 138_890, profit="760.00")
    stage.now_us += DAY_US
    stage.tick("EURUSD", 138_890, 138_900)
    assert stage.refolded().account(account) == stage.account(account)
