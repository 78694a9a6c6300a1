"""Copies of keys.db: on a schedule of their own, kept at most 30 days, because a key that is gone from them all is an erasure.

Each is whole, or says what changed since the one before; together they are as new as the newest. Who lost a key, or has
another, is told in an erasure file first: that one is kept for ever, and each copy of the keys says which there are.
"""

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import msgspec

from backups import erasures
from backups.destination import Destination, put_bytes, read_small
from backups.envelope import Identity
from backups.errors import RestoreRefused
from backups.left_over import remove_older
from backups.names import AHEAD_MAX_US, KEYS, KeysName, instant_of, keys_named
from backups.records import KeysDelta, KeysFull, Told, bytes_of, read_record
from backups.source import Source
from firm.instant import DAY_US, MINUTE_US
from storage.copies import KeyRows, Owner, digests_of, open_keys_to_copy, read_keys
from storage.files import replace_file
from storage.rewrapping import digest_of

FULL_EVERY_US = DAY_US
DELTAS_MAX = 1_000  # between two whole copies
KEEP_DAYS_MAX = 30  # the promised horizon of an erasure
REMEMBERED = "backup.keys"
UNKNOWN_AFTER_US = 10 * MINUTE_US  # so old is no copy that another process puts just now and did not remember yet


class _Remembered(msgspec.Struct, frozen=True):
    """What the newest copy says, in the firm's directory: hashes of wrapped keys, no keys. A renewed master makes the next one whole."""

    where: str
    newest: str
    full: str
    deltas: int
    told: Told
    digests: list[tuple[str, str, str]]
    master: str = ""  # a hash of the mark that opens under the master alone; "" where an earlier release remembered


def copy_keys_out(source: Source, stamp: str, scratch: Path, *, whole: bool = False) -> str:
    """Bring the destination up to the keys as they are now; the stamp of its newest copy. Call it while holding `stamp`."""
    before = _remembered(source.directory)
    same_place = before is not None and before.where == source.destination.where
    told = before.told if before is not None and same_place else Told()
    with closing(open_keys_to_copy(source.directory)) as connection:
        found = read_keys(connection)
    digests = digests_of(found)
    known: dict[Owner, str] = {} if before is None else {(who, what): digest for who, what, digest in before.digests}
    lost = sorted(owner for owner, digest in known.items() if digests.get(owner) != digest)
    if lost:
        told = erasures.tell(source, lost, told, stamp, scratch)
    master = digest_of(found.canary)
    if before is None or whole or not same_place or before.master != master or _is_due(before, stamp):
        wrapped = [(who, what, key) for (who, what), key in found.wrapped.items()]
        record = KeysFull(stamp=stamp, told=told, pair=found.pair, canary=found.canary, wrapped=wrapped)
        _put(source, record, "full", scratch)
        full, deltas = stamp, 0
    elif digests != known:
        changed = sorted(owner for owner in {*digests, *known} if digests.get(owner) != known.get(owner))
        changes = [(who, what, found.wrapped.get((who, what), b"")) for who, what in changed]
        _put(source, KeysDelta(stamp=stamp, told=told, after=before.newest, changes=changes), "delta", scratch)
        full, deltas = before.full, before.deltas + 1
    else:
        return before.newest
    listed = [(who, what, digest) for (who, what), digest in digests.items()]
    _remember(source.directory, _Remembered(source.destination.where, stamp, full, deltas, told, listed, master))
    return stamp


def prune_keys(destination: Destination, now_us: int, keep_days: int) -> list[str]:
    """Remove copies of keys older than so many days, and say which; also what a power cut left of one. The newest whole copy and
    all since stay: they are never so old where copies are made at all, because this runs after one was. A stamp of later than the
    clock makes no other too old.
    """
    assert 1 <= keep_days <= KEEP_DAYS_MAX
    found = [(name, keys_named(name)) for name in destination.names(KEYS)]
    named = [(name, key) for name, key in found if key is not None]
    fulls = [key.stamp for _, key in named if key.what == "full"]
    newest_full = max((stamp for stamp in fulls if instant_of(stamp) <= now_us + AHEAD_MAX_US), default="")
    oldest_us = now_us - keep_days * DAY_US
    old = [name for name, key in named if key.stamp < newest_full and instant_of(key.stamp) < oldest_us]
    destination.remove(KEYS, old)
    return old + remove_older(destination, KEYS, keys_named, now_us)


