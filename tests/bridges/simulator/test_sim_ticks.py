"""Tick files: exact integers from the text, one stream in time order, and a clear word about every bad line."""

from collections import Counter
from pathlib import Path

import pytest

from bridges.simulator.price_files import bundled_tick_files, merged_ticks
from bridges.simulator.ticks import BadLine, TickFileError, read_ticks, tick_file
from firm.instant import DAY_US, parse_utc, utc_text
from tests.bridges.simulator.price_lines import write

MIDNIGHT = parse_utc("2014-05-02")


def ticks_of(path: Path, skipped: Counter[BadLine] | None = None) -> list[tuple[int, int, int]]:
    return [(tick.t_us - MIDNIGHT, tick.bid, tick.ask) for tick in read_ticks(tick_file(path), skipped)]


def test_milliseconds_with_decimals_are_cut_to_whole_microseconds_from_the_text(tmp_path: Path) -> None:
    # 0.1 + 0.2 style residues: 62.2662 ms is 62 266.2 us; a binary float of it times 1000 is 62266.200000000004.
    path = write(
        tmp_path, "xauusd_tick_20140502.zip", "43.142,1291.677,1292.033", "62.2669,1291.6,1292", "86399999.9999,1,2"
    )
    assert ticks_of(path) == [
        (43_142, 1_291_677, 1_292_033),
        (62_266, 1_291_600, 1_292_000),
        (DAY_US - 1, 1_000, 2_000),
    ]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        pytest.param("100,1.38600", BadLine.MALFORMED, id="a field is missing"),
        pytest.param("1e3,1.38600,1.38610", BadLine.MALFORMED, id="an exponent"),
        pytest.param("", BadLine.MALFORMED, id="an empty line"),
        pytest.param("100,nan,1.38610", BadLine.MALFORMED, id="not a number"),
        pytest.param("86400000,1.38600,1.38610", BadLine.OUTSIDE_DAY, id="the next midnight"),
        pytest.param("100,1.386001,1.38610", BadLine.TOO_MANY_DIGITS, id="six digits on a five-digit symbol"),
        pytest.param("100,0,1.38610", BadLine.NOT_POSITIVE, id="a price of nothing"),
        pytest.param("100,-1.38600,1.38610", BadLine.NOT_POSITIVE, id="a negative price"),
        pytest.param("100,1.38611,1.38610", BadLine.CROSSED, id="bid above ask"),
        pytest.param("49,1.38600,1.38610", BadLine.BACKWARDS_TIME, id="earlier than the line before"),
    ],
)
def test_a_bad_line_stops_the_reader_or_is_counted(tmp_path: Path, line: str, why: BadLine) -> None:
    path = write(tmp_path, "eurusd_tick_20140502.zip", "50,1.38600,1.38610", line, "200,1.38601,1.38611")
    with pytest.raises(TickFileError, match=rf"eurusd_tick_20140502.zip line 2: {why.value}"):
        ticks_of(path)
    skipped: Counter[BadLine] = Counter()
    assert [tick[0] for tick in ticks_of(path, skipped)] == [50_000, 200_000]
    assert skipped == {why: 1}


def test_a_locked_quote_is_a_price(tmp_path: Path) -> None:
    assert ticks_of(write(tmp_path, "eurusd_tick_20140502.zip", "0,1.386,1.386")) == [(0, 138_600, 138_600)]


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("audusd_tick_20140502.zip", "symbol AUDUSD is not listed here: use one of DE40, EURGBP, EURUSD"),
        ("eurusd_20140502.zip", "expected SYMBOL_tick_YYYYMMDD.zip"),
        ("eurusd_tick_20141302.zip", "20141302 is no date"),
    ],
)
def test_a_name_that_says_nothing_usable_is_refused(tmp_path: Path, name: str, complaint: str) -> None:
    with pytest.raises(TickFileError, match=complaint):
        tick_file(tmp_path / name)


def test_a_file_that_is_no_zip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "eurusd_tick_20140502.zip"
    path.write_text("100,1.38600,1.38610\n")
    with pytest.raises(TickFileError, match="cannot be read as a zip"):
        ticks_of(path)


def test_files_merge_by_time_and_ties_keep_the_order_of_the_files(tmp_path: Path) -> None:
    gold = tick_file(write(tmp_path, "xauusd_tick_20140502.zip", "1,1280,1281", "2,1282,1283"))
    euro = tick_file(write(tmp_path, "eurusd_tick_20140502.zip", "2,1.386,1.387", "3,1.386,1.387"))
    merged = list(merged_ticks([gold, euro], MIDNIGHT + 3_000))
    assert [(tick.symbol, tick.t_us - MIDNIGHT) for tick in merged] == [
        ("XAUUSD", 1_000),
        ("XAUUSD", 2_000),
        ("EURUSD", 2_000),
    ]


def test_the_bundled_market_is_whole_and_in_order() -> None:
    files = [tick_file(path) for path in bundled_tick_files()]
    count: Counter[str] = Counter()
    last_us, low = 0, 10**9
    release = parse_utc("2014-05-02T12:30:00")
    for tick in merged_ticks(files, MIDNIGHT + DAY_US):
        assert tick.t_us >= last_us, utc_text(tick.t_us)
        last_us = tick.t_us
        count[tick.symbol] += 1
        if tick.symbol == "EURUSD" and release <= tick.t_us < release + 2_000_000:
            low = min(low, tick.bid)
    assert count == {"EURUSD": 27_669, "XAUUSD": 123_502}
    assert low <= 138_197  # the payrolls release is in it
