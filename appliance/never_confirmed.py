"""Never confirmed: who signed up and did not open the link of the mail is forgotten: no address is kept by a stranger's word."""

from anyio import to_thread

from actors.names import COURIER, trader_desk
from appliance.assembly import Machine
from firm.commands import EraseTrader
from firm.instant import DAY_US
from firm.personal import destructions
from storage.readmodels.mails import unconfirmed_since

KEPT_US = 14 * DAY_US
AT_ONCE = 100
WHY = "the mail address was never confirmed"


class NeverConfirmed:
    """Each is asked for once by one process: what is refused, a person has to look at."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._asked: set[int] = set()

    async def forget(self) -> None:
        machine, now_us = self._machine, self._machine.clock.now_us()
        for trader in await to_thread.run_sync(self._due, now_us - KEPT_US):
            if trader in self._asked or trader_desk(trader) in machine.engine.own.state.stopped:
                continue
            await machine.ask(EraseTrader(by=COURIER, trader=trader, why=WHY, classes=destructions(now_us)))
            self._asked.add(trader)  # once it was answered: a firm that had too much to do is asked again

    def _due(self, before_us: int) -> list[int]:
        with self._machine.reader.connection() as book:
            return unconfirmed_since(book, before_us, AT_ONCE)
