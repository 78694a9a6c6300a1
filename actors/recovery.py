"""Recovery: from the ledger to a running engine, proving on the way what it starts from.

Under the engine that wrote the epoch: the newest snapshot, and every input since decided again; facts that differ by a byte
stop the start. Under a newer engine: facts are folded as they are, because what was decided stays decided.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec

from actors import fold
from actors.desk import Header
from actors.engine import Engine
from actors.replay import Difference, recorded_inputs, redecide
from actors.states import fold_of, readable_states, restore_states
from firm.inputs import EpochOpened, QuoteFrame
from firm.kinds import body_of
from storage.errors import PrunedByPolicy
from storage.reader import LedgerReader
from storage.rows import StoredRow
from storage.snapshots import Snapshot

_ROWS_AT_ONCE = 2_000


class ReplayDiverged(Exception):
    """The same engine decides the same input differently: the ledger was altered, or the engine is not deterministic."""

    def __init__(self, difference: Difference) -> None:
        super().__init__(f'{difference}: stop, run "evenhand verify" and then "evenhand replay"')
        self.difference = difference


class PassedOver(NamedTuple):
    """A snapshot that was not begun from: of which row, and by which way of folding."""

    of_seq: int
    fold: int


class Recovered(NamedTuple):
    """A running engine. `epoch_open`: its epoch goes on; else a new one must be opened. `rows`: how many were gone through.

    `passed_over`: snapshots newer than where it began that came about by another way of folding, or cannot be read.
    """

    engine: Engine
    epoch_open: bool
    rows: int
    passed_over: tuple[PassedOver, ...] = ()


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
    passed_over: tuple[PassedOver, ...] = ()
    if not (same and _load_snapshot(engine, reader, epoch_seq)):
        passed_over = _load_basis(engine, reader, epoch_seq if same else reader.size() + 1)
    start = engine.size
    if same and start < epoch_seq - 1:
        # What came before the epoch was another engine's, and is folded.
        _fold(engine, reader, epoch_seq - 1, sign_of_life)
    _take_up_checkpoints(engine, reader)
    if same:
        _redecide(engine, reader, sign_of_life)
    else:
        _fold(engine, reader, reader.size(), sign_of_life)
        _take_up_checkpoints(engine, reader)
    return Recovered(engine, same, engine.size - start, passed_over)


def as_found(reader: LedgerReader, epoch_seq: int) -> Engine:
    """An engine as the epoch at this row found it, from what lay there before: where the epoch has no snapshot of its own yet."""
    engine = Engine(reader.lineages().newest.hex())
    _load_basis(engine, reader, epoch_seq)
    _fold(engine, reader, epoch_seq - 1, nobody_hears)
    _take_up_checkpoints(engine, reader)
    return engine


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


def _load_snapshot(engine: Engine, reader: LedgerReader, epoch_seq: int) -> bool:
    """Start from the newest snapshot that this epoch wrote; whether there is one."""
    snapshot = reader.newest_snapshot(reader.size())
    if snapshot is None or snapshot.written_by < epoch_seq:
        return False
    return _restore(engine, snapshot, own=True)


def _load_basis(engine: Engine, reader: LedgerReader, before: int) -> tuple[PassedOver, ...]:
    """Start from the newest snapshot written before a row that came about by this engine's way of folding; which ones did not.

    An epoch that was opened and has no snapshot of its own yet must begin again from what it began from.
    """
    passed_over: list[PassedOver] = []
    at_or_below = before - 1
    while (snapshot := reader.newest_snapshot(at_or_below)) is not None:
        at_or_below = snapshot.of_seq - 1
        if snapshot.written_by >= before:
            continue
        if (found := fold_of(snapshot.states)) == fold.FOLD and _restore(engine, snapshot):
            break
        passed_over.append(PassedOver(snapshot.of_seq, found))
    return tuple(passed_over)


def _restore(engine: Engine, snapshot: Snapshot, *, own: bool = False) -> bool:
    """False where this engine cannot read it: another engine's states need not be readable."""
    try:
        states = readable_states(snapshot.states, own=own)
    except msgspec.ValidationError:
        return False
    restore_states(engine, snapshot.of_seq, states)
    return True


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
        frame = _frame(reader, row.seq) if isinstance(body, QuoteFrame) else None
        engine.refold(Header(row.seq, row.happened_us, row.received_us, row.account), body, frame)
        sign_of_life()


def _frame(reader: LedgerReader, seq: int) -> bytes | None:
    try:
        return reader.frame(seq)
    except PrunedByPolicy:
        return None


def _row(reader: LedgerReader, seq: int) -> StoredRow:
    row = reader.row(seq)
    assert row is not None, f"landmark {seq} has no row"
    return row
