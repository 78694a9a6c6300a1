"""Surroundings: what there is besides the firm when it calls: time, chance, names, and whom TLS trusts."""

import secrets
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

import anyio
from anyio import to_thread

RESOLVED_AT_ONCE_MAX = 4  # names; a resolver that hangs holds threads


class Resolver:
    """The system's. In threads of its own, so that names that hang hold up nothing but calls."""

    def __init__(self) -> None:
        self._threads = anyio.CapacityLimiter(RESOLVED_AT_ONCE_MAX)

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """Raises OSError."""
        return await to_thread.run_sync(_resolved, host, port, limiter=self._threads, abandon_on_cancel=True)


def _resolved(host: str, port: int) -> list[str]:
    return [str(where[0]) for *_, where in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class Surroundings(NamedTuple):
    """What there is besides the firm: time (monotonic seconds), waiting, chance (0 to 1), names, and whom TLS trusts."""

    resolve: Callable[[str, int], Awaitable[Sequence[str]]]
    now_s: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep
    chance: Callable[[], float] = secrets.SystemRandom().random
    trust: Callable[[], ssl.SSLContext] = ssl.create_default_context
