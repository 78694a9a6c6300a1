"""Network: connections between bridge and gateway that delay, lose, double and shuffle messages, break, and are made again.

Messages of a lane may be lost, doubled and shuffled: the protocol numbers them. What is not numbered keeps its order, as on
TCP, but may be lost (a full queue drops it), doubled, or go down with its connection.
"""

import asyncio
import errno
import random
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import zmq

from bridges.enrolment import KeyFile
from bridges.wire import Kind, read_header

_SHUFFLED = frozenset({Kind.JOURNAL, Kind.QUOTES, Kind.CONFLATED, Kind.WATERMARK, Kind.ACK, Kind.HB})
_SURE = frozenset({Kind.HELLO, Kind.WELCOME, Kind.BYE})


class Frame:
    """One part of a message, with the key that its connection proved to hold."""

    def __init__(self, raw: bytes, key: str) -> None:
        self.bytes = raw
        self._key = key

    def get(self, _: str) -> str:
        return self._key


class Listener:
    """A bound socket."""

    def getsockopt(self, _: int) -> bytes:
        return b"tcp://firm:1\0"


class SimulatedDoorkeeper:
    """Lets in whom the directory knows; ZAP itself is tested with real sockets elsewhere."""

    def __init__(self, _: object, keys: Any, count: Callable[[str], None]) -> None:
        self._keys, self._count = keys, count

    def start(self) -> None:
        Network.of_now().doorkeeper = self

    async def stop(self) -> None:
        return

    def admits(self, key: str) -> bool:
        bridge = self._keys.bridge_of_key(key)
        if bridge is None:
            self._count("unknown key")
        return bridge is not None


class Weather:
    """How bad the network is: shares of messages, and seconds. `fair` has nothing but a little delay."""

    def __init__(self, dice: random.Random) -> None:
        rough = max(0.0, dice.random() * 1.5 - 0.5)  # a third of the runs lose and shuffle nothing
        self.lost = 0.05 * rough
        self.doubled = 0.05 * rough
        self.shuffled = 0.08 * rough
        self.delay_s = 0.2 + 2 * rough
        self.break_every_s = 60 + 400 * (1 - rough)
        self.down_s = 20.0

    def fair(self) -> None:
        self.lost = self.doubled = self.shuffled = 0.0
        self.delay_s = 0.05


class Network:
    """All connections of a run. `on_sent` sees every message that leaves the gateway, before anybody else can."""

    _now: "Network"

    def __init__(self, dice: random.Random, weather: Weather) -> None:
        self.dice = dice
        self.weather = weather
        self.server: ServerChannel | None = None
        self.doorkeeper: SimulatedDoorkeeper | None = None
        self.connections: dict[bytes, Connection] = {}
        self.down_until = 0.0
        self.on_sent: Callable[[list[bytes]], None] = lambda _: None
        self.counts = {"lost": 0, "doubled": 0, "shuffled": 0, "broken": 0}
        self._numbers = 0
        Network._now = self

    @classmethod
    def of_now(cls) -> "Network":
        return cls._now

    def next_routing_id(self) -> bytes:
        self._numbers += 1
        return b"\0" + self._numbers.to_bytes(4, "big")

    def break_all(self, down_s: float = 0.0) -> None:
        self.counts["broken"] += len(self.connections)
        self.down_until = asyncio.get_running_loop().time() + down_s
        for connection in list(self.connections.values()):
            connection.end()

    def server_died(self) -> None:
        if self.server is not None:
            self.server.closed = True
        self.server = self.doorkeeper = None
        self.break_all()


class Connection:
    """One connection: two directions, in each of which messages wait for their time."""

    def __init__(self, network: Network, client: "ClientChannel", server: "ServerChannel") -> None:
        self.network = network
        self.routing_id = network.next_routing_id()
        self.client, self.server = client, server
        self.alive = True
        self.up = Direction(network, self._at_server)
        self.down = Direction(network, self._at_client)
        network.connections[self.routing_id] = self

    def end(self) -> None:
        if self.alive:
            self.alive = False
            self.network.connections.pop(self.routing_id, None)
            self.client.lost(self)

    def _at_server(self, parts: list[bytes]) -> None:
        if self.alive:
            key = self.client.key.bridge_public
            self.server.take([Frame(self.routing_id, key), *(Frame(part, key) for part in parts)])

    def _at_client(self, parts: list[bytes]) -> None:
        if self.alive:
            self.client.take([Frame(part, "") for part in parts])


