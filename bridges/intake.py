"""Intake: from a bridge's lanes to the engine, and back the word that it is durable; reading stops while too much is not."""

import hashlib
from collections.abc import Callable, Collection
from functools import partial
from typing import Protocol, assert_never

from actors.arrival import Arrival, Decided, Offer
from bridges.bounds import IN_FLIGHT_MAX
from bridges.door import Door
from bridges.lanes import Lanes, Numbers, Pending, PendingEvent, PendingQuotes
from bridges.translate import Accounts, Translator
from bridges.wire import Watermark
from firm import inputs
from firm.inputs import BridgeConnected, BridgeDisconnected, CommandReported, CommandState, QuoteFrame


class Directory(Accounts, Protocol):
    """What the firm knows about bridges, as of the last commit: an `on_durable` callback already sees what it brought."""

    def bridge_of_key(self, z85: str) -> str | None: ...

    def is_revoked(self, bridge: str) -> bool: ...

    def journal_seq(self, bridge: str) -> int: ...

    def quote_seq(self, bridge: str) -> int: ...

    def outbox_epoch(self, bridge: str) -> str:
        """The epoch of the last BridgeConnected of this bridge, "" where there was none."""


class Intake:
    """Owns every bridge's lanes. `hold_back` stops the reading from bridges, `go_on` resumes it."""

    def __init__(
        self,
        *,
        offer: Offer,
        directory: Directory,
        translator: Translator,
        now_us: Callable[[], int],
        count: Callable[[str], None],
        on_durable: Callable[[], None],
        hold_back: Callable[[], None],
        go_on: Callable[[], None],
    ) -> None:
        self._directory = directory
        self._translator = translator
        self._now_us = now_us
        self._count = count
        self._on_durable = on_durable
        self._hold_back = hold_back
        self._go_on = go_on
        self._door = Door(offer, on_full=hold_back, on_open=self._relieve)
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

    def advance(self, lanes: Lanes) -> None:
        """Put before the engine whatever is in its turn; the last one brings the word that all of it is durable."""
        if self._is_halfway:
            return
        self._is_halfway = True
        weight, last, lifts = 0, None, False
        while (pending := lanes.next_ready()) is not None:
            last = self._arrival_of(lanes.bridge, pending)
            weight += len(pending.entries) if isinstance(pending, PendingQuotes) else 1
            if _names_an_account(last):
                lanes.barrier = lifts = True
            self._door.put(last)
        if last is not None:
            lanes.in_flight += weight
            last.on_durable = partial(self._made_durable, lanes, lanes.offered, weight, lifts)
        self._is_halfway = False
        if lanes.pressure >= IN_FLIGHT_MAX:
            self._hold_back()

    def note(self, body: BridgeConnected | BridgeDisconnected) -> None:
        now_us = self._now_us()
        self._door.put(Arrival(body, now_us, now_us))

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

    def _arrival_of(self, bridge: str, pending: Pending) -> Arrival:
        now_us = self._now_us()
        match pending:
            case PendingEvent():
                said = self._translator.translate(bridge, pending.seq, pending.raw)
                if said.refused:
                    self._count(said.refused)
                return Arrival(said.body, said.happened_us, now_us, said.account)
            case PendingQuotes():
                frame = _quote_frame(bridge, pending)
                return Arrival(frame, frame.last_us, now_us, attachment=pending.body)
            case Watermark():
                mark = inputs.Watermark(bridge=bridge, t_us=pending.t_us, seq=pending.seq, qseq=pending.qseq)
                return Arrival(mark, pending.t_us, now_us)
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
        isinstance(said, CommandReported)
        and arrival.account == 0
        and said.vendor_ref != ""
        and said.state in (CommandState.APPLIED, CommandState.CONFIRMED)
    )
