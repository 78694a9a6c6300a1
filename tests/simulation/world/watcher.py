"""Watcher: reads the firm's files with a reader of its own and holds against them everything that the firm lets out.

It trusts nothing that the firm says of itself: what is durable is what lies in the files at this moment.
"""

from collections import Counter
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from world.firm_files import SECRET
from world.market import POLICY, SPECS

from actors.arrival import Decided
from actors.batch import Batch
from actors.effects import Effect, QueryCommand, SendCommand
from bridges.wire import Ack, Cmd, CmdQuery, Kind, Welcome, read_body, read_header
from firm import facts as f
from firm import inputs as i
from firm.kinds import Body, body_of
from firm.quote_frame import split_frame
from storage.reader import LedgerReader
from storage.rows import StoredRow


class Invariant(StrEnum):
    """What must hold, by the name that a broken run tells."""

    DURABLE_FIRST = "nothing is released before it is durable"
    KEPT = "nothing that was told is lost"
    LANES = "each journal event and each tick is booked once, in order"
    ONCE = "no command is carried out twice"
    FRESH_PASS = "a pass rests on fresh data only"
    EVIDENCE = "each verdict has its evidence"
    REPLAY = "a replay reproduces the facts"
    FOLD = "the state is the fold of the rows"
    BOOK = "what the platform told is booked"
    ORACLE = "the verdicts are those of the in-order oracle"
    WHOLE = "the ledger verifies"
    SETTLES = "the world comes to rest, nothing is open, no desk has stopped"


class Broken(NamedTuple):
    """An invariant that does not hold, and how."""

    invariant: Invariant
    how: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.how}"


class Standing(NamedTuple):
    """What the watcher itself knows of an account, from its rows alone."""

    positions: dict[str, str]
    drifting: set[str]
    currency: str


class Silence(NamedTuple):
    """For longer than the policy allows nothing was told of a symbol: since when, and until when at least."""

    symbol: str
    from_us: int
    to_us: int


class Freeze(NamedTuple):
    """An account passes nothing from row `seq` on, for want of prices since `from_us`; `over_seq`: until which row, 0 for ever."""

    account: int
    incident: int
    symbols: tuple[str, ...]
    from_us: int
    seq: int
    over_seq: int


