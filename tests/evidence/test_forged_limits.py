"""A firm that judges a loss limit by other words than it sold, or by highs and strikes of its own making, is found out."""

from types import ModuleType
from typing import Any

import pytest
from msgspec.structs import replace

from firm.facts import CashBooked, DayAnchored, Doubt, HighMoved
from firm.inputs import CashKind, CashReported
from firm.terms.losses import Checked, Effective, FloorReaches, LossLimit, Measured, OnPayout, Step, Trail
from firm.terms.words import Action, Anchor, BalanceGain, EquityGain, PayoutsMade, Scope, Share, ShareOf, ToLeverage
from firm.track import HighOf
from firm.trading_day import DayLabel, LabelledCalendar
from tests.evidence.limits_of_today import (
    BY_SIZE,
    LIMIT,
    PHASE,
    TODAY,
    a_week,
    end_day_with,
    gain,
    judge_rollover,
    judging_by,
    lock,
    pay_out,
    peak,
    sold,
    trigger_of,
)

Told = dict[str, Any]


pytestmark = pytest.mark.usefixtures("silent")


def refused(story: Any, verifier: ModuleType, why: str) -> None:
    decision = story.judge(story.ada, "asked")
    with pytest.raises(verifier.Refused, match=why):
        verifier.verify(story.bundle(decision))


# --- other words than were sold ---

ON_CLOSE = replace(PHASE, trail=Trail.ON_CLOSE, high=Anchor.BALANCE)
NEXT_DAY = Step(when=trigger_of(BalanceGain, 1_000_00), amount=gain(0), effective=Effective.NEXT_DAY)
LATER = Step(when=trigger_of(BalanceGain, 20_000_00), amount=gain(0), effective=Effective.NOW)
AT_ONCE = Share(bp=100, of=ShareOf.INITIAL)

WORDS = [
    pytest.param(
        replace(LIMIT, anchor=Anchor.LOWER), {"anchor": Anchor.HIGHER}, "lower of balance", id="another anchor"
    ),
    pytest.param(LIMIT, {"anchor": Anchor.EQUITY}, "it is balance at day start", id="the equity for the balance"),
    pytest.param(
        replace(LIMIT, anchor=Anchor.INITIAL),
        {"anchor": Anchor.BALANCE},
        "it is initial balance",
        id="a day's start for the initial balance",
    ),
    pytest.param(LIMIT, {"scope": Scope.WEEK}, "it is balance at day start", id="the week for the day"),
    pytest.param(
        replace(LIMIT, scope=Scope.WEEK), {"scope": Scope.DAY}, "it is balance at week start", id="the day for the week"
    ),
    pytest.param(LIMIT, {"amount": AT_ONCE}, "by the rows and the rules it is .* 500 bp", id="another percentage"),
    pytest.param(
        LIMIT,
        {"amount": Share(bp=500, of=ShareOf.ANCHOR)},
        "rules it is initial balance = 10000000",
        id="a share of another figure",
    ),
    pytest.param(
        replace(LIMIT, amount=BY_SIZE),
        {"amount": replace(BY_SIZE, table=BY_SIZE.table[::-1])},
        r"amount/table/1/minor",
        id="a line of another size",
    ),
    pytest.param(
        replace(ON_CLOSE, lock=lock(FloorReaches())),
        {"lock": None},
        "it is lock above initial balance",
        id="a lock that is ignored",
    ),
    pytest.param(
        replace(ON_CLOSE, lock=lock(trigger_of(EquityGain, 9_000_00))),
        {"lock": None},
        "by the rows and the rules it is gain to reach",
        id="a lock's trigger that is ignored",
    ),
    pytest.param(
        PHASE,
        {"lock": lock(trigger_of(EquityGain, 9_000_00))},
        "rules it is equity at or below the floor",
        id="a lock that was never sold",
    ),
    pytest.param(
        replace(PHASE, lock=lock(trigger_of(BalanceGain, 9_000_00))),
        {"lock": lock(trigger_of(BalanceGain, 1_000_00))},
        "it is gain to reach = 900000",
        id="a lock too early",
    ),
    pytest.param(
        replace(PHASE, steps=(LATER,)),
        {"steps": (replace(LATER, when=trigger_of(BalanceGain, 2_000_00)),)},
        "it is gain to reach = 2000000",
        id="a step that was not reached",
    ),
    pytest.param(PHASE, {"steps": (NEXT_DAY,)}, "it is initial balance that was sold", id="a step that was never sold"),
    pytest.param(
        ON_CLOSE,
        {"trail": Trail.EVERY_TICK, "high": Anchor.EQUITY},
        "which is no mark of closed of the phase",
        id="another trail",
    ),
    pytest.param(PHASE, {"trail": Trail.EVERY_TICK}, "it is maximum-loss floor", id="a trail that was never sold"),
    pytest.param(
        LIMIT, {"measured": Measured.EITHER}, "it is balance at day start", id="the lower of equity and balance"
    ),
    pytest.param(
        replace(LIMIT, measured=Measured.BOTH),
        {"measured": Measured.EITHER},
        "it is higher of equity and balance",
        id="either for both",
    ),
    pytest.param(
        replace(PHASE, on_payout=OnPayout.TO_ZERO),
        {"on_payout": OnPayout.NONE},
        "it is number of the first payout",
        id="a payout that ends no floor",
    ),
    pytest.param(
        PHASE,
        {"on_payout": OnPayout.LOCK_AT_INITIAL},
        "it is initial balance that was sold",
        id="a payout that lifts a floor",
    ),
    pytest.param(
        replace(LIMIT, on_payout=OnPayout.HIGH_LESS_PAYOUT),
        {"on_payout": OnPayout.NONE},
        "it is payout 1 = 100000",
        id="a payout that does not lower the day's floor",
    ),
    pytest.param(
        replace(PHASE, lock=lock(PayoutsMade(count=2))),
        {"lock": lock(PayoutsMade(count=1))},
        "it is payouts needed = 2",
        id="a payout too few",
    ),
]


