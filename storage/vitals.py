"""Vitals: the few figures of a ledger that tell whether it is well, and by what its firm decides.

They are read without the writer's lock and without a check of the ledger's bytes.
"""

from pathlib import Path
from typing import NamedTuple

import apsw
import msgspec

from firm.inputs import PolicyAdopted, SegmentSealed
from firm.kinds import body_of
from firm.policy import Policy
from storage.errors import LedgerDamaged
from storage.findings import RESTORE
from storage.identity import size_of
from storage.schema import open_for_reading

POLICY_WITHIN_ROWS = 16
# A policy is adopted at a start only, right after the row that tells of it: so it is found without reading the ledger.
_NEWEST_POLICY = """
SELECT ledger.payload FROM landmarks JOIN ledger ON ledger.seq BETWEEN landmarks.seq + 1 AND landmarks.seq + ?
WHERE landmarks.kind IN ('EpochOpened', 'EngineResumed') AND ledger.kind = 'PolicyAdopted'
ORDER BY ledger.seq DESC LIMIT 1
"""


class Vitals(NamedTuple):
    """`size`: rows. `last_received_us`: of the last row, 0 while there is none. `checkpoint_us`: firm time of the last checkpoint, or 0."""

    size: int
    last_received_us: int
    checkpoint_size: int
    checkpoint_us: int
    segments: tuple[SegmentSealed, ...]


def read_policy(directory: Path) -> Policy:
    """The policy that the ledger was last given, which is the first one there is where it was given none. Raises as `read_vitals`."""
    connection = open_for_reading(directory)
    try:
        found = connection.execute(_NEWEST_POLICY, (POLICY_WITHIN_ROWS,)).fetchone()
        adopted = body_of("PolicyAdopted", found[0]) if found else PolicyAdopted(policy=Policy())
    except (apsw.Error, UnicodeDecodeError, msgspec.DecodeError) as broken:
        raise LedgerDamaged(f"{connection.filename} cannot be read ({broken}): {RESTORE}") from broken
    finally:
        connection.close()
    assert isinstance(adopted, PolicyAdopted)
    return adopted.policy


def read_vitals(directory: Path) -> Vitals:
    """Raises LedgerRefused where the ledger cannot be opened, LedgerDamaged where it cannot be read."""
    connection = open_for_reading(directory)
    try:
        with connection:  # one view of the ledger
            last = connection.execute("SELECT received_us FROM ledger ORDER BY seq DESC LIMIT 1").fetchone()
            signed = connection.execute("SELECT size, at_us FROM checkpoints ORDER BY size DESC LIMIT 1").fetchone()
            sealed = list(connection.execute(
                "SELECT payload FROM ledger WHERE seq IN (SELECT seq FROM landmarks WHERE kind = 'SegmentSealed') ORDER BY seq"
            ))  # fmt: skip
            size = size_of(connection)
        segments = tuple(body_of("SegmentSealed", payload) for (payload,) in sealed)
    except (apsw.Error, UnicodeDecodeError, msgspec.DecodeError) as broken:
        raise LedgerDamaged(f"{connection.filename} cannot be read ({broken}): {RESTORE}") from broken
    finally:
        connection.close()
    checkpoint_size, checkpoint_us = signed or (0, 0)
    return Vitals(
        size=size,
        last_received_us=last[0] if last else 0,
        checkpoint_size=checkpoint_size,
        checkpoint_us=checkpoint_us,
        segments=tuple(body for body in segments if isinstance(body, SegmentSealed)),
    )
