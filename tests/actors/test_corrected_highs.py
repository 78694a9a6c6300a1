"""Highs of closed trades and deals that are corrected: a high is the one that there would have been, and floors follow it."""

import pytest
from msgspec.structs import replace

from firm.facts import BreachDeclared, BreachSuspected, HighMoved
from firm.inputs import DealDeleteReported, DealEntry, DealUpdateReported, Side
from firm.instant import SECOND_US
from firm.rules.limits import limits_of
from firm.terms.losses import Effective, OnPayout, Step, Trail
from firm.terms.words import Anchor, BalanceGain, Fixed, Scope
from tests.actors.conftest import Stage
from tests.actors.test_conduct import MAXIMUM, MIDNIGHT_US, buy, close, trading

CLOSES = replace(MAXIMUM, trail=Trail.ON_CLOSE, high=Anchor.BALANCE, amount=Fixed(minor=5_000_00))


def earn(stage: Stage, account: int, position: str, profit: str) -> int:
    """A position is opened and closed; when it was closed."""
    stage.wait(10)
    buy(stage, account, "1", position)
    stage.wait(10)
    close(stage, account, "1", position=position, profit=profit)
    return stage.now_us


def correct(stage: Stage, account: int, position: str, profit: str) -> None:
    """The platform changes what closing a position brought."""
    stage.wait(10)
    state = stage.account(account)
    nothing = state.money(0)
    deal = next(one for one in state.deals_known if one.position_id == position and not one.opens)
    stage.put(
        DealUpdateReported(
            bridge="sim", seq=stage.next_seq(), deal_id=deal.deal_id, position_id=position, symbol="EURUSD",
            entry=DealEntry.OUT, side=Side.SELL, lots_e8=deal.lots_e8, price=deal.price, commission=nothing, swap=nothing,
            fee=nothing, profit=nothing.parse(profit, "USD"), deal_us=deal.at_us, t_us=stage.now_us,
        ),
        account,
    )  # fmt: skip


def high(stage: Stage, account: int) -> int:
    return stage.account(account).track.highs[0].minor


def floor(stage: Stage, account: int) -> int:
    [limit] = limits_of(stage.account(account))
    return limit.floor


def test_a_correction_that_leaves_more_than_ever_is_a_new_high(stage):
    account = trading(stage, CLOSES)
    earn(stage, account, "P1", "-1_000.00")
    correct(stage, account, "P1", "2_000.00")
    assert (high(stage, account), floor(stage, account)) == (102_000_00, 97_000_00)
    assert stage.refolded().account(account) == stage.account(account)


def test_a_deleted_loss_may_leave_a_new_high(stage):
    account = trading(stage, CLOSES)
    earn(stage, account, "P1", "-1_500.00")
    earn(stage, account, "P2", "1_000.00")
    closing = next(one for one in stage.account(account).deals_known if one.position_id == "P1" and not one.opens)
    stage.wait(1)
    stage.put(
        DealDeleteReported(bridge="sim", seq=stage.next_seq(), deal_id=closing.deal_id, t_us=stage.now_us), account
    )
    assert stage.account(account).balance == high(stage, account) == 101_000_00


def test_a_high_that_came_after_the_deal_moves_with_it_and_counts_once(stage):
    account = trading(stage, CLOSES)
    earn(stage, account, "P1", "-1_000.00")
    earn(stage, account, "P2", "5_000.00")
    correct(stage, account, "P1", "-200.00")
    assert (high(stage, account), stage.account(account).balance) == (104_800_00, 104_800_00)
    assert [fact.high.minor for fact in stage.facts(HighMoved, account)] == [104_800_00]


def test_a_high_that_the_deal_itself_made_comes_down_with_it(stage):
    account = trading(stage, CLOSES)
    earn(stage, account, "P1", "3_000.00")
    correct(stage, account, "P1", "1_000.00")
    assert (high(stage, account), floor(stage, account)) == (101_000_00, 96_000_00)
    assert stage.refolded().account(account) == stage.account(account)


