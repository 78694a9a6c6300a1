"""Vectors about what a payout leaves above the floor, in the parts of their vocabulary that the published ones do not use."""

from decimal import Decimal

import pytest

from appliance.conformance.compare import differences
from appliance.conformance.payout_floor import FAMILIES
from appliance.conformance.vector import CannotExpress, Vector


def wrong(params, timeline, expect):
    one = Vector(
        id="own", firm="own", rule="payout_floor", params=params, timeline=timeline, expect=expect, source="own"
    )
    return [str(difference) for difference in differences(expect, FAMILIES["payout_floor"](one))]


LIMIT = {"initial": 100_000, "amount": {"abs": 10_000}, "mode": "closed", "hwm": "balance", "lock_at_offset": 0}


def tick(balance, **more):
    return {"ev": "tick", "balance": balance, **more}


def payout(amount):
    return {"ev": "payout", "amount": amount}


@pytest.mark.parametrize(
    ("params", "timeline", "expect"),
    [
        pytest.param(
            LIMIT | {"on_payout": "hwm_minus_payout"},
            [tick(105_000), tick(103_000), payout(3_000)],
            {
                "floor_initial": 90_000,
                "floor": [95_000, 95_000, 92_000],
                "floor_before": 95_000,
                "floor_after": 92_000,
                "headroom_before": 8_000,
                "headroom_after": 8_000,
                "hwm_after": 102_000,
                "breached": False,
            },
            id="the high comes down with the payout",
        ),
        pytest.param(
            LIMIT | {"on_payout": "lock_at_initial", "breach_when": "lt"},
            [tick(105_000), payout("max")],
            {"paid": 5_000, "breached_after_payout": False, "breached_on_next_spread": True, "headroom": [10_000, 0]},
            id="withdrawing everything: the next spread will breach",
        ),
        pytest.param(
            LIMIT | {"on_payout": "lock_at_initial", "breach_when": "lt"},
            [tick(105_000), payout(4_000), tick(101_000, equity=Decimal("100999.5")), tick(99_000)],
            {"breached_on_next_spread": False, "breached": True},
            id="a thousand that stays survives it, and falls later",
        ),
        pytest.param(
            LIMIT | {"on_payout": "none", "first_payout_cap_pct": 3, "split": 80},
            [tick(106_000), payout("max"), payout("max")],
            {"max_withdrawal": [3_000, 3_000], "paid": [2_400, 2_400], "balance_after": [103_000, 100_000]},
            id="a cap on the first payout alone",
        ),
        pytest.param(
            LIMIT | {"on_payout": "none", "min_profit_pct_to_request": 5},
            [tick(Decimal("104999.99")), payout("max"), tick(105_000), payout("max")],
            {"max_withdrawal": [0, 5_000], "withdrawable": [0, 5_000]},
            id="nothing before the profit that a request needs",
        ),
        pytest.param(
            {"drawdown": 2_500, "safety_net_extra": 100, "applies_to_payouts": [1, 2, 3]},
            [{"ev": "request_payout", "profit": 3_300, "payout_no": number} for number in (3, 4)],
            {"withdrawable": [700, 3_300], "safety_net_profit": [2_600, 0]},
            id="the safety net holds for three payouts",
        ),
    ],
)
def test_what_a_payout_leaves(params, timeline, expect):
    assert wrong(params, timeline, expect) == []


@pytest.mark.parametrize(
    ("params", "timeline"),
    [
        ({"tax_pct": 5}, []),
        ({"drawdown": 2_500, "applies_to_payouts": [2, 3]}, []),
        (LIMIT | {"lock_trigger": {"full_moon": 1}}, []),
        ({"initial": 100, "floor_locked": 99}, []),
        (LIMIT, [{"ev": "dividend"}]),
    ],
)
def test_what_our_terms_do_not_say_is_no_guess(params, timeline):
    with pytest.raises(CannotExpress):
        wrong(params, timeline, {"paid": 0})
