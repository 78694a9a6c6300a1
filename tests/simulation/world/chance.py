"""Chance: every drawn thing of a run comes from its seed, each part of the world from a stream of its own.

So a fault that is added to one part leaves what the others draw as it was.
"""

import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import zmq
from world.network import ClientChannel, Listener, ServerChannel, SimulatedDoorkeeper


def stream(seed: int, part: str) -> random.Random:
    return random.Random(f"{seed}/{part}")


class _Secrets:
    """What `secrets` gives, drawn from the seed."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice

    def token_hex(self, size: int) -> str:
        return self._dice.randbytes(size).hex()

    def randbelow(self, end: int) -> int:
        return self._dice.randrange(end)


class _Context:
    """In the place of a ZeroMQ context: there are no sockets here."""

    def __enter__(self) -> "_Context":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def term(self) -> None:
        return None


class _Ticking:
    """A performance counter that moves a little with each look: how long something took must change nothing that is written."""

    def __init__(self) -> None:
        self._ns = 0

    def __call__(self) -> int:
        self._ns += 1_000
        return self._ns


@contextmanager
def outside_replaced(seed: int, run_sync: Any) -> Iterator[None]:
    """While it lasts the firm's and the bridge's chance, sockets, threads and stop watches are the simulation's."""
    drawn, ticking = _Secrets(stream(seed, "secrets")), _Ticking()
    sockets = SimpleNamespace(Context=_Context, LAST_ENDPOINT=zmq.LAST_ENDPOINT, ZMQError=zmq.ZMQError)
    replaced: dict[str, Any] = {
        "actors.runner.to_thread": SimpleNamespace(run_sync=run_sync),
        "actors.runner.perf_counter_ns": ticking,
        "actors.snapshotter.perf_counter_ns": ticking,
        "bridges.gateway.secrets": drawn,
        "bridges.gateway.zmq": sockets,
        "bridges.gateway.Channel": ServerChannel,
        "bridges.gateway.Doorkeeper": SimulatedDoorkeeper,
        "bridges.gateway.bound_socket": lambda *_: Listener(),
        "bridges.client.secrets": drawn,
        "bridges.client.zmq": sockets,
        "bridges.link.Channel": ClientChannel,
        "bridges.link._dialled": lambda _, key: key,
        "bridges.outbox.secrets": drawn,
    }
    with ExitStack() as stack:
        for name, value in replaced.items():
            stack.enter_context(patch(name, value))
        yield
