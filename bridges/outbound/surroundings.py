"""Surroundings: what there is besides the firm when it calls: time, chance, names, and whom TLS trusts."""

import secrets
import socket
import ssl
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

import anyio
from anyio import to_thread

from bridges.outbound.errors import NoAnswer

RESOLVED_AT_ONCE_MAX = 4  # names; a resolver that hangs holds threads


class Resolver:
    """The system's. In threads of its own, so that names that hang hold up nothing but calls."""

    def __init__(self) -> None:
        self._asked = anyio.CapacityLimiter(
            RESOLVED_AT_ONCE_MAX
        )  # by calls that still wait; a further one waits its turn
        # A call that waits no longer gives its place back, and its thread goes on: threads are counted where they run.
        self._threads = threading.BoundedSemaphore(RESOLVED_AT_ONCE_MAX)

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """Raises OSError, and NoAnswer where names that were asked before hang."""
        return await to_thread.run_sync(self._resolved, host, port, limiter=self._asked, abandon_on_cancel=True)

    def _resolved(self, host: str, port: int) -> list[str]:
        if not self._threads.acquire(blocking=False):
            raise NoAnswer(
                f"the name {host} was not resolved, for {RESOLVED_AT_ONCE_MAX} others hang: see the resolver"
            )
        try:
            return [str(where[0]) for *_, where in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        finally:
            self._threads.release()


class Surroundings(NamedTuple):
    """What there is besides the firm: time (monotonic seconds), waiting, chance (0 to 1), names, and whom TLS trusts."""

    resolve: Callable[[str, int], Awaitable[Sequence[str]]]
    now_s: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep
    chance: Callable[[], float] = secrets.SystemRandom().random
    trust: Callable[[], ssl.SSLContext] = ssl.create_default_context