@pytest.mark.parametrize(("terms", "instead", "why"), WORDS)
def test_a_floor_by_other_words_is_refused(
    story: Any, verifier: ModuleType, terms: LossLimit, instead: Told, why: str
) -> None:
    beside = replace(
        PHASE, id="beside", trail=Trail.EVERY_TICK, steps=(replace(NEXT_DAY, effective=Effective.NOW), NEXT_DAY)
    )
    week = replace(ON_CLOSE, id="closed", scope=Scope.PHASE)
    a_week(story, terms, beside, week, payout=True)
    with judging_by(story, replace(terms, **instead), beside, week):
        refused(story, verifier, why)


def test_a_step_that_waits_for_the_next_day_is_not_applied_at_once(story: Any, verifier: ModuleType) -> None:
    honest = replace(PHASE, steps=(NEXT_DAY,))
    at_once = replace(NEXT_DAY, effective=Effective.NOW)
    beside = replace(PHASE, id="beside", steps=(at_once,))  # for which the same high is kept
    sold(story, honest, beside)
    story.earn(story.ada, "5_000.00")
    story.earn(story.ada, "-6_000.00")
    with judging_by(story, replace(honest, steps=(at_once,)), beside):
        refused(story, verifier, "is highest so far = 10500000 .*; by the rows .* highest so far = 10000000")


# --- highs of its own making ---


def test_a_high_that_was_never_reached_is_refused(story: Any, verifier: ModuleType) -> None:
    sold(story, ON_CLOSE)
    story.earn(story.ada, "4_000.00")
    higher(story, 10_900_000)
    story.earn(story.ada, "-20_000.00")
    refused(
        story, verifier, "highest mark = 10900000 minor .*; by the rows and the rules it is highest mark = 10400000"
    )


def test_a_high_of_another_row_is_refused(story: Any, verifier: ModuleType) -> None:
    sold(story, replace(PHASE, trail=Trail.END_OF_DAY, high=Anchor.LOWER))
    row = peak(story, 10_900_000)
    story.earn(story.ada, "-20_000.00")
    higher(story, 10_900_000, f"{row}/equity/minor")
    refused(story, verifier, r"given by [0-9]+/equity/minor\); by the rows .*given by [0-9]+/(initial|balance)/minor")


def test_a_high_of_before_the_rows_is_of_the_kind_that_was_sold(story: Any, verifier: ModuleType) -> None:
    """An equity high is no closed balance."""
    sold(story, ON_CLOSE)
    row = peak(story, 10_900_000)
    story.next_day()
    story.open_day(story.ada)
    story.earn(story.ada, "-20_000.00")
    higher(story, 10_900_000, f"{row}/equity/minor")
    refused(story, verifier, "which is no mark of closed of the phase")


