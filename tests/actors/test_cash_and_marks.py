"""Deposits and withdrawals: whatever a limit is measured from moves with them, so that nobody is nearer to a floor or further from it.

And the night's swap, told at, before or after the instant at which the day begins that is measured from it.
"""

import pytest

from firm.commands import PublishProgram
from firm.facts import BreachDeclared, BreachSuspected, DayOpened
from firm.inputs import PositionReported, Side
from firm.instant import SECOND_US, parse_utc
from firm.money import Money
from firm.phase import Standing
from firm.rules.limits import limits_of
from firm.terms.first import AmountBase, FirstAnchor, FirstTrail

MIDNIGHT_US = parse_utc("2014-05-01T22:00:00")  # in Prague
AMOUNTS = ("2_000.00", "-2_000.00")


def sold(stage, hands, *terms):
    rules = hands.ruleset(*terms)
    stage.put(PublishProgram(by="console", program=hands.program(rules, rules, name="cash")))
    account = stage.sell(1003, 503, (7005, 7006), "cash")
    stage.tick("EURUSD", 138_690, 138_700)
    return account


def to_midnight(stage):
    """Prague's midnight passes while ten lots gain: equity is above balance, and the day's start is final."""
    stage.now_us = MIDNIGHT_US - SECOND_US
    stage.tick("EURUSD", 138_790, 138_800)
    stage.now_us = MIDNIGHT_US + SECOND_US
    stage.tick("EURUSD", 138_790, 138_800)
    stage.watermark()


def headroom(stage, account):
    """Equity less the floor, with ten lots bought at 1.38700 and the last price."""
    state, bid = stage.account(account), stage.engine.market("sim").board.quotes["EURUSD"].bid
    [limit] = limits_of(state)
    return state.balance + (bid - 138_700) * 10_00 - limit.floor


KINDS = [
    *(
        pytest.param(lambda h, anchor=anchor: h.daily_loss(anchor=anchor), id=f"daily, from {anchor}")
        for anchor in FirstAnchor
    ),
    pytest.param(lambda h: h.maximum_loss(), id="maximum, static"),
    *(
        pytest.param(
            lambda h, on=on: h.maximum_loss(trail=FirstTrail.END_OF_DAY, trails_on=on),
            id=f"maximum, end of day on {on}",
        )
        for on in FirstAnchor
    ),
    pytest.param(lambda h: h.maximum_loss(trail=FirstTrail.EVERY_TICK), id="maximum, every tick"),
    pytest.param(
        lambda h: h.maximum_loss(trail=FirstTrail.EVERY_TICK, loss_max_bp=400, lock_at_bp=0), id="every tick, locked"
    ),
    pytest.param(
        lambda h: h.maximum_loss(trail=FirstTrail.END_OF_DAY, loss_max_bp=10, lock_at_bp=0), id="end of day, locked"
    ),
]


@pytest.mark.parametrize("amount", AMOUNTS)
@pytest.mark.parametrize("terms", KINDS)
def test_cash_leaves_the_distance_to_every_kind_of_floor_as_it_was(stage, hands, terms, amount):
    account = sold(stage, hands, terms(hands))
    stage.deal(account, "P1", Side.BUY, "10", 138_700)
    to_midnight(stage)
    stage.wait(1)
    stage.tick("EURUSD", 138_700, 138_710)  # below the highs of before
    before = headroom(stage, account)
    stage.cash(account, amount)
    assert headroom(stage, account) == before


@pytest.mark.parametrize("amount", AMOUNTS)
def test_a_share_of_the_days_start_is_one_of_the_moved_start(stage, hands, amount):
    """5 % of what the day began with: 2 000 more or less to begin with are 100 more or less to lose."""
    account = sold(stage, hands, hands.daily_loss(base=AmountBase.ANCHOR))
    stage.deal(account, "P1", Side.BUY, "10", 138_700)
    to_midnight(stage)
    before = headroom(stage, account)
    stage.cash(account, amount)
    assert headroom(stage, account) - before == (100_00 if amount == AMOUNTS[0] else -100_00)


