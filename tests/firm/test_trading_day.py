"""Trading days: cut by a zone's own clock, right over summer time in both hemispheres."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firm.instant import DAY_US, HOUR_US, parse_utc, utc_text
from firm.trading_day import TradingCalendar

PRAGUE = TradingCalendar("Europe/Prague", "00:00")
NEW_YORK = TradingCalendar("America/New_York", "17:00")


@pytest.mark.parametrize(
    ("calendar", "at", "label", "start", "hours"),
    [
        pytest.param(PRAGUE, "2014-05-01T21:59:59.999999", "2014-05-01", "2014-04-30T22:00", 24, id="the last µs of a day"),
        pytest.param(PRAGUE, "2014-05-01T22:00:00", "2014-05-02", "2014-05-01T22:00", 24, id="its end belongs to the next"),
        pytest.param(PRAGUE, "2014-03-30T12:00:00", "2014-03-30", "2014-03-29T23:00", 23, id="the clock goes forward"),
        pytest.param(PRAGUE, "2014-10-26T12:00:00", "2014-10-26", "2014-10-25T22:00", 25, id="the clock goes back"),
        pytest.param(NEW_YORK, "2014-03-10T20:00:00", "2014-03-09", "2014-03-09T21:00", 24, id="US summer time before Europe's"),
        pytest.param(NEW_YORK, "2014-03-09T12:00:00", "2014-03-08", "2014-03-08T22:00", 23, id="New York's short day"),
        pytest.param(TradingCalendar("Etc/GMT+5", "17:00"), "2014-07-01T21:59:00", "2014-06-30", "2014-06-30T22:00", 24, id="EST"),
    ],
)  # fmt: skip
def test_an_instant_belongs_to_one_day(calendar, at, label, start, hours):
    day = calendar.day_at(parse_utc(at))
    assert (day.label, utc_text(day.start_us)[:16]) == (label, start)
    assert day.end_us - day.start_us == hours * HOUR_US


def test_a_rollover_that_a_clock_change_skips_happens_right_after_the_gap():
    """In Beirut the clock went from 00:00 to 01:00 on 30 March 2014: there was no midnight."""
    day = TradingCalendar("Asia/Beirut", "00:00").day_at(parse_utc("2014-03-30T06:00"))
    assert utc_text(day.start_us) == "2014-03-29T22:00:00.000000Z"
    assert day.end_us - day.start_us == 23 * HOUR_US


def test_a_rollover_in_the_middle_of_a_gap_waits_for_its_end():
    """Prague has no 02:30 on 30 March 2014; 03:00 summer time is the first instant after."""
    day = TradingCalendar("Europe/Prague", "02:30").day_at(parse_utc("2014-03-30T06:00"))
    assert utc_text(day.start_us) == "2014-03-30T01:00:00.000000Z"


@given(
    st.integers(0, 40 * 366 * DAY_US),
    st.sampled_from(
        ["Europe/Prague", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC", "Asia/Ulaanbaatar"]
    ),
    st.sampled_from(["00:00", "00:30", "02:30", "17:00", "23:59"]),
)
def test_days_tile_time_without_gap_or_overlap(instant_us, zone, rollover):
    calendar = TradingCalendar(zone, rollover)
    day = calendar.day_at(instant_us)
    assert day.start_us <= instant_us < day.end_us
    following = calendar.day_at(day.end_us)
    assert following.start_us == day.end_us
    assert calendar.day_at(day.end_us - 1) == day
    assert date.fromisoformat(following.label) == date.fromisoformat(day.label) + timedelta(days=1)
