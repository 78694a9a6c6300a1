"""Maximum loss, 10 % of 100 000.00: static, trailing at the end of the day, trailing on every tick, and locked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from firm.arithmetic import PLAIN
from firm.rules.limits import first_broken, has_same_floors, limits_of
from firm.rules.maximum_loss import maximum_loss_floor
from firm.ruleset import AmountBase, Anchor, Boundary, DailyLoss, MaximumLoss, OnDailyLoss, Trail

INITIAL = 100_000_00


def terms(trail=Trail.STATIC, lock=None, boundary=Boundary.TOUCHES):
    return MaximumLoss(
        id="max", loss_max_bp=1_000, trail=trail, trails_on=Anchor.BALANCE, lock_at_bp=lock, boundary=boundary
    )


def every_rule():
    daily = DailyLoss(
        id="daily", loss_max_bp=500, anchor=Anchor.EQUITY, base=AmountBase.INITIAL, boundary=Boundary.TOUCHES,
        on_breach=OnDailyLoss.FAIL,
    )  # fmt: skip
    return (daily, *(replace(terms(trail), id=trail.value) for trail in Trail))


def floor(rule, high):
    return maximum_loss_floor(PLAIN, rule, "ruleset/terms/0", INITIAL, "10/initial/minor", high, "20/x", INITIAL)


@pytest.mark.parametrize(
    ("trail", "lock", "high", "expected"),
    [
        pytest.param(Trail.STATIC, None, 120_000_00, 90_000_00, id="static never moves"),
        pytest.param(Trail.EVERY_TICK, None, 103_000_00, 93_000_00, id="follows the high"),
        pytest.param(Trail.EVERY_TICK, None, 99_000_00, 90_000_00, id="a high below the start does not lower it"),
        pytest.param(Trail.EVERY_TICK, 0, 109_999_99, 99_999_99, id="one cent before its lock"),
        pytest.param(Trail.EVERY_TICK, 0, 110_000_00, 100_000_00, id="at its lock"),
        pytest.param(Trail.END_OF_DAY, 0, 125_000_00, 100_000_00, id="locked at the start for good"),
        pytest.param(Trail.END_OF_DAY, 10, 125_000_00, 100_100_00, id="locked a little above the start"),
    ],
)
def test_where_the_floor_lies(trail, lock, high, expected):
    assert floor(terms(trail, lock), high) == expected


@pytest.mark.parametrize(
    ("initial", "trail", "lock", "high", "expected"),
    [
        # 33.33 % of 999.99 is 333.296667: rounded down, the allowed loss is 333.29.
        pytest.param(999_99, Trail.STATIC, None, 0, 666_70, id="the allowed loss is rounded down"),
        # 0.07 % of 999.99 is 0.699993: rounded down, the lock lies 0.69 above the start.
        pytest.param(999_99, Trail.EVERY_TICK, 7, 2_000_00, 1_000_68, id="the lock is rounded down"),
    ],
)
def test_no_share_is_rounded_in_the_firm_s_favour(initial, trail, lock, high, expected):
    rule = replace(terms(trail, lock), loss_max_bp=3_333)
    at = ("ruleset/terms/0", initial, "10/initial/minor", high, "20/x", initial)
    assert maximum_loss_floor(PLAIN, rule, *at) == expected


@pytest.mark.parametrize(
    ("trail", "state", "expected"),
    [
        pytest.param(Trail.STATIC, {"peak": 108_000_00}, 90_000_00, id="static ignores the peak"),
        pytest.param(Trail.EVERY_TICK, {"peak": 108_000_00}, 98_000_00, id="every tick follows the peak"),
        pytest.param(Trail.END_OF_DAY, {"peak": 108_000_00, "rollover_high": 104_000_00}, 94_000_00, id="end of day follows the rollovers"),
    ],
)  # fmt: skip
def test_each_trail_follows_its_own_mark(ada, trail, state, expected):
    [limit] = limits_of(ada(terms(trail), **state))
    assert limit.floor == expected


@pytest.mark.parametrize(
    ("boundary", "equity", "broken"),
    [
        (Boundary.TOUCHES, 90_000_01, False),
        (Boundary.TOUCHES, 90_000_00, True),
        (Boundary.CROSSES, 90_000_00, False),
        (Boundary.CROSSES, 89_999_99, True),
    ],
)
def test_verdict_around_the_floor(ada, boundary, equity, broken):
    found = first_broken(limits_of(ada(terms(boundary=boundary))), equity)
    assert (found is not None) is broken


@given(st.integers(0, 10**10), st.integers(0, 10**10), st.sampled_from([None, 0, 10, 500]))
def test_a_trailing_floor_never_falls_and_never_passes_its_lock(high, more, lock):
    before, after = (floor(terms(Trail.EVERY_TICK, lock), mark) for mark in (high, high + more))
    assert 90_000_00 <= before <= after
    if lock is not None:
        assert after <= INITIAL + INITIAL * lock // 10_000


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"day": (101_000_00, 102_000_00)}, id="another day"),
        pytest.param({"peak": 108_000_00}, id="a new high"),
        pytest.param({"rollover_high": 104_000_00}, id="a higher mark at a rollover"),
        pytest.param({"cash_net": 1_000_00, "cash_seq": 40}, id="a deposit"),
    ],
)
def test_floors_are_the_same_unless_what_they_are_measured_from_changed(ada, changes):
    before = ada(*every_rule())
    traded = replace(before, balance=99_000_00, balance_source="50/balance/minor", last_trade_seq=50)
    assert has_same_floors(before, traded)
    assert limits_of(traded) == limits_of(before)
    moved = ada(*every_rule(), **changes)
    moved = moved if "day" in changes else replace(moved, day=before.day)
    assert limits_of(moved) != limits_of(before)
    assert not has_same_floors(before, replace(moved, ruleset=before.ruleset))


def test_floors_of_another_ruleset_are_others(ada):
    before = ada(terms())
    after = replace(before, ruleset=ada(replace(terms(), loss_max_bp=500)).ruleset)
    assert limits_of(after) != limits_of(before)
    assert not has_same_floors(before, after)
