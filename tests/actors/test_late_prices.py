"""Prices that were merged or came late: what they put in question, what settles it, and what is left to a person."""

import hashlib

import pytest

from actors.effects import RequestBackfill
from firm.bounds import BACKFILLS_ASKED_MAX, EARLIER_BOOKS_MAX
from firm.commands import PublishProgram
from firm.facts import (
    BreachDeclared,
    BreachSuspected,
    Doubt,
    StandingChanged,
    VerdictCorrected,
)
from firm.inputs import (
    BackfillReported,
    CashKind,
    DealEntry,
    GapReported,
    QuoteFrame,
    Side,
)
from firm.instant import SECOND_US
from firm.phase import Standing
from firm.quote_frame import Window, encode_quotes
from firm.ruleset import LateBreach
from firm.terms.losses import Trail
from tests.greeting import greeting

MS_US = 1_000


@pytest.fixture
def held(stage):
    """Ada is long 10 lots of EURUSD from 1.38700: a point is 10 dollars, 1.38200 is the daily floor of 95 000."""
    account = stage.sell()
    stage.tick("EURUSD", 138_690, 138_700)
    stage.deal(account, "P1", Side.BUY, "10", 138_700)
    stage.equity(account, "99_900.00", "100_000.00")
    stage.wait(5)
    stage.tick("EURUSD", 138_600, 138_610)
    return account


