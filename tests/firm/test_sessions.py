"""Sessions: when the one that is open began, over joined stretches, the week's end and a change of the clocks."""

import pytest

from firm.freshness import is_stale
from firm.instant import DAY_US, MINUTE_US, parse_utc
from firm.price import Quote, SymbolSpec
from firm.sessions import DAY_MINUTES, WEEK_MINUTES, is_open, open_since_us

MON_TO_FRI = tuple((day * DAY_MINUTES, (day + 1) * DAY_MINUTES) for day in range(5))
SUNDAY_TO_FRIDAY = ((6 * DAY_MINUTES + 17 * 60, WEEK_MINUTES), (0, 4 * DAY_MINUTES + 17 * 60))
EVERY_DAY = tuple((day * DAY_MINUTES, (day + 1) * DAY_MINUTES) for day in range(7))
DAILY_BREAK = tuple((day * DAY_MINUTES + 60, (day + 1) * DAY_MINUTES) for day in range(5))


@pytest.mark.parametrize(
    ("sessions", "zone", "at", "began"),
    [
        pytest.param(MON_TO_FRI, "UTC", "2014-05-01T20:00:30", "2014-04-28T00:00:00", id="days that join"),
        pytest.param(MON_TO_FRI, "UTC", "2014-04-28T00:00:00", "2014-04-28T00:00:00", id="its first instant"),
        pytest.param(MON_TO_FRI, "UTC", "2014-05-03T00:00:00", None, id="closed since this very instant"),
        pytest.param(DAILY_BREAK, "UTC", "2014-05-01T20:00:00", "2014-05-01T01:00:00", id="a break each day"),
        pytest.param(
            SUNDAY_TO_FRIDAY, "America/New_York", "2014-05-01T12:00:00", "2014-04-27T21:00:00", id="over the week's end"
        ),
        pytest.param(
            MON_TO_FRI, "Africa/Casablanca", "2014-05-01T12:00:00", "2014-04-27T23:00:00", id="in the platform's zone"
        ),
        pytest.param(
            (((6 * DAY_MINUTES), WEEK_MINUTES),), "Europe/Prague", "2014-03-30T12:00:00", "2014-03-29T23:00:00",
            id="the clocks went forward meanwhile",
        ),
    ],
)  # fmt: skip
def test_when_a_session_began(sessions, zone, at, began):
    spec = SymbolSpec(
        symbol="X", digits=2, contract_e8=1, currency_base="X", currency_profit="USD", zone=zone, sessions=sessions
    )
    at_us = parse_utc(at)
    assert open_since_us(spec, at_us) == (None if began is None else parse_utc(began))
    assert is_open(spec, at_us) == (began is not None)


@pytest.mark.parametrize(
    ("at", "began"),
    [
        pytest.param("2014-04-30T23:59:59", "2014-04-28T00:00:00", id="the second before a holiday"),
        pytest.param("2014-05-01T00:00:00", None, id="its first instant"),
        pytest.param("2014-05-01T23:59:59", None, id="its last second"),
        pytest.param("2014-05-02T00:00:00", "2014-05-02T00:00:00", id="after it the session is counted from its end"),
        pytest.param("2014-05-02T18:30:00", None, id="an early close"),
        pytest.param("2014-05-06T12:00:00", "2014-05-05T00:00:00", id="a week later both are forgotten"),
    ],
)
def test_a_holiday_is_no_session(at, began):
    closed = tuple(
        (parse_utc(since), parse_utc(until))
        for since, until in (("2014-05-01", "2014-05-02"), ("2014-05-02T18:00:00", "2014-05-03"))
    )
    spec = SymbolSpec(
        symbol="X",
        digits=2,
        contract_e8=1,
        currency_base="X",
        currency_profit="USD",
        sessions=MON_TO_FRI,
        closed=closed,
    )
    assert is_open(spec, parse_utc(at)) == (began is not None)
    assert open_since_us(spec, parse_utc(at)) == (None if began is None else parse_utc(began))


def test_a_symbol_that_goes_on_under_another_name_trades_no_more_under_this_one():
    spec = SymbolSpec(symbol="X", digits=2, contract_e8=1, currency_base="X", currency_profit="USD", renamed_to="Y")
    assert not is_open(spec, parse_utc("2014-05-01"))
    assert open_since_us(spec, parse_utc("2014-05-01")) is None


@pytest.mark.parametrize("sessions", [(), EVERY_DAY, ((0, WEEK_MINUTES),)])
def test_what_never_closes_has_no_beginning(sessions):
    spec = SymbolSpec(symbol="X", digits=2, contract_e8=1, currency_base="X", currency_profit="USD", sessions=sessions)
    assert open_since_us(spec, parse_utc("2014-05-01T20:00:00")) == 0


def listed(*closed):
    return SymbolSpec(symbol="X", digits=2, contract_e8=1, currency_base="X", currency_profit="USD", closed=closed)


@pytest.mark.parametrize(
    ("days", "believed"),
    [
        pytest.param(14, True, id="the longest that is believed"),
        pytest.param(15, False, id="a day longer"),
        pytest.param(36_500, False, id="a century, which would hide an outage"),
    ],
)
def test_a_closed_stretch_is_believed_up_to_a_length(days, believed):
    began_us = parse_utc("2014-05-01")
    ends_us = began_us + days * DAY_US
    spec = listed((began_us, ends_us))
    assert is_open(spec, began_us) is not believed
    assert open_since_us(spec, ends_us) == (ends_us if believed else 0)


@pytest.mark.parametrize(
    ("came", "stale"),
    [
        pytest.param("2014-04-30T23:59:59", False, id="the last one before the holiday"),
        pytest.param("2014-05-01T00:00:00", True, id="in it"),
        pytest.param("2014-05-02T00:00:00", False, id="the first one after it"),
    ],
)
def test_a_price_that_came_while_the_market_was_closed_decides_nothing(came, stale):
    spec, at_us = listed((parse_utc("2014-05-01"), parse_utc("2014-05-02"))), parse_utc(came)
    assert is_stale(Quote("X", at_us, 100, 101, 1, 0), spec, at_us, MINUTE_US) is stale