def test_a_high_of_before_the_deal_stays(stage):
    account = trading(stage, CLOSES)
    earn(stage, account, "P1", "3_000.00")
    earn(stage, account, "P2", "-2_000.00")
    correct(stage, account, "P2", "-1_000.00")
    assert (high(stage, account), stage.account(account).balance) == (103_000_00, 102_000_00)


def test_of_two_deals_of_one_instant_the_second_leaves_the_first_one_s_high(stage):
    account = trading(stage, CLOSES)
    for position in ("P1", "P2"):
        buy(stage, account, "1", position)
    stage.wait(5)
    close(stage, account, "1", position="P1", profit="3_000.00")
    close(stage, account, "1", position="P2", profit="-500.00")
    correct(stage, account, "P2", "-700.00")
    assert high(stage, account) == 103_000_00


def test_a_new_high_is_as_of_the_correction_and_moves_with_the_next_one(stage):
    account = trading(stage, CLOSES)
    earn(stage, account, "P1", "-1_000.00")
    earn(stage, account, "P2", "-1_000.00")
    correct(stage, account, "P1", "4_000.00")
    assert high(stage, account) == 103_000_00
    correct(stage, account, "P2", "-500.00")
    assert (high(stage, account), stage.account(account).balance) == (103_500_00, 103_500_00)


@pytest.mark.parametrize("effective", list(Effective))
def test_a_step_is_reached_by_a_corrected_deal(stage, effective):
    """At a gain of 2 000 only 100 may be lost; a step that waits for the next day is taken then."""
    step = Step(when=BalanceGain(gain=Fixed(minor=2_000_00)), amount=Fixed(minor=100_00), effective=effective)
    account = trading(stage, replace(MAXIMUM, steps=(step,)))
    earn(stage, account, "P1", "1_000.00")
    correct(stage, account, "P1", "2_500.00")
    assert floor(stage, account) == (99_900_00 if effective is Effective.NOW else 90_000_00)
    stage.now_us = MIDNIGHT_US + SECOND_US
    stage.tick("EURUSD", 138_690, 138_700)
    stage.watermark()
    assert floor(stage, account) == 99_900_00


def test_a_deal_of_yesterday_raises_the_high_of_the_phase_and_moves_the_day_s(stage):
    day = replace(CLOSES, id="day", scope=Scope.DAY, anchor=Anchor.BALANCE)
    account = trading(stage, CLOSES, day)
    earn(stage, account, "P1", "-1_000.00")
    stage.now_us = MIDNIGHT_US + SECOND_US
    stage.tick("EURUSD", 138_690, 138_700)
    stage.watermark()
    correct(stage, account, "P1", "1_500.00")
    assert [one.minor for one in stage.account(account).track.highs] == [101_500_00, 101_500_00]
    assert stage.refolded().account(account) == stage.account(account)


def test_a_balance_that_a_raised_floor_overtakes_is_a_breach(stage):
    """Nobody is let off because the high came by a correction: what is measured is held against the floor that it raised."""
    limit = replace(CLOSES, on_payout=OnPayout.NONE)
    account = trading(stage, limit)
    earn(stage, account, "P1", "4_000.00")
    buy(stage, account, "10", "P2")
    stage.snapshot(account, trading_allowed=True)
    stage.wait(1)
    stage.tick("EURUSD", 138_300, 138_310)
    assert stage.facts(BreachDeclared, account) == []
    correct(stage, account, "P1", "6_000.00")
    assert floor(stage, account) == 101_000_00
    stage.wait(1)
    stage.tick("EURUSD", 138_100, 138_110)
    found = stage.facts(BreachSuspected, account) + stage.facts(BreachDeclared, account)
    assert [(fact.floor.minor, fact.observed.minor) for fact in found] == [(101_000_00, 100_000_00)]
