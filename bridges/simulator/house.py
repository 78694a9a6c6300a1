"""House: what this platform gives an account where the firm's command says nothing: who trades there, and how its fills are booked."""

from typing import NamedTuple

from bridges.simulator.state import Execution, PositionMode
from bridges.simulator.tempers import BUNDLED_TROUPE, Troupe


class House(NamedTuple):
    """One platform's ways. They belong to its accounts once those are open: another house does not change them."""

    troupe: Troupe = BUNDLED_TROUPE
    position_mode: PositionMode = PositionMode.HEDGING
    execution: Execution = Execution.MARKET


BUNDLED = House()
