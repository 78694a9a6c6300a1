"""Floors of every scope, anchor, base, trail, lock and step are worked out again from the rows and the rules alone."""

import json
from types import ModuleType
from typing import Any

import pytest
from msgspec.structs import replace

from firm.facts import DayAnchored, Doubt, HighMoved
from firm.inputs import Side
from firm.terms.losses import Checked, Effective, FloorReaches, Measured, OnPayout, Step, Trail
from firm.terms.words import (
    Action,
    Anchor,
    BalanceGain,
    Boundary,
    EndOfDayBalance,
    EquityGain,
    Fixed,
    PayoutsMade,
    Scope,
    Share,
    ShareOf,
    ToGroup,
)
from storage import grounds
from tests.evidence.checking import derived, judged
from tests.evidence.conftest import usd
from tests.evidence.limits_of_today import (
    BY_SIZE,
    LIMIT,
    PHASE,
    TARGET,
    TODAY,
    a_week,
    end_day_with,
    floor_now,
    judge_rollover,
    lock,
    pay_out,
    peak,
    sold,
    trigger_of,
)
from tests.evidence.test_corrected_deals import corrected, newest_deal, told_of_change

MARKS = [Anchor.BALANCE, Anchor.EQUITY, Anchor.HIGHER, Anchor.LOWER]


# --- from where, and how much ---


ANCHORS = [
    (Scope.DAY, Anchor.BALANCE, 101_000_00),
    (Scope.DAY, Anchor.EQUITY, 105_000_00),
    (Scope.DAY, Anchor.HIGHER, 105_000_00),
    (Scope.DAY, Anchor.LOWER, 101_000_00),
    (Scope.DAY, Anchor.INITIAL, 95_000_00),
    (Scope.WEEK, Anchor.BALANCE, 99_000_00),
    (Scope.WEEK, Anchor.EQUITY, 101_000_00),
    (Scope.WEEK, Anchor.HIGHER, 101_000_00),
    (Scope.WEEK, Anchor.LOWER, 99_000_00),
    (Scope.WEEK, Anchor.INITIAL, 95_000_00),
    (Scope.PHASE, Anchor.INITIAL, 95_000_00),
]


@pytest.mark.parametrize(("scope", "anchor", "floor"), ANCHORS)
def test_a_floor_is_measured_from_the_mark_that_was_sold(
    story: Any, verifier: ModuleType, scope: Scope, anchor: Anchor, floor: int
) -> None:
    a_week(story, replace(LIMIT, scope=scope, anchor=anchor))
    assert judged(story, verifier)
    assert floor_now(story) == floor


AMOUNTS = [
    (Scope.DAY, Share(bp=333, of=ShareOf.ANCHOR), 102_470_20),
    (Scope.WEEK, Share(bp=333, of=ShareOf.ANCHOR), 100_536_80),
    (Scope.PHASE, Share(bp=333, of=ShareOf.ANCHOR), 96_670_00),
    (Scope.DAY, Fixed(minor=2_000_00), 104_000_00),
    (Scope.PHASE, Fixed(minor=2_000_00), 98_000_00),
    (Scope.DAY, BY_SIZE, 101_500_00),
    (Scope.PHASE, BY_SIZE, 95_500_00),
]


@pytest.mark.parametrize(("scope", "amount", "floor"), AMOUNTS)
def test_an_amount_is_a_share_a_sum_or_a_line_of_a_table(
    story: Any, verifier: ModuleType, scope: Scope, amount: Any, floor: int
) -> None:
    a_week(story, replace(LIMIT, scope=scope, amount=amount))
    assert judged(story, verifier)
    assert floor_now(story) == floor


