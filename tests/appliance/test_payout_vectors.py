"""Vectors about payouts and an account's life, in the parts of their vocabulary that the published ones do not use."""

from decimal import Decimal

import pytest

from appliance.conformance.compare import differences
from appliance.conformance.payouts import FAMILIES
from appliance.conformance.vector import CannotExpress, Vector


def vector(rule, params, timeline, expect, vector_id="own", firm="own"):
    return Vector(id=vector_id, firm=firm, rule=rule, params=params, timeline=timeline, expect=expect, source="own")


def wrong(*told, **named):
    one = vector(*told, **named)
    return [str(difference) for difference in differences(one.expect, FAMILIES[one.rule](one))]


WEEKLY = {"base": "equity", "schedule": "Mon 12:00 server", "split": 70, "min_profit": 10}
INSIDE = {"buffer": 2_000, "split": 80, "inside_buffer": {"lt_60d": 50, "ge_60d": 80}, "terminates_account": True}


@pytest.mark.parametrize(
    ("params", "timeline", "expect"),
    [
        pytest.param(
            WEEKLY,
            [{"ev": "payout", "equity": 104_000, "initial": 100_000}],
            {"withdrawn": 4_000, "trader": 2_800, "firm": 1_200, "balance_after": 100_000},
            id="every Monday all that equity shows",
        ),
        pytest.param(
            WEEKLY,
            [{"ev": "payout", "equity": Decimal("100009.99"), "initial": 100_000}],
            {"withdrawn": 0, "trader": 0, "firm": 0, "balance_after": Decimal("100009.99")},
            id="not for less than the least profit",
        ),
        pytest.param(
            INSIDE,
            [{"ev": "close", "profit": 1_000, "age_days": 59}, {"ev": "close", "profit": 1_000, "age_days": 60}],
            {"paid": [500, 800], "account_closed": [True, True]},
            id="inside the buffer by the account's age",
        ),
        pytest.param(
            INSIDE,
            [{"ev": "close", "profit": 3_000, "age_days": 10}],
            {"paid": 1_800, "account_closed": True},
            id="with what is above it",
        ),
        pytest.param(
            {"initial": 100_000, "buffer": 2_000, "split": 90},
            [{"ev": "payout", "balance": 105_000, "amount": 1_000}, {"ev": "day", "pnl": 500}, {"ev": "payout"}],
            {"paid": [900, 2_250], "balance_after": [104_000, 102_000], "account_closed": False},
            id="one payout after another",
        ),
        pytest.param(
            {"initial": 100_000, "after": "daily_loss_breach", "share_pct": 50, "claim_days": 7},
            [{"ev": "day", "pnl": 3_000}, {"ev": "day", "pnl": -4_000}],
            {"balance": 99_000, "paid": 0},
            id="nothing is salvaged of a loss",
        ),
        pytest.param(
            {"initial": 50_000, "profit_target": 2_500, "challenge_share_pct": 15, "unlock_when_withdrawn_pct": 10},
            [{"ev": "withdrawn_total", "amount": Decimal("4999.99")}, {"ev": "withdrawn_total", "amount": 5_000}],
            {"bonus": [0, 375]},
            id="a bonus that is not unlocked yet",
        ),
    ],
)
def test_how_much_is_paid(params, timeline, expect):
    assert wrong("payout_amount", params, timeline, expect) == []


BEGUN = {"ev": "first_trade", "date": "2025-04-01"}
FORTNIGHT = {
    "min_days_from": "first_trading_day",
    "days": 14,
    "requires": ["no_open_positions", "no_pending", "profit>0"],
}
QUARTER = {"initial": 100_000, "daily_dd_pct": 4, "trader_share_must_exceed_pct_of_daily_dd": 25}


@pytest.mark.parametrize(
    ("params", "timeline", "expect"),
    [
        pytest.param(FORTNIGHT, [BEGUN], {"first_eligible": "2025-04-15"}, id="a fortnight"),
        pytest.param(
            FORTNIGHT,
            [BEGUN, {"ev": "request", "date": "2025-04-14"}, {"ev": "request", "date": "2025-04-15"}],
            {"eligible": [False, True]},
            id="asked a day before and on the day",
        ),
        pytest.param(QUARTER, [{"ev": "request", "trader_share": 1_000}], {"eligible": False}, id="no more than a quarter"),
        pytest.param(QUARTER, [{"ev": "request", "trader_share": Decimal("1000.01")}], {"eligible": True}, id="a cent more"),
    ],
)  # fmt: skip
def test_when_a_payout_may_be_asked_for(params, timeline, expect):
    assert wrong("payout_eligibility", params, timeline, expect) == []


CHOICES = [{"pct": 50}, {"pct": 75}, {"pct": 100}]


@pytest.mark.parametrize(
    ("tiers", "split"),
    [
        pytest.param([{"pct": 75}], {"phase2": Decimal("56.25"), "funded": Decimal("37.5")}, id="by phase"),
        pytest.param([{"pct": 75}], [Decimal("56.25"), Decimal("37.5")], id="in the order of the penalties"),
        pytest.param(CHOICES, {"phase2": [Decimal("37.5"), Decimal("56.25"), 75]}, id="for each split on sale"),
        pytest.param([50, 75, 100], {"funded": [25, Decimal("37.5"), 50]}, id="which may be told bare"),
    ],
)  # fmt: skip
def test_what_a_reset_leaves_of_the_split(tiers, split):
    params = {"tiers": tiers, "reset_penalty": {"phase2": 25, "funded": 50}}
    assert wrong("profit_split", params, [], {"split": split}) == []


def test_growth_that_compounds_up_to_a_cap():
    params = {"every_months": 3, "add_pct": 25, "add_pct_of": "current", "initial": 100_000, "cap": 150_000}
    months = [{"months": 2}, {"months": 3}, {"months": 6}]
    assert wrong("scaling", params, months, {"initial": [100_000, 125_000, 150_000]}) == []


@pytest.mark.parametrize(
    ("rule", "params", "timeline"),
    [
        ("payout_amount", {"tax_pct": 5}, []),
        ("payout_amount", {"inside_buffer": {"lt_60d": 50, "ge_61d": 80}}, []),
        (
            "payout_amount",
            {"initial": 1, "after": "x", "share_pct": 50, "claim_days": 7, "conditions": ["good_mood"]},
            [],
        ),
        ("payout_eligibility", {"min_days_from": "full_moon", "days": 3}, []),
        ("payout_min_balance", {"formula": "start + luck + 100", "sizes": {}}, []),
        ("profit_split", {"tiers": [{"pct": 80}], "scope": "per_decade"}, []),
        ("fee_refund", {"with_payout": 1, "amount": "half"}, []),
        ("live_start_balance", {"rule": "max(balances)"}, [{"size": 1}]),
        (
            "scaling",
            {"every_months": 3, "add_pct": 25, "add_pct_of": "original", "conditions": ["luck"], "initial": 1},
            [],
        ),
        ("scaling", {"every_months": 3, "add_pct": 25, "add_pct_of": "original"}, []),
        ("payout_amount", {"initial": Decimal("0.001")}, []),
    ],
)
def test_what_our_terms_do_not_say_is_no_guess(rule, params, timeline):
    with pytest.raises(CannotExpress):
        FAMILIES[rule](vector(rule, params, timeline, {"paid": 0}))
