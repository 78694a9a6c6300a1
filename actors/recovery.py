"""Recovery: from the ledger to a running engine, proving on the way what it starts from.

Under the engine that wrote the epoch: the newest snapshot, and every input since decided again; facts that differ by a byte
stop the start. Under a newer engine: facts are folded as they are, because what was decided stays decided.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from actors.desk import Header
from actors.enforcement_desk import EnforcementDesk
from actors.enforcement_plans import knows_debts
from actors.engine import Engine
from actors.names import enforcement_desk
from actors.owed import OWED_BY
from actors.replay import Difference, recorded_inputs, redecide
from actors.states import readable_states, restore_states
from firm.inputs import EpochOpened, QuoteFrame
from firm.kinds import body_of
from storage.reader import LedgerReader
from storage.rows import StoredRow

_ROWS_AT_ONCE = 2_000


class ReplayDiverged(Exception):
    """The same engine decides the same input differently: the ledger was altered, or the engine is not deterministic."""

    def __init__(self, difference: Difference) -> None:
        super().__init__(f'{difference}: stop, run "evenhand verify" and then "evenhand replay"')
        self.difference = difference


class Recovered(NamedTuple):
    """A running engine. `epoch_open`: its epoch goes on; else a new one must be opened. `rows`: how many were gone through."""

    engine: Engine
    epoch_open: bool
    rows: int


def nobody_hears() -> None:
    """Where a sign of life is wanted by nobody."""


def recover(
    reader: LedgerReader,
    lineage: str,
    engine_digest: str,
    alarm: Callable[[str, BaseException], None] | None = None,
    sign_of_life: Callable[[], None] = nobody_hears,
) -> Recovered:
    """Bring an engine to the ledger's last row. `sign_of_life`: called with each input or row that it has gone through."""
    engine = Engine(lineage, alarm)
    epochs = reader.landmarks("EpochOpened")
    if not epochs:
        return Recovered(engine, epoch_open=False, rows=0)
    epoch_seq = epochs[-1]
    opened = body_of("EpochOpened", _row(reader, epoch_seq).payload)
    assert isinstance(opened, EpochOpened)
    # A fork ends an epoch too: what came before it was decided in another lineage, whose name is in the ids of its commands.
    ended = [*reader.landmarks("EpochClosed"), *reader.landmarks("LedgerForked")]
    same = opened.engine == engine_digest and not any(seq > epoch_seq for seq in ended)
    _load_snapshot(engine, reader, epoch_seq if same else 0)
    start = engine.size
    if same and start < epoch_seq - 1:
        # The epoch has no snapshot of its own yet: what came before it was another engine's, and is folded.
        _fold(engine, reader, epoch_seq - 1, sign_of_life)
    _take_up_checkpoints(engine, reader)
    if same:
        _redecide(engine, reader, sign_of_life)
    else:
        _fold(engine, reader, reader.size(), sign_of_life)
        _take_up_checkpoints(engine, reader)
    return Recovered(engine, same, engine.size - start)


def all_rows(reader: LedgerReader, after: int, upto: int | None = None) -> Iterator[StoredRow]:
    """Rows in order, a page at a time."""
    while True:
        page = reader.rows(after, _ROWS_AT_ONCE)
        if not page:
            return
        for row in page:
            if upto is not None and row.seq > upto:
                return
            yield row
        after = page[-1].seq


def _load_snapshot(engine: Engine, reader: LedgerReader, written_after: int) -> None:
    """Start from the newest snapshot that this epoch wrote, or from any where another engine's is as good."""
    snapshot = reader.newest_snapshot(reader.size())
    if snapshot is None or snapshot.written_by < written_after:
        return
    try:
        states = readable_states(snapshot.states)
    except msgspec.ValidationError:
        return  # another engine's states need not be readable to this one: everything is folded instead
    restore_states(engine, snapshot.of_seq, states)
    if not all(knows_debts(raw) for name, raw in snapshot.states.items() if name.startswith("enforcement/")):
        _recall_owed(engine, reader, snapshot.of_seq)


def _recall_owed(engine: Engine, reader: LedgerReader, upto: int) -> None:
    """A snapshot of an engine that kept no debts: what is owed is folded from the rows before it. They need no prices."""
    desks = {bridge: EnforcementDesk(enforcement_desk(bridge), bridge) for bridge in engine.own.state.bridges}
    for row in all_rows(reader, 0, upto):
        if row.kind in OWED_BY:
            body, state = body_of(row.kind, row.payload), engine.account(row.account)
            bridge = getattr(body, "bridge", "") or (state.bridge if state is not None else "")
            if bridge in desks:
                desks[bridge].fold(body, row.seq, row.account, row.happened_us)
    for bridge, past in desks.items():
        desk = engine.desk(enforcement_desk(bridge))
        assert isinstance(desk, EnforcementDesk)
        desk.restore(replace(desk.state, owed=past.state.owed))


def _take_up_checkpoints(engine: Engine, reader: LedgerReader) -> None:
    last = reader.checkpoint(engine.size)
    if last is not None:
        engine.checkpoint_size, engine.checkpoint_us = last.size, last.at_us


def _redecide(engine: Engine, reader: LedgerReader, sign_of_life: Callable[[], None]) -> None:
    for recorded in recorded_inputs(all_rows(reader, engine.size)):
        difference = redecide(engine, recorded, reader.frame)
        if difference is not None:
            raise ReplayDiverged(difference)
        sign_of_life()


def _fold(engine: Engine, reader: LedgerReader, upto: int, sign_of_life: Callable[[], None]) -> None:
    for row in all_rows(reader, engine.size, upto):
        body = body_of(row.kind, row.payload)
        frame = reader.frame(row.seq) if isinstance(body, QuoteFrame) else None
        engine.refold(Header(row.seq, row.happened_us, row.received_us, row.account), body, frame)
        sign_of_life()


def _row(reader: LedgerReader, seq: int) -> StoredRow:
    row = reader.row(seq)
    assert row is not None, f"landmark {seq} has no row"
    return row
