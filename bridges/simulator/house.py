"""House: what this platform gives an account where the firm's command says nothing: who trades there, and how its fills are booked."""

from typing import NamedTuple

from bridges.simulator.state import Execution, PositionMode
from bridges.simulator.tempers import BUNDLED_TROUPE, Troupe
from bridges.wire import Group


class House(NamedTuple):
    """One platform's ways. They belong to its accounts once those are open: another house does not change them.

    `groups`: those that accounts may be in, with their leverages; () where any will do, and none are told.
    """

    troupe: Troupe = BUNDLED_TROUPE
    position_mode: PositionMode = PositionMode.HEDGING
    execution: Execution = Execution.MARKET
    groups: tuple[Group, ...] = ()

    def require(self, group: str, leverage: int) -> None:
        """Raises ValueError where it has no such group, or the group has no such leverage."""
        if not self.groups:
            return
        found = next((one for one in self.groups if one.group == group), None)
        if found is None:
            raise ValueError(f"no group {group!r} here")
        if found.leverages and leverage not in found.leverages:
            raise ValueError(f"group {group!r} has no leverage {leverage}")


BUNDLED = House()
