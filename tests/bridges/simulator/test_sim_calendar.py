"""Holidays and early closes: refused orders, day orders that end with the session, and a firm that takes silence for no fault."""

from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from bridges.simulator.answers import Retcode
from bridges.simulator.holidays import closed_in, easter_sunday, opening_catalogue
from bridges.simulator.orders import Lifetime, Terms
from bridges.simulator.symbols import LISTED
from firm.inputs import Side
from firm.instant import HOUR_US, MINUTE_US, SECOND_US, parse_utc
from firm.money import Money
from firm.quote_frame import Tick
from firm.sessions import is_open
from tests.bridges.simulator.beside import BRIDGE, Beside, market_of, rules

BUY = Side.BUY
LABOUR_DAY_NOON = "2014-05-01T12:00:00"


@pytest.mark.parametrize(
    ("year", "easter"),
    [(2014, "04-20"), (2018, "04-01"), (2024, "03-31"), (2025, "04-20"), (2038, "04-25"), (2285, "03-22")],
)
def test_easter_is_where_the_church_has_it(year: int, easter: str) -> None:
    assert easter_sunday(year) == date.fromisoformat(f"{year}-{easter}")


@pytest.mark.parametrize(
    ("symbol", "instant", "trades"),
    [
        pytest.param("DE40", LABOUR_DAY_NOON, False, id="the first of May in Frankfurt"),
        pytest.param("US500", LABOUR_DAY_NOON, True, id="and in New York"),
        pytest.param("DE40", "2014-05-02T12:00:00", True, id="the day after"),
        pytest.param("US500", "2014-04-18T15:00:00", False, id="Good Friday"),
        pytest.param("XAUUSD", "2014-04-18T15:00:00", False, id="Good Friday for gold"),
        pytest.param("EURUSD", "2014-04-18T15:00:00", True, id="currencies know no Good Friday"),
        pytest.param(
            "US500", "2014-07-03T17:14:59", True, id="the eve of the fourth of July, a second before its close"
        ),
        pytest.param("US500", "2014-07-03T17:15:00", False, id="its close, 13:15 in New York"),
        pytest.param("US500", "2014-07-03T22:00:00", True, id="and it opens again in the evening"),
        pytest.param("US500", "2014-05-26T17:00:00", False, id="Memorial Day, from one o'clock"),
        pytest.param("EURUSD", "2014-12-25T12:00:00", False, id="Christmas"),
        pytest.param("EURUSD", "2014-12-25T23:00:00", True, id="the evening of Christmas"),
        pytest.param("EURUSD", "2015-01-01T12:00:00", False, id="New Year's Day of the year after"),
    ],
)
def test_the_calendar(symbol: str, instant: str, trades: bool) -> None:
    listing = opening_catalogue(parse_utc("2014-05-01")).listing(symbol)
    assert listing is not None
    assert is_open(listing.spec, parse_utc(instant)) is trades


def test_every_year_has_its_holidays_in_order_and_apart() -> None:
    for year in range(2000, 2060):
        for symbol in LISTED:
            closed = closed_in(symbol, year)
            assert closed
            assert all(from_us < to_us for from_us, to_us in closed)
            assert all(before[1] <= after[0] for before, after in pairwise(closed))


def quiet_index(tmp_path: Path, day: str, from_text: str, to_text: str, *, stops: str) -> Beside:
    """US500 once a minute until `stops`, EURUSD to the end."""
    from_us, to_us, stops_us = (parse_utc(f"{day}T{text}") for text in (from_text, to_text, stops))
    minutes = range(from_us + SECOND_US, to_us, MINUTE_US)
    ticks = [Tick("EURUSD", t_us, 136_500 + n % 3, 136_510 + n % 3) for n, t_us in enumerate(minutes)]
    ticks += [
        Tick("US500", t_us, 197_400 + n % 5, 197_450 + n % 5) for n, t_us in enumerate(minutes) if t_us < stops_us
    ]
    return Beside(market_of(tmp_path, ticks, from_us=from_us, to_us=to_us))


def test_an_early_close_is_no_stale_feed_and_silence_before_it_is(tmp_path: Path) -> None:
    beside = quiet_index(tmp_path, "2014-07-03", "16:00:00", "18:30:00", stops="17:14:00")
    market = beside.engine.market(BRIDGE)
    stale: dict[int, tuple[str, ...]] = {}

    def look() -> None:
        now_us = beside.replay.now_us
        stale[now_us] = market.stale_symbols(now_us, 5 * MINUTE_US)

    beside.play(after_slice=look)
    assert set(stale.values()) == {()}

    silent = quiet_index(tmp_path, "2014-07-02", "16:00:00", "18:30:00", stops="17:14:00")
    silent.play()
    now_us = silent.replay.now_us
    assert silent.engine.market(BRIDGE).stale_symbols(now_us, 5 * MINUTE_US) == ("US500",)


def test_orders_at_an_early_close_are_refused_and_day_orders_end_with_it(tmp_path: Path) -> None:
    beside = quiet_index(tmp_path, "2014-07-03", "16:00:00", "18:30:00", stops="17:14:00")
    beside.play(until="2014-07-03T16:05:00")
    account, held = beside.sell(rules(), Money(10_000_000, "USD", 2))
    day = Terms(190_000, lifetime=Lifetime.DAY)
    assert beside.place(held, "US500", BUY, 190_000, day) is Retcode.DONE
    assert beside.place(held, "EURUSD", BUY, 130_000, day._replace(price=130_000)) is Retcode.DONE
    index, pair = held.orders.values()
    assert index.expires_us == parse_utc("2014-07-03T17:15:00")
    assert pair.expires_us == parse_utc("2014-07-03T21:00:00")  # the rollover
    assert beside.open(held, "US500", BUY) is Retcode.DONE
    beside.play(until="2014-07-03T17:20:00")
    assert [order.symbol for order in held.orders.values()] == ["EURUSD"]
    assert beside.open(held, "US500", BUY) is Retcode.MARKET_CLOSED
    assert beside.close(held) is Retcode.MARKET_CLOSED
    assert beside.open(held, "EURUSD", BUY) is Retcode.DONE
    beside.agrees()
    assert beside.state(account).login == held.login


def test_after_a_holiday_a_session_is_counted_from_its_reopening(tmp_path: Path) -> None:
    """The index rests from Thursday's 13:15 to 18:00: in its first minutes nobody misses the prices of the hours before."""
    beside = quiet_index(tmp_path, "2014-07-03", "16:00:00", "23:00:00", stops="17:14:00")
    beside.play(until="2014-07-03T22:00:30")
    market, opened_us = beside.engine.market(BRIDGE), parse_utc("2014-07-03T22:00:00")
    assert market.stale_symbols(opened_us + 4 * MINUTE_US, 5 * MINUTE_US) == ()
    assert market.stale_symbols(opened_us + HOUR_US, 5 * MINUTE_US) == ("EURUSD", "US500")
