"""Tick files: zips of headerless `ms,bid,ask` lines become integer ticks in time order, or a clear refusal.

The file's name gives symbol and date (`eurusd_tick_20140501.zip`); `ms` counts from midnight UTC of that date and may
carry decimals, which are cut to whole microseconds from the text, never through a float.
"""

import heapq
import lzma
import re
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from enum import StrEnum
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from bridges.simulator.symbols import LISTED, Listing
from firm.instant import DAY_US, instant_of
from firm.quote_frame import Tick

_NAME = re.compile(r"(?P<symbol>[A-Za-z0-9]+)_tick_(?P<date>\d{8})\.zip\Z")
_LINE = re.compile(r"(\d{1,8})(?:\.(\d{1,12}))?,(-?)(\d{1,9})(?:\.(\d{1,9}))?,(-?)(\d{1,9})(?:\.(\d{1,9}))?\Z")

# What zipfile lets out on bytes that are no sound archive: cut, of a method it does not know, or locked with a password.
_NO_ZIP = (
    OSError,
    EOFError,
    RuntimeError,
    ValueError,
    OverflowError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
)


class BadLine(StrEnum):
    """Why a line is no tick, or no bar."""

    MALFORMED = "malformed"
    OUTSIDE_DAY = "outside_day"
    TOO_MANY_DIGITS = "too_many_digits"
    NOT_POSITIVE = "not_positive"
    CROSSED = "crossed"
    BACKWARDS_TIME = "backwards_time"
    OFF_MINUTE = "off_minute"
    OUTSIDE_RANGE = "outside_range"


class TickFileError(ValueError):
    """A file of prices cannot be used; the message says which file, which line, why, and what next."""


class TickFile(NamedTuple):
    """A tick file whose name was understood."""

    path: Path
    listing: Listing
    midnight_us: int


def tick_file(path: Path) -> TickFile:
    """Read symbol and date from the name; an unlisted symbol or another name is a TickFileError."""
    return TickFile(path, *read_name(path, _NAME, "SYMBOL_tick_YYYYMMDD.zip, for example eurusd_tick_20140501.zip"))


def in_time_order(streams: Iterable[Iterable[Tick]], to_us: int) -> Iterator[Tick]:
    """As one stream, up to but not at `to_us`; at the same instant the earlier named one goes first."""
    for tick in heapq.merge(*streams, key=attrgetter("t_us")):
        if tick.t_us >= to_us:
            return
        yield tick


def read_ticks(file: TickFile, skipped: Counter[BadLine] | None = None) -> Iterator[Tick]:
    """The ticks of one file in its order. A bad line is a TickFileError, or counted in `skipped` where one is given."""
    last_us = file.midnight_us
    for number, text in enumerate(lines_of(file.path), start=1):
        tick = _parsed(file, text, last_us)
        if isinstance(tick, Tick):
            last_us = tick.t_us
            yield tick
        else:
            refuse_line(file.path, number, text, tick, skipped)


# --- what files of ticks and of bars have in common ---


def read_name(path: Path, pattern: re.Pattern[str], expected: str) -> tuple[Listing, int]:
    """Symbol and midnight UTC from a name that has `symbol` and `date`."""
    match = pattern.match(path.name)
    if match is None:
        raise TickFileError(f"{path.name}: expected {expected}")
    listing = LISTED.get(match["symbol"].upper())
    if listing is None:
        raise TickFileError(
            f"{path.name}: symbol {match['symbol'].upper()} is not listed here: use one of {', '.join(sorted(LISTED))}"
        )
    try:
        midnight = datetime.strptime(match["date"], "%Y%m%d").replace(tzinfo=UTC)
    except ValueError as wrong:
        raise TickFileError(f"{path.name}: {match['date']} is no date: write it as YYYYMMDD") from wrong
    return listing, instant_of(midnight)


def refuse_line(path: Path, number: int, text: str, why: BadLine, skipped: Counter[BadLine] | None) -> None:
    """Count a bad line where bad ones are skipped; else stop at it."""
    if skipped is None:
        raise TickFileError(f"{path.name} line {number}: {why.value}: {text[:80]!r}: mend the line or skip bad ones")
    skipped[why] += 1


def lines_of(path: Path) -> Iterator[str]:
    """The lines of the one CSV in a zip; whatever is no sound archive of one is a TickFileError."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open(_only_member(path, archive)) as raw:
            for line in raw:
                yield line.decode("ascii", "replace").rstrip("\r\n")
    except TickFileError:
        raise
    except _NO_ZIP as broken:
        raise TickFileError(f"{path.name}: cannot be read as a zip ({_said(broken)}): fetch the file again") from broken


def _only_member(path: Path, archive: zipfile.ZipFile) -> str:
    members = archive.namelist()
    if len(members) != 1:
        raise TickFileError(f"{path.name}: holds {len(members)} files: expected one CSV")
    return members[0]


def _said(broken: Exception) -> str:
    """Its words, or where it has none its kind."""
    return str(broken) or type(broken).__name__


def _parsed(file: TickFile, text: str, last_us: int) -> Tick | BadLine:
    match = _LINE.match(text)
    if match is None:
        return BadLine.MALFORMED
    ms, ms_fraction, bid_sign, bid, bid_fraction, ask_sign, ask, ask_fraction = match.groups("")
    since_midnight_us = int(ms) * 1_000 + int(ms_fraction[:3].ljust(3, "0"))
    digits = file.listing.spec.digits
    if since_midnight_us >= DAY_US:
        return BadLine.OUTSIDE_DAY
    if len(bid_fraction) > digits or len(ask_fraction) > digits:
        return BadLine.TOO_MANY_DIGITS
    bid_points, ask_points = int(bid + bid_fraction.ljust(digits, "0")), int(ask + ask_fraction.ljust(digits, "0"))
    if bid_sign or ask_sign or bid_points == 0 or ask_points == 0:
        return BadLine.NOT_POSITIVE
    if bid_points > ask_points:
        return BadLine.CROSSED
    t_us = file.midnight_us + since_midnight_us
    return BadLine.BACKWARDS_TIME if t_us < last_us else Tick(file.listing.spec.symbol, t_us, bid_points, ask_points)
