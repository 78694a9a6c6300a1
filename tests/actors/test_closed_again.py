"""A loss limit that has what is open closed: whatever is opened under its floor is closed again, by another decision."""

from msgspec.structs import replace

from firm.facts import BreachDeclared, CommandQueued
from firm.inputs import Side
from firm.instant import SECOND_US
from firm.phase import Standing
from firm.terms.words import Action, Anchor, Fixed, Scope
from tests.actors.conftest import Stage
from tests.actors.test_conduct import MAXIMUM, MIDNIGHT_US, buy, close, trading

DAILY = replace(
    MAXIMUM, id="daily", scope=Scope.DAY, anchor=Anchor.BALANCE, amount=Fixed(minor=1_000_00),
    on_breach=(Action.CLOSE_POSITIONS,),
)  # fmt: skip


def price(stage: Stage, bid: int) -> None:
    stage.wait(1)
    stage.tick("EURUSD", bid, bid + 10)


def decisions(stage: Stage, account: int) -> list[int]:
    return [fact.observed.minor for fact in stage.facts(BreachDeclared, account)]


def closings(stage: Stage, account: int) -> list[int]:
    return [fact.for_decision for fact in stage.facts(CommandQueued, account) if fact.purpose == "close"]


def under(stage: Stage, daily=DAILY) -> int:
    """An account whose limit was broken, and its position closed."""
    account = trading(stage, MAXIMUM, daily)
    buy(stage, account, "1")
    price(stage, 137_700)
    price(stage, 137_690)
    price(stage, 137_600)
    assert decisions(stage, account) == [99_000_00]
    close(stage, account, "1", 137_600, profit="-1_100.00")
    return account


def test_while_it_is_being_closed_it_is_no_other_breach(stage):
    account = under(stage)
    assert len(decisions(stage, account)) == 1
    price(stage, 137_000)
    assert len(decisions(stage, account)) == 1


def test_what_is_opened_under_the_floor_is_closed_again(stage):
    account = under(stage)
    for number in range(3):
        stage.deal(account, f"Q{number}", Side.BUY, "1", 137_610)
        close(stage, account, "1", 137_600, position=f"Q{number}", profit="-10.00")
    assert decisions(stage, account) == [99_000_00, 98_890_00, 98_880_00, 98_870_00]
    assert stage.account(account).standing is Standing.ACTIVE
    assert stage.refolded().account(account) == stage.account(account)
    [first] = set(
        closings(stage, account)
    )  # the platform has not shown it done yet: it takes what is opened meanwhile with it
    assert first == stage.account(account).track.strikes[0].seq


def test_each_opening_under_the_floor_is_a_strike(stage):
    account = under(stage, replace(DAILY, on_breach=(Action.CLOSE_POSITIONS, Action.CLOSE_POSITIONS, Action.FAIL)))
    stage.deal(account, "Q1", Side.BUY, "1", 137_610)
    close(stage, account, "1", 137_600, position="Q1", profit="-10.00")
    assert stage.account(account).standing is Standing.ACTIVE
    stage.equity(account, "98_890.00", "98_890.00")
    stage.deal(account, "Q2", Side.BUY, "1", 137_610)
    stage.equity(account, "98_880.00", "98_890.00")
    price(stage, 137_590)
    assert stage.account(account).standing is not Standing.ACTIVE


def test_a_week_that_is_lost_closes_nothing_where_nothing_is_open(stage):
    weekly = replace(DAILY, id="weekly", scope=Scope.WEEK)
    account = under(stage, weekly)
    stage.now_us = MIDNIGHT_US + SECOND_US
    stage.tick("EURUSD", 137_600, 137_610)
    stage.watermark()
    stage.equity(account, "98_900.00", "98_900.00")
    assert len(decisions(stage, account)) == 1
    stage.deal(account, "Q1", Side.BUY, "1", 137_610)
    assert len(decisions(stage, account)) == 2


def test_the_next_day_has_its_own_floor(stage):
    account = under(stage)
    stage.now_us = MIDNIGHT_US + SECOND_US
    stage.tick("EURUSD", 137_600, 137_610)
    stage.deal(account, "Q1", Side.BUY, "1", 137_610)
    assert len(decisions(stage, account)) == 1