def test_a_high_moves_only_with_what_was_booked(story: Any, verifier: ModuleType) -> None:
    sold(story, ON_CLOSE)
    move(story, 10_900_000)
    story.earn(story.ada, "-20_000.00")
    refused(story, verifier, "moves a mark, and no deposit, withdrawal or correction caused it")


def test_a_deposit_moves_each_high(story: Any, verifier: ModuleType) -> None:
    sold(story, ON_CLOSE)
    anchored_after_a_deposit(story)
    story.earn(story.ada, "-20_000.00")
    refused(story, verifier, "is no HighMoved of closed of the phase")


def test_a_deposit_moves_the_peak(story: Any, verifier: ModuleType) -> None:
    sold(story, replace(PHASE, trail=Trail.EVERY_TICK))
    anchored_after_a_deposit(story)
    story.earn(story.ada, "-20_000.00")
    refused(story, verifier, "is no PeakReached, with which cash must move the marks")


def test_a_high_moves_by_what_was_deposited(story: Any, verifier: ModuleType) -> None:
    sold(story, ON_CLOSE)
    anchored_after_a_deposit(story)
    move(story, 10_030_001)
    story.earn(story.ada, "-20_000.00")
    refused(story, verifier, "moves the highest mark to 10030001, which is not by 30000")


def test_a_deposit_moves_no_other_high_in_its_place(story: Any, verifier: ModuleType) -> None:
    sold(story, ON_CLOSE)
    anchored_after_a_deposit(story)
    high = story.states[story.ada].money(10_030_000)
    story.add(HighMoved(of=HighOf.PRICED, scope=Scope.WEEK, on_payout=OnPayout.NONE, high=high), story.ada)
    story.earn(story.ada, "-20_000.00")
    refused(story, verifier, r"is no HighMoved of closed of the phase \(on a payout: none\)")


def anchored_after_a_deposit(story: Any) -> None:
    """A deposit that has moved the day's start, and nothing else yet."""
    story.deposit(story.ada, "300.00", moves=False)
    state = story.states[story.ada]
    marks = {name: state.money(getattr(state.day, name) + 300_00) for name in ("balance", "equity")}
    story.add(DayAnchored(day=state.day.day, **marks, changed=True, priced=True), story.ada)


# --- payouts ---


PAYOUTS = [
    pytest.param({"moves": False}, "is no HighMoved of closed of the phase", id="a high that stays"),
    pytest.param({"told": 50_00}, "moves the highest mark to 10505000, which is not by -100000", id="a high that moves too little"),
    pytest.param({"number": 2}, "is payout 2, the newest was 0", id="a number that is not its own"),
    pytest.param({"number": 0}, "is payout 0, the newest was 0", id="no number"),
    pytest.param({"profit": 900_00}, "pays 90000 out, the platform reported -100000", id="less than was taken"),
    pytest.param({"paid": 2_000_00}, "pays the trader 200000 of 100000", id="more for the trader than there was"),
    pytest.param({"balance": 10_000_000}, "and -100000 do not make", id="a balance that does not come down"),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "why"), PAYOUTS)
def test_a_payout_that_does_not_lower_what_it_should_is_refused(
    story: Any, verifier: ModuleType, wrong: Told, why: str
) -> None:
    sold(story, replace(ON_CLOSE, on_payout=OnPayout.HIGH_LESS_PAYOUT))
    story.earn(story.ada, "6_000.00")
    money = story.states[story.ada].money
    pay_out(
        story,
        1_000_00,
        **{name: money(value) if name in ("profit", "paid", "balance") else value for name, value in wrong.items()},
    )
    story.earn(story.ada, "-30_000.00")
    refused(story, verifier, why)


def test_a_payout_resets_a_high_to_the_initial_balance(story: Any, verifier: ModuleType) -> None:
    sold(story, replace(ON_CLOSE, on_payout=OnPayout.RESET_TO_INITIAL))
    story.earn(story.ada, "6_000.00")
    pay_out(story, 1_000_00, told=1)
    story.earn(story.ada, "-30_000.00")
    refused(story, verifier, "moves the highest mark to 10000001")