@pytest.mark.parametrize("scope", [Scope.DAY, Scope.PHASE])
def test_what_is_granted_is_rounded_down_and_what_is_asked_up(story: Any, verifier: ModuleType, scope: Scope) -> None:
    """3.33 % of 99 999.99 is 3 329.999667."""
    story.initial = usd("99_999.99")
    odd = Share(bp=333, of=ShareOf.INITIAL)
    locks = lock(BalanceGain(gain=odd), Share(bp=7, of=ShareOf.INITIAL))
    step = Step(when=BalanceGain(gain=odd), amount=odd, effective=Effective.NOW)
    sold(story, replace(LIMIT, scope=scope, amount=odd, lock=locks, steps=(step,)))
    story.earn(story.ada, "3_329.99")  # one cent too little
    story.earn(story.ada, "-30_000.00")
    said = judged(story, verifier)
    assert "gain = 333000 minor" in said
    assert floor_now(story) == 99_999_99 - 3_329_99


@pytest.mark.parametrize("scope", [Scope.DAY, Scope.WEEK, Scope.PHASE])
def test_a_share_of_the_profit_target_is_worked_out_from_the_target_beside_it(
    story: Any, verifier: ModuleType, scope: Scope
) -> None:
    half, offset = Share(bp=5_000, of=ShareOf.TARGET), Share(bp=7, of=ShareOf.TARGET)
    locks = lock(BalanceGain(gain=Share(bp=9_000, of=ShareOf.TARGET)), offset)
    a_week(story, replace(LIMIT, scope=scope, amount=half, lock=locks), TARGET)
    assert "profit to make = 800000 minor" in judged(story, verifier)


# --- which highs it follows ---


@pytest.mark.parametrize("scope", [Scope.DAY, Scope.WEEK, Scope.PHASE])
@pytest.mark.parametrize("trail", [Trail.END_OF_DAY, Trail.ON_CLOSE, Trail.EVERY_TICK])
@pytest.mark.parametrize("high", MARKS)
def test_a_floor_follows_the_highs_of_its_scope(
    story: Any, verifier: ModuleType, scope: Scope, trail: Trail, high: Anchor
) -> None:
    a_week(story, replace(LIMIT, scope=scope, trail=trail, high=high))
    assert "the highest mark in the rows" in judged(story, verifier)


TRAILED = [
    (Scope.DAY, Trail.EVERY_TICK, Anchor.EQUITY, 105_000_00),
    (Scope.WEEK, Trail.EVERY_TICK, Anchor.EQUITY, 107_000_00),
    (Scope.PHASE, Trail.EVERY_TICK, Anchor.HIGHER, 107_000_00),
    (Scope.PHASE, Trail.END_OF_DAY, Anchor.LOWER, 101_000_00),
    (Scope.PHASE, Trail.ON_CLOSE, Anchor.BALANCE, 101_000_00),
    (Scope.WEEK, Trail.ON_CLOSE, Anchor.BALANCE, 101_000_00),
]


@pytest.mark.parametrize(("scope", "trail", "high", "floor"), TRAILED)
def test_so_each_trail_gives_its_own_floor(
    story: Any, verifier: ModuleType, scope: Scope, trail: Trail, high: Anchor, floor: int
) -> None:
    a_week(story, replace(LIMIT, scope=scope, trail=trail, high=high))
    assert judged(story, verifier)
    assert floor_now(story) == floor


def test_a_share_of_the_high_grows_with_it(story: Any, verifier: ModuleType) -> None:
    a_week(story, replace(PHASE, trail=Trail.EVERY_TICK, amount=Share(bp=500, of=ShareOf.HIGH)))
    assert judged(story, verifier)
    assert floor_now(story) == 106_400_00


@pytest.mark.parametrize("scope", [Scope.DAY, Scope.WEEK, Scope.PHASE])
def test_highs_of_several_limits_are_kept_apart(story: Any, verifier: ModuleType, scope: Scope) -> None:
    """Cash moves each of them, by a row of its own; the decision follows the ones of its own limit."""
    others = (
        replace(LIMIT, id="day", trail=Trail.EVERY_TICK, high=Anchor.HIGHER),
        replace(PHASE, id="closed", trail=Trail.ON_CLOSE, high=Anchor.BALANCE),
        replace(PHASE, id="days", trail=Trail.END_OF_DAY, high=Anchor.LOWER, on_payout=OnPayout.RESET_TO_INITIAL),
    )
    a_week(story, *others, replace(LIMIT, scope=scope, trail=Trail.EVERY_TICK, high=Anchor.HIGHER))
    story.deposit(story.ada, "700.00")
    assert judged(story, verifier)


