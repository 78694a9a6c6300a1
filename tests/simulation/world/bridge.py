"""Bridge: the program beside the platform, on the real client and outbox. It dies and comes back where its outbox says it was."""

import asyncio
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import anyio
from world.appliance import HEARTBEAT_S, SILENCE_S
from world.firm_files import KEY
from world.platform import Platform, numbered

from bridges.client import BridgeClient, Identity, Resume
from bridges.events import Event, Gap
from bridges.outbox import Outbox
from bridges.wire import BackfillReq, Cmd
from firm.quote_frame import Tick


class Bridge:
    """One life of the program. Its place in the platform's log is saved with the events that it journals."""

    def __init__(self, platform: Platform, path: Path, dice: random.Random) -> None:
        self._platform, self._dice = platform, dice
        self.outbox = Outbox(path)
        self._at = int(self.outbox.extra.get("at", b"0"))
        self._wake = asyncio.Event()
        platform.on_news = self._wake.set
        self.client = BridgeClient(
            key=KEY,
            outbox=self.outbox,
            program=self,
            identity=Identity(plugin="simulated", plugin_version="1", platform="simulated"),
            now_us=platform.now_us,
            next_qseq=platform.ticks_in_log[self._at] + 1,
            refill=self._refill,
            heartbeat_s=HEARTBEAT_S,
            silence_s=SILENCE_S,
        )

    async def live_on(self) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.client.run)
            while True:
                self._wake.clear()
                await self._hand_over()
                await self._wake.wait()
                await anyio.sleep(self._dice.random() * 0.5)

    @property
    def is_level(self) -> bool:
        """Whether all that the platform told has been handed over."""
        return self._at == len(self._platform.log)

    async def _hand_over(self) -> None:
        log = self._platform.log
        while self._at < len(log):
            end = min(len(log), self._at + self._dice.randint(1, 12))
            stretch = _same_kind([told.what for told in log[self._at : end]])
            self._at += len(stretch)
            if isinstance(stretch[0], Tick):
                await self.client.send_quotes([tick for tick in stretch if isinstance(tick, Tick)])
            else:
                seq = self.outbox.last_seq
                events = [numbered(event, seq + n) for n, event in enumerate(stretch) if not isinstance(event, Tick)]
                await self.client.publish(events, extra={"at": b"%d" % self._at})
        await self.client.watermark(self._platform.complete_us)

    def _refill(self, first: int, before: int) -> Iterator[tuple[int, Sequence[Tick]]]:
        ticks = [told.what for told in self._platform.log if isinstance(told.what, Tick)]
        qseq = first
        while qseq < before:
            after_seq = self.outbox.seq_before_tick(qseq)
            following = self.outbox.read(after_seq + 1, 1)
            last = min([before - 1, *(event.after_qseq for event in following)])
            yield after_seq, ticks[qseq - 1 : last]
            qseq = last + 1

    # --- what the firm asks ---

    async def on_welcome(self, resume: Resume) -> None:
        if resume.want_snapshot:
            self._platform.snapshot("")

    async def on_command(self, command: Cmd, *, again: bool) -> None:
        """Sometimes late. After a restart the platform is looked at first: it knows what it did by its key."""
        await anyio.sleep(self._dice.choice((0.0, 0.0, 0.3, 4.0, 15.0)) * self._dice.random())
        if again and self._platform.keys[command.idem_key]:
            return
        self._platform.carry_out(command)
        await anyio.sleep(self._dice.random() * 0.2)

    async def on_subscribe(self, symbols: tuple[str, ...]) -> None:
        """All symbols are fed always."""

    async def on_snapshot_request(self, login: str) -> None:
        self._platform.snapshot(login)

    async def on_backfill_request(self, request: BackfillReq) -> None:
        """Every price is in the lane already."""
        await self.client.publish([Gap(request.sym, request.from_us, request.to_us)])


def _same_kind(stretch: list[Tick | Event]) -> list[Tick | Event]:
    """Its beginning: ticks only, or events only."""
    is_ticks = isinstance(stretch[0], Tick)
    end = next((n for n, one in enumerate(stretch) if isinstance(one, Tick) is not is_ticks), len(stretch))
    return stretch[:end]
