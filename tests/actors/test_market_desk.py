"""The market desk: what counts as a price, when a day ends, what comes late."""

import pytest
from msgspec.structs import replace

from firm.commands import PublishProgram
from firm.facts import (
    BreachDeclared,
    BreachSuspected,
    DayAnchored,
    DayOpened,
    Doubt,
    MarkTaken,
    PeakReached,
    QuotesRefused,
    SanityBandLeft,
    VerdictCorrected,
)
from firm.inputs import CashKind, DealEntry, PolicyAdopted, Side, SymbolReported, Watermark
from firm.instant import DAY_US, HOUR_US, SECOND_US, parse_utc
from firm.phase import Standing
from firm.quote_frame import Tick
from firm.ruleset import LateBreach

STALE_US = 300 * SECOND_US
MIDNIGHT_US = parse_utc("2014-05-01T22:00:00")


@pytest.mark.parametrize(
    ("tick", "why"),
    [
        (lambda now: Tick("EURUSD", now, 138_700, 138_690), "crossed"),
        (lambda now: Tick("EURUSD", now, 0, 138_690), "not_positive"),
        (lambda now: Tick("EURUSD", now, -5, -4), "not_positive"),
        (lambda now: Tick("GBPUSD", now, 1, 2), "unknown_symbol"),
        (lambda now: Tick("EURUSD", now + 11 * SECOND_US, 138_700, 138_710), "far_future"),
        (lambda now: Tick("EURUSD", now - 2 * DAY_US, 138_700, 138_710), "far_past"),
    ],
    ids=["crossed", "zero", "negative", "unknown symbol", "far future", "far past"],
)
def test_what_cannot_be_a_price_is_refused_and_the_rest_of_the_frame_is_used(stage, tick, why):
    good = Tick("EURUSD", stage.now_us, 138_600, 138_610)
    stage.frame([tick(stage.now_us), good])
    [refused] = stage.facts(QuotesRefused)
    assert refused.refused == ((0, why),)
    assert stage.engine.market("sim").board.quotes["EURUSD"].bid == 138_600


def test_a_jump_beyond_the_band_is_told_and_the_next_price_lifts_the_doubt(stage):
    stage.tick("EURUSD", 138_700, 138_710)
    stage.tick("EURUSD", 120_000, 120_010)
    [left] = stage.facts(SanityBandLeft)
    assert (left.before, left.after) == (138_700, 120_000)
    market = stage.engine.market("sim")
    assert market.doubts_about(("EURUSD",), stage.now_us, STALE_US) == (Doubt.OUTSIDE_SANITY_BAND,)
    stage.tick("EURUSD", 138_650, 138_660)
    assert market.doubts_about(("EURUSD",), stage.now_us, STALE_US) == ()


def test_a_silent_symbol_is_stale(stage):
    stage.tick("EURUSD", 138_700, 138_710)
    market = stage.engine.market("sim")
    assert market.doubts_about(("EURUSD",), stage.now_us + STALE_US, STALE_US) == ()
    assert market.doubts_about(("EURUSD",), stage.now_us + STALE_US + 1, STALE_US) == (Doubt.STALE_QUOTE,)
    assert market.doubts_about(("XAUUSD",), stage.now_us, STALE_US) == (Doubt.NO_QUOTE,)