def test_cash_moves_the_start_of_a_week_s_first_day(story: Any, verifier: ModuleType) -> None:
    sold(story, replace(LIMIT, scope=Scope.WEEK))
    story.deposit(story.ada, "700.00")
    story.earn(story.ada, "-6_000.00")
    assert judged(story, verifier)
    assert floor_now(story) == 95_700_00


def test_a_week_s_start_that_becomes_final_is_cited_from_there(story: Any, verifier: ModuleType) -> None:
    story.both_open(replace(TODAY, terms=(replace(LIMIT, scope=Scope.WEEK),)), provisional=True)
    start = story.anchor_day(story.ada)
    story.earn(story.ada, "-6_000.00")
    assert f"the week's start in row {start}" in judged(story, verifier)


def test_a_week_that_began_before_the_rows_is_said_not_to_be_shown(story: Any, verifier: ModuleType) -> None:
    a_week(story, replace(LIMIT, scope=Scope.WEEK))
    monday = story.states[story.ada].track.week.seq
    said = judged(story, verifier)
    assert f"NOT shown: that row {monday} begins the week" in said


def test_of_a_day_s_peak_that_a_final_start_proves_wrong_the_final_one_counts(story: Any, verifier: ModuleType) -> None:
    story.both_open(replace(TODAY, terms=(replace(LIMIT, trail=Trail.EVERY_TICK),)), provisional=True)
    start = story.anchor_day(story.ada)
    story.earn(story.ada, "-6_000.00")
    assert f"highest mark = 10000000 minor (given by {start}/equity/minor)" in judged(story, verifier)


def test_a_correction_moves_the_highs_that_were_reached_since(story: Any, verifier: ModuleType) -> None:
    """Of two limits: the balance was at its highest before the deal, the days' highest start after it."""
    sold(
        story,
        replace(PHASE, id="closed", trail=Trail.ON_CLOSE, high=Anchor.BALANCE),
        replace(PHASE, trail=Trail.END_OF_DAY),
    )
    story.earn(story.ada, "9_000.00")
    story.trade(story.ada, "p1", "EURUSD", Side.BUY, 100_000_000, 138_702, net="-3_000.00")
    deal = newest_deal(story)
    story.next_day()
    story.price("EURUSD", 138_702, 138_704)
    story.open_day(story.ada)
    state = story.states[story.ada]
    corrected(story, told_of_change(story, deal, profit=state.money(-4_000_00)))
    start, high = state.day, state.track.highs[1]
    marks = {"balance": state.money(start.balance - 1_000_00), "equity": state.money(start.equity - 1_000_00)}
    story.add(DayAnchored(day=start.day, **marks, changed=True, priced=True), story.ada)
    moved = HighMoved(of=high.key.of, scope=high.key.scope, on_payout=high.key.on_payout, high=marks["equity"])
    row = story.add(moved, story.ada)
    story.earn(story.ada, "-30_000.00")
    assert f"highest mark = 10500000 minor (given by {row}/high/minor)" in judged(story, verifier)


# --- where it stops, and what changes the amount ---


TRIGGERS = [
    *(
        pytest.param(trigger_of(kind, minor), id=f"{kind.__name__} of {minor // 100}")
        for kind in (BalanceGain, EndOfDayBalance, EquityGain)
        for minor in (5_000_00, 50_000_00)
    ),
    pytest.param(PayoutsMade(count=1), id="a payout"),
    pytest.param(PayoutsMade(count=2), id="a second payout"),
]
OFFSETS = [Fixed(minor=50_00), Share(bp=7, of=ShareOf.INITIAL)]


