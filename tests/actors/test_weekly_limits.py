"""Weekly limits: what the fall of a week is measured from moves with cash, and with a deal of before it that is corrected.

Ada's account is sold on Thursday 1 May 2014, her first week; the next begins on Monday the 5th in Prague.
"""

import pytest
from msgspec.structs import replace

from firm.account import AccountState
from firm.facts import BreachDeclared, BreachSuspected, Doubt, WeekStartMoved
from firm.inputs import DealEntry, DealUpdateReported, Side
from firm.instant import DAY_US, SECOND_US, parse_utc
from firm.phase import Standing
from firm.rules.limits import limits_of
from firm.terms.losses import Trail
from firm.terms.words import Anchor, Scope
from tests.actors.conftest import Stage
from tests.actors.test_conduct import MAXIMUM, close, trading
from tests.evidence.limits_of_today import LIMIT

FRIDAY_US = parse_utc("2014-05-01T22:00:00")
MONDAY_US = FRIDAY_US + 3 * DAY_US
WEEKLY = replace(LIMIT, id="weekly", scope=Scope.WEEK)
ANCHORS = [anchor for anchor in Anchor if anchor is not Anchor.INITIAL]
AMOUNTS = ("2_000.00", "-2_000.00")


def to(stage: Stage, midnight_us: int, *, final: bool = True) -> None:
    """A rollover passes; the price is the same on both sides of it."""
    stage.now_us = midnight_us - SECOND_US
    stage.tick("EURUSD", 138_790, 138_800)
    stage.now_us = midnight_us + SECOND_US
    stage.tick("EURUSD", 138_790, 138_800)
    if final:
        stage.watermark()


def headroom(stage: Stage, account: int) -> int:
    """Equity less the floor, with ten lots bought at 1.38700 and the last price."""
    state, bid = stage.account(account), stage.engine.market("sim").board.quotes["EURUSD"].bid
    [limit] = limits_of(state)
    return state.balance + (bid - 138_700) * 10_00 - limit.floor


def started(state: AccountState) -> tuple[int, int, bool]:
    week = state.track.week
    assert week is not None
    return week.balance, week.equity, week.final


@pytest.mark.parametrize("amount", AMOUNTS)
@pytest.mark.parametrize("anchor", ANCHORS)
def test_cash_on_a_later_day_of_the_week_is_neither_profit_nor_loss_of_it(stage, anchor, amount):
    account = trading(stage, replace(WEEKLY, anchor=anchor))
    stage.deal(account, "P1", Side.BUY, "10", 138_700)
    to(stage, FRIDAY_US)
    before = headroom(stage, account)
    stage.cash(account, amount)
    assert headroom(stage, account) == before


@pytest.mark.parametrize("anchor", ANCHORS)
def test_cash_of_two_days_moves_the_week_twice(stage, anchor):
    account = trading(stage, replace(WEEKLY, anchor=anchor))
    to(stage, MONDAY_US)
    stage.deal(account, "P1", Side.BUY, "10", 138_700)
    for day, amount in ((1, "700.00"), (3, "-200.00")):
        to(stage, MONDAY_US + day * DAY_US)
        stage.cash(account, amount)
    assert started(stage.account(account)) == (100_500_00, 100_500_00, True)
    assert len(stage.facts(WeekStartMoved, account)) == 2


@pytest.mark.parametrize("amount", AMOUNTS)
@pytest.mark.parametrize("anchor", ANCHORS)
def test_cash_on_the_week_s_first_day_before_it_is_final_moves_both(stage, anchor, amount):
    account = trading(stage, replace(WEEKLY, anchor=anchor))
    stage.deal(account, "P1", Side.BUY, "10", 138_700)
    to(stage, MONDAY_US, final=False)
    before = headroom(stage, account)
    stage.cash(account, amount)
    assert headroom(stage, account) == before
    state = stage.account(account)
    assert started(state) == (state.day.balance, state.day.equity, False)
    stage.watermark()
    state = stage.account(account)
    assert headroom(stage, account) == before
    assert started(state) == (state.day.balance, state.day.equity, True)


def test_cash_on_the_week_s_first_day_once_it_is_final_moves_it_once(stage):
    account = trading(stage, WEEKLY)
    to(stage, MONDAY_US)
    stage.cash(account, "700.00")
    assert started(stage.account(account)) == (100_700_00, 100_700_00, True)
    assert stage.facts(WeekStartMoved, account) == []


