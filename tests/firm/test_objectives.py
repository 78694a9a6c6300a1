"""The objectives table: a row for every rule that is sold, with what it measures now, what it allows, and how that is worked out."""

import pytest
from msgspec.structs import replace

from firm.account import AccountState, Finding, Position
from firm.arithmetic import Figure
from firm.equity import Board
from firm.facts import Doubt
from firm.inputs import Side
from firm.instant import DAY_US, parse_utc
from firm.money import Money
from firm.objective import Objective, Progress
from firm.objective_answers import answer_of
from firm.objective_rows import objectives_of
from firm.price import Quote, SymbolSpec
from firm.rules.judged import Unit
from firm.rules.looks import glance
from firm.ruleset import LateBreach, Ruleset
from firm.templates import templates
from firm.terms.losses import Checked, LossLimit, Measured, OnPayout, Trail
from firm.terms.objectives import (
    ClockStart,
    Consistency,
    ConsistencyEffect,
    DayBasis,
    DayCounts,
    Denominator,
    Inactivity,
    MinimumTrades,
    Numerator,
    ProfitTarget,
    TargetMeasure,
    TradingDays,
)
from firm.terms.words import Action, Anchor, Boundary, Fixed, Scope, Share, ShareOf
from firm.track import DayResult, DayStart, Strike
from firm.track_fold import track_opened
from firm.trading_day import DayLabel, LabelledCalendar
from tests.actors.test_conduct import LOTS

NOW_US = parse_utc("2014-05-02T12:00:00")
CALENDAR = LabelledCalendar(zone="Europe/Prague", rollover="00:00", label=DayLabel.START, merged=())
EURUSD = SymbolSpec(symbol="EURUSD", digits=5, contract_e8=100_000 * 10**8, currency_base="EUR", currency_profit="USD")
BOARD = Board({"EURUSD": EURUSD}, {"EURUSD": Quote("EURUSD", NOW_US, 138_690, 138_700, 1, 0)})
LIMIT = LossLimit(
    id="limit", scope=Scope.DAY, amount=Share(bp=500, of=ShareOf.INITIAL), anchor=Anchor.BALANCE, trail=Trail.STATIC, high=Anchor.BALANCE,
    lock=None, steps=(), checked=Checked.EVERY_TICK, measured=Measured.EQUITY, boundary=Boundary.TOUCHES, on_payout=OnPayout.NONE,
    warn_at_bp=(), on_breach=(Action.FAIL,), strikes_within=Scope.PHASE,
)  # fmt: skip
CONSISTENCY = Consistency(
    id="consistency", best=Numerator.BEST_DAY, of=Denominator.NET_TOTAL, day_basis=DayBasis.CLOSE, caps_bp=(3_000,),
    boundary=Boundary.CROSSES, effect=ConsistencyEffect.DELAY, per=Scope.PHASE,
)  # fmt: skip
TARGET = ProfitTarget(
    id="target", amount=Fixed(minor=8_000_00), measured=TargetMeasure.BALANCE, held_s=0, flat_required=True, latched=False, auto_close=False
)  # fmt: skip


FOUND = Finding("lots", 7, 500_000_000, 600_000_000, NOW_US, NOW_US - DAY_US, unit=Unit.LOTS_E8)


def rules_of(*terms) -> Ruleset:
    return Ruleset(
        name="rules", calendar=CALENDAR, late_breach=LateBreach.REVIEW, await_swap=False, failures_reviewed=False, overrides_by_two=False,
        terms=terms,
    )  # fmt: skip


def account(ruleset, size: str = "100_000.00", **changes) -> AccountState:
    """It began its day with what it was sold with."""
    initial = Money.parse(size, "USD")
    day = DayStart(ruleset.calendar.day_at(NOW_US), initial.minor, initial.minor, seq=2, final=True)
    track = replace(track_opened(ruleset, initial.minor, "1/initial/minor", 0), week=day)
    state = AccountState(
        account=1, trader=2, challenge=3, phase=0, phase_name="One", funded=False, bridge="sim", initial=initial, ruleset_id="",
        ruleset=ruleset, opened_seq=1, opened_us=NOW_US - DAY_US, balance=initial.minor, day=day, track=track,
    )  # fmt: skip
    return replace(state, **changes)


