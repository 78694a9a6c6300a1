"""Doorkeeper: the socket that bridges reach, and who may open a connection to it: the holder of an enrolled key, nobody else."""

import os
from collections.abc import Callable
from typing import Protocol

import anyio
import anyio.lowlevel
import zmq
from zmq.auth.asyncio import AsyncioAuthenticator

from bridges.bounds import TRANSPORT_BYTES_MAX, UNREAD_MAX

NO_DOOR = -1  # libzmq's own word for it: open one
_ZAP_DOMAIN = "evenhand"


class Keys(Protocol):
    """Which bridge a key belongs to."""

    def bridge_of_key(self, z85: str) -> str | None: ...

    def is_revoked(self, bridge: str) -> bool: ...


class CannotBind(Exception):
    """The port cannot be had: what, which, what next."""


class Doorkeeper:
    """Answers ZeroMQ's authentication requests (ZAP) from the directory."""

    def __init__(self, context: "zmq.Context[zmq.Socket[bytes]]", keys: Keys, count: Callable[[str], None]) -> None:
        self._keys = keys
        self._count = count
        self._authenticator = AsyncioAuthenticator(context)
        self._authenticator.configure_curve_callback(domain=_ZAP_DOMAIN, credentials_provider=self)

    def start(self) -> None:
        self._authenticator.start()

    async def stop(self) -> None:
        self._authenticator.stop()
        with anyio.CancelScope(shield=True):
            await anyio.lowlevel.checkpoint()  # lets the authenticator's task see its cancellation

    def callback(self, domain: str, key: bytes) -> bool:
        """Whether the holder of this key may connect. pyzmq asks, with the key already in Z85."""
        del domain
        bridge = self._keys.bridge_of_key(key.decode("ascii", "replace"))
        if bridge is None:
            self._count("unknown key")
            return False
        if self._keys.is_revoked(bridge):
            self._count("revoked key")
            return False
        return True


def bound_socket(
    context: "zmq.Context[zmq.Socket[bytes]]", host: str, port: int, server_secret: str, door: int = NO_DOOR
) -> "zmq.Socket[bytes]":
    """`door`: the descriptor of a socket that listens already; ZeroMQ owns and closes it from here on."""
    socket = context.socket(zmq.ROUTER)
    socket.curve_server = True
    socket.curve_secretkey = server_secret.encode()
    socket.zap_domain = _ZAP_DOMAIN.encode()
    socket.setsockopt(zmq.ZAP_ENFORCE_DOMAIN, 1)  # without a doorkeeper nobody enters
    socket.setsockopt(zmq.ROUTER_HANDOVER, 0)
    socket.setsockopt(zmq.ROUTER_MANDATORY, 1)
    socket.setsockopt(zmq.MAXMSGSIZE, TRANSPORT_BYTES_MAX)
    socket.setsockopt(zmq.SNDHWM, UNREAD_MAX)
    socket.setsockopt(zmq.USE_FD, door)
    if door != NO_DOOR:
        # libzmq sets this only for a door of its own. Where a gateway that ends is still at the same door, both are woken by one
        # bridge, and the later one would wait in accept(2) for another, with everybody who came in by it.
        os.set_blocking(door, False)
    try:
        socket.bind(f"tcp://{host}:{port}")
    except zmq.ZMQError as error:
        socket.close(linger=0)
        raise CannotBind(
            f"bridges cannot be served on {host}:{port} ({zmq.strerror(error.errno or 0)}): "
            "stop the program that has the port, or choose another with gateway.port in evenhand.toml"
        ) from error
    return socket


def key_of(frames: list[zmq.Frame]) -> str:
    """The authenticated key, in Z85, that ZAP attached to the message."""
    user_id = frames[-1].get("User-Id")
    return user_id if isinstance(user_id, str) else ""
