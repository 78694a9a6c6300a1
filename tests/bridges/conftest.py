"""A gateway on loopback with CURVE, an engine that makes durable when told, and bridges of both kinds: the client, and a bare socket."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import anyio
import pytest
import zmq
from nacl.signing import SigningKey

from actors.arrival import Arrival, Decided, Overloaded
from bridges import wire
from bridges.client import BridgeClient, Identity, Resume
from bridges.enrolment import KeyFile, KeyPair, new_keypair
from bridges.events import CmdResult
from bridges.gateway import Gateway
from bridges.outbox import Outbox
from bridges.sealer import Personal, Sealed
from firm.inputs import CommandState

NOW_US = 1_398_988_800_000_000  # 2014-05-02T00:00:00Z
PATIENCE_S = 10


async def until(true: Callable[[], bool]) -> None:
    """Poll a condition; fail when it does not come true."""
    with anyio.fail_after(PATIENCE_S):
        while not true():  # noqa: ASYNC110 (the condition is another's state, which sets no event)
            await anyio.sleep(0.002)


class FirmDirectory:
    """Ada's account and the firm's bridges. `of_logins` may grow while a test runs."""

    def __init__(self) -> None:
        self.keys: dict[str, str] = {}
        self.revoked: set[str] = set()
        self.admitted: set[str] = set()
        self.of_logins = {"700001": 11}
        self.seqs: dict[str, tuple[int, int, str]] = {}

    def bridge_of_key(self, z85: str) -> str | None:
        return self.keys.get(z85)

    def is_revoked(self, bridge: str) -> bool:
        self.admitted.add(bridge)
        return bridge in self.revoked

    def account_of(self, bridge: str, login: str) -> int | None:
        return self.of_logins.get(login)

    def currency_of(self, account: int) -> tuple[str, int]:
        return "USD", 2

    def journal_seq(self, bridge: str) -> int:
        return self.seqs.get(bridge, (0, 0, ""))[0]

    def quote_seq(self, bridge: str) -> int:
        return self.seqs.get(bridge, (0, 0, ""))[1]

    def outbox_epoch(self, bridge: str) -> str:
        return self.seqs.get(bridge, (0, 0, ""))[2]


class HandDrivenEngine:
    """Takes arrivals; they become durable at once, or (`by_hand`) when `commit` is called."""

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []
        self.by_hand = False
        self.is_full = False
        self.on_commit: Callable[[Arrival], None] = lambda arrival: None
        self._durable = 0

    def offer(self, arrivals: Sequence[Arrival]) -> None:
        if self.is_full:
            raise Overloaded
        self.arrivals.extend(arrivals)
        if not self.by_hand:
            self.commit()

    def commit(self) -> None:
        """As the engine does: what desks want done is carried first, then everyone is told."""
        batch, start = self.arrivals[self._durable :], self._durable
        self._durable = len(self.arrivals)
        for arrival in batch:
            self.on_commit(arrival)
        for seq, arrival in enumerate(batch, start + 1):
            if arrival.on_durable is not None:
                arrival.on_durable(Decided(seq, ()))

    def forget(self) -> None:
        """A new process: nothing in memory."""
        self.arrivals.clear()
        self.by_hand, self._durable = False, 0

    def of(self, kind: type) -> list:
        return [arrival.body for arrival in self.arrivals if isinstance(arrival.body, kind)]

    def journal_seqs(self) -> list[int]:
        return [
            arrival.body.seq
            for arrival in self.arrivals
            if hasattr(arrival.body, "seq") and type(arrival.body).__name__ != "Watermark"
        ]


class World:
    """The firm's side of the wire, and keys for bridges."""

    def __init__(self) -> None:
        self.directory = FirmDirectory()
        self.engine = HandDrivenEngine()
        self.counters: dict[str, int] = {}
        self.sealed: list[bytes] = []
        self.before_seal: Callable[[Sequence[bytes]], Awaitable[None]] = self._at_once
        self.now_s: Callable[[], float] = partial(next, itertools.count(step=60.0))  # nobody starts sessions too often
        self.server = new_keypair()
        self.ledger_key = SigningKey.generate()
        self.port = 0
        self.gateway: Gateway | None = None
        self.context: zmq.Context = zmq.Context()

    async def seal(self, personal: Sequence[Personal]) -> list[Sealed]:
        """In the place of the vault; `before_seal` may wait, or raise what a vault raises."""
        values = [each.value for each in personal]
        await self.before_seal(values)
        first = len(self.sealed) + 1
        self.sealed += values
        return [Sealed(f"{number:064x}", "") for number in range(first, len(self.sealed) + 1)]

    async def _at_once(self, values: Sequence[bytes]) -> None:
        """A vault that answers immediately."""

    def enrol(self, name: str) -> KeyFile:
        pair = new_keypair()
        self.directory.keys[pair.public] = name
        return self.key_file(name, pair)

    def key_file(self, name: str, pair: KeyPair) -> KeyFile:
        return KeyFile(
            name=name,
            endpoint=f"tcp://127.0.0.1:{self.port}",
            bridge_public=pair.public,
            bridge_secret=pair.secret,
            server_public=self.server.public,
            ledger_key=self.ledger_key.verify_key.encode().hex(),
        )

    @asynccontextmanager
    async def gateway_serving(self, *, heartbeat_s: float = 0.05, silence_s: float = 30) -> AsyncIterator[Gateway]:
        self.gateway = Gateway(
            offer=self.engine.offer,
            directory=self.directory,
            now_us=lambda: NOW_US,
            seal=self.seal,
            server_secret=self.server.secret,
            host="127.0.0.1",
            port=self.port,
            counters=self.counters,
            heartbeat_s=heartbeat_s,
            silence_s=silence_s,
            now_s=self.now_s,
        )
        async with anyio.create_task_group() as tasks:
            self.port = await tasks.start(self.gateway.serve)
            yield self.gateway
            tasks.cancel_scope.cancel()


