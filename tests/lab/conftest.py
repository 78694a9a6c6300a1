"""Histories for the lab: worlds from a seed, as the ledger would have them."""

from collections.abc import Iterator

from actors.replay import Recorded, recorded_inputs
from storage.rows import StoredRow
from tests.actors.conftest import Stage
from tests.worlds.world import World


def rows_of_world(world: World | Stage) -> Iterator[StoredRow]:
    for batch in world.batches:
        for row, _ in batch.rows:
            yield StoredRow(*row[:6], 0, 0, bytes(32), row.payload)


def history_of(world: World | Stage) -> list[Recorded]:
    return list(recorded_inputs(rows_of_world(world)))


def frames_of(world: World | Stage) -> dict[int, bytes]:
    return {seq: frame for batch in world.batches for seq, frame in batch.frames}