@pytest.mark.parametrize("trigger", [pytest.param(FloorReaches(), id="the floor itself"), *TRIGGERS])
@pytest.mark.parametrize("offset", OFFSETS)
@pytest.mark.parametrize("scope", [Scope.DAY, Scope.PHASE])
def test_a_lock_is_worked_out_again(story: Any, verifier: ModuleType, trigger: Any, offset: Any, scope: Scope) -> None:
    a_week(story, replace(LIMIT, scope=scope, trail=Trail.EVERY_TICK, lock=lock(trigger, offset)), payout=True)
    assert judged(story, verifier)


@pytest.mark.parametrize("trigger", TRIGGERS)
@pytest.mark.parametrize("effective", list(Effective))
def test_a_step_is_worked_out_again(story: Any, verifier: ModuleType, trigger: Any, effective: Effective) -> None:
    steps = (
        Step(when=trigger, amount=Share(bp=300, of=ShareOf.INITIAL), effective=effective),
        Step(when=trigger_of(BalanceGain, 6_000_00), amount=Fixed(minor=100_00), effective=Effective.NEXT_DAY),
    )
    a_week(story, replace(PHASE, steps=steps), payout=True)
    assert judged(story, verifier)


def test_a_step_that_waits_for_the_next_day_waits(story: Any, verifier: ModuleType) -> None:
    """All of it on the account's first day: nothing has to be believed of before."""
    step = Step(when=trigger_of(BalanceGain, 5_000_00), amount=Fixed(minor=0), effective=Effective.NEXT_DAY)
    sold(story, replace(PHASE, steps=(step,)))
    story.earn(story.ada, "5_000.00")
    story.earn(story.ada, "-10_000.00")
    assert judged(story, verifier).count("NOT") == 1  # whether it was corrected since
    assert floor_now(story) == 95_000_00
    story.next_day()
    story.open_day(story.ada)
    story.earn(story.ada, "-1.00")
    assert judged(story, verifier)
    assert floor_now(story) == 100_000_00


def test_equity_that_was_reached_today_takes_a_step_tomorrow(story: Any, verifier: ModuleType) -> None:
    step = Step(when=trigger_of(EquityGain, 5_000_00), amount=Fixed(minor=0), effective=Effective.NEXT_DAY)
    sold(story, replace(PHASE, steps=(step,)))
    row = peak(story, 105_000_00)
    story.earn(story.ada, "-6_000.00")
    assert judged(story, verifier).count("NOT") == 1  # whether it was corrected since
    assert floor_now(story) == 95_000_00
    story.next_day()
    story.open_day(story.ada)
    story.earn(story.ada, "-1.00")
    assert f"highest so far = 10500000 minor (given by {row}/equity/minor)" in judged(story, verifier)
    assert floor_now(story) == 100_000_00


def test_levels_that_were_reached_before_the_rows_are_said_not_to_be_shown(story: Any, verifier: ModuleType) -> None:
    a_week(story, replace(PHASE, lock=lock(trigger_of(EquityGain, 5_000_00))))
    said = judged(story, verifier)
    assert "NOT shown: that the highest so far in row" in said
    assert "with which a level was reached earlier" in said


# --- what is measured, and payouts ---


@pytest.mark.parametrize("measured", list(Measured))
@pytest.mark.parametrize("boundary", list(Boundary))
def test_what_was_sold_is_held_against_the_floor(
    story: Any, verifier: ModuleType, measured: Measured, boundary: Boundary
) -> None:
    a_week(story, replace(LIMIT, measured=measured, boundary=boundary))
    assert judged(story, verifier)


