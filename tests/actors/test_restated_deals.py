"""Corrections after a symbol was renamed, or has other digits: a deal goes by the name and points of now."""

import pytest

from firm.facts import BreachSuspected
from tests.actors.dealer import buy, delete, ignored, lists, says, sell, update


@pytest.fixture
def account(stage):
    """Two lots in two deals."""
    account = stage.sell()
    stage.tick("EURUSD", 138_690, 138_700)
    buy(stage, account)
    buy(stage, account, "D2", price=138_720)
    stage.wait(5)
    return account


def rename(stage):
    lists(stage, "EURUSD.x")
    lists(stage, "EURUSD", renamed_to="EURUSD.x")
    stage.tick("EURUSD.x", 138_690, 138_700)


def held(stage, account):
    return [(one.symbol, one.lots_e8, one.price_open) for one in stage.account(account).positions]


def test_a_deal_that_is_deleted_after_a_rename_leaves_the_position_under_its_new_name(stage, account):
    rename(stage)
    says(stage, account, symbol="EURUSD.x")
    delete(stage, account, "D2")
    assert held(stage, account) == [("EURUSD.x", 10**8, 138_700)]
    stage.wait(1)
    stage.tick("EURUSD.x", 90_000, 90_010)
    assert stage.facts(BreachSuspected, account)
    assert stage.refolded().account(account) == stage.account(account)


def test_a_deal_that_is_changed_after_a_rename_is_told_under_the_new_name(stage, account):
    rename(stage)
    says(stage, account, symbol="EURUSD.x")
    update(stage, account, "D2", symbol="EURUSD.x", price=138_740)
    assert held(stage, account) == [("EURUSD.x", 2 * 10**8, 138_720)]
    update(stage, account, "D2", symbol="EURUSD", price=138_760)
    assert ignored(stage, account) == ["does_not_fit"]


def test_a_deal_that_is_deleted_after_digits_changed_leaves_a_price_in_the_points_of_now(stage, account):
    lists(stage, "EURUSD", digits=3)
    says(stage, account, price_open=1_387)
    stage.tick("EURUSD", 1_386, 1_387)
    stage.wait(5)
    delete(stage, account, "D2")
    assert held(stage, account) == [("EURUSD", 10**8, 1_387)]
    assert stage.facts(BreachSuspected, account) == []
    assert stage.refolded().account(account) == stage.account(account)


@pytest.mark.parametrize("digits", [3, 5, 7])
def test_a_position_that_is_open_again_is_in_the_points_of_now(stage, account, digits):
    sell(stage, account, "D3", 138_710, "0.00", lots="2")
    lists(stage, "EURUSD", digits=digits)
    stage.wait(5)
    delete(stage, account, "D3")
    in_points = {3: 1_387, 5: 138_710, 7: 13_871_000}
    assert held(stage, account) == [("EURUSD", 2 * 10**8, in_points[digits])]


def test_a_closed_deal_that_is_changed_after_a_rename_takes_the_new_name(stage, account):
    sell(stage, account, "D3", 138_710, "0.00", lots="2")
    rename(stage)
    update(stage, account, "D2", symbol="EURUSD.x", price=138_720, commission="-5.00")
    delete(stage, account, "D3")
    assert held(stage, account) == [("EURUSD.x", 2 * 10**8, 138_710)]
    assert ignored(stage, account) == []


def test_deals_that_do_not_make_the_position_any_more_are_corrected_no_more(stage, account):
    """The platform halved the price of what is held, and no deal says why."""
    says(stage, account, price_open=69_355)
    delete(stage, account, "D2")
    assert ignored(stage, account) == ["too_old"]
    assert held(stage, account) == [("EURUSD", 2 * 10**8, 69_355)]
    assert stage.account(account).drifting == ("positions",)
