"""Simulator program: the replay behind a bridge client, as any program beside a real trading platform would be.

The firm's commands are carried out only between slices, at the last slice's end. After each slice, at every speed, it waits
until all it sent is durable at the appliance and all that was asked because of it is done.
"""

import time
from collections.abc import Callable, Iterator, Sequence

import anyio

from bridges.client import BridgeClient, Identity, Resume
from bridges.enrolment import KeyFile
from bridges.outbox import Outbox
from bridges.simulator.answers import Retcode
from bridges.simulator.house import BUNDLED, House
from bridges.simulator.in_step import InStep
from bridges.simulator.progress import Progress
from bridges.simulator.replay import Market, Press, Replay, told_ticks
from bridges.simulator.state import State
from bridges.wire import BackfillReq, Cmd
from firm.quote_frame import Tick

SILENCE_LOOK_S = 0.5
HAND_PATIENCE_S = 5.0
SAVE_EVERY_SLICES = 256  # in a market in which nothing but prices happens
RELEASE = "0.1.0"


class Simulator:
    """One replay on one session. `speed` None: as fast as the firm can follow. `accounts_min`: market time waits for so many."""

    def __init__(
        self,
        *,
        key: KeyFile,
        outbox: Outbox,
        market: Market,
        seed: int,
        speed: float | None,
        accounts_min: int = 0,
        house: House = BUNDLED,
        in_step: InStep | None = None,
        report: Callable[[Progress], None] | None = None,
    ) -> None:
        self._outbox = outbox
        self._market = market
        self._replay = Replay(market, seed, outbox.extra, house)
        self._speed = speed
        self._accounts_min = accounts_min
        self._in_step = in_step
        self._report = report
        self._between_slices = anyio.Lock()
        self._account_opened = anyio.Event()
        self._fell_silent = False
        self._client = BridgeClient(
            key=key,
            outbox=outbox,
            program=self,
            identity=Identity(
                plugin="evenhand-simulator",
                plugin_version=RELEASE,
                platform="simulator",
                server="bundled",
                groups=house.groups,
            ),
            now_us=lambda: self._replay.now_us,
            next_qseq=self._replay.next_qseq,
            refill=self._refill,
        )

    async def run(self, *, until_done: bool) -> None:
        """Play the market to its end; then return, or go on answering until cancelled."""
        async with anyio.create_task_group() as tasks:
            async with self._between_slices:
                tasks.start_soon(self._client.run)
                await self._catch_up(await self._client.welcomed())
            tasks.start_soon(self._watch_silence)
            await self._wait_for_accounts()
            await self._play()
            await self._client.settled()
            self._client.end_prices(self._replay.now_us)
            self._say(done=True)
            if not until_done:
                await anyio.sleep_forever()
            tasks.cancel_scope.cancel()

    def progress(self, *, done: bool) -> Progress:
        """Where the replay stands."""
        state = self._replay.state
        return Progress(
            market_us=state.clocks.now_us,
            ticks=state.clocks.ticks_told,
            accounts=len(state.accounts),
            deals=state.counters.deal - 1,
            commands=state.counters.commands_done,
            skipped_lines=0 if self._market.skipped is None else self._market.skipped.total(),
            done=done,
        )

    # --- what a person at the ticket asks ---

    @property
    def state(self) -> State:
        return self._replay.state

    @property
    def prices_ended_us(self) -> int | None:
        """Since when there are no further prices, in market time; None while they go on."""
        return self._replay.now_us if self._replay.is_over else None

    async def by_hand(self, login: str, press: Press) -> Retcode:
        """Press it between two slices; once this answers, it is durable here, and on its way to the firm.

        Before the appliance has been heard nothing can be pressed: then this is a TimeoutError, and nothing was done.
        """
        with anyio.fail_after(HAND_PATIENCE_S):
            await self._between_slices.acquire()
        try:
            await self._hand_over()
            answer = self._replay.by_hand(login, press)
            await self._hand_over()
        finally:
            self._between_slices.release()
        return answer

    # --- what the appliance asks ---

    async def on_welcome(self, resume: Resume) -> None:
        """Both lanes go on where they were. What the appliance's silence led to is undone before its next command."""
        await self._hear_again()
        if resume.want_snapshot:
            await self.on_snapshot_request("")

    async def on_command(self, command: Cmd, *, again: bool) -> None:  # noqa: ARG002
        """Carry it out once. `again` needs no care: what it did, its result and the state are one transaction here."""
        async with self._between_slices:
            self._replay.carry_out(command)
            await self._hand_over()
        self._account_opened.set()
        self._account_opened = anyio.Event()

    async def on_subscribe(self, symbols: tuple[str, ...]) -> None:
        """All symbols are fed always: the numbers of the quote lane then follow from the tick files alone."""

    async def on_snapshot_request(self, login: str) -> None:
        async with self._between_slices:
            await self._hand_over()
            self._replay.snapshot(login, self._outbox.last_seq)
            await self._hand_over()

    async def on_backfill_request(self, request: BackfillReq) -> None:
        """Every price is sent in its place, some of them late, and is sent again on a rewind."""
        async with self._between_slices:
            self._replay.backfill(request)
            await self._hand_over()

    # --- its silence ---

    async def _watch_silence(self) -> None:
        """Once the appliance was heard in this run: a platform that starts without it waits, and nobody trades meanwhile."""
        while True:
            await anyio.sleep(SILENCE_LOOK_S)
            policy = self._client.deadman
            if policy is None:
                continue
            is_silent = self._client.silent_for_s * 1_000 >= policy.after_ms
            if is_silent and not self._fell_silent:
                async with self._between_slices:
                    self._fell_silent = True
                    self._replay.fall_silent(policy)
                    await self._hand_over()
            elif self._fell_silent and not is_silent and self._client.connected:
                await self._hear_again()  # it was heard again within the same session

    async def _hear_again(self) -> None:
        async with self._between_slices:
            self._fell_silent = False
            self._replay.hear_again()
            await self._hand_over()

    # --- the replay ---

    async def _catch_up(self, resume: Resume) -> None:
        """After a crash, play on to where the appliance already is: no command may be carried out before the price that led to it."""
        await self._hand_over()
        while self._replay.next_qseq <= resume.qseq and not self._replay.is_over:
            self._replay.play_slice()
            await self._hand_over()

    async def _wait_for_accounts(self) -> None:
        while len(self._replay.state.accounts) < self._accounts_min:
            await self._account_opened.wait()
        await self._client.settled()

    async def _play(self) -> None:
        began_s, began_us = time.monotonic(), self._replay.now_us
        slices = 0
        while not self._replay.is_over:
            if self._in_step is not None:
                await self._in_step.wait(self._replay.now_us)
            async with self._between_slices:
                self._replay.play_slice()
                saved = await self._hand_over()
                slices = 0 if saved else slices + 1
                if slices >= SAVE_EVERY_SLICES:
                    await self._client.publish([], extra=self._replay.saved())
                    slices = 0
                await self._client.watermark(self._replay.watermark_us)
            await self._client.settled()
            self._say(done=False)
            if self._speed is not None:
                due_s = began_s + (self._replay.now_us - began_us) / (self._speed * 1_000_000)
                await anyio.sleep(max(0.0, due_s - time.monotonic()))
        if self._in_step is not None:
            self._in_step.end()

    def _say(self, *, done: bool) -> None:
        if self._report is not None:
            self._report(self.progress(done=done))

    async def _hand_over(self) -> bool:
        """Give the client everything that happened, in order; True where the state was saved with it."""
        saved = False
        for parcel in self._replay.hand_over():
            if parcel.ticks:
                await self._client.send_quotes(parcel.ticks)
            if parcel.events:
                await self._client.publish(parcel.events, extra=parcel.saved)
                saved = True
        if self._replay.owes_snapshot:
            if not self._fell_silent:
                self._replay.hear_again()  # what could not be undone while the platform was down
            self._replay.snapshot("", self._outbox.last_seq)
            saved |= await self._hand_over()
        return saved

    def _refill(self, first: int, before: int) -> Iterator[tuple[int, Sequence[Tick]]]:
        """Ticks `first` to `before` - 1 again, cut where journal events came between them."""
        ticks = told_ticks(self._market, first, before)
        qseq = first
        while qseq < before:
            after_seq = self._outbox.seq_before_tick(qseq)
            following = self._outbox.read(after_seq + 1, 1)
            last = min([before - 1, *(event.after_qseq for event in following)])
            yield after_seq, ticks[qseq - first : last - first + 1]
            qseq = last + 1
