"""Runner: the engine's place in the event loop: take what waits, decide, commit, and only then let anything out.

Deciding and writing happen in the loop, the commit in a worker thread, so that prices are read while the disk syncs. Idle, a batch is
one input and one sync; busy, it is whatever waited while the last commit ran.
"""

from collections import deque
from collections.abc import Callable, Sequence
from time import perf_counter_ns

import anyio
from anyio import to_thread

from actors.arrival import Arrival, Held, Overloaded
from actors.batch import Batch
from actors.effects import Effect
from actors.engine import Engine
from actors.meter import Meter
from actors.snapshotter import Snapshotter
from firm.bounds import BATCH_INPUTS_MAX, BATCH_TICKS_MAX, QUEUE_INPUTS_MAX
from firm.inputs import ClockTicked, QuoteFrame
from storage.ledger import Ledger
from storage.snapshots import SnapshotPart


class Runner:
    """One engine, one ledger, one order.

    `publish` shows a durable batch to pages and directories, `carry` hands an effect to its courier, `now_us` is firm time.
    """

    def __init__(
        self,
        engine: Engine,
        ledger: Ledger,
        publish: Callable[[Batch], None],
        carry: Callable[[Effect], None],
        now_us: Callable[[], int],
        meter: Meter,
    ) -> None:
        self._engine = engine
        self._ledger = ledger
        self._publish = publish
        self._carry = carry
        self._now_us = now_us
        self._meter = meter
        self._waiting: deque[Arrival] = deque()
        self._arrived = anyio.Event()
        self._snapshotter = Snapshotter()
        engine.wants_snapshot = lambda: not self._snapshotter.busy
        self._stopping = False
        self._held = ""
        self._chores: deque[Callable[[Ledger], object]] = deque()
        self._on_proof: Callable[[], None] = _nobody_asked

    @property
    def queue_depth(self) -> int:
        return len(self._waiting)

    @property
    def held(self) -> str:
        """Why nothing is decided for now; empty where it is."""
        return self._held

    def hold(self, why: str) -> None:
        """Commit nothing after the batch under way, and take nothing. What waits keeps waiting, unanswered."""
        self._held = why

    def go_on(self) -> None:
        """After `hold`: decide what waits."""
        self._held = ""
        self._arrived.set()

    def offer(self, arrivals: Sequence[Arrival]) -> None:
        """Queue inputs in this order, or take none and raise Overloaded. Call from the event loop."""
        if self._held:
            raise Held(self._held)
        if len(self._waiting) + len(arrivals) > QUEUE_INPUTS_MAX or self._stopping:
            raise Overloaded(
                f"{len(self._waiting)} inputs wait for the engine: offer again after the next acknowledgement"
            )
        self.push(arrivals)

    def push(self, arrivals: Sequence[Arrival]) -> None:
        """Queue inputs of the machine's own, which are few and must not be refused: the clock, an epoch, a sealed day."""
        self._waiting.extend(arrivals)
        self._arrived.set()

    def stop(self) -> None:
        """Take nothing more; `run` ends once what waits is durable, or at once while it is held: nobody was answered yet."""
        self._stopping = True
        self._arrived.set()

    def between_batches(self, chore: Callable[[Ledger], object]) -> None:
        """Let something small be done by the ledger's only writer, in its thread, after the next commit."""
        self._chores.append(chore)

    def prove_life_to(self, on_proof: Callable[[], None]) -> None:
        """From now on `on_proof` hears of each clock tick that was decided and is durable, and of `run` finding nothing to do.

        It hears nothing while a decision or a commit does not end.
        """
        self._on_proof = on_proof

    def knock(self) -> None:
        """Let `run` come round and find whether there is anything to do."""
        self._arrived.set()

    def snapshot(self) -> None:
        """Begin a snapshot of the state as it is, before the next input: an epoch's opening one."""
        self._snapshotter.begin(self._engine.capture())

    def run_dry(self) -> None:
        """Decide, commit and release what waits, in this thread, until nothing does. For a firm that is not serving."""
        while self._waiting:
            batch, parts = self._decide(self._take())
            self._ledger.begin()
            self._write(batch, parts)
            self._commit()
            self._release(batch)

    async def run(self) -> None:
        """Until `stop`. An error of the commit is not caught: nobody can say what is on disk, so the process must end."""
        while True:
            while self._held or not self._waiting:
                if self._stopping:
                    return
                self._on_proof()
                self._arrived = anyio.Event()
                await self._arrived.wait()
            await self._one_batch(self._take())

    async def _one_batch(self, arrivals: list[Arrival]) -> None:
        started_ns = perf_counter_ns()
        batch, parts = self._decide(arrivals)
        decided_ns = perf_counter_ns()
        with anyio.CancelScope(shield=True):
            # What may wait for the disk, in a thread. The statements between, here: each gives the interpreter up, and a busy loop is
            # slow to give it back to a thread.
            await to_thread.run_sync(self._ledger.begin)
            self._write(batch, parts)
            await to_thread.run_sync(self._commit)
            self._meter.batch(batch, decided_ns - started_ns, perf_counter_ns() - decided_ns)
            self._release(batch)
        if any(type(arrival.body) is ClockTicked for arrival in arrivals):
            self._on_proof()
        await anyio.lowlevel.checkpoint()

    def _decide(self, arrivals: list[Arrival]) -> tuple[Batch, list[SnapshotPart]]:
        batch = self._engine.decide(arrivals)
        if batch.snapshot is not None:
            self._snapshotter.begin(batch.snapshot)
        return batch, self._snapshotter.part()

    def _write(self, batch: Batch, parts: list[SnapshotPart]) -> None:
        self._ledger.write(batch.rows, frames=batch.frames, checkpoints=batch.checkpoints, snapshot=parts)

    def _commit(self) -> None:
        self._ledger.commit()
        if self._chores:
            self._chores.popleft()(self._ledger)

    def _release(self, batch: Batch) -> None:
        """Durable: pages first, then effects, then whoever waits for an answer or an acknowledgement, in input order."""
        self._publish(batch)
        for effect in batch.effects:
            self._carry(effect)
        for arrival, decided in batch.decided:
            if arrival.on_durable is not None:
                arrival.on_durable(decided)
        written = self._snapshotter.finished()
        if written is not None:
            now_us = self._now_us()
            self.push([Arrival(written, now_us, now_us)])

    def _take(self) -> list[Arrival]:
        taken: list[Arrival] = []
        ticks = 0
        while self._waiting and len(taken) < BATCH_INPUTS_MAX and ticks < BATCH_TICKS_MAX:
            arrival = self._waiting.popleft()
            if type(arrival.body) is QuoteFrame:
                ticks += arrival.body.n
            taken.append(arrival)
        return taken


def _nobody_asked() -> None:
    """Outside of systemd nobody watches."""
