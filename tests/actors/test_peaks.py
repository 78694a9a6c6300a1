"""Equity highs that a floor follows on every tick: what brings one, what does not, and when one is in doubt."""

import pytest

from actors import wakes
from actors.sanity import SETTLED_AFTER_PRICES
from firm.bounds import PEAKS_DOUBTED_MAX
from firm.commands import PublishProgram
from firm.facts import BreachDeclared, BreachSuspected, Doubt, PeakDoubted, PeakReached, VerdictCorrected
from firm.inputs import DealEntry, Side
from firm.instant import SECOND_US
from firm.phase import Standing
from firm.quote_frame import Tick
from firm.ruleset import LateBreach
from firm.terms.first import FirstTrail
from tests.actors.dealer import hold_both


@pytest.fixture
def account(stage):
    """Sold with 6 % of 100 000 that trail every tick; nothing is open yet."""
    offered = stage.trailing_program(LateBreach.REVIEW)
    stage.put(PublishProgram(by="console", program=offered))
    account = stage.sell(1003, 503, (7005, 7006), offered.program)
    stage.tick("EURUSD", 138_690, 138_700)
    return account


def long(stage, account):
    """Ten lots from 1.38700: a point is 10 dollars."""
    stage.deal(account, "P1", Side.BUY, "10", 138_700)
    stage.equity(account, "99_900.00", "100_000.00")
    return account


def told_late(stage, account, at_us, lots, price, profit):
    """A part or all of P1 was sold at an instant that has passed."""
    now_us, stage.now_us = stage.now_us, at_us
    stage.deal(account, "P1", Side.SELL, lots, price, entry=DealEntry.OUT, profit=profit)
    stage.now_us = now_us


def peak_of(stage, account):
    return stage.account(account).peak.equity


def test_a_deal_that_comes_before_its_price_is_worth_what_its_price_says(stage, account):
    """Bought at 1.37700 while the board still has 1.38690: that 9 900 were never there."""
    stage.deal(account, "P1", Side.BUY, "10", 137_700)
    assert peak_of(stage, account) == 100_000_00
    stage.wait(1)
    stage.tick("EURUSD", 137_690, 137_700)
    assert peak_of(stage, account) == 100_000_00
    stage.tick("EURUSD", 137_800, 137_810)
    assert peak_of(stage, account) == 101_000_00


def test_the_next_price_brings_the_high_that_a_deal_left_even_if_it_is_the_same(stage, account):
    long(stage, account)
    stage.deal(account, "P2", Side.BUY, "10", 138_600)
    stage.wait(1)
    stage.tick("EURUSD", 138_690, 138_700)
    assert peak_of(stage, account) == 100_800_00


def test_a_price_of_before_the_deal_brings_no_high(stage, account):
    before_us = stage.now_us + SECOND_US
    stage.wait(2)
    stage.deal(account, "P1", Side.BUY, "10", 138_700)
    stage.tick("EURUSD", 139_690, 139_700, before_us)
    assert peak_of(stage, account) == 100_000_00


def test_a_closing_that_leaves_nothing_open_is_a_high_of_its_own(stage, account):
    """Closed above the newest price: no price will say it again."""
    long(stage, account)
    stage.wait(1)
    stage.deal(account, "P1", Side.SELL, "10", 139_000, entry=DealEntry.OUT, profit="3_000.00")
    assert peak_of(stage, account) == 103_000_00


def test_a_high_measured_with_a_book_that_nobody_held_any_more_fails_nobody_by_itself(stage, account):
    """Closed at 1.38800 and told late: the high of 110 000 at 1.39700 never was, nor is the floor of 104 000 under it."""
    long(stage, account)
    stage.wait(1)
    closed_us = stage.now_us
    stage.wait(1)
    stage.tick("EURUSD", 139_700, 139_710)
    assert peak_of(stage, account) == 110_000_00
    told_late(stage, account, closed_us, "10", 138_800, "1_000.00")
    assert stage.account(account).peak.in_doubt
    assert not stage.facts(BreachDeclared)
    [suspicion] = stage.facts(BreachSuspected)
    assert Doubt.LATE_DATA in suspicion.doubts
    assert stage.account(account).standing is Standing.UNDER_REVIEW


def test_a_higher_high_ends_the_doubt(stage, account):
    long(stage, account)
    stage.wait(1)
    reduced_us = stage.now_us
    stage.wait(1)
    stage.tick("EURUSD", 138_800, 138_810)
    told_late(stage, account, reduced_us, "5", 138_750, "250.00")
    assert stage.account(account).peak.in_doubt
    stage.tick("EURUSD", 139_700, 139_710)
    assert not stage.account(account).peak.in_doubt


