"""Winning: the target and the days of the first words, and the two clocks that end a phase."""

import pytest
from msgspec.structs import replace

from firm.account import Position
from firm.arithmetic import PLAIN, Working
from firm.inputs import Side
from firm.instant import DAY_US
from firm.overrides import Overrides
from firm.rules.endings import is_over
from firm.rules.winning import Moment, is_barred, target_of, won
from firm.terms.first import FirstInactivity, FirstMaximumDuration, FirstProfitTarget, MinimumTradingDays
from firm.terms.objectives import ClockStart, Inactivity
from firm.terms.words import Action
from firm.track import DayStart
from firm.trading_day import TradingDay

TARGET = FirstProfitTarget(id="t", target_bp=800, flat_required=True)
HELD = (Position("P", "EURUSD", Side.BUY, 10**8, 1, 0, 5, "", 0, 5, "swap/minor"),)


@pytest.mark.parametrize(
    ("balance", "positions", "days", "expected"),
    [
        pytest.param(107_999_99, (), 4, False, id="one cent short"),
        pytest.param(108_000_00, (), 4, True, id="exactly reached"),
        pytest.param(108_000_00, HELD, 4, False, id="reached with a position open"),
        pytest.param(108_000_00, (), 3, False, id="reached a day too early"),
        pytest.param(120_000_00, (), 0, False, id="reached without a trading day"),
    ],
)
def test_a_phase_is_won_when_every_objective_is_met(ada, balance, positions, days, expected):
    rules = (TARGET, MinimumTradingDays(id="d", days_min=4))
    account = ada(*rules, balance=balance, positions=positions, days_traded=days, days_traded_seq=40 if days else 0)
    assert won(PLAIN, account, Moment(0)) is expected
    assert won(Working(), account, Moment(0)) is expected


@pytest.mark.parametrize(
    ("days", "barred"), [pytest.param(3, True, id="a day is missing"), pytest.param(4, False, id="no day is")]
)
@pytest.mark.parametrize("balance", [100_000_00, 108_000_00])
def test_a_pass_is_barred_by_what_is_to_be_shown_whatever_the_target_says(ada, days, barred, balance):
    rules = (TARGET, MinimumTradingDays(id="d", days_min=4), MinimumTradingDays(id="met", days_min=1))
    assert is_barred(ada(*rules, balance=balance, days_traded=days, days_traded_seq=40), 0) is barred


def test_a_target_that_allows_open_positions_counts_the_balance_only(ada):
    rule = FirstProfitTarget(id="t", target_bp=800, flat_required=False)
    assert won(PLAIN, ada(rule, balance=108_000_00, positions=HELD), Moment(0))


def test_a_target_is_rounded_up_to_the_cent_that_was_asked(ada):
    """8.01 % of 999.99 is 80.099199: what must be made is 80.10."""
    small = ada(FirstProfitTarget(id="t", target_bp=801, flat_required=False), initial=999_99)
    assert target_of(small) == 1_080_09


def test_a_phase_without_a_target_is_never_won(ada):
    assert not won(
        PLAIN, ada(MinimumTradingDays(id="d", days_min=1), balance=10**12, days_traded=9, days_traded_seq=4), Moment(0)
    )


def test_the_working_of_a_pass_ends_with_the_balance_against_the_target(ada):
    calc = Working()
    won(calc, ada(TARGET, balance=108_000_00), Moment(0))
    assert (calc.steps[-1].op, calc.steps[-1].value) == ("is_at_or_above", 1)
    assert {step.source for step in calc.steps if step.op == "given"} == {
        "10/initial/minor", "30/balance/minor", "ruleset/terms/0/target_bp",
    }  # fmt: skip


def day_named(label):
    return DayStart(TradingDay(label, 0, DAY_US), 100_000_00, 100_000_00, 20, final=True)


@pytest.mark.parametrize(("label", "over"), [("2014-05-30", False), ("2014-05-31", True)])
def test_thirty_days_are_over_at_the_thirtieth_rollover_after_the_first_trade(ada, label, over):
    account = ada(FirstMaximumDuration(id="m", days_max=30), first_trade_day="2014-05-01")
    assert is_over(PLAIN, replace(account, day=day_named(label)), account.ruleset.rules[0], 0) is over


@pytest.mark.parametrize(("label", "over"), [("2014-06-01", False), ("2014-06-02", True)])
def test_two_days_that_a_person_granted_are_two_days_more(ada, label, over):
    account = ada(FirstMaximumDuration(id="m", days_max=30), first_trade_day="2014-05-01", overrides=Overrides(days=2))
    assert is_over(PLAIN, replace(account, day=day_named(label)), account.ruleset.rules[0], 0) is over


def test_the_clock_of_a_phase_starts_with_its_first_trade(ada):
    account = ada(FirstMaximumDuration(id="m", days_max=30))
    assert not is_over(PLAIN, replace(account, day=day_named("2099-01-01")), account.ruleset.rules[0], 0)


@pytest.mark.parametrize(
    ("last_us", "positions", "expected"),
    [
        pytest.param(1, (), False, id="one µs less than thirty days"),
        pytest.param(0, (), True, id="thirty days to the µs"),
        pytest.param(0, HELD, False, id="an open position is activity"),
    ],
)
def test_inactivity_counts_from_the_last_trade(ada, last_us, positions, expected):
    account = ada(FirstInactivity(id="i", days_max=30), last_trade_us=DAY_US + last_us, positions=positions)
    assert is_over(PLAIN, account, account.ruleset.rules[0], 31 * DAY_US) is expected


@pytest.mark.parametrize(("gone_us", "over"), [(0, True), (DAY_US, True), (DAY_US + 1, False)])
def test_an_order_that_is_gone_was_activity_until_then(ada, gone_us, over):
    terms = Inactivity(id="i", days_max=30, counted_from=ClockStart.LAST_TRADE, open_position_counts=False, pending_order_counts=True,
                       on_breach=(Action.FAIL,))  # fmt: skip
    account = ada(terms, last_trade_us=DAY_US)
    account = replace(account, track=replace(account.track, orders_gone_us=gone_us))
    assert is_over(PLAIN, account, account.ruleset.rules[0], 31 * DAY_US) is over
