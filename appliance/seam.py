"""Seam: where what the firm can do without is fastened to the firm: whatever goes wrong beyond it is told here, and ends nothing."""

import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path

FRAMES_TOLD_MAX = 4


async def why_it_failed(work: Callable[[], Awaitable[object]], *tellable: type[Exception]) -> str:
    """Do `work`: in a few words why it did not end well, "" where it did. Cancelling is no failure, and passes.

    What an error says is repeated only of the kinds that are `tellable`: anything else may hold an address, a token or a name.
    """
    try:
        await work()
    except tellable as failed:
        return str(failed) or type(failed).__name__
    # Every task of the firm ends with the first one that raises, and what lies under a mail, a request or a look at the disk
    # raises more than it promises: a list of names would be the list of the faults that somebody has already had.
    except Exception as failed:  # noqa: BLE001
        return f"{type(failed).__name__} at {_place_of(failed)}"
    return ""


def _place_of(failed: Exception) -> str:
    """The innermost lines it came through: enough to find a fault by, and free of values."""
    frames = traceback.extract_tb(failed.__traceback__)[-FRAMES_TOLD_MAX:]
    return " > ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames)
