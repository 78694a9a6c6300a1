"""Commands about bridges: who may speak for a platform, and whether the firm acts through it."""

from enum import StrEnum

from firm.commands.command import Command


class BridgeMode(StrEnum):
    """OBSERVE reaches all verdicts and withholds every command; ENFORCE sends them."""

    OBSERVE = "observe"
    ENFORCE = "enforce"


class EnrolBridge(Command, frozen=True, kw_only=True):
    """Let a platform's bridge in, by its CURVE public key (Z85). `simulator`: bundled, enforced from its creation."""

    bridge: str
    public_key: str
    simulator: bool


class RevokeBridge(Command, frozen=True, kw_only=True):
    """Never let this bridge in again."""

    bridge: str
    why: str


class SetBridgeMode(Command, frozen=True, kw_only=True):
    """Observe or enforce."""

    bridge: str
    mode: BridgeMode
    why: str
