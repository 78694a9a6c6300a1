"""Aside: work on what somebody wrote, done in a thread, one after the other: the loop that serves and decides goes on meanwhile."""

from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread

_Made = TypeVar("_Made")
_TURN = anyio.CapacityLimiter(1)


async def aside(work: Callable[[], _Made]) -> _Made:
    """What the work makes. It may touch nothing that the loop changes."""
    return await anyio.to_thread.run_sync(work, limiter=_TURN)