@pytest.mark.parametrize(
    ("bid", "seconds", "doubted"),
    [
        (1_284_000, 1, True),  # with it equity was 97 000 when the euro stood highest
        (1_284_000, 11, False),  # older than the price that was used
        (1_291_000, 1, False),  # with it equity was higher still
    ],
)
@pytest.mark.parametrize("is_newest", [True, False])
def test_a_high_at_prices_that_never_stood_together_fails_nobody_by_itself(
    stage, account, bid, seconds, doubted, is_newest
):
    """The euro has risen, gold seems not to have moved. Its price of before that comes late."""
    hold_both(stage, account)
    high_us = stage.now_us
    stage.tick("EURUSD", 139_300, 139_310)
    assert peak_of(stage, account) == 103_000_00
    stage.wait(1)
    if not is_newest:
        stage.tick("XAUUSD", 1_289_000, 1_289_100)
    stage.tick("XAUUSD", bid, bid + 100, high_us - seconds * SECOND_US)
    assert stage.account(account).peak.in_doubt == doubted
    assert len(stage.facts(PeakDoubted)) == doubted
    assert stage.refolded().account(account).peak == stage.account(account).peak
    stage.wait(1)
    stage.tick("XAUUSD", 1_283_400, 1_283_500)
    assert bool(stage.facts(BreachDeclared)) is not doubted
    if doubted:
        [suspicion] = stage.facts(BreachSuspected)
        assert suspicion.doubts == (Doubt.LATE_DATA,)


