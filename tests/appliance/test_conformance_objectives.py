"""Objectives in the neutral vocabulary: each value that it lists means the same in our terms, also those that few examples use."""

from decimal import Decimal
from fractions import Fraction

import pytest

from appliance.conformance.objective_days import calendar_of
from appliance.conformance.objectives import FAMILIES
from appliance.conformance.vector import CannotExpress, Vector
from firm.instant import parse_utc


def got(rule, params, timeline, *asked, lists=()):
    """What the adapter answers under the keys that are asked; `lists`: the keys under which a list is expected."""
    expect = {key: [] if key in lists else 0 for key in asked}
    answers = FAMILIES[rule](Vector("v", "firm", rule, params, timeline, expect, "here"))
    found = [answers[key] for key in asked]
    return found[0] if len(found) == 1 else tuple(found)


BEST_DAY = {"kind": "consistency", "cap_pct": 50, "pass_when": "le", "denominator": "net_total", "severity": "soft"}
THREE_DAYS = [{"ev": "day", "pnl": pnl} for pnl in (5000, 5000, -3000)]


@pytest.mark.parametrize(
    ("changes", "scores", "passed"),
    [
        ({}, [100, 50, Fraction(500, 7)], [False, True, False]),
        ({"denominator": "positive_days"}, [100, 50, 50], [False, True, True]),
        ({"denominator": "positive_days", "pass_when": "lt"}, [100, 50, 50], [False, False, False]),
    ],
)
def test_each_day_has_its_score(changes, scores, passed):
    days = got("consistency", {**BEST_DAY, **changes}, THREE_DAYS, "per_day")
    assert ([day["score"] for day in days], [day["passed"] for day in days]) == (scores, passed)


def test_without_a_profit_in_sum_there_is_no_score_and_the_rule_does_not_apply():
    timeline = [{"ev": "day", "pnl": Decimal("-0.01")}, {"ev": "day", "pnl": Decimal("0.01")}]
    assert [(day["score"], day["passed"]) for day in got("consistency", BEST_DAY, timeline, "per_day")] == [
        (None, None), (None, None),
    ]  # fmt: skip


@pytest.mark.parametrize(("payout_no", "passed"), [(1, False), (2, True), (9, True)])
def test_each_payout_has_its_cap(payout_no, passed):
    params = {"cap_pct_by_payout": [20, 30], "pass_when": "le", "denominator": "net_total"}
    assert got("consistency", params, [{"payout_no": payout_no, "best_day": 300, "total": 1000}], "passed") is passed


def test_today_may_be_the_best_day_and_have_room_left():
    entry = {"prior_total": 1650, "best_day": 760, "today": 1470}
    assert got("consistency", BEST_DAY, [entry], "score", "headroom_today") == (Fraction(147_000, 3_120), 180)


def test_a_loss_today_makes_the_winning_days_no_smaller():
    entry = {"prior_total": 1000, "best_day": 500, "today": -100}
    assert got("consistency", {**BEST_DAY, "denominator": "positive_days"}, [entry], "score") == 50


def test_a_target_in_money_at_a_closing_balance_waits_for_its_days_and_does_not_latch():
    params = {"abs": 3000, "initial": 50000, "measure": "closing_balance", "min_days": 3, "latched": False}
    closes = [{"day": day, "balance": balance} for day, balance in enumerate((53000, 51000, 52999, 53000), start=1)]
    assert got("profit_target", params, closes, "passed", lists=["passed"]) == [False, False, False, True]
    assert got("profit_target", params, closes[:3], "passed") is False
    assert got("profit_target", {**params, "latched": True}, closes[:3], "passed") is True


def test_a_target_that_closes_what_is_open_is_passed_flat():
    params = {"pct": 10, "initial": 1000, "measure": "equity", "auto_close": True, "requires_flat": True}
    assert got("profit_target", params, [{"balance": 1000, "equity": 1100, "open": True}], "passed") is True
    assert (
        got("profit_target", {**params, "auto_close": False}, [{"balance": 0, "equity": 1100, "open": True}], "passed")
        is False
    )


@pytest.mark.parametrize(("t", "passed_at"), [(30, None), (31, 31)])
def test_a_target_is_held_for_longer_than_its_seconds(t, passed_at):
    params = {"pct": 10, "initial": 1000, "measure": "equity", "hold_seconds_gt": 30}
    assert (
        got("profit_target", params, [{"t": 0, "equity": 1100}, {"t": t, "equity": 1100}], "passed_at_t") == passed_at
    )


