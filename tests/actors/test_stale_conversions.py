"""An exchange rate that is too old: who profits in another currency is failed by nobody at once, and passes nothing."""

import pytest

from firm.facts import AccountPaused, BreachDeclared, BreachSuspected, Doubt, PassHeld, PhasePassed
from firm.inputs import DealEntry, EquityReported, Side, SymbolReported
from firm.instant import HOUR_US, MINUTE_US, SECOND_US
from firm.money import Money
from firm.phase import Standing
from firm.policy import Policy
from firm.price import SymbolSpec
from firm.terms.first import FirstProfitTarget

AGE_MAX_US = 90 * SECOND_US
POLICY = Policy(conversion_age_max_us=AGE_MAX_US, stale_after_us=HOUR_US, reconcile_within_us=HOUR_US)


def euro(hands, *terms):
    rules = hands.ruleset(*terms)
    return hands.program(rules, rules, name="euro", currency="EUR")


@pytest.fixture
def shop(hands):
    """Opens a shop with a 100 000 euro account whose gold is converted through EURUSD."""

    def opened(*terms):
        stage = hands.Stage()
        stage.open_shop(euro(hands, *terms), policy=POLICY)
        account = stage.sell(1003, 503, (7005, 7006), "euro")
        stage.tick("EURUSD", 138_690, 138_700)
        stage.tick("XAUUSD", 1_290_000, 1_290_300)
        stage.deal(account, "P1", Side.BUY, "10", 1_290_300, symbol="XAUUSD")
        agree(stage, account, "99_784.00", "100_000.00")
        return stage, account

    return opened


def agree(stage, account, equity, balance):
    money = lambda text: Money.parse(text, "EUR")  # noqa: E731
    stage.put(
        EquityReported(
            bridge="sim", seq=stage.next_seq(), equity=money(equity), balance=money(balance), margin=money("0.00"), t_us=stage.now_us
        ),
        account,
    )  # fmt: skip


def fall(stage):
    """Gold falls by 10 dollars: ten lots lose 10 300 dollars, more than 7 000 euros."""
    stage.tick("XAUUSD", 1_280_000, 1_280_300)


@pytest.mark.parametrize(("waited_us", "final"), [(AGE_MAX_US, True), (AGE_MAX_US + 1, False)])
def test_a_breach_through_an_old_exchange_rate_is_put_before_a_person(shop, waited_us, final):
    stage, account = shop()
    stage.now_us += waited_us - 30 * SECOND_US
    agree(stage, account, "99_784.00", "100_000.00")
    stage.now_us += 30 * SECOND_US
    fall(stage)
    assert len(stage.facts(BreachDeclared, account)) == final
    assert [fact.doubts for fact in stage.facts(BreachSuspected, account)] == (
        [] if final else [(Doubt.STALE_CONVERSION,)]
    )
    assert stage.account(account).standing is (Standing.BREACHED if final else Standing.UNDER_REVIEW)


def test_the_age_that_counts_is_that_of_the_rate_and_not_of_what_is_held(shop):
    """Gold may be silent for an hour by this policy; the exchange rate is fresh."""
    stage, account = shop()
    stage.now_us += 10 * MINUTE_US
    stage.tick("EURUSD", 138_690, 138_700)
    stage.deal(account, "P2", Side.BUY, "10", 1_300_300, symbol="XAUUSD")  # ten dollars above the last price
    assert [fact.doubts for fact in stage.facts(BreachSuspected, account)] == [(Doubt.BOOK_UNCONFIRMED,)]


def test_a_rate_that_nobody_trades_is_not_silent(shop):
    """Its session is closed, and it is an hour and a half old: the platform converts by its last price as well."""
    stage, account = shop()
    closed = SymbolSpec(
        symbol="EURUSD", digits=5, contract_e8=100_000 * 10**8, currency_base="EUR", currency_profit="USD",
        sessions=((0, 1),),
    )  # fmt: skip
    stage.put(SymbolReported(bridge="sim", seq=stage.next_seq(), spec=closed))
    stage.now_us += 90 * MINUTE_US
    stage.tick("XAUUSD", 1_290_000, 1_290_300)
    agree(stage, account, "99_784.00", "100_000.00")
    fall(stage)
    assert len(stage.facts(BreachDeclared, account)) == 1


def test_a_pause_waits_for_a_rate_that_can_be_believed(shop, hands):
    stage, account = shop(hands.daily_loss(on_breach=hands.OnDailyLoss.PAUSE_UNTIL_ROLLOVER))
    stage.now_us += AGE_MAX_US + 1
    fall(stage)
    assert stage.facts(AccountPaused, account) == []
    stage.tick("EURUSD", 138_690, 138_700)
    assert len(stage.facts(AccountPaused, account)) == 1


def test_a_pass_waits_for_a_rate_that_can_be_believed(shop, hands):
    target = FirstProfitTarget(id="target", target_bp=200, flat_required=False)
    stage, account = shop(hands.maximum_loss(), target)
    stage.now_us += AGE_MAX_US + 1
    stage.tick("XAUUSD", 1_300_000, 1_300_300)
    stage.deal(account, "P1", Side.SELL, "5", 1_300_000, entry=DealEntry.OUT, symbol="XAUUSD", profit="3_500.00")
    agree(stage, account, "106_993.00", "103_500.00")
    assert [fact.doubts for fact in stage.facts(PassHeld, account)] == [(Doubt.STALE_CONVERSION,)]
    assert stage.facts(PhasePassed, account) == []
    stage.tick("EURUSD", 138_690, 138_700)
    agree(stage, account, "106_993.00", "103_500.00")
    assert len(stage.facts(PhasePassed, account)) == 1


def test_a_rate_that_was_old_at_the_instant_that_is_looked_at_again_is_in_doubt(shop):
    """A price of gold comes late, stamped when the exchange rate was two minutes old; a fresh one has come since."""
    stage, account = shop()
    stage.now_us += 2 * MINUTE_US
    stage.tick("XAUUSD", 1_290_000, 1_290_300)
    low_us = stage.now_us + SECOND_US
    stage.wait(2)
    stage.tick("EURUSD", 138_690, 138_700)
    stage.tick("XAUUSD", 1_290_000, 1_290_300)
    agree(stage, account, "99_784.00", "100_000.00")
    stage.tick("XAUUSD", 1_280_000, 1_280_300, low_us)
    [fact] = stage.facts(BreachSuspected, account)
    assert fact.at_us == low_us
    assert Doubt.STALE_CONVERSION in fact.doubts
