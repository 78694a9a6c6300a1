"""What comes on top of Ada's payout, and what she is paid when her account ends: fee, bonuses, inside the buffer, salvage."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from firm.arithmetic import PLAIN, Figure, Working
from firm.inputs import Side
from firm.instant import DAY_US
from firm.rules.judged import SILENT, Judged, Unit, Verdict
from firm.rules.payout_eligibility import is_eligible
from firm.rules.payout_extras import (
    CLAIMED_IN_TIME,
    STOP_LOSSES,
    TRADE_LOSS,
    BonusGrounds,
    bonus_rounded_down,
    fee_refund_rounded_down,
    inside_buffer_rounded_down,
    judge_salvage,
    salvage_rounded_down,
)
from firm.ruleset import Rule
from firm.terms.payouts import Bonus, BonusFor, FeeRefund, FeeRefunded, InsideBuffer, Salvage
from firm.terms.words import Fixed, Share, ShareOf
from firm.track import Trade

INITIAL = Figure(100_000_00, "10/initial/minor")


def rule(term):
    return Rule(1, term, {})


# --- the fee ---


@pytest.mark.parametrize(
    ("number", "fee", "resets", "expected"),
    [
        pytest.param(1, FeeRefunded.LATEST, (), 0, id="not with the first"),
        pytest.param(2, FeeRefunded.LATEST, (), 549_99, id="with the second: the purchase"),
        pytest.param(2, FeeRefunded.LATEST, (494_99, 394_99), 394_99, id="the newest reset"),
        pytest.param(2, FeeRefunded.PURCHASE, (494_99,), 549_99, id="or the purchase whatever came after"),
        pytest.param(3, FeeRefunded.LATEST, (), 0, id="not with the third"),
    ],
)
def test_the_fee_comes_back_with_one_payout(number, fee, resets, expected):
    term = FeeRefund(id="refund", with_payout=2, fee=fee, share_bp=10_000)
    paid = [Figure(minor, f"{seq}/price/minor") for seq, minor in enumerate(resets, start=21)]
    assert fee_refund_rounded_down(PLAIN, rule(term), number, Figure(549_99, "20/price/minor"), paid) == expected


def test_a_part_of_the_fee_is_rounded_down():
    term = FeeRefund(id="refund", with_payout=1, fee=FeeRefunded.PURCHASE, share_bp=5_000)
    assert fee_refund_rounded_down(PLAIN, rule(term), 1, Figure(549_99, ""), ()) == 274_99


# --- bonuses ---


def grounds(number=1, paid=1_000_00, profit=0, withdrawn=0, targets=2_500_00):
    figures = {"paid": paid, "profit": profit, "withdrawn": withdrawn, "targets": targets, "number": number}
    return BonusGrounds(initial=INITIAL, **{name: Figure(value, f"70/{name}") for name, value in figures.items()})


def bonus(earned_by, after=None, after_payouts=None, share_bp=1_500):
    return Bonus(id="bonus", earned_by=earned_by, after=after, after_payouts=after_payouts, share_bp=share_bp)


TENTH = Share(bp=1_000, of=ShareOf.INITIAL)
TWICE_THE_TARGETS = Share(bp=20_000, of=ShareOf.TARGET)


@pytest.mark.parametrize(
    ("term", "earned", "expected"),
    [
        pytest.param(bonus(BonusFor.LOYALTY, after_payouts=3), {"number": 2}, 0, id="loyal to two payouts"),
        pytest.param(bonus(BonusFor.LOYALTY, after_payouts=3), {"number": 3}, 150_00, id="to three"),
        pytest.param(bonus(BonusFor.LOYALTY, after_payouts=3), {"number": 4, "paid": 7}, 1, id="and ever after, rounded down"),
        pytest.param(bonus(BonusFor.PERFORMANCE, TENTH), {"profit": 9_999_99}, 0, id="profit one cent short"),
        pytest.param(bonus(BonusFor.PERFORMANCE, TENTH), {"profit": 10_000_00}, 150_00, id="enough profit"),
        pytest.param(bonus(BonusFor.CHALLENGE_PROFIT, TENTH), {"withdrawn": 9_999_99}, 0, id="withdrawn one cent short"),
        pytest.param(bonus(BonusFor.CHALLENGE_PROFIT, TENTH), {"withdrawn": 10_000_00}, 375_00, id="a share of the targets passed"),
        pytest.param(bonus(BonusFor.CHALLENGE_PROFIT, TWICE_THE_TARGETS), {"withdrawn": 4_999_99}, 0, id="less than twice the targets"),
        pytest.param(bonus(BonusFor.CHALLENGE_PROFIT, TWICE_THE_TARGETS), {"withdrawn": 5_000_00}, 375_00, id="twice the targets"),
    ],
)  # fmt: skip
def test_a_bonus_is_paid_once_it_is_earned(term, earned, expected):
    assert bonus_rounded_down(PLAIN, rule(term), grounds(**earned)) == expected


@pytest.mark.parametrize(("withdrawn", "expected"), [(3_329_99, 0), (3_330_00, 375_00)])
def test_what_a_bonus_takes_is_rounded_up(withdrawn, expected):
    # 3.33 % of 99 999.99 is 3 329.99 and a fraction.
    term = bonus(BonusFor.CHALLENGE_PROFIT, Share(bp=333, of=ShareOf.INITIAL))
    earned = replace(grounds(withdrawn=withdrawn), initial=Figure(99_999_99, "10/initial/minor"))
    assert bonus_rounded_down(PLAIN, rule(term), earned) == expected


@pytest.mark.parametrize("earned_by", BonusFor)
def test_a_bonus_that_does_not_say_what_it_takes_is_no_rule(earned_by):
    with pytest.raises(AssertionError):
        bonus_rounded_down(PLAIN, rule(bonus(earned_by)), grounds())


# --- inside the buffer ---


@pytest.mark.parametrize(("age", "expected"), [(0, 500_00), (59, 500_00), (60, 800_00), (61, 800_00)])
def test_what_is_paid_of_the_buffer_depends_on_the_account_s_age(age, expected):
    term = InsideBuffer(id="inside", days=60, younger_bp=5_000, older_bp=8_000)
    assert inside_buffer_rounded_down(PLAIN, rule(term), Figure(1_000_00, ""), Figure(age, "")) == expected


@given(st.integers(0, 10**11), st.integers(0, 3_660), st.integers(0, 10_000), st.integers(0, 10_000))
def test_never_more_than_what_is_inside(inside, age, younger, older):
    term = InsideBuffer(id="inside", days=60, younger_bp=younger, older_bp=older)
    assert 0 <= inside_buffer_rounded_down(PLAIN, rule(term), Figure(inside, ""), Figure(age, "")) <= inside


# --- salvage ---


def salvage(**changes):
    term = Salvage(
        id="salvage",
        after=("daily", "weekly"),
        share_bp=5_000,
        claim_days=7,
        stop_losses_required=False,
        trade_loss_max=None,
    )
    return replace(term, **changes)


def trade(net, position="1", had_stop=True):
    return Trade(
        position_id=position,
        symbol="EURUSD",
        side=Side.BUY,
        lots_e8=10**8,
        price_open=1,
        price_close=1,
        opened_us=0,
        closed_us=1,
        opened_day="2025-05-01",
        closed_day="2025-05-01",
        net=net,
        had_stop=had_stop,
        part=False,
        seq=80,
    )


def salvaged(term, trades=(), now_us=DAY_US, broken="daily"):
    return judge_salvage(PLAIN, rule(term), broken, Figure(DAY_US, "90/at_us"), now_us, INITIAL, trades)


@pytest.mark.parametrize(("broken", "is_silent"), [("daily", False), ("weekly", False), ("maximum", True)])
def test_only_a_breach_that_is_named_is_salvaged(broken, is_silent):
    assert (salvaged(salvage(), broken=broken) == (SILENT,)) is is_silent


@pytest.mark.parametrize(
    ("after_us", "days", "verdict"),
    [
        pytest.param(0, 0, Verdict.KEPT, id="at once"),
        pytest.param(7 * DAY_US - 1, 6, Verdict.KEPT, id="the last instant of the seventh day"),
        pytest.param(7 * DAY_US, 7, Verdict.BROKEN, id="too late"),
    ],
)
def test_it_can_be_claimed_for_seven_days(after_us, days, verdict):
    answers = salvaged(salvage(), now_us=DAY_US + after_us)
    assert answers == (Judged(verdict, days, 7, Unit.DAYS, CLAIMED_IN_TIME),)
    assert is_eligible(answers) is (verdict is Verdict.KEPT)


@pytest.mark.parametrize(("stops", "bare"), [((), 0), ((True, True), 0), ((True, False), 1), ((False, False), 2)])
def test_every_trade_must_have_had_a_stop_loss(stops, bare):
    trades = [trade(1, str(place), had) for place, had in enumerate(stops)]
    _, answer = salvaged(salvage(stop_losses_required=True), trades)
    assert answer == Judged(Verdict.BROKEN if bare else Verdict.KEPT, bare, 0, Unit.COUNT, STOP_LOSSES)


@pytest.mark.parametrize(
    ("trades", "worst", "verdict"),
    [
        pytest.param((), 0, Verdict.KEPT, id="no trade"),
        pytest.param((trade(5_00),), 0, Verdict.KEPT, id="a winner lost nothing"),
        pytest.param((trade(-1_000_00), trade(-1_00, "2")), 1_000_00, Verdict.KEPT, id="exactly one per cent"),
        pytest.param((trade(-1_000_01), trade(9_000_00, "2")), 1_000_01, Verdict.BROKEN, id="one cent more"),
        pytest.param((trade(-600_00), trade(-600_00)), 1_200_00, Verdict.BROKEN, id="one position in two parts"),
        pytest.param((trade(-600_00), trade(-600_00, "2")), 600_00, Verdict.KEPT, id="two positions"),
        pytest.param((trade(-1_600_00), trade(700_00)), 900_00, Verdict.KEPT, id="a part that won makes up for it"),
    ],
)
def test_no_trade_may_have_lost_more_than_one_per_cent(trades, worst, verdict):
    _, answer = salvaged(salvage(trade_loss_max=Share(bp=100, of=ShareOf.INITIAL)), trades)
    assert answer == Judged(verdict, worst, 1_000_00, Unit.MINOR, TRADE_LOSS)


def test_what_a_trade_may_lose_is_rounded_down():
    term = rule(salvage(trade_loss_max=Share(bp=333, of=ShareOf.INITIAL)))
    initial = Figure(99_999_99, "10/initial/minor")
    _, answer = judge_salvage(PLAIN, term, "daily", Figure(0, "90/at_us"), 0, initial, (trade(-3_330_00),))
    assert answer == Judged(Verdict.BROKEN, 3_330_00, 3_329_99, Unit.MINOR, TRADE_LOSS)


def test_a_fixed_loss_is_held_against_the_worst_trade_as_well():
    assert [one.verdict for one in salvaged(salvage(trade_loss_max=Fixed(minor=5_00)), (trade(-5_01),))] == [
        Verdict.KEPT,
        Verdict.BROKEN,
    ]


@pytest.mark.parametrize(
    ("balance", "expected"),
    [(107_000_00, 3_500_00), (100_000_03, 1), (100_000_01, 0), (100_000_00, 0), (93_000_00, 0)],
)
def test_half_of_what_is_left_of_the_profit_is_paid(balance, expected):
    assert salvage_rounded_down(PLAIN, rule(salvage()), Figure(balance, "30/balance/minor"), INITIAL) == expected


def test_the_working_cites_the_parts_of_the_worst_trade():
    working = Working()
    term = salvage(trade_loss_max=Share(bp=100, of=ShareOf.INITIAL))
    judge_salvage(
        working,
        rule(term),
        "daily",
        Figure(0, "90/at_us"),
        5,
        INITIAL,
        (trade(-600_00), trade(-600_00), trade(-9_00, "2")),
    )
    assert [step.value for step in working.steps if step.source == "80/net/minor"] == [-600_00, -600_00]
    assert [step.value for step in working.steps if step.name == TRADE_LOSS] == [1_200_00]
