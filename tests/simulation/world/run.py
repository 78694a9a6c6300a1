"""Run: one seed from the founding of a firm to its rest, with everything that may go wrong on the way."""

import asyncio
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import anyio
from world.appliance import Appliance
from world.bridge import Bridge
from world.chance import outside_replaced, stream
from world.disk import Crash, Disk
from world.firm_files import KEY, SECRET, found, scratch
from world.loop import Stuck, VirtualLoop
from world.market import POLICY, SOLD, Move, Sold, moves, programs
from world.network import Network, Weather
from world.platform import Account, Platform
from world.poison import POISON, poison_works
from world.watcher import Broken, Invariant, Watcher

from actors.enforcement_plans import is_waited_for
from actors.recovery import ReplayDiverged
from firm.commands import Command, EnrolBridge, MarkOrderPaid, PlaceOrder, PublishProgram, RegisterTrader
from firm.inputs import CommandState, PolicyAdopted
from firm.ruleset import LateBreach
from storage.reader import LedgerReader

STEPS, STEPS_LONG = 30, 150
# Only a soak plays the seeds from here on. The first thousand are long evenings, and one in four of the others.
SOAK_FROM, LONG_UNTIL, LONG_EVERY = 10_000, 11_000, 4
STAYING_FROM = 100  # in three of eight seeds from here on no floor follows every tick
LATE_SHARES = (0.0, 0.03, 0.2)  # of prices and deals that the platform tells late
REST_S_MAX = 1_500.0
DOWN_S = 2.0


@dataclass
class Outcome:
    """What a run led to. `broken` is empty where all held."""

    seed: int
    broken: list[Broken] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    rows: int = 0
    digest: str = ""


