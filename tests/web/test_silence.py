"""Silence: each platform by its name, its symbols, and the time of its own last price."""

from types import SimpleNamespace

import pytest

from firm.instant import DAY_US, parse_utc
from web.silence import silences

AT_US = parse_utc("2014-05-02T13:00:00")


def told(symbols, *, ended_us=0, now_us=AT_US + 60_000_000, wanted=None, **later):
    bridge = SimpleNamespace(bridge="sim", stale_symbols=symbols, prices_ended_us=ended_us)
    other = SimpleNamespace(bridge="other", stale_symbols=(), prices_ended_us=0)
    quotes = {symbol: SimpleNamespace(t_us=AT_US + later.get(symbol, 0)) for symbol in symbols}
    health = SimpleNamespace(bridges=(other, bridge), firm_time_us=now_us)
    markets = {"sim": SimpleNamespace(quotes=quotes), "other": SimpleNamespace(quotes={})}
    return list(silences(health, markets, wanted))


@pytest.mark.parametrize(
    ("symbols", "said"),
    [
        (("EURUSD",), "sim: EURUSD has had no price since 13:00:00 UTC"),
        (("EURUSD", "XAUUSD"), "sim: EURUSD and XAUUSD have had no price since 13:00:00 UTC"),
        (("A", "B", "C", "D", "E", "F"), "sim: A, B, C, D and 2 others have had no price since 13:00:00 UTC"),
    ],
)
def test_the_platform_is_named_with_its_symbols(symbols, said):
    assert told(symbols) == [said]


def test_each_symbol_has_the_time_of_its_own_price():
    assert told(("EURUSD", "XAUUSD"), XAUUSD=1_000_000) == [
        "sim: EURUSD has had no price since 13:00:00 UTC, XAUUSD has had no price since 13:00:01 UTC"
    ]


def test_a_price_of_another_day_is_said_with_its_date():
    assert told(("EURUSD",), now_us=AT_US + DAY_US) == ["sim: EURUSD has had no price since 2 May 2014, 13:00:00 UTC"]


def test_a_replay_that_has_ended_is_no_silence_and_what_nobody_asked_about_is_not_told():
    assert told(("EURUSD", "XAUUSD"), ended_us=AT_US) == ["sim: the prices ended at 13:00:00 UTC"]
    assert told(("EURUSD",), wanted={("other", "EURUSD")}) == []
