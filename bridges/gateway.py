"""Gateway: the appliance's door for bridges. It authenticates, orders and translates, and acknowledges only what is durable.

Sessions are known by the authenticated key, never by the routing id. What a bridge sends goes through its lanes
(`bridges/lanes.py`) and `bridges/translate.py` to the engine; what desks want done at a platform comes back through `carry`.
"""

import asyncio
import errno
import logging
import secrets
from collections.abc import Callable, MutableMapping
from typing import assert_never

import anyio
import zmq
from anyio.abc import TaskStatus
from msgspec.structs import replace

from actors.arrival import Offer
from actors.effects import DropBridge, Effect
from bridges.belief import Unbelievable, believe_time
from bridges.bounds import HEARTBEAT_S, SILENCE_S
from bridges.channel import Channel
from bridges.doorkeeper import NO_DOOR, CannotBind, Doorkeeper, bound_socket, key_of
from bridges.greeting import connected, objection_to
from bridges.intake import Directory, Intake
from bridges.lanes import Lanes, PendingQuotes, Took
from bridges.requests import request_of
from bridges.sealer import Seal
from bridges.sessions import VAULT_NOT_WRITABLE, Farewells, Session, SessionHealth, Sessions, Starts, health_of
from bridges.wire import (
    VERSION,
    Ack,
    Bye,
    Deadman,
    Header,
    Heartbeat,
    HeartbeatAfterPrices,
    HelloWithGroups,
    Kind,
    Message,
    Nack,
    Unreadable,
    UnreadableFrame,
    Watermark,
    Welcome,
    message,
    read_body,
    read_events,
    read_header,
)
from firm.inputs import BridgeDisconnected
from firm.quote_frame import UnreadableQuotes, split_frame, split_windows

__all__ = ["CannotBind", "Directory", "Gateway"]

_LOG = logging.getLogger("evenhand.gateway")


