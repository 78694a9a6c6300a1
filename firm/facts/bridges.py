"""Facts of bridges: which may connect, and whether the firm acts through them."""

from firm.commands import BridgeMode
from firm.facts.fact import Fact


class BridgeEnrolled(Fact, frozen=True, kw_only=True):
    """A bridge may connect with this key."""

    bridge: str
    public_key: str
    mode: BridgeMode


class BridgeRevoked(Fact, frozen=True, kw_only=True):
    """A bridge may not connect any more."""

    bridge: str


class BridgeModeChanged(Fact, frozen=True, kw_only=True):
    """Observe or enforce, from now on."""

    bridge: str
    mode: BridgeMode
