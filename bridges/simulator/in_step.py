"""In step: platforms of one firm whose clock is simulated go through market time together, so that none is hours ahead of another.

Each writes its market time into a file beside its books, and begins no slice while another is further behind than a few seconds.
The slowest never waits; one that was killed is waited for, for its file stays as it was. Who waits for long says so, and for whom.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import anyio

from firm.instant import SECOND_US, utc_text

FILE_NAME = "market-time"
LEAD_MAX_US = 4 * SECOND_US
LOOK_EVERY_S = 0.002
TOLD_AFTER_S = 5.0  # of waiting; platforms that are well go on within a moment
ENDED_US = 2**62


class InStep:
    """One platform among others. `directory` is its own data directory; the others' need not be there yet."""

    def __init__(self, directory: Path, others: Sequence[Path]) -> None:
        self._own = directory / FILE_NAME
        self._others = [other / FILE_NAME for other in others]

    async def wait(self, now_us: int) -> None:
        """Tell where this platform is, and wait until no other is too far behind. A long wait is told once, on stderr."""
        self._tell(now_us)
        told_at_s: float | None = anyio.current_time() + TOLD_AFTER_S
        while behind := self._behind(now_us):
            if told_at_s is not None and anyio.current_time() >= told_at_s:
                print("\n".join(_waits_for(*other, now_us) for other in behind), file=sys.stderr, flush=True)
                told_at_s = None
            await anyio.sleep(LOOK_EVERY_S)

    def _behind(self, now_us: int) -> list[tuple[Path, int]]:
        """Those that are too far behind, and where they are."""
        told = [(other, _told(other)) for other in self._others]
        return [(other, at_us) for other, at_us in told if at_us + LEAD_MAX_US < now_us]

    def end(self) -> None:
        """This one has no more prices: nobody waits for it."""
        self._tell(ENDED_US)

    def _tell(self, now_us: int) -> None:
        fresh = self._own.with_suffix(".new")
        fresh.write_text(str(now_us))
        fresh.replace(self._own)


def _waits_for(other: Path, at_us: int, now_us: int) -> str:
    where = f"is at {utc_text(at_us)}" if at_us else "has not begun"
    return f"simulator: at {utc_text(now_us)}, waiting for the platform in {other.parent}, which {where}"


def _told(path: Path) -> int:
    """Where another is; before everything while it has not begun."""
    try:
        return int(path.read_text())
    except FileNotFoundError:
        return 0
