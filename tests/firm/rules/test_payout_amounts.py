"""How much of Ada's profit may leave her account of 100 000.00, what of it is hers, and what is left to trade with."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from firm.arithmetic import PLAIN, Figure, Working
from firm.rules.judged import Unit, met
from firm.rules.payout_amounts import (
    LEAST,
    MOST,
    Funds,
    PayoutSum,
    judge_payout_amount,
    largest_payout_that_leaves_room,
    least_balance_rounded_up,
    leaves_room,
    payout_sum,
    withdrawable,
)
from firm.ruleset import Rule
from firm.terms.payouts import Capped, PayoutAmount, ProfitMeasure, ProfitSplit, SplitCounted, Tier
from firm.terms.words import Boundary, BySize, Fixed, Share, ShareOf, SizeAmount
from firm.track import PayoutMade

INITIAL = 100_000_00


def amount(**changes):
    everything = PayoutAmount(
        id="amount",
        measured=ProfitMeasure.BALANCE,
        buffer=None,
        buffer_payouts=None,
        buffer_plus_drawdown=None,
        retain_bp=0,
        minimum_minor=0,
        caps=(),
        capped=Capped.PROFIT,
        balance_share_bp=None,
        resets_balance=False,
    )
    return Rule(4, replace(everything, **changes), {})


def funds(balance, equity=None, start=INITIAL, payouts=0, loss_allowed=None):
    return Funds(
        initial=Figure(INITIAL, "10/initial/minor"),
        start=Figure(start, "12/start/minor"),
        balance=Figure(balance, "30/balance/minor"),
        equity=Figure(balance if equity is None else equity, "31/equity/minor"),
        payouts=tuple(PayoutMade(number, 5_00, 4_00, 0, 60 + number) for number in range(1, payouts + 1)),
        loss_allowed=None if loss_allowed is None else Figure(loss_allowed, "61/allowed"),
    )


def split(trader_bp=8_000):
    tiers = (Tier(up_to_minor=None, trader_bp=trader_bp),)
    return Rule(5, ProfitSplit(id="split", tiers=tiers, counted=SplitCounted.EACH_PAYOUT, reset_penalties=()), {})


def share(bp):
    return Share(bp=bp, of=ShareOf.INITIAL)


def buffer(minor):
    return {"buffer": Fixed(minor=minor)}


BY_EQUITY = {"measured": ProfitMeasure.EQUITY}
RESET_KEEPING_HALF = {"resets_balance": True, "retain_bp": 5_000}


@pytest.mark.parametrize(
    ("terms", "money", "expected"),
    [
        pytest.param({}, funds(100_000_01), (1, 0, 1), id="one cent above the start"),
        pytest.param({}, funds(100_000_00), (0, 0, 0), id="at the start"),
        pytest.param({}, funds(99_999_99), (0, 0, 0), id="below it: no negative profit"),
        pytest.param({}, funds(104_000_00, start=103_000_00), (1_000_00, 0, 1_000_00), id="a deposit is no profit"),
        pytest.param({}, funds(104_000_00, 101_000_00), (4_000_00, 0, 4_000_00), id="by the balance"),
        pytest.param(BY_EQUITY, funds(104_000_00, 101_000_00), (1_000_00, 0, 1_000_00), id="by equity"),
        pytest.param(buffer(600_00), funds(100_600_01), (600_01, 600_00, 1), id="one cent above the buffer"),
        pytest.param(buffer(600_00), funds(100_600_00), (600_00, 600_00, 0), id="at the buffer"),
        pytest.param(buffer(600_00), funds(100_000_01), (1, 600_00, 0), id="inside the buffer"),
        pytest.param({"buffer": share(333)}, funds(104_000_00), (4_000_00, 3_330_00, 670_00), id="a buffer as a share"),
        pytest.param({"retain_bp": 5_000}, funds(104_000_00), (4_000_00, 2_000_00, 2_000_00), id="half of the profit stays"),
        pytest.param({"retain_bp": 5_000}, funds(100_000_03), (3, 2, 1), id="of three cents two stay"),
        pytest.param({"retain_bp": 5_000, **buffer(3_000_00)}, funds(104_000_00), (4_000_00, 3_000_00, 1_000_00), id="the larger one"),
        pytest.param({"retain_bp": 5_000, **buffer(1_000_00)}, funds(104_000_00), (4_000_00, 2_000_00, 2_000_00), id="not both"),
        pytest.param({"balance_share_bp": 2_500}, funds(104_000_00), (4_000_00, 0, 1_000_00), id="a quarter at once"),
        pytest.param({"balance_share_bp": 2_500}, funds(100_000_07), (7, 0, 1), id="a quarter of seven cents is one"),
        pytest.param({"balance_share_bp": 5_000, **buffer(3_000_00)}, funds(104_000_00), (4_000_00, 3_000_00, 1_000_00), id="less is free"),
        pytest.param({"caps": (share(300),)}, funds(102_999_99), (2_999_99, 0, 2_999_99), id="one cent below the cap"),
        pytest.param({"caps": (share(300),)}, funds(103_000_01), (3_000_01, 0, 3_000_00), id="one cent above it"),
    ],
)  # fmt: skip
def test_what_may_leave_the_account(terms, money, expected):
    assert withdrawable(PLAIN, amount(**terms), money) == expected


def test_a_buffer_is_rounded_up_and_a_cap_down():
    # 3.33 % of 99 999.99 is 3 329.99 and a fraction.
    money = replace(funds(104_000_00), initial=Figure(99_999_99, "10/initial/minor"))
    assert withdrawable(PLAIN, amount(buffer=share(333)), money).kept == 3_330_00
    assert withdrawable(PLAIN, amount(caps=(share(333),)), money).most == 3_329_99


@pytest.mark.parametrize(("made", "most"), [(0, 1_000_00), (1, 2_000_00), (2, 3_000_00), (7, 3_000_00)])
def test_each_payout_has_its_cap_and_the_last_one_stands_for_all_after_it(made, most):
    by_size = BySize(table=(SizeAmount(size_minor=50_000_00, minor=1), SizeAmount(size_minor=INITIAL, minor=2_000_00)))
    rule = amount(caps=(Fixed(minor=1_000_00), by_size, share(300)))
    assert withdrawable(PLAIN, rule, funds(110_000_00, payouts=made)).most == most


@pytest.mark.parametrize(("made", "most"), [(0, 700_00), (2, 700_00), (3, 3_300_00)])
def test_a_buffer_with_the_drawdown_holds_for_three_payouts(made, most):
    rule = amount(buffer=Fixed(minor=100_00), buffer_plus_drawdown="max", buffer_payouts=3)
    assert withdrawable(PLAIN, rule, funds(103_300_00, payouts=made, loss_allowed=2_500_00)).most == most


def test_the_least_balance_is_start_and_drawdown_and_buffer():
    rule = amount(buffer=Fixed(minor=100_00), buffer_plus_drawdown="max")
    assert least_balance_rounded_up(PLAIN, rule, funds(0, loss_allowed=3_000_00)) == 103_100_00
    assert least_balance_rounded_up(PLAIN, amount(buffer_plus_drawdown="max"), funds(0, loss_allowed=1)) == 100_000_01
    assert least_balance_rounded_up(PLAIN, amount(buffer=Share(bp=1, of=ShareOf.INITIAL)), funds(0, start=5)) == 10_05
    with pytest.raises(AssertionError, match="needs the amount of max"):
        least_balance_rounded_up(PLAIN, rule, funds(0))


@pytest.mark.parametrize(
    ("asked", "enough", "free"),
    [(99_99, False, True), (100_00, True, True), (250_00, True, True), (250_01, True, False)],
)
def test_an_amount_is_held_against_the_least_and_the_most(asked, enough, free):
    got = judge_payout_amount(PLAIN, amount(minimum_minor=100_00), asked, 250_00)
    assert got == (
        met(asked, 100_00, Unit.MINOR, LEAST, is_met=enough),
        met(asked, 250_00, Unit.MINOR, MOST, is_met=free),
    )


# --- the sum ---


def paid(rule, money, asked=None, share_bp=8_000, calc=PLAIN):
    return payout_sum(calc, rule, split(share_bp), money, (), asked)


@pytest.mark.parametrize(
    ("terms", "money", "asked", "expected"),
    [
        pytest.param({}, funds(104_000_00), None, (4_000_00, 3_200_00, 800_00, 100_000_00), id="all of it"),
        pytest.param({}, funds(104_000_00), 1_000_01, (1_000_01, 800_00, 200_01, 102_999_99), id="a part: the firm keeps the fraction"),
        pytest.param({}, funds(104_000_00), 0, (0, 0, 0, 104_000_00), id="nothing"),
        pytest.param({"retain_bp": 5_000}, funds(104_000_00), None, (2_000_00, 1_600_00, 400_00, 102_000_00), id="what need not stay"),
        pytest.param(RESET_KEEPING_HALF, funds(104_000_00), None, (4_000_00, 1_600_00, 2_400_00, 100_000_00), id="the rest is lost"),
        pytest.param(BY_EQUITY, funds(104_500_00, 104_000_00), None, (4_000_00, 3_200_00, 800_00, 100_500_00), id="equity is at the start"),
    ],
)  # fmt: skip
def test_who_gets_what_and_what_is_left(terms, money, asked, expected):
    assert paid(amount(**terms), money, asked) == expected


@pytest.mark.parametrize(
    ("balance", "resets", "expected"),
    [
        pytest.param(112_499_99, False, (12_499_99, 9_999_99, 2_500_00, 100_000_00), id="one cent below the cap"),
        pytest.param(112_500_00, False, (12_500_00, 10_000_00, 2_500_00, 100_000_00), id="at it"),
        pytest.param(112_500_01, False, (12_500_01, 10_000_00, 2_500_01, 100_000_00), id="a cent of which the trader's part is none"),
        pytest.param(115_000_00, False, (12_500_00, 10_000_00, 2_500_00, 102_500_00), id="what the cap holds back stays"),
        pytest.param(115_000_00, True, (15_000_00, 10_000_00, 5_000_00, 100_000_00), id="unless the balance is reset"),
    ],
)  # fmt: skip
def test_a_cap_on_the_trader_s_share(balance, resets, expected):
    rule = amount(caps=(share(1_000),), capped=Capped.TRADER_SHARE, resets_balance=resets)
    assert paid(rule, funds(balance)) == expected


@pytest.mark.parametrize("asked", [-1, 4_000_01])
def test_more_than_there_is_is_refused_before_it_comes_here(asked):
    with pytest.raises(AssertionError, match="may be withdrawn"):
        paid(amount(), funds(104_000_00), asked)


money = st.integers(0, 10**11)


@given(
    money,
    money,
    st.integers(0, 10_000),
    st.integers(0, 10_000),
    st.none() | money,
    st.booleans(),
    st.sampled_from(Capped),
)
def test_nothing_is_lost_or_made_up(balance, buffer, retain_bp, trader_bp, cap, resets, capped):
    caps = () if cap is None else (Fixed(minor=cap),)
    rule = amount(buffer=Fixed(minor=buffer), retain_bp=retain_bp, caps=caps, capped=capped, resets_balance=resets)
    account = funds(balance)
    profit, kept, most = withdrawable(PLAIN, rule, account)
    got = paid(rule, account, share_bp=trader_bp)
    assert got.trader + got.firm == got.withdrawn == balance - got.balance
    assert 0 <= got.trader * 10_000 <= most * trader_bp
    assert got.trader <= (cap if cap is not None else got.trader)
    assert got.withdrawn <= profit
    if not resets and most:
        assert got.balance >= INITIAL + kept


# --- room to trade on ---


@pytest.mark.parametrize(
    ("boundary", "equity", "is_left"),
    [
        (Boundary.CROSSES, 100_000_00, False),
        (Boundary.CROSSES, 100_000_09, False),
        (Boundary.CROSSES, 100_000_10, True),
        (Boundary.TOUCHES, 100_000_10, False),
        (Boundary.TOUCHES, 100_000_11, True),
    ],
)
def test_the_next_spread_of_ten_cents_breaches_or_not(boundary, equity, is_left):
    assert leaves_room(PLAIN, boundary, equity, 100_000_00, 10) is is_left


def locked(_payout):
    return 100_000_00


def largest(equity, most, boundary=Boundary.CROSSES, first_loss=10, floor_after=locked, calc=PLAIN):
    return largest_payout_that_leaves_room(calc, boundary, equity, most, first_loss, floor_after)


@pytest.mark.parametrize(
    ("boundary", "most", "expected"),
    [
        pytest.param(Boundary.CROSSES, 100_00, 99_90, id="withdrawing everything would breach: ten cents stay"),
        pytest.param(Boundary.TOUCHES, 100_00, 99_89, id="and one more where touching is a breach"),
        pytest.param(Boundary.CROSSES, 50_00, 50_00, id="what may be withdrawn leaves enough"),
        pytest.param(Boundary.CROSSES, 0, 0, id="nothing may be withdrawn"),
    ],
)
def test_the_largest_payout_that_leaves_room(boundary, most, expected):
    assert largest(100_100_00, most, boundary) == expected


def test_a_first_payout_that_locks_the_floor_may_leave_no_room_at_any_size():
    # Before it the floor is 4 000.00 lower; any payout locks it five cents below equity.
    def floor_after(payout):
        return 100_000_00 if payout else 96_000_00

    assert largest(100_000_05, 5, floor_after=floor_after) == 0
    assert largest(100_000_12, 5, floor_after=floor_after) == 2


def test_a_floor_that_follows_the_payout_leaves_room_for_all_of_it():
    assert largest(104_000_00, 4_000_00, floor_after=lambda payout: 98_000_00 - payout) == 4_000_00


@given(
    st.integers(0, 10**9),
    st.integers(0, 10**6),
    st.integers(0, 10**4),
    st.integers(0, 10**9),
    st.sampled_from(Boundary),
)
def test_no_larger_payout_leaves_room(above, most, first_loss, floor, boundary):
    found = largest(floor + above, most, boundary, first_loss, lambda _: floor)
    fits = [leaves_room(PLAIN, boundary, floor + above - payout, floor, first_loss) for payout in (found, found + 1)]
    assert 0 <= found <= most
    assert found == 0 or fits[0]
    assert found == most or not fits[1]


def test_the_trader_reads_the_sum():
    working = Working()
    rule = amount(retain_bp=5_000, caps=(share(150),))
    got = paid(rule, funds(104_000_00, payouts=1), calc=working)
    assert got == PayoutSum(1_500_00, 1_200_00, 300_00, 102_500_00)
    told = {step.name: step.value for step in working.steps}
    assert told["profit"] == 4_000_00
    assert told["stays"] == told["profit that is free"] == 2_000_00
    assert told["number of this payout"] == 2
    assert told["cap of this payout"] == told[MOST] == 1_500_00
    assert told["trader's share"] == 1_200_00
    assert told["firm's share"] == 300_00
    assert told["balance after the payout"] == 102_500_00
    cited = {step.source for step in working.steps if step.source}
    assert cited == {
        "10/initial/minor",
        "12/start/minor",
        "30/balance/minor",
        "61/number",
        "ruleset/terms/4/caps/0/bp",
        "ruleset/terms/4/retain_bp",
        "ruleset/terms/5/tiers/0/trader_bp",
    }
    working = Working()
    assert largest(100_100_00, 100_00, calc=working) == 99_90
    assert [step.value for step in working.steps] == [99_90, 100_000_00, 100_000_10, 100_000_00, 1]
