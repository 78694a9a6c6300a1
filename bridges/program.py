"""Program: what the client and the bridge program behind it say to each other."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol

import msgspec

from bridges.wire import BackfillReq, Cmd
from firm.quote_frame import Tick

Refill = Callable[[int, int], Iterable[tuple[int, Sequence[Tick]]]]


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """How the bridge introduces itself."""

    plugin: str
    plugin_version: str
    platform: str
    platform_build: str = ""
    server: str = ""
    caps: tuple[str, ...] = ()


class Resume(NamedTuple):
    """Where a new session takes up: the last durable numbers of both lanes.

    `renumbered`: prices before those still held are lost; journal a gap event for each symbol that is fed.
    """

    seq: int
    qseq: int
    want_snapshot: bool
    renumbered: bool


class BridgeProgram(Protocol):
    """The program behind the client. Calls come one at a time, in the order in which the appliance asked."""

    async def on_welcome(self, resume: Resume) -> None: ...

    async def on_command(self, command: Cmd, *, again: bool) -> None:
        """Carry it out and publish a CmdResult.

        `again`: it was accepted before a restart and has no final result; unless carrying out and publishing are one
        transaction here, look at the platform first.
        """

    async def on_subscribe(self, symbols: tuple[str, ...]) -> None: ...

    async def on_snapshot_request(self, login: str) -> None: ...

    async def on_backfill_request(self, request: BackfillReq) -> None: ...