class World:
    """Everything of one run. `play` returns when it has come to rest."""

    def __init__(self, seed: int, root: Path, loop: VirtualLoop, steps: int) -> None:
        self.seed, self.loop, self.steps = seed, loop, steps
        self.dice = stream(seed, "faults")
        self.weather = Weather(stream(seed, "weather"))
        self.network = Network(stream(seed, "network"), self.weather)
        self.disk = Disk(stream(seed, "disk"), found(root))
        late = self.dice.choice(LATE_SHARES)
        fails = self.dice.choice((0.0, 0.5))
        self.platform = Platform(stream(seed, "platform"), lambda: loop.now_us, fails=fails, late=late)
        self.watcher = Watcher()
        self.network.on_sent = self.watcher.sent
        self.disk.on_crash = self._firm_died
        self.outbox = root / "outbox.db"
        self.counts: Counter[str] = Counter()
        self.appliances: list[Appliance] = []
        self.alarms: list[tuple[str, BaseException]] = []
        self.bridge: Bridge | None = None
        self._bridge_task: asyncio.Task[None] | None = None
        self._poison = self.dice.random() < 0.15
        self.poisoned: set[str] = set()
        self._down_for = 0

    @property
    def firm(self) -> Appliance | None:
        latest = self.appliances[-1] if self.appliances else None
        return None if latest is None or latest.dead else latest

    @property
    def is_in_order(self) -> bool:
        """Whether everything reached the firm in the order in which it happened, however late or often."""
        shaken = self.network.counts["lost"] + self.network.counts["shuffled"]
        return self.platform.late_share == 0 and not shaken

    async def play(self) -> None:
        firm = asyncio.create_task(self._keep_firm_alive())
        try:
            await self._found()
            if self.watcher.broken:
                return
            self._start_bridge()
            await self._sell()
            for move in moves(stream(self.seed, "market"), self.steps):
                await self._make(move)
                self._spoil()
                if self.watcher.broken:
                    return
            await self._come_to_rest()
        finally:
            await self._stop(firm, self._bridge_task)

    def close(self) -> None:
        """After the checks: let go of the files."""
        self.watcher.close()
        for appliance in self.appliances:
            appliance.close()
        if self.bridge is not None:
            self.bridge.outbox.close()

    # --- processes ---

    async def _keep_firm_alive(self) -> None:
        while True:
            self.watcher.look_at(self.disk.directory)
            try:
                appliance = Appliance(self.disk, lambda: self.loop.now_us, self.watcher)
            except ReplayDiverged as diverged:
                self.watcher.say(Invariant.REPLAY, f"the firm cannot start: {diverged}")
                return
            self.appliances.append(appliance)
            try:
                await appliance.live_on()
            except BaseExceptionGroup as group:
                if not group.subgroup(Crash):
                    self._ended("the firm", group)
                    return
            finally:
                self.alarms.extend(appliance.alarms)
            self.counts["crashes"] += 1
            await asyncio.sleep(DOWN_S * self.dice.random())

    def _ended(self, who: str, group: BaseExceptionGroup[BaseException]) -> None:
        """A process that nobody killed is dead."""
        if group.subgroup(asyncio.CancelledError):
            raise group
        self.watcher.say(Invariant.SETTLES, f"{who} has ended: {[repr(error) for error in group.exceptions]}")

    def _firm_died(self) -> None:
        self.appliances[-1].dead = True
        self.network.server_died()

    def _start_bridge(self) -> None:
        self.bridge = Bridge(self.platform, self.outbox, stream(self.seed, f"bridge/{self.counts['bridge lives']}"))
        self.counts["bridge lives"] += 1
        self._bridge_task = asyncio.create_task(self._keep(self.bridge))

    async def _keep(self, bridge: Bridge) -> None:
        try:
            await bridge.live_on()
        except BaseExceptionGroup as group:
            self._ended("the bridge", group)

    async def _kill_bridge(self) -> None:
        assert self.bridge is not None
        await self._stop(self._bridge_task)
        self.bridge.outbox.close()
        await asyncio.sleep(DOWN_S * self.dice.random())
        self._start_bridge()

    @staticmethod
    async def _stop(*tasks: "asyncio.Task[None] | None") -> None:
        for task in tasks:
            if task is not None:
                task.cancel()
                await asyncio.wait([task])
                if not task.cancelled() and (error := task.exception()) is not None:
                    raise error

    # --- the firm's people ---

    async def _ask(self, command: Command | PolicyAdopted) -> None:
        """Ask until there is an answer: whoever heard nothing asks again."""
        while not self.watcher.broken:
            firm = self.firm
            if firm is not None and await firm.ask(command) is not None:  # type: ignore[arg-type]
                return
            await asyncio.sleep(0.2)

    async def _found(self) -> None:
        await self._ask(PolicyAdopted(policy=POLICY))
        await self._ask(EnrolBridge(by="console", bridge="sim", public_key=KEY.bridge_public, simulator=True))
        late = LateBreach.ENFORCE if self.dice.random() < 0.5 else LateBreach.REVIEW
        offers = (
            PublishProgram(by="console", program=program)
            for program in programs(late, floors_stay=self.seed >= STAYING_FROM and self.seed % 8 >= 5).values()
        )
        await asyncio.gather(*map(self._ask, offers))
        self.platform.list_symbols()
        for symbol, bid, ask in (("EURUSD", 138_700, 138_711), ("XAUUSD", 1_290_000, 1_290_107)):
            self.platform.quote(symbol, bid, ask)

    async def _sell(self) -> None:
        await asyncio.gather(*(self._sell_one(sold) for sold in SOLD))

    async def _sell_one(self, sold: Sold) -> None:
        await self._ask(RegisterTrader(by="console", trader=sold.trader, sealed="c0ffee"))
        by = f"trader:{sold.trader}"
        await self._ask(
            PlaceOrder(by=by, order=sold.order, trader=sold.trader, program=sold.program, accounts=sold.accounts)
        )
        await self._ask(MarkOrderPaid(by="console", order=sold.order, reference="wire"))

    # --- what happens ---

    async def _make(self, move: Move) -> None:
        await asyncio.sleep(move.wait_s)
        platform = self.platform
        platform.tell_what_is_due()
        self._link_of_platform()
        for symbol, bid, ask in move.prices if not self._down_for else ():
            platform.quote(symbol, bid, ask)
        accounts = list(platform.accounts.values())[: len(SOLD)]
        if accounts:
            account = accounts[move.place % len(accounts)]
            match move.act:
                case "open" if len(account.positions) < 4:
                    platform.open(account, move.symbol, move.side, move.lots, self._why(account))
                    platform.report_equity(account)
                case "close" if account.positions:
                    platform.close(account, list(account.positions)[move.lots % len(account.positions)])
                    platform.report_equity(account)
                case "equity":
                    for one in accounts:
                        if one.positions:
                            platform.report_equity(one)
                case "snapshot":
                    platform.snapshot(account.login)
                case "cash":
                    platform.pay_in(account, move.lots * 10_000_00 // 7 * (1 if move.lots % 2 else -1))
                case _:
                    pass
        platform.on_news()

    def _link_of_platform(self) -> None:
        """Now and then the bridge loses sight of its platform: no prices for a while."""
        if self._down_for:
            self._down_for -= 1
            if not self._down_for:
                self.platform.lose_link(up=True)
        elif self.dice.random() < 0.02:
            self._down_for = 3
            self.platform.lose_link(up=False)

    def _why(self, account: Account) -> str:
        """In some runs one deal is poison."""
        if self._poison and self.dice.random() < 0.1:
            self._poison = False
            self.poisoned.add(account.login)
            return POISON
        return "client"

    def _spoil(self) -> None:
        """Now and then something breaks."""
        draw = self.dice.random()
        if draw < 0.05 and not self.disk.crash_in:
            self.disk.plan_crash()
        elif draw < 0.08:
            self.counts["bridge deaths"] += 1
            self._spare = asyncio.create_task(self._kill_bridge())
        elif draw < 0.08 + 8 / self.weather.break_every_s:
            self.network.break_all(self.dice.choice((0.0, 1.0, self.weather.down_s)))

    # --- the end ---

    async def _come_to_rest(self) -> None:
        """The weather clears, everything that was late is told, and all sides agree; if they do not, that is a finding."""
        self.weather.fair()
        self.disk.plan_none()
        if self._down_for:
            self.platform.lose_link(up=True)
        self.platform.tell_what_is_due(all_of_it=True)
        await asyncio.sleep(20.0)
        self.network.break_all()
        deadline = self.loop.time() + REST_S_MAX
        calm = 0
        while calm < 2:
            for symbol, (bid, ask) in self.platform.prices.items():
                self.platform.quote(symbol, bid, ask)
            self.platform.tell_what_is_due(all_of_it=True)
            self.platform.snapshot("")
            await asyncio.sleep(10.0)
            calm = calm + 1 if self._is_calm() else 0
            if self.loop.time() > deadline:
                self.watcher.say(Invariant.SETTLES, f"not at rest after {REST_S_MAX:g} s: {self._why_not_calm()}")
                return
            if self.watcher.broken:
                return

    def _is_calm(self) -> bool:
        return not self._why_not_calm()

    def _why_not_calm(self) -> str:
        firm, bridge = self.firm, self.bridge
        if firm is None or bridge is None or not bridge.client.connected:
            return "nobody is connected"
        if self.platform.delayed:
            return f"the platform has yet to tell of {self.platform.delayed}"
        if not bridge.is_level or bridge.outbox.depth > 100:
            return f"{bridge.outbox.depth} events wait to be acknowledged"
        state = firm.engine.desk("enforcement/sim").capture()
        # A command that was carried out for a plan which another has replaced since is seen by no snapshot any more.
        running = [
            command
            for command, held in state.commands.items()
            if held.state is not CommandState.APPLIED or is_waited_for(state.plans.get(held.account), held.queued)
        ]
        return f"commands are open: {sorted(running)}" if running else ""


def steps_of(seed: int) -> int:
    long = seed >= SOAK_FROM and (seed < LONG_UNTIL or seed % LONG_EVERY == 0)
    return STEPS_LONG if long else STEPS


@contextmanager
def played(seed: int) -> Iterator[World]:
    """A world at rest, its files still there."""
    root, loop = scratch(), VirtualLoop()
    world = World(seed, root, loop, steps_of(seed))
    try:
        try:
            with outside_replaced(seed, world.disk.run_sync), poison_works():
                anyio.run(world.play, backend_options={"loop_factory": lambda: loop})
        except Stuck as stuck:
            world.watcher.say(Invariant.SETTLES, str(stuck))
        yield world
    finally:
        world.close()
        shutil.rmtree(root)


def reader_of(world: World) -> LedgerReader:
    return LedgerReader(world.disk.directory, secret=SECRET)
