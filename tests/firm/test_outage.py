"""Outage: the hours in which a market was closed are no silence, whatever the clocks do meanwhile."""

import random

import pytest

from firm.instant import DAY_US, HOUR_US, MINUTE_US, parse_utc
from firm.outage import days_lost, longest_silence_us, open_stretches, silent_since_us
from firm.price import SymbolSpec
from firm.sessions import is_open

DAY = 1_440
# Sunday 22:00 to Friday 22:00 in Prague, as the week's minutes from Monday on.
FOREX = ((0, 4 * DAY + 22 * 60), (6 * DAY + 22 * 60, 7 * DAY))
FRIDAY_CLOSE_US = parse_utc("2014-05-02T20:00:00")
SUNDAY_OPEN_US = parse_utc("2014-05-04T20:00:00")


def spec(sessions=FOREX, closed=(), zone="Europe/Prague"):
    return SymbolSpec(
        symbol="EURUSD", digits=5, contract_e8=10**13, currency_base="EUR", currency_profit="USD", sessions=sessions,
        closed=closed, zone=zone,
    )  # fmt: skip


def test_a_weekend_between_two_sessions_leaves_what_was_open_of_each():
    from_us, until_us = FRIDAY_CLOSE_US - 2 * MINUTE_US, SUNDAY_OPEN_US + 3 * MINUTE_US
    assert list(open_stretches(spec(), from_us, until_us)) == [
        (from_us, FRIDAY_CLOSE_US),
        (SUNDAY_OPEN_US, until_us),
    ]
    assert longest_silence_us(spec(), from_us, until_us) == 3 * MINUTE_US
    assert longest_silence_us(spec(), FRIDAY_CLOSE_US, SUNDAY_OPEN_US) == 0


def test_a_holiday_cuts_a_session_in_two():
    holiday = (FRIDAY_CLOSE_US - 5 * HOUR_US, FRIDAY_CLOSE_US - 2 * HOUR_US)
    from_us = FRIDAY_CLOSE_US - 6 * HOUR_US
    assert list(open_stretches(spec(closed=(holiday,)), from_us, FRIDAY_CLOSE_US + HOUR_US)) == [
        (from_us, holiday[0]),
        (holiday[1], FRIDAY_CLOSE_US),
    ]


def test_what_always_trades_was_silent_all_the_time():
    assert longest_silence_us(spec(sessions=()), 5, 5 + HOUR_US) == HOUR_US
    assert list(open_stretches(spec(), 7, 7)) == []


def test_silence_is_counted_from_the_open_and_not_while_closed():
    told_us = FRIDAY_CLOSE_US - MINUTE_US
    assert silent_since_us(spec(), told_us, FRIDAY_CLOSE_US - 1) == told_us
    assert silent_since_us(spec(), told_us, FRIDAY_CLOSE_US) is None
    assert silent_since_us(spec(), told_us, SUNDAY_OPEN_US + MINUTE_US) == SUNDAY_OPEN_US


@pytest.mark.parametrize(("lost_us", "days"), [(1, 1), (DAY_US, 1), (DAY_US + 1, 2), (0, 1)])
def test_days_are_given_back_whole(lost_us, days):
    assert days_lost(lost_us) == days


@pytest.mark.parametrize("day", ["2014-03-30", "2014-10-26"])
def test_a_session_that_opens_in_the_hour_that_the_clocks_change_is_open_as_its_wall_clock_says(day):
    symbol = spec(tuple((place * DAY + 150, place * DAY + 23 * 60) for place in range(7)))
    from_us = parse_utc(f"{day}T00:00:00")
    until_us = from_us + 4 * HOUR_US
    stretches = list(open_stretches(symbol, from_us, until_us))
    for at_us in range(from_us, until_us, MINUTE_US):
        assert any(begun_us <= at_us < ended_us for begun_us, ended_us in stretches) is is_open(symbol, at_us)


@pytest.mark.parametrize("seed", range(60))
def test_every_minute_is_in_a_stretch_when_the_market_is_open_then_and_in_none_else(seed):
    """Around the changes of the clocks in spring and autumn, too."""
    chance = random.Random(seed)
    begin_us = parse_utc(chance.choice(("2014-03-28T00:00:00", "2014-10-24T00:00:00", "2014-05-01T00:00:00")))
    from_us = begin_us + chance.randrange(0, 3 * DAY) * MINUTE_US
    until_us = from_us + chance.randrange(1, 3 * DAY) * MINUTE_US
    closed = (from_us + HOUR_US, from_us + 3 * HOUR_US) if seed % 2 else None
    zone = chance.choice(("Europe/Prague", "America/New_York", "UTC"))
    nightly = tuple((day * DAY + 60, day * DAY + 23 * 60 + 30) for day in range(7))
    amid = tuple((day * DAY + 150, day * DAY + 23 * 60 + 30) for day in range(7))  # opens in the hour that changes
    symbol = spec(chance.choice((FOREX, nightly, amid, ())), () if closed is None else (closed,), zone)
    stretches = list(open_stretches(symbol, from_us, until_us))
    for at_us in range(from_us, until_us, MINUTE_US):
        inside = any(begun_us <= at_us < ended_us for begun_us, ended_us in stretches)
        assert inside is is_open(symbol, at_us), at_us
