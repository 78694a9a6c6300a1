"""Sealer: what is personal in an event is in the vault before the event is put before the engine, beside the loop and many at a time.

A bridge keeps its order: what follows a personal event waits behind it. Bridges take turns, and a turn has a bound: who
sends a flood of logins waits for it alone, while other bridges and the pages go on.
"""

from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import chain, zip_longest
from typing import NamedTuple

import anyio
import msgspec

from actors.arrival import Arrival
from bridges.bounds import SEAL_BYTES_MAX, SEAL_EVENTS_MAX
from bridges.lanes import Numbers
from bridges.translate import sealed_as
from firm.inputs import LoginReported
from storage.errors import DiskRefused, VaultDamaged


class Personal(NamedTuple):
    """What is personal in an event, and of which account it was told; 0 where of none of ours."""

    account: int
    value: bytes


class Sealed(NamedTuple):
    """A commitment in hex, and under whose key its value lies: "trader:123", or "platform:2026-11" where of nobody known."""

    commitment: str
    whose: str


Seal = Callable[[Sequence[Personal]], Awaitable[list[Sealed]]]
"""Keeps values in the vault, all in one transaction, and says how once they are durable."""


class Stretch(msgspec.Struct):
    """Some arrivals of a bridge, in order, and what is personal in some of them, by place. `since`: its lanes before them.

    `since` None: not of the lanes, and owed to the book whatever becomes of what was sent.
    """

    bridge: str
    arrivals: list[Arrival]
    personal: dict[int, bytes] = {}
    since: Numbers | None = None
    weight: int = 0
    lifts: bool = False

    @property
    def personal_bytes(self) -> int:
        return sum(map(len, self.personal.values()))


class Sealer:
    """`deliver` takes a stretch that is ready; `give_up` what a bridge had waiting when the vault could not be written."""

    def __init__(
        self,
        seal: Seal,
        *,
        deliver: Callable[[Stretch], None],
        give_up: Callable[[str, list[Stretch], Exception], None],
    ) -> None:
        self._seal = seal
        self._deliver = deliver
        self._give_up = give_up
        self._waiting: OrderedDict[str, deque[Stretch]] = OrderedDict()
        self._news = anyio.Event()

    def put(self, stretch: Stretch) -> None:
        """Delivered at once where nothing of it is personal and nothing of its bridge waits."""
        if not stretch.personal and stretch.bridge not in self._waiting:
            self._deliver(stretch)
            return
        self._waiting.setdefault(stretch.bridge, deque()).append(stretch)
        self._news.set()

    async def run(self) -> None:
        """Seal what waits until cancelled. What still waits then was not acknowledged and is sent again."""
        while True:
            while not self._waiting:
                self._news = anyio.Event()
                await self._news.wait()
            await self._take_a_turn()

    async def _take_a_turn(self) -> None:
        turn = list(self._next_turn())
        # What is taken stays in the queue until it is delivered: so nothing that comes meanwhile passes it.
        values = [
            Personal(_about(stretch.arrivals[place]), value)
            for stretch in turn
            for place, value in stretch.personal.items()
        ]
        try:
            sealed = iter(await self._seal(values))
        except (DiskRefused, VaultDamaged) as failed:
            for bridge in dict.fromkeys(stretch.bridge for stretch in turn):
                self._give_up(bridge, list(self._waiting.pop(bridge)), failed)
            return
        for stretch in turn:
            for place in stretch.personal:
                arrival = stretch.arrivals[place]
                arrival.body = sealed_as(arrival.body, *next(sealed))
            self._deliver(stretch)
            self._pop(stretch)

    def _next_turn(self) -> Iterator[Stretch]:
        """The first stretch of each bridge, then the second of each, up to a bound; who had no turn longest comes first.

        One at least, however large: what exceeds the bound alone would wait for ever.
        """
        events = size = 0
        for place, stretch in enumerate(filter(None, chain.from_iterable(zip_longest(*self._waiting.values())))):
            events += len(stretch.arrivals)
            size += stretch.personal_bytes
            if place and (events > SEAL_EVENTS_MAX or size > SEAL_BYTES_MAX):
                return
            yield stretch

    def _pop(self, stretch: Stretch) -> None:
        waiting = self._waiting[stretch.bridge]
        first = waiting.popleft()
        assert first is stretch, f"what {stretch.bridge} sent is out of order"
        if waiting:
            self._waiting.move_to_end(stretch.bridge)
        else:
            del self._waiting[stretch.bridge]


def _about(arrival: Arrival) -> int:
    """What could not be read may hold anything about anybody: that it came for an account makes it nobody's."""
    return arrival.account if isinstance(arrival.body, LoginReported) else 0
