"""Unfinished: which open commands an account has, which wait longest, and whose plan waits to be tried again.

An index over one bridge's enforcement, rebuilt from its state: what a report or a tick of the clock concerns is found without
a look at everybody else's. It decides nothing: whoever asks gets what a walk over the whole state would give, in the same order.
"""

import heapq
from bisect import insort

from immutables import Map

from actors.enforcement_plans import OpenCommand, Plan


class Unfinished:
    """The index of one bridge's commands and plans."""

    def __init__(self, commands: Map[str, OpenCommand], plans: Map[int, Plan]) -> None:
        self._of: dict[int, list[tuple[int, str]]] = {}
        self._ages: list[tuple[int, int, str]] = []  # a heap; an entry is outdated once its command has advanced
        self._failed = {account for account, plan in plans.items() if plan.failed_us}
        for command, held in commands.items():
            self.opened(command, held)

    def opened(self, command: str, held: OpenCommand) -> None:
        insort(self._of.setdefault(held.account, []), (_number(command), command))
        self.advanced(command, held)

    def advanced(self, command: str, held: OpenCommand) -> None:
        """It waits from another instant on."""
        heapq.heappush(self._ages, (held.waits_from_us, _number(command), command))

    def ended(self, command: str, held: OpenCommand) -> None:
        open_ones = self._of[held.account]
        open_ones.remove((_number(command), command))
        if not open_ones:
            del self._of[held.account]

    def planned(self, account: int, plan: Plan | None) -> None:
        """What is now being done about an account."""
        (self._failed.add if plan is not None and plan.failed_us else self._failed.discard)(account)

    def of(self, account: int) -> tuple[str, ...]:
        """The account's open commands, oldest first."""
        return tuple(command for _, command in self._of.get(account, ()))

    def waiting_since_before(self, instant_us: int, commands: Map[str, OpenCommand]) -> list[str]:
        """Open commands that were last sent or advanced before an instant, oldest first."""
        found: set[tuple[int, int, str]] = set()
        while self._ages and self._ages[0][0] < instant_us:
            entry = heapq.heappop(self._ages)
            held = commands.get(entry[2])
            if held is not None and held.waits_from_us == entry[0]:
                found.add(entry)
        for entry in found:  # they wait on, unless whoever asked advances them
            heapq.heappush(self._ages, entry)
        return [command for _, command in sorted((number, command) for _, number, command in found)]

    def failed(self) -> list[int]:
        """Accounts whose plan's step failed, by id."""
        return sorted(self._failed)


def oldest_first(commands: Map[str, OpenCommand]) -> list[tuple[str, OpenCommand]]:
    """By the row that queued each, never by the map's own order, which is another in each process."""
    return sorted(commands.items(), key=lambda one: _number(one[0]))


def _number(command: str) -> int:
    """The row that queued it, which its id ends with."""
    return int(command.rpartition("-")[2])
