"""Observing: platforms whose bridges only observe, and accounts that so lack what was decided, as far as whoever looks may see them."""

import msgspec

from actors.live import LiveOwed
from firm.commands import BridgeMode
from storage.readmodels.bridges import bridges_with_accounts
from web.firm import Firm
from web.owed_view import by_urgency

REVOKED = "revoked"  # as health says it in the place of a mode


class Observing(msgspec.Struct, frozen=True):
    """`bridges`: by name. `everywhere`: no other bridge is there. `owed`: withheld from these accounts, the most urgent first."""

    bridges: tuple[str, ...]
    everywhere: bool
    owed: tuple[LiveOwed, ...]


async def observing(firm: Firm) -> Observing:
    """Whose scope is limited is told of the bridges of accounts that are there for them, and of no other."""
    modes = {each.bridge: each.mode for each in firm.live.health().bridges if each.mode != REVOKED}
    if firm.scope.is_limited:
        there = await firm.book.read(bridges_with_accounts)
        modes = {bridge: mode for bridge, mode in modes.items() if bridge in there}
    bridges = tuple(sorted(bridge for bridge, mode in modes.items() if mode == BridgeMode.OBSERVE.value))
    owed = by_urgency([one for one in await firm.owed() if one.stopped == "observe_mode"])
    return Observing(bridges, len(bridges) == len(modes), tuple(owed))
