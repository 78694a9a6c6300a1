"""How profit is shared: tiers over one payout, over the account's whole profit, by the payout's number, and what a reset costs."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firm.arithmetic import PLAIN, Working
from firm.rules.profit_split import ResetMade, least_profit_for_share, penalty_in_force, trader_share_rounded_down
from firm.ruleset import Rule
from firm.terms.payouts import ProfitSplit, ResetPenalty, SplitCounted, Tier
from firm.track import PayoutMade


def tier(trader_bp, up_to_minor=None):
    return Tier(up_to_minor=up_to_minor, trader_bp=trader_bp)


def split(*tiers, counted=SplitCounted.EACH_PAYOUT, penalties=()):
    return ProfitSplit(id="split", tiers=tiers, counted=counted, reset_penalties=penalties)


def paid(*profits):
    return [PayoutMade(number, profit, 0, 0, 100 + number) for number, profit in enumerate(profits, start=1)]


def share(term, profit, before=(), resets=(), calc=PLAIN):
    return trader_share_rounded_down(calc, Rule(2, term, {}), profit, before, resets)


FIRST_TEN_THOUSAND = (tier(10_000, 10_000_00), tier(8_000))


@pytest.mark.parametrize(
    ("profit", "expected"),
    [
        pytest.param(0, 0, id="nothing"),
        pytest.param(9_999_99, 9_999_99, id="one cent below the edge"),
        pytest.param(10_000_00, 10_000_00, id="at the edge"),
        pytest.param(10_000_01, 10_000_00, id="0.8 of the cent above it is not paid"),
        pytest.param(10_000_02, 10_000_01, id="of two cents one is"),
        pytest.param(15_000_00, 14_000_00, id="across the edge"),
    ],
)
def test_a_payout_across_the_edge_of_a_tier(profit, expected):
    assert share(split(*FIRST_TEN_THOUSAND), profit) == expected
    assert share(split(*FIRST_TEN_THOUSAND), profit, paid(50_000_00)) == expected, "each payout begins anew"


@pytest.mark.parametrize(
    ("before", "profit", "expected"),
    [
        pytest.param((), 9_000_00, 9_000_00, id="the first is all the trader's"),
        pytest.param((9_000_00,), 1_000_00, 1_000_00, id="up to the edge"),
        pytest.param((9_000_00,), 1_000_01, 1_000_00, id="one cent across it"),
        pytest.param((9_000_00,), 3_000_00, 2_600_00, id="across it"),
        pytest.param((9_000_00, 1_000_00), 3_000_00, 2_400_00, id="exactly used up"),
        pytest.param((9_000_00, 9_000_00), 3_000_00, 2_400_00, id="used up long ago"),
    ],
)
def test_tiers_over_all_profit_of_the_account(before, profit, expected):
    assert share(split(*FIRST_TEN_THOUSAND, counted=SplitCounted.ACCOUNT_TOTAL), profit, paid(*before)) == expected


@pytest.mark.parametrize(("number", "expected"), [(1, 700_00), (2, 800_00), (3, 800_00), (4, 900_00)])
def test_tiers_by_the_number_of_the_payout(number, expected):
    term = split(tier(7_000, 1), tier(8_000, 3), tier(9_000), counted=SplitCounted.PAYOUT_NUMBER)
    assert share(term, 1_000_00, paid(*[5_00] * (number - 1))) == expected


@pytest.mark.parametrize(
    ("before", "profit", "expected"),
    [((), 25_000_00, 22_000_00), ((5_000_00,), 25_000_00, 20_500_00), ((15_000_00,), 25_000_00, 18_250_00)],
)
def test_a_payout_across_two_edges(before, profit, expected):
    term = split(tier(10_000, 10_000_00), tier(8_500, 20_000_00), tier(7_000), counted=SplitCounted.ACCOUNT_TOTAL)
    assert share(term, profit, paid(*before)) == expected


def test_the_edge_of_a_tier_costs_no_second_rounding():
    # 33.33 % of one cent and of two: 0.9999 together, and nothing would be left of each alone.
    thirds = split(tier(3_333, 1), tier(3_334))
    assert share(thirds, 3) == 1


PENALTIES = (
    ResetPenalty(phase="Phase 2", bp=2_500, payouts=1),
    ResetPenalty(phase="Funded", bp=5_000, payouts=2),
    ResetPenalty(phase="Phase 1", bp=1_000, payouts=None),
)


@pytest.mark.parametrize(
    ("resets", "expected"),
    [
        pytest.param([], 750_00, id="never reset"),
        pytest.param([ResetMade("Phase 2", 0)], 562_50, id="the first payout after it"),
        pytest.param([ResetMade("Phase 2", 1)], 750_00, id="the second is whole again"),
        pytest.param([ResetMade("Funded", 1)], 375_00, id="two payouts for the funded phase"),
        pytest.param([ResetMade("Funded", 2)], 750_00, id="not three"),
        pytest.param([ResetMade("Phase 1", 99)], 675_00, id="one that lasts"),
        pytest.param([ResetMade("Phase 2", 0), ResetMade("Funded", 0), ResetMade("Phase 1", 0)], 375_00, id="the largest counts alone"),
        pytest.param([ResetMade("Phase 3", 0)], 750_00, id="a phase without a penalty"),
    ],
)  # fmt: skip
def test_a_reset_costs_a_part_of_the_share(resets, expected):
    assert share(split(tier(7_500), penalties=PENALTIES), 1_000_00, (), resets) == expected


def test_what_a_reset_leaves_is_rounded_down():
    # Of three cents 75 % less half of that: 1.125.
    assert share(split(tier(7_500), penalties=PENALTIES), 3, (), [ResetMade("Funded", 0)]) == 1


def test_the_penalty_in_force_is_named():
    term = split(tier(7_500), penalties=PENALTIES)
    assert penalty_in_force(term, [ResetMade("Phase 2", 0)]) == PENALTIES[0]
    assert penalty_in_force(term, []) is None


def test_a_loss_is_not_shared():
    with pytest.raises(AssertionError, match="a loss of 1 is not shared"):
        share(split(tier(8_000)), -1)


money = st.integers(0, 10**12)
shares_bp = st.integers(0, 10_000)


@given(money, money, money, shares_bp, shares_bp)
def test_the_trader_gets_what_is_due_less_a_fraction_of_a_cent(edge, before, profit, low, high):
    term = split(tier(low, edge), tier(high), counted=SplitCounted.ACCOUNT_TOTAL)
    below = max(0, min(profit, edge - before))
    due = Fraction(below * low + (profit - below) * high, 10_000)
    got = share(term, profit, paid(before))
    assert got <= due < got + 1
    assert 0 <= got <= profit


@given(money, money, money)
def test_two_payouts_bring_no_more_than_one_of_the_same_profit(edge, first, second):
    term = split(tier(9_000, edge), tier(7_777), counted=SplitCounted.ACCOUNT_TOTAL)
    apart = share(term, first) + share(term, second, paid(first))
    assert apart <= share(term, first + second) <= apart + 1


@given(st.integers(1, 10**9), st.integers(0, 10**9), st.integers(1, 10_000))
def test_the_least_profit_for_a_share_gives_it_and_one_cent_less_does_not(edge, profit, high):
    term = split(tier(8_000, edge), tier(high))
    wanted = share(term, profit)
    least = least_profit_for_share(Rule(2, term, {}), wanted, profit, (), ())
    assert least <= profit
    assert share(term, least) == wanted
    assert least == 0 or share(term, least - 1) < wanted


def test_the_working_shows_the_tiers():
    working = Working()
    term = split(*FIRST_TEN_THOUSAND, counted=SplitCounted.ACCOUNT_TOTAL, penalties=PENALTIES)
    assert (
        share(
            term,
            working.given("profit", 3_000_00, "minor", "7/x"),
            paid(4_000_00, 5_000_00),
            [ResetMade("Phase 2", 0)],
            working,
        )
        == 1_950_00
    )
    values = {step.name: step.value for step in working.steps}
    assert values["paid out before"] == 9_000_00
    assert values["room in tier 1"] == values["part of the profit in tier 1"] == 1_000_00
    assert values["profit above tier 1"] == 2_000_00
    assert values["trader's share"] == 1_950_00
    cited = [step.source for step in working.steps if step.source]
    assert cited == [
        "7/x",
        "101/profit/minor",
        "102/profit/minor",
        "ruleset/terms/2/tiers/0/up_to_minor",
        "ruleset/terms/2/tiers/0/trader_bp",
        "ruleset/terms/2/tiers/1/trader_bp",
        "ruleset/terms/2/reset_penalties/0/bp",
    ]


def test_a_working_counts_tiers_from_one():
    working = Working()
    share(split(*FIRST_TEN_THOUSAND), 15_000_00, calc=working)
    numbered = [step.name for step in working.steps if "tier" in step.name]
    assert numbered == [
        "end of tier 1", "tier 1 not used up", "room in tier 1", "part of the profit in tier 1", "begin of tier 2",
        "trader's share in tier 1", "share of profit in tier 1", "profit above tier 1",
        "trader's share in tier 2", "share of profit in tier 2", "profit above tier 2",
    ]  # fmt: skip
