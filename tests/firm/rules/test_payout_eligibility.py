"""When Ada may ask for a payout: days after her first trade, a window of the week or month, and what else must be so."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from firm.arithmetic import PLAIN, Figure, Working
from firm.instant import DAY_US, HOUR_US, parse_utc, utc_text
from firm.rules.judged import SILENT, Judged, Unit, Verdict, kept, met
from firm.rules.payout_eligibility import (
    Condition,
    PayoutClocks,
    PayoutRequest,
    cycle_end,
    day_after,
    is_eligible,
    judge_payout_conditions,
    judge_payout_cycle,
    judge_payout_schedule,
    next_payout_us,
)
from firm.ruleset import Rule
from firm.terms.payouts import (
    DayKind,
    Monthly,
    PayoutClock,
    PayoutConditions,
    PayoutCycle,
    PayoutSchedule,
    Wait,
    Weekly,
)
from firm.terms.words import Boundary, BySize, Fixed, Share, ShareOf, SizeAmount
from firm.trading_day import DayLabel, LabelledCalendar, TradingCalendar

UTC_DAYS = TradingCalendar("UTC", "00:00")
PRAGUE = TradingCalendar("Europe/Prague", "00:00")
CHICAGO = LabelledCalendar("America/Chicago", "17:00", label=DayLabel.END, merged=("2025-07-04",))


def rule(term):
    return Rule(3, term, {})


def wait(days=14, kind=DayKind.CALENDAR, since=PayoutClock.FIRST_TRADE):
    return Wait(days=days, day_kind=kind, counted_from=since)


def schedule(first=None, then=None, windows=()):
    return PayoutSchedule(id="schedule", first=first or wait(), then=then or wait(), windows=windows)


def at(text):
    return Figure(parse_utc(text), "40/at_us")


def clocks(**known):
    instants = {name: at(text) for name, text in known.items()}
    nothing_yet = {
        "assigned": at("2025-04-28"),
        "first_trade": None,
        "last_payout": None,
        "first_trade_after_payout": None,
    }
    return PayoutClocks(**nothing_yet | instants)


def judged(term, since, now, calendar=UTC_DAYS, calc=PLAIN):
    return judge_payout_schedule(calc, rule(term), since, calendar, parse_utc(now))


# --- waiting ---


@pytest.mark.parametrize(
    ("now", "verdict", "days"),
    [
        pytest.param("2025-05-14T23:59:59.999999", Verdict.PENDING, 13, id="the instant before the fifteenth day"),
        pytest.param("2025-05-15T00:00", Verdict.MET, 14, id="as it begins"),
        pytest.param("2025-05-16T00:00", Verdict.MET, 15, id="a day later"),
    ],
)
def test_two_weeks_after_the_first_trade(now, verdict, days):
    [answer] = judged(schedule(), clocks(first_trade="2025-05-01T18:00"), now)
    assert answer == Judged(verdict, days, 14, Unit.DAYS, Condition.WAIT)


@pytest.mark.parametrize(
    ("since", "opens"),
    [
        pytest.param(PayoutClock.ASSIGNMENT, "2025-05-01", id="from when the account was opened"),
        pytest.param(PayoutClock.FIRST_TRADE, "2025-05-05", id="from the first trade"),
        pytest.param(PayoutClock.FIRST_TRADING_DAY, "2025-05-05", id="from the first trading day"),
        pytest.param(PayoutClock.LAST_PAYOUT, "2025-05-19", id="from the last payout"),
        pytest.param(PayoutClock.FIRST_TRADE_AFTER_PAYOUT, "2025-05-23", id="from the first trade after it"),
    ],
)
def test_each_clock_starts_with_its_own_event(since, opens):
    known = clocks(first_trade="2025-05-02", last_payout="2025-05-16", first_trade_after_payout="2025-05-20")
    term = schedule(first=wait(99), then=wait(3, since=since))
    assert next_payout_us(term, known, UTC_DAYS, 0) == parse_utc(opens)
    [before, then] = [judged(term, known, day)[0].verdict for day in (day_before(opens), opens)]
    assert (before, then) == (Verdict.PENDING, Verdict.MET)


def day_before(text):
    return (date.fromisoformat(text) - timedelta(days=1)).isoformat()


@pytest.mark.parametrize(
    "since", [PayoutClock.FIRST_TRADE, PayoutClock.FIRST_TRADE_AFTER_PAYOUT, PayoutClock.LAST_PAYOUT]
)
def test_a_clock_that_has_not_started_keeps_waiting_however_short_the_wait(since):
    term = schedule(first=wait(0, since=since))
    assert judged(term, clocks(), "2030-01-01") == (Judged(Verdict.PENDING, 0, 0, Unit.DAYS, Condition.WAIT),)
    assert next_payout_us(term, clocks(), UTC_DAYS, 0) is None


def test_the_first_wait_holds_until_a_payout_was_made_and_the_other_one_after_it():
    term = schedule(first=wait(14), then=wait(3))
    before = clocks(first_trade="2025-05-01")
    assert next_payout_us(term, before, UTC_DAYS, 0) == parse_utc("2025-05-15")
    after = replace(before, last_payout=at("2025-05-16"))
    assert next_payout_us(term, after, UTC_DAYS, 0) == parse_utc("2025-05-04")


def test_a_trade_on_sunday_evening_is_monday_s_where_monday_has_begun():
    sunday = clocks(first_trade="2025-05-04T22:30")  # 17:30 in Chicago
    assert next_payout_us(schedule(first=wait(1)), sunday, CHICAGO, 0) == parse_utc("2025-05-05T22:00")
    [before, then] = [
        judged(schedule(first=wait(1)), sunday, now, CHICAGO)[0].verdict
        for now in ("2025-05-05T21:59:59.999999", "2025-05-05T22:00")
    ]
    assert (before, then) == (Verdict.PENDING, Verdict.MET)


def test_a_day_that_a_holiday_merged_away_opens_with_the_one_it_was_merged_into():
    # 4 July's session belongs to 5 July: the wait ends when that day begins, on 3 July at 17:00.
    known = clocks(first_trade="2025-07-02T15:00")
    opens = next_payout_us(schedule(first=wait(2)), known, CHICAGO, 0)
    assert utc_text(opens) == "2025-07-03T22:00:00.000000Z"


@pytest.mark.parametrize(
    ("first", "days", "expected"),
    [
        pytest.param("2025-05-01", 1, "2025-05-02", id="Friday follows Thursday"),
        pytest.param("2025-05-02", 1, "2025-05-05", id="Monday follows Friday"),
        pytest.param("2025-05-03", 1, "2025-05-05", id="and Saturday"),
        pytest.param("2025-05-04", 1, "2025-05-05", id="and Sunday"),
        pytest.param("2025-05-01", 5, "2025-05-08", id="five of them are a week"),
        pytest.param("2025-05-03", 0, "2025-05-03", id="none is the day itself"),
    ],
)
def test_business_days_pass_over_weekends(first, days, expected):
    assert day_after(date.fromisoformat(first), days, DayKind.BUSINESS) == date.fromisoformat(expected)
    known = clocks(first_trade=first)
    term = schedule(first=wait(days, DayKind.BUSINESS))
    assert next_payout_us(term, known, UTC_DAYS, 0) == parse_utc(expected)
    working = Working()
    [answer] = judged(term, known, expected, calc=working)
    spanned = (date.fromisoformat(expected) - date.fromisoformat(first)).days
    assert answer == Judged(Verdict.MET, spanned, spanned, Unit.DAYS, Condition.WAIT)
    assert [(step.value, step.source) for step in working.steps if step.name == "days to wait"] == [
        (days, "ruleset/terms/3/first/days")
    ]


@given(st.dates(date(2000, 1, 1), date(2050, 1, 1)), st.integers(0, 60), st.integers(0, 60))
def test_waiting_on_and_on_is_waiting_once(first, some, more):
    for kind in DayKind:
        assert day_after(day_after(first, some, kind), more, kind) == day_after(first, some + more, kind)
    last = day_after(first, some + 1, DayKind.BUSINESS)
    assert last.weekday() <= 4
    assert sum((first + timedelta(days=n)).weekday() <= 4 for n in range(1, (last - first).days + 1)) == some + 1


# --- windows ---

MONDAY_NOON = Weekly(weekday=0, at="12:00")


@pytest.mark.parametrize(
    ("window", "now", "opens"),
    [
        pytest.param(MONDAY_NOON, "2025-05-05T09:59:59.999999", "2025-05-05T10:00", id="before noon in Prague"),
        pytest.param(MONDAY_NOON, "2025-05-05T10:00", "2025-05-05T10:00", id="at noon"),
        pytest.param(MONDAY_NOON, "2025-05-05T21:59:59.999999", "2025-05-05T21:59:59.999999", id="to the end of Monday"),
        pytest.param(MONDAY_NOON, "2025-05-05T22:00", "2025-05-12T10:00", id="and not on Tuesday"),
        pytest.param(Weekly(weekday=0, at="00:00"), "2025-05-04T12:00", "2025-05-04T22:00", id="as Monday begins"),
        pytest.param(MONDAY_NOON, "2025-03-29T12:00", "2025-03-31T10:00", id="after the clock change it is noon again"),
        pytest.param(Monthly(from_day=1, to_day=3), "2025-05-02T22:00", "2025-05-02T22:00", id="on its last day"),
        pytest.param(Monthly(from_day=1, to_day=3), "2025-05-03T22:00", "2025-05-31T22:00", id="over until next month"),
        pytest.param(Monthly(from_day=15, to_day=15), "2025-01-15T23:00", "2025-02-14T23:00", id="a whole month away"),
        pytest.param(Monthly(from_day=15, to_day=15), "2025-05-14T22:00", "2025-05-14T22:00", id="one day alone"),
        pytest.param(Monthly(from_day=25, to_day=5), "2025-05-24T21:59", "2025-05-24T22:00", id="over the month's end"),
        pytest.param(Monthly(from_day=25, to_day=5), "2025-06-05T21:59", "2025-06-05T21:59", id="to the fifth"),
        pytest.param(Monthly(from_day=25, to_day=5), "2025-06-05T22:00", "2025-06-24T22:00", id="not on the sixth"),
        pytest.param(Monthly(from_day=30, to_day=31), "2025-02-20T00:00", "2025-02-27T23:00", id="February's last day stands for them"),
        pytest.param(Monthly(from_day=31, to_day=31), "2025-04-01T00:00", "2025-04-29T22:00", id="and April's for the 31st"),
    ],
)  # fmt: skip
def test_when_a_window_opens_next_in_prague(window, now, opens):
    term, known = schedule(first=wait(0), windows=(window,)), clocks(first_trade="2024-01-02")
    assert utc_text(next_payout_us(term, known, PRAGUE, parse_utc(now))) == utc_text(parse_utc(opens))
    _, answer = judged(term, known, now, PRAGUE)
    is_open = parse_utc(now) == parse_utc(opens)
    assert answer == met(int(is_open), 1, Unit.COUNT, Condition.WINDOW, is_met=is_open)


def test_of_several_windows_the_first_to_open_counts():
    term = schedule(first=wait(0), windows=(Monthly(from_day=20, to_day=21), MONDAY_NOON))
    opens = next_payout_us(term, clocks(first_trade="2024-01-02"), UTC_DAYS, parse_utc("2025-05-14"))
    assert opens == parse_utc("2025-05-19T12:00")


def test_of_two_windows_on_one_day_the_earlier_one():
    term = schedule(first=wait(0), windows=(Weekly(weekday=0, at="15:00"), Weekly(weekday=0, at="09:00")))
    opens = next_payout_us(term, clocks(first_trade="2024-01-02"), UTC_DAYS, parse_utc("2025-05-14"))
    assert opens == parse_utc("2025-05-19T09:00")


def test_a_window_during_the_wait_is_missed():
    term = schedule(first=wait(5), windows=(MONDAY_NOON,))
    assert next_payout_us(term, clocks(first_trade="2025-05-01"), UTC_DAYS, 0) == parse_utc("2025-05-12T12:00")


@given(st.integers(0, 366 * 24), st.integers(0, 6), st.integers(1, 31), st.integers(1, 31))
def test_a_window_opens_within_a_month_and_is_open_when_it_says_so(hours, weekday, from_day, to_day):
    now = parse_utc("2024-01-01") + hours * HOUR_US
    for window in (Weekly(weekday=weekday, at="17:30"), Monthly(from_day=from_day, to_day=to_day)):
        term, known = schedule(first=wait(0), windows=(window,)), clocks(first_trade="2023-12-01")
        opens = next_payout_us(term, known, PRAGUE, now)
        assert now <= opens <= now + 31 * DAY_US
        answers = judge_payout_schedule(PLAIN, rule(term), known, PRAGUE, opens)
        assert is_eligible(answers)


# --- cycles ---


@pytest.mark.parametrize(
    ("days", "kind", "first", "last"),
    [
        pytest.param(5, DayKind.BUSINESS, "2024-08-01", "2024-08-07", id="five business days from Thursday"),
        pytest.param(5, DayKind.BUSINESS, "2024-08-03", "2024-08-09", id="from Saturday they begin on Monday"),
        pytest.param(1, DayKind.BUSINESS, "2024-08-02", "2024-08-02", id="one is the day itself"),
        pytest.param(14, DayKind.CALENDAR, "2024-08-01", "2024-08-14", id="two weeks, the first day included"),
    ],
)
def test_a_cycle_is_over_when_the_day_after_its_last_one_begins(days, kind, first, last):
    term = PayoutCycle(id="cycle", days=days, day_kind=kind)
    assert cycle_end(term, date.fromisoformat(first)) == date.fromisoformat(last)
    end = parse_utc(last) + DAY_US
    on_it, after = (judge_payout_cycle(PLAIN, rule(term), at(first), UTC_DAYS, now) for now in (end - 1, end))
    spanned = (date.fromisoformat(last) - date.fromisoformat(first)).days + 1
    assert on_it == Judged(Verdict.PENDING, spanned, spanned, Unit.DAYS, Condition.CYCLE)
    assert after == Judged(Verdict.MET, spanned + 1, spanned, Unit.DAYS, Condition.CYCLE)


def test_a_cycle_without_a_trade_has_not_begun():
    term = PayoutCycle(id="cycle", days=5, day_kind=DayKind.BUSINESS)
    assert judge_payout_cycle(PLAIN, rule(term), None, UTC_DAYS, 0) == Judged(
        Verdict.PENDING, 0, 5, Unit.DAYS, Condition.CYCLE
    )


# --- conditions ---


def conditions(**changes):
    nothing = PayoutConditions(
        id="conditions",
        flat_required=False,
        no_pending_orders=False,
        kyc_required=False,
        profit_min=None,
        trader_share_min=None,
        share_of=None,
        boundary=Boundary.TOUCHES,
        needs=(),
    )
    return replace(nothing, **changes)


def request(**changes):
    ready = PayoutRequest(
        initial=Figure(100_000_00, "10/initial/minor"),
        positions=0,
        orders=0,
        is_identity_confirmed=True,
        profit=Figure(2_000_00, "50/profit/minor"),
        trader_share=Figure(1_600_00, "50/share/minor"),
        loss_allowed=None,
    )
    return replace(ready, **changes)


def answers(term, asked, needs=None):
    return judge_payout_conditions(PLAIN, rule(term), asked, needs or {})


@pytest.mark.parametrize(
    ("term", "asked", "expected"),
    [
        pytest.param({"flat_required": True}, {"positions": 0}, (0, 0, Condition.POSITIONS, True), id="flat"),
        pytest.param({"flat_required": True}, {"positions": 1}, (1, 0, Condition.POSITIONS, False), id="one position open"),
        pytest.param({"no_pending_orders": True}, {"orders": 0}, (0, 0, Condition.ORDERS, True), id="no order"),
        pytest.param({"no_pending_orders": True}, {"orders": 2}, (2, 0, Condition.ORDERS, False), id="two orders wait"),
        pytest.param({"kyc_required": True}, {}, (1, 1, Condition.IDENTITY, True), id="known"),
        pytest.param({"kyc_required": True}, {"is_identity_confirmed": False}, (0, 1, Condition.IDENTITY, False), id="unknown"),
    ],
)  # fmt: skip
def test_a_condition_is_answered_where_it_is_asked_alone(term, asked, expected):
    observed, limit, condition, is_met = expected
    assert answers(conditions(**term), request(**asked)) == (
        met(observed, limit, Unit.COUNT, condition, is_met=is_met),
    )
    assert answers(conditions(), request(**asked)) == ()


@pytest.mark.parametrize(
    ("boundary", "below", "enough", "need"),
    [
        # 3.33 % of 99 999.99 is 3 329.99 and a fraction.
        pytest.param(Boundary.TOUCHES, 3_329_99, 3_330_00, 3_330_00, id="at least: the fraction is asked in full"),
        pytest.param(Boundary.CROSSES, 3_329_99, 3_330_00, 3_329_99, id="more than: the next whole cent is more"),
    ],
)
def test_a_share_with_a_fraction_asks_the_same_cent_at_either_boundary(boundary, below, enough, need):
    term = conditions(profit_min=Share(bp=333, of=ShareOf.INITIAL), boundary=boundary)
    initial = Figure(9_999_999, "")
    for profit, is_met in ((below, False), (enough, True)):
        [answer] = answers(term, request(initial=initial, profit=Figure(profit, "")))
        assert answer == met(profit, need, Unit.MINOR, Condition.PROFIT, is_met=is_met)


@pytest.mark.parametrize(
    ("boundary", "profit", "is_met"),
    [
        (Boundary.TOUCHES, 499_99, False),
        (Boundary.TOUCHES, 500_00, True),
        (Boundary.CROSSES, 500_00, False),
        (Boundary.CROSSES, 500_01, True),
        (Boundary.TOUCHES, -500_00, False),
    ],
)
def test_profit_around_its_least(boundary, profit, is_met):
    for least in (
        Fixed(minor=500_00),
        BySize(table=(SizeAmount(size_minor=1, minor=9), SizeAmount(size_minor=100_000_00, minor=500_00))),
    ):
        [answer] = answers(conditions(profit_min=least, boundary=boundary), request(profit=Figure(profit, "")))
        assert answer == met(profit, 500_00, Unit.MINOR, Condition.PROFIT, is_met=is_met)


@pytest.mark.parametrize(("share", "is_met"), [(1_250_00, False), (1_250_01, True)])
def test_the_trader_s_share_must_exceed_a_part_of_the_daily_loss(share, is_met):
    term = conditions(trader_share_min=Share(bp=2_500, of=ShareOf.ANCHOR), share_of="daily", boundary=Boundary.CROSSES)
    asked = request(trader_share=Figure(share, ""), loss_allowed=Figure(5_000_00, "60/allowed"), profit=Figure(0, ""))
    assert answers(term, asked) == (met(share, 1_250_00, Unit.MINOR, Condition.TRADER_SHARE, is_met=is_met),)


def test_other_terms_answer_under_their_own_ids_and_one_that_is_silent_stands_in_nobody_s_way():
    needs = {
        "days": met(4, 4, Unit.DAYS, is_met=True),
        "news": kept(1, 0, Unit.COUNT, "payrolls", broken=True),
        "consistency": SILENT,
    }
    got = answers(conditions(needs=("consistency", "days")), request(), needs)
    assert [(one.subject, one.verdict) for one in got] == [("consistency", Verdict.SILENT), ("days", Verdict.MET)]
    assert is_eligible(got)
    got = answers(conditions(needs=("days", "news")), request(), needs)
    assert [(one.subject, one.verdict) for one in got] == [("days", Verdict.MET), ("news", Verdict.BROKEN)]
    assert not is_eligible(got)


def test_who_is_refused_hears_all_that_is_missing():
    term = conditions(flat_required=True, no_pending_orders=True, kyc_required=True, profit_min=Fixed(minor=1))
    got = answers(term, request(positions=3, is_identity_confirmed=False, profit=Figure(0, "")))
    missing = [one.subject for one in got if one.verdict is Verdict.PENDING]
    assert missing == [Condition.POSITIONS, Condition.IDENTITY, Condition.PROFIT]
    assert not is_eligible(got)
    assert is_eligible(())


def test_the_working_cites_the_term_and_the_rows():
    working = Working()
    term = conditions(profit_min=Share(bp=200, of=ShareOf.INITIAL))
    judge_payout_conditions(working, rule(term), request(), {})
    cited = {step.source for step in working.steps if step.source}
    assert cited == {"10/initial/minor", "50/profit/minor", "ruleset/terms/3/profit_min/bp"}
    working = Working()
    judged(schedule(), clocks(first_trade="2025-05-01"), "2025-05-15", calc=working)
    assert [(step.name, step.value) for step in working.steps] == [
        ("day of the first trade", date(2025, 5, 1).toordinal()),
        ("days to wait", 14),
        ("first day for a payout", date(2025, 5, 15).toordinal()),
        ("today", date(2025, 5, 15).toordinal()),
        ("the wait is over", 1),
    ]
