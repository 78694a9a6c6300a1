"""Market days in the engine: a rule that names them goes by them, and its breach names the version; the news that a rule names."""

from datetime import date

import pytest
from msgspec.structs import replace

from firm.bounds import CALENDARS_MAX
from firm.commands import AdoptCalendar, AdoptMarketDays
from firm.facts import MarketDaysAdopted, Refusal, Refused, RuleBroken
from firm.inputs import Side
from firm.instant import MINUTE_US, SECOND_US, parse_utc
from firm.market_days import MarketDay, MarketDays, market_days
from firm.news import news_calendar
from firm.terms.conduct import Closure, HoldingLimit
from firm.terms.words import Action, Scope
from tests.actors.test_conduct import MAXIMUM, buy, trading
from tests.actors.test_news_and_deeds import PAYROLLS, RELEASE_US, WEEK, WINDOW, adopt

# Friday 2 May 2014 is cut short in New York: 13:00 there is 17:00 UTC.
EARLY = MarketDay(date=date(2014, 5, 2), name="Early close", closes="13:00", reopens="00:00")
NYSE = market_days("nyse", "America/New_York", ("EURUSD",), (EARLY,))
CLOSES_US = parse_utc("2014-05-02T17:00")
HOLDING = HoldingLimit(
    id="holding", over=Closure.LONG_BREAK, zone="America/New_York", cutoff="17:00", early_close_minutes=30, break_s=3_600,
    pending_orders=False, on_breach=(Action.WARN,), strikes_within=Scope.PHASE, calendar="nyse",
)  # fmt: skip


def go_by(stage, days=NYSE):
    return stage.put(AdoptMarketDays(by="console", days=days))


def minutes(stage, until_us, every=10):
    """The clock, with a price now and then."""
    while stage.now_us < until_us:
        stage.now_us = min(until_us, stage.now_us + every * MINUTE_US)
        stage.tick("EURUSD", 138_690, 138_700)
        stage.watermark()
        stage.clock()


def holding(stage, *terms):
    account = trading(stage, MAXIMUM, *terms)
    stage.now_us = CLOSES_US - 60 * MINUTE_US
    stage.tick("EURUSD", 138_690, 138_700)
    buy(stage, account, "1")
    return account


@pytest.mark.parametrize(
    ("calendar", "adopted", "broken"),
    [
        pytest.param("nyse", NYSE, 1, id="the calendar that the rule names"),
        pytest.param("nyse", None, 0, id="one that the firm has not adopted"),
        pytest.param("lse", NYSE, 0, id="another one"),
        pytest.param(None, NYSE, 0, id="a rule that names none"),
        pytest.param("nyse", replace(NYSE, symbols=("XAUUSD",)), 0, id="days of another symbol"),
    ],
)
def test_an_early_close_of_the_calendar_is_when_positions_must_be_closed(stage, calendar, adopted, broken):
    if adopted is not None:
        go_by(stage, adopted)
    account = holding(stage, replace(HOLDING, calendar=calendar))
    minutes(stage, CLOSES_US - 31 * MINUTE_US)
    assert stage.facts(RuleBroken, account) == []
    minutes(stage, CLOSES_US - 20 * MINUTE_US)
    found = stage.facts(RuleBroken, account)
    assert len(found) == broken
    assert [fact.calendar for fact in found] == [NYSE.version] * broken


def test_the_newest_days_of_a_name_count_and_the_rows_give_the_same(stage):
    go_by(stage)
    moved = replace(NYSE, days=(replace(EARLY, closes="12:00"),))
    go_by(stage, moved)
    go_by(stage, moved)
    assert [fact.version for fact in stage.facts(MarketDaysAdopted)] == [NYSE.version, moved.version]
    assert [fact.refusal for fact in stage.facts(Refused)] == [Refusal.CALENDAR_KNOWN]
    assert stage.engine.market_days()["nyse"].days == moved
    assert stage.refolded().market_days() == stage.engine.market_days()


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"name": "No name"}, "is no name of a calendar"),
        ({"zone": "Wall Street"}, "'Wall Street' is no zone"),
        ({"days": (EARLY, EARLY)}, "is there twice"),
        ({"days": (replace(EARLY, reopens="12:00"),)}, "which is not after 13:00"),
        ({"symbols": ("EURUSD", "EURUSD")}, "each once"),
        ({"symbols": tuple(map(str, range(501)))}, "at most 500"),
    ],
)
def test_days_that_nobody_could_go_by_change_nothing(stage, wrong, why):
    told = {name: getattr(NYSE, name) for name in NYSE.__struct_fields__} | wrong
    go_by(stage, MarketDays(**told))
    [no] = stage.facts(Refused)
    assert no.refusal is Refusal.BAD_CALENDAR
    assert why in no.detail
    assert stage.engine.market_days() == {}


def test_a_firm_goes_by_so_many_names_and_no_more(stage):
    for number in range(CALENDARS_MAX + 1):
        go_by(stage, replace(NYSE, name=f"n{number}"))
    assert [fact.refusal for fact in stage.facts(Refused)] == [Refusal.BAD_CALENDAR]


@pytest.mark.parametrize(("calendar", "broken"), [("earnings", 1), ("news", 0), (None, 0)])
def test_a_rule_about_news_goes_by_the_calendar_that_it_names(stage, calendar, broken):
    adopt(stage, news_calendar("news", []))
    earnings = news_calendar("earnings", [replace(PAYROLLS, id="q1")])
    stage.put(AdoptCalendar(by="console", calendar=earnings))
    stage.now_us = RELEASE_US - 3_600 * SECOND_US
    account = trading(stage, MAXIMUM, replace(WINDOW, calendar=calendar))
    stage.now_us = RELEASE_US - 60 * SECOND_US
    stage.tick("EURUSD", 138_690, 138_700)
    stage.deal(account, "P1", Side.BUY, "1", 138_700)
    found = stage.facts(RuleBroken, account)
    assert [fact.calendar for fact in found] == [earnings.version] * broken
    assert WEEK.version != earnings.version


def test_a_rule_that_names_no_calendar_has_the_bytes_that_it_always_had():
    import msgspec

    without = msgspec.json.decode(msgspec.json.encode(replace(HOLDING, calendar=None)))
    assert "calendar" not in without
    assert "calendar" in msgspec.json.decode(msgspec.json.encode(HOLDING))