@pytest.mark.parametrize("terms", KINDS)
def test_a_withdrawal_below_the_old_floor_breaks_nothing(stage, hands, terms):
    account = sold(stage, hands, terms(hands))
    to_midnight(stage)
    stage.flat(account, trading_allowed=True)
    stage.cash(account, "-30_000.00")
    stage.wait(1)
    stage.tick("EURUSD", 138_700, 138_710)
    assert stage.account(account).standing is Standing.ACTIVE
    assert stage.facts(BreachDeclared, account) + stage.facts(BreachSuspected, account) == []


def test_a_trailing_high_goes_on_from_where_a_withdrawal_moved_it(stage, hands):
    """A high of 101 000 less 2 000 withdrawn is 99 000, though 100 500 is more; the next high counts from there."""
    account = sold(stage, hands, hands.maximum_loss(trail=FirstTrail.EVERY_TICK, loss_max_bp=600))
    stage.deal(account, "P1", Side.BUY, "10", 138_700)
    for bid in (138_800, 138_750):
        stage.wait(1)
        stage.tick("EURUSD", bid, bid + 10)
    stage.cash(account, "-2_000.00")
    assert stage.account(account).peak.equity == 99_000_00
    stage.wait(1)
    stage.tick("EURUSD", 138_790, 138_800)
    assert stage.account(account).peak.equity == 99_000_00
    stage.wait(1)
    stage.tick("EURUSD", 138_810, 138_820)
    assert stage.account(account).peak.equity == 99_100_00


# --- the night's swap ---


def swap(stage, account, amount, at_us):
    """The platform's word on P1, stamped so."""
    stage.put(
        PositionReported(
            bridge="sim", seq=stage.next_seq(), position_id="P1", op="changed", symbol="EURUSD", side=Side.BUY, lots_e8=10**9,
            price_open=138_700, stop_loss=0, take_profit=0, swap=Money.parse(amount, "USD"), opened_us=at_us, t_us=at_us,
        ),
        account,
        happened_us=at_us,
    )  # fmt: skip


@pytest.fixture
def carried(stage, hands):
    """Ten lots over midnight, the floor measured from the day's first equity; the newest price is of a second before it."""
    account = sold(stage, hands, hands.daily_loss(anchor=FirstAnchor.EQUITY))
    stage.deal(account, "P1", Side.BUY, "10", 138_700)
    stage.now_us = MIDNIGHT_US - SECOND_US
    stage.tick("EURUSD", 138_700, 138_710)
    stage.now_us = MIDNIGHT_US + SECOND_US
    return account


@pytest.mark.parametrize(
    "early_us", [pytest.param(1, id="the last instant of the old day"), pytest.param(0, id="the mark itself")]
)
def test_a_swap_that_is_posted_by_the_rollover_mark_belongs_to_the_day_that_ends(stage, carried, early_us):
    swap(stage, carried, "-60.00", MIDNIGHT_US - early_us)
    stage.tick("EURUSD", 138_700, 138_710)
    stage.watermark()
    state = stage.account(carried)
    assert (state.day.day.start_us, state.day.final, state.day.equity) == (MIDNIGHT_US, True, 99_940_00)
    began = stage.facts(DayOpened, carried)[-1].equity.minor
    assert began == (99_940_00 if early_us else 100_000_00)  # at the mark itself it comes when the day has begun


def test_a_swap_that_is_posted_once_the_mark_is_final_is_of_the_new_day(stage, carried):
    stage.tick("EURUSD", 138_700, 138_710)
    stage.watermark()
    stage.wait(1)
    swap(stage, carried, "-60.00", stage.now_us)
    assert stage.account(carried).day.equity == 100_000_00
    assert stage.account(carried).positions[0].swap == -60_00
