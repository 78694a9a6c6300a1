"""A firm that judges at an instant of its choosing, begins days when it likes, or passes who broke a limit, is found out."""

import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from msgspec.structs import replace

from firm.commands import ResumeDesk, ReviewOutcome, ReviewVerdict
from firm.facts import DayOpened, Doubt
from firm.inputs import Side, SymbolReported
from firm.instant import DAY_US, MINUTE_US, parse_utc
from firm.price import Quote
from firm.quote_frame import Tick
from firm.terms.first import OnDailyLoss
from firm.trading_day import TradingCalendar, TradingDay
from storage.grounds import Grounds
from tests.evidence.checking import refused, told

HOUR_US = 60 * MINUTE_US
NOON = parse_utc("2014-05-02T12:30:00")


pytestmark = pytest.mark.usefixtures("silent")


def judging_at(story: Any, at_us: int) -> None:
    story.alter = lambda fact: fact.update(at_us=at_us)


def holding(story: Any) -> None:
    story.both_open()
    story.price("EURUSD", 138_700, 138_702)
    story.trade(story.ada, "p1", "EURUSD", Side.BUY, 200_000_000, 138_702)


def hears(story: Any) -> int:
    """The platform's word on Ada's equity, on which she is looked at again."""
    seq: int = story.report(story.equity_report(), story.ada)
    return seq


# --- the judged instant ---


@pytest.mark.parametrize(
    "instant",
    [
        pytest.param(lambda dip_us, now_us: 0, id="none"),
        pytest.param(lambda dip_us, now_us: -5, id="before any"),
        pytest.param(lambda dip_us, now_us: dip_us, id="the dip's"),
        pytest.param(lambda dip_us, now_us: now_us, id="the recovery's"),
    ],
)
def test_a_dip_from_before_the_trade_fails_nobody(
    story: Any, verifier: ModuleType, instant: Callable[[int, int], int]
) -> None:
    """Ada bought after it; the price that is said to have failed her is a recovery."""
    story.both_open()
    story.price("EURUSD", 138_700, 138_702)
    dip_us = story.at_us
    story.price("EURUSD", 136_000, 136_002)
    story.trade(story.ada, "p1", "EURUSD", Side.BUY, 300_000_000, 138_702)
    now_us = story.at_us
    story.show(Tick("EURUSD", now_us, 138_710, 138_712))
    judging_at(story, instant(dip_us, now_us))
    refused(story, verifier, story.judge(story.ada, "daily"), r"which is not that of row [0-9]+ \(QuoteFrame\)")


def test_the_clock_alone_fails_nobody(story: Any, verifier: ModuleType) -> None:
    holding(story)
    story.price("EURUSD", 136_000, 136_002)
    story.clock()
    refused(story, verifier, story.judge(story.ada, "daily"), r"which is not that of row [0-9]+ \(ClockTicked\)")


def test_a_report_is_looked_at_as_of_when_it_happened(story: Any, verifier: ModuleType) -> None:
    holding(story)
    story.price("EURUSD", 136_000, 136_002)
    cause = hears(story)
    judging_at(story, story.at_us - 1)
    refused(story, verifier, story.judge(story.ada, "daily"), rf"which is not that of row {cause} \(EquityReported\)")


def test_an_input_that_is_not_shown_judges_nobody_within_a_day(story: Any, verifier: ModuleType) -> None:
    """Another account's report lets time pass, and so may end a day; nothing else."""
    story.both_open()
    story.earn(story.ada, "-6_000.00")
    story.report(story.equity_report(), story.ben)
    refused(story, verifier, story.judge(story.ada, "daily"), r"which is not that of row [0-9]+ \(not in the file\)")


@pytest.mark.parametrize("declared", [False, True])
def test_a_price_from_before_the_newest_deal_is_only_doubted(story: Any, verifier: ModuleType, declared: bool) -> None:
    """It came after the deal, and is stamped before it."""
    holding(story)
    before_us = story.at_us - 1
    seq = story.show(Tick("EURUSD", before_us, 136_000, 136_002))
    story.board.quotes["EURUSD"] = Quote("EURUSD", before_us, 136_000, 136_002, seq, 0)
    doubts = () if declared else (Doubt.LATE_DATA,)
    decision = story.judge(story.ada, "daily", doubts)
    if declared:
        refused(story, verifier, decision, "lies before the book that it is judged on")
    else:
        assert f"NOT shown: that what row {decision} judges was held" in told(story, verifier, decision)