def whole_keys(destination: Destination) -> list[KeysName]:
    """Those as long as their names say; one that was cut is as good as none."""
    found = destination.sizes(KEYS).items()
    return [key for name, size in found if (key := keys_named(name)) is not None and key.size_bytes == size]


def broken_chain(directory: Path, destination: Destination, now_us: int) -> Iterable[str]:
    """Where copies that follow on each other are not all there, as far as this machine remembers what it put."""
    named = whole_keys(destination)
    remembered = _remembered(directory)  # afterwards, so that what was listed is in it
    if remembered is None or remembered.where != destination.where:
        return
    yield from erasures.untold(destination, remembered.told)
    for key in named:
        if remembered.newest < key.stamp and instant_of(key.stamp) < now_us - UNKNOWN_AFTER_US:
            yield (
                f"{KEYS}/{key.name} is later than any copy of the keys that this machine made: see who put it there, and remove it; "
                'then run "evenhand backup --keys"'
            )
    fulls = {key.stamp for key in named if key.what == "full"}
    since = [key for key in named if key.what == "delta" and remembered.full < key.stamp <= remembered.newest]
    if remembered.full not in fulls or len(since) != remembered.deltas:
        yield (
            f"copies of the keys that follow on {remembered.full} are missing, and no later one can be read without them: run "
            '"evenhand backup --keys", which copies all of them'
        )


def newest_keys(
    destination: Destination, identity: Identity, public_key: bytes, scratch: Path
) -> tuple[str, KeyRows, Told]:
    """The stamp of the newest copy, the keys and the erasures that it knows of. Raises RestoreRefused where one that it follows
    on is missing, or bears the name of another.
    """
    there = {key.stamp: key for key in whole_keys(destination)}
    if not there:
        raise RestoreRefused(
            f"{destination.where} has no copy of the keys: without them nothing personal can be read; find it"
        )
    newest = stamp = max(there)
    deltas: list[KeysDelta] = []
    while True:
        key = there.get(stamp)
        if key is None:
            raise RestoreRefused(
                f"the copy of the keys of {stamp} is missing in {destination.where}, and {len(deltas)} later ones follow on it: "
                "put it back from where this destination is copied to, or remove those that follow to use older keys"
            )
        path = f"{KEYS}/{key.name}"
        content = identity.open(path, read_small(destination, path, scratch))
        if key.what == "full":
            full = read_record(KeysFull, path, content, public_key)
            _require_named(path, full, stamp)
            break
        deltas.append(read_record(KeysDelta, path, content, public_key))
        _require_named(path, deltas[-1], stamp)
        stamp = deltas[-1].after
    wrapped = {(who, what): box for who, what, box in full.wrapped}
    for delta in reversed(deltas):
        wrapped.update({(who, what): box for who, what, box in delta.changes})
    held = KeyRows(full.pair, full.canary, {owner: box for owner, box in wrapped.items() if box})
    return newest, held, (deltas[0] if deltas else full).told


def _require_named(path: str, record: KeysFull | KeysDelta, stamp: str) -> None:
    """Else whoever may write there would make old keys the newest, and bring back who was erased."""
    if record.stamp != stamp:
        raise RestoreRefused(
            f"{path} is the copy of the keys of {record.stamp}: it was renamed; remove it, or rename it back"
        )


def _is_due(before: _Remembered, stamp: str) -> bool:
    """Also where the copy before it bears a later stamp, as after a clock that was ahead: nothing follows on that one."""
    return (
        before.deltas >= DELTAS_MAX
        or before.newest >= stamp
        or instant_of(stamp) - instant_of(before.full) >= FULL_EVERY_US
    )


def _put(source: Source, record: KeysFull | KeysDelta, what: str, scratch: Path) -> None:
    sealed = source.recipient.seal(bytes_of(record, source.signer))
    put_bytes(source.destination, sealed, f"{KEYS}/{KeysName(record.stamp, what, len(sealed)).name}", scratch)


def _remembered(directory: Path) -> _Remembered | None:
    try:
        return msgspec.json.decode((directory / REMEMBERED).read_bytes(), type=_Remembered)
    except (FileNotFoundError, msgspec.DecodeError):
        return None  # then all keys are copied, and who lost theirs meanwhile is not known


def _remember(directory: Path, what: _Remembered) -> None:
    replace_file(directory / REMEMBERED, msgspec.json.encode(what))
