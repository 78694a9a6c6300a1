"""Limits of a payout cycle: the first cycle begins with the account, each later one with the balance that a payout left."""

import pytest
from msgspec.structs import replace

from firm.facts import BreachDeclared, BreachSuspected, CycleStartMoved
from firm.inputs import CashKind, Side
from firm.phase import Standing
from firm.rules.limits import limits_of
from firm.terms.losses import OnPayout
from firm.terms.words import Anchor, Boundary, Scope
from tests.actors.conftest import Stage
from tests.actors.test_conduct import MAXIMUM, MIDNIGHT_US, trading
from tests.actors.test_corrected_highs import correct, earn
from tests.evidence.limits_of_today import LIMIT

CYCLE = replace(LIMIT, id="cycle", scope=Scope.CYCLE, anchor=Anchor.BALANCE, on_payout=OnPayout.NONE)


def floor(stage: Stage, account: int) -> int:
    [limit] = limits_of(stage.account(account))
    return limit.floor


def pay(stage: Stage, account: int, minor: str) -> None:
    stage.wait(5)
    stage.cash(account, minor, kind=CashKind.PAYOUT)


def test_the_first_cycle_is_measured_from_the_initial_balance(stage):
    account = trading(stage, CYCLE)
    earn(stage, account, "P1", "6_000.00")
    assert floor(stage, account) == 95_000_00
    stage.cash(account, "1_000.00")
    assert floor(stage, account) == 96_000_00
    assert stage.facts(CycleStartMoved, account) == []


def test_a_payout_begins_the_cycle_anew_with_what_it_leaves(stage):
    account = trading(stage, CYCLE)
    earn(stage, account, "P1", "6_000.00")
    pay(stage, account, "-4_000.00")
    assert floor(stage, account) == 97_000_00
    earn(stage, account, "P2", "3_000.00")
    pay(stage, account, "-5_000.00")
    assert (stage.account(account).balance, floor(stage, account)) == (100_000_00, 95_000_00)
    assert stage.refolded().account(account) == stage.account(account)


@pytest.mark.parametrize("amount", ["700.00", "-700.00"])
def test_cash_of_the_cycle_is_neither_profit_nor_loss_of_it(stage, amount):
    account = trading(stage, CYCLE)
    earn(stage, account, "P1", "6_000.00")
    pay(stage, account, "-4_000.00")
    before = stage.account(account).balance - floor(stage, account)
    stage.cash(account, amount)
    stage.cash(account, "5.00")
    assert stage.account(account).balance - floor(stage, account) == before
    first, second = stage.facts(CycleStartMoved, account)
    assert (first.number, second.number) == (1, 1)
    assert stage.refolded().account(account) == stage.account(account)


def test_a_corrected_deal_of_before_the_payout_moves_where_the_cycle_began(stage):
    account = trading(stage, CYCLE)
    earn(stage, account, "P1", "6_000.00")
    pay(stage, account, "-4_000.00")
    earn(stage, account, "P2", "-1_000.00")
    correct(stage, account, "P1", "5_500.00")
    assert floor(stage, account) == 96_500_00
    correct(stage, account, "P2", "-1_200.00")  # of the cycle: its own loss
    assert floor(stage, account) == 96_500_00


def test_a_fall_below_the_cycle_s_floor_is_a_breach(stage):
    account = trading(stage, replace(CYCLE, boundary=Boundary.TOUCHES))
    earn(stage, account, "P1", "6_000.00")
    pay(stage, account, "-4_000.00")
    stage.deal(account, "P9", Side.BUY, "10", 138_700)
    stage.equity(account, "101_900.00", "102_000.00")
    stage.tick("EURUSD", 138_201, 138_211)
    assert stage.facts(BreachDeclared, account) + stage.facts(BreachSuspected, account) == []
    stage.tick("EURUSD", 138_200, 138_210)
    [breach] = stage.facts(BreachDeclared, account)
    assert (breach.rule_kind, breach.floor.minor, breach.observed.minor) == ("cycle_loss", 97_000_00, 97_000_00)
    assert stage.account(account).standing is Standing.BREACHED


def test_a_day_that_begins_changes_nothing_of_a_cycle(stage):
    account = trading(stage, CYCLE, replace(MAXIMUM, id="other"))
    earn(stage, account, "P1", "6_000.00")
    pay(stage, account, "-4_000.00")
    stage.now_us = MIDNIGHT_US + 1_000_000
    stage.tick("EURUSD", 138_690, 138_700)  # not final yet: no matter to this limit
    cycle = next(limit for limit in limits_of(stage.account(account)) if limit.rule.id == "cycle")
    assert (cycle.floor, cycle.is_measured_from_day) == (97_000_00, False)


def test_an_account_without_such_a_limit_has_no_row_of_a_cycle(stage):
    account = trading(stage, MAXIMUM)
    earn(stage, account, "P1", "6_000.00")
    pay(stage, account, "-4_000.00")
    stage.cash(account, "5.00")
    assert stage.facts(CycleStartMoved, account) == []
