"""A script's lines read, refused, and played on prices: what arrives where and when, from ticks and script alone."""

import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridges.simulator.arrivals import Arrival, arrivals
from bridges.simulator.changes import rescaled
from bridges.simulator.market_spec import read_market
from bridges.simulator.replay import Market
from bridges.simulator.script import (
    Contract,
    Dividend,
    Frozen,
    LatePrices,
    Outage,
    Rename,
    Script,
    ScriptUnusable,
    Spike,
    checked,
    read_script,
)
from bridges.simulator.synthetic import SyntheticPrices
from firm.instant import HOUR_US, SECOND_US, parse_utc, utc_text
from firm.quote_frame import Tick

NOON = parse_utc("2014-05-02T12:00:00")
WHOLE = """
[[outage]]
from = 2014-05-02T12:10:00Z
to = 2014-05-02T12:12:00Z
why = "a new version"

[[frozen]]
symbol = "EURUSD"
from = 2014-05-02T12:20:00Z
to = 2014-05-02T12:21:00Z
repeat = true

[[spike]]
symbol = "XAUUSD"
at = 2014-05-02T12:25:00Z
points = -90000

[[late_prices]]
symbol = "EURUSD"
from = 2014-05-02T12:26:00Z
to = 2014-05-02T12:27:00Z
by_s = 5

[[late_events]]
tags = ["deal"]
from = 2014-05-02T12:28:00Z
to = 2014-05-02T12:29:00Z
by_s = 3

[[contract]]
at = 2014-05-02T12:40:00Z
symbol = "EURUSD"
digits = 4
contract = 10000
swap_long = -1
sessions = [[0, 6780]]
closed = [[2014-05-05T00:00:00Z, 2014-05-06T00:00:00Z]]

[[rename]]
at = 2014-05-02T12:50:00Z
symbol = "EURUSD"
becomes = "EURUSD.r"

[[dividend]]
symbol = "US500"
ex_date = 2014-05-05
points = 120
"""


def at(second: int) -> datetime:
    return datetime.fromtimestamp((NOON + second * SECOND_US) / SECOND_US, UTC)


def ticks(symbol: str, *prices: int) -> list[Tick]:
    """One a second from noon on, ten points wide."""
    return [Tick(symbol, NOON + second * SECOND_US, bid, bid + 10) for second, bid in enumerate(prices)]


def told(script: Script, market: list[Tick], to_us: int = NOON + 60 * SECOND_US) -> list[tuple[int, int, int]]:
    """What the bridge hears: arrival and stamp in seconds after noon, and bid."""
    return [
        (_second(one.at_us), _second(one.tick.t_us), one.tick.bid)
        for one in arrivals(market, script, to_us)
        if one.told
    ]


def _second(t_us: int) -> int:
    return (t_us - NOON) // SECOND_US