def test_a_symbol_whose_session_has_just_opened_is_not_silent_and_its_old_price_still_fails_nobody(stage):
    """Thursday 22:00 to 23:00 is a break; the last price is of an hour before the open."""
    sessions = ((0, 3 * 1_440 + 22 * 60), (3 * 1_440 + 23 * 60, 7 * 1_440))
    spec = replace(stage.engine.market("sim").board.specs["EURUSD"], sessions=sessions)
    stage.put(SymbolReported(bridge="sim", seq=stage.next_seq(), spec=spec))
    market, opens_us = stage.engine.market("sim"), parse_utc("2014-05-01T23:00:00")
    stage.now_us = opens_us - 2 * HOUR_US
    stage.tick("EURUSD", 138_700, 138_710)
    stage.tick("EURUSD", 138_700, 138_710, opens_us - HOUR_US - 1)
    assert market.stale_symbols(opens_us - 1, STALE_US) == ()  # closed
    assert market.stale_symbols(opens_us + STALE_US, STALE_US) == ()
    assert market.stale_symbols(opens_us + STALE_US + SECOND_US, STALE_US) == ("EURUSD",)
    assert market.doubts_about(("EURUSD",), opens_us + SECOND_US, STALE_US) == (Doubt.STALE_QUOTE,)
    stage.now_us = opens_us + STALE_US
    stage.tick("EURUSD", 138_700, 138_710)
    assert market.stale_symbols(stage.now_us + STALE_US, STALE_US) == ()
    assert market.stale_symbols(stage.now_us + STALE_US + 1, STALE_US) == ("EURUSD",)


# --- midnight ---


def carry(stage, account):
    """Up 3 000.00 realised, ten lots bought at 1.39250; at 1.38700 equity is 97 500.00."""
    stage.tick("EURUSD", 138_690, 138_700)
    stage.deal(account, "P1", Side.BUY, "10", 138_700)
    stage.deal(account, "P1", Side.SELL, "10", 139_000, entry=DealEntry.OUT, profit="3_000.00")
    stage.deal(account, "P2", Side.BUY, "10", 139_250)
    stage.now_us = MIDNIGHT_US - 10 * SECOND_US
    stage.tick("EURUSD", 138_750, 138_760)
    stage.equity(account, "98_000.00", "103_000.00")


def test_the_day_ends_before_the_first_price_past_it_is_used(stage):
    account = stage.sell()
    carry(stage, account)
    stage.tick("EURUSD", 138_755, 138_765, MIDNIGHT_US - 1)
    stage.now_us = MIDNIGHT_US
    stage.tick("EURUSD", 120_000, 120_010)
    opened = stage.facts(DayOpened, account)[-1]
    assert opened.equity.minor == 98_050_00
    assert opened.day.start_us == MIDNIGHT_US


def late_deal(stage, account, profit):
    """A deal stamped a second before midnight, reported a second after it."""
    now_us, stage.now_us = stage.now_us, MIDNIGHT_US - SECOND_US
    stage.deal(account, "P3", Side.BUY, "0.01", 138_760, profit=profit)
    stage.now_us = now_us + 2 * SECOND_US


def test_a_deal_of_the_old_day_that_comes_late_moves_the_day_start(stage):
    account = stage.sell()
    carry(stage, account)
    stage.now_us = MIDNIGHT_US + SECOND_US
    stage.tick("EURUSD", 138_750, 138_760)
    late_deal(stage, account, "-4_000.00")
    stage.watermark()
    [anchored] = stage.facts(DayAnchored, account)
    assert anchored.changed
    assert anchored.balance.minor == 99_000_00
    [breach] = stage.facts(BreachDeclared)
    # Both move together: equity seen 98 000 and floor 98 000, each less the 4 000 that the old day had lost.
    assert (breach.floor.minor, breach.observed.minor) == (94_000_00, 94_000_00)


def test_a_late_price_of_the_old_day_exonerates(stage):
    """Measured from equity, the day seemed to begin at 99 000 and to be 5 000 down at once; a late tick shows it began at 98 000."""
    offered = stage.equity_program()
    stage.put(PublishProgram(by="console", program=offered))
    account = stage.sell(1004, 504, (7007, 7008), offered.program)
    stage.tick("EURUSD", 138_690, 138_700)
    stage.deal(account, "P1", Side.BUY, "10", 138_700)
    stage.now_us = MIDNIGHT_US - 10 * SECOND_US
    stage.tick("EURUSD", 138_600, 138_610)
    stage.equity(account, "99_000.00", "100_000.00")
    stage.now_us = MIDNIGHT_US + SECOND_US
    stage.tick("XAUUSD", 1_290_000, 1_290_100)
    stage.tick("EURUSD", 138_100, 138_110)
    assert stage.account(account).standing is Standing.SUSPECTED
    stage.tick("EURUSD", 138_500, 138_510, MIDNIGHT_US - SECOND_US)
    stage.tick("EURUSD", 138_600, 138_610)
    stage.wait(1)
    stage.watermark()
    [anchored] = stage.facts(DayAnchored, account)
    assert anchored.equity.minor == 98_000_00
    [corrected] = stage.facts(VerdictCorrected)
    assert corrected.verdict == "exonerated"
    assert not stage.facts(BreachDeclared)
    assert stage.account(account).standing is Standing.ACTIVE


