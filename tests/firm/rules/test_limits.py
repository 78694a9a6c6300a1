"""Limits of 100 000.00: how far prices may go before something happens, which of them prices are watched for, and what warns."""

import pytest
from msgspec.structs import replace

from firm.account import Finding
from firm.arithmetic import Working
from firm.facts import Doubt
from firm.rules.limits import breaks, limits_at_new_peak, limits_of, watched_limits
from firm.terms.losses import Checked, LossLimit, Measured, OnPayout, Trail
from firm.terms.words import Action, Anchor, Boundary, Scope, Share, ShareOf

DAILY = LossLimit(
    id="daily", scope=Scope.DAY, amount=Share(bp=500, of=ShareOf.INITIAL), anchor=Anchor.BALANCE, trail=Trail.STATIC, high=Anchor.EQUITY,
    lock=None, steps=(), checked=Checked.EVERY_TICK, measured=Measured.EQUITY, boundary=Boundary.TOUCHES, on_payout=OnPayout.NONE,
    warn_at_bp=(), on_breach=(Action.FAIL,), strikes_within=Scope.PHASE,
)  # fmt: skip
MAXIMUM = replace(DAILY, id="maximum", scope=Scope.PHASE, anchor=Anchor.INITIAL)
FLOOR = 95_000_00


def limit_of(ada, terms, **changes):
    (found,) = limits_of(ada(terms, **changes))
    return found


# --- how far prices may go ---


@pytest.mark.parametrize(
    ("measured", "balance", "room"),
    [
        pytest.param(Measured.EQUITY, 90_000_00, 1_000_00, id="equity alone"),
        pytest.param(Measured.BALANCE, FLOOR + 1, None, id="a balance is moved by no price"),
        pytest.param(Measured.BALANCE, FLOOR, -1, id="a balance that is there already is looked at with the next one"),
        pytest.param(Measured.EITHER, FLOOR + 1, 1_000_00, id="either: the balance is a cent above"),
        pytest.param(Measured.EITHER, FLOOR, 0, id="either: the balance touches"),
        pytest.param(Measured.EITHER, FLOOR - 1, -1, id="either: the balance is below"),
        pytest.param(Measured.BOTH, FLOOR + 1, None, id="both: the balance holds it a cent above"),
        pytest.param(Measured.BOTH, FLOOR, 1_000_00, id="both: the balance touches, equity decides"),
        pytest.param(Measured.BOTH, FLOOR - 1, 1_000_00, id="both: the balance is below, equity decides"),
    ],
)
def test_how_far_equity_may_fall(ada, measured, balance, room):
    assert limit_of(ada, replace(DAILY, measured=measured)).room(96_000_00, balance) == room


def test_of_a_balance_below_it_the_lower_mark_is_what_is_left(ada):
    assert limit_of(ada, replace(DAILY, measured=Measured.EITHER)).room(FLOOR - 5, FLOOR - 1) == -5


def test_the_nearest_mark_is_the_first_warning_or_else_the_floor(ada):
    assert limit_of(ada, DAILY).nearest == FLOOR
    assert limit_of(ada, replace(DAILY, warn_at_bp=(8_000, 5_000))).nearest == 97_500_00


# --- warnings ---


@pytest.mark.parametrize(
    ("told", "left"),
    [
        pytest.param((), [5_000, 8_000], id="none"),
        pytest.param((5_000,), [8_000], id="of half"),
        pytest.param((5_000, 8_000), [], id="of both"),
        pytest.param((8_000, 5_000), [], id="of both, the larger first"),
    ],
)
def test_a_trader_is_warned_of_more_than_they_were_told(ada, told, left):
    account = ada(replace(DAILY, warn_at_bp=(8_000, 5_000)))
    told = tuple((rule, share) for share in told for rule in ("daily", "other"))
    (limit,) = limits_of(replace(account, track=replace(account.track, warned=told)))
    assert [share for _, share in limit.warns] == left


def test_of_another_limit_nobody_was_told(ada):
    account = ada(replace(DAILY, warn_at_bp=(8_000,)))
    (limit,) = limits_of(replace(account, track=replace(account.track, warned=(("other", 8_000),))))
    assert limit.warns == ((96_000_00, 8_000),)