def test_a_position_valued_at_a_price_from_before_it_is_told(story: Any, verifier: ModuleType) -> None:
    """Right after a deal there is no other: so it happens to an honest firm too."""
    story.both_open()
    story.price("EURUSD", 136_000, 136_002)
    story.trade(story.ada, "p1", "EURUSD", Side.BUY, 300_000_000, 138_702)
    hears(story)
    said = told(story, verifier, story.judge(story.ada, "daily"))
    assert "NOT shown: a price of EURUSD from after position p1 was opened" in said


def suspected_at(story: Any, instant_us: int | None = None) -> int:
    """A contract that changed concerns all accounts: its row is in none of their chains."""
    holding(story)
    story.price("EURUSD", 136_000, 136_002)
    cause: int = story.add(SymbolReported(bridge="sim", seq=1, spec=story.board.specs["EURUSD"]))
    if instant_us is not None:
        judging_at(story, instant_us)
    story.judge(story.ada, "daily", (Doubt.DRIFT,))
    story.alter = dict
    return cause


def test_a_confirmed_suspicion_is_shown_with_what_caused_it(story: Any, verifier: ModuleType) -> None:
    cause = suspected_at(story)
    decision = story.confirm(story.ada)
    assert cause in [row["seq"] for row in json.loads(story.bundle(decision))["rows"]]
    assert "which caused it" not in told(story, verifier, decision)


def test_a_confirmed_suspicion_was_judged_at_its_instant(story: Any, verifier: ModuleType) -> None:
    cause = suspected_at(story, NOON)
    refused(story, verifier, story.confirm(story.ada), rf"which is not that of row {cause} \(SymbolReported\)")


