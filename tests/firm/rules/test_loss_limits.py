"""Loss limits of 100 000.00: where the floor lies for each scope, anchor, base, trail, lock and step, and which side of it is a breach.

One snapshot, balance 105 000 and equity 107 000, has as many floors as there are ways to write "5 %".
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from firm.arithmetic import Working
from firm.rules.floors import floor_under, high_after_payout
from firm.rules.limits import breaks, first_broken, has_same_floors, limits_of
from firm.terms.losses import Checked, Effective, FloorReaches, Lock, LossLimit, Measured, OnPayout, Step, Trail
from firm.terms.objectives import ProfitTarget, TargetMeasure
from firm.terms.words import (
    Action,
    Anchor,
    BalanceGain,
    Boundary,
    BySize,
    EndOfDayBalance,
    EquityGain,
    Fixed,
    PayoutsMade,
    Scope,
    Share,
    ShareOf,
    SizeAmount,
)
from firm.track import HighOf, PayoutMade, Strike
from tests.firm.rules.conftest import make_account

INITIAL = 100_000_00
BY_SIZE = BySize(table=(SizeAmount(size_minor=50_000_00, minor=1_00), SizeAmount(size_minor=INITIAL, minor=4_500_00)))
OF_INITIAL, OF_ANCHOR, OF_HIGH = (Share(bp=500, of=of) for of in (ShareOf.INITIAL, ShareOf.ANCHOR, ShareOf.HIGH))
DAILY = LossLimit(
    id="daily", scope=Scope.DAY, amount=OF_INITIAL, anchor=Anchor.BALANCE, trail=Trail.STATIC, high=Anchor.EQUITY, lock=None, steps=(),
    checked=Checked.EVERY_TICK, measured=Measured.EQUITY, boundary=Boundary.TOUCHES, on_payout=OnPayout.NONE, warn_at_bp=(),
    on_breach=(Action.FAIL,), strikes_within=Scope.PHASE,
)  # fmt: skip
MAXIMUM = replace(
    DAILY, id="maximum", scope=Scope.PHASE, anchor=Anchor.INITIAL, amount=Share(bp=1_000, of=ShareOf.INITIAL)
)
AT_INITIAL = Lock(offset=Fixed(minor=0), trigger=FloorReaches(), permanent=True)
TEN_PERCENT_UP = Share(bp=1_000, of=ShareOf.INITIAL)


def floor_of(account, place=0):
    return limits_of(account)[place].floor


# --- where it is measured from ---


@pytest.mark.parametrize("scope", [Scope.DAY, Scope.WEEK])
@pytest.mark.parametrize(
    ("anchor", "amount", "floor"),
    [
        (Anchor.BALANCE, OF_INITIAL, 100_000_00),
        (Anchor.BALANCE, OF_ANCHOR, 99_750_00),
        (Anchor.EQUITY, OF_INITIAL, 102_000_00),
        (Anchor.EQUITY, OF_ANCHOR, 101_650_00),
        (Anchor.HIGHER, OF_INITIAL, 102_000_00),
        (Anchor.HIGHER, OF_ANCHOR, 101_650_00),
        (Anchor.LOWER, OF_INITIAL, 100_000_00),
        (Anchor.INITIAL, OF_INITIAL, 95_000_00),
        (Anchor.BALANCE, Fixed(minor=5_000_00), 100_000_00),
        (Anchor.BALANCE, BY_SIZE, 100_500_00),
    ],
)  # fmt: skip
def test_the_same_five_percent_gives_another_floor_for_each_anchor_and_base(ada, scope, anchor, amount, floor):
    terms = replace(DAILY, scope=scope, anchor=anchor, amount=amount)
    assert floor_of(ada(terms, day=(105_000_00, 107_000_00))) == floor


def test_no_day_no_daily_floor(ada):
    assert limits_of(replace(ada(DAILY), day=None)) == ()


def test_the_allowed_loss_is_rounded_down(ada):
    """3.33 % of 100.01 is 3.330333: 3.33 may be lost, not 3.34."""
    odd = replace(DAILY, amount=Share(bp=333, of=ShareOf.ANCHOR))
    assert floor_of(ada(odd, day=(100_01, 100_01))) == 96_68


def test_deposits_and_withdrawals_move_what_a_phase_is_measured_from(ada):
    assert floor_of(ada(MAXIMUM, cash_net=-5_000_00, cash_seq=40)) == 85_000_00


# --- which highs it follows ---


TRAILS = [
    pytest.param(Trail.STATIC, Anchor.EQUITY, {}, None, 90_000_00, id="static never moves"),
    pytest.param(Trail.END_OF_DAY, Anchor.BALANCE, {HighOf.DAY_BALANCE: 104_000_00}, 108_000_00, 94_000_00, id="rollovers, by balance"),
    pytest.param(Trail.END_OF_DAY, Anchor.EQUITY, {HighOf.DAY_EQUITY: 103_000_00}, None, 93_000_00, id="rollovers, by equity"),
    pytest.param(Trail.END_OF_DAY, Anchor.HIGHER, {HighOf.DAY_HIGHER: 105_000_00}, None, 95_000_00, id="rollovers, by the higher"),
    pytest.param(Trail.END_OF_DAY, Anchor.LOWER, {HighOf.DAY_LOWER: 102_000_00}, None, 92_000_00, id="rollovers, by the lower"),
    pytest.param(Trail.ON_CLOSE, Anchor.BALANCE, {HighOf.CLOSED: 106_000_00}, 108_000_00, 96_000_00, id="closed trades"),
    pytest.param(Trail.EVERY_TICK, Anchor.EQUITY, {}, 108_000_00, 98_000_00, id="every price"),
    pytest.param(Trail.EVERY_TICK, Anchor.EQUITY, {}, 99_000_00, 90_000_00, id="a high below the start does not lower it"),
    pytest.param(Trail.EVERY_TICK, Anchor.HIGHER, {HighOf.CLOSED: 109_000_00}, 108_000_00, 99_000_00, id="the higher of both, by balance"),
    pytest.param(Trail.EVERY_TICK, Anchor.HIGHER, {HighOf.CLOSED: 107_000_00}, 108_000_00, 98_000_00, id="the higher of both, by equity"),
    pytest.param(Trail.EVERY_TICK, Anchor.BALANCE, {HighOf.CLOSED: 107_000_00}, 109_000_00, 97_000_00, id="the balance at every price"),
]  # fmt: skip


@pytest.mark.parametrize(("trail", "high", "highs", "peak", "floor"), TRAILS)
def test_each_trail_follows_its_own_mark(ada, trail, high, highs, peak, floor):
    assert floor_of(ada(replace(MAXIMUM, trail=trail, high=high), highs=highs, peak=peak)) == floor


def test_a_share_of_the_high_grows_with_it(ada):
    terms = replace(MAXIMUM, trail=Trail.EVERY_TICK, amount=OF_HIGH)
    assert floor_of(ada(terms, peak=110_000_00)) == 104_500_00


@pytest.mark.parametrize(
    ("scope", "floor"), [(Scope.DAY, 103_000_00), (Scope.WEEK, 107_000_00), (Scope.PHASE, 107_000_00)]
)
def test_a_high_counts_for_its_scope_alone(ada, scope, floor):
    """Today equity was 108 000 at most, yesterday 112 000."""
    by_day = replace(DAILY, id="by-day", trail=Trail.EVERY_TICK)
    terms = replace(by_day, id="asked", scope=scope)
    highs = {} if scope is Scope.DAY else {HighOf.PRICED: 112_000_00}
    assert floor_of(ada(by_day, terms, peak=108_000_00, highs=highs), place=1) == floor


def test_a_day_s_start_that_may_still_move_counts_until_it_proves_lower(ada):
    account = ada(replace(MAXIMUM, trail=Trail.END_OF_DAY, high=Anchor.BALANCE), day=(104_000_00, 99_000_00))
    assert floor_of(account) == 90_000_00
    assert floor_of(replace(account, day=replace(account.day, final=False))) == 94_000_00


# --- where it stops, and what changes the amount ---


@pytest.mark.parametrize(
    ("offset", "peak", "floor"),
    [
        pytest.param(Fixed(minor=0), 109_999_99, 99_999_99, id="one cent before its lock"),
        pytest.param(Fixed(minor=0), 110_000_00, 100_000_00, id="at its lock"),
        pytest.param(Fixed(minor=0), 125_000_00, 100_000_00, id="locked at the start for good"),
        pytest.param(Fixed(minor=100_00), 125_000_00, 100_100_00, id="locked a little above the start"),
        pytest.param(Share(bp=7, of=ShareOf.INITIAL), 125_000_00, 100_070_00, id="by a share of what was sold"),
    ],
)
def test_a_floor_stops_where_it_is_locked(ada, offset, peak, floor):
    lock = replace(AT_INITIAL, offset=offset)
    assert floor_of(ada(replace(MAXIMUM, trail=Trail.EVERY_TICK, lock=lock), peak=peak)) == floor


def test_a_lock_is_rounded_down(ada):
    """0.07 % of 999.99 is 0.699993: the lock lies 0.69 above the start."""
    lock = replace(AT_INITIAL, offset=Share(bp=7, of=ShareOf.INITIAL))
    terms = replace(MAXIMUM, trail=Trail.EVERY_TICK, lock=lock)
    assert floor_of(ada(terms, initial=999_99, peak=5_000_00)) == 1_000_68


LEVELS = [
    (BalanceGain(gain=TEN_PERCENT_UP), HighOf.CLOSED),
    (EndOfDayBalance(gain=TEN_PERCENT_UP), HighOf.DAY_BALANCE),
]


@pytest.mark.parametrize(("trigger", "of"), LEVELS)
@pytest.mark.parametrize(
    ("reached", "floor"), [(109_999_99, 90_000_00), (110_000_00, 100_000_00), (110_000_01, 100_000_00)]
)
def test_a_gain_locks_the_floor_at_once(ada, trigger, of, reached, floor):
    lock = replace(AT_INITIAL, trigger=trigger)
    assert floor_of(ada(replace(MAXIMUM, lock=lock), highs={of: reached})) == floor


@pytest.mark.parametrize(("peak", "floor"), [(109_999_99, 90_000_00), (110_000_00, 100_000_00)])
def test_a_gain_of_equity_locks_the_floor_at_once(ada, peak, floor):
    lock = replace(AT_INITIAL, trigger=EquityGain(gain=TEN_PERCENT_UP))
    assert floor_of(ada(replace(MAXIMUM, lock=lock), peak=peak)) == floor


def payouts(count):
    return tuple(PayoutMade(number, 1_000_00, 800_00, 5, 70 + number) for number in range(1, count + 1))


@pytest.mark.parametrize(("made", "floor"), [(0, 90_000_00), (1, 90_000_00), (2, 100_000_00), (3, 100_000_00)])
def test_payouts_lock_the_floor(ada, made, floor):
    account = ada(replace(MAXIMUM, lock=replace(AT_INITIAL, trigger=PayoutsMade(count=2))))
    assert floor_of(replace(account, track=replace(account.track, payouts=payouts(made)))) == floor


STEPS = (
    Step(when=BalanceGain(gain=Share(bp=500, of=ShareOf.INITIAL)), amount=OF_INITIAL, effective=Effective.NOW),
    Step(when=BalanceGain(gain=TEN_PERCENT_UP), amount=Fixed(minor=0), effective=Effective.NEXT_DAY),
)


@pytest.mark.parametrize(
    ("now", "yesterday", "floor"),
    [
        pytest.param(104_999_99, 100_000_00, 90_000_00, id="one cent short of the first step"),
        pytest.param(105_000_00, 100_000_00, 95_000_00, id="the first step holds at once"),
        pytest.param(110_000_00, 105_000_00, 95_000_00, id="the second waits for the next day"),
        pytest.param(110_000_00, 110_000_00, 100_000_00, id="and holds from then on"),
    ],
)
def test_the_last_step_that_was_reached_counts(ada, now, yesterday, floor):
    highs = {HighOf.CLOSED: now, HighOf.CLOSED_YESTERDAY: yesterday}
    assert floor_of(ada(replace(MAXIMUM, steps=STEPS), highs=highs)) == floor


# --- shares of the profit target ---

HALF_OF_TARGET = Share(bp=5_000, of=ShareOf.TARGET)


def target_of_eight_percent():
    return ProfitTarget(
        id="target", amount=Share(bp=800, of=ShareOf.INITIAL), measured=TargetMeasure.BALANCE, held_s=0, flat_required=True,
        latched=False, auto_close=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("terms", "highs", "floor"),
    [
        pytest.param(replace(MAXIMUM, amount=HALF_OF_TARGET), {}, 96_000_00, id="of the phase"),
        pytest.param(replace(DAILY, amount=HALF_OF_TARGET), {}, 96_000_00, id="of the day"),
        pytest.param(replace(MAXIMUM, amount=HALF_OF_TARGET, trail=Trail.ON_CLOSE, high=Anchor.BALANCE),
                     {HighOf.CLOSED: 103_000_00}, 99_000_00, id="below a high"),
        pytest.param(replace(MAXIMUM, lock=replace(AT_INITIAL, trigger=BalanceGain(gain=HALF_OF_TARGET))),
                     {HighOf.CLOSED: 103_999_99}, 90_000_00, id="a cent before the gain that locks it"),
        pytest.param(replace(MAXIMUM, lock=Lock(offset=Share(bp=100, of=ShareOf.TARGET), trigger=BalanceGain(gain=HALF_OF_TARGET),
                                                permanent=True)),
                     {HighOf.CLOSED: 104_000_00}, 100_080_00, id="locked by the gain, a share of the target above the start"),
    ],
)  # fmt: skip
def test_a_share_of_the_target_is_worked_out_wherever_a_limit_has_an_amount(ada, terms, highs, floor):
    assert floor_of(ada(terms, target_of_eight_percent(), highs=highs)) == floor


def test_half_of_a_target_that_was_rounded_up_is_rounded_down(ada):
    """8 % of 999.99 is 79.9992, so that 80.00 are asked; a third of these, 26.666, may be lost."""
    terms = replace(MAXIMUM, amount=Share(bp=3_333, of=ShareOf.TARGET))
    assert floor_of(ada(terms, target_of_eight_percent(), initial=999_99, balance=999_99)) == 999_99 - 26_66


# --- payouts ---


@pytest.mark.parametrize(
    ("on_payout", "lock", "floor"),
    [
        pytest.param(OnPayout.NONE, None, 95_000_00, id="it stays"),
        pytest.param(OnPayout.LOCK_AT_INITIAL, None, 100_000_00, id="locked at the initial balance"),
        pytest.param(
            OnPayout.LOCK_AT_INITIAL,
            replace(AT_INITIAL, offset=Fixed(minor=50_00)),
            100_050_00,
            id="and a little above",
        ),
        pytest.param(OnPayout.TO_ZERO, None, 0, id="to zero"),
    ],
)
def test_the_first_payout_moves_the_floor_as_the_rules_say(ada, on_payout, lock, floor):
    terms = replace(MAXIMUM, trail=Trail.ON_CLOSE, high=Anchor.BALANCE, on_payout=on_payout, lock=lock)
    account = ada(terms, highs={HighOf.CLOSED: 105_000_00})
    assert floor_of(account) == 95_000_00
    assert floor_of(replace(account, track=replace(account.track, payouts=payouts(1)))) == floor


def of_closes(on_payout, lock):
    return replace(MAXIMUM, trail=Trail.ON_CLOSE, high=Anchor.BALANCE, on_payout=on_payout, lock=lock)


def keyed(account, lowered, once):
    """Its highs as a payout left them: those that it lowers, and those that it does not."""
    highs = [
        replace(high, minor=once if high.key.on_payout is OnPayout.NONE else lowered) for high in account.track.highs
    ]
    return replace(account, track=replace(account.track, highs=tuple(highs), payouts=payouts(1)))


@pytest.mark.parametrize("on_payout", [OnPayout.HIGH_LESS_PAYOUT, OnPayout.RESET_TO_INITIAL])
@pytest.mark.parametrize(
    ("permanent", "once", "floor"),
    [
        pytest.param(True, 110_000_00, 100_000_00, id="at its lock once: for good"),
        pytest.param(True, 109_999_99, 95_000_00, id="a cent before its lock: it comes down"),
        pytest.param(False, 110_000_00, 95_000_00, id="not for good: the payout unlocks it"),
    ],
)
def test_a_floor_that_came_to_a_permanent_lock_stays_there_whatever_is_paid_out(ada, on_payout, permanent, once, floor):
    account = ada(of_closes(on_payout, replace(AT_INITIAL, permanent=permanent)))
    assert floor_of(keyed(account, 105_000_00, once)) == floor


@pytest.mark.parametrize(
    ("permanent", "lowered", "floor"),
    [
        pytest.param(True, 101_000_00, 100_000_00, id="for good"),
        pytest.param(False, 110_000_00, 100_000_00, id="not for good, and the gain is there yet"),
        pytest.param(False, 109_999_99, 99_999_99, id="not for good, a cent less is left of the gain"),
    ],
)
def test_a_gain_that_a_payout_took_away_unlocks_what_is_not_permanent(ada, permanent, lowered, floor):
    gain = replace(AT_INITIAL, trigger=BalanceGain(gain=TEN_PERCENT_UP), permanent=permanent)
    account = ada(of_closes(OnPayout.HIGH_LESS_PAYOUT, gain))
    assert floor_of(keyed(account, lowered, 110_000_00)) == floor


def test_a_share_of_the_high_locks_by_what_the_high_was(ada):
    """10 % below 111 111.12 is 100 000.01; of 111 111.11 it is 100 000.00 and less than a cent."""
    terms = replace(of_closes(OnPayout.HIGH_LESS_PAYOUT, AT_INITIAL), amount=Share(bp=1_000, of=ShareOf.HIGH), steps=())
    account = ada(terms)
    assert floor_of(keyed(account, 105_000_00, 111_111_12)) == 100_000_00
    assert floor_of(keyed(account, 105_000_00, 111_111_10)) == 94_500_00


@pytest.mark.parametrize(("on_payout", "floor"), [(OnPayout.NONE, 95_000_00), (OnPayout.HIGH_LESS_PAYOUT, 94_000_00)])
def test_a_payout_of_the_day_lowers_its_floor_only_where_the_rules_say_so(ada, on_payout, floor):
    account = ada(replace(DAILY, on_payout=on_payout))
    assert floor_of(replace(account, track=replace(account.track, payouts=payouts(1)))) == floor


@pytest.mark.parametrize(("at_us", "floor"), [(-1, 95_000_00), (0, 94_000_00)], ids=["before it", "as it begins"])
def test_a_payout_lowers_the_floor_of_the_day_in_which_it_falls(ada, at_us, floor):
    account = ada(replace(DAILY, on_payout=OnPayout.HIGH_LESS_PAYOUT))
    made = (replace(payouts(1)[0], at_us=at_us),)
    assert floor_of(replace(account, track=replace(account.track, payouts=made))) == floor


@pytest.mark.parametrize(
    ("on_payout", "high"),
    [
        (OnPayout.NONE, None),
        (OnPayout.LOCK_AT_INITIAL, None),
        (OnPayout.TO_ZERO, None),
        (OnPayout.HIGH_LESS_PAYOUT, 104_000_00),
        (OnPayout.RESET_TO_INITIAL, 102_000_00),
    ],
)
def test_what_a_payout_of_a_thousand_makes_of_a_high_of_105_000_with_2_000_paid_in(ada, on_payout, high):
    assert high_after_payout(ada(MAXIMUM, cash_net=2_000_00), on_payout, 105_000_00, 1_000_00) == high


@pytest.mark.parametrize(("terms", "begin"), [(DAILY, "starting figure"), (MAXIMUM, "initial balance")])
def test_the_working_of_a_trailing_floor_names_what_it_begins_with_and_gives_its_share_in_the_order_of_old(
    ada, terms, begin
):
    account = ada(replace(terms, trail=Trail.ON_CLOSE, high=Anchor.BALANCE))
    calc = Working()
    floor_under(calc, account, account.ruleset.rules[0], account.ruleset.rules[0].terms)
    names = [step.name for step in calc.steps]
    assert f"higher of {begin} and highest mark" in names
    sold, share = (
        ("initial balance", "daily loss limit")
        if terms is DAILY
        else ("initial balance that was sold", "maximum loss limit")
    )
    assert (names.index(share) < names.index(sold)) is (terms is DAILY)


# --- which side is a breach ---


@pytest.mark.parametrize(
    ("boundary", "equity", "broken"),
    [
        pytest.param(Boundary.TOUCHES, 95_000_01, False, id="one cent above the floor"),
        pytest.param(Boundary.TOUCHES, 95_000_00, True, id="touching it, where touching is a breach"),
        pytest.param(Boundary.TOUCHES, 94_999_99, True, id="one cent below, touching"),
        pytest.param(Boundary.CROSSES, 95_000_01, False, id="one cent above, crossing"),
        pytest.param(Boundary.CROSSES, 95_000_00, False, id="touching it, where only crossing is a breach"),
        pytest.param(Boundary.CROSSES, 94_999_99, True, id="one cent below, crossing"),
        pytest.param(Boundary.TOUCHES, -1_00, True, id="a gap through zero"),
    ],
)
def test_verdict_around_the_floor(ada, boundary, equity, broken):
    account = ada(replace(DAILY, boundary=boundary))
    assert (first_broken(limits_of(account), equity, 100_000_00) is not None) is broken


@pytest.mark.parametrize(
    ("measured", "equity", "balance", "broken"),
    [
        (Measured.EQUITY, 95_000_00, 99_000_00, True),
        (Measured.EQUITY, 99_000_00, 95_000_00, False),
        (Measured.BALANCE, 95_000_00, 99_000_00, False),
        (Measured.BALANCE, 99_000_00, 95_000_00, True),
        (Measured.EITHER, 95_000_00, 99_000_00, True),
        (Measured.EITHER, 99_000_00, 95_000_00, True),
        (Measured.EITHER, 95_000_01, 95_000_01, False),
        (Measured.BOTH, 95_000_00, 95_000_01, False),
        (Measured.BOTH, 95_000_01, 95_000_00, False),
        (Measured.BOTH, 95_000_00, 95_000_00, True),
    ],
)
def test_what_is_measured_is_what_the_rules_name(ada, measured, equity, balance, broken):
    account = ada(replace(DAILY, measured=measured))
    assert (first_broken(limits_of(account), equity, balance) is not None) is broken


def test_a_limit_of_the_rollover_is_not_held_against_prices(ada):
    limits = limits_of(ada(replace(DAILY, checked=Checked.AT_ROLLOVER)))
    assert first_broken(limits, 90_000_00, 90_000_00) is None
    assert first_broken(limits, 90_000_00, 90_000_00, at_rollover=True) is not None


# --- what it does ---


@pytest.mark.parametrize(
    ("first", "second", "counts"),
    [
        (Action.PAUSE, Action.FAIL, 1),
        (Action.FAIL, Action.PAUSE, 0),
        (Action.REVIEW, Action.FAIL, 1),
        (Action.WARN, Action.RESTRICT, 1),
        (Action.CLOSE_POSITIONS, Action.RESTRICT, 0),
        (Action.PAUSE, Action.PAUSE, 0),
    ],
)
def test_of_two_on_one_price_the_graver_counts_then_the_first(ada, first, second, counts):
    terms = [replace(DAILY, id=f"{place}", on_breach=(does,)) for place, does in enumerate((first, second))]
    assert first_broken(limits_of(ada(*terms)), 90_000_00, 90_000_00).rule.id == f"{counts}"


@pytest.mark.parametrize(("strikes", "does"), [(0, Action.WARN), (1, Action.PAUSE), (2, Action.FAIL), (3, Action.FAIL)])
def test_each_strike_does_what_the_rules_say_of_it(ada, strikes, does):
    account = ada(replace(DAILY, on_breach=(Action.WARN, Action.PAUSE, Action.FAIL)))
    struck = tuple(Strike("daily", 1, "2014-05-01", 50 + number) for number in range(strikes))
    others = (Strike("another", 1, "2014-05-01", 40),)
    [limit] = limits_of(replace(account, track=replace(account.track, strikes=others + struck)))
    assert limit.does is does


@pytest.mark.parametrize(
    ("within", "at_us", "day", "counts"),
    [
        (Scope.PHASE, -1, "2014-04-30", True),
        (Scope.DAY, 1, "2014-05-01", True),
        (Scope.DAY, -1, "2014-04-30", False),
        (Scope.WEEK, 0, "2014-05-01", True),
        (Scope.WEEK, -1, "2014-04-30", False),
        (Scope.CYCLE, 5, "2014-05-01", True),
        (Scope.CYCLE, 4, "2014-05-01", False),
    ],
)
def test_strikes_are_forgotten_with_their_time(ada, within, at_us, day, counts):
    account = ada(replace(DAILY, on_breach=(Action.WARN, Action.FAIL), strikes_within=within))
    track = replace(account.track, strikes=(Strike("daily", at_us, day, 50),), payouts=payouts(1))
    [limit] = limits_of(replace(account, track=track))
    assert limit.does is (Action.FAIL if counts else Action.WARN)


@pytest.mark.parametrize(
    ("warned", "nearest"),
    [
        pytest.param((), 97_500_00, id="the first share"),
        pytest.param((("daily", 5_000),), 96_000_00, id="then the next"),
        pytest.param((("daily", 8_000),), 95_000_00, id="a larger share tells of the smaller"),
        pytest.param((("another", 8_000),), 97_500_00, id="of its own limit"),
    ],
)
def test_a_trader_is_warned_at_each_share_once_a_day(ada, warned, nearest):
    account = ada(replace(DAILY, warn_at_bp=(5_000, 8_000)))
    [limit] = limits_of(replace(account, track=replace(account.track, warned=warned)))
    assert limit.nearest == nearest


# --- its working, and when it need not be worked out again ---


def test_the_working_cites_the_row_of_every_figure(ada):
    account = ada(replace(DAILY, anchor=Anchor.HIGHER), day=(105_000_00, 107_000_00))
    [limit] = limits_of(account)
    calc = Working()
    floor = floor_under(calc, account, limit.rule, limit.terms).minor
    breaks(calc, limit.terms, calc.given("equity", 1, "minor", "40/x"), floor)
    sources = {step.name: step.source for step in calc.steps if step.op == "given"}
    assert sources == {
        "balance at day start": "20/balance/minor",
        "equity at day start": "20/equity/minor",
        "daily loss limit": "ruleset/terms/0/amount/bp",
        "initial balance": "10/initial/minor",
        "equity": "40/x",
    }
    assert calc.steps[-1].value == 1


EVERY_RULE = (DAILY, *(replace(MAXIMUM, id=trail.value.replace("_", "-"), trail=trail, high=Anchor.BALANCE) for trail in Trail),
              replace(MAXIMUM, id="peak", trail=Trail.EVERY_TICK))  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"day": (101_000_00, 102_000_00)}, id="another day"),
        pytest.param({"peak": 108_000_00}, id="a new high"),
        pytest.param({"highs": {HighOf.DAY_BALANCE: 104_000_00}}, id="a higher mark at a rollover"),
        pytest.param({"highs": {HighOf.CLOSED: 104_000_00}}, id="a higher balance"),
        pytest.param({"cash_net": 1_000_00, "cash_seq": 40}, id="a deposit"),
    ],
)
def test_floors_are_the_same_unless_what_they_are_measured_from_changed(ada, changes):
    before = ada(*EVERY_RULE)
    traded = replace(before, balance=99_000_00, balance_source="50/balance/minor", last_trade_seq=50)
    assert has_same_floors(before, traded)
    assert limits_of(traded) == limits_of(before)
    moved = ada(*EVERY_RULE, **changes)
    moved = moved if "day" in changes else replace(moved, day=before.day)
    moved = moved if "highs" in changes else replace(moved, track=before.track)
    assert limits_of(moved) != limits_of(before)
    assert not has_same_floors(before, replace(moved, ruleset=before.ruleset))


@given(
    st.integers(0, 10**12), st.integers(0, 10**12), st.integers(1, 10_000),
    st.sampled_from([anchor for anchor in Anchor if anchor is not Anchor.INITIAL]), st.sampled_from([ShareOf.INITIAL, ShareOf.ANCHOR]),
)  # fmt: skip
def test_a_higher_mark_never_lowers_the_floor(balance, raised, bp, anchor, of):
    terms = replace(DAILY, anchor=anchor, amount=Share(bp=bp, of=of))
    ada = make_account()
    low, high = (floor_of(ada(terms, day=(mark, mark))) for mark in (balance, balance + raised))
    assert low <= high


@given(
    st.integers(0, 10**10),
    st.integers(0, 10**10),
    st.sampled_from([None, 0, 10, 500]),
    st.sampled_from([OF_INITIAL, OF_HIGH]),
)
def test_a_trailing_floor_never_falls_and_never_passes_its_lock(high, more, lock_bp, amount):
    lock = None if lock_bp is None else replace(AT_INITIAL, offset=Share(bp=lock_bp, of=ShareOf.INITIAL))
    terms = replace(MAXIMUM, trail=Trail.EVERY_TICK, lock=lock, amount=amount)
    ada = make_account()
    before, after = (floor_of(ada(terms, peak=max(1, mark))) for mark in (high, high + more))
    assert 95_000_00 <= before <= after
    if lock_bp is not None:
        assert after <= INITIAL + INITIAL * lock_bp // 10_000
