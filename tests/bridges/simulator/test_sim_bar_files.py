"""Bar files: each minute becomes four prices in one order, exact from the text, with a clear word about every bad line."""

from collections import Counter
from pathlib import Path

import pytest

from bridges.simulator.bar_files import bar_file, read_bars
from bridges.simulator.price_files import merged_ticks, price_file
from bridges.simulator.rehearsal import Rehearsal, opening_commands
from bridges.simulator.replay import Market
from bridges.simulator.ticks import BadLine, TickFileError
from firm.instant import DAY_US, MINUTE_US, SECOND_US, parse_utc
from firm.quote_frame import Tick
from tests.bridges.simulator.price_lines import write

MIDNIGHT = parse_utc("2014-05-02")
NAME = "eurusd_minute_20140502.zip"
FALLING_FIRST = "0,1.38600,1.38650,1.38580,1.38610,0,1.38610,1.38660,1.38590,1.38620,0"
RISING_FIRST = "60000,1.3861,1.38615,1.38500,1.38520,12.5,1.38620,1.38625,1.3851,1.38530,3"


def ticks_of(path: Path, skipped: Counter[BadLine] | None = None) -> list[tuple[int, int, int]]:
    return [(tick.t_us - MIDNIGHT, tick.bid, tick.ask) for tick in read_bars(bar_file(path), skipped)]


def test_a_bar_is_its_open_the_nearer_extreme_the_other_and_its_close(tmp_path: Path) -> None:
    assert ticks_of(write(tmp_path, NAME, FALLING_FIRST, RISING_FIRST)) == [
        (0, 138_600, 138_610),
        (20 * SECOND_US, 138_580, 138_590),
        (40 * SECOND_US, 138_650, 138_660),
        (59 * SECOND_US, 138_610, 138_620),
        (MINUTE_US, 138_610, 138_620),
        (MINUTE_US + 20 * SECOND_US, 138_615, 138_625),
        (MINUTE_US + 40 * SECOND_US, 138_500, 138_510),
        (MINUTE_US + 59 * SECOND_US, 138_520, 138_530),
    ]


def test_of_extremes_that_are_as_near_the_low_comes_first(tmp_path: Path) -> None:
    even = "0,1.386,1.387,1.385,1.386,0,1.3861,1.3871,1.3851,1.3861,0"
    assert [bid for _, bid, _ in ticks_of(write(tmp_path, NAME, even))] == [138_600, 138_500, 138_700, 138_600]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        pytest.param("60000,1.386,1.386,1.386,1.386,0,1.387,1.387,1.387,1.387", BadLine.MALFORMED, id="a field is missing"),
        pytest.param("60000,,,,,0,1.387,1.387,1.387,1.387,0", BadLine.MALFORMED, id="no bid in that minute"),
        pytest.param("60000.5,1.386,1.386,1.386,1.386,0,1.387,1.387,1.387,1.387,0", BadLine.MALFORMED, id="decimals"),
        pytest.param("60000,1.386,1.386,1.386,1.386,?,1.387,1.387,1.387,1.387,0", BadLine.MALFORMED, id="no size"),
        pytest.param("86400000,1.386,1.386,1.386,1.386,0,1.387,1.387,1.387,1.387,0", BadLine.OUTSIDE_DAY, id="next day"),
        pytest.param("60001,1.386,1.386,1.386,1.386,0,1.387,1.387,1.387,1.387,0", BadLine.OFF_MINUTE, id="within a minute"),
        pytest.param("60000,1.386001,1.387,1.386,1.386,0,1.387,1.387,1.387,1.387,0", BadLine.TOO_MANY_DIGITS, id="six digits"),
        pytest.param("60000,1.386,1.386,-1.386,1.386,0,1.387,1.387,1.387,1.387,0", BadLine.NOT_POSITIVE, id="negative"),
        pytest.param("60000,1.386,1.386,0,1.386,0,1.387,1.387,1.387,1.387,0", BadLine.NOT_POSITIVE, id="nothing"),
        pytest.param("60000,1.386,1.385,1.384,1.385,0,1.387,1.387,1.387,1.387,0", BadLine.OUTSIDE_RANGE, id="open over high"),
        pytest.param("60000,1.386,1.387,1.386,1.386,0,1.386,1.386,1.387,1.386,0", BadLine.OUTSIDE_RANGE, id="low over ask"),
        pytest.param("60000,1.386,1.388,1.386,1.386,0,1.387,1.387,1.387,1.387,0", BadLine.CROSSED, id="highs crossed"),
        pytest.param(FALLING_FIRST, BadLine.BACKWARDS_TIME, id="the same minute again"),
    ],
)  # fmt: skip
def test_a_bad_line_stops_the_reader_or_is_counted(tmp_path: Path, line: str, why: BadLine) -> None:
    path = write(tmp_path, NAME, FALLING_FIRST, line, RISING_FIRST)
    with pytest.raises(TickFileError, match=rf"{NAME} line 2: {why.value}"):
        ticks_of(path)
    skipped: Counter[BadLine] = Counter()
    assert len(ticks_of(path, skipped)) == 8
    assert skipped == {why: 1}


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("nothing_minute_20140502.zip", "symbol NOTHING is not listed here"),
        ("eurusd_minute_2014.zip", "expected SYMBOL_minute_YYYYMMDD.zip"),
        ("eurusd_minute_20140532.zip", "20140532 is no date"),
        ("eurusd_hour_20140502.zip", "expected SYMBOL_tick_YYYYMMDD.zip"),
    ],
)
def test_a_name_that_says_nothing_usable_is_refused(tmp_path: Path, name: str, complaint: str) -> None:
    with pytest.raises(TickFileError, match=complaint):
        price_file(tmp_path / name)


def test_bars_of_one_symbol_and_ticks_of_another_are_one_market(tmp_path: Path) -> None:
    bars = price_file(write(tmp_path, NAME, FALLING_FIRST))
    gold = price_file(write(tmp_path, "xauusd_tick_20140502.zip", "0,1280,1281", "30000,1282,1283"))
    merged = list(merged_ticks([bars, gold], MIDNIGHT + DAY_US))
    assert [tick.symbol for tick in merged] == ["EURUSD", "XAUUSD", "EURUSD", "XAUUSD", "EURUSD", "EURUSD"]


def test_traders_trade_on_bars_as_on_ticks(tmp_path: Path) -> None:
    lines = [
        f"{minute * 60_000},1.386,1.3865,1.3855,1.3862,0,1.3861,1.3866,1.3856,1.3863,0" for minute in range(600, 660)
    ]
    market = Market([price_file(write(tmp_path, NAME, *lines))])
    assert market.from_us == MIDNIGHT + 600 * MINUTE_US
    openings = opening_commands([("overtrader", "USD", 100_000, 100)] * 2)
    rehearsal = Rehearsal(market, 1, [(market.from_us, command) for command in openings])
    rehearsal.play()
    assert sum(isinstance(told, Tick) for told in rehearsal.told) == 240
    assert all(course.deals > 10 for course in rehearsal.courses.values())