@pytest.mark.parametrize("on_payout", list(OnPayout))
@pytest.mark.parametrize("trail", [Trail.STATIC, Trail.ON_CLOSE, Trail.END_OF_DAY])
@pytest.mark.parametrize("scope", [Scope.DAY, Scope.WEEK, Scope.PHASE])
def test_a_payout_does_to_the_floor_what_was_sold(
    story: Any, verifier: ModuleType, on_payout: OnPayout, trail: Trail, scope: Scope
) -> None:
    terms = replace(LIMIT, scope=scope, trail=trail, high=Anchor.BALANCE, on_payout=on_payout)
    a_week(story, terms, payout=True, result="-130_000.00")
    assert judged(story, verifier)


PAID = [
    (OnPayout.NONE, None, 101_000_00),
    (OnPayout.HIGH_LESS_PAYOUT, None, 100_000_00),
    (OnPayout.RESET_TO_INITIAL, None, 95_000_00),
    (OnPayout.LOCK_AT_INITIAL, None, 100_000_00),
    (OnPayout.LOCK_AT_INITIAL, lock(FloorReaches(), Fixed(minor=50_00)), 100_050_00),
    (OnPayout.TO_ZERO, None, 0),
]


@pytest.mark.parametrize(("on_payout", "locks", "floor"), PAID)
def test_so_a_high_comes_down_begins_anew_or_stays(
    story: Any, verifier: ModuleType, on_payout: OnPayout, locks: Any, floor: int
) -> None:
    terms = replace(PHASE, trail=Trail.ON_CLOSE, high=Anchor.BALANCE, on_payout=on_payout, lock=locks)
    sold(story, terms)
    story.price("EURUSD", 138_700, 138_702)
    story.earn(story.ada, "6_000.00")
    story.trade(story.ada, "p1", "EURUSD", Side.BUY, 100_000_000, 138_702, net="0")
    pay_out(story, 1_000_00)
    story.trade(story.ada, "p1", "EURUSD", Side.BUY, 0, 138_702, net="-110_000.00")
    assert judged(story, verifier)
    assert floor_now(story) == floor


LOCKED = [
    pytest.param(Trail.ON_CLOSE, FloorReaches(), id="by the floor, on closes"),
    pytest.param(Trail.EVERY_TICK, FloorReaches(), id="by the floor, with every price"),
    pytest.param(Trail.END_OF_DAY, FloorReaches(), id="by the floor, at the end of the day"),
    pytest.param(Trail.ON_CLOSE, trigger_of(BalanceGain, 6_000_00), id="by a gain of the balance"),
    pytest.param(Trail.EVERY_TICK, trigger_of(EquityGain, 6_000_00), id="by a gain of equity"),
    pytest.param(Trail.END_OF_DAY, trigger_of(EndOfDayBalance, 6_000_00), id="by a day's end"),
]


@pytest.mark.parametrize("on_payout", [OnPayout.HIGH_LESS_PAYOUT, OnPayout.RESET_TO_INITIAL])
@pytest.mark.parametrize(("trail", "trigger"), LOCKED)
@pytest.mark.parametrize("permanent", [True, False])
def test_only_a_payout_under_a_lock_that_is_not_permanent_unlocks_the_floor(
    story: Any, verifier: ModuleType, trail: Trail, trigger: Any, on_payout: OnPayout, permanent: bool
) -> None:
    high = Anchor.EQUITY if trail is Trail.EVERY_TICK else Anchor.BALANCE
    terms = replace(PHASE, trail=trail, high=high, on_payout=on_payout, lock=lock(trigger, permanent=permanent))
    sold(story, terms)
    story.earn(story.ada, "6_000.00")
    peak(story, 106_000_00)
    story.next_day()
    story.open_day(story.ada)
    pay_out(story, 6_000_00)
    story.earn(story.ada, "-30_000.00")
    assert judged(story, verifier)
    assert floor_now(story) == (100_000_00 if permanent else 95_000_00)


