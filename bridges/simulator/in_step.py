"""In step: platforms of one firm whose clock is simulated go through market time together, so that none is hours ahead of another.

Each writes its market time into a file beside its books, and begins no slice while another is further behind than a few seconds.
The slowest never waits; one that was killed is waited for, for its file stays as it was.
"""

from collections.abc import Sequence
from pathlib import Path

import anyio

from firm.instant import SECOND_US

FILE_NAME = "market-time"
LEAD_MAX_US = 4 * SECOND_US
LOOK_EVERY_S = 0.002
ENDED_US = 2**62


class InStep:
    """One platform among others. `directory` is its own data directory; the others' need not be there yet."""

    def __init__(self, directory: Path, others: Sequence[Path]) -> None:
        self._own = directory / FILE_NAME
        self._others = [other / FILE_NAME for other in others]

    async def wait(self, now_us: int) -> None:
        """Tell where this platform is, and wait until no other is too far behind."""
        self._tell(now_us)
        while any(_told(other) + LEAD_MAX_US < now_us for other in self._others):  # noqa: ASYNC110  (another process sets it)
            await anyio.sleep(LOOK_EVERY_S)

    def end(self) -> None:
        """This one has no more prices: nobody waits for it."""
        self._tell(ENDED_US)

    def _tell(self, now_us: int) -> None:
        fresh = self._own.with_suffix(".new")
        fresh.write_text(str(now_us))
        fresh.replace(self._own)


def _told(path: Path) -> int:
    """Where another is; before everything while it has not begun."""
    try:
        return int(path.read_text())
    except FileNotFoundError:
        return 0
