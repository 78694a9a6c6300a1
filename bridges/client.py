"""Bridge client: the bridge side of the wire, for any program beside a trading platform.

It keeps one session alive, sends journal and prices in the order in which they happened, keeps both until they are durable at
the appliance, and hands the appliance's requests to the program one at a time, in order.
"""

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import assert_never

import anyio
import zmq

from bridges.bounds import COMMANDS_WAITING_MAX, HEARTBEAT_S, RECONNECT_MAX_S, RECONNECT_MIN_S, SILENCE_S
from bridges.deadman import DeadmanForged, verify_deadman
from bridges.delivery import CannotResume, Delivery
from bridges.enrolment import KeyFile
from bridges.events import CmdResult, Event, Platform
from bridges.link import Link
from bridges.outbox import Outbox
from bridges.program import BridgeProgram, Identity, Refill, Resume, hello_of
from bridges.ring import QuoteRing
from bridges.wire import (
    Ack,
    BackfillReq,
    Bye,
    Cmd,
    CmdQuery,
    Deadman,
    DeadmanPolicy,
    Header,
    Heartbeat,
    HeartbeatAfterPrices,
    Kind,
    Nack,
    SnapshotReq,
    Subscribe,
    Welcome,
    message,
    read_body,
)
from firm.inputs import CommandState
from firm.instant import MINUTE_US
from firm.quote_frame import Tick

_LOG = logging.getLogger("evenhand.bridge")

__all__ = ["BridgeClient", "BridgeProgram", "Identity", "Refill", "Resume"]


