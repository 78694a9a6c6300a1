"""Price files: files of ticks and of bars as one market, in time order."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from bridges.simulator.bar_files import BarFile, bar_file, read_bars
from bridges.simulator.ticks import BadLine, TickFile, TickFileError, in_time_order, read_ticks, tick_file
from firm.instant import DAY_US, SECOND_US
from firm.quote_frame import Tick

BUNDLED_MARKET = Path(__file__).parent / "market"

PriceFile = TickFile | BarFile


class FilePrices:
    """The prices of some files. Where two have one at the same instant, the file that was named first goes first."""

    def __init__(self, files: Sequence[PriceFile]) -> None:
        self._files = tuple(files)
        self.first_us = first_instant(files)
        self.end_us = max(file.midnight_us for file in files) + DAY_US
        self.fingerprint = fingerprint(files)

    def ticks(self, to_us: int, skipped: Counter[BadLine] | None) -> Iterator[Tick]:
        return merged_ticks(self._files, to_us, skipped)


def bundled_tick_files() -> list[Path]:
    """The files that are played when none are named."""
    return sorted(BUNDLED_MARKET.glob("*.zip"))


def price_file(path: Path) -> PriceFile:
    """A file of ticks or of bars, as its name says."""
    return bar_file(path) if "_minute_" in path.name else tick_file(path)


def read_prices(file: PriceFile, skipped: Counter[BadLine] | None = None) -> Iterator[Tick]:
    """The ticks of one file in its order. A bad line is a TickFileError, or counted in `skipped` where one is given."""
    return read_bars(file, skipped) if isinstance(file, BarFile) else read_ticks(file, skipped)


def merged_ticks(files: Sequence[PriceFile], to_us: int, skipped: Counter[BadLine] | None = None) -> Iterator[Tick]:
    """All files as one stream in time order, up to but not at `to_us`; at the same instant the earlier named file goes first."""
    return in_time_order([read_prices(file, skipped) for file in files if file.midnight_us < to_us], to_us)


def first_instant(files: Sequence[PriceFile]) -> int:
    """The whole second in which the first tick lies: where a replay begins when nobody says otherwise."""
    firsts = [next(read_prices(file, Counter()), None) for file in files]
    starts = [tick.t_us for tick in firsts if tick is not None]
    if not starts:
        raise TickFileError("the files of prices hold none: name at least one that does")
    return min(starts) // SECOND_US * SECOND_US


def fingerprint(files: Sequence[PriceFile]) -> str:
    """SHA-256 over the files' names and bytes: a replay resumes only on the market it began with."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.path.name.encode() + b"\0" + hashlib.sha256(file.path.read_bytes()).digest())
    return digest.hexdigest()
