"""Closures: when a symbol does not trade, from its week, over changes of the clocks, with holidays and early closes."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firm.closures import closures_around, local_instant
from firm.instant import DAY_US, HOUR_US, MINUTE_US, parse_utc, utc_text
from firm.market_days import MARKET_DAYS_MAX, MarketDay, market_days
from firm.price import SymbolSpec
from firm.sessions import DAY_MINUTES, WEEK_MINUTES, is_open

NEW_YORK = "America/New_York"
CURRENCIES = ((6 * DAY_MINUTES + 17 * 60, WEEK_MINUTES), (0, 4 * DAY_MINUTES + 17 * 60))
DAYS = tuple((day * DAY_MINUTES, (day + 1) * DAY_MINUTES) for day in range(5))
FUTURES = tuple((day % 7 * DAY_MINUTES + 18 * 60, day % 7 * DAY_MINUTES + 24 * 60) for day in (6, 0, 1, 2, 3)) + tuple(
    (day * DAY_MINUTES, day * DAY_MINUTES + 17 * 60) for day in range(5)
)


def listed(sessions, zone=NEW_YORK, closed=(), symbol="X"):
    return SymbolSpec(
        symbol=symbol,
        digits=2,
        contract_e8=1,
        currency_base="X",
        currency_profit="USD",
        zone=zone,
        sessions=sessions,
        closed=tuple((parse_utc(since), parse_utc(until)) for since, until in closed),
    )


def seen(spec, first, last):
    """Closures that begin within two instants, to the minute."""
    found = closures_around(spec, parse_utc(first))
    return [
        (utc_text(one.since_us)[:16], utc_text(one.until_us)[:16], one.early)
        for one in found
        if parse_utc(first) <= one.since_us < parse_utc(last)
    ]


@pytest.mark.parametrize(
    ("first", "closure"),
    [
        pytest.param("2014-02-26", ("2014-02-28T22:00", "2014-03-02T22:00"), id="in winter"),
        pytest.param("2014-03-05", ("2014-03-07T22:00", "2014-03-09T21:00"), id="an hour shorter in March"),
        pytest.param("2014-10-29", ("2014-10-31T21:00", "2014-11-02T22:00"), id="an hour longer in November"),
    ],
)
def test_a_weekend_over_changes_of_the_clocks(first, closure):
    assert seen(listed(CURRENCIES), first, closure[1]) == [(*closure, False)]


def test_a_break_each_day_and_days_that_join():
    assert [one[:2] for one in seen(listed(FUTURES), "2014-05-06", "2014-05-08")] == [
        ("2014-05-06T21:00", "2014-05-06T22:00"),
        ("2014-05-07T21:00", "2014-05-07T22:00"),
    ]
    assert seen(listed(DAYS, "UTC"), "2014-05-05", "2014-05-11") == [("2014-05-10T00:00", "2014-05-12T00:00", False)]


@pytest.mark.parametrize(
    ("closed", "found"),
    [
        pytest.param(("2014-05-07", "2014-05-08"), ("2014-05-07T00:00", "2014-05-08T00:00", False), id="a whole day"),
        pytest.param(("2014-05-07T13:00", "2014-05-08"), ("2014-05-07T13:00", "2014-05-08T00:00", True), id="early"),
        pytest.param(("2014-05-09T13:00", "2014-05-10T01:00"), ("2014-05-09T13:00", "2014-05-12T00:00", True),
                     id="early on a Friday, and the weekend"),
        pytest.param(("2014-05-12", "2014-05-13"), ("2014-05-10T00:00", "2014-05-13T00:00", False),
                     id="the Monday after the weekend"),
    ],
)  # fmt: skip
def test_holidays_and_early_closes(closed, found):
    assert found in seen(listed(DAYS, "UTC", [closed]), "2014-05-05", "2014-05-11")


def test_a_stretch_that_is_not_believed_closes_nothing():
    assert seen(listed((), closed=[("2014-05-01", "2014-05-16")]), "2014-04-30", "2014-05-20") == []
    assert len(seen(listed((), closed=[("2014-05-01", "2014-05-15")]), "2014-04-30", "2014-05-20")) == 1


def test_what_always_trades_has_no_closure():
    assert closures_around(listed(()), parse_utc("2014-05-01")) == ()


@pytest.mark.parametrize(
    ("zone", "clock", "day", "instant"),
    [
        pytest.param(NEW_YORK, "15:45", date(2025, 6, 6), "2025-06-06T19:45", id="plain"),
        pytest.param("Europe/Prague", "02:30", date(2014, 3, 30), "2014-03-30T01:00", id="skipped: after the gap"),
        pytest.param("Europe/Prague", "02:30", date(2014, 10, 26), "2014-10-26T00:30", id="twice: the first time"),
        pytest.param("Pacific/Kiritimati", "00:00", date(2014, 5, 1), "2014-04-30T10:00", id="far ahead"),
        pytest.param("Pacific/Pago_Pago", "23:59", date(2014, 5, 1), "2014-05-02T10:59", id="far behind"),
    ],
)
def test_when_clocks_show_a_time(zone, clock, day, instant):
    assert utc_text(local_instant(zone, clock, day))[:16] == instant


WEEKS = st.sampled_from(
    [(CURRENCIES, NEW_YORK), (FUTURES, NEW_YORK), (DAYS, "UTC"), (DAYS, "Europe/Prague"), ((), "UTC")]
)
HOURS = st.integers(parse_utc("2014-02-01") // HOUR_US, parse_utc("2014-11-30") // HOUR_US)


@given(WEEKS, HOURS, st.lists(st.tuples(HOURS, st.integers(1, 80)), max_size=3))
def test_an_instant_lies_in_a_closure_exactly_when_the_symbol_is_not_open(week, hour, holidays):
    sessions, zone = week
    spec = listed(sessions, zone, [(utc_text(at * HOUR_US), utc_text((at + long) * HOUR_US)) for at, long in holidays])
    for at_us in (hour * HOUR_US, hour * HOUR_US - 1, hour * HOUR_US + MINUTE_US):
        closed = any(one.since_us <= at_us < one.until_us for one in closures_around(spec, at_us))
        assert closed is not is_open(spec, at_us)


# --- market days: the firm's own list ---

THANKSGIVING = MarketDay(date=date(2014, 11, 27), name="Thanksgiving", closes="13:00", reopens="18:00")
FRIDAY_AFTER = MarketDay(date=date(2014, 11, 28), name="Day after", closes="13:15", reopens="00:00")


def test_a_firms_own_days_close_a_symbol_as_its_platforms_do():
    days = market_days("US", NEW_YORK, ("X",), (FRIDAY_AFTER, THANKSGIVING))
    assert [day.name for day in days.days] == ["Thanksgiving", "Day after"]
    spec = days.closing(listed(CURRENCIES))
    assert seen(spec, "2014-11-26", "2014-11-30") == [
        ("2014-11-27T18:00", "2014-11-27T23:00", True),
        ("2014-11-28T18:15", "2014-11-30T22:00", True),
    ]
    assert days.closing(listed(CURRENCIES, symbol="Y")).closed == ()
    assert market_days("all", NEW_YORK, (), (FRIDAY_AFTER,)).closing(listed(CURRENCIES, symbol="Y")).closed


def test_a_whole_day_lasts_until_the_next_midnight_whatever_the_clocks_do():
    day = MarketDay(date=date(2014, 3, 30), name="Sunday", closes="00:00", reopens="00:00")
    ((since_us, until_us),) = market_days("x", "Europe/Prague", (), (day,)).stretches()
    assert until_us - since_us == DAY_US - HOUR_US


@pytest.mark.parametrize(
    ("days", "reason"),
    [
        pytest.param((THANKSGIVING, THANKSGIVING), "2014-11-27 is there twice", id="twice"),
        pytest.param((MarketDay(date=date(2014, 1, 1), name="x", closes="13:00", reopens="13:00"),), "is not after", id="no time"),
        pytest.param((MarketDay(date=date(2014, 1, 1), name="x", closes="13:00", reopens="12:59"),), "is not after", id="back"),
        pytest.param(tuple(MarketDay(date=date.fromordinal(700_000 + n), name="x", closes="00:00", reopens="00:00")
                           for n in range(MARKET_DAYS_MAX + 1)), "at most 2000", id="too many"),
    ],
)  # fmt: skip
def test_days_that_cannot_be_are_refused(days, reason):
    with pytest.raises(ValueError, match=reason):
        market_days("x", NEW_YORK, (), days)


def test_a_list_may_be_as_long_as_it_may():
    days = (
        MarketDay(date=date.fromordinal(700_000 + n), name="x", closes="00:00", reopens="00:00")
        for n in range(MARKET_DAYS_MAX)
    )
    assert len(market_days("x", NEW_YORK, (), tuple(days)).days) == MARKET_DAYS_MAX


def test_another_list_has_another_version():
    days = market_days("x", NEW_YORK, (), (THANKSGIVING,))
    assert days.version == market_days("x", NEW_YORK, (), (THANKSGIVING,)).version
    assert days.version != market_days("x", NEW_YORK, (), (FRIDAY_AFTER,)).version