class BridgeClient:
    """Start `run()` in a task group, then publish. `now_us` is the bridge's clock.

    `next_qseq`: the number of the first tick this program will send, where it can repeat its ticks (then also
    `refill(first, before)`, which gives numbers first to before - 1 again as (after_seq, ticks)); None numbers from
    wherever the appliance stands.
    """

    def __init__(
        self,
        *,
        key: KeyFile,
        outbox: Outbox,
        program: BridgeProgram,
        identity: Identity,
        now_us: Callable[[], int],
        next_qseq: int | None = None,
        refill: Refill | None = None,
        heartbeat_s: float = HEARTBEAT_S,
        silence_s: float = SILENCE_S,
    ) -> None:
        self._key = key
        self._outbox = outbox
        self._program = program
        self._identity = identity
        self._now_us = now_us
        self._refill = refill
        self._heartbeat_s = heartbeat_s
        self._silence_s = silence_s
        self._ring = QuoteRing(next_qseq)
        self._delivery = Delivery(outbox, self._ring)
        self._link: Link | None = None
        self._resume: Resume | None = None
        self._heard_at = 0.0
        self._swept_us = 0
        self._platform_up = True
        self._last_tick_us = 0
        self._prices_ended_us = 0
        self._work: deque[Callable[[], Awaitable[None]]] = deque()
        self._working = False
        self._commands_heard: list[Cmd] = []
        self._news = asyncio.Event()
        self.last_bye = ""
        self.deadman: DeadmanPolicy | None = None

    @property
    def connected(self) -> bool:
        return self._link is not None and self._link.session != "" and not self._link.ended

    @property
    def last_seq(self) -> int:
        """The last journal event that was published."""
        return self._outbox.last_seq

    @property
    def last_qseq(self) -> int:
        """The last tick that was handed over; 0 before the first session, where numbering follows the appliance."""
        return self._ring.last_qseq

    @property
    def silent_for_s(self) -> float:
        """How long nothing was heard from the appliance: what a dead-man policy is measured against."""
        if self._link is not None and self._link.is_paused:
            return 0.0  # it is this side that does not listen
        return anyio.current_time() - self._heard_at

    async def run(self) -> None:
        """Keep a session until cancelled."""
        self._heard_at = anyio.current_time()
        self._take_deadman(self._outbox.deadman())
        for command in self._outbox.unfinished_commands():
            self._ask(partial(self._program.on_command, command, again=True))
        with zmq.Context() as context:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._work_off)
                await self._keep_sessions(context)

    async def welcomed(self) -> Resume:
        """Wait until a session is open."""
        while not self.connected:
            await self._something_new()
        assert self._resume is not None
        return self._resume

    async def publish(self, events: Sequence[Event], *, extra: Mapping[str, bytes] | None = None) -> int:
        """Journal events (and what changed of the program's state, by part) durably, then send them. Returns the last event's number."""
        self._close_windows()
        for event in events:
            if isinstance(event, Platform):
                self._platform_up = event.up  # heartbeats say what the journal says
        seq = self._outbox.append(events, extra=extra, after_qseq=self._ring.last_qseq)
        self._flow()
        return seq

    async def send_quotes(self, ticks: Sequence[Tick], after_seq: int | None = None) -> None:
        """Send ticks in this order, after journal event `after_seq` (the last one). Waits while the ring is full."""
        self._close_windows()
        while not self._ring.has_room or self._ring.is_conflating:
            await self._something_new()
            self._close_windows()
        self._ring.add(ticks, self._outbox.last_seq if after_seq is None else after_seq)
        self._note_ticks(ticks)

    def push_quotes(self, ticks: Sequence[Tick]) -> None:
        """Send ticks without ever waiting: beyond the ring's bound they are merged and marked."""
        if self._ring.has_room and not self._ring.is_conflating:
            self._ring.add(ticks, self._outbox.last_seq)
        else:
            self._ring.conflate(ticks)
        self._note_ticks(ticks)

    async def watermark(self, t_us: int) -> None:
        """Everything stamped before `t_us` was handed to this client."""
        self._close_windows()
        self._delivery.mark(t_us)
        self._flow()

    def end_prices(self, at_us: int) -> None:
        """No price will come again: heartbeats say so from now on."""
        self._prices_ended_us = at_us

    async def settled(self) -> None:
        """Wait until all that was sent is durable, and all that was asked because of it is done and durable too.

        The gateway sends what a batch asks for before it acknowledges that batch, so an acknowledgement means that
        the requests are here.
        """
        while not (self.connected and self._delivery.is_done and not self._work and not self._working):
            await self._something_new()

    # --- sessions ---

    async def _keep_sessions(self, context: "zmq.Context[zmq.Socket[bytes]]") -> None:
        failures = 0
        while True:
            was_welcomed = await self._one_session(context)
            failures = 0 if was_welcomed else failures + 1
            # A refusal will be repeated: ask seldom. The jitter keeps many bridges from asking at once.
            ceiling = min(RECONNECT_MIN_S * 2 ** min(failures, 10), RECONNECT_MAX_S)
            await anyio.sleep(ceiling * (0.5 + secrets.randbelow(500) / 1000))

    async def _one_session(self, context: "zmq.Context[zmq.Socket[bytes]]") -> bool:
        """From dialling to the end; whether there was a WELCOME."""
        link = Link(
            context, self._key, on_message=self._on_message, on_turn=self._after_turn, on_writable=self._on_writable
        )
        self._link = link
        try:
            while not link.ended:
                with anyio.move_on_after(self._heartbeat_s):
                    await self._something_new()
                link.raise_fault()
                self._beat(link)
            _LOG.warning("session with %s ended: %s", self._key.endpoint, link.ended)
        finally:
            link.say_bye("this bridge stops")
            link.close()
            self._link = None
            self._tell()
        return link.session != ""

    def _beat(self, link: Link) -> None:
        now = anyio.current_time()
        if not link.is_paused and now - link.heard_at > self._silence_s:
            link.end(f"nothing heard from the appliance for {self._silence_s:g} s: trying again")
        if not link.session or now - link.beaten_at < self._heartbeat_s:
            return
        link.beaten_at = now
        now_us = self._now_us()
        told = (now_us, self._outbox.last_seq, self._platform_up, self._last_tick_us, self._outbox.depth)
        ended_us = self._prices_ended_us
        link.send(message(HeartbeatAfterPrices(*told, ended_us) if ended_us else Heartbeat(*told), link.session))
        if abs(now_us - self._swept_us) > MINUTE_US:
            self._swept_us = now_us
            self._outbox.sweep(now_us)

    def _on_writable(self) -> None:
        if self._link is not None and not self._link.session:
            told = hello_of(self._identity, self._outbox, self._ring.first_qseq, self._now_us())
            self._link.send(message(told))
        self._flow()

    def _flow(self) -> None:
        link = self._link
        if link is not None and link.session and not link.ended:
            if self._ring.is_conflating and self._ring.has_room:
                self._put_windows_in_the_ring()
            self._delivery.flow(link.session, link.send)

    # --- what the appliance says ---

    def _on_message(self, header: Header, body: bytes) -> None:
        link = self._link
        if link is None:
            return
        self._heard_at = anyio.current_time()  # a link counts from its own dialling, which nobody answered yet
        if header.kind != Kind.CMD:
            self._accept_heard()  # requests are handed over in the order in which they came
        try:
            self._answer(link, Kind(header.kind), body)
        except CannotResume as error:
            link.end(f"{error}: was another outbox used with this key? Restore it, or enrol the bridge again")
        self._tell()

    def _after_turn(self) -> None:
        self._accept_heard()
        self._flow()

    def _answer(self, link: Link, kind: Kind, body: bytes) -> None:
        match kind:
            case Kind.WELCOME:
                self._begin(link, read_body(Welcome, body))
            case Kind.ACK:
                self._delivery.acknowledged(read_body(Ack, body))
            case Kind.NACK:
                self._delivery.refused(read_body(Nack, body))
            case Kind.BYE:
                self.last_bye = read_body(Bye, body).reason
                link.end(f"the appliance said: {self.last_bye}")
            case Kind.CMD:
                self._commands_heard.append(read_body(Cmd, body))
            case Kind.CMD_QUERY:
                self._tell_about(read_body(CmdQuery, body).cmd_id)
            case Kind.SUBSCRIBE:
                self._ask(partial(self._program.on_subscribe, read_body(Subscribe, body).symbols))
            case Kind.SNAPSHOT_REQ:
                self._ask(partial(self._program.on_snapshot_request, read_body(SnapshotReq, body).acc))
            case Kind.BACKFILL_REQ:
                self._ask(partial(self._program.on_backfill_request, read_body(BackfillReq, body)))
            case Kind.DEADMAN:
                self._take_deadman(read_body(Deadman, body))
            case Kind.HELLO | Kind.JOURNAL | Kind.QUOTES | Kind.CONFLATED | Kind.WATERMARK | Kind.HB:
                pass  # a heartbeat has done its work by arriving; the others are this side's own words
            case unknown:
                assert_never(unknown)

    def _begin(self, link: Link, welcome: Welcome) -> None:
        renumbered = self._rewind_ring(welcome.resume_after_qseq)
        self._delivery.resume(welcome.resume_after, renumbered=renumbered)
        link.session = welcome.session
        self._resume = Resume(welcome.resume_after, welcome.resume_after_qseq, welcome.want_snapshot, renumbered)
        self._ask(partial(self._program.on_welcome, self._resume))

    def _rewind_ring(self, durable_qseq: int) -> bool:
        """Make the ring's oldest tick the one that follows; True where prices in between are lost."""
        ring = self._ring
        if ring.next_qseq is None:
            ring.start(durable_qseq + 1)
            return True
        ring.acknowledge(durable_qseq)
        ring.rewind(durable_qseq + 1)
        if ring.first_qseq > durable_qseq + 1:
            if self._refill is None:
                ring.start(durable_qseq + 1)
                return True
            ring.put_before(self._refill(durable_qseq + 1, ring.first_qseq), durable_qseq + 1)
        return False

    def _accept_heard(self) -> None:
        """Journal the commands that one turn of reading brought, together: thousands come at once where a firm begins."""
        heard, self._commands_heard = self._commands_heard, []
        if heard:
            self._close_windows()
        for command in self._outbox.accept_commands(heard, now_us=self._now_us(), after_qseq=self._ring.last_qseq):
            self._ask(partial(self._program.on_command, command, again=False))

    def _tell_about(self, cmd_id: str) -> None:
        result = self._outbox.command_result(cmd_id)
        if result is None:
            retcode = "accepted" if self._outbox.knows_command(cmd_id) else "never_received"
            result = CmdResult(cmd_id, "", CommandState.UNKNOWN, retcode, "", "", self._now_us())
        self._close_windows()
        self._outbox.append([result], after_qseq=self._ring.last_qseq)

    def _take_deadman(self, signed: Deadman | None) -> None:
        if signed is None:
            return
        try:
            policy = verify_deadman(signed, bridge=self._key.name, ledger_key=self._key.ledger_key)
        except DeadmanForged as error:
            _LOG.error("%s", error)
            return
        if self.deadman is None or policy.serial > self.deadman.serial:
            self.deadman = policy
            self._outbox.keep_deadman(signed)

    # --- the program's work ---

    def _ask(self, work: Callable[[], Awaitable[None]]) -> None:
        self._work.append(work)
        if len(self._work) > COMMANDS_WAITING_MAX and self._link is not None:
            self._link.pause()
        self._tell()

    async def _work_off(self) -> None:
        while True:
            while not self._work:
                await self._something_new()
            work = self._work.popleft()
            self._working = True
            await work()
            self._working = False
            if self._link is not None and self._link.is_paused and len(self._work) < COMMANDS_WAITING_MAX:
                self._link.resume()
                self._heard_at = anyio.current_time()
            self._tell()

    def _close_windows(self) -> None:
        """A frame is closed before each journal event; overload beyond measure keeps merging over events."""
        if self._ring.is_conflating and self._ring.has_room_for_windows:
            self._put_windows_in_the_ring()

    def _put_windows_in_the_ring(self) -> None:
        if lost := self._ring.close_windows(self._outbox.last_seq):
            self._outbox.append(lost, after_qseq=self._ring.last_qseq)

    def _note_ticks(self, ticks: Sequence[Tick]) -> None:
        if ticks:
            self._last_tick_us = ticks[-1].t_us
        self._flow()

    async def _something_new(self) -> None:
        await self._news.wait()

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()
