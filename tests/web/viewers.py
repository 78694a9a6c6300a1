"""Viewers: live pages that are watched on a loop whose time is simulated, each of a part of its own."""

import asyncio
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from tests.simulation.world.loop import VirtualLoop
from tests.web.simulated import passed
from web.sse import Streams
from web.visitor import Visitor

SECONDS = 14.0  # before a stream asks for its session, which is in a file
HEAVY_S = 0.002


class Part:
    """A part that takes so long to make, and notes when it was made. `rests_on`: another number, another part."""

    def __init__(self, loop: VirtualLoop, takes_s: float) -> None:
        self._loop, self._takes_s = loop, takes_s
        self.made_at: list[float] = []
        self.rests_on: int | None = None  # on something that always changes
        self._made_of: int | None = None

    def heed(self, hurry: Callable[[], None]) -> None:
        self.hurry = hurry

    def forget(self) -> None:
        del self.hurry

    def changed(self) -> bool:
        return self.rests_on is None or self.rests_on != self._made_of

    def lacks(self) -> bool:
        return False

    async def gather(self) -> None:
        raise AssertionError("nothing is lacking")

    def parts(self) -> dict[str, str]:
        self.made_at.append(self._loop.seconds)
        self._made_of = self.rests_on
        self._loop.seconds += self._takes_s
        return {"live": f"<p>{len(self.made_at) if self.rests_on is None else self.rests_on}</p>"}


def viewer(person: int) -> Visitor:
    return Visitor(kind="trader", id=person, role="", name="Ada", session_id="s")


async def read(streams: Streams, person: int, part: Any, heard: list[bytes]) -> None:
    heard.extend([event async for event in streams.follow(viewer(person), f"account/{person}", part)])


async def watched_for(
    loop: VirtualLoop, streams: Streams, parts: list[Any], seconds: float = SECONDS
) -> list[list[bytes]]:
    """What each viewer of a part of its own heard within the time."""
    heard: list[list[bytes]] = [[] for _ in parts]
    async with asyncio.TaskGroup() as tasks:
        for person, part in enumerate(parts, 1):
            tasks.create_task(read(streams, person, part, heard[person - 1]))
        await passed(loop, seconds)
        streams.end()
    assert streams.open == 0
    return heard


def gaps_of(part: Part) -> list[float]:
    return [later - sooner for sooner, later in pairwise(part.made_at)]