@pytest.mark.parametrize("trigger", [FloorReaches(), trigger_of(EquityGain, 6_000_00)])
def test_what_was_reached_before_a_payout_is_no_more_than_it_was(
    story: Any, verifier: ModuleType, trigger: Any
) -> None:
    """A firm that writes a higher one would lock a floor that never came to its lock."""
    terms = replace(
        PHASE, trail=Trail.EVERY_TICK, on_payout=OnPayout.HIGH_LESS_PAYOUT, lock=lock(trigger, permanent=True)
    )
    sold(story, terms)
    peak(story, 104_000_00)
    pay_out(story, 2_000_00, told=1)
    story.earn(story.ada, "-30_000.00")
    with pytest.raises(verifier.Refused, match="moves the highest mark to 10400001"):
        judged(story, verifier)


def test_each_payout_of_the_day_lowers_what_it_is_measured_from(story: Any, verifier: ModuleType) -> None:
    sold(story, replace(LIMIT, on_payout=OnPayout.HIGH_LESS_PAYOUT))
    pay_out(story, 1_000_00)
    pay_out(story, 500_00)
    story.earn(story.ada, "-10_000.00")
    assert "starting figure after payout 2 = 9850000 minor" in judged(story, verifier)


def test_a_payout_of_before_the_day_lowers_nothing_of_it(story: Any, verifier: ModuleType) -> None:
    """The lock has the file begin with the day before, in which the highest balance was booked."""
    sold(story, replace(LIMIT, on_payout=OnPayout.HIGH_LESS_PAYOUT, lock=lock(trigger_of(BalanceGain, 50_000_00))))
    story.earn(story.ada, "1_000.00")
    pay_out(story, 500_00)
    story.next_day()
    story.open_day(story.ada)
    story.earn(story.ada, "-10_000.00")
    assert "payout 1" not in judged(story, verifier)
    assert floor_now(story) == 95_500_00


def test_a_week_s_high_may_have_been_reached_before_the_rows(story: Any, verifier: ModuleType) -> None:
    """On Saturday nobody can tell whether the week's high is from before a deal of Friday, which is corrected now."""
    sold(story, LIMIT, replace(LIMIT, id="week", scope=Scope.WEEK, trail=Trail.ON_CLOSE, high=Anchor.BALANCE))
    story.earn(story.ada, "-100.00")
    deal = newest_deal(story)
    story.next_day()
    story.open_day(story.ada)
    state = story.states[story.ada]
    report = told_of_change(story, deal, profit=state.money(-50_00))
    corrected(story, report, lots_e8=0)
    marks = {name: state.money(getattr(state.day, name) + 50_00) for name in ("balance", "equity")}
    story.add(DayAnchored(day=state.day.day, **marks, changed=True, priced=True), story.ada)
    story.earn(story.ada, "-6_000.00")
    assert judged(story, verifier)


@pytest.mark.parametrize("does", [Action.RESTRICT, Action.FAIL])
def test_a_deal_that_came_late_breaks_a_limit_of_the_balance_as_it_is_now(
    story: Any, verifier: ModuleType, does: Action
) -> None:
    """It restricts at once; nobody fails by it without a second look."""
    sold(story, replace(LIMIT, measured=Measured.BALANCE, on_breach=(does,)))
    story.earn(story.ada, "-1_000.00")
    story.at_us -= 10_000  # told late, of before
    story.earn(story.ada, "-6_000.00")
    decision = story.judge(story.ada, "asked")
    if does is Action.RESTRICT:
        assert "was held, or the day begun, at instant" in derived(story, verifier, decision)
    else:
        with pytest.raises(verifier.Refused, match="lies before the book that it is judged on"):
            derived(story, verifier, decision)


# --- the rollover ---


AT_ROLLOVER = replace(LIMIT, checked=Checked.AT_ROLLOVER)


