"""Intake: from a bridge's lanes through the vault to the engine, and back the word that it is durable.

Reading stops while too much is not.
"""

import hashlib
import logging
from collections.abc import Callable, Collection
from functools import partial
from typing import Protocol, assert_never

from actors.arrival import Arrival, Decided, Offer
from bridges.bounds import FRAME_BYTES_MAX, IN_FLIGHT_MAX, STRETCH_EVENTS_MAX
from bridges.door import Door
from bridges.lanes import Lanes, Numbers, Pending, PendingEvent, PendingQuotes
from bridges.sealer import Seal, Sealer, Stretch
from bridges.translate import Accounts, Translator
from bridges.wire import Watermark
from firm import inputs
from firm.inputs import BridgeConnected, BridgeDisconnected, CommandReported, CommandState, QuoteFrame

_LOG = logging.getLogger("evenhand.gateway")


class Directory(Accounts, Protocol):
    """What the firm knows about bridges, as of the last commit: an `on_durable` callback already sees what it brought."""

    def bridge_of_key(self, z85: str) -> str | None: ...

    def is_revoked(self, bridge: str) -> bool: ...

    def journal_seq(self, bridge: str) -> int: ...

    def quote_seq(self, bridge: str) -> int: ...

    def outbox_epoch(self, bridge: str) -> str:
        """The epoch of the last BridgeConnected of this bridge, "" where there was none."""