def with_days(state: AccountState, *profits: int) -> AccountState:
    days = tuple(
        DayResult(f"2014-04-{place:02d}", place, closed=profit, opened=profit, seq=place)
        for place, profit in enumerate(profits, 1)
    )
    return replace(state, balance=state.balance + sum(profits), track=replace(state.track, days=days))


def rows(state: AccountState, equity: int | None = None) -> dict[str, Objective]:
    """Every rule's row, as an account's page has it."""
    at = state.balance if equity is None else equity
    moving = {row.rule: row for row in objectives_of(state, at, NOW_US)}
    seen = glance(state, BOARD, Figure(at, ""), NOW_US)
    return {rule.id: moving.get(rule.id) or answer_of(rule, seen) for rule in state.ruleset.rules}


PHASES = [(each.name, phase, each.program.size) for each in templates() for phase in each.program.phases]


@pytest.mark.parametrize(
    ("phase", "size"), [one[1:] for one in PHASES], ids=[f"{name}: {phase.name}" for name, phase, _ in PHASES]
)
def test_every_rule_that_a_template_sells_has_its_row_before_and_while_something_is_held(phase, size):
    state = replace(account(phase.ruleset), initial=size, balance=size.minor)
    held = Position("P1", "EURUSD", Side.BUY, 10**8, 138_700, NOW_US, 2, "", 0, 0, "")
    for one in (state, replace(state, positions=(held,), day=None)):
        told = rows(one)
        assert list(told) == [rule.id for rule in phase.ruleset.rules]
        assert all(row.title and row.sentence and 0 <= row.used_bp <= 10_000 for row in told.values())


@pytest.mark.parametrize(
    ("changes", "kind", "sentence"),
    [
        ({}, "daily_loss", "Today equity must stay above 95,000.00 USD; reaching it ends the account."),
        ({"boundary": Boundary.CROSSES, "on_breach": (Action.PAUSE,)}, "daily_loss",
         "Today equity must not fall below 95,000.00 USD; falling below it pauses trading until the next reset."),
        ({"scope": Scope.WEEK, "measured": Measured.BALANCE}, "weekly_loss",
         "This week the balance must stay above 95,000.00 USD; reaching it ends the account."),
        ({"scope": Scope.CYCLE, "anchor": Anchor.INITIAL, "measured": Measured.EITHER}, "cycle_loss",
         "In this payout cycle the lower of equity and balance must stay above 95,000.00 USD; reaching it ends the account."),
        ({"scope": Scope.PHASE, "anchor": Anchor.INITIAL, "measured": Measured.BOTH}, "maximum_loss",
         "The higher of equity and balance must stay above 95,000.00 USD at any time; reaching it ends the account."),
        ({"amount": Fixed(minor=1_234_56)}, "daily_loss", "Today equity must stay above 98,765.44 USD; reaching it ends the account."),
    ],
)  # fmt: skip
def test_a_loss_limit_of_any_scope_says_where_what_it_measures_must_stay(changes, kind, sentence):
    row = rows(account(rules_of(replace(LIMIT, **changes))), 99_000_00)["limit"]
    assert (row.kind, row.sentence) == (kind, sentence)
    assert row.floor is not None
    assert row.headroom == row.current - row.floor


