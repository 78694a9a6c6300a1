"""Daily loss, 5 % of 100 000.00: where the floor lies for each anchor and base, and which side of it is a breach.

One snapshot, balance 105 000 and equity 107 000, has as many floors as there are ways to write "5 %".
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from firm.account import DayStart
from firm.arithmetic import PLAIN, Working
from firm.rules.daily_loss import daily_floor
from firm.rules.limits import breaks, first_broken, limits_of
from firm.ruleset import AmountBase, Anchor, Boundary, DailyLoss, OnDailyLoss
from firm.trading_day import TradingDay

DAY = TradingDay("2014-05-01", 0, 86_400_000_000)


def terms(anchor=Anchor.BALANCE, base=AmountBase.INITIAL, boundary=Boundary.TOUCHES, on=OnDailyLoss.FAIL):
    return DailyLoss(id="daily", loss_max_bp=500, anchor=anchor, base=base, boundary=boundary, on_breach=on)


@pytest.mark.parametrize(
    ("anchor", "base", "floor"),
    [
        (Anchor.BALANCE, AmountBase.INITIAL, 100_000_00),
        (Anchor.BALANCE, AmountBase.ANCHOR, 99_750_00),
        (Anchor.EQUITY, AmountBase.INITIAL, 102_000_00),
        (Anchor.EQUITY, AmountBase.ANCHOR, 101_650_00),
        (Anchor.HIGHER, AmountBase.INITIAL, 102_000_00),
        (Anchor.HIGHER, AmountBase.ANCHOR, 101_650_00),
    ],
)
def test_the_same_five_percent_gives_another_floor_for_each_anchor_and_base(anchor, base, floor):
    day = DayStart(DAY, 105_000_00, 107_000_00, 20, final=True)
    assert daily_floor(PLAIN, terms(anchor, base), "ruleset/terms/0", day, 100_000_00, "10/initial/minor") == floor


@pytest.mark.parametrize(
    ("boundary", "equity", "broken"),
    [
        pytest.param(Boundary.TOUCHES, 95_000_01, False, id="one cent above the floor"),
        pytest.param(Boundary.TOUCHES, 95_000_00, True, id="touching it, where touching is a breach"),
        pytest.param(Boundary.TOUCHES, 94_999_99, True, id="one cent below, touching"),
        pytest.param(Boundary.CROSSES, 95_000_00, False, id="touching it, where only crossing is a breach"),
        pytest.param(Boundary.CROSSES, 94_999_99, True, id="one cent below, crossing"),
        pytest.param(Boundary.TOUCHES, -1_00, True, id="a gap through zero"),
    ],
)
def test_verdict_around_the_floor(ada, boundary, equity, broken):
    account = ada(terms(boundary=boundary))
    found = first_broken(limits_of(account), equity)
    assert (found is not None) is broken


def test_a_hard_limit_counts_before_a_soft_one_on_the_same_price(ada):
    soft = terms(on=OnDailyLoss.PAUSE_UNTIL_ROLLOVER)
    account = ada(soft, replace(terms(), id="hard"))
    assert first_broken(limits_of(account), 90_000_00).terms.id == "hard"


def test_no_day_no_daily_floor(ada):
    assert limits_of(replace(ada(terms()), day=None)) == ()


def test_the_allowed_loss_is_rounded_down():
    """3.33 % of 100.01 is 3.330333: 3.33 may be lost, not 3.34."""
    odd = DailyLoss(id="d", loss_max_bp=333, anchor=Anchor.BALANCE, base=AmountBase.ANCHOR,
                    boundary=Boundary.TOUCHES, on_breach=OnDailyLoss.FAIL)  # fmt: skip
    day = DayStart(DAY, 100_01, 100_01, 20, final=True)
    assert daily_floor(PLAIN, odd, "ruleset/terms/0", day, 100_01, "10/initial/minor") == 96_68


def test_the_working_cites_the_row_of_every_figure():
    calc = Working()
    day = DayStart(DAY, 105_000_00, 107_000_00, 20, final=True)
    floor = daily_floor(calc, terms(Anchor.HIGHER), "ruleset/terms/0", day, 100_000_00, "10/initial/minor")
    breaks(calc, Boundary.TOUCHES, calc.given("equity", 1, "minor", "40/x"), floor)
    sources = {step.name: step.source for step in calc.steps if step.op == "given"}
    assert sources == {
        "balance at day start": "20/balance/minor",
        "equity at day start": "20/equity/minor",
        "daily loss limit": "ruleset/terms/0/loss_max_bp",
        "initial balance": "10/initial/minor",
        "equity": "40/x",
    }
    assert calc.steps[-1].value == 1


@given(
    st.integers(0, 10**12),
    st.integers(0, 10**12),
    st.integers(1, 10_000),
    st.sampled_from(Anchor),
    st.sampled_from(AmountBase),
)
def test_a_higher_mark_never_lowers_the_floor(balance, raised, bp, anchor, base):
    limit = DailyLoss(
        id="d", loss_max_bp=bp, anchor=anchor, base=base, boundary=Boundary.TOUCHES, on_breach=OnDailyLoss.FAIL
    )
    low = DayStart(DAY, balance, balance, 20, final=True)
    high = DayStart(DAY, balance + raised, balance + raised, 20, final=True)
    floors = [daily_floor(PLAIN, limit, "ruleset/terms/0", day, 100_000_00, "10/initial/minor") for day in (low, high)]
    assert floors[0] <= floors[1]
