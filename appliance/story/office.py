"""Office: the firm of a story: the real engine with its desks in memory, fed as a bridge and a door would feed it.

What a platform tells goes through the very translation of the gateway; nothing is decided here.
"""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from actors.arrival import Arrival
from actors.directory import Directory
from actors.effects import Effect
from actors.engine import Engine
from bridges.events import Event, encode_event
from bridges.requests import request_of
from bridges.translate import Translator
from bridges.wire import Message
from firm.account import AccountState
from firm.commands import AddStaff
from firm.facts import Fact
from firm.inputs import (
    BridgeConnected,
    BridgeDisconnected,
    ClockTicked,
    EventRefused,
    Input,
    PolicyAdopted,
    QuoteFrame,
    Watermark,
)
from firm.policy import Policy
from firm.quote_frame import Tick, encode_quotes
from storage.rows import Row

LINEAGE = "0" * 32


class NotBelieved(ValueError):
    """A story's figures are beyond what any platform tells."""


class Recorded(NamedTuple):
    """A fact with its row's number, the account it is about (0: none), and when it happened."""

    seq: int
    account: int
    at_us: int
    fact: Fact


class Office:
    """`now_us`: firm time, which the story moves. `rows`: the whole ledger. `asked`: what the firm wants done at the platform.

    `people`: the names of those who work there, by how commands call them.
    """

    def __init__(self, bridge: str, now_us: int) -> None:
        self.bridge, self.now_us = bridge, now_us
        self.engine = Engine(LINEAGE)
        self.rows: list[tuple[Row, Input | Fact]] = []
        self.recorded: list[Recorded] = []
        self.asked: list[Message] = []
        self.journal_seq = 0
        self._quote_seq = 0
        self._sessions = 0
        self._directory = Directory(self.engine)
        self._translator = Translator(self._directory, now_us=lambda: self.now_us)
        self.people: dict[str, str] = {}
        self.put(PolicyAdopted(policy=Policy()))

    def account(self, account: int) -> AccountState | None:
        return self.engine.account(account)

    def member(self, name: str) -> str:
        """How commands call a person of the story, who is an owner of its firm from when they first do something."""
        known = next((reference for reference, held in self.people.items() if held == name.lower()), None)
        if known is not None:
            return known
        number = len(self.people) + 1
        self.put(AddStaff(by="console", staff=number, role="owner", sealed=""))
        self.people[f"staff:{number}"] = name.lower()
        return f"staff:{number}"

    # --- a bridge ---

    def connect(self) -> None:
        self._sessions += 1
        self.put(
            BridgeConnected(
                bridge=self.bridge,
                session=f"s{self._sessions}",
                plugin="story",
                plugin_version="1",
                platform="story",
                server="story",
                outbox_epoch="e1",
                first_seq=1,
                last_seq=self.journal_seq,
            )
        )

    def disconnect(self) -> None:
        self.put(BridgeDisconnected(bridge=self.bridge, session=f"s{self._sessions}", reason="silent"))

    def hear(self, told: Sequence[Tick | Event]) -> None:
        """What a platform told, in its order: prices that follow one another in one frame."""
        ticks: list[Tick] = []
        for one in told:
            if isinstance(one, Tick):
                ticks.append(one)
                continue
            self._hear_prices(ticks)
            ticks = []
            self._hear_event(one)
        self._hear_prices(ticks)

    def hear_watermark(self) -> None:
        """The bridge has told everything up to now."""
        mark = Watermark(bridge=self.bridge, t_us=self.now_us, seq=self.journal_seq, qseq=self._quote_seq)
        self.put(mark)

    def _hear_prices(self, ticks: list[Tick]) -> None:
        if not ticks:
            return
        raw = encode_quotes(self.journal_seq, ticks)
        frame = QuoteFrame(
            bridge=self.bridge,
            qseq=self._quote_seq + 1,
            after_seq=self.journal_seq,
            n=len(ticks),
            first_us=ticks[0].t_us,
            last_us=ticks[-1].t_us,
            conflated=False,
            sha256=hashlib.sha256(raw).hexdigest(),
        )
        self._quote_seq += len(ticks)
        self.put(frame, happened_us=frame.last_us, attachment=raw)

    def _hear_event(self, event: Event) -> None:
        self.journal_seq += 1
        said = self._translator.translate(self.bridge, self.journal_seq, encode_event(event))
        if isinstance(said.body, EventRefused):
            raise NotBelieved(f"the firm does not believe what the platform then says ({said.body.reason})")
        self.put(said.body, said.account, said.happened_us)

    # --- the engine ---

    def tick(self) -> None:
        """The clock."""
        self.put(ClockTicked(at_us=self.now_us))

    def put(
        self, body: Input, account: int = 0, happened_us: int | None = None, attachment: bytes | None = None
    ) -> None:
        """Let the engine decide an input."""
        at_us = self.now_us if happened_us is None else happened_us
        batch = self.engine.decide([Arrival(body, at_us, self.now_us, account, attachment)])
        self.rows += batch.rows
        for row, one in batch.rows:
            if isinstance(one, Fact):
                self.recorded.append(Recorded(row.seq, row.account, row.happened_us, one))
        self._directory.learn(batch)
        self.asked += [asked for effect in batch.effects if (asked := _asked(effect)) is not None]


def _asked(effect: Effect) -> Message | None:
    request = request_of(effect)
    return None if request is None else request[1]