def test_a_payout_that_leaves_the_peak_is_refused(story: Any, verifier: ModuleType) -> None:
    sold(story, replace(PHASE, trail=Trail.EVERY_TICK, on_payout=OnPayout.HIGH_LESS_PAYOUT))
    pay_out(story, 1_000_00, moves=False)
    story.earn(story.ada, "-30_000.00")
    refused(story, verifier, "is no PeakReached")


def test_a_peak_begins_anew_at_the_initial_balance(story: Any, verifier: ModuleType) -> None:
    sold(story, replace(PHASE, trail=Trail.EVERY_TICK, on_payout=OnPayout.RESET_TO_INITIAL))
    pay_out(story, 1_000_00, told=1)
    story.earn(story.ada, "-30_000.00")
    refused(story, verifier, "moves the peak to 10000001, it begins anew at 10000000")


@pytest.mark.parametrize(("kind", "minor"), [(CashKind.PAYOUT, -100_00), (CashKind.DIVIDEND, 100_00)])
def test_profit_is_booked_as_no_withdrawal_and_no_deposit(
    story: Any, verifier: ModuleType, kind: CashKind, minor: int
) -> None:
    """It would move each floor with it, or none."""
    sold(story, LIMIT)
    money = story.states[story.ada].money
    report = CashReported(
        bridge="sim", seq=1, cash_id="c", cash_kind=kind, amount=money(minor), balance_after=money(10_000_000 + minor), t_us=story.at_us
    )  # fmt: skip
    story.report(report, story.ada)
    story.add(
        CashBooked(cash_id="c", amount=money(minor), balance=money(10_000_000 + minor), net=money(minor)), story.ada
    )
    story.earn(story.ada, "-30_000.00")
    refused(story, verifier, f"books a {kind.value} as a deposit or withdrawal")


# --- the rollover ---


AT_ROLLOVER = replace(LIMIT, checked=Checked.AT_ROLLOVER)
ROLLOVERS = [
    pytest.param({"at_us": 1_399_000_000_000_000}, "says at_us 1399000000000000", id="another instant"),
    pytest.param({"does": Action.WARN, "severity": "soft"}, 'says that the breach does "warn"', id="another consequence"),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "why"), ROLLOVERS)
def test_a_rollover_breaks_as_it_was_sold(story: Any, verifier: ModuleType, wrong: Told, why: str) -> None:
    sold(story, AT_ROLLOVER)
    story.earn(story.ada, "-6_000.00")
    end_day_with(story, asked=95_000_00)
    story.alter = lambda told: told.update(wrong)
    with pytest.raises(verifier.Refused, match=why):
        verifier.verify(story.bundle(judge_rollover(story)))


@pytest.mark.parametrize(
    ("floors", "why"),
    [
        ({"asked": 9_600_000, "other": 9_500_000}, "floor of 9600000 under 'asked', it was 9500000"),
        ({"asked": 9_500_000}, r"ends the day with the floors of \['asked'\]"),
    ],
)
def test_a_day_ends_with_its_own_floors(story: Any, verifier: ModuleType, floors: dict[str, int], why: str) -> None:
    sold(story, AT_ROLLOVER, replace(AT_ROLLOVER, id="other"))
    story.earn(story.ada, "-6_000.00")
    end_day_with(story, by_deal=True, **floors)
    with pytest.raises(verifier.Refused, match=why):
        verifier.verify(story.bundle(judge_rollover(story)))


def test_a_limit_of_the_rollover_is_not_broken_by_a_price(story: Any, verifier: ModuleType) -> None:
    sold(story, AT_ROLLOVER)
    story.earn(story.ada, "-6_000.00")
    refused(story, verifier, "judges no rollover that became final with row")


def test_a_rollover_is_judged_with_what_made_it_final(story: Any, verifier: ModuleType) -> None:
    sold(story, AT_ROLLOVER)
    story.earn(story.ada, "-6_000.00")
    end_day_with(story, asked=95_000_00)
    story.clock()
    with pytest.raises(verifier.Refused, match="judges no rollover that became final with row"):
        verifier.verify(story.bundle(judge_rollover(story)))


# --- strikes and what they do ---


def test_a_strike_that_was_not_counted_is_found(story: Any, verifier: ModuleType) -> None:
    sold(story, replace(LIMIT, on_breach=(Action.WARN, Action.FAIL)))
    story.earn(story.ada, "-6_000.00")
    story.judge(story.ada, "asked")
    story.alter = lambda told: told.update(does=Action.WARN, severity="soft")
    refused(story, verifier, 'says that the breach does "warn", by the rule it does "fail"')