class BareBridge:
    """A DEALER that sends exactly what a test tells it to, right or wrong."""

    def __init__(self, world: World, key: KeyFile, *, identity: bytes = b"") -> None:
        self.socket = world.context.socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.curve_publickey = key.bridge_public.encode()
        self.socket.curve_secretkey = key.bridge_secret.encode()
        self.socket.curve_serverkey = key.server_public.encode()
        if identity:
            self.socket.identity = identity
        self.socket.connect(f"tcp://127.0.0.1:{world.port}")
        self.session = ""
        self.heard: list[tuple[str, bytes]] = []

    def send(self, parts: list[bytes]) -> None:
        self.socket.send_multipart(parts)

    def say(self, body: wire.Message) -> None:
        self.send(wire.message(body, self.session))

    def send_events(self, first_seq: int, events: Sequence[bytes]) -> None:
        self.send(wire.journal(self.session, first_seq, events))

    async def hear(self, kind: type) -> object:
        """The next message of this kind; heartbeats and others are kept in `heard`."""
        name = wire.KIND_OF[kind]
        with anyio.fail_after(PATIENCE_S):
            while True:
                while not self.socket.poll(0):  # noqa: ASYNC110 (a bare socket sets no event)
                    await anyio.sleep(0.002)
                header, body = self.socket.recv_multipart()
                said = wire.read_header([header, body]).kind
                self.heard.append((said, body))
                if said == name:
                    return wire.read_body(kind, body)

    def hello(self, **changes: object) -> wire.Hello:
        fields: dict[str, object] = {
            "ver_min": 1,
            "ver_max": 1,
            "plugin": "bare",
            "plugin_version": "1",
            "platform": "test",
            "platform_build": "",
            "server": "demo",
            "caps": (),
            "outbox_epoch": "e1",
            "first_seq": 1,
            "last_seq": 0,
            "clock_us": NOW_US,
        }
        return wire.Hello(**{**fields, **changes})

    async def greet(self, **changes: object) -> wire.Welcome:
        self.say(self.hello(**changes))
        welcome = await self.hear(wire.Welcome)
        assert isinstance(welcome, wire.Welcome)
        self.session = welcome.session
        return welcome


class DutifulProgram:
    """Carries out each command and says so: at once, or (`may_finish`) when a test lets it; never where it `is_idle`."""

    def __init__(self) -> None:
        self.client: BridgeClient | None = None
        self.commands: list[tuple[str, bool]] = []
        self.asked: list[object] = []
        self.welcomes: list[Resume] = []
        self.is_idle = False
        self.may_finish = anyio.Event()
        self.may_finish.set()

    async def on_welcome(self, resume: Resume) -> None:
        self.welcomes.append(resume)

    async def on_command(self, command: wire.Cmd, *, again: bool) -> None:
        self.commands.append((command.cmd_id, again))
        await self.may_finish.wait()
        if not self.is_idle:
            result = CmdResult(command.cmd_id, command.acc, CommandState.APPLIED, "0", "", "", NOW_US)
            await self.client.publish([result])

    async def on_subscribe(self, symbols: tuple[str, ...]) -> None:
        self.asked.append(symbols)

    async def on_snapshot_request(self, login: str) -> None:
        self.asked.append(("snapshot", login))

    async def on_backfill_request(self, request: wire.BackfillReq) -> None:
        self.asked.append(request)


class Hands:
    """What a test needs beside the world: makers of bridges, and waiting."""

    until = staticmethod(until)
    now_us = NOW_US

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self._folder = folder
        self._sockets: list[BareBridge] = []
        self._numbers = itertools.count()

    def bare(self, key: KeyFile, *, identity: bytes = b"") -> BareBridge:
        bridge = BareBridge(self.world, key, identity=identity)
        self._sockets.append(bridge)
        return bridge

    def outbox(self, name: str = "") -> Outbox:
        return Outbox(self._folder / (name or f"outbox{next(self._numbers)}.db"))

    @asynccontextmanager
    async def client(
        self, key: KeyFile, outbox: Outbox, program: DutifulProgram | None = None, **options: object
    ) -> AsyncIterator[BridgeClient]:
        program = program or DutifulProgram()
        client = BridgeClient(
            key=key,
            outbox=outbox,
            program=program,
            identity=Identity(plugin="client", plugin_version="1", platform="test"),
            now_us=lambda: NOW_US,
            **{"heartbeat_s": 0.05, "silence_s": 5.0, **options},
        )
        program.client = client
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(client.run)
            yield client
            tasks.cancel_scope.cancel()

    def program(self) -> DutifulProgram:
        return DutifulProgram()

    def close(self) -> None:
        for bridge in self._sockets:
            bridge.socket.close(linger=0)
        self.world.context.term()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def hands(world: World, tmp_path: Path) -> Hands:
    hands = Hands(world, tmp_path)
    yield hands
    hands.close()
