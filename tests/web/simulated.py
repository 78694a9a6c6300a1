"""Simulated: work on a loop whose time is moved and never waited for."""

from collections.abc import Callable, Coroutine
from typing import Any

from tests.simulation.world.loop import VirtualLoop


def simulated(work: Callable[[VirtualLoop], Coroutine[Any, Any, None]]) -> None:
    loop = VirtualLoop()
    try:
        loop.run_until_complete(work(loop))
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()


async def passed(loop: VirtualLoop, seconds: float) -> None:
    """Once so many of the loop's seconds have passed; none of ours do."""
    assert isinstance(loop, VirtualLoop)
    then = loop.create_future()
    loop.call_later(seconds, lambda: then.done() or then.set_result(None))
    await then