@pytest.mark.parametrize("does", [Action.FAIL, Action.PAUSE, ToLeverage(leverage=5), None])
def test_what_is_not_the_rule_s_is_not_done(story: Any, verifier: ModuleType, does: Any) -> None:
    sold(story, replace(LIMIT, on_breach=(Action.WARN, ToLeverage(leverage=10))))
    story.earn(story.ada, "-6_000.00")
    story.alter = lambda told: told.update(does=does)
    refused(story, verifier, 'says that the breach does .*, by the rule it does "warn"')


def test_nor_is_a_warning_a_failure(story: Any, verifier: ModuleType) -> None:
    sold(story, replace(LIMIT, on_breach=(Action.WARN,)))
    story.earn(story.ada, "-6_000.00")
    story.alter = lambda told: told.update(severity="hard")
    refused(story, verifier, 'says severity "hard", the rows and the rules give "soft"')


def test_an_earlier_strike_that_did_too_much_is_found_too(story: Any, verifier: ModuleType) -> None:
    sold(story, replace(LIMIT, on_breach=(Action.WARN, Action.FAIL)))
    story.earn(story.ada, "-6_000.00")
    story.alter = lambda told: told.update(does=Action.PAUSE)
    story.judge(story.ada, "asked")
    story.alter = dict
    refused(story, verifier, 'says that the breach does "pause", by the rule it does "warn"')


def test_a_suspicion_that_is_confirmed_fails_and_does_nothing_else(story: Any, verifier: ModuleType) -> None:
    sold(story, replace(LIMIT, on_breach=(Action.REVIEW,)))
    story.earn(story.ada, "-6_000.00")
    story.judge(story.ada, "asked", (Doubt.REVIEW_REQUIRED,))
    story.alter = lambda told: told.update(does=Action.WARN)
    decision = story.confirm(story.ada, reviewed=True)
    with pytest.raises(verifier.Refused, match='says does "warn", the rows and the rules give "fail"'):
        verifier.verify(story.bundle(decision))


# --- days and weeks ---


def test_a_day_is_called_by_the_date_that_was_sold(story: Any, verifier: ModuleType) -> None:
    by_end = LabelledCalendar("Europe/Prague", "00:00", label=DayLabel.END, merged=())
    sold(story, LIMIT, calendar=by_end)
    story.states[story.ada] = replace(story.states[story.ada], ruleset=TODAY)
    story.next_day()
    story.open_day(story.ada)
    story.earn(story.ada, "-6_000.00")
    refused(story, verifier, "calls day 2014-05-04 2014-05-03")


def test_a_holiday_is_one_day_with_the_next(story: Any, verifier: ModuleType) -> None:
    merged = LabelledCalendar("Europe/Prague", "00:00", label=DayLabel.START, merged=("2014-05-02", "2014-05-03"))
    sold(story, LIMIT, calendar=merged)
    assert story.states[story.ada].day.day.label == "2014-05-04"
    story.earn(story.ada, "-6_000.00")
    assert verifier.verify(story.bundle(story.judge(story.ada, "asked")))


def test_a_week_does_not_begin_anew_with_each_day(story: Any, verifier: ModuleType) -> None:
    """Its start is a row of before; the firm cites the day's."""
    a_week(story, replace(LIMIT, scope=Scope.WEEK))
    monday = story.states[story.ada].track.week
    state = story.states[story.ada]
    story.states[story.ada] = replace(state, track=replace(state.track, week=replace(monday, seq=4)))
    refused(story, verifier, "row 4 is no start of a week")


def higher(story: Any, minor: int, source: str = "") -> None:
    """A firm that holds the account's highs to be higher than they are."""
    state = story.states[story.ada]
    highs = tuple(replace(high, minor=minor, source=source or high.source) for high in state.track.highs)
    story.states[story.ada] = replace(state, track=replace(state.track, highs=highs))


def move(story: Any, minor: int) -> None:
    state = story.states[story.ada]
    for high in state.track.highs:
        key = high.key
        story.add(HighMoved(of=key.of, scope=key.scope, on_payout=key.on_payout, high=state.money(minor)), story.ada)
