"""Batch: what a run of inputs led to, on its way from the engine to the ledger and then out."""

from typing import Any

import msgspec

from actors.arrival import Arrival, Decided
from actors.effects import Effect
from firm.kinds import Body
from storage.rows import Row


class Captured(msgspec.Struct, frozen=True):
    """Every desk's state after row `of_seq`. States are immutable, so this is references, not copies."""

    of_seq: int
    states: dict[str, Any]


class Batch(msgspec.Struct):
    """What a run of inputs led to, to be committed in one transaction and released after it.

    `accounts`, `bridges`: whose state or prices changed, for the live board. `snapshot`: all states after one of its rows.
    """

    rows: list[tuple[Row, Body]] = msgspec.field(default_factory=list)
    frames: list[tuple[int, bytes]] = msgspec.field(default_factory=list)
    checkpoints: list[tuple[int, int]] = msgspec.field(default_factory=list)
    effects: list[Effect] = msgspec.field(default_factory=list)
    decided: list[tuple[Arrival, Decided]] = msgspec.field(default_factory=list)
    accounts: set[int] = msgspec.field(default_factory=set)
    bridges: set[str] = msgspec.field(default_factory=set)
    snapshot: "Captured | None" = None