def test_a_file_of_before_that_lacks_what_caused_a_suspicion_says_so(
    story: Any, verifier: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    cause = suspected_at(story)
    monkeypatch.setattr(Grounds, "_take_cause", lambda _: None)
    said = told(story, verifier, story.confirm(story.ada))
    assert f"is that of row {cause} (not in the file), which caused it" in said


def test_a_desk_that_goes_on_may_judge_an_earlier_instant_which_is_told(story: Any, verifier: ModuleType) -> None:
    holding(story)
    story.price("EURUSD", 136_000, 136_002)
    story.add(ResumeDesk(by="ruth", desk=f"account/{story.ada}", why="mended"))
    judging_at(story, story.at_us - 1_000)
    assert r"(ResumeDesk), which caused it" in told(story, verifier, story.judge(story.ada, "daily"))


# --- a price that came late, and prices about a rollover ---


def late_price_of_another_symbol(story: Any) -> tuple[int, Quote]:
    """Ada held EURUSD all along; the late price is of USDJPY, which she held before."""
    holding(story)
    story.price("USDJPY", 102_300, 102_303)
    story.price("EURUSD", 136_000, 136_002)
    seen_us = story.at_us - 1
    seq = story.show(Tick("USDJPY", seen_us, 102_000, 102_003))
    return seen_us, Quote("USDJPY", seen_us, 102_000, 102_003, seq, 0)


def test_a_late_price_of_another_symbol_is_told(story: Any, verifier: ModuleType) -> None:
    _, late = late_price_of_another_symbol(story)
    said = told(story, verifier, story.judge(story.ada, "daily", (Doubt.LATE_DATA,), late=late))
    assert "NOT shown: that a price which came late decided" in said
    assert "none newer was passed over" in said


def test_what_came_late_is_judged_at_no_price_from_after_the_instant(story: Any, verifier: ModuleType) -> None:
    """Whichever instant of the day is looked at again: its prices are the last of before it."""
    _, late = late_price_of_another_symbol(story)
    used_us = story.board.quotes["EURUSD"].t_us
    judging_at(story, used_us)
    assert verifier.verify(story.bundle(story.judge(story.ada, "daily", (Doubt.LATE_DATA,), late=late)))
    judging_at(story, used_us - 1)
    decision = story.judge(story.ada, "daily", (Doubt.LATE_DATA,), late=late)
    refused(story, verifier, decision, f"a price of EURUSD is newer than instant {used_us - 1}")


def test_a_late_price_excuses_no_older_price(story: Any, verifier: ModuleType) -> None:
    """Not even where it is of a symbol that the account does not hold."""
    holding(story)
    story.price("EURUSD", 136_000, 136_002)
    newer = story.show(Tick("EURUSD", story.at_us, 138_700, 138_702))
    seen_us = story.at_us - 1
    seq = story.show(Tick("USDJPY", seen_us, 102_000, 102_003))
    late = Quote("USDJPY", seen_us, 102_000, 102_003, seq, 0)
    decision = story.judge(story.ada, "daily", (Doubt.LATE_DATA,), late=late)
    refused(story, verifier, decision, f"tick 0 of row {newer} is a newer price of EURUSD")


def at_the_rollover(story: Any, monkeypatch: pytest.MonkeyPatch, *ticks: tuple[int, int]) -> int:
    """A frame ends the day; what floats is judged at the new day's first instant. Ticks: offset from it, bid."""
    holding(story)
    story.price("EURUSD", 136_000, 136_002)
    start_us = story.states[story.ada].day.day.end_us
    story.at_us = start_us
    story.show(*(Tick("EURUSD", start_us + offset, bid, bid + 2) for offset, bid in ticks))
    monkeypatch.setattr(story, "clock", lambda: 0)  # no other input begins the day
    story.open_day(story.ada)
    judging_at(story, start_us)
    decision: int = story.judge(story.ada, "daily")
    return decision


def test_a_day_is_ended_by_the_first_price_past_it(
    story: Any, verifier: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One from before it that comes after it in the same frame came too late for the judgement."""
    decision = at_the_rollover(story, monkeypatch, (5, 138_700), (-3, 138_700))
    assert "none newer was passed over" in told(story, verifier, decision)


def test_a_price_before_the_rollover_is_not_passed_over(
    story: Any, verifier: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    decision = at_the_rollover(story, monkeypatch, (-3, 138_700), (5, 138_700))
    refused(story, verifier, decision, "tick 0 of row [0-9]+ is a newer price of EURUSD")


def test_no_day_ends_before_a_price_is_past_it(
    story: Any, verifier: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    decision = at_the_rollover(story, monkeypatch, (-3, 136_000))
    refused(story, verifier, decision, "no price in row [0-9]+ brought instant")


# --- the trading day ---


def begin_day(story: Any, day: TradingDay) -> int:
    state = story.states[story.ada]
    story.clock()
    same = {"balance": state.money(state.balance), "equity": state.money(state.balance)}
    fact = DayOpened(day=day, **same, positions=(), quotes=(), provisional=False, priced=True)
    seq: int = story.add(fact, story.ada)
    return seq


def test_no_day_begins_within_another(story: Any, verifier: ModuleType) -> None:
    """A profit would raise the day's start, and so the floor."""
    story.both_open()
    story.earn(story.ada, "6_000.00")
    day = story.states[story.ada].day.day
    begin_day(story, replace(day, start_us=story.at_us + 500))
    story.at_us += 1_000
    story.earn(story.ada, "-5_500.00")
    refused(story, verifier, story.judge(story.ada, "daily"), "begins a day from .*, in Europe/Prague it is")


@pytest.mark.parametrize("later_us", [0, 2 * DAY_US], ids=["the same again", "the one after next"])
def test_each_day_begins_where_the_last_one_ended(
    story: Any, verifier: ModuleType, monkeypatch: pytest.MonkeyPatch, later_us: int
) -> None:
    story.both_open()
    story.at_us += later_us
    begin_day(story, story.rules.calendar.day_at(story.at_us))
    story.earn(story.ada, "-6_000.00")
    # The whole chain is in the file.
    monkeypatch.setattr(Grounds, "_books_cited_before", lambda *_: True)
    refused(story, verifier, story.judge(story.ada, "daily"), "begins a day at [0-9]+, the one before it ends at")


def test_a_file_that_begins_with_a_later_day_does_not_show_that_the_day_began_there(
    story: Any, verifier: ModuleType
) -> None:
    """It may have begun before, with less: only the rows before it would show that."""
    story.both_open()
    story.earn(story.ada, "6_000.00")
    again = begin_day(story, story.states[story.ada].day.day)
    story.earn(story.ada, "-5_500.00")
    said = told(story, verifier, story.judge(story.ada, "daily"))
    assert f"NOT shown: that row {again}, where the consecutive rows begin, is the first to begin its day" in said


def test_two_days_losses_do_not_count_as_one(story: Any, verifier: ModuleType) -> None:
    story.both_open()
    story.earn(story.ada, "-3_000.00")
    story.next_day()
    story.earn(story.ada, "-2_500.00")
    refused(story, verifier, story.judge(story.ada, "daily"), "is booked after the day of row [0-9]+ had ended")


def test_no_rollover_is_left_out_before_a_verdict(story: Any, verifier: ModuleType) -> None:
    story.both_open()
    story.earn(story.ada, "-5_500.00")
    story.next_day()
    hears(story)
    refused(story, verifier, story.judge(story.ada, "daily"), "lies after the day of row [0-9]+, and no other began")


def test_a_report_ahead_of_the_firm_s_clock_is_not_believed_to_end_a_day(story: Any, verifier: ModuleType) -> None:
    """The platform's clock is wrong by a day; what the report says counts all the same."""
    story.both_open()
    add = story.ledger.append
    now_us = story.at_us

    def ahead(rows: Any, **other: Any) -> Any:
        return add([(replace_row(row, now_us), body) for row, body in rows], **other)

    story.ledger.append = ahead
    story.next_day()
    story.earn(story.ada, "-5_500.00")
    decision = story.judge(story.ada, "daily")
    story.ledger.append = add
    assert "NOT shown: that the day of row" in told(story, verifier, decision)


def replace_row(row: Any, received_us: int) -> Any:
    return row._replace(received_us=received_us) if hasattr(row, "_replace") else replace(row, received_us=received_us)


def test_what_a_person_leads_to_may_find_the_day_not_ended_yet(story: Any, verifier: ModuleType) -> None:
    """Days end by the platform's time, which may stand still over a weekend."""
    story.both_open()
    story.earn(story.ada, "-5_500.00")
    story.next_day()
    dismissed = ReviewVerdict(by="ruth", account=story.ada, decision=7, outcome=ReviewOutcome.DISMISS, why="no")
    story.add(dismissed, story.ada)
    assert "NOT shown: that the day of row" in told(story, verifier, story.judge(story.ada, "daily"))


def sold_in(story: Any, zone: str, rollover: str) -> None:
    story.rules = replace(story.rules, calendar=TradingCalendar(zone, rollover))
    story.open_account(story.ada, story.rules)


ODD_CALENDARS = [
    pytest.param("Europe/Prague", "02:30", "2014-03-30T12:00:00", id="a rollover that is skipped"),
    pytest.param("Europe/Prague", "02:30", "2014-10-26T12:00:00", id="a rollover that comes twice"),
    pytest.param("America/New_York", "17:00", "2014-03-08T23:00:00", id="the day that is an hour shorter"),
    pytest.param("Australia/Lord_Howe", "00:00", "2014-04-05T20:00:00", id="half an hour longer"),
    pytest.param("Antarctica/Troll", "00:00", "2014-03-30T12:00:00", id="two hours shorter"),
    pytest.param("Pacific/Apia", "00:00", "2011-12-30T09:00:00", id="a date that never was"),
]


@pytest.mark.parametrize(("zone", "rollover", "at"), ODD_CALENDARS)
def test_days_of_every_zone_are_worked_out_again(
    story: Any, verifier: ModuleType, zone: str, rollover: str, at: str
) -> None:
    story.at_us = parse_utc(at)
    sold_in(story, zone, rollover)
    story.open_day(story.ada)
    for _ in range(2):
        story.at_us = story.states[story.ada].day.day.end_us - 1_000
        story.open_day(story.ada)
    story.earn(story.ada, "-6_000.00")
    assert "at the rollover" not in told(story, verifier, story.judge(story.ada, "daily"))


def test_a_day_begins_at_the_local_rollover(story: Any, verifier: ModuleType) -> None:
    """Noon to noon is as long, and consecutive."""
    story.open_account(story.ada)
    noon_us = story.at_us
    begin_day(story, TradingDay("2014-05-02", noon_us, noon_us + DAY_US))
    story.earn(story.ada, "-6_000.00")
    refused(story, verifier, story.judge(story.ada, "daily"), "in Europe/Prague it is")


def test_where_the_zone_is_not_known_the_rollover_is_told_as_not_shown(
    story: Any, verifier: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    decision = story.ada_is_flat_below_her_floor()
    day = story.states[story.ada].day.seq
    monkeypatch.setattr(verifier, "ZoneInfo", None)
    said = told(story, verifier, decision)
    assert (
        f"NOT shown: that the days of rows {day} begin at the rollover: this machine has no zone Europe/Prague" in said
    )


def test_where_the_zone_is_not_known_a_day_is_still_about_a_day_long(
    story: Any, verifier: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    story.open_account(story.ada)
    begin_day(story, TradingDay("2014-05-02", story.at_us, story.at_us + 12 * HOUR_US))
    story.earn(story.ada, "-6_000.00")
    decision = story.judge(story.ada, "daily")
    monkeypatch.setattr(verifier, "ZoneInfo", None)
    refused(story, verifier, decision, r"begins a day of 12\.00 hours")


@pytest.mark.parametrize("name", ["Nowhere/At_All", "../../etc/passwd", "", "Europe/", "a\0b"])
def test_a_zone_that_is_none_is_not_known(verifier: ModuleType, name: str) -> None:
    assert verifier.zone_of(name) is None


# --- a pass ---


def test_who_broke_a_limit_does_not_pass(story: Any, verifier: ModuleType) -> None:
    story.both_open()
    story.earn(story.ada, "-6_000.00")
    broken = story.judge(story.ada, "daily")
    story.earn(story.ada, "15_000.00")
    refused(story, verifier, story.win(story.ada), f"row {broken} declared a limit broken, and was not corrected")


def test_who_is_suspected_does_not_pass_by_itself(story: Any, verifier: ModuleType) -> None:
    story.both_open()
    story.earn(story.ada, "-6_000.00")
    suspicion = story.judge(story.ada, "daily", (Doubt.DRIFT,))
    story.earn(story.ada, "15_000.00")
    refused(story, verifier, story.win(story.ada), f"the suspicion of 'daily' in row {suspicion} was open")


def test_a_person_may_pass_an_account_that_is_suspected_which_is_told(
    story: Any, verifier: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    story.both_open()
    story.earn(story.ada, "-6_000.00")
    suspicion = story.judge(story.ada, "daily", (Doubt.DRIFT,))
    story.earn(story.ada, "15_000.00")
    confirms = ReviewVerdict(by="ruth", account=story.ada, decision=7, outcome=ReviewOutcome.CONFIRM, why="seen")
    monkeypatch.setattr(story, "clock", lambda: story.add(confirms, story.ada))
    said = told(story, verifier, story.win(story.ada))
    assert f"NOT shown: why a person let it pass while the suspicion in row {suspicion} was open" in said


@pytest.mark.parametrize("doubts", [(), (Doubt.DRIFT,)])
def test_a_breach_that_was_corrected_holds_up_no_pass(
    story: Any, verifier: ModuleType, doubts: tuple[Doubt, ...]
) -> None:
    story.both_open()
    story.earn(story.ada, "-6_000.00")
    story.correct(story.judge(story.ada, "daily", doubts), story.ada)
    story.earn(story.ada, "15_000.00")
    assert "it holds" in told(story, verifier, story.win(story.ada))


def test_a_pause_holds_up_no_pass(story: Any, verifier: ModuleType) -> None:
    pauses = replace(story.rules.terms[0], on_breach=OnDailyLoss.PAUSE_UNTIL_ROLLOVER)
    story.both_open(replace(story.rules, terms=(pauses, *story.rules.terms[1:])))
    story.earn(story.ada, "-6_000.00")
    story.judge(story.ada, "daily")
    story.next_day()
    story.open_day(story.ada)
    story.earn(story.ada, "15_000.00")
    assert "it holds" in told(story, verifier, story.win(story.ada))


def test_a_pass_says_what_it_cannot_show(story: Any, verifier: ModuleType) -> None:
    said = told(story, verifier, story.ada_reaches_her_target())
    assert "NOT shown: that no limit was broken on the way" in said
    assert "NOT shown: that no breach stood before row" not in said


def test_a_pass_of_a_later_day_says_that_a_breach_may_lie_before(story: Any, verifier: ModuleType) -> None:
    story.both_open()
    story.earn(story.ada, "8_100.00")
    story.next_day()
    start = story.open_day(story.ada)
    story.earn(story.ada, "0.00")
    assert f"NOT shown: that no breach stood before row {start}" in told(story, verifier, story.win(story.ada))


def test_a_pass_without_limits_has_none_to_break(story: Any, verifier: ModuleType) -> None:
    story.both_open(replace(story.rules, terms=story.rules.terms[2:]))
    story.earn(story.ada, "8_100.00")
    assert "on the way" not in told(story, verifier, story.win(story.ada))


# --- what came after ---


def test_a_file_does_not_say_what_became_of_its_decision(story: Any, verifier: ModuleType) -> None:
    decision = story.ada_breaks_her_daily_loss()
    story.correct(decision, story.ada)
    assert verifier.AFTERWARDS in told(story, verifier, decision)