def test_a_whole_script_is_read(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text(WHOLE)
    script = read_script(tmp_path / "s.toml")
    assert script.outage[0].why == "a new version"
    assert script.contract[0].sessions == ((0, 6780),)
    assert script.dividends_on("US500", "2014-05-05") == [120]
    assert [type(change) for change in script.changes] == [Contract, Rename]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('[[spike]]\nsymbol = "EURUSD"\nat = 2014-05-02T12:00:00\npoints = 1', "write it as 2014-05-02T12:00:00Z"),
        ('[[spike]]\nsymbol = "EURUSD"\nat = 2014-05-02T12:00:00Z\npoint = 1', "point"),
        ('[[spike]]\nsymbol = "AUDUSD"\nat = 2014-05-02T12:00:00Z\npoints = 1', "AUDUSD is not listed at .*; listed are DE40, EUR"),
        ("[[outage]]\nfrom = 2014-05-02T12:00:00Z\nto = 2014-05-02T12:00:00Z", "does not end after it began"),
        ("[[outrage]]\nfrom = 2014-05-02T12:00:00Z", "outrage"),
        ("[[outage]\n", "s.toml"),
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_played_is_refused_with_its_reason(tmp_path: Path, line: str, complaint: str) -> None:
    (tmp_path / "s.toml").write_text(line)
    with pytest.raises(ScriptUnusable, match=complaint):
        read_script(tmp_path / "s.toml")


@pytest.mark.parametrize(
    ("line", "text", "complaint"),
    [
        ("points = -90000", 'points = "many"', "line 16, points of [[spike]] 1: it must be a whole number, not text"),
        ("points = -90000", "points = 1.5", "line 16, points of [[spike]] 1: it must be a whole number, not a decimal number"),
        ("digits = 4", "digits = true", "line 33, digits of [[contract]] 1: it must be a whole number, not true"),
        ("digits = 4", "digits = 13", "line 33, digits of [[contract]] 1: it must be a whole number, at most 12"),
        ("repeat = true", "repeat = 1", "line 11, repeat of [[frozen]] 1: it must be true or false, not a whole number"),
        ("at = 2014-05-02T12:25:00Z", "at = 2014-05-02", "line 15, at of [[spike]] 1: write it as 2014-05-02T12:00:00Z"),
        ("at = 2014-05-02T12:25:00Z", 'at = "noon"', "line 15, at of [[spike]] 1: write it as 2014-05-02T12:00:00Z"),
        ("at = 2014-05-02T12:25:00Z", "at = 0014-05-02T12:25:00Z", "line 15, at of [[spike]] 1: no market is of the year 14"),
        ("ex_date = 2014-05-05", 'ex_date = "5 May"', "line 46, ex_date of [[dividend]] 1: write it as 2014-05-05"),
        ("ex_date = 2014-05-05", "ex_date = 0001-01-01", "line 46, ex_date of [[dividend]] 1: no market is of the year 1"),
        ('tags = ["deal"]', "tags = []", "line 25, tags of [[late_events]] 1: it must be a list, at least 1 long"),
        ('symbol = "XAUUSD"', 'symbol = ""', "line 14, symbol of [[spike]] 1: it must be text, at least 1 long"),
        ("[0, 6780]", "[0, 1, 2]", "line 36, sessions of [[contract]] 1: it must be a list of 2, not of 3"),
        ("points = -90000", "point = -90000", "line 16, [[spike]] 1: unknown field `point` (there are at, symbol, points, for_ms)"),
        ("to = 2014-05-02T12:12:00Z", "to = 2014-05-02T12:09:00Z", "line 4, to of [[outage]] 1: a stretch from 2014-05-02T12:10"),
        ('symbol = "XAUUSD"', 'symbol = "GOLD"', "line 14, symbol of [[spike]] 1: GOLD is not listed at 2014-05-02T12:25"),
        ('tags = ["deal"]', 'tags = ["deed"]', "line 25, tags of [[late_events]] 1: events deed cannot be late: of deal, position"),
        ('becomes = "EURUSD.r"', 'becomes = "DE40"', "line 42, becomes of [[rename]] 1: DE40 is listed already"),
        ("at = 2014-05-02T12:40:00Z", "at = 2014-05-02T12:11:00Z", "line 31, at of [[contract]] 1: EURUSD changes at"),
        ("[[rename]]", "[[renames]]", "line 39: unknown field `renames` (there are outage, frozen, spike"),
    ],
)  # fmt: skip
def test_of_a_script_the_line_and_the_key_are_named(tmp_path: Path, line: str, text: str, complaint: str) -> None:
    path = tmp_path / "s.toml"
    path.write_text(WHOLE.replace(line, text))
    with pytest.raises(ScriptUnusable, match=re.escape(f"{path}: {complaint}") + '.*"Scripts" in docs/simulator.md'):
        read_script(path)


@pytest.mark.parametrize("name", ["\0.toml", "a" * 5_000 + ".toml", "nowhere.toml", "\ud800.toml"], ids=ascii)
def test_a_script_that_cannot_be_read_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ScriptUnusable, match=r"cannot be read: .*: mend it, or name another"):
        read_script(tmp_path / name)


DAY = SyntheticPrices(read_market("walk:EURUSD;start=2014-05-02;days=1"))


def begins(key: str, instant_us: int) -> Script:
    """A script with a line that begins then."""
    moment = datetime.fromtimestamp(instant_us / SECOND_US, UTC)
    if key == "outage":
        return Script(outage=(Outage(since=moment, until=moment + timedelta(seconds=90)),))
    return Script(spike=(Spike(at=at(0), symbol="EURUSD", points=1), Spike(at=moment, symbol="EURUSD", points=1)))