@pytest.mark.parametrize(
    ("checked", "shares"),
    [(Checked.EVERY_TICK, ()), (Checked.AT_ROLLOVER, (8_000,)), (Checked.AT_ROLLOVER, ())],
)
def test_no_warning_where_none_is_sold_nor_of_a_limit_of_the_rollover(ada, checked, shares):
    assert limit_of(ada, replace(DAILY, checked=checked, warn_at_bp=shares)).warns == ()


# --- what a limit is ---


@pytest.mark.parametrize(("does", "hard"), [(does, does in (Action.FAIL, Action.REVIEW)) for does in Action])
def test_a_limit_is_hard_when_it_ends_the_account_or_a_person_decides(ada, does, hard):
    assert limit_of(ada, replace(DAILY, on_breach=(does,))).hard is hard


@pytest.mark.parametrize(
    ("scope", "trail", "rests_on_day"),
    [
        (Scope.PHASE, Trail.STATIC, False),
        (Scope.PHASE, Trail.ON_CLOSE, False),
        (Scope.PHASE, Trail.END_OF_DAY, True),
        (Scope.DAY, Trail.STATIC, True),
        (Scope.WEEK, Trail.END_OF_DAY, True),
    ],
)
def test_which_floors_rest_on_the_day_s_start(ada, scope, trail, rests_on_day):
    terms = replace(DAILY, scope=scope, trail=trail, anchor=Anchor.INITIAL)
    assert limit_of(ada, terms).is_measured_from_day is rests_on_day


@pytest.mark.parametrize("measured", Measured)
@pytest.mark.parametrize("checked", Checked)
def test_prices_are_watched_for_limits_that_they_can_break(ada, checked, measured):
    limit = limit_of(ada, replace(DAILY, checked=checked, measured=measured))
    assert limit.is_met_by_prices is (checked is Checked.EVERY_TICK and measured is not Measured.BALANCE)


@pytest.mark.parametrize(
    ("doubts", "watched"),
    [
        pytest.param(None, ["daily", "maximum"], id="nothing was found"),
        pytest.param((), ["maximum"], id="one was broken today and did what it does"),
        pytest.param((Doubt.DRIFT,), ["daily", "maximum"], id="one is an open question"),
    ],
)
def test_a_limit_that_did_what_it_does_is_not_watched_again(ada, doubts, watched):
    found = (
        ()
        if doubts is None
        else (Finding(rule="daily", seq=9, floor=FLOOR, observed=FLOOR, at_us=0, day_us=0, doubts=doubts),)
    )
    account = ada(
        replace(DAILY, on_breach=(Action.PAUSE,)), MAXIMUM, replace(MAXIMUM, id="night", checked=Checked.AT_ROLLOVER)
    )
    account = replace(account, findings=found)
    assert [limit.rule.id for limit in watched_limits(account, limits_of(account))] == watched


def test_no_week_and_no_day_is_needed_where_the_initial_balance_is_measured_from(ada):
    terms = replace(DAILY, anchor=Anchor.INITIAL), MAXIMUM, replace(MAXIMUM, id="trails", anchor=Anchor.BALANCE)
    assert [limit.rule.id for limit in limits_of(replace(ada(*terms), day=None))] == ["daily", "maximum", "trails"]


def test_a_new_peak_moves_the_floors_that_follow_it_and_leaves_the_others_as_they_are(ada):
    trails = replace(MAXIMUM, id="trails", trail=Trail.EVERY_TICK)
    before = limits_of(ada(DAILY, trails, peak=100_000_00))
    after = limits_at_new_peak(before, ada(DAILY, trails, peak=103_000_00))
    assert [limit.floor for limit in after] == [FLOOR, 98_000_00]
    assert after[0] is before[0]


@pytest.mark.parametrize(
    ("measured", "name"),
    [
        (Measured.EQUITY, "equity"),
        (Measured.BALANCE, "balance"),
        (Measured.EITHER, "equity and balance"),
        (Measured.BOTH, "equity and balance"),
    ],
)
def test_the_last_step_names_what_was_held_against_the_floor(measured, name):
    calc = Working()
    assert breaks(calc, replace(DAILY, measured=measured), FLOOR, FLOOR)
    assert calc.steps[-1].name == f"{name} at or below the floor"
