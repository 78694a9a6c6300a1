"""A challenge's life: resets and their deadlines, retries, extensions, growth over months, mergers, and how much one trader may hold."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from firm.arithmetic import PLAIN, Figure, Working
from firm.instant import DAY_US, parse_utc
from firm.rules.judged import SILENT, Judged, Unit, Verdict, kept, met
from firm.rules.lifecycle import (
    ACCOUNTS,
    BREACH,
    FLAT,
    IN_PROFIT,
    MONTHS,
    MONTHS_PAYOUTS,
    MONTHS_PROFIT,
    SIZE,
    USED,
    AccountHeld,
    Grown,
    deadline_after_reset,
    extended,
    grown_size_rounded_down,
    growth_step,
    judge_extension,
    judge_maximum_allocation,
    judge_merge,
    judge_reset,
    judge_retry,
    judge_scaling,
    live_balance,
    merged_lots_e8,
    merged_size,
    months_later,
    reset_price_rounded_down,
    trader_bp_after_growth,
)
from firm.ruleset import Rule
from firm.terms.lifecycle import (
    Deadline,
    Extension,
    Growth,
    GrowthStep,
    LiveStart,
    LotsMerged,
    MaximumAllocation,
    Merge,
    Reset,
    Retry,
    Scaling,
)
from firm.terms.words import Share, ShareOf
from firm.trading_day import TradingCalendar

UTC_DAYS = TradingCalendar("UTC", "00:00")
START = Figure(100_000_00, "10/initial/minor")


def rule(term):
    return Rule(6, term, {})


def at(text):
    return Figure(parse_utc(text), "40/at_us")


def minor(value):
    return Figure(value, "30/balance/minor")


# --- resets ---


def reset(**changes):
    term = Reset(
        id="reset",
        resets_max=2,
        price_bp=9_000,
        window_days=30,
        before_deadline=Deadline.KEPT,
        after_deadline=Deadline.FRESH,
        after_breach=True,
        history_kept=False,
    )
    return replace(term, **changes)


@pytest.mark.parametrize(("made", "is_met"), [(0, True), (1, True), (2, False), (3, False)])
def test_two_resets_and_no_third(made, is_met):
    used = met(made, 2, Unit.COUNT, USED, is_met=is_met)
    assert judge_reset(PLAIN, rule(reset()), made, is_breached=True) == (used,)
    for breached in (False, True):
        answers = judge_reset(PLAIN, rule(reset(after_breach=False)), made, is_breached=breached)
        assert answers == (used, kept(int(breached), 0, Unit.COUNT, BREACH, broken=breached))


def test_a_reset_s_price_is_rounded_down():
    assert reset_price_rounded_down(PLAIN, rule(reset()), minor(549_99)) == 494_99


@pytest.mark.parametrize(
    ("before", "after", "on", "deadline"),
    [
        pytest.param(
            Deadline.KEPT, Deadline.FRESH, "2025-05-20", "2025-05-31", id="within the window its deadline is kept"
        ),
        pytest.param(Deadline.KEPT, Deadline.FRESH, "2025-05-30T23:59:59", "2025-05-31", id="on its last day as well"),
        pytest.param(Deadline.KEPT, Deadline.FRESH, "2025-05-31T00:00", "2025-06-30", id="on the deadline it is over"),
        pytest.param(Deadline.KEPT, Deadline.FRESH, "2025-06-05", "2025-07-05", id="later a fresh one begins"),
        pytest.param(Deadline.FRESH, Deadline.KEPT, "2025-05-20", "2025-06-19", id="fresh within the window"),
        pytest.param(Deadline.FRESH, Deadline.KEPT, "2025-06-05", "2025-05-31", id="kept after it: nothing is gained"),
    ],
)
def test_the_deadline_after_a_reset(before, after, on, deadline):
    term = reset(before_deadline=before, after_deadline=after)
    got = deadline_after_reset(PLAIN, rule(term), at("2025-05-01T15:00"), at(on), UTC_DAYS)
    assert got == date.fromisoformat(deadline)


# --- retries and extensions ---


@pytest.mark.parametrize(
    ("balance", "positions", "is_in_profit", "is_flat"),
    [(100_000_00, 0, False, True), (100_000_01, 0, True, True), (99_999_99, 1, False, False)],
)
def test_a_phase_is_tried_again_in_profit_and_flat(balance, positions, is_in_profit, is_flat):
    answers = judge_retry(
        PLAIN, rule(Retry(id="retry", retries_max=1, in_profit=True, flat=True)), 0, minor(balance), START, positions
    )
    assert answers == (
        met(0, 1, Unit.COUNT, USED, is_met=True),
        met(balance, START.value, Unit.MINOR, IN_PROFIT, is_met=is_in_profit),
        met(positions, 0, Unit.COUNT, FLAT, is_met=is_flat),
    )
    anyhow = Retry(id="retry", retries_max=1, in_profit=False, flat=False)
    assert judge_retry(PLAIN, rule(anyhow), 1, minor(balance), START, positions) == (
        met(1, 1, Unit.COUNT, USED, is_met=False),
    )


@pytest.mark.parametrize(("made", "is_met"), [(0, True), (2, True), (3, False)])
def test_three_extensions_and_no_fourth(made, is_met):
    used = met(made, 3, Unit.COUNT, USED, is_met=is_met)
    term = Extension(id="more", days=14, extensions_max=3, in_profit=True)
    answers = judge_extension(PLAIN, rule(term), made, minor(100_000_01), START)
    assert answers == (used, met(100_000_01, START.value, Unit.MINOR, IN_PROFIT, is_met=True))
    assert judge_extension(PLAIN, rule(replace(term, in_profit=False)), made, minor(0), START) == (used,)
    assert extended(term, date(2025, 2, 20)) == date(2025, 3, 6)


# --- growth ---


def step(months=4, grows_bp=2_500, of=Growth.OF_ORIGINAL, times=None):
    return GrowthStep(months=months, grows_bp=grows_bp, of=of, times=times)


DOUBLING = step(3, 10_000, Growth.COMPOUND)


def scaling(*steps, **changes):
    term = Scaling(
        id="scaling",
        steps=steps or (step(),),
        profit_min=None,
        payouts_min=0,
        balance_above_initial=False,
        size_max_minor=10**15,
        split_after_bp=None,
    )
    return replace(term, **changes)


def grown(**changes):
    account = Grown(
        since=at("2025-01-31"),
        size=START,
        start=START,
        balance=minor(100_000_01),
        times=0,
        profit=minor(10_000_00),
        payouts=2,
    )
    return replace(account, **changes)


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        ("2025-01-31", 1, "2025-02-28"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2025-01-31", 2, "2025-03-31"),
        ("2025-10-31", 4, "2026-02-28"),
        ("2025-11-15", 1, "2025-12-15"),
        ("2025-12-15", 1, "2026-01-15"),
        ("2025-05-01", 24, "2027-05-01"),
        ("2025-05-31", 0, "2025-05-31"),
    ],
)
def test_months_have_their_own_lengths(day, months, expected):
    assert months_later(date.fromisoformat(day), months) == date.fromisoformat(expected)


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(0, 600))
def test_so_many_months_later_is_that_month_and_no_later_day(day, months):
    later = months_later(day, months)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day <= day.day


@pytest.mark.parametrize(
    ("now", "days", "is_met"), [("2025-05-30T23:59", 119, False), ("2025-05-31", 120, True), ("2025-06-01", 121, True)]
)
def test_an_account_grows_after_four_months_of_the_calendar(now, days, is_met):
    answers = judge_scaling(PLAIN, rule(scaling()), grown(), UTC_DAYS, parse_utc(now))
    assert answers == (met(days, 120, Unit.DAYS, MONTHS, is_met=is_met),)


@pytest.mark.parametrize(
    ("changes", "verdicts"),
    [
        pytest.param({}, [Verdict.MET, Verdict.MET, Verdict.MET], id="all of it"),
        pytest.param(
            {"profit": minor(9_999_99)}, [Verdict.PENDING, Verdict.MET, Verdict.MET], id="a cent of profit is missing"
        ),
        pytest.param({"payouts": 1}, [Verdict.MET, Verdict.PENDING, Verdict.MET], id="a payout is missing"),
        pytest.param(
            {"balance": minor(100_000_00)}, [Verdict.MET, Verdict.MET, Verdict.PENDING], id="a balance at the start"
        ),
    ],
)
def test_what_the_months_must_have_made(changes, verdicts):
    term = scaling(profit_min=Share(bp=1_000, of=ShareOf.INITIAL), payouts_min=2, balance_above_initial=True)
    _, *answers = judge_scaling(PLAIN, rule(term), grown(**changes), UTC_DAYS, parse_utc("2025-06-01"))
    assert [one.verdict for one in answers] == verdicts
    assert [one.subject for one in answers] == [MONTHS_PROFIT, MONTHS_PAYOUTS, IN_PROFIT]
    assert [one.limit for one in answers] == [10_000_00, 2, START.value]


def test_the_profit_is_asked_of_the_size_of_now():
    term = scaling(profit_min=Share(bp=1_000, of=ShareOf.INITIAL))
    _, answer = judge_scaling(PLAIN, rule(term), grown(size=minor(125_000_03)), UTC_DAYS, parse_utc("2025-06-01"))
    assert answer == Judged(Verdict.PENDING, 10_000_00, 12_500_01, Unit.MINOR, MONTHS_PROFIT)


@pytest.mark.parametrize(("times", "place"), [(0, 0), (1, 0), (2, 1), (3, 2), (9, 2)])
def test_each_step_holds_for_its_times(times, place):
    steps = (step(1, times=2), step(2, times=1), step(3))
    assert growth_step(scaling(*steps), times) == steps[place]


def test_after_its_last_step_an_account_grows_no_more():
    term = scaling(step(times=1), step(times=2))
    assert growth_step(term, 2) == step(times=2)
    assert growth_step(term, 3) is None
    assert judge_scaling(PLAIN, rule(term), grown(times=3), UTC_DAYS, parse_utc("2030-01-01")) == (SILENT,)
    assert grown_size_rounded_down(PLAIN, rule(term), START, minor(175_000_00), 3) == 175_000_00


@pytest.mark.parametrize(
    ("steps", "sizes"),
    [
        pytest.param((step(),), [125_000_00, 150_000_00, 175_000_00], id="a quarter of the original each time"),
        pytest.param(
            (step(of=Growth.COMPOUND),), [125_000_00, 156_250_00, 195_312_50], id="a quarter of the size of then"
        ),
        pytest.param(
            (step(times=1), DOUBLING), [125_000_00, 250_000_00, 500_000_00], id="a quarter once, then doubled"
        ),
    ],
)
def test_how_an_account_grows(steps, sizes):
    size, got = START.value, []
    for times in range(3):
        size = grown_size_rounded_down(PLAIN, rule(scaling(*steps)), START, minor(size), times)
        got.append(size)
    assert got == sizes


@pytest.mark.parametrize(
    ("largest", "expected"),
    [
        pytest.param(125_000_01, 125_000_00, id="below the largest size"),
        pytest.param(124_999_99, 124_999_99, id="up to it"),
        pytest.param(50_000_00, 100_000_00, id="an account that is larger already does not shrink"),
    ],
)
def test_it_grows_to_the_largest_size_and_no_further(largest, expected):
    assert grown_size_rounded_down(PLAIN, rule(scaling(size_max_minor=largest)), START, START, 0) == expected


def test_growth_is_rounded_down():
    assert grown_size_rounded_down(PLAIN, rule(scaling()), minor(7), minor(7), 0) == 8


def test_the_share_after_growth():
    assert trader_bp_after_growth(scaling(split_after_bp=9_000), 8_000) == 9_000
    assert trader_bp_after_growth(scaling(), 8_000) == 8_000


# --- several accounts ---


def held(size, balance=None, lots=None, funded=True, account="7"):
    return AccountHeld(
        account=account,
        size=Figure(size, "10/initial/minor"),
        balance=minor(size if balance is None else balance),
        lots_max_e8=lots,
        is_funded=funded,
    )


def merge(lots=LotsMerged.SUM, size_max_minor=75_000_00, untouched_only=False):
    return Merge(id="merge", lots=lots, size_max_minor=size_max_minor, untouched_only=untouched_only)


@pytest.mark.parametrize(("second", "broken"), [(49_999_99, False), (50_000_00, False), (50_000_01, True)])
def test_accounts_become_one_up_to_the_largest_size(second, broken):
    together = 25_000_00 + second
    accounts = [held(25_000_00), held(second)]
    assert judge_merge(PLAIN, rule(merge()), accounts) == (kept(together, 75_000_00, Unit.MINOR, SIZE, broken=broken),)
    assert merged_size(PLAIN, accounts) == together


def test_one_that_was_traded_is_named():
    accounts = [held(100, account="7"), held(100, 101, account="8"), held(100, 99, account="9")]
    _, *answers = judge_merge(PLAIN, rule(merge(untouched_only=True)), accounts)
    assert [(one.subject, one.is_broken, one.observed) for one in answers] == [
        ("7", False, 100),
        ("8", True, 101),
        ("9", True, 99),
    ]


@pytest.mark.parametrize(
    ("lots", "limits", "expected"),
    [
        (LotsMerged.SUM, (10, 20), 30),
        (LotsMerged.LARGEST, (10, 20), 20),
        (LotsMerged.SUM, (10, None), 10),
        (LotsMerged.LARGEST, (None, 2, None), 2),
        (LotsMerged.SUM, (None, None), None),
    ],
)
def test_what_the_merged_account_may_hold(lots, limits, expected):
    assert merged_lots_e8(merge(lots), [held(1, lots=limit) for limit in limits]) == expected


@pytest.mark.parametrize(
    ("accounts", "expected"),
    [
        pytest.param([held(100_000_00, 85_000_00)], 85_000_00, id="one account's balance"),
        pytest.param([held(50_000_00, 12_000_00)] * 4, 48_000_00, id="all balances together"),
        pytest.param([held(50_000_00, 30_000_00)] * 3, 50_000_00, id="at most the largest size"),
        pytest.param(
            [held(50_000_00, 60_000_00), held(100_000_00, 50_000_00)], 100_000_00, id="of the largest of them"
        ),
    ],
)
def test_with_what_a_live_account_starts(accounts, expected):
    assert live_balance(PLAIN, rule(LiveStart(id="live", largest_only=True)), accounts) == expected
    together = sum(one.balance.value for one in accounts)
    assert live_balance(PLAIN, rule(LiveStart(id="live", largest_only=False)), accounts) == together


def test_a_live_account_follows_at_least_one():
    with pytest.raises(AssertionError, match="follows at least one"):
        live_balance(PLAIN, rule(LiveStart(id="live", largest_only=True)), [])


def allocation(limit=400_000_00, accounts_max=3, funded_only=False):
    return MaximumAllocation(id="allocation", limit_minor=limit, accounts_max=accounts_max, funded_only=funded_only)


@pytest.mark.parametrize(("asked", "size_broken"), [(199_999_99, False), (200_000_00, False), (200_000_01, True)])
def test_all_accounts_of_a_trader_together(asked, size_broken):
    answers = judge_maximum_allocation(PLAIN, rule(allocation()), [held(200_000_00)], held(asked))
    assert answers == (
        kept(200_000_00 + asked, 400_000_00, Unit.MINOR, SIZE, broken=size_broken),
        kept(2, 3, Unit.COUNT, ACCOUNTS, broken=False),
    )


@pytest.mark.parametrize(("count", "broken"), [(1, False), (2, False), (3, True)])
def test_three_accounts_and_no_fourth(count, broken):
    _, answer = judge_maximum_allocation(PLAIN, rule(allocation()), [held(1)] * count, held(1))
    assert answer == kept(count + 1, 3, Unit.COUNT, ACCOUNTS, broken=broken)


def test_where_funded_accounts_alone_count_a_challenge_is_free():
    term = allocation(limit=100, accounts_max=1, funded_only=True)
    challenges = [held(100, funded=False)] * 5
    assert judge_maximum_allocation(PLAIN, rule(term), challenges, held(100, funded=False)) == (SILENT,)
    answers = judge_maximum_allocation(PLAIN, rule(term), challenges, held(100))
    assert not any(one.is_broken for one in answers)
    answers = judge_maximum_allocation(PLAIN, rule(term), [*challenges, held(1)], held(100))
    assert [one.is_broken for one in answers] == [True, True]
    everything = judge_maximum_allocation(PLAIN, rule(allocation(limit=600, accounts_max=6)), challenges, held(100))
    assert [(one.observed, one.is_broken) for one in everything] == [(600, False), (6, False)]


def test_the_working_cites_its_figures():
    working = Working()
    deadline_after_reset(working, rule(reset()), at("2025-05-01"), at("2025-06-05"), UTC_DAYS)
    assert [step.source for step in working.steps if step.source] == [
        "ruleset/terms/6/window_days",
        "40/at_us",
        "40/at_us",
    ]
    assert working.steps[-1].value == date(2025, 7, 5).toordinal()
    working = Working()
    grown_size_rounded_down(working, rule(scaling(step(times=1), DOUBLING)), START, minor(125_000_00), 1)
    assert "ruleset/terms/6/steps/1/grows_bp" in {step.source for step in working.steps}
    working = Working()
    judge_scaling(working, rule(scaling(step(times=1), DOUBLING)), grown(times=1), UTC_DAYS, DAY_US)
    assert "ruleset/terms/6/steps/1/months" in {step.source for step in working.steps}
