"""Replay: read inputs back from the ledger and decide them again; the facts must be the same bytes.

Recovery is a replay since the last snapshot, so that every start proves what it starts from. `evenhand replay` is one of a
whole epoch.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from actors.arrival import Arrival
from actors.engine import Engine
from firm.facts import DeskStopped
from firm.inputs import Input, QuoteFrame
from firm.kinds import body_of
from storage.rows import Row, StoredRow


class Difference(NamedTuple):
    """The first place where a replay and the ledger disagree: the row as stored and as decided now (None: no such row)."""

    seq: int
    field: str
    stored: object
    decided: object

    def __str__(self) -> str:
        return f"row {self.seq}: {self.field} is {self.stored!r} in the ledger and {self.decided!r} when decided again"


class Recorded(NamedTuple):
    """One input with the facts it led to, as they lie in the ledger."""

    input: StoredRow
    facts: list[StoredRow]


def recorded_inputs(rows: Iterator[StoredRow]) -> Iterator[Recorded]:
    """Group rows: an input and the facts that name it as their cause."""
    current: Recorded | None = None
    for row in rows:
        if row.cause == 0:
            if current is not None:
                yield current
            current = Recorded(row, [])
        else:
            assert current is not None, f"row {row.seq} is a fact before any input"
            current.facts.append(row)
    if current is not None:
        yield current


def arrival_of(recorded: Recorded, frame_of: Callable[[int], bytes]) -> Arrival:
    """The input as it once arrived. A desk that stopped then stops again."""
    row = recorded.input
    body = body_of(row.kind, row.payload)
    assert isinstance(body, Input), f"row {row.seq} of kind {row.kind} has no cause and is no input"
    stopped = tuple(_stopped(fact) for fact in recorded.facts if fact.kind == "DeskStopped")
    frame = frame_of(row.seq) if isinstance(body, QuoteFrame) else None
    return Arrival(body, row.happened_us, row.received_us, row.account, frame, None, stopped)


def redecide(engine: Engine, recorded: Recorded, frame_of: Callable[[int], bytes]) -> Difference | None:
    """Decide one input again; the first difference from what is recorded, or None."""
    if engine.size + 1 != recorded.input.seq:
        return Difference(recorded.input.seq, "seq", recorded.input.seq, engine.size + 1)
    batch = engine.decide([arrival_of(recorded, frame_of)])
    stored_rows = [recorded.input, *recorded.facts]
    for stored, (decided, _) in zip(stored_rows, batch.rows, strict=False):
        difference = _compare(stored, decided)
        if difference is not None:
            return difference
    if len(stored_rows) != len(batch.rows):
        seq = recorded.input.seq + min(len(stored_rows), len(batch.rows))
        return Difference(seq, "number of facts", len(stored_rows) - 1, len(batch.rows) - 1)
    return None


def _compare(stored: StoredRow, decided: Row) -> Difference | None:
    for field in Row._fields:
        if getattr(stored, field) != getattr(decided, field):
            return Difference(stored.seq, field, getattr(stored, field), getattr(decided, field))
    return None


def _stopped(row: StoredRow) -> DeskStopped:
    body = body_of(row.kind, row.payload)
    assert isinstance(body, DeskStopped)
    return body
