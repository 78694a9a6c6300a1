"""The firm as a bridge finds it: the real lanes, translation and engine, with the network left out.

What arrives twice or too early is dropped or asked for by the lanes themselves. `asked` is what the firm wants done on the platform.
"""

from actors.arrival import Arrival
from actors.desk import Header
from actors.directory import Directory
from actors.effects import RequestSnapshot, SendCommand
from actors.engine import Engine
from bridges.events import Event, encode_event
from bridges.intake import _quote_frame
from bridges.lanes import Lanes, PendingEvent, PendingQuotes, Took
from bridges.translate import Translator
from bridges.wire import Cmd, Watermark
from firm import inputs
from firm.account import AccountState
from firm.commands import EnrolBridge, MarkOrderPaid, PlaceOrder, PublishProgram, RegisterTrader
from firm.facts import Fact
from firm.inputs import Input
from firm.policy import Policy
from firm.quote_frame import Tick, encode_quotes
from firm.ruleset import Program
from storage.rows import Row

BRIDGE = "sim"


class Firm:
    """`now_us`: firm time, which the history moves with the platform's. `rows`: all there are, with the quote frames' bytes."""

    def __init__(self, now_us: int) -> None:
        self.now_us = now_us
        self.engine = Engine("0" * 32)
        self.asked: list[Cmd | RequestSnapshot] = []
        self.arrivals: list[Arrival] = []
        self.facts: list[tuple[int, Fact]] = []
        self.rows: list[tuple[Row, Input | Fact]] = []
        self.frames: dict[int, bytes] = {}
        self.took: set[Took] = set()
        self._lanes = Lanes(BRIDGE, seq=0, qseq=0, epoch="e1")
        self._directory = Directory(self.engine)
        self._translator = Translator(self._directory, now_us=lambda: self.now_us)

    # --- its shop ---

    def open_shop(self, policy: Policy) -> None:
        self._put(inputs.PolicyAdopted(policy=policy))
        self._put(EnrolBridge(by="console", bridge=BRIDGE, public_key="k" * 40, simulator=True))
        self._put(
            inputs.BridgeConnected(
                bridge=BRIDGE, session="s1", plugin="t", plugin_version="1", platform="t", server="t",
                outbox_epoch="e1", first_seq=1, last_seq=0,
            )
        )  # fmt: skip

    def sell(self, number: int, program: Program) -> int:
        """An account is ordered and paid for; the firm then asks the platform for it."""
        trader, order, account = 1_000 + number, 500 + number, 7_001 + 10 * number
        accounts = tuple(account + phase for phase in range(len(program.phases)))
        self._put(PublishProgram(by="console", program=program))
        self._put(RegisterTrader(by="console", trader=trader, sealed="c0ffee"))
        self._put(
            PlaceOrder(by=f"trader:{trader}", order=order, trader=trader, program=program.program, accounts=accounts)
        )
        self._put(MarkOrderPaid(by="console", order=order, reference="wire"))
        return account

    # --- what a bridge sends ---

    def take_events(self, first_seq: int, events: list[Event]) -> None:
        self.took.add(self._lanes.take_events(first_seq, [encode_event(event) for event in events]))
        self._advance()

    def take_ticks(self, qseq: int, after_seq: int, ticks: list[Tick]) -> None:
        body = encode_quotes(after_seq, ticks)
        self.took.add(self._lanes.take_quotes(PendingQuotes(qseq, after_seq, ticks, body, conflated=False)))
        self._advance()

    def take_watermark(self, t_us: int, seq: int, qseq: int) -> None:
        self.took.add(self._lanes.take_watermark(Watermark(t_us, seq, qseq)))
        self._advance()

    @property
    def expected_seq(self) -> int:
        return self._lanes.expected_seq

    @property
    def expected_qseq(self) -> int:
        return self._lanes.expected_qseq

    def _advance(self) -> None:
        while (pending := self._lanes.next_ready()) is not None:
            match pending:
                case PendingEvent():
                    said = self._translator.translate(BRIDGE, pending.seq, pending.raw)
                    assert not said.refused, f"the platform said what the firm does not believe: {said.body}"
                    self._put(said.body, said.account, said.happened_us)
                case PendingQuotes():
                    frame = _quote_frame(BRIDGE, pending)
                    self._put(frame, happened_us=frame.last_us, attachment=pending.body)
                case Watermark():
                    mark = inputs.Watermark(bridge=BRIDGE, t_us=pending.t_us, seq=pending.seq, qseq=pending.qseq)
                    self._put(mark, happened_us=pending.t_us)

    def _put(
        self, body: Input, account: int = 0, happened_us: int | None = None, attachment: bytes | None = None
    ) -> None:
        at_us = self.now_us if happened_us is None else happened_us
        arrival = Arrival(body, at_us, self.now_us, account, attachment)
        self.arrivals.append(arrival)
        batch = self.engine.decide([arrival])
        self.rows += batch.rows
        self.frames.update(batch.frames)
        self.facts += batch.decided[0][1].facts
        for effect in batch.effects:
            if isinstance(effect, SendCommand):
                known = Cmd(
                    effect.command, effect.idem_key, effect.login, effect.action, effect.args, "", effect.deadline_us
                )
                self.asked.append(known)
            elif isinstance(effect, RequestSnapshot):
                self.asked.append(effect)
        self._directory.learn(batch)

    # --- what it knows ---

    def account_of(self, login: str) -> int | None:
        return self._directory.account_of(BRIDGE, login)

    def state(self, account: int) -> AccountState:
        state = self.engine.account(account)
        assert state is not None, f"account {account} was never opened"
        return state

    def refolded(self) -> Engine:
        """A fresh engine that took the rows as they are."""
        folded = Engine(self.engine.lineage)
        for row, body in self.rows:
            folded.refold(
                Header(row.seq, row.happened_us, row.received_us, row.account), body, self.frames.get(row.seq)
            )
        return folded