@pytest.mark.parametrize(("key", "name"), [("outage", "[[outage]] 1"), ("spike", "[[spike]] 2")])
@pytest.mark.parametrize(
    ("to_us", "ends_us"),
    [
        pytest.param(NOON + HOUR_US, NOON + HOUR_US, id="as told"),
        pytest.param(None, DAY.end_us, id="with the prices"),
        pytest.param(DAY.end_us + HOUR_US, DAY.end_us, id="with the prices, whatever was told"),
    ],
)
def test_a_line_that_begins_outside_the_market_is_refused(key: str, name: str, to_us: int | None, ends_us: int) -> None:
    for instant_us in (NOON, ends_us - SECOND_US):
        Market(DAY, from_us=NOON, to_us=to_us, script=begins(key, instant_us))
    early = f"the script's {name} begins at {utc_text(NOON - SECOND_US)}, before the market: give an earlier --from"
    with pytest.raises(ScriptUnusable, match=re.escape(early)):
        Market(DAY, from_us=NOON, to_us=to_us, script=begins(key, NOON - SECOND_US))
    late = (
        f"the script's {name} begins at {utc_text(ends_us)}, and the market ends at {utc_text(ends_us)}: give a later"
    )
    with pytest.raises(ScriptUnusable, match=re.escape(late)):
        Market(DAY, from_us=NOON, to_us=to_us, script=begins(key, ends_us))


def test_a_dividend_belongs_to_the_market_by_the_rollover_that_begins_its_date() -> None:
    """From 17:00 in New York, 21:00 UTC, of the day before."""
    prices = SyntheticPrices(read_market("walk:US500;start=2014-05-05;days=3"))
    script = Script(dividend=(Dividend(symbol="US500", ex_date=date(2014, 5, 7), points=1),))
    rollover_us = parse_utc("2014-05-06T21:00:00")
    Market(prices, from_us=rollover_us, script=script)
    Market(prices, to_us=rollover_us + 1, script=script)
    with pytest.raises(ScriptUnusable, match=r"dividend.* before the market"):
        Market(prices, from_us=rollover_us + 1, script=script)
    with pytest.raises(ScriptUnusable, match=r"dividend.* and the market ends"):
        Market(prices, to_us=rollover_us, script=script)


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        (Script(rename=(Rename(at=at(1), symbol="EURUSD", becomes="XAUUSD"),)), "XAUUSD is listed already"),
        (
            Script(
                rename=(Rename(at=at(1), symbol="EURUSD", becomes="E"),),
                spike=(Spike(at=at(2), symbol="EURUSD", points=1),),
            ),
            "EURUSD is not listed",
        ),
        (
            Script(
                outage=(Outage(since=at(0), until=at(9)),), contract=(Contract(at=at(5), symbol="EURUSD", digits=3),)
            ),
            "while the platform is down",
        ),
        (Script(outage=(Outage(since=at(0), until=at(9)), Outage(since=at(9), until=at(12)))), "two outages meet"),
        (
            Script(
                late_prices=(LatePrices(since=at(0), until=at(9), symbol="EURUSD", by_s=5),),
                contract=(Contract(at=at(13), symbol="EURUSD", digits=3),),
            ),
            "while prices of it are late",
        ),
    ],
)
def test_lines_that_do_not_fit_each_other_are_refused(script: Script, complaint: str) -> None:
    with pytest.raises(ScriptUnusable, match=complaint):
        checked(script)


def test_without_a_script_ticks_arrive_as_they_are() -> None:
    market = ticks("EURUSD", 5, 6, 7)
    assert list(arrivals(market, Script(), NOON + 2 * SECOND_US)) == [Arrival(tick.t_us, tick) for tick in market[:2]]


def test_an_outage_has_no_prices() -> None:
    script = Script(outage=(Outage(since=at(1), until=at(3)),))
    assert told(script, ticks("EURUSD", 10, 11, 12, 13)) == [(0, 0, 10), (3, 3, 13)]


def test_frozen_quotes_stop_or_repeat_and_others_go_on() -> None:
    market = sorted([*ticks("EURUSD", 10, 11, 12, 13), *ticks("XAUUSD", 90, 91, 92, 93)], key=lambda tick: tick.t_us)
    stops = Script(frozen=(Frozen(since=at(1), until=at(3), symbol="EURUSD"),))
    assert [bid for _, _, bid in told(stops, market)] == [10, 90, 91, 92, 13, 93]
    repeats = Script(frozen=(Frozen(since=at(1), until=at(3), symbol="EURUSD", repeat=True),))
    assert [bid for _, _, bid in told(repeats, market)] == [10, 90, 10, 91, 10, 92, 13, 93]