@pytest.mark.parametrize(
    ("equity", "headroom", "used_bp", "progress"),
    [
        (100_000_00, 5_000_00, 0, Progress.WITHIN),
        (101_000_00, 6_000_00, 0, Progress.WITHIN),
        (96_500_01, 1_500_01, 6_999, Progress.WITHIN),
        (96_500_00, 1_500_00, 7_000, Progress.AT_RISK),
        (95_000_00, 0, 10_000, Progress.AT_RISK),
        (90_000_00, -5_000_00, 10_000, Progress.AT_RISK),
    ],
)
def test_a_limit_is_at_risk_when_seven_tenths_of_it_are_used(equity, headroom, used_bp, progress):
    row = rows(account(rules_of(LIMIT)), equity)["limit"]
    assert (row.headroom.minor, row.used_bp, row.progress) == (headroom, used_bp, progress)


def test_a_limit_on_the_balance_does_not_follow_equity():
    row = rows(account(rules_of(replace(LIMIT, measured=Measured.BALANCE))), 96_000_00)["limit"]
    assert (row.current.minor, row.headroom.minor) == (100_000_00, 5_000_00)


@pytest.mark.parametrize(
    ("measured", "current", "sentence"),
    [
        (TargetMeasure.BALANCE, 100_000_00, "The balance must reach 108,000.00 USD with no position open."),
        (TargetMeasure.EQUITY, 108_500_00, "Equity must reach 108,000.00 USD with no position open."),
        (TargetMeasure.CLOSING_BALANCE, 100_000_00, "The balance at a day’s end must reach 108,000.00 USD with no position open."),
    ],
)  # fmt: skip
def test_a_target_says_what_must_reach_it(measured, current, sentence):
    row = rows(account(rules_of(replace(TARGET, measured=measured))), 108_500_00)["target"]
    assert (row.current.minor, row.target.minor, row.sentence) == (current, 108_000_00, sentence)


def test_a_result_that_is_too_large_raises_the_target_that_is_shown():
    raising = replace(CONSISTENCY, effect=ConsistencyEffect.RAISE_TARGET)
    state = with_days(account(rules_of(TARGET, raising)), 3_000_00, 1_000_00)
    assert rows(state)["target"].target.minor == 110_000_00


@pytest.mark.parametrize(
    ("profits", "progress", "share", "how"),
    [
        ((), Progress.SILENT, None, "There is no profit yet of which a result could be a share."),
        ((300_00, 700_00), Progress.PENDING, 7_000,
         "The best result is 700.00 USD of 1,000.00 USD. It is a small enough share of 2,333.34 USD."),
        ((300_00, 300_00, 300_00, 100_00), Progress.MET, 3_000,
         "The best result is 300.00 USD of 1,000.00 USD. It is a small enough share of 1,000.00 USD."),
    ],
)  # fmt: skip
def test_consistency_has_its_score_its_cap_and_the_total_that_the_best_result_asks_for(profits, progress, share, how):
    row = rows(with_days(account(rules_of(TARGET, CONSISTENCY)), *profits))["consistency"]
    assert row.progress is progress
    assert row.how.endswith(how)
    if share is not None:
        assert (row.judged.observed, row.judged.limit, row.judged.unit) == (share, 3_000, Unit.BP)


def test_what_is_above_the_cap_and_does_not_count_is_told():
    discarding = replace(CONSISTENCY, effect=ConsistencyEffect.DISCARD_EXCESS)
    row = rows(with_days(account(rules_of(TARGET, discarding)), 700_00, 300_00))["consistency"]
    assert row.how.endswith("The best result is 700.00 USD of 1,000.00 USD. 400.00 USD of it does not count.")


def test_days_by_their_profit_and_trades_are_counted_against_what_is_asked():
    days = TradingDays(
        id="days", days_min=3, counts=DayCounts.PROFIT_CLOSED, profit_min=Fixed(minor=500_00), boundary=Boundary.TOUCHES, per=Scope.PHASE
    )  # fmt: skip
    trades = MinimumTrades(id="trades", trades_min=5, per=Scope.PHASE)
    told = rows(with_days(account(rules_of(TARGET, days, trades)), 500_00, 499_99, 600_00))
    assert (told["days"].judged.observed, told["days"].judged.limit, told["days"].used_bp) == (2, 3, 6_666)
    assert (told["trades"].judged.observed, told["trades"].judged.limit, told["trades"].progress) == (
        0,
        5,
        Progress.PENDING,
    )