class Watcher:
    """`broken`: what did not hold so far. `silences`: when prices were missing, `freezes`: what the firm made of that."""

    def __init__(self) -> None:
        self.broken: list[Broken] = []
        self.rows: list[StoredRow] = []
        self.bodies: list[Body] = []
        self.told_rows = 0  # rows of which somebody outside has heard
        self.releases: Counter[str] = Counter()
        self._reader: LedgerReader | None = None
        self._seq = self._qseq = 0
        self._mark_us = 0
        self._queued: set[str] = set()
        self._accounts: dict[int, Standing] = {}
        self._traded: dict[int, int] = {}
        self._reported: dict[int, int] = {}
        self._newest: dict[str, int] = {}
        self._up = True
        self.silences: list[Silence] = []
        self.freezes: list[Freeze] = []

    def say(self, invariant: Invariant, how: str) -> None:
        self.broken.append(Broken(invariant, how))

    # --- reading ---

    def look_at(self, directory: Path) -> None:
        """A life of the firm begins on these files: all rows that anybody heard of must be there, unchanged."""
        if self._reader is not None:
            self._reader.close()
        self._reader = LedgerReader(directory, secret=SECRET)
        kept = self._reader.rows(0, 10**9)
        if len(kept) < self.told_rows:
            self.say(Invariant.KEPT, f"{self.told_rows} rows were told of, {len(kept)} are there after the crash")
        if kept[: len(self.rows)] != self.rows[: len(kept)]:
            self.say(Invariant.KEPT, "a row is not the one that was there before the crash")
        self.sync()

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()

    def sync(self) -> int:
        """Take in what has become durable; how many rows there are."""
        assert self._reader is not None
        for row in self._reader.rows(len(self.rows), 10**9):
            body = body_of(row.kind, row.payload)
            self.rows.append(row)
            self.bodies.append(body)
            self._see(row, body)
        return len(self.rows)

    # --- what is let out ---

    def _require_durable(self, seq: int, what: str) -> None:
        self.releases[what] += 1
        if seq > len(self.rows) and seq > self.sync():
            self.say(Invariant.DURABLE_FIRST, f"{what} of row {seq}, but {len(self.rows)} rows are durable")
        self.told_rows = max(self.told_rows, min(seq, len(self.rows)))

    def published(self, batch: Batch) -> None:
        for row, _ in batch.rows[-1:]:
            self._require_durable(row.seq, "publication")

    def answered(self, decided: Decided) -> None:
        self._require_durable(decided.seq + len(decided.facts), "answer")

    def carried(self, effect: Effect) -> None:
        self.releases["effect"] += 1
        if isinstance(effect, SendCommand | QueryCommand):
            self._require_queued(effect.command, "effect")

    def sent(self, parts: list[bytes]) -> None:
        """A message leaves the gateway."""
        match Kind(read_header(parts).kind):
            case Kind.ACK:
                self._require_booked(read_body(Ack, parts[1]), "acknowledgement")
            case Kind.WELCOME:
                welcome = read_body(Welcome, parts[1])
                self._require_booked(Ack(welcome.resume_after, welcome.resume_after_qseq), "welcome")
            case Kind.CMD:
                self._require_queued(read_body(Cmd, parts[1]).cmd_id, "command")
            case Kind.CMD_QUERY:
                self._require_queued(read_body(CmdQuery, parts[1]).cmd_id, "query")
            case _:
                pass

    def _require_booked(self, ack: Ack, what: str) -> None:
        self.releases[what] += 1
        self.sync()
        if ack.seq > self._seq or ack.qseq > self._qseq or ack.t_us > self._mark_us:
            have = (self._seq, self._qseq, self._mark_us)
            self.say(Invariant.DURABLE_FIRST, f"{what} of {(ack.seq, ack.qseq, ack.t_us)}, durable are {have}")

    def _require_queued(self, command: str, what: str) -> None:
        self.releases[what] += 1
        self.sync()
        if command not in self._queued:
            self.say(Invariant.DURABLE_FIRST, f"{what} {command}, which no durable row has queued")

    # --- what is written ---

    def _see(self, row: StoredRow, body: Body) -> None:
        match body:
            case i.QuoteFrame():
                self._see_frame(row, body)
            case i.Watermark():
                self._mark_us = max(self._mark_us, body.t_us)
            case i.ClockTicked():
                self._see_silence(row.received_us)
            case i.Input() if getattr(body, "bridge", "") and getattr(body, "seq", 0):
                self._see_event(row, body)
            case f.CommandQueued():
                if body.command in self._queued:
                    self.say(Invariant.ONCE, f"command {body.command} is queued again in row {row.seq}")
                self._queued.add(body.command)
            case f.PhasePassed():
                self._see_pass(row)
            case _:
                self._see_account(row, body)

    def _see_frame(self, row: StoredRow, body: i.QuoteFrame) -> None:
        if body.qseq != self._qseq + 1:
            self.say(Invariant.LANES, f"row {row.seq} books tick {body.qseq}, expected {self._qseq + 1}")
        self._qseq = body.qseq + body.n - 1
        assert self._reader is not None
        for tick in split_frame(self._reader.frame(row.seq))[1]:
            self._newest[tick.symbol] = max(self._newest.get(tick.symbol, 0), tick.t_us)

    def _see_event(self, row: StoredRow, body: Any) -> None:
        if body.seq != self._seq + 1:
            self.say(Invariant.LANES, f"row {row.seq} books journal event {body.seq}, expected {self._seq + 1}")
        self._seq = body.seq
        match body:
            case i.PlatformReported():
                self._up = body.up
            case i.GapReported():
                self.silences.append(Silence(body.symbol, body.from_us, max(body.to_us, row.received_us)))
            case i.EquityReported() | i.SnapshotReported():
                self._reported[row.account] = row.seq

    def _see_account(self, row: StoredRow, body: Body) -> None:
        match body:
            case f.AccountOpened():
                self._accounts[row.account] = Standing({}, set(), body.initial.currency)
            case f.DealBooked():
                positions = self._accounts[row.account].positions
                positions.pop(body.position_id, None)
                if body.lots_e8:
                    positions[body.position_id] = body.symbol
                self._traded[row.account] = row.seq
            case f.DriftFound():
                self._accounts[row.account].drifting.add(body.what)
            case f.PositionsDrifted():
                self._accounts[row.account].drifting.add("positions")
            case f.DealIgnored() if body.why != "already_booked":
                self._accounts[row.account].drifting.add("positions")
            case f.DriftCleared():
                self._accounts[row.account].drifting.discard(body.what)
            case f.PassesFrozen():
                self.freezes.append(Freeze(row.account, body.incident, body.symbols, body.from_us, row.seq, 0))
            case f.OutageAssessed():
                self.freezes = [
                    one._replace(over_seq=row.seq) if one[:2] == (row.account, body.incident) else one
                    for one in self.freezes
                ]

    def _see_silence(self, now_us: int) -> None:
        """A bridge tells a price, or that all is told; while it has lost its platform the latter says nothing."""
        for symbol, newest_us in self._newest.items():
            told_us = max(newest_us, self._mark_us if self._up else 0)
            if now_us - told_us > POLICY.incident_after_us:
                self.silences.append(Silence(symbol, told_us, now_us))

    def _see_pass(self, row: StoredRow) -> None:
        """All of this is worked out anew from rows and frames, by nothing of the firm's own code."""
        known = self._accounts[row.account]
        needed = set(known.positions.values())
        foreign = any(SPECS[symbol].currency_profit != known.currency for symbol in needed)
        needed |= {"EURUSD"} if foreign else set()
        old = [symbol for symbol in needed if row.happened_us - self._newest.get(symbol, 0) > POLICY.stale_after_us]
        if old:
            self.say(Invariant.FRESH_PASS, f"row {row.seq} passes account {row.account}, but {old} has no fresh price")
        if known.drifting or not self._up:
            self.say(Invariant.FRESH_PASS, f"row {row.seq} passes account {row.account} in doubt: {known.drifting}")
        if self._reported.get(row.account, 0) < self._traded.get(row.account, 0):
            self.say(
                Invariant.FRESH_PASS, f"row {row.seq} passes account {row.account} before the platform's own figure"
            )
