"""Crowds: the same ten or fifty thousand actors that only count, as each library has them. For `bench/actors.py`.

A round hands every actor one message and lasts until all have counted it. A crowd is made in a process of its own.
"""

import itertools
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import anyio

from actors.arrival import Arrival
from actors.desk import Turn
from actors.engine import Engine
from actors.messages import Message, PriceReached
from actors.names import STAFF, account_desk
from bench import peers
from firm.commands import AddStaff
from firm.facts import Fact
from firm.inputs import Input

MESSAGES_PER_INPUT = 1_000
MAILBOX = 16

Crowd = Callable[[Callable[[Callable[[], None]], None], int], None]
"""Takes what is to be done once the actors are there, and how many; that is given a round."""


class _Counter:
    """A desk whose state is a number."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.count = 0

    def fold(self, body: Input | Fact, seq: int, account: int, happened_us: int) -> None: ...

    def decide(self, message: Message | Input, turn: Turn) -> Iterator[None] | None:  # noqa: ARG002
        self.count += 1
        return None

    def capture(self) -> int:
        return self.count

    def restore(self, state: int) -> None:
        self.count = state


class _Sender(_Counter):
    """Sits where a command goes, and tells the next thousand."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(STAFF)
        self._names = names

    def decide(self, message: Message | Input, turn: Turn) -> Iterator[None] | None:  # noqa: ARG002
        reached = PriceReached(at_us=turn.at_us)
        for name in self._names[self.count : self.count + MESSAGES_PER_INPUT]:
            turn.send(name, reached)
        self.count = (self.count + MESSAGES_PER_INPUT) % len(self._names)
        return None


def ours(work: Callable[[Callable[[], None]], None], count: int) -> None:
    """Desks of the engine, through its own door: with what a turn keeps to undo it, and the row of each input."""
    engine = Engine("00" * 16)
    names = [account_desk(number) for number in range(1, count + 1)]
    engine.desks.update({name: _Counter(name) for name in names})
    engine.desks[STAFF] = _Sender(names)
    command = AddStaff(by="console", staff=1, role="owner", sealed="")

    def one_round() -> None:
        for _ in range(0, count, MESSAGES_PER_INPUT):
            engine.decide([Arrival(command, 0, 0)])

    work(one_round)
    assert {desk.count for desk in engine.desks.values() if type(desk) is _Counter} != {0}, "nobody was told"


def anyio_tasks(work: Callable[[Callable[[], None]], None], count: int) -> None:
    """A task for each account that waits at a stream of its own."""
    anyio.run(_in_loop, work, count)


async def _in_loop(work: Any, count: int) -> None:
    counted = _Counted(count)

    async def account(inbox: Any) -> None:
        async with inbox:
            async for _ in inbox:
                counted.one()

    async with anyio.create_task_group() as tasks:
        doors = []
        for _ in range(count):
            door, inbox = anyio.create_memory_object_stream[object](MAILBOX)
            doors.append(door)
            tasks.start_soon(account, inbox)
        await anyio.lowlevel.checkpoint()

        async def one_round() -> None:
            counted.begin()
            for door in doors:
                await door.send(counted)
            while not counted.all:
                await anyio.lowlevel.checkpoint()

        # The work is not a coroutine, as the other crowds have no loop: it runs in a thread and asks this loop for each round.
        await anyio.to_thread.run_sync(work, partial(anyio.from_thread.run, one_round))
        for door in doors:
            door.close()


def pykka(work: Callable[[Callable[[], None]], None], count: int) -> None:
    """A thread for each actor. They end with the process: stopping them takes longer than all that is measured."""
    peers.add_peers()
    from pykka import ThreadingActor

    counted = _Counted(count)

    class Account(ThreadingActor):
        use_daemon_thread = True

        def on_receive(self, message: Any) -> None:  # noqa: ARG002
            counted.one()

    accounts: list[Any] = []
    try:
        while len(accounts) < count:
            accounts.append(Account.start())
    except RuntimeError as error:
        raise RuntimeError(f"after {len(accounts):,} threads: {error}") from error

    def one_round() -> None:
        counted.begin()
        for account in accounts:
            account.tell(counted)
        counted.done.wait()

    work(one_round)


def thespian(work: Callable[[Callable[[], None]], None], count: int) -> None:
    """Its system of one process and thread: of its systems the one that bears so many, and the quickest."""
    peers.add_peers()
    from thespian.actors import Actor, ActorSystem

    counted = _Counted(count)

    class Account(Actor):
        def receiveMessage(self, message: Any, sender: Any) -> None:  # noqa: ARG002, N802
            if message == "count":
                counted.one()

    system = ActorSystem("simpleSystemBase")
    accounts = [system.createActor(Account) for _ in range(count)]

    def one_round() -> None:
        counted.begin()
        for account in accounts:
            system.tell(account, "count")
        counted.done.wait()

    work(one_round)


class _Counted:
    """How many have counted in this round; safe among threads, because `next` of a counter is one step."""

    def __init__(self, count: int) -> None:
        self._count = count
        self.done = threading.Event()
        self.begin()

    @property
    def all(self) -> bool:
        return self.done.is_set()

    def begin(self) -> None:
        self.done.clear()
        self._numbers = itertools.count(1)

    def one(self) -> None:
        if next(self._numbers) == self._count:
            self.done.set()


CROWDS: dict[str, Crowd] = {"ours": ours, "anyio": anyio_tasks, "pykka": pykka, "thespian": thespian}