def test_days_pass_one_by_one_after_a_long_silence(stage):
    account = stage.sell()
    stage.tick("EURUSD", 138_690, 138_700)
    stage.now_us += 3 * DAY_US
    stage.watermark()
    assert [fact.day.label for fact in stage.facts(DayOpened, account)] == [
        "2014-05-01", "2014-05-02", "2014-05-03", "2014-05-04",
    ]  # fmt: skip


def test_a_day_that_ends_between_prices_is_part_of_what_the_market_says_of_itself(stage):
    """What a market said before is used again while only time goes on: the end of a day is more than that."""
    account, market = stage.sell(), stage.engine.market("sim")
    carry(stage, account)
    said = []
    stage.now_us = MIDNIGHT_US + SECOND_US
    for step in (lambda: stage.equity(account, "98_000.00", "103_000.00"), stage.watermark, stage.clock):
        step()
        said.append(market.capture())
        assert said[-1] == market._copied()
        stage.wait(2)
    for _ in range(2):
        stage.equity(account, "98_000.00", "103_000.00")
        said.append(market.capture())
        assert said[-1] == market._copied()
        stage.wait(2)
    assert [list(market.closing) for market in said] == [[MIDNIGHT_US]] * 3 + [[]] * 2
    market.restore(said[0])
    assert market.capture() == said[0]


def test_a_watermark_names_a_journal_event_and_books_none(stage):
    stage.clock()
    booked = stage.engine.desk("bridge/sim").state.journal_seq
    stage.put(Watermark(bridge="sim", t_us=stage.now_us, seq=booked + 5, qseq=0))
    assert stage.engine.desk("bridge/sim").state.journal_seq == booked


def test_a_watermark_from_the_future_ends_no_day(stage):
    account = stage.sell()
    stage.put(Watermark(bridge="sim", t_us=stage.now_us + 40 * DAY_US, seq=0, qseq=0))
    assert len(stage.facts(DayOpened, account)) == 1


def test_marks_are_taken_for_accounts_that_hold_something(stage):
    account, idle = stage.sell(), stage.sell(1002, 502, (7003, 7004))
    stage.tick("EURUSD", 138_690, 138_700)
    stage.deal(account, "P1", Side.BUY, "10", 138_700)
    stage.wait(61)
    stage.tick("EURUSD", 138_790, 138_800)
    [mark] = stage.facts(MarkTaken, account)
    assert (mark.equity.minor, mark.headroom.minor) == (99_900_00, 4_900_00)
    assert not stage.facts(MarkTaken, idle)


def test_an_account_is_marked_at_the_very_deal_that_leaves_nothing_open_and_not_again_while_it_stays_flat(stage):
    account = stage.sell()
    stage.tick("EURUSD", 138_690, 138_700)
    stage.deal(account, "P1", Side.BUY, "10", 138_700)
    stage.deal(account, "P2", Side.BUY, "10", 138_700)
    stage.wait(1)
    stage.tick("EURUSD", 138_690, 138_700)
    seen = len(stage.facts(MarkTaken, account))
    stage.deal(account, "P1", Side.SELL, "10", 138_400, entry=DealEntry.OUT, profit="-3_000.00")
    assert len(stage.facts(MarkTaken, account)) == seen  # something is open still: its minute comes
    stage.wait(1)
    closed_us = stage.now_us
    stage.deal(account, "P2", Side.SELL, "10", 138_600, entry=DealEntry.OUT, profit="-1_000.00")
    mark = stage.facts(MarkTaken, account)[-1]
    assert (mark.balance.minor, mark.equity.minor, mark.headroom.minor) == (96_000_00, 96_000_00, 1_000_00)
    assert instants_of_marks(stage)[-1] == (account, closed_us)
    for _ in range(90):
        stage.wait(1)
        stage.tick("EURUSD", 138_690, 138_700)
    assert len(stage.facts(MarkTaken, account)) == seen + 1