class Intake:
    """Owns every bridge's lanes. `hold_back` stops the reading from bridges, `go_on` resumes it.

    `on_unsealed` is told of a bridge whose lanes went back, because the vault could not keep what it sent.
    """

    def __init__(
        self,
        *,
        offer: Offer,
        directory: Directory,
        seal: Seal,
        now_us: Callable[[], int],
        count: Callable[[str], None],
        on_durable: Callable[[], None],
        on_unsealed: Callable[[str], None],
        hold_back: Callable[[], None],
        go_on: Callable[[], None],
    ) -> None:
        self._directory = directory
        self._translator = Translator(directory, now_us=now_us)
        self._now_us = now_us
        self._count = count
        self._on_durable = on_durable
        self._on_unsealed = on_unsealed
        self._hold_back = hold_back
        self._go_on = go_on
        self._door = Door(offer, on_full=hold_back, on_open=self._relieve)
        self._sealer = Sealer(seal, deliver=self._deliver, give_up=self._give_up)
        self._lanes: dict[str, Lanes] = {}
        self._is_halfway = False

    @property
    def is_halfway(self) -> bool:
        """An error left something behind that bridges sent. Nothing is taken after it, and the process must end."""
        return self._is_halfway or self._door.is_halfway

    def lanes(self) -> Collection[Lanes]:
        return self._lanes.values()

    def lanes_of(self, bridge: str) -> Lanes:
        lanes = self._lanes.get(bridge)
        if lanes is None:
            known = self._directory
            lanes = Lanes(
                bridge, seq=known.journal_seq(bridge), qseq=known.quote_seq(bridge), epoch=known.outbox_epoch(bridge)
            )
            self._lanes[bridge] = lanes
        return lanes

    async def seal_on(self) -> None:
        """Until cancelled: without it nothing personal comes as far as the engine."""
        await self._sealer.run()

    def advance(self, lanes: Lanes) -> None:
        """Take whatever is in its turn on its way to the engine; the last of each stretch brings the word that it is durable."""
        if self._is_halfway:
            return
        self._is_halfway = True
        while (stretch := self._next_stretch(lanes)) is not None:
            self._sealer.put(stretch)
        self._is_halfway = False
        if lanes.pressure >= IN_FLIGHT_MAX:
            self._hold_back()

    def note(self, body: BridgeConnected | BridgeDisconnected) -> None:
        now_us = self._now_us()
        self._sealer.put(Stretch(body.bridge, [Arrival(body, now_us, now_us)]))

    def knock(self) -> None:
        self._door.knock()

    def _made_durable(self, lanes: Lanes, numbers: Numbers, weight: int, lifts: bool, decided: Decided) -> None:
        del decided
        lanes.made_durable(numbers, weight)
        if lifts:
            lanes.barrier = False
            self.advance(lanes)
        self._on_durable()
        self._relieve()

    def _relieve(self) -> None:
        if not self._door.is_full and all(lanes.pressure < IN_FLIGHT_MAX // 2 for lanes in self._lanes.values()):
            self._go_on()

    def _next_stretch(self, lanes: Lanes) -> Stretch | None:
        stretch, size = Stretch(lanes.bridge, [], since=lanes.offered), 0
        while (
            len(stretch.arrivals) < STRETCH_EVENTS_MAX
            and size < FRAME_BYTES_MAX
            and (pending := lanes.next_ready()) is not None
        ):
            arrival, personal = self._arrival_of(lanes.bridge, pending)
            if personal:
                stretch.personal[len(stretch.arrivals)] = personal
                size += len(personal)
            stretch.arrivals.append(arrival)
            stretch.weight += len(pending.entries) if isinstance(pending, PendingQuotes) else 1
            if _names_an_account(arrival):
                lanes.barrier = stretch.lifts = True
        if not stretch.arrivals:
            return None
        lanes.in_flight += stretch.weight
        stretch.arrivals[-1].on_durable = partial(
            self._made_durable, lanes, lanes.offered, stretch.weight, stretch.lifts
        )
        return stretch

    def _deliver(self, stretch: Stretch) -> None:
        # Stamped anew: firm time never goes back along the ledger, and it went on while this was sealed.
        now_us = self._now_us()
        for arrival in stretch.arrivals:
            arrival.received_us = now_us
            self._door.put(arrival)

    def _give_up(self, bridge: str, waiting: list[Stretch], why: Exception) -> None:
        """Forget what cannot be sealed as if it had never come: it was not acknowledged, so the bridge still has it."""
        _LOG.error("what %s sent was not taken and has to come again: %s", bridge, why)
        lanes = self._lanes[bridge]
        sent = [stretch for stretch in waiting if stretch.since is not None]
        if sent and sent[0].since is not None:
            lanes.go_back(sent[0].since, sum(stretch.weight for stretch in sent))
        if any(stretch.lifts for stretch in sent):
            lanes.barrier = False
        for note in waiting:
            if note.since is None:
                self._deliver(note)
        self._on_unsealed(bridge)
        self._relieve()

    def _arrival_of(self, bridge: str, pending: Pending) -> tuple[Arrival, bytes]:
        """With what is personal in it: that is sealed, and its place filled with the commitment, before it is delivered."""
        now_us = self._now_us()
        match pending:
            case PendingEvent():
                said = self._translator.translate(bridge, pending.seq, pending.raw)
                for counter in filter(None, (said.refused, said.left_out)):
                    self._count(counter)
                return Arrival(said.body, said.happened_us, now_us, said.account), said.personal
            case PendingQuotes():
                frame = _quote_frame(bridge, pending)
                return Arrival(frame, frame.last_us, now_us, attachment=pending.body), b""
            case Watermark():
                mark = inputs.Watermark(bridge=bridge, t_us=pending.t_us, seq=pending.seq, qseq=pending.qseq)
                return Arrival(mark, pending.t_us, now_us), b""
            case unknown:
                assert_never(unknown)


def _quote_frame(bridge: str, frame: PendingQuotes) -> QuoteFrame:
    return QuoteFrame(
        bridge=bridge,
        qseq=frame.qseq,
        after_seq=frame.after_seq,
        n=len(frame.entries),
        first_us=frame.entries[0].t_us,
        last_us=frame.entries[-1].t_us,
        conflated=frame.conflated,
        sha256=hashlib.sha256(frame.body).hexdigest(),
    )


def _names_an_account(arrival: Arrival) -> bool:
    """A platform's word on a new account: the events after it need the directory that its commit brings."""
    said = arrival.body
    return (
        type(said) is CommandReported
        and arrival.account == 0
        and said.vendor_ref != ""
        and said.state in (CommandState.APPLIED, CommandState.CONFIRMED)
    )
