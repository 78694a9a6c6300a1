"""Status told: what the public status page says, read once for all who ask within some seconds, and anew once an incident changes."""

from time import monotonic

import anyio
import msgspec

from actors.live import BridgeHealth
from firm.instant import DAY_US
from storage.readmodels.incidents import IncidentLine, public_incidents
from web.bounds import STATUS_DAYS, STATUS_INCIDENTS_SHOWN, STATUS_KEPT_SECONDS
from web.firm import Firm


class Status(msgspec.Struct, frozen=True):
    """The platforms that are enrolled, and the incidents that a person has published, newest first."""

    feeds: list[BridgeHealth]
    goes_on: list[IncidentLine]
    over: list[IncidentLine]


class StatusTold:
    """One answer is kept, whoever asks; while it is read, the others wait for it."""

    def __init__(self, firm: Firm) -> None:
        self._firm = firm
        self._turn = anyio.Lock()
        self._status: Status | None = None
        self._incidents_row = 0
        self._read_at = 0.0

    async def lately(self) -> Status:
        """At most some seconds old, and never older than what was last committed about an incident."""
        async with self._turn:
            row = self._firm.live.incidents_row()
            is_fresh = self._incidents_row == row and monotonic() - self._read_at < STATUS_KEPT_SECONDS
            if self._status is None or not is_fresh:
                read_at = monotonic()
                self._status = await self._read()
                self._incidents_row, self._read_at = row, read_at
            return self._status

    async def _read(self) -> Status:
        firm = self._firm
        since_us = firm.now_us() - STATUS_DAYS * DAY_US
        found = await firm.book.read(lambda book: public_incidents(book, since_us, STATUS_INCIDENTS_SHOWN))
        return Status(
            feeds=[each for each in firm.pulse.lately().bridges if each.mode != "revoked"],
            goes_on=[each for each in found if each.to_us is None],
            over=[each for each in found if each.to_us is not None],
        )