@pytest.mark.parametrize("prices_before", [0, 1])
def test_a_late_price_is_judged_on_the_book_of_its_own_fraction_of_a_second(stage, held, prices_before):
    """Whether the deal that closed the position was the first word of its second makes no difference."""
    stage.wait(1.6 - stage.now_us % SECOND_US / SECOND_US)
    for _ in range(prices_before):
        stage.tick("EURUSD", 138_600, 138_610, stage.now_us - SECOND_US // 2)
    closed_us = stage.now_us
    stage.deal(held, "P1", Side.SELL, "10", 138_500, entry=DealEntry.OUT, profit="-2_000.00")
    stage.wait(0.2)
    stage.tick("EURUSD", 138_500, 138_510)
    stage.tick("EURUSD", 138_190, 138_200, closed_us - SECOND_US // 5)
    assert len(stage.facts(BreachSuspected, held)) == 1


def test_a_price_from_before_a_deal_pauses_nobody_either(stage, hands):
    rules = hands.ruleset(hands.daily_loss(on_breach=hands.OnDailyLoss.PAUSE_UNTIL_ROLLOVER))
    stage.put(PublishProgram(by="console", program=hands.program(rules, rules, name="soft")))
    account = stage.sell(1003, 503, (7005, 7006), "soft")
    stage.tick("EURUSD", 138_690, 138_700)
    before_us = stage.now_us + SECOND_US
    stage.wait(2)
    stage.deal(account, "P1", Side.BUY, "10", 138_700)
    stage.equity(account, "99_900.00", "100_000.00")
    stage.tick("EURUSD", 138_000, 138_010, before_us)
    assert stage.account(account).standing is Standing.ACTIVE
    stage.wait(1)
    stage.tick("EURUSD", 138_000, 138_010)  # at this one the position was held
    assert stage.account(account).standing is Standing.PAUSED


def merge(stage, low, high, last, symbol="EURUSD"):
    """An overloaded bridge's frame of one window, 40 ms after the last price."""
    stage.now_us += 40 * MS_US
    raw = encode_quotes(
        stage.seq, [Window(symbol, stage.now_us, last, last + 10, low, high, low + 10, high + 10, 25)]
    )  # fmt: skip
    body = QuoteFrame(
        bridge="sim", qseq=stage.qseq, after_seq=stage.seq, n=1, first_us=stage.now_us, last_us=stage.now_us,
        conflated=True, sha256=hashlib.sha256(raw).hexdigest(),
    )  # fmt: skip
    stage.qseq += 1
    stage.put(body, frame=raw)
    return stage.now_us


def asked(stage, since=0):
    return [one for batch in stage.batches[since:] for one in batch.effects if isinstance(one, RequestBackfill)]


def answer(stage, kind=BackfillReported, **more):
    """The bridge answers the newest question."""
    want = asked(stage)[-1]
    told = {
        "bridge": "sim",
        "seq": stage.next_seq(),
        "symbol": want.symbol,
        "from_us": want.from_us,
        "to_us": want.to_us,
    }
    stage.put(kind(**told, **more))


def connect(stage):
    stage.put(greeting(session="s2", last_seq=stage.seq))


# --- merged windows ---


def test_a_breach_in_a_merged_window_is_suspected_and_waits_for_the_full_prices(stage, held):
    merge(stage, 138_100, 138_650, 138_600)
    [suspicion] = stage.facts(BreachSuspected)
    assert suspicion.doubts == (Doubt.CONFLATED_PRICES,)
    assert stage.account(held).standing is Standing.SUSPECTED


def test_the_full_prices_are_asked_for_once_the_overload_is_over(stage, held):
    plain_us = stage.now_us
    merge(stage, 138_500, 138_650, 138_600)
    last_us = merge(stage, 138_500, 138_650, 138_600)
    assert not asked(stage)
    stage.wait(1)
    stage.tick("EURUSD", 138_600, 138_610)
    assert asked(stage) == [RequestBackfill(bridge="sim", symbol="EURUSD", from_us=plain_us, to_us=last_us + 1)]
    stage.tick("EURUSD", 138_601, 138_611)
    assert len(asked(stage)) == 1


def test_a_plain_price_with_the_stamp_of_a_merged_one_does_not_end_the_overload(stage, held):
    """What was merged could have that stamp too, and would then become the price again."""
    merge(stage, 138_500, 138_650, 138_600)
    stage.tick("EURUSD", 138_600, 138_610)
    assert not asked(stage)
    stage.now_us += MS_US
    stage.tick("EURUSD", 138_600, 138_610)
    assert len(asked(stage)) == 1


def test_one_of_the_full_prices_confirms_the_breach(stage, held):
    at_us = merge(stage, 138_100, 138_650, 138_600)
    stage.wait(1)
    stage.tick("EURUSD", 138_600, 138_610)
    stage.tick("EURUSD", 138_650, 138_660, at_us - 20 * MS_US)
    assert not stage.facts(BreachDeclared)
    stage.tick("EURUSD", 138_100, 138_110, at_us - 10 * MS_US)
    [breach] = stage.facts(BreachDeclared)
    assert (breach.late, breach.at_us, breach.observed.minor) == (True, at_us - 10 * MS_US, 94_000_00)
    answer(stage, ticks=2)
    assert stage.account(held).standing is Standing.BREACHED
    assert not stage.facts(VerdictCorrected)


def test_full_prices_that_never_reach_the_floor_take_the_suspicion_back(stage, held):
    at_us = merge(stage, 138_100, 138_650, 138_600)
    stage.wait(1)
    stage.tick("EURUSD", 138_600, 138_610)
    stage.tick("EURUSD", 138_300, 138_310, at_us - 10 * MS_US)
    assert stage.account(held).standing is Standing.SUSPECTED
    answer(stage, ticks=1)
    [corrected] = stage.facts(VerdictCorrected)
    assert corrected.verdict == "exonerated"
    assert stage.account(held).standing is Standing.ACTIVE
    assert not stage.facts(BreachDeclared)


def test_prices_that_the_platform_no_longer_has_go_to_a_person(stage, held):
    merge(stage, 138_100, 138_650, 138_600)
    stage.wait(1)
    stage.tick("EURUSD", 138_600, 138_610)
    answer(stage, GapReported)
    assert stage.account(held).standing is Standing.UNDER_REVIEW
    assert len(asked(stage)) == 1  # the same question again would get the same answer


def test_a_window_that_breaks_nothing_leaves_nobody_in_question(stage, held):
    merge(stage, 138_300, 138_650, 138_600)
    stage.wait(1)
    stage.tick("EURUSD", 138_600, 138_610)
    answer(stage, ticks=0)
    assert stage.account(held).standing is Standing.ACTIVE
    assert not stage.facts(VerdictCorrected)


def test_an_account_whose_other_prices_of_then_are_gone_goes_to_a_person(stage, held):
    stage.tick("XAUUSD", 1_290_000, 1_290_100)
    stage.deal(held, "P2", Side.BUY, "0.01", 1_290_100, symbol="XAUUSD")
    at_us = merge(stage, 138_100, 138_650, 138_600)
    stage.wait(1)
    stage.tick("EURUSD", 138_600, 138_610)
    stage.tick("EURUSD", 138_300, 138_310, at_us - 10 * MS_US)
    answer(stage, ticks=1)
    assert stage.account(held).standing is Standing.UNDER_REVIEW


def test_a_floor_that_follows_every_tick_is_tried_with_the_high_before_the_low(stage):
    """From a high of 103 000 the floor is 97 000; the low of 96 900 breaks it only if it came after the high."""
    stage.put(PublishProgram(by="console", program=stage.trailing_program(LateBreach.ENFORCE)))
    account = stage.sell(1003, 503, (7005, 7006), "six-trailing")
    stage.tick("EURUSD", 138_690, 138_700)
    stage.deal(account, "P1", Side.BUY, "10", 138_700)
    stage.equity(account, "99_900.00", "100_000.00")
    merge(stage, 138_390, 139_000, 138_690)
    [suspicion] = stage.facts(BreachSuspected)
    assert (suspicion.floor.minor, suspicion.observed.minor) == (97_000_00, 96_900_00)
    stage.wait(1)
    stage.tick("EURUSD", 138_690, 138_700)
    answer(stage, ticks=25)
    # In which order they came decides, and the peak of then is not known any more.
    assert stage.account(account).standing is Standing.UNDER_REVIEW


def test_a_suspicion_of_yesterday_is_not_taken_back_by_prices_that_could_not_be_judged(stage, held):
    merge(stage, 138_100, 138_650, 138_600)
    stage.now_us = stage.account(held).day.day.end_us
    stage.tick("EURUSD", 138_600, 138_610)
    answer(stage, ticks=0)
    assert stage.account(held).standing is Standing.UNDER_REVIEW


def test_an_answer_that_nobody_asked_for_settles_nothing(stage, held):
    at_us = merge(stage, 138_100, 138_650, 138_600)
    told = {"bridge": "sim", "symbol": "EURUSD", "from_us": at_us - 1, "to_us": at_us + 1}
    stage.put(BackfillReported(seq=stage.next_seq(), ticks=0, **told))
    assert stage.account(held).standing is Standing.SUSPECTED


# --- gaps ---


def test_a_gap_that_the_bridge_tells_of_is_asked_for_once(stage):
    told = {"bridge": "sim", "symbol": "EURUSD", "from_us": stage.now_us - 60 * SECOND_US, "to_us": stage.now_us}
    stage.put(GapReported(seq=stage.next_seq(), **told))
    [want] = asked(stage)
    assert (want.symbol, want.from_us, want.to_us) == ("EURUSD", told["from_us"], told["to_us"])
    stage.put(GapReported(seq=stage.next_seq(), **told))
    assert len(asked(stage)) == 1


def test_a_new_session_is_asked_what_the_last_one_left_unanswered(stage):
    told = {"bridge": "sim", "symbol": "EURUSD", "from_us": stage.now_us - 60 * SECOND_US, "to_us": stage.now_us}
    stage.put(GapReported(seq=stage.next_seq(), **told))
    before = len(stage.batches)
    connect(stage)
    assert len(asked(stage, before)) == 1
    assert stage.engine.market("sim").capture().asked
    answer(stage, ticks=3)
    assert not stage.engine.market("sim").capture().asked
    before = len(stage.batches)
    connect(stage)
    assert not asked(stage, before)


def test_questions_are_bounded(stage):
    for number in range(BACKFILLS_ASKED_MAX + 5):
        told = {"bridge": "sim", "symbol": "EURUSD", "from_us": stage.now_us - 1 - number, "to_us": stage.now_us}
        stage.put(GapReported(seq=stage.next_seq(), **told))
    assert len(asked(stage)) == BACKFILLS_ASKED_MAX


# --- the book of then ---


def test_a_late_price_is_judged_on_the_book_of_its_instant(stage, held):
    """The position was closed since; at the price that comes late it was still open."""
    stage.equity(held, "99_000.00", "100_000.00")
    then_us = stage.now_us
    stage.wait(10)
    stage.deal(held, "P1", Side.SELL, "10", 138_600, entry=DealEntry.OUT, profit="-1_000.00")
    stage.equity(held, "99_000.00", "99_000.00")
    stage.tick("EURUSD", 138_600, 138_610)
    stage.tick("EURUSD", 138_100, 138_110, then_us + SECOND_US)
    [suspicion] = stage.facts(BreachSuspected)
    assert (suspicion.late, suspicion.doubts) == (True, (Doubt.LATE_DATA,))
    assert suspicion.observed.minor == 94_000_00
    [changed] = [fact for fact in stage.facts(StandingChanged) if fact.after is Standing.UNDER_REVIEW]
    assert changed.because == "daily"


def test_a_late_price_from_before_a_deposit_fails_nobody_by_itself(stage, hands):
    """The deposit moved the floor, and the book of then does not hold it: that is for a person, even where late breaches are enforced."""
    rules = hands.ruleset(hands.daily_loss(), late=LateBreach.ENFORCE)
    stage.put(PublishProgram(by="console", program=hands.program(rules, rules, name="enforced")))
    account = stage.sell(1003, 503, (7005, 7006), "enforced")
    stage.tick("EURUSD", 138_690, 138_700)
    stage.deal(account, "P1", Side.BUY, "1", 138_700)
    stage.equity(account, "99_990.00", "100_000.00")
    then_us = stage.now_us
    stage.wait(10)
    stage.cash(account, "10_000.00", kind=CashKind.DEPOSIT)
    stage.equity(account, "109_990.00", "110_000.00")
    stage.tick("EURUSD", 138_690, 138_700)
    stage.tick("EURUSD", 138_680, 138_690, then_us + SECOND_US)
    assert not stage.facts(BreachDeclared)
    [suspicion] = stage.facts(BreachSuspected)
    assert suspicion.doubts == (Doubt.LATE_DATA,)


def test_a_price_from_before_a_deal_fails_nobody_by_itself_though_it_is_the_newest(stage):
    """The price is newer than any we had, the position was opened after it: at that price nobody held it."""
    account = stage.sell()
    stage.tick("EURUSD", 138_690, 138_700)
    before_us = stage.now_us + SECOND_US
    stage.wait(2)
    stage.deal(account, "P1", Side.BUY, "10", 138_700)
    stage.equity(account, "99_900.00", "100_000.00")
    stage.tick("EURUSD", 138_000, 138_010, before_us)
    assert not stage.facts(BreachDeclared)
    [suspicion] = stage.facts(BreachSuspected)
    assert suspicion.doubts == (Doubt.LATE_DATA,)
    assert stage.account(account).standing is Standing.UNDER_REVIEW


def test_a_late_price_after_the_close_breaks_nothing(stage, held):
    stage.deal(held, "P1", Side.SELL, "10", 138_600, entry=DealEntry.OUT, profit="-1_000.00")
    stage.wait(10)
    stage.tick("EURUSD", 138_600, 138_610)
    stage.tick("EURUSD", 138_100, 138_110, stage.now_us - 5 * SECOND_US)
    assert stage.account(held).standing is Standing.ACTIVE


def test_a_late_price_is_judged_with_the_smaller_position_of_then(stage, held):
    """Ten lots more were bought since: with those it would have been a breach, with the ten of then it was none."""
    then_us = stage.now_us
    stage.wait(10)
    stage.deal(held, "P2", Side.BUY, "10", 138_600)
    stage.tick("EURUSD", 138_600, 138_610)
    stage.tick("EURUSD", 138_300, 138_310, then_us + SECOND_US)
    assert not stage.facts(BreachSuspected)


def test_earlier_books_are_kept_up_to_a_bound(stage, held):
    for number in range(EARLIER_BOOKS_MAX + 4):
        stage.wait(1)
        stage.deal(held, f"Q{number}", Side.BUY, "0.01", 138_600)
    state = stage.account(held)
    assert len(state.earlier) == EARLIER_BOOKS_MAX
    assert state.as_of(state.earlier[0].from_us - 1) is None
    assert state.as_of(state.earlier[0].from_us).positions == state.earlier[0].positions
    assert state.as_of(stage.now_us) is state
    stage.tick("EURUSD", 138_600, 138_610)
    stage.tick("EURUSD", 138_600, 138_610, state.earlier[0].from_us)
    stage.tick("EURUSD", 138_100, 138_110, state.earlier[0].from_us - 1)
    assert stage.account(held).standing is Standing.ACTIVE


def test_a_deal_out_of_order_leaves_no_earlier_book(stage, held):
    stage.deal(held, "P2", Side.BUY, "1", 138_600)
    stage.wait(1)
    stage.deal(held, "P3", Side.BUY, "1", 138_600, at_us=stage.now_us)
    assert stage.account(held).earlier
    stage.now_us -= 30 * SECOND_US
    stage.deal(held, "P4", Side.BUY, "1", 138_600)
    assert not stage.account(held).earlier


# --- late prices of accounts that are paused, or whose other rule is in question ---


def test_a_hard_limit_broken_late_ends_a_paused_account_or_asks_a_person(stage, hands):
    daily = hands.daily_loss(on_breach=hands.OnDailyLoss.PAUSE_UNTIL_ROLLOVER, loss_max_bp=300)
    rules = hands.ruleset(daily, hands.maximum_loss(loss_max_bp=500))
    stage.put(PublishProgram(by="console", program=hands.program(rules, rules, name="soft")))
    account = stage.sell(1003, 503, (7005, 7006), "soft")
    stage.tick("EURUSD", 138_700, 138_710)
    stage.deal(account, "P1", Side.BUY, "10", 138_700)
    stage.equity(account, "100_000.00", "100_000.00")
    stage.wait(10)
    broken_us = stage.now_us
    stage.wait(5)
    stage.tick("EURUSD", 138_390, 138_400)
    assert stage.account(account).standing is Standing.PAUSED
    stage.tick("EURUSD", 138_100, 138_110, broken_us)
    [suspicion] = stage.facts(BreachSuspected, account)
    assert (suspicion.rule, suspicion.at_us) == ("maximum", broken_us)


# --- stamps that nobody believes ---


def test_a_deal_stamped_an_hour_ahead_switches_no_floor_off(stage, hands):
    trailing = hands.ruleset(hands.maximum_loss(trail=Trail.EVERY_TICK, loss_max_bp=600))
    stage.put(PublishProgram(by="console", program=hands.program(trailing, trailing, name="trailing")))
    account = stage.sell(1003, 503, (7005, 7006), "trailing")
    stage.tick("EURUSD", 138_700, 138_710)
    stage.deal(account, "P1", Side.BUY, "10", 138_700, at_us=stage.now_us + 3_600 * SECOND_US)
    stage.equity(account, "100_000.00", "100_000.00")
    stage.wait(60)
    stage.tick("EURUSD", 139_700, 139_710)
    stage.equity(account, "110_000.00", "100_000.00")
    stage.tick("EURUSD", 139_000, 139_010)
    [breach] = stage.facts(BreachDeclared, account)
    assert breach.floor.minor == 104_000_00


def test_the_newest_price_of_before_a_close_is_judged_on_the_position_that_was_held(stage, held):
    """Deals come at once and prices behind them: what broke the floor before the close is not passed over."""
    stage.wait(2)
    broken_us = stage.now_us
    stage.wait(2)
    stage.deal(held, "P1", Side.SELL, "10", 138_700, entry=DealEntry.OUT, profit="0.00")
    stage.tick("EURUSD", 138_190, 138_200, broken_us)
    [suspicion] = stage.facts(BreachSuspected, held)
    assert (suspicion.at_us, suspicion.observed.minor, suspicion.late) == (broken_us, 94_900_00, True)


def test_the_newest_price_of_after_a_close_breaks_nothing(stage, held):
    stage.wait(2)
    stage.deal(held, "P1", Side.SELL, "10", 138_700, entry=DealEntry.OUT, profit="0.00")
    stage.tick("EURUSD", 138_190, 138_200)
    assert not stage.facts(BreachSuspected, held)