@pytest.mark.parametrize("measured", list(Measured))
def test_the_marks_of_a_rollover_are_held_against_the_floor_with_which_the_day_ended(
    story: Any, verifier: ModuleType, monkeypatch: pytest.MonkeyPatch, measured: Measured
) -> None:
    sold(story, replace(AT_ROLLOVER, measured=measured))
    story.earn(story.ada, "-6_000.00")
    row = end_day_with(story, asked=95_000_00)
    decision = judge_rollover(story)
    assert "worked out from the rule and the rows before" in derived(story, verifier, decision)
    monkeypatch.setattr(grounds, "CHAIN_ROWS_MAX", 1)  # of an account whose rows are too many, the day alone
    assert f"NOT shown: that the day ended with the floor in row {row}" in derived(story, verifier, decision)


def test_the_floor_with_which_a_day_ended_is_worked_out_where_its_rows_are_in_the_file(
    story: Any, verifier: ModuleType
) -> None:
    sold(story, AT_ROLLOVER, replace(AT_ROLLOVER, id="phase", scope=Scope.PHASE, anchor=Anchor.INITIAL))
    story.earn(story.ada, "-6_000.00")
    end_day_with(story, by_deal=True, asked=95_000_00, phase=95_000_00)
    assert "worked out from the rule and the rows before" in derived(story, verifier, judge_rollover(story))


def test_a_payout_lowers_the_peak_that_a_floor_follows(story: Any, verifier: ModuleType) -> None:
    sold(story, replace(PHASE, trail=Trail.EVERY_TICK, on_payout=OnPayout.RESET_TO_INITIAL))
    peak(story, 108_000_00)
    pay_out(story, 1_000_00)
    story.earn(story.ada, "-10_000.00")
    assert judged(story, verifier)
    assert floor_now(story) == 95_000_00


# --- strikes and consequences ---


def test_each_breach_does_what_the_rule_says_of_its_number(story: Any, verifier: ModuleType) -> None:
    regrouped = ToGroup(group="slow")
    sold(story, replace(LIMIT, on_breach=(Action.WARN, regrouped, Action.FAIL)))
    story.earn(story.ada, "-6_000.00")
    for does in ('"warn"', '{"type": "to_group", "group": "slow"}', '"fail"'):
        said = judged(story, verifier)
        assert f"what the breach does, {does}, by how often the rule was broken before" in said


@pytest.mark.parametrize(
    ("within", "does"),
    [(Scope.DAY, Action.WARN), (Scope.WEEK, Action.WARN), (Scope.CYCLE, Action.WARN), (Scope.PHASE, Action.FAIL)],
)
def test_strikes_are_forgotten_with_their_scope(
    story: Any, verifier: ModuleType, monkeypatch: pytest.MonkeyPatch, within: Scope, does: Action
) -> None:
    """One breach on Friday; on Monday, after a payout, another."""
    sold(story, replace(LIMIT, on_breach=(Action.WARN, Action.FAIL), strikes_within=within))
    story.earn(story.ada, "-6_000.00")
    assert judged(story, verifier)
    for _ in range(3):
        story.next_day()
        story.open_day(story.ada)
    pay_out(story, 1_00)
    story.earn(story.ada, "-6_000.00")
    decision = story.judge(story.ada, "asked")
    said = derived(story, verifier, decision)
    assert json.loads(json.loads(story.bundle(decision))["rows"][-1]["payload"])["does"] == does
    assert "by how often the rule was broken before" in said
    monkeypatch.setattr(grounds, "CHAIN_ROWS_MAX", 1)  # of an account whose rows are too many, the day alone
    said = derived(story, verifier, decision)
    assert ("NOT shown: how often rule 'asked' was broken before row" in said) == (within is Scope.PHASE)


def test_a_breach_that_is_reviewed_is_suspected_and_confirmed(story: Any, verifier: ModuleType) -> None:
    sold(story, replace(LIMIT, on_breach=(Action.REVIEW,), scope=Scope.WEEK, anchor=Anchor.LOWER))
    story.earn(story.ada, "-6_000.00")
    assert derived(story, verifier, story.judge(story.ada, "asked", (Doubt.REVIEW_REQUIRED,)))
    assert "confirmed by a person" in derived(story, verifier, story.confirm(story.ada, reviewed=True))
