"""Program: what the client and the bridge program behind it say to each other."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol

import msgspec

from bridges.outbox import Outbox
from bridges.wire import VERSION, BackfillReq, Cmd, Group, Hello, HelloWithGroups
from firm.quote_frame import Tick

Refill = Callable[[int, int], Iterable[tuple[int, Sequence[Tick]]]]


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """How the bridge introduces itself. `groups`: those of its platform, where it can tell them."""

    plugin: str
    plugin_version: str
    platform: str
    platform_build: str = ""
    server: str = ""
    caps: tuple[str, ...] = ()
    groups: tuple[Group, ...] = ()


def hello_of(who: Identity, outbox: Outbox, first_qseq: int, now_us: int) -> Hello:
    """The first message of a session; in its older form where there are no groups to tell."""
    told = Hello(
        ver_min=VERSION,
        ver_max=VERSION,
        plugin=who.plugin,
        plugin_version=who.plugin_version,
        platform=who.platform,
        platform_build=who.platform_build,
        server=who.server,
        caps=who.caps,
        outbox_epoch=outbox.epoch,
        first_seq=outbox.first_seq,
        last_seq=outbox.last_seq,
        clock_us=now_us,
        first_qseq=first_qseq,
    )
    return HelloWithGroups(**msgspec.structs.asdict(told), groups=who.groups) if who.groups else told


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
