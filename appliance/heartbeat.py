"""Heartbeat: an outside URL is called now and then, but only while the engine commits, so that its silence tells of a dead machine."""

import logging
from collections import Counter
from collections.abc import Callable

import anyio

from appliance.alarms.limits import HeartbeatSettings
from appliance.seam import why_it_failed
from bridges.outbound.client import Outbound
from bridges.outbound.destination import Call, Destination
from bridges.outbound.errors import CallFailed

# The next beat tries again; the other side waits for several before it calls anybody.
_DESTINATION = Destination(name="heartbeat", whole_s=10)

_LOG = logging.getLogger("evenhand.alarms")


class Heartbeat:
    """`commits`: how many there were since start. `told` counts beats by what became of them."""

    def __init__(self, settings: HeartbeatSettings, commits: Callable[[], int], outbound: Outbound) -> None:
        self.told: Counter[str] = Counter()
        self._settings = settings
        self._commits = commits
        self._outbound = outbound
        self._seen = -1

    async def run(self) -> None:
        """Until cancelled; at once where there is no URL."""
        while self._settings.url:
            await self.beat()
            await anyio.sleep(self._settings.every_s)

    async def beat(self) -> None:
        """One beat, if anything was committed since the last. A process that runs and commits nothing is as good as dead."""
        commits = self._commits()
        if commits == self._seen:
            self.told["withheld"] += 1
            return
        why = await why_it_failed(self._call, CallFailed)
        if why:
            self.told["failed"] += 1
            _LOG.warning("the heartbeat was not heard (%s)", why)
            return
        self._seen = commits
        self.told["sent"] += 1

    async def _call(self) -> None:
        call = Call(url=self._settings.url, method=self._settings.method.value.upper())
        answer = await self._outbound.call(_DESTINATION, call)
        if answer.status // 100 != 2:
            raise CallFailed(f"it answered {answer.status}")