class Direction:
    """Messages on their way. Each has its own delay, but none overtakes another except where the weather shuffles."""

    def __init__(self, network: Network, arrive: Callable[[list[bytes]], None]) -> None:
        self._network = network
        self._arrive = arrive
        self._waiting: deque[list[bytes]] = deque()
        self._last = 0.0

    def put(self, parts: Sequence[bytes]) -> None:
        network, dice = self._network, self._network.dice
        kind, weather = Kind(read_header(list(parts)).kind), network.weather
        if kind not in _SURE and dice.random() < weather.lost:
            network.counts["lost"] += 1
            return
        copies = 1
        if kind not in _SURE and dice.random() < weather.doubled:
            network.counts["doubled"] += 1
            copies = 2
        loop = asyncio.get_running_loop()
        for _ in range(copies):
            self._waiting.append(list(parts))
            if kind in _SHUFFLED and len(self._waiting) > 1 and dice.random() < weather.shuffled:
                self._overtake()
            self._last = max(self._last, loop.time() + dice.random() * weather.delay_s)
            loop.call_at(self._last, self._deliver)

    def _overtake(self) -> None:
        if Kind(read_header(self._waiting[-2]).kind) in _SHUFFLED:
            self._network.counts["shuffled"] += 1
            self._waiting[-1], self._waiting[-2] = self._waiting[-2], self._waiting[-1]

    def _deliver(self) -> None:
        self._arrive(self._waiting.popleft())


class ServerChannel:
    """In the place of `bridges.channel.Channel` at the gateway."""

    def __init__(self, _: object, *, on_message: Callable[[Any], None], on_turn: Callable[[], None]) -> None:
        self._on_message, self._on_turn = on_message, on_turn
        self._inbox: deque[list[Frame]] = deque()
        self.paused = self.closed = False
        self._network = Network.of_now()
        self._network.server = self

    def send(self, parts: Sequence[bytes]) -> bool:
        if self.closed:
            return False
        connection = self._network.connections.get(parts[0])
        if connection is None:
            raise zmq.ZMQError(errno.EHOSTUNREACH)
        self._network.on_sent(list(parts[1:]))
        connection.down.put(parts[1:])
        return True

    def take(self, frames: list[Frame]) -> None:
        self._inbox.append(frames)
        self._read()

    def _read(self) -> None:
        while self._inbox and not self.paused and not self.closed:
            self._on_message(self._inbox.popleft())
            self._on_turn()

    def raise_fault(self) -> None:
        """No error is planted in what is called here; asyncio logs one that comes."""

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        if self.paused:
            self.paused = False
            asyncio.get_running_loop().call_soon(self._read)

    def close(self) -> None:
        self.closed = True


class ClientChannel:
    """In the place of `bridges.channel.Channel` at a bridge: dials until somebody answers, and again after a break."""

    def __init__(
        self,
        key: KeyFile,
        *,
        on_message: Callable[[Any], None],
        on_turn: Callable[[], None],
        on_writable: Callable[[], None],
    ) -> None:
        self.key = key
        self._on_message, self._on_turn, self._on_writable = on_message, on_turn, on_writable
        self._network = Network.of_now()
        self._connection: Connection | None = None
        self._inbox: deque[list[Frame]] = deque()
        self.paused = self._closed = False
        self._dial_later()

    def _dial_later(self) -> None:
        asyncio.get_running_loop().call_later(0.1 + self._network.dice.random() * 0.5, self._dial)

    def _dial(self) -> None:
        network = self._network
        if self._closed or self._connection is not None:
            return
        is_down = asyncio.get_running_loop().time() < network.down_until
        if is_down or network.server is None or network.doorkeeper is None or network.server.closed:
            self._dial_later()
        elif network.doorkeeper.admits(self.key.bridge_public):
            self._connection = Connection(network, self, network.server)
            self._on_writable()
        else:
            self._dial_later()

    def lost(self, connection: Connection) -> None:
        if self._connection is connection:
            self._connection = None
            if not self._closed:
                self._dial_later()

    def send(self, parts: Sequence[bytes]) -> bool:
        if self._closed or self._connection is None:
            return False
        self._connection.up.put(parts)
        return True

    def take(self, frames: list[Frame]) -> None:
        self._inbox.append(frames)
        self._read()

    def _read(self) -> None:
        while self._inbox and not self.paused and not self._closed:
            self._on_message(self._inbox.popleft())
        if not self._closed:
            self._on_turn()

    def raise_fault(self) -> None:
        """No error is planted in what is called here; asyncio logs one that comes."""

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False
        asyncio.get_running_loop().call_soon(self._read)

    def close(self) -> None:
        self._closed = True
        if self._connection is not None:
            # What was sent is still on its way; only nobody hears the answers.
            asyncio.get_running_loop().call_later(self._network.weather.delay_s, self._connection.end)
            self._connection = None