@pytest.mark.parametrize(("bid", "verdicts"), [(1_284_000, ["questioned"]), (1_291_000, [])])
def test_a_breach_under_a_high_that_a_late_price_takes_away_is_put_before_a_person(stage, account, bid, verdicts):
    hold_both(stage, account)
    high_us = stage.now_us
    stage.tick("EURUSD", 139_300, 139_310)
    stage.wait(2)
    stage.tick("XAUUSD", 1_283_400, 1_283_500)
    stage.tick("EURUSD", 139_300, 139_310)
    assert stage.facts(BreachDeclared)
    stage.tick("XAUUSD", bid, bid + 100, high_us - SECOND_US)
    assert [fact.verdict for fact in stage.facts(VerdictCorrected)] == verdicts
    assert len(stage.facts(PeakDoubted)) == len(verdicts)
    assert stage.refolded().account(account).findings == stage.account(account).findings
    stage.tick("XAUUSD", bid, bid + 100, high_us - SECOND_US // 2)
    assert [fact.verdict for fact in stage.facts(VerdictCorrected)] == verdicts


@pytest.mark.parametrize(
    ("amount", "bid", "doubted"),
    [
        ("-3_000.00", 1_288_000, True),  # with it the high was 2 000 lower
        ("3_000.00", 1_291_000, False),  # with it, it was 1 000 higher
    ],
)
def test_cash_since_a_high_moves_it_and_not_the_doubt_about_it(stage, account, amount, bid, doubted):
    hold_both(stage, account)
    high_us = stage.now_us
    stage.tick("EURUSD", 139_300, 139_310)
    stage.wait(1)
    stage.cash(account, amount)
    stage.wait(1)
    stage.tick("XAUUSD", 1_290_000, 1_290_100)
    stage.tick("XAUUSD", bid, bid + 100, high_us - SECOND_US)
    assert len(stage.facts(PeakDoubted)) == doubted


def test_a_high_is_doubted_by_the_price_of_a_symbol_that_is_not_held_any_more(stage, account):
    hold_both(stage, account)
    high_us = stage.now_us
    stage.tick("EURUSD", 139_300, 139_310)
    stage.wait(1)
    stage.deal(account, "P2", Side.SELL, "10", 1_290_000, entry=DealEntry.OUT, symbol="XAUUSD")
    stage.now_us = stage.account(account).day.day.end_us + SECOND_US
    stage.tick("EURUSD", 139_290, 139_300)
    stage.watermark()
    stage.tick("XAUUSD", 1_284_000, 1_284_100, high_us - SECOND_US)
    assert stage.account(account).peak.in_doubt


def test_a_fold_knows_the_high_above_the_floor_that_was_broken_and_not_a_later_one_of_its_frame(stage, account):
    long(stage, account)
    stage.wait(1)
    bids = (138_800, 130_000, 139_500)
    stage.frame([Tick("EURUSD", stage.now_us + n, bid, bid + 10) for n, bid in enumerate(bids)])
    [lived] = stage.account(account).findings
    assert lived.grounds.high.equity == 101_000_00
    assert stage.refolded().account(account).findings == (lived,)


def test_after_so_many_doubtful_highs_of_a_day_none_is_believed_until_the_next(stage, account):
    hold_both(stage, account)
    for number in range(1, 2 * PEAKS_DOUBTED_MAX):
        stage.wait(1)
        high_us = stage.now_us
        bid = 138_700 + 20 * number
        stage.tick("EURUSD", bid, bid + 10)
        stage.tick("XAUUSD", 1_289_000, 1_289_100, high_us - SECOND_US // 2)
        stage.tick("XAUUSD", 1_290_000, 1_290_100, high_us - SECOND_US // 4)
    state = stage.account(account)
    assert len(stage.facts(PeakDoubted)) == PEAKS_DOUBTED_MAX
    assert state.is_peak_in_doubt
    assert state.exhibits == ()
    stage.now_us = state.day.day.end_us + SECOND_US
    stage.tick("EURUSD", 139_300, 139_310)
    stage.watermark()
    assert stage.account(account).peaks_doubted == 0


def test_a_fold_of_the_rows_knows_the_same_high(stage, account):
    """What a newer engine starts from: prices and deals alone bring it, so nothing is lost where no row holds it yet."""
    long(stage, account)
    stage.wait(1)
    stage.deal(account, "P1", Side.SELL, "10", 139_000, entry=DealEntry.OUT, profit="3_000.00")
    assert peak_of(stage, account) == 103_000_00
    assert stage.refolded().account(account).peak == stage.account(account).peak


def test_a_pause_leaves_the_high_that_the_other_limits_floor_follows(stage, hands):
    """3 % a day only pause, 6 % trail every tick: 2 000 up and then 5 000 down are a pause, not a lower floor."""
    pausing = hands.daily_loss(loss_max_bp=300, on_breach=hands.OnDailyLoss.PAUSE_UNTIL_ROLLOVER)
    rules = hands.ruleset(pausing, hands.maximum_loss(trail=FirstTrail.EVERY_TICK, loss_max_bp=600))
    stage.put(PublishProgram(by="console", program=hands.program(rules, rules, name="pausing")))
    account = stage.sell(1003, 503, (7005, 7006), "pausing")
    stage.tick("EURUSD", 138_690, 138_700)
    long(stage, account)
    for bid in (138_900, 138_400):
        stage.wait(1)
        stage.tick("EURUSD", bid, bid + 10)
    assert stage.account(account).standing is Standing.PAUSED
    assert peak_of(stage, account) == 102_000_00
    assert stage.refolded().account(account).peak == stage.account(account).peak


@pytest.mark.parametrize("columns_from", [0, 10**9])
def test_a_floor_that_followed_an_off_market_spike_ends_nobody_by_itself(stage, monkeypatch, columns_from):
    """One price far above the market and back: the high stands, and what breaks the floor under it is for a person."""
    monkeypatch.setattr(wakes, "COLUMNS_FROM", columns_from)
    stage.put(PublishProgram(by="console", program=stage.trailing_program(LateBreach.ENFORCE)))
    account = stage.sell(name="six-trailing")
    stage.tick("EURUSD", 138_690, 138_700)
    stage.deal(account, "P1", Side.BUY, "1", 138_700)
    stage.equity(account, "99_990.00", "100_000.00")
    for bid in (138_690, 148_690, 138_690):
        stage.wait(1)
        stage.tick("EURUSD", bid, bid + 10)
    assert stage.account(account).peak.equity == 109_990_00
    [suspected] = stage.facts(BreachSuspected)
    assert suspected.doubts == (Doubt.OUTSIDE_SANITY_BAND,)
    assert not stage.facts(BreachDeclared)
    [written] = stage.facts(PeakReached, account)
    assert written.off_market


def test_a_high_at_a_level_that_was_accepted_counts_like_any(stage):
    stage.put(PublishProgram(by="console", program=stage.trailing_program(LateBreach.ENFORCE)))
    account = stage.sell(name="six-trailing")
    stage.tick("EURUSD", 138_690, 138_700)
    stage.deal(account, "P1", Side.BUY, "1", 138_700)
    stage.equity(account, "99_990.00", "100_000.00")
    for bid in range(148_690, 148_690 + SETTLED_AFTER_PRICES + 1):
        stage.wait(1)
        stage.tick("EURUSD", bid, bid + 10)
    peak = stage.account(account).peak
    assert (peak.quotes[0].bid, peak.off_market) == (148_690 + SETTLED_AFTER_PRICES, False)