class Gateway:
    """Give it to a task group with `await tasks.start(gateway.serve)`: that returns the port.

    `offer` puts arrivals before the engine; `now_us` is firm time; `seal` keeps what is personal in the vault, beside the
    loop; `counters` counts refusals by reason; `now_s` is the loop's time, by which the starts of sessions are paced.
    """

    def __init__(
        self,
        *,
        offer: Offer,
        directory: Directory,
        now_us: Callable[[], int],
        seal: Seal,
        server_secret: str,
        host: str,
        port: int,
        counters: MutableMapping[str, int],
        heartbeat_s: float = HEARTBEAT_S,
        silence_s: float = SILENCE_S,
        now_s: Callable[[], float] = anyio.current_time,
    ) -> None:
        self._directory = directory
        self._now_us = now_us
        self._server_secret = server_secret
        self._host = host
        self._port = port
        self._counters = counters
        self._heartbeat_s = heartbeat_s
        self._silence_s = silence_s
        self._now_s = now_s
        self._intake = Intake(
            offer=offer,
            directory=directory,
            seal=seal,
            now_us=now_us,
            count=self._count,
            on_durable=self._schedule_acks,
            on_unsealed=self._send_again,
            hold_back=self._hold_back,
            go_on=self._go_on,
        )
        self._sessions = Sessions()
        self._starts = Starts()
        self._farewells = Farewells()
        self._deadmen: dict[str, Deadman] = {}
        self._channel: Channel | None = None
        self._acks_scheduled = False

    # --- what the appliance calls ---

    async def serve(self, door: int = NO_DOOR, *, task_status: TaskStatus[int] = anyio.TASK_STATUS_IGNORED) -> None:
        """Serve until cancelled. `door`: a descriptor that listens already, and outlives this process elsewhere."""
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        doorkeeper = Doorkeeper(context, self._directory, self._count)
        try:
            doorkeeper.start()
            socket = bound_socket(context, self._host, self._port, self._server_secret, door)
            self._channel = Channel(socket, on_message=self._on_message, on_turn=self._intake.knock)
            task_status.started(int(bytes(socket.getsockopt(zmq.LAST_ENDPOINT)).rstrip(b"\0").rpartition(b":")[2]))
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._intake.seal_on)
                while True:
                    await anyio.sleep(self._heartbeat_s)
                    self._channel.raise_fault()
                    assert not self._intake.is_halfway, "what bridges sent was taken by halves: the log says above why"
                    self._beat()
        finally:
            if self._channel is not None:
                for session in self._sessions.live():
                    self._send(session, Bye("the appliance is stopping: connect again in a moment"))
                self._channel.close()
                self._channel = None
            await doorkeeper.stop()
            context.term()

    def carry(self, effect: Effect) -> bool:
        """Send what a desk asked for. False where the bridge has no session, or this is no bridge's business.

        Called for the effects of a batch before its `on_durable` callbacks, so that requests leave before the ACK.
        """
        if isinstance(effect, DropBridge):
            session = self._sessions.of(effect.bridge)
            if session is not None:
                self._end(session, effect.reason)
            return session is not None
        request = request_of(effect)
        if request is None:
            return False
        session = self._sessions.of(request[0])
        return session is not None and self._send(session, request[1])

    def set_deadman(self, bridge: str, signed: Deadman) -> None:
        """The policy this bridge follows from now on: sent at once and at the start of each session."""
        self._deadmen[bridge] = signed
        session = self._sessions.of(bridge)
        if session is not None:
            self._send(session, signed)

    def health(self) -> tuple[SessionHealth, ...]:
        """Every bridge that was heard since start, by name."""
        heard = sorted(self._intake.lanes(), key=lambda lanes: lanes.bridge)
        return tuple(health_of(lanes, self._sessions.of(lanes.bridge)) for lanes in heard)

    # --- what bridges send ---

    def _on_message(self, frames: list[zmq.Frame]) -> None:
        routing_id, parts = frames[0].bytes, [frame.bytes for frame in frames[1:]]
        bridge = self._directory.bridge_of_key(key_of(frames))
        if bridge is None or self._directory.is_revoked(bridge):
            self._count("revoked key")
            self._dismiss(routing_id, "this key is not enrolled any more: ask the firm's staff for a new key file")
            return
        session = self._sessions.of(bridge)
        if session is not None and session.routing_id != routing_id:
            session = None
        try:
            self._read(bridge, session, routing_id, parts)
        except UnreadableFrame as refusal:
            self._count(refusal.why)
            _LOG.warning("frame of %s refused: %s", bridge, refusal)
            if session is not None:
                self._end(session, f"frame refused: {refusal}")
            else:
                self._dismiss(routing_id, f"frame refused: {refusal}")

    def _read(self, bridge: str, session: Session | None, routing_id: bytes, parts: list[bytes]) -> None:
        header = read_header(parts)
        kind = Kind(header.kind)
        if kind is Kind.HELLO:
            self._greet(bridge, routing_id, read_body(HelloWithGroups, parts[1]))
        elif session is None or header.session != session.name:
            self._count("stale session")
            self._dismiss(routing_id, "there is no such session: say HELLO again")
        else:
            session.heard_at = anyio.current_time()
            try:
                self._take(session, self._intake.lanes_of(bridge), kind, header, parts[1])
            except Unbelievable as refusal:
                self._count(refusal.why)
                _LOG.warning("%s of %s refused: %s", kind, bridge, refusal)

    def _take(self, session: Session, lanes: Lanes, kind: Kind, header: Header, body: bytes) -> None:
        match kind:
            case Kind.JOURNAL:
                events = read_events(body)
                _agree(header, len(events))
                self._after_taking(session, lanes, lanes.take_events(header.first_seq, events), journal=True)
            case Kind.QUOTES | Kind.CONFLATED:
                frame = _quotes_of(header, body, conflated=kind is Kind.CONFLATED)
                self._after_taking(session, lanes, lanes.take_quotes(frame), journal=False)
                self._ask_for_journal(session, lanes, frame.after_seq)
            case Kind.WATERMARK:
                self._take_watermark(session, lanes, read_body(Watermark, body))
            case Kind.HB:
                beat, session.heartbeat_us = read_body(HeartbeatAfterPrices, body), self._now_us()
                session.heartbeat = replace(beat, prices_ended_us=0)
                if beat.prices_ended_us:  # pages show it as an instant
                    believe_time("prices_ended_us", beat.prices_ended_us, session.heartbeat_us)
                    session.heartbeat = beat
            case Kind.BYE:
                self._end(session, f"the bridge said: {read_body(Bye, body).reason}", say_bye=False)
            case _:
                raise UnreadableFrame(Unreadable.KIND, f"{kind} is not for a bridge to send")

    def _take_watermark(self, session: Session, lanes: Lanes, mark: Watermark) -> None:
        """One whose time cannot be believed is passed over: taken, it would make every true one after it a duplicate."""
        believe_time("t_us", mark.t_us, self._now_us())
        self._after_taking(session, lanes, lanes.take_watermark(mark), journal=False)
        self._ask_for_journal(session, lanes, mark.seq)

    def _after_taking(self, session: Session, lanes: Lanes, took: Took, *, journal: bool) -> None:
        match took:
            case Took.TAKEN:
                self._intake.advance(lanes)
            case Took.DUPLICATE:
                self._count(took.value)
                lanes.ack_due = True
                self._schedule_acks()
            case Took.HOLE | Took.FULL:
                self._count(took.value)
                if lanes.should_ask(journal=journal):
                    self._send(session, Nack(lanes.expected_seq, lanes.expected_qseq))
            case unknown:
                assert_never(unknown)

    def _ask_for_journal(self, session: Session, lanes: Lanes, seq: int) -> None:
        """Prices came that follow a journal event which did not: they are held, and the event is asked for."""
        if seq >= lanes.expected_seq and lanes.should_ask(journal=True):
            self._count("journal event missing before prices")
            self._send(session, Nack(lanes.expected_seq, lanes.expected_qseq))

    # --- sessions ---

    def _greet(self, bridge: str, routing_id: bytes, hello: HelloWithGroups) -> None:
        if (too_soon := self._starts.objection(bridge, self._now_s())) is not None:
            self._count(too_soon[0])
            self._dismiss(routing_id, too_soon[1])
            return
        lanes = self._intake.lanes_of(bridge)
        objection = objection_to(hello, lanes)
        if objection is not None:
            self._turn_away(lanes, routing_id, *objection)
            return
        old = self._sessions.of(bridge)
        if old is not None:
            self._end(old, "superseded by a new session of the same key", say_bye=old.routing_id != routing_id)
        session = Session(
            bridge=bridge,
            name=secrets.token_hex(8),
            routing_id=routing_id,
            since_us=self._now_us(),
            heard_at=anyio.current_time(),
        )
        self._sessions.open(session)
        want_snapshot = lanes.is_new
        lanes.is_new, lanes.epoch, lanes.refused_for = False, hello.outbox_epoch, ""
        lanes.forget_asking()
        self._intake.note(connected(session.name, lanes.bridge, hello))
        self._send(
            session,
            Welcome(
                ver=VERSION,
                session=session.name,
                resume_after=lanes.durable.seq,
                resume_after_qseq=lanes.durable.qseq,
                want_snapshot=want_snapshot,
                heartbeat_ms=int(self._heartbeat_s * 1000),
                clock_us=self._now_us(),
            ),
        )
        if bridge in self._deadmen:
            self._send(session, self._deadmen[bridge])

    def _turn_away(self, lanes: Lanes, routing_id: bytes, counter: str, sentence: str) -> None:
        self._count(counter)
        self._dismiss(routing_id, sentence)
        if lanes.refused_for != counter:
            # Once on the books for each reason: the bridge will go on asking.
            lanes.refused_for = counter
            self._intake.note(BridgeDisconnected(bridge=lanes.bridge, session="", reason=sentence))

    def _send_again(self, bridge: str) -> None:
        self._count(VAULT_NOT_WRITABLE)
        rest_s, session = self._starts.rest(bridge, self._now_s()), self._sessions.of(bridge)
        if session is not None:
            what_next = f"connect again in {rest_s:g} s, and send again what was not acknowledged"
            self._end(session, f"the vault cannot be written: {what_next}")

    def _end(self, session: Session, reason: str, *, say_bye: bool = True) -> None:
        if not self._sessions.close(session):
            return
        if say_bye:
            self._send(session, Bye(reason))
        self._intake.note(BridgeDisconnected(bridge=session.bridge, session=session.name, reason=reason))

    def _dismiss(self, routing_id: bytes, reason: str) -> None:
        """Tell a peer without a session why it gets no further; once is enough."""
        if self._channel is not None and self._farewells.is_first(routing_id):
            try:
                self._channel.send([routing_id, *message(Bye(reason))])
            except zmq.ZMQError as error:
                if error.errno != errno.EHOSTUNREACH:
                    raise

    def _send(self, session: Session, body: Message) -> bool:
        """False where the peer takes nothing now or is gone; gone ends the session."""
        if self._channel is None:
            return False
        try:
            return self._channel.send([session.routing_id, *message(body, session.name)])
        except zmq.ZMQError as error:
            if error.errno != errno.EHOSTUNREACH:
                raise
        self._end(session, "its connection is gone", say_bye=False)
        return False

    def _beat(self) -> None:
        now, now_us = anyio.current_time(), self._now_us()
        for session in self._sessions.live():
            if now - session.heard_at > self._silence_s and not self._is_held_back:
                self._end(session, f"nothing heard for {self._silence_s:g} s")
            else:
                self._send(session, Heartbeat(now_us))
        for lanes in self._intake.lanes():
            lanes.forget_asking()
        self._farewells.forget()
        self._schedule_acks()

    # --- acknowledgements and back-pressure ---

    def _schedule_acks(self) -> None:
        """One ACK for all that a batch made durable, after what the batch asks for has left."""
        if not self._acks_scheduled and self._channel is not None:
            self._acks_scheduled = True
            asyncio.get_running_loop().call_soon(self._send_acks)

    def _send_acks(self) -> None:
        self._acks_scheduled = False
        for lanes in self._intake.lanes():
            session = self._sessions.of(lanes.bridge)
            if lanes.ack_due and session is not None:
                done = lanes.durable
                lanes.ack_due = not self._send(session, Ack(done.seq, done.qseq, done.mark_us))

    @property
    def _is_held_back(self) -> bool:
        return self._channel is not None and self._channel.paused

    def _hold_back(self) -> None:
        """Read nothing until something is durable: ZeroMQ and TCP make the bridges keep what they have."""
        if self._channel is not None and not self._channel.paused:
            self._count("held back")
            self._channel.pause()

    def _go_on(self) -> None:
        if self._channel is not None and self._channel.paused:
            for session in self._sessions.live():
                session.heard_at = anyio.current_time()  # nobody was listened to meanwhile
            self._channel.resume()

    # --- figures ---

    def _count(self, reason: str) -> None:
        self._counters[reason] = self._counters.get(reason, 0) + 1


def _agree(header: Header, n: int) -> None:
    if header.n != n or header.first_seq < 1:
        raise UnreadableFrame(
            Unreadable.BODY, f"the header numbers {header.n} from {header.first_seq}, the body has {n}"
        )


def _quotes_of(header: Header, body: bytes, *, conflated: bool) -> PendingQuotes:
    try:
        after_seq, entries = split_windows(body) if conflated else split_frame(body)
    except UnreadableQuotes as error:
        raise UnreadableFrame(Unreadable.BODY, str(error)) from error
    _agree(header, len(entries))
    return PendingQuotes(header.first_seq, after_seq, entries, body, conflated)