def test_breaches_that_still_count_are_told_though_the_rule_is_kept():
    state = account(rules_of(LOTS))
    strikes = (
        Strike("lots", 1, "2014-05-01", 3),
        Strike("lots", 2, "2014-05-01", 4),
        Strike("other", 3, "2014-05-01", 5),
    )
    row = rows(replace(state, track=replace(state.track, strikes=strikes)))["lots"]
    assert row.progress is Progress.WITHIN
    assert row.how == "Now 0 lots; the limit is 5 lots. Broken 2 times so far."


@pytest.mark.parametrize(
    ("lots_e8", "progress", "used_bp"),
    [
        (349_999_999, Progress.WITHIN, 6_999),
        (350_000_000, Progress.AT_RISK, 7_000),
        (500_000_000, Progress.AT_RISK, 10_000),
        (500_000_001, Progress.BROKEN, 10_000),
    ],
)
def test_what_is_held_is_at_risk_near_its_limit_and_broken_beyond_it(lots_e8, progress, used_bp):
    held = Position("P1", "EURUSD", Side.BUY, lots_e8, 138_700, NOW_US, 2, "", 0, 0, "")
    row = rows(account(rules_of(LOTS), positions=(held,)))["lots"]
    assert (row.progress, row.used_bp) == (progress, used_bp)


@pytest.mark.parametrize(
    ("finding", "is_asked"),
    [
        pytest.param(replace(FOUND, doubts=(Doubt.REVIEW_REQUIRED,)), True, id="suspected"),
        pytest.param(replace(FOUND, questioned=True), True, id="put in question since"),
        pytest.param(FOUND, False, id="declared"),
        pytest.param(replace(FOUND, rule="other", doubts=(Doubt.REVIEW_REQUIRED,)), False, id="of another rule"),
    ],
)
def test_a_rule_is_not_told_as_broken_while_a_breach_of_it_is_in_question(finding, is_asked):
    held = Position("P1", "EURUSD", Side.BUY, 600_000_000, 138_700, NOW_US, 2, "", 0, 0, "")
    said = "Whether the rule is broken is in question." if is_asked else "The rule is broken."
    row = rows(account(rules_of(LOTS), positions=(held,), findings=(finding,)))["lots"]
    assert (row.how, row.in_question) == (f"Now 6 lots; the limit is 5 lots. {said}", is_asked)


@pytest.mark.parametrize("doubts", [(), (Doubt.REVIEW_REQUIRED,)])
def test_a_limit_is_in_question_while_its_breach_is(doubts):
    finding = replace(FOUND, rule="limit", unit=Unit.MINOR, doubts=doubts)
    row = rows(account(rules_of(LIMIT), findings=(finding,)))["limit"]
    assert (row.progress, row.in_question) == (Progress.BROKEN, bool(doubts))


@pytest.mark.parametrize(("counts", "ends"), [(True, False), (False, True)])
def test_an_open_position_stops_the_clock_only_where_the_rules_say_so(counts, ends):
    idle = Inactivity(
        id="idle", days_max=10, counted_from=ClockStart.LAST_TRADE, open_position_counts=counts, pending_order_counts=False,
        on_breach=(Action.FAIL,),
    )  # fmt: skip
    held = Position("P1", "EURUSD", Side.BUY, 10**8, 138_700, NOW_US, 2, "", 0, 0, "")
    row = rows(account(rules_of(idle), positions=(held,), last_trade_us=NOW_US - 3 * DAY_US))["idle"]
    assert ("Without one the account ends" in row.sentence) is ends
    assert (row.judged.observed, row.judged.limit) == (0 if counts else 3, 10)