def test_a_spike_goes_off_and_comes_back_also_between_two_prices() -> None:
    script = Script(spike=(Spike(at=at(1), symbol="EURUSD", points=500),))
    market = [Tick("EURUSD", NOON, 100, 110), Tick("EURUSD", NOON + 9 * SECOND_US, 104, 114)]
    assert told(script, market) == [(0, 0, 100), (1, 1, 600), (1, 1, 100), (9, 9, 104)]
    busy = Script(spike=(Spike(at=at(1), symbol="EURUSD", points=-50, for_ms=1_500),))
    assert [bid for _, _, bid in told(busy, ticks("EURUSD", 100, 101, 102, 103))] == [100, 50, 51, 52, 102, 103]


def test_late_prices_reach_the_platform_in_time_and_the_bridge_behind_others() -> None:
    script = Script(late_prices=(LatePrices(since=at(1), until=at(2), symbol="EURUSD", by_s=2),))
    market = ticks("EURUSD", 10, 11, 12, 13)
    assert told(script, market) == [(0, 0, 10), (2, 2, 12), (3, 1, 11), (3, 3, 13)]
    assert [one.tick.bid for one in arrivals(market, script, NOON + 60 * SECOND_US) if one.works] == [10, 11, 12, 13]


def test_after_a_change_the_last_price_is_told_once_more_in_new_points_and_under_the_new_name() -> None:
    script = Script(
        contract=(Contract(at=at(2), symbol="EURUSD", digits=3),), rename=(Rename(at=at(4), symbol="EURUSD", becomes="E"),)
    )  # fmt: skip
    came = list(arrivals(ticks("EURUSD", 138_649, 138_650, 138_651, 138_652), script, NOON + 60 * SECOND_US))
    assert [(one.tick.symbol, one.tick.bid, one.restated, one.works) for one in came] == [
        ("EURUSD", 138_649, False, True),
        ("EURUSD", 138_650, False, True),
        ("EURUSD", 1_387, True, False),
        ("EURUSD", 1_387, False, True),
        ("EURUSD", 1_387, False, True),
        ("E", 1_387, True, False),
    ]


@given(points=st.integers(1, 10**9), fewer=st.integers(0, 8))
def test_a_price_put_into_fewer_digits_is_off_by_half_a_point_at_most_and_comes_back_unchanged(
    points: int, fewer: int
) -> None:
    assert rescaled(rescaled(points, fewer), -fewer) == points
    coarse = rescaled(points, -fewer)
    assert coarse >= 1
    assert 2 * abs(coarse * 10**fewer - points) <= 10**fewer or coarse == 1


moments = st.integers(0, 30)
names = st.sampled_from(("EURUSD", "XAUUSD"))
stretches = st.tuples(moments, st.integers(1, 9)).map(lambda pair: {"since": at(pair[0]), "until": at(sum(pair))})
scripts = st.builds(
    Script,
    outage=st.lists(st.builds(lambda where: Outage(**where), stretches), max_size=1).map(tuple),
    frozen=st.lists(
        st.builds(lambda where, name, repeat: Frozen(**where, symbol=name, repeat=repeat), stretches, names, st.booleans()), max_size=2
    ).map(tuple),
    spike=st.lists(
        st.builds(lambda second, name, points: Spike(at=at(second), symbol=name, points=points), moments, names, st.integers(-400, 400)),
        max_size=2,
    ).map(tuple),
    late_prices=st.lists(
        st.builds(lambda where, name, by_s: LatePrices(**where, symbol=name, by_s=by_s), stretches, names, st.integers(1, 9)),
        max_size=2,
    ).map(tuple),
)  # fmt: skip


@given(script=scripts, prices=st.lists(st.tuples(names, st.integers(0, 3), st.integers(500, 999)), max_size=40))
def test_whatever_the_script_prices_arrive_in_order_and_each_is_told_once(
    script: Script, prices: list[tuple[str, int, int]]
) -> None:
    now, market = NOON, []
    for name, after_s, bid in prices:
        now += after_s * SECOND_US
        market.append(Tick(name, now, bid, bid + 5))
    came = list(arrivals(market, script, NOON + 200 * SECOND_US))
    assert [one.at_us for one in came] == sorted(one.at_us for one in came)
    worked = [one.tick for one in came if one.works]
    assert [tick.t_us for tick in worked] == sorted(tick.t_us for tick in worked)
    assert Counter(worked) == Counter(one.tick for one in came if one.told)
    assert all(one.tick.t_us <= one.at_us for one in came)
    assert all(0 < tick.bid <= tick.ask for tick in worked)
    assert not any(outage.holds(tick.t_us) for outage in script.outage for tick in worked)
