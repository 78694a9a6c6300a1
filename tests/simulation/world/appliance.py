"""Appliance: the firm's process, wired as `appliance/assembly.py` wires it, which lives until it crashes and then is born again."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import anyio
from world.disk import Disk, Point
from world.firm_files import SECRET, SEED

from actors.arrival import Arrival, Decided, Overloaded
from actors.batch import Batch
from actors.directory import Directory
from actors.effects import Effect
from actors.live import Health
from actors.live_board import LiveBoard
from actors.meter import Meter
from actors.recovery import recover
from actors.runner import Runner
from appliance.digest import engine_digest
from appliance.release import RELEASE
from appliance.subscriptions import Subscriptions
from bridges.gateway import Gateway
from bridges.sealer import Personal, Sealed
from firm.commands import Command
from firm.inputs import ClockTicked, EngineResumed, EpochOpened, Input
from storage.ledger import Ledger
from storage.reader import LedgerReader
from storage.readmodels.registry import READ_MODELS

TICK_EVERY_S = 12.0
HEARTBEAT_S, SILENCE_S = 20.0, 50.0


class Appliance:
    """One life. `watcher` sees what it releases: pages, effects, answers."""

    def __init__(self, disk: Disk, now_us: Callable[[], int], watcher: Any) -> None:
        self._disk, self._now_us, self._watcher = disk, now_us, watcher
        self.dead = False
        self.ledger = Ledger.open(disk.directory, secret=SECRET, signing_seed=SEED, read_models=READ_MODELS)
        self.ledger._connection.set_commit_hook(disk.before_commit)
        self.reader = LedgerReader(disk.directory, secret=SECRET)
        self.alarms: list[tuple[str, BaseException]] = []
        recovered = recover(self.reader, self.ledger.lineage.hex(), engine_digest(), self._alarm)
        self.engine = recovered.engine
        self.counters: Counter[str] = Counter()
        self.directory = Directory(self.engine)
        self.gateway = Gateway(
            offer=lambda arrivals: self.runner.offer(arrivals),
            directory=self.directory,
            now_us=now_us,
            # Not the vault: it draws its keys from the operating system, and no run would be like another.
            seal=_seal,
            server_secret="",
            host="",
            port=0,
            counters=self.counters,
            heartbeat_s=HEARTBEAT_S,
            silence_s=SILENCE_S,
        )
        self.subscriptions = Subscriptions(self.engine, self.gateway)
        self.live = LiveBoard(self.engine, lambda: Health())  # type: ignore[call-arg]
        self.live.publish_all()
        self.runner = Runner(self.engine, self.ledger, self._publish, self._carry, now_us, Meter())
        if recovered.epoch_open:
            opening: Input = EngineResumed(engine=engine_digest())
        else:
            opening = EpochOpened(engine=engine_digest(), release=RELEASE, state_hash="")
        self.runner.push([self._stamped(opening)])

    async def live_on(self) -> None:
        """Until it crashes or is cancelled."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.runner.run)
            await tasks.start(self.gateway.serve)
            tasks.start_soon(self._tick)

    async def _tick(self) -> None:
        while True:
            await anyio.sleep(TICK_EVERY_S)
            self.runner.push([self._stamped(ClockTicked(at_us=self._now_us()))])

    async def ask(self, command: Command) -> Decided | None:
        """What it led to; None where this life ended before anybody could say."""
        answered: asyncio.Future[Decided] = asyncio.get_running_loop().create_future()

        def on_durable(decided: Decided) -> None:
            self._watcher.answered(decided)
            if not answered.done():
                answered.set_result(decided)

        try:
            self.runner.offer([self._stamped(command, on_durable)])
        except Overloaded:
            return None
        while not self.dead:
            done, _ = await asyncio.wait([answered], timeout=1.0)
            if done:
                return answered.result()
        return None

    def _stamped(self, body: Input, on_durable: Callable[[Decided], None] | None = None) -> Arrival:
        now_us = self._now_us()
        return Arrival(body, now_us, now_us, getattr(body, "account", 0), None, on_durable)

    def _publish(self, batch: Batch) -> None:
        self._watcher.published(batch)
        self.live.publish(batch)
        self.directory.learn(batch)
        self.subscriptions.learn(batch)
        self._disk.reach(Point.PUBLISHED)

    def _carry(self, effect: Effect) -> None:
        self._watcher.carried(effect)
        self.gateway.carry(effect)
        self._disk.reach(Point.CARRYING)

    def _alarm(self, desk: str, error: BaseException) -> None:
        self.alarms.append((desk, error))

    def close(self) -> None:
        """After the run: nothing is read from it any more."""
        self.reader.close()
        self.ledger.close()


async def _seal(values: Sequence[Personal]) -> list[Sealed]:
    return [Sealed(hashlib.sha256(each.value).hexdigest(), "") for each in values]
