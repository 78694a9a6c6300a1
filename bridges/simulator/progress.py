"""Progress: what the simulator says of itself while it plays, one JSON line at a time."""

import time
from typing import TextIO

import msgspec

from firm.instant import utc_text

LINE_EVERY_S = 0.1


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """Where the replay stands. `skipped_lines`: bad lines of tick files that were left out."""

    market_us: int
    ticks: int
    accounts: int
    deals: int
    commands: int
    skipped_lines: int
    done: bool


class ProgressLines:
    """Writes a line now and then, and always the last one."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._last_s = 0.0

    def __call__(self, progress: Progress) -> None:
        now_s = time.monotonic()
        if progress.done or now_s - self._last_s >= LINE_EVERY_S:
            self._last_s = now_s
            line = {"market_time": utc_text(progress.market_us), **msgspec.structs.asdict(progress)}
            self._out.write(msgspec.json.encode(line).decode() + "\n")
            self._out.flush()
