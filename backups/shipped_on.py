"""Shipped on: tail files of a lineage that was left, from after it was left.

`newest` is replaced by whoever ships last, so that of two firms that ship to one place it may tell of the restored one alone. A
name anybody may lay there: a check tells it, and only a restore, which has the offline key, takes it for more than that.
"""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from backups.destination import Destination, read_small
from backups.envelope import Identity
from backups.errors import DestinationFailed, RestoreRefused
from backups.left import Left
from backups.names import TAIL, TailName
from backups.records import Tail, read_record
from backups.tails import tails_at

TRIED_MAX = 5  # of one lineage: whoever lays more names there delays a restore no further
TRIED_BYTES_MAX = 64 * 2**20  # of one: a larger one of ours tells no more than the one before it


def named_beyond(destination: Destination, left: Left, newest: str) -> Iterator[tuple[str, TailName]]:
    """Lineages that were left and their tail files beyond what was known of them then, the last one first."""
    for lineage, known in left.items():
        if lineage != newest:
            beyond = [tail for tail in tails_at(destination, lineage).whole if tail.last > known]
            yield from ((lineage, tail) for tail in sorted(beyond, key=lambda tail: -tail.last))


def signed_beyond(origin: Destination, identity: Identity, public_key: bytes, left: Left, scratch: Path) -> Left:
    """Up to which row each of them was shipped since, by files that our key signed."""
    found: dict[str, int] = {}
    for lineage, known in left.items():
        named = (tail for _, tail in named_beyond(origin, {lineage: known}, "") if tail.size_bytes <= TRIED_BYTES_MAX)
        for tail in islice(named, TRIED_MAX):
            if _is_signed(origin, identity, public_key, lineage, tail, scratch):
                found[lineage] = tail.last
                break
    return found


def _is_signed(
    origin: Destination, identity: Identity, public_key: bytes, lineage: str, tail: TailName, scratch: Path
) -> bool:
    try:
        sealed = read_small(origin, f"{TAIL}/{lineage}/{tail.name}", scratch, tail.size_bytes)
        held = read_record(Tail, tail.name, identity.open(tail.name, sealed), public_key)
    except (RestoreRefused, DestinationFailed):
        return False
    return held.lineage == lineage and held.rows[-1].seq == tail.last