def test_a_withdrawal_late_in_the_week_breaks_nothing(stage):
    account = trading(stage, WEEKLY)
    to(stage, FRIDAY_US)
    stage.flat(account, trading_allowed=True)
    stage.cash(account, "-30_000.00")
    stage.wait(1)
    stage.tick("EURUSD", 138_700, 138_710)
    assert stage.account(account).standing is Standing.ACTIVE
    assert stage.facts(BreachDeclared, account) + stage.facts(BreachSuspected, account) == []


def test_an_account_without_a_weekly_limit_has_no_row_of_a_week(stage):
    account = trading(stage, MAXIMUM, replace(WEEKLY, anchor=Anchor.INITIAL))
    to(stage, FRIDAY_US)
    stage.cash(account, "700.00")
    assert stage.facts(WeekStartMoved, account) == []


def corrected(stage: Stage, account: int, profit: str, at_us: int) -> None:
    """The platform changes what closing P1 brought."""
    state = stage.account(account)
    money, deal = state.money(0), next(one for one in state.deals_known if not one.opens)
    stage.put(
        DealUpdateReported(
            bridge="sim", seq=stage.next_seq(), deal_id=deal.deal_id, position_id="P1", symbol="EURUSD",
            entry=DealEntry.OUT, side=Side.SELL, lots_e8=deal.lots_e8, price=deal.price, commission=money, swap=money, fee=money,
            profit=money.parse(profit, "USD"), deal_us=at_us, t_us=stage.now_us,
        ),
        account,
    )  # fmt: skip


def test_a_corrected_deal_of_the_week_before_moves_where_the_week_began(stage):
    account = trading(stage, WEEKLY)
    stage.deal(account, "P1", Side.BUY, "1", 138_700)
    stage.wait(5)
    close(stage, account, "1", profit="-1_000.00")
    closed_us = stage.now_us
    to(stage, MONDAY_US)
    to(stage, MONDAY_US + DAY_US)
    corrected(stage, account, "-1_500.00", closed_us)
    state = stage.account(account)
    assert (state.balance, started(state)[:2]) == (98_500_00, (98_500_00, 98_500_00))
    [limit] = limits_of(state)
    assert limit.floor == 93_500_00


def test_a_corrected_deal_of_the_week_is_its_profit_or_loss(stage):
    account = trading(stage, WEEKLY)
    to(stage, MONDAY_US)
    stage.deal(account, "P1", Side.BUY, "1", 138_700)
    stage.wait(5)
    close(stage, account, "1", profit="-1_000.00")
    closed_us = stage.now_us
    to(stage, MONDAY_US + DAY_US)
    corrected(stage, account, "-1_500.00", closed_us)
    state = stage.account(account)
    assert (state.balance, state.day.balance, started(state)[0]) == (98_500_00, 98_500_00, 100_000_00)


def test_a_week_that_began_without_a_price_fails_nobody_on_a_later_day(stage):
    """What is held at the week's first instant is not priced: its start is the balance, and a breach is a person's to weigh."""
    account = trading(stage, replace(WEEKLY, anchor=Anchor.EQUITY))
    stage.deal(account, "P1", Side.BUY, "10", 1_290_000, symbol="XAUUSD")
    stage.now_us = MONDAY_US + SECOND_US
    stage.watermark()
    assert not stage.account(account).day.priced
    stage.tick("XAUUSD", 1_290_000, 1_290_100)
    stage.now_us += DAY_US
    stage.tick("XAUUSD", 1_290_000, 1_290_100)
    stage.watermark()
    assert stage.account(account).day.priced
    stage.snapshot(account, trading_allowed=True)
    stage.tick("XAUUSD", 1_284_000, 1_284_100)
    [suspected] = stage.facts(BreachSuspected, account)
    assert Doubt.NO_QUOTE in suspected.doubts


@pytest.mark.parametrize("trail", [Trail.ON_CLOSE, Trail.END_OF_DAY, Trail.EVERY_TICK])
@pytest.mark.parametrize("final", [True, False])
def test_folded_the_week_is_where_it_was_decided_to_be(stage, trail, final):
    high = Anchor.BALANCE if trail is Trail.ON_CLOSE else Anchor.HIGHER
    account = trading(stage, WEEKLY, replace(WEEKLY, id="trails", trail=trail, high=high))
    stage.deal(account, "P1", Side.BUY, "1", 138_700)
    to(stage, MONDAY_US, final=final)
    stage.cash(account, "700.00")
    to(stage, MONDAY_US + DAY_US)
    stage.cash(account, "-200.00")
    assert stage.refolded().account(account) == stage.account(account)
    assert started(stage.account(account))[:2] == (100_500_00, 100_590_00)
