"""Breaches at prices of several symbols that may never have stood together: what a late one questions, and who answers."""

import pytest
from msgspec.structs import replace

from firm.bounds import LATE_ANSWERS_MAX, LATE_PRICES_TOLD_MAX
from firm.commands import EraseTrader, PublishProgram, ReviewOutcome, ReviewVerdict
from firm.facts import (
    BreachDeclared,
    BreachSuspected,
    DeskStopped,
    Doubt,
    ErasureOrdered,
    QuoteUsed,
    Refusal,
    Refused,
    VerdictCorrected,
)
from firm.inputs import (
    DealEntry,
    Side,
    SymbolReported,
)
from firm.instant import SECOND_US
from firm.personal import Destruction
from firm.phase import Standing
from firm.price import SymbolSpec
from firm.quote_frame import Tick
from tests.actors.dealer import hold_both


@pytest.fixture
def breached(stage):
    """Gold has fallen, EURUSD seems not to have moved: equity is 94 000."""
    account = hold_both(stage, stage.sell())
    stage.tick("XAUUSD", 1_284_000, 1_284_100)
    return account


def test_a_late_price_of_another_symbol_puts_a_declared_breach_in_question(stage, breached):
    [breach] = stage.facts(BreachDeclared)
    assert breach.observed.minor == 94_000_00
    at_us = stage.now_us
    stage.wait(3)
    stage.tick("EURUSD", 138_700, 138_710)
    stage.tick("EURUSD", 138_901, 138_911, at_us - SECOND_US)
    [question] = stage.facts(VerdictCorrected)
    assert (question.verdict, stage.account(breached).standing) == ("questioned", Standing.BREACHED)
    assert stage.facts(QuoteUsed, breached)[-1].bid == 138_901


def test_a_breach_in_question_holds_an_erasure_unless_its_trader_gives_it_up(stage, breached):
    at_us, trader = stage.now_us, stage.account(breached).trader
    stage.wait(3)
    stage.tick("EURUSD", 138_700, 138_710)
    stage.tick("EURUSD", 138_901, 138_911, at_us - SECOND_US)
    asked = EraseTrader(by=f"trader:{trader}", trader=trader, why="asked", classes=(Destruction("identity", 0),))
    [(_, no)] = stage.put(asked).facts
    assert no.refusal is Refusal.BREACH_IN_QUESTION
    [(_, ordered)] = stage.put(replace(asked, gives_up=True)).facts
    assert isinstance(ordered, ErasureOrdered)


@pytest.mark.parametrize(
    ("bid", "seconds"),
    [
        (138_900, -1),  # 95 000 is the floor, which may not be touched
        (138_901, -11),  # older than the price that was used
        (138_901, 1),  # of after the breach
    ],
)
def test_a_breach_that_a_late_price_leaves_as_it_was_is_not_in_question(stage, breached, bid, seconds):
    at_us = stage.now_us
    stage.wait(3)
    stage.tick("EURUSD", 138_700, 138_710)
    stage.tick("EURUSD", bid, bid + 10, at_us + seconds * SECOND_US)
    assert not stage.facts(VerdictCorrected)


def test_an_account_that_ended_is_woken_only_by_late_prices_of_before_its_breach(stage, breached):
    """There may be a hundred thousand of them: what comes late today has nothing to say to last year's breaches."""
    at_us = stage.now_us
    stage.wait(60)
    stage.tick("EURUSD", 138_700, 138_710)
    stage.tick("EURUSD", 138_700, 138_710, at_us + SECOND_US)
    assert breached not in stage.batches[-1].accounts
    stage.tick("EURUSD", 138_700, 138_710, at_us - SECOND_US)
    assert breached in stage.batches[-1].accounts


def test_a_price_that_leaves_it_a_breach_is_kept_and_the_next_one_questions_it_once(stage, breached):
    at_us = stage.now_us
    stage.wait(3)
    stage.tick("EURUSD", 138_700, 138_710)
    stage.tick("EURUSD", 138_850, 138_860, at_us - 3 * SECOND_US)
    assert not stage.facts(VerdictCorrected)
    assert stage.account(breached).findings[0].grounds.mended[0].bid == 138_850
    stage.tick("EURUSD", 138_901, 138_911, at_us - 2 * SECOND_US)
    stage.tick("EURUSD", 139_000, 139_010, at_us - SECOND_US)
    assert len(stage.facts(VerdictCorrected)) == 1