def test_a_deposit_is_marked_where_nothing_is_open(stage):
    account = stage.sell()
    stage.tick("EURUSD", 138_690, 138_700)
    stage.cash(account, "500.00", kind=CashKind.DEPOSIT)
    [mark] = stage.facts(MarkTaken, account)
    assert (mark.balance.minor, mark.equity.minor, mark.headroom.minor) == (100_500_00, 100_500_00, 5_000_00)


def test_a_close_that_is_told_late_is_marked_when_it_was_told(stage):
    """So that no mark taken meanwhile, with the position still in it, comes after the one without."""
    account = stage.sell()
    stage.tick("EURUSD", 138_690, 138_700)
    stage.deal(account, "P1", Side.BUY, "10", 138_700)
    closed_us = stage.now_us
    stage.wait(61)
    stage.tick("EURUSD", 138_790, 138_800)
    told_us = stage.now_us
    stage.deal(account, "P1", Side.SELL, "10", 138_690, entry=DealEntry.OUT, profit="-100.00", at_us=closed_us)
    marks = instants_of_marks(stage)
    assert marks[-1] == (account, told_us)
    assert marks == sorted(marks, key=lambda mark: mark[1])


def test_each_account_is_marked_once_a_minute_in_a_second_of_its_own(stage):
    stage.tick("EURUSD", 138_690, 138_700)
    accounts = [stage.sell(1_010 + n, 510 + n, (7_010 + 2 * n, 7_011 + 2 * n)) for n in range(3)]
    for place, account in enumerate(accounts):
        stage.deal(account, f"P{place}", Side.BUY, "1", 138_700)
    for _ in range(180):
        stage.wait(1)
        stage.tick("EURUSD", 138_690, 138_700)
    marked = {account: [us for who, us in instants_of_marks(stage) if who == account] for account in accounts}
    for account, instants in marked.items():
        assert len(instants) == 3
        assert {us // SECOND_US % 60 for us in instants} == {account % 60}
    stage.wait(1_000)  # a silence is caught up with one mark for each
    stage.tick("EURUSD", 138_690, 138_700)
    assert len(instants_of_marks(stage)) == 4 * len(accounts)


def test_after_a_silence_over_midnight_marks_of_the_old_day_are_struck_before_it_and_by_its_floors(stage):
    account = stage.sell()
    stage.tick("EURUSD", 138_690, 138_700)
    stage.deal(account, "P1", Side.BUY, "10", 138_700)
    stage.deal(account, "P2", Side.BUY, "1", 138_700)
    stage.deal(account, "P2", Side.SELL, "1", 138_700, entry=DealEntry.OUT, profit="3_000.00")  # another floor tomorrow
    stage.now_us = MIDNIGHT_US - 70 * SECOND_US
    stage.tick("EURUSD", 138_600, 138_610)
    stage.now_us = MIDNIGHT_US + 3 * SECOND_US
    stage.tick("EURUSD", 138_600, 138_610)
    rows = [
        (row, body)
        for batch in stage.batches[-1:]
        for row, body in batch.rows
        if row.kind in ("MarkTaken", "DayOpened")
    ]
    assert [row.kind for row, _ in rows] == ["MarkTaken", "DayOpened"]
    (mark_row, mark), (day_row, _) = rows
    assert mark_row.happened_us < day_row.happened_us == MIDNIGHT_US
    assert mark.equity.minor - mark.headroom.minor == 95_000_00


@pytest.mark.parametrize("seconds", [10, 600])
def test_marks_are_as_far_apart_as_the_policy_says(stage, seconds):
    stage.put(PolicyAdopted(policy=replace(stage.engine.policy, mark_every_us=seconds * SECOND_US)))
    account = stage.sell()
    stage.tick("EURUSD", 138_690, 138_700)
    stage.deal(account, "P1", Side.BUY, "1", 138_700)
    for _ in range(40):
        stage.wait(seconds / 20)
        stage.tick("EURUSD", 138_690, 138_700)
    instants = [us for _, us in instants_of_marks(stage)]
    assert len(instants) == 2
    assert instants[1] - instants[0] == seconds * SECOND_US


def test_what_a_report_leads_to_happened_with_it_and_not_at_the_mark_before(stage):
    account = stage.sell()
    stage.tick("EURUSD", 138_690, 138_700)
    stage.wait(1.73)  # the first input of its second
    stage.deal(account, "P1", Side.BUY, "1", 138_700)
    [booked] = [row for row, _ in stage.batches[-1].rows if row.kind == "DealBooked"]
    assert booked.happened_us == stage.now_us
    assert stage.account(account).book_since_us == stage.now_us


def instants_of_marks(stage):
    return [
        (row.account, row.happened_us)
        for batch in stage.batches
        for row, body in batch.rows
        if isinstance(body, MarkTaken)
    ]


# --- order of prices ---


def trailing(stage, late=LateBreach.REVIEW):
    offered = stage.trailing_program(late)
    stage.put(PublishProgram(by="console", program=offered))
    account = stage.sell(1003, 503, (7005, 7006), offered.program)
    stage.tick("EURUSD", 138_690, 138_700)
    stage.deal(account, "P1", Side.BUY, "10", 138_700)
    stage.equity(account, "99_900.00", "100_000.00")
    return account


def test_high_before_low_breaks_a_trailing_floor(stage):
    """Up 3 000 then down 3 000 within one frame: from 103 000 the floor is 97 000 with 6 % trailing; 96 900 breaks it."""
    account = trailing(stage)
    at = stage.now_us
    stage.frame([Tick("EURUSD", at, 139_000, 139_010), Tick("EURUSD", at, 138_390, 138_400)])
    [breach] = stage.facts(BreachDeclared)
    assert (breach.floor.minor, breach.observed.minor) == (97_000_00, 96_900_00)
    [peak] = stage.facts(PeakReached)
    assert peak.equity.minor == 103_000_00
    assert stage.account(account).standing is Standing.BREACHED


def test_low_before_high_breaks_nothing(stage):
    account = trailing(stage)
    at = stage.now_us
    stage.frame([Tick("EURUSD", at, 138_390, 138_400), Tick("EURUSD", at, 139_000, 139_010)])
    assert stage.account(account).standing is Standing.ACTIVE


@pytest.mark.parametrize(("late", "kind"), [(LateBreach.REVIEW, BreachSuspected), (LateBreach.ENFORCE, BreachDeclared)])
def test_a_breach_seen_late_follows_the_ruleset(stage, late, kind):
    account = trailing(stage, late)
    stage.wait(20)
    stage.equity(account, "99_900.00", "100_000.00")
    stage.tick("EURUSD", 138_690, 138_700)
    stage.tick("EURUSD", 137_900, 137_910, stage.now_us - 10 * SECOND_US)
    [verdict] = stage.facts(kind)
    assert verdict.observed.minor == 92_000_00
    if kind is BreachDeclared:
        assert verdict.late
    else:
        assert verdict.doubts == (Doubt.LATE_DATA,)


def test_a_late_price_from_before_the_position_breaks_nothing(stage):
    account = trailing(stage)
    stage.tick("EURUSD", 130_000, 130_010, stage.now_us - 10 * SECOND_US)
    assert stage.account(account).standing is Standing.ACTIVE
    assert stage.engine.market("sim").board.quotes["EURUSD"].bid == 138_690


def test_a_static_rule_never_writes_a_peak(stage):
    account = stage.sell()
    stage.tick("EURUSD", 138_690, 138_700)
    stage.deal(account, "P1", Side.BUY, "10", 138_700)
    stage.tick("EURUSD", 139_500, 139_510)
    stage.now_us = MIDNIGHT_US
    stage.watermark()
    assert not stage.facts(PeakReached)
