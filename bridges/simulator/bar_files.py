"""Bar files: zips of minute bars with bid and ask become four ticks a bar, in an order that is always the same.

The lines are those of LEAN's quote bars, `ms,open,high,low,close,size,open,high,low,close,size`: the bid's bar, then the ask's. What
happened within a minute is not in them, so the ticks are the open, the extreme nearer to the open (the low where both are as near),
the other extreme and the close, a path that the prices may have taken.
"""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from bridges.simulator.symbols import Listing
from bridges.simulator.ticks import BadLine, lines_of, read_name, refuse_line
from firm.instant import DAY_US, MINUTE_US, SECOND_US
from firm.quote_frame import Tick

_NAME = re.compile(r"(?P<symbol>[A-Za-z0-9]+)_minute_(?P<date>\d{8})\.zip\Z")
_MS = re.compile(r"\d{1,8}\Z")
_PRICE = re.compile(r"(-?)(\d{1,9})(?:\.(\d{1,9}))?\Z")
_SIZE = re.compile(r"\d{1,15}(?:\.\d{1,20})?\Z")
_FIELDS = 11

# When within its minute each of a bar's ticks lies.
_OPEN_US, _NEAR_US, _FAR_US, _CLOSE_US = 0, 20 * SECOND_US, 40 * SECOND_US, 59 * SECOND_US


class BarFile(NamedTuple):
    """A bar file whose name was understood."""

    path: Path
    listing: Listing
    midnight_us: int


class _Bar(NamedTuple):
    """One side's minute, in points."""

    open: int
    high: int
    low: int
    close: int


def bar_file(path: Path) -> BarFile:
    """Read symbol and date from the name; an unlisted symbol or another name is a TickFileError."""
    return BarFile(path, *read_name(path, _NAME, "SYMBOL_minute_YYYYMMDD.zip, for example eurusd_minute_20140501.zip"))


def read_bars(file: BarFile, skipped: Counter[BadLine] | None = None) -> Iterator[Tick]:
    """The ticks of one file's bars. A bad line is a TickFileError, or counted in `skipped` where one is given."""
    next_us = file.midnight_us
    for number, text in enumerate(lines_of(file.path), start=1):
        ticks = _ticks_of(file, text, next_us)
        if isinstance(ticks, BadLine):
            refuse_line(file.path, number, text, ticks, skipped)
        else:
            next_us = ticks[0].t_us + MINUTE_US
            yield from ticks


def _ticks_of(file: BarFile, text: str, not_before_us: int) -> list[Tick] | BadLine:
    fields = text.split(",")
    if len(fields) != _FIELDS or not _MS.match(fields[0]) or not all(_SIZE.match(fields[place]) for place in (5, 10)):
        return BadLine.MALFORMED
    since_midnight_us = int(fields[0]) * 1_000
    if since_midnight_us >= DAY_US:
        return BadLine.OUTSIDE_DAY
    if since_midnight_us % MINUTE_US:
        return BadLine.OFF_MINUTE
    sides = []
    for place in (1, 6):
        bar = _bar(fields[place : place + 4], file.listing.spec.digits)
        if isinstance(bar, BadLine):
            return bar
        sides.append(bar)
    bid, ask = sides
    if any(bid_points > ask_points for bid_points, ask_points in zip(bid, ask, strict=True)):
        return BadLine.CROSSED
    t_us = file.midnight_us + since_midnight_us
    return BadLine.BACKWARDS_TIME if t_us < not_before_us else _path(file.listing.spec.symbol, t_us, bid, ask)


def _bar(fields: list[str], digits: int) -> _Bar | BadLine:
    points = []
    for field in fields:
        match = _PRICE.match(field)
        if match is None:
            return BadLine.MALFORMED
        sign, whole, fraction = match.groups("")
        if len(fraction) > digits:
            return BadLine.TOO_MANY_DIGITS
        points.append(0 if sign else int(whole + fraction.ljust(digits, "0")))
    if 0 in points:
        return BadLine.NOT_POSITIVE
    bar = _Bar(*points)
    within = bar.low <= min(bar.open, bar.close) and max(bar.open, bar.close) <= bar.high
    return bar if within else BadLine.OUTSIDE_RANGE


def _path(symbol: str, t_us: int, bid: _Bar, ask: _Bar) -> list[Tick]:
    low, high = (bid.low, ask.low), (bid.high, ask.high)
    near, far = (low, high) if bid.open - bid.low <= bid.high - bid.open else (high, low)
    return [
        Tick(symbol, t_us + _OPEN_US, bid.open, ask.open),
        Tick(symbol, t_us + _NEAR_US, *near),
        Tick(symbol, t_us + _FAR_US, *far),
        Tick(symbol, t_us + _CLOSE_US, bid.close, ask.close),
    ]
