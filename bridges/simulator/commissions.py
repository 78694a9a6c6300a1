"""Commissions: which deals of an account are charged, by its group: half a round turn on each deal, or a whole one on one of them.

A group says so in the word after its last slash: `demo/at_open`. Any other group is charged on each side.
"""

from enum import StrEnum

from bridges.simulator.state import Account
from bridges.simulator.valuation import commission_minor
from firm.inputs import DealEntry


class Charging(StrEnum):
    """When a lot's round turn is paid for."""

    EACH_SIDE = "each_side"
    AT_OPEN = "at_open"
    AT_CLOSE = "at_close"
    NEVER = "never"


_CHARGED = {DealEntry.IN: Charging.AT_OPEN, DealEntry.OUT: Charging.AT_CLOSE}


def charging_of(group: str) -> Charging:
    word = group.rpartition("/")[2]
    return Charging(word) if word in tuple(Charging) else Charging.EACH_SIDE


def commission_of(account: Account, entry: DealEntry, lots_e8: int) -> int:
    """What one deal costs, in minor units: negative, as it is booked. A whole round turn is rounded once."""
    charging = charging_of(account.group)
    if charging is Charging.EACH_SIDE:
        return commission_minor(account, lots_e8)
    return commission_minor(account, 2 * lots_e8) if charging is _CHARGED[entry] else 0
