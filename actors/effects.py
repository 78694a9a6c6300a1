"""Effects: what a desk wants done outside. Returned, never done; couriers carry them out after the commit."""

import msgspec


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """Something for a courier."""


class SendCommand(Effect, frozen=True, kw_only=True):
    """Send a command to a platform's bridge. Sending it twice is harmless: the bridge knows commands by id."""

    bridge: str
    command: str
    idem_key: str
    login: str
    action: str
    args: dict[str, str]
    deadline_us: int


class QueryCommand(Effect, frozen=True, kw_only=True):
    """Ask a bridge what became of a command."""

    bridge: str
    command: str


class RequestSnapshot(Effect, frozen=True, kw_only=True):
    """Ask a bridge for an account in full; login "" asks for all of them."""

    bridge: str
    login: str


class RequestBackfill(Effect, frozen=True, kw_only=True):
    """Ask a bridge for the prices of a stretch it missed."""

    bridge: str
    symbol: str
    from_us: int
    to_us: int


class Subscribe(Effect, frozen=True, kw_only=True):
    """Only symbols that are held or needed for conversion are fed; empty means all."""

    bridge: str
    symbols: tuple[str, ...]


class DropBridge(Effect, frozen=True, kw_only=True):
    """End a bridge's live session, after its key was revoked."""

    bridge: str
    reason: str