@pytest.mark.parametrize(("op", "counts"), [("ge", [True, False]), ("gt", [False, False])])
def test_equity_from_midnight_to_midnight_makes_a_day(op, counts):
    params = {"counts": "midnight_equity_diff", "min_pct": Decimal("0.5"), "op": op, "initial": 100000}
    timeline = [
        {"ev": "rollover", "equity": 100000},
        {"ev": "tick", "equity": 99000},
        {"ev": "rollover", "equity": 100500},
        {"ev": "rollover", "equity": Decimal("100999.99")},
    ]
    assert got("trading_days", params, timeline, "counts", lists=["counts"]) == counts


def test_a_position_that_is_opened_in_the_evening_is_tomorrow_s():
    params = {"counts": "position_opened", "tz": "America/New_York", "rollover": "17:00"}
    timeline = [
        {"ev": "open", "pos": "A", "t": "2025-06-01T18:05:00-04:00"},
        {"ev": "close", "pos": "A", "t": "2025-06-03T09:45:00-04:00"},
        {"ev": "open", "pos": "B", "t": "2025-06-02T16:59:59"},
    ]
    assert got("trading_days", params, timeline, "days", "label") == (1, "2025-06-02")


def test_a_day_that_begins_at_midnight_is_called_by_its_own_date():
    params = {"counts": "position_opened", "tz": "Europe/Prague"}
    timeline = [{"ev": "open", "pos": "A", "t": "2025-06-01T22:30:00Z"}]
    assert got("trading_days", params, timeline, "label", lists=["label"]) == ["2025-06-02"]


def test_five_of_eight_days_make_a_cycle_eligible():
    params = {"cycle_days": 8, "min_profitable": 5, "min_profit": 50, "op": "ge"}
    timeline = [{"pnl": pnl} for pnl in (75, -30, 120, 60, -15, 80, 25, 50)]
    assert got("trading_days", params, timeline, "qualifying", "eligible") == (5, True)
    timeline[-1] = {"pnl": Decimal("49.99")}
    assert got("trading_days", params, timeline, "qualifying", "eligible") == (4, False)


def test_a_new_cycle_counts_its_own_days():
    params = {"counts": "day_profit", "cycle_days": 2, "min_profitable": 1, "min_pct": Decimal("0.5")}
    timeline = [{"pct": 1}, {"pct": 1}, {"pct": Decimal("0.49")}]
    assert got("trading_days", params, timeline, "qualifying", "eligible") == (0, False)


@pytest.mark.parametrize(
    ("rollover", "instant", "label"),
    [
        ("00:00", "2025-07-01T20:59:59Z", "2025-07-01"),
        ("00:00", "2025-07-01T21:00:00Z", "2025-07-02"),
        ("00:00", "2025-01-15T21:59:59Z", "2025-01-15"),
        ("00:00", "2025-01-15T22:00:00Z", "2025-01-16"),
        ("07:00", "2025-07-01T04:00:00Z", "2025-07-01"),
    ],
)
def test_a_server_seven_hours_ahead_of_new_york_changes_its_clock_with_it(rollover, instant, label):
    assert calendar_of("server GMT+2/+3 (US DST)", rollover).day_at(parse_utc(instant)).label == label


@pytest.mark.parametrize(("check", "inactive"), [("2025-10-19", False), ("2025-10-20", True)])
def test_the_clock_of_an_account_runs_from_its_last_close(check, inactive):
    params = {"days": 30, "from_": "last_trade_closed_or_assignment"}
    timeline = [
        {"ev": "assigned", "date": "2025-09-01"},
        {"ev": "open", "date": "2025-09-10"},
        {"ev": "close", "date": "2025-09-20"},
        {"ev": "check", "date": check},
    ]
    assert got("inactivity", params, timeline, "inactive", lists=["inactive"]) == [inactive]


@pytest.mark.parametrize(
    ("rule", "params", "entry"),
    [
        ("consistency", {**BEST_DAY, "pass_when": "about"}, {"ev": "day", "pnl": 1}),
        ("consistency", {**BEST_DAY, "cap_pct": Decimal("33.333")}, {"ev": "day", "pnl": 1}),
        ("consistency", {**BEST_DAY, "weather": "fair"}, {"ev": "day", "pnl": 1}),
        ("consistency", {key: BEST_DAY[key] for key in BEST_DAY if key != "cap_pct"}, {"ev": "day", "pnl": 1}),
        ("trading_days", {"counts": "closed_net", "min_pct": 1}, {"pnl": 1}),
        ("trading_days", {"counts": "closed_net", "min_profit": 1}, {"mood": 1}),
        ("inactivity", {"days": 30}, {"ev": "sneeze", "date": "2025-09-01"}),
    ],
)
def test_what_our_terms_do_not_say_is_refused(rule, params, entry):
    with pytest.raises(CannotExpress):
        got(rule, params, [entry], "passed")
