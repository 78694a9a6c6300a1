"""Courier: one way by which notices leave the machine: in order, tried again for a while, with a bound on how many wait.

Nothing waits for a courier: what it cannot deliver is counted and told in the log.
"""

import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import anyio

from appliance.alarms.notice import Notice
from appliance.seam import why_it_failed

WAITING_MAX = 100  # notices of one courier; beyond it the oldest is given up: the newest says how things are
RETRY_AFTER_S = (5.0, 30.0, 120.0, 600.0)
TRY_DEADLINE_S = 30.0

_LOG = logging.getLogger("evenhand.alarms")


class DeliveryFailed(Exception):
    """The other side did not take it. The text names neither address nor credential."""


class Courier:
    """`deliver` makes one try and raises DeliveryFailed; whatever else it raises is a failed try as well.

    `told` counts what became of notices: delivered, given up, pushed out.
    """

    def __init__(
        self, name: str, deliver: Callable[[Notice], Awaitable[None]], retry_after_s: Sequence[float] = RETRY_AFTER_S
    ) -> None:
        self.name = name
        self.told: Counter[str] = Counter()
        self._deliver = deliver
        self._retry_after_s = retry_after_s
        self._waiting: deque[Notice] = deque()
        self._arrived = anyio.Event()
        self._under_way: Notice | None = None

    @property
    def undelivered(self) -> tuple[Notice, ...]:
        """What did not come to an end yet, the oldest first."""
        return tuple(self._waiting) if self._under_way is None else (self._under_way, *self._waiting)

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def hand(self, notice: Notice) -> None:
        """Take a notice; never waits."""
        if len(self._waiting) >= WAITING_MAX:
            pushed = self._waiting.popleft()
            self.told["pushed_out"] += 1
            _LOG.error("%s: notice of %s was pushed out by newer ones", self.name, pushed.alarm)
        self._waiting.append(notice)
        self._arrived.set()

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            while not self._waiting:
                self._arrived = anyio.Event()
                await self._arrived.wait()
            self._under_way = self._waiting.popleft()
            await self._carry(self._under_way)
            self._under_way = None

    async def _carry(self, notice: Notice) -> None:
        for wait_s in (*self._retry_after_s, None):
            why = await why_it_failed(partial(self._try, notice), DeliveryFailed)
            if not why:
                self.told["delivered"] += 1
                return
            self.told["failed_tries"] += 1
            if wait_s is None:
                self.told["given_up"] += 1
                _LOG.error("%s: %s %s could not be told: %s", self.name, notice.alarm, notice.saying, why)
                return
            _LOG.warning("%s: %s; again in %g s", self.name, why, wait_s)
            await anyio.sleep(wait_s)

    async def _try(self, notice: Notice) -> None:
        try:
            with anyio.fail_after(TRY_DEADLINE_S):
                await self._deliver(notice)
        except TimeoutError as late:
            raise DeliveryFailed(f"no answer within {TRY_DEADLINE_S:g} s") from late