def test_a_price_of_the_breachs_own_stamp_is_after_it_where_one_frame_brought_both(stage):
    """Platforms stamp several prices with one instant; in a frame their order is the platform's."""
    account = hold_both(stage, stage.sell())
    at_us = stage.now_us
    stage.frame([Tick("XAUUSD", at_us, 1_284_000, 1_284_100), Tick("EURUSD", at_us, 139_900, 139_910)])
    stage.tick("XAUUSD", 1_290_000, 1_290_100, at_us)
    assert stage.facts(BreachDeclared, account)
    assert not stage.facts(VerdictCorrected)


def test_which_of_two_prices_of_one_stamp_came_first_is_a_question_where_two_frames_brought_them(stage, breached):
    stage.tick("EURUSD", 139_900, 139_910, stage.now_us)
    assert [fact.verdict for fact in stage.facts(VerdictCorrected)] == ["questioned"]


def test_of_late_prices_that_leave_a_breach_one_only_so_many_leave_rows(stage, breached):
    """A backfill brings hundreds; an account that is over does not grow by them."""
    at_us = stage.now_us
    stage.wait(3)
    stage.tick("EURUSD", 138_700, 138_710)
    before = len(stage.facts(QuoteUsed, breached))
    stage.frame([Tick("EURUSD", at_us - 9 * SECOND_US + n, 138_700 + n // 9, 138_710 + n // 9) for n in range(50)])
    assert len(stage.facts(QuoteUsed, breached)) == before + LATE_PRICES_TOLD_MAX
    assert stage.account(breached).exhibits == ()
    stage.tick("EURUSD", 138_901, 138_911, at_us - SECOND_US)
    assert len(stage.facts(VerdictCorrected)) == 1


@pytest.mark.parametrize(
    ("bids", "verdicts"),
    [
        ([138_850, 138_901, 138_850], ["questioned", "withdrawn"]),  # the last of before the breach shows it again
        ([138_901, 138_850, 138_901], ["questioned", "withdrawn", "questioned"]),
        ([138_901, 138_902, 138_903], ["questioned"]),
    ],
)
def test_the_last_price_of_before_a_breach_decides_whether_it_is_in_question(stage, breached, bids, verdicts):
    at_us = stage.now_us
    stage.wait(3)
    stage.tick("EURUSD", 138_700, 138_710)
    seconds = range(len(bids), 0, -1)
    stage.frame([Tick("EURUSD", at_us - n * SECOND_US, bid, bid + 10) for n, bid in zip(seconds, bids, strict=True)])
    assert [fact.verdict for fact in stage.facts(VerdictCorrected)] == verdicts


def test_a_price_that_changes_nothing_keeps_an_older_one_from_its_place(stage, breached):
    """They come the newest first: what stood at the breach is known when the older one comes."""
    at_us = stage.now_us
    stage.wait(3)
    stage.tick("EURUSD", 138_710, 138_720)
    stage.tick("EURUSD", 138_700, 138_710, at_us - SECOND_US)
    stage.tick("EURUSD", 138_901, 138_911, at_us - 2 * SECOND_US)
    assert not stage.facts(VerdictCorrected)


def test_what_turns_the_answer_leaves_only_so_many_rows_and_stays_a_question(stage, breached):
    at_us = stage.now_us
    stage.wait(3)
    stage.tick("EURUSD", 138_700, 138_710)
    for n in range(LATE_ANSWERS_MAX):
        first_us = at_us - 9 * SECOND_US + 2 * n
        stage.frame([Tick("EURUSD", first_us, 138_901, 138_911), Tick("EURUSD", first_us + 1, 138_700, 138_710)])
    verdicts = [fact.verdict for fact in stage.facts(VerdictCorrected)]
    assert verdicts == ["questioned", "withdrawn"] * (LATE_ANSWERS_MAX // 2) + ["questioned"]
    assert stage.account(breached).findings[0].questioned


def test_a_pause_is_never_a_question_for_a_person(stage, hands):
    rules = hands.ruleset(hands.daily_loss(on_breach=hands.OnDailyLoss.PAUSE_UNTIL_ROLLOVER))
    stage.put(PublishProgram(by="console", program=hands.program(rules, rules, name="soft")))
    account = hold_both(stage, stage.sell(1003, 503, (7005, 7006), "soft"))
    stage.tick("XAUUSD", 1_284_000, 1_284_100)
    at_us = stage.now_us
    stage.wait(3)
    stage.tick("EURUSD", 138_901, 138_911, at_us - SECOND_US)
    assert stage.account(account).standing is Standing.PAUSED
    assert not stage.facts(VerdictCorrected)


def suspected(stage):
    """As the breach, but the platform has not said what it thinks of the second deal."""
    account = stage.sell()
    stage.tick("EURUSD", 138_700, 138_710)
    stage.tick("XAUUSD", 1_290_000, 1_290_100)
    stage.deal(account, "P1", Side.BUY, "5", 138_700)
    stage.equity(account, "100_000.00", "100_000.00")
    stage.deal(account, "P2", Side.BUY, "10", 1_290_000, symbol="XAUUSD")
    stage.wait(10)
    stage.tick("XAUUSD", 1_284_000, 1_284_100)
    return account


def test_a_suspicion_that_is_none_with_the_late_price_can_only_be_dismissed(stage):
    account, at_us = suspected(stage), stage.now_us
    stage.wait(1)
    stage.tick("EURUSD", 138_901, 138_911, at_us - SECOND_US)
    [finding] = stage.account(account).findings
    stage.put(confirmed(account, finding.seq), account)
    assert [fact.refusal for fact in stage.facts(Refused)] == [Refusal.NOT_BROKEN]
    assert not stage.facts(BreachDeclared)


def test_a_suspicion_whose_question_was_taken_back_can_be_confirmed(stage):
    account, at_us = suspected(stage), stage.now_us
    stage.wait(1)
    stage.tick("EURUSD", 138_900, 138_910)
    stage.frame([Tick("EURUSD", at_us - n * SECOND_US, bid, bid + 10) for n, bid in ((2, 138_901), (1, 138_700))])
    assert [fact.verdict for fact in stage.facts(VerdictCorrected)] == ["questioned", "withdrawn"]
    assert stage.account(account).standing is Standing.UNDER_REVIEW
    [finding] = stage.account(account).findings
    stage.put(confirmed(account, finding.seq), account)
    assert stage.account(account).standing is Standing.BREACHED


def confirmed(account, decision):
    return ReviewVerdict(
        by="console", account=account, decision=decision, outcome=ReviewOutcome.CONFIRM, why="it looked so"
    )


def test_a_way_to_convert_that_is_told_later_stops_no_desk(stage, hands):
    for symbol, base, profit in (("CHFJPY", "CHF", "JPY"), ("EURJPY", "EUR", "JPY")):
        tell(stage, symbol, base, profit)
    account = stage.sell()
    stage.tick("EURUSD", 138_700, 138_710)
    stage.tick("EURJPY", 140_000, 140_010)
    stage.tick("CHFJPY", 110_000, 110_010)
    stage.deal(account, "P2", Side.BUY, "10", 110_000, symbol="CHFJPY")
    stage.equity(account, "100_000.00", "100_000.00")
    stage.wait(10)
    stage.tick("CHFJPY", 100_000, 100_010)
    assert stage.account(account).findings[0].grounds
    at_us = stage.now_us
    tell(stage, "USDJPY", "USD", "JPY")
    stage.wait(3)
    stage.tick("EURJPY", 190_001, 190_011, at_us - SECOND_US)
    assert not stage.facts(DeskStopped)


def tell(stage, symbol, base, profit):
    spec = SymbolSpec(symbol=symbol, digits=3, contract_e8=100_000 * 10**8, currency_base=base, currency_profit=profit)
    stage.put(SymbolReported(bridge="sim", seq=stage.next_seq(), spec=spec))


@pytest.mark.parametrize(
    ("outcome", "verdict"), [(ReviewOutcome.CONFIRM, "upheld"), (ReviewOutcome.DISMISS, "dismissed")]
)
def test_a_person_answers_for_a_breach_in_question_once(stage, breached, outcome, verdict):
    at_us = stage.now_us
    stage.wait(3)
    stage.tick("EURUSD", 138_700, 138_710)
    stage.tick("EURUSD", 138_901, 138_911, at_us - SECOND_US)
    decision = stage.facts(VerdictCorrected)[0].decision
    review = ReviewVerdict(by="console", account=breached, decision=decision, outcome=outcome, why="looked at it")
    stage.put(review, breached)
    assert [fact.verdict for fact in stage.facts(VerdictCorrected)] == ["questioned", verdict]
    assert stage.account(breached).standing is Standing.BREACHED
    stage.put(review, breached)
    assert [fact.refusal for fact in stage.facts(Refused)] == [Refusal.NOTHING_TO_DECIDE]


def test_a_breach_under_a_contract_that_has_changed_since_is_left_alone(stage, breached):
    at_us = stage.now_us
    stage.wait(3)
    stage.tick("EURUSD", 138_700, 138_710)
    spec = stage.engine.market("sim").board.specs["EURUSD"]
    spec = replace(spec, contract_e8=2 * spec.contract_e8)
    stage.put(SymbolReported(bridge="sim", seq=stage.next_seq(), spec=spec))
    stage.tick("EURUSD", 138_900, 138_910)
    stage.wait(1)
    stage.tick("EURUSD", 138_901, 138_911, at_us - SECOND_US)
    assert not stage.facts(VerdictCorrected)


def test_a_suspicion_that_only_waits_for_the_platform_goes_to_a_person_when_a_late_price_shows_no_breach(stage):
    account, at_us = suspected(stage), stage.now_us
    [suspicion] = stage.facts(BreachSuspected)
    assert suspicion.doubts == (Doubt.BOOK_UNCONFIRMED,)
    assert stage.account(account).standing is Standing.SUSPECTED
    stage.wait(1)
    stage.tick("EURUSD", 138_900, 138_910)
    stage.tick("EURUSD", 138_901, 138_911, at_us - SECOND_US)
    assert stage.account(account).standing is Standing.UNDER_REVIEW
    stage.equity(account, "95_000.00", "100_000.00")
    assert not stage.facts(BreachDeclared)


def test_the_newest_price_of_before_a_breach_puts_it_in_question_too(stage, breached):
    """The platform tells EURUSD with a delay: no newer price of it has come when the one that counts comes."""
    at_us = stage.now_us
    stage.wait(3)
    stage.tick("EURUSD", 138_901, 138_911, at_us - SECOND_US)
    [question] = stage.facts(VerdictCorrected)
    assert question.verdict == "questioned"


# --- deals that were made before a breach and come after it ---


@pytest.mark.parametrize(
    ("lots", "profit", "questioned"),
    [
        ("10", "-2_000.00", True),  # all was closed at a loss of 2 000
        ("1", "-100.00", False),  # what was left lost 5 400 more
    ],
)
def test_a_close_that_is_told_after_the_breach_it_came_before_puts_it_in_question(stage, lots, profit, questioned):
    account = stage.sell()
    stage.tick("EURUSD", 138_690, 138_700)
    stage.deal(account, "P1", Side.BUY, "10", 138_700)
    stage.equity(account, "99_900.00", "100_000.00")
    stage.wait(2)
    closed_us = stage.now_us
    stage.wait(1)
    stage.tick("EURUSD", 138_100, 138_110)
    assert stage.facts(BreachDeclared, account)
    stage.wait(5)
    stage.deal(account, "P1", Side.SELL, lots, 138_500, entry=DealEntry.OUT, profit=profit, at_us=closed_us)
    assert [fact.verdict for fact in stage.facts(VerdictCorrected)] == ["questioned"] * questioned
    assert stage.account(account).standing is Standing.BREACHED


@pytest.mark.parametrize(
    ("lots", "profit", "equity", "balance", "ends"),
    [
        ("10", "-2_000.00", "98_000.00", "98_000.00", "exonerated"),  # all was closed before the price that broke it
        ("1", "-100.00", "94_500.00", "99_900.00", "breached"),  # what was left lost 5 400 more
    ],
)
def test_a_suspicion_that_waits_is_measured_with_the_close_that_came_late(stage, lots, profit, equity, balance, ends):
    account, closed_us = suspected_before_a_close_is_told(stage, waits_s=1)
    assert stage.account(account).standing is Standing.SUSPECTED
    stage.deal(account, "P1", Side.SELL, lots, 138_500, entry=DealEntry.OUT, profit=profit, at_us=closed_us)
    stage.equity(account, equity, balance)
    if ends == "exonerated":
        assert [fact.verdict for fact in stage.facts(VerdictCorrected)] == ["exonerated"]
        assert stage.account(account).standing is Standing.ACTIVE
    else:
        assert stage.account(account).standing is Standing.BREACHED


def test_a_suspicion_before_a_person_is_in_question_with_the_close_that_came_late(stage):
    account, closed_us = suspected_before_a_close_is_told(stage, waits_s=200)
    assert stage.account(account).standing is Standing.UNDER_REVIEW
    stage.deal(account, "P1", Side.SELL, "10", 138_500, entry=DealEntry.OUT, profit="-2_000.00", at_us=closed_us)
    assert [fact.verdict for fact in stage.facts(VerdictCorrected)] == ["questioned"]
    [finding] = stage.account(account).findings
    stage.put(confirmed(account, finding.seq), account)
    assert [fact.refusal for fact in stage.facts(Refused)] == [Refusal.NOT_BROKEN]
    assert not stage.facts(BreachDeclared)


def suspected_before_a_close_is_told(stage, waits_s):
    """Equity is 94 000 with what had been closed by then; `waits_s` after it, since when the platform has not told its own figure."""
    account = stage.sell()
    stage.tick("EURUSD", 138_690, 138_700)
    stage.equity(account, "100_000.00", "100_000.00")
    stage.deal(account, "P1", Side.BUY, "10", 138_700)
    stage.wait(2)
    closed_us = stage.now_us
    stage.wait(waits_s)
    stage.tick("EURUSD", 138_100, 138_110)
    assert stage.facts(BreachSuspected, account)
    stage.wait(5)
    return account, closed_us


def test_the_deals_that_flatten_a_breached_account_question_nothing(stage, breached):
    stage.wait(1)
    stage.deal(breached, "P1", Side.SELL, "5", 138_700, entry=DealEntry.OUT)
    stage.deal(breached, "P2", Side.SELL, "10", 1_284_000, entry=DealEntry.OUT, symbol="XAUUSD", profit="-6_000.00")
    assert not stage.facts(VerdictCorrected)


def test_the_price_that_a_deal_was_made_at_may_come_after_it_with_the_same_stamp(stage):
    """At the price before the jump the position was a loss at once; at its own it was none."""
    account = stage.sell()
    stage.tick("EURUSD", 138_100, 138_110)
    stage.equity(account, "100_000.00", "100_000.00")
    stage.wait(2)
    stage.deal(account, "P1", Side.BUY, "10", 138_700)
    stage.equity(account, "94_000.00", "100_000.00")
    assert stage.facts(BreachDeclared, account)
    stage.tick("EURUSD", 138_690, 138_700, stage.now_us)
    assert [fact.verdict for fact in stage.facts(VerdictCorrected)] == ["questioned"]


@pytest.mark.parametrize(
    ("commission", "bid", "verdicts"),
    [
        ("-500.00", 138_950, ["questioned"]),  # 94 750 where the floor had become 94 500
        ("900.00", 138_750, []),  # 95 150 where it had become 95 900
    ],
)
def test_a_late_deal_that_a_declared_breach_has_in_it_counts_once(stage, commission, bid, verdicts):
    """It belongs to the day before, and came while the breach was only suspected: the day's start moved with it."""
    account = hold_both(stage, stage.sell())
    start_us = stage.account(account).day.day.end_us
    stage.now_us = start_us - 60 * SECOND_US
    stage.tick("EURUSD", 138_700, 138_710)
    stage.tick("XAUUSD", 1_290_000, 1_290_100)
    stage.now_us = start_us + SECOND_US
    stage.tick("EURUSD", 138_700, 138_710)
    stage.equity(account, "100_000.00", "100_000.00")
    stage.wait(2)
    stage.tick("XAUUSD", 1_284_000, 1_284_100)
    seen_us = stage.now_us
    stage.wait(1)
    stage.deal(account, "P3", Side.BUY, "0.01", 138_700, commission=commission, at_us=start_us - 30 * SECOND_US)
    balance = stage.account(account).balance // 100
    stage.equity(account, f"{balance - 6_000}.00", f"{balance}.00")
    stage.wait(1)
    stage.watermark()
    assert stage.facts(BreachDeclared, account)
    stage.wait(3)
    stage.tick("EURUSD", 138_700, 138_710)
    stage.tick("EURUSD", bid, bid + 10, seen_us - SECOND_US)
    assert [fact.verdict for fact in stage.facts(VerdictCorrected)] == verdicts
