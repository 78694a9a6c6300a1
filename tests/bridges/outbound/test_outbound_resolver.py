"""The system's resolver where it hangs: it holds so many threads and no more, however often the firm asks, and is asked again later."""

import socket
import threading
from collections.abc import Iterator
from typing import Any

import anyio
import pytest

from bridges.outbound.client import Outbound
from bridges.outbound.destination import Call
from bridges.outbound.errors import NoAnswer
from bridges.outbound.rules import Rules
from bridges.outbound.surroundings import RESOLVED_AT_ONCE_MAX, Resolver, Surroundings

ADDRESS = "192.0.2.1"  # of documentation


class System:
    """The system's, as it may be. Names that end in .hung hang until `lets_go`; the others lead where nobody is called."""

    def __init__(self) -> None:
        self.lets_go, self.hanging = threading.Event(), 0
        self._lock = threading.Lock()

    def getaddrinfo(self, host: str, port: int, **_: Any) -> list[Any]:
        if host.endswith(".hung"):
            with self._lock:
                self.hanging += 1
            self.lets_go.wait(60)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ADDRESS, port))]


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> Iterator[System]:
    system = System()
    monkeypatch.setattr(socket, "getaddrinfo", system.getaddrinfo)
    yield system
    system.lets_go.set()


async def waited_in_vain(resolver: Resolver, system: System, name: str) -> None:
    """Ask for a name that hangs, and wait for it no longer."""
    hanging = system.hanging
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(resolver, name, 443)
        with anyio.fail_after(10):
            while system.hanging == hanging:  # noqa: ASYNC110
                await anyio.sleep(0.001)
        tasks.cancel_scope.cancel()


async def test_names_that_hang_hold_so_many_threads_and_no_more(system: System) -> None:
    resolver = Resolver()
    for number in range(RESOLVED_AT_ONCE_MAX):
        await waited_in_vain(resolver, system, f"{number}.hung")
    for _ in range(3):
        with pytest.raises(NoAnswer, match=r"^the name a\.hung was not resolved, for 4 others hang: see the resolver$"):
            await resolver("a.hung", 443)
    assert system.hanging == RESOLVED_AT_ONCE_MAX


async def test_once_they_hang_no_more_names_are_resolved_again(system: System) -> None:
    resolver = Resolver()
    for number in range(RESOLVED_AT_ONCE_MAX):
        await waited_in_vain(resolver, system, f"{number}.hung")
    system.lets_go.set()
    found: list[str] = []
    with anyio.fail_after(10):
        while not found:
            try:
                found = list(await resolver("provider.example", 443))
            except NoAnswer:
                await anyio.sleep(0.001)
    assert found == [ADDRESS]


async def test_more_names_at_once_than_threads_wait_their_turn(system: System) -> None:
    resolver, found = Resolver(), []

    async def one(number: int) -> None:
        found.append(list(await resolver(f"{number}.example", 443)))

    async with anyio.create_task_group() as tasks:
        for number in range(5 * RESOLVED_AT_ONCE_MAX):
            tasks.start_soon(one, number)
    assert found == [[ADDRESS]] * (5 * RESOLVED_AT_ONCE_MAX)


async def test_a_call_says_that_the_resolver_hangs(system: System, provider: Any) -> None:
    resolver = Resolver()
    for number in range(RESOLVED_AT_ONCE_MAX):
        await waited_in_vain(resolver, system, f"{number}.hung")
    out = Outbound(Rules(), "evenhand/test", Surroundings(resolver))
    with pytest.raises(NoAnswer, match="others hang: see the resolver"):
        await out.call(provider(), Call(url="https://provider.example/"))
