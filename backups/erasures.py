"""Erasures: who lost a key is told in files that are kept for ever, each naming the one before, so that none goes unseen.

Copies of the keys, of which a restore needs the newest, say how many there are and which is the last. An erasure is a
matter of keys and not of time: it removes what the newest keys do not open, whatever stamp it bears.
"""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from backups.destination import Destination, put_bytes, read_lots
from backups.envelope import Identity
from backups.errors import RestoreRefused
from backups.names import ERASURES, ErasureName, erasure_named
from backups.records import Erasure, Told, bytes_of, read_record
from backups.source import Source
from storage.copies import Owner

BYTES_MAX = 16 * 2**20


def tell(source: Source, owners: Sequence[Owner], before: Told, stamp: str, scratch: Path) -> Told:
    """Put the next erasure, of a new chain where there was none before; what is told then."""
    chain, number = before.chain or stamp, before.count + 1
    record = Erasure(chain=chain, number=number, before=before.sha256, stamp=stamp, owners=list(owners))
    sealed = source.recipient.seal(bytes_of(record, source.signer))
    name = ErasureName(chain, number, stamp, len(sealed))
    put_bytes(source.destination, sealed, f"{ERASURES}/{name.name}", scratch)
    return Told(chain=chain, count=number, sha256=_digest(sealed))


def untold(destination: Destination, told: Told) -> Iterable[str]:
    """What is missing of a chain, as far as names and sizes say."""
    there = {name.number for name in _whole(destination) if name.chain == told.chain}
    missing = [number for number in range(1, told.count + 1) if number not in there]
    if missing:
        yield (
            f"{len(missing)} of {told.count} erasures are missing or cut in {ERASURES}/{told.chain} (number {missing[0]} first), "
            'and nothing can be restored without them: put them back; where they are gone for good, see "Erasure" in '
            "docs/operating/backups.md"
        )


def erased_owners(
    destination: Destination, told: Told, identity: Identity, public_key: bytes, scratch: Path
) -> set[Owner]:
    """Of everybody who was told as erased, what. Raises RestoreRefused where one is missing of those that `told` knows of."""
    owners: set[Owner] = set()
    before: dict[str, Erasure] = {}
    whole = {name.name: name for name in _whole(destination)}
    sizes = {path: name.size_bytes for path, name in whole.items() if name.size_bytes <= BYTES_MAX}
    for entry, content in read_lots(destination, ERASURES, sizes, scratch):
        path, name = f"{ERASURES}/{entry}", whole[entry]
        erasure = read_record(Erasure, path, identity.open(path, content), public_key)
        if (erasure.chain, erasure.number, erasure.stamp) != name[:3]:
            raise RestoreRefused(f"{path} is number {erasure.number} of {erasure.chain}: it was renamed; remove it")
        before[_digest(content)] = erasure
        owners.update(erasure.owners)
    wanted, count = told.sha256, told.count
    while wanted:
        found = before.get(wanted)
        if found is None or (found.chain, found.number) != (told.chain, count):
            raise RestoreRefused(
                f"erasure {count} of {told.count} is missing in {ERASURES}/{told.chain} in {destination.where}, and somebody erased "
                "would be readable again: put it back from where this destination is copied to"
            )
        wanted, count = found.before, count - 1
    return owners


def _whole(destination: Destination) -> list[ErasureName]:
    found = destination.sizes(ERASURES).items()
    return sorted(name for path, size in found if (name := erasure_named(path)) is not None and name.size_bytes == size)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
