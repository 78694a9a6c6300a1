"""Copies of keys.db: on a schedule of their own, kept at most 30 days, because a key that is gone from them all is an erasure.

Each is whole, or says what changed since the one before; together they are as new as the newest. Who lost a key, or has
another, is told in an erasure file first: that one is kept for ever, and a restore removes what is sealed for them.
"""

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import msgspec

from backups.destination import Destination, put_bytes, read_small
from backups.envelope import Identity
from backups.errors import RestoreRefused
from backups.names import AHEAD_MAX_US, ERASURES, KEYS, ErasureName, KeysName, instant_of, keys_named
from backups.records import Erasure, KeysDelta, KeysFull, Record, bytes_of, read_record
from backups.source import Source
from firm.instant import DAY_US
from storage.copies import KeyRows, Owner, digests_of, open_keys_to_copy, read_keys
from storage.files import replace_file

FULL_EVERY_US = DAY_US
DELTAS_MAX = 1_000  # between two whole copies
KEEP_DAYS_MAX = 30  # the promised horizon of an erasure
REMEMBERED = "backup.keys"


class _Remembered(msgspec.Struct, frozen=True):
    """What the newest copy says, in the firm's directory: hashes of wrapped keys, no keys."""

    where: str
    newest: str
    full: str
    deltas: int
    digests: list[tuple[str, str, str]]


def copy_keys_out(source: Source, stamp: str, scratch: Path, *, whole: bool = False) -> str:
    """Bring the destination up to the keys as they are now; the stamp of its newest copy. Call it while holding `stamp`."""
    before = _remembered(source.directory)
    with closing(open_keys_to_copy(source.directory)) as connection:
        found = read_keys(connection)
    digests = digests_of(found)
    known: dict[Owner, str] = {} if before is None else {(who, what): digest for who, what, digest in before.digests}
    lost = sorted(owner for owner, digest in known.items() if digests.get(owner) != digest)
    if lost:
        sealed = _sealed(source, Erasure(owners=lost))
        put_bytes(source.destination, sealed, f"{ERASURES}/{ErasureName(stamp, len(sealed)).name}", scratch)
    if before is None or whole or before.where != source.destination.where or _is_due(before, stamp):
        wrapped = [(who, what, key) for (who, what), key in found.wrapped.items()]
        record = KeysFull(pair=found.pair, canary=found.canary, wrapped=wrapped)
        _put(source, record, stamp, "full", scratch)
        full, deltas = stamp, 0
    elif digests != known:
        changed = sorted(owner for owner in {*digests, *known} if digests.get(owner) != known.get(owner))
        changes = [(who, what, found.wrapped.get((who, what), b"")) for who, what in changed]
        _put(source, KeysDelta(after=before.newest, changes=changes), stamp, "delta", scratch)
        full, deltas = before.full, before.deltas + 1
    else:
        return before.newest
    told = [(who, what, digest) for (who, what), digest in digests.items()]
    _remember(source.directory, _Remembered(source.destination.where, stamp, full, deltas, told))
    return stamp


def prune_keys(destination: Destination, now_us: int, keep_days: int) -> list[str]:
    """Remove copies of keys older than so many days, and say which. The newest whole copy and all since stay: they are never so old
    where copies are made at all, because this runs after one was. A stamp of later than the clock makes no other too old.
    """
    assert 1 <= keep_days <= KEEP_DAYS_MAX
    found = [(name, keys_named(name)) for name in destination.names(KEYS)]
    named = [(name, key) for name, key in found if key is not None]
    fulls = [key.stamp for _, key in named if key.what == "full"]
    newest_full = max((stamp for stamp in fulls if instant_of(stamp) <= now_us + AHEAD_MAX_US), default="")
    oldest_us = now_us - keep_days * DAY_US
    old = [name for name, key in named if key.stamp < newest_full and instant_of(key.stamp) < oldest_us]
    destination.remove(KEYS, old)
    return old


def whole_keys(destination: Destination) -> list[KeysName]:
    """Those as long as their names say; one that was cut is as good as none."""
    found = destination.sizes(KEYS).items()
    return [key for name, size in found if (key := keys_named(name)) is not None and key.size_bytes == size]


def broken_chain(directory: Path, destination: Destination) -> Iterable[str]:
    """Where copies that follow on each other are not all there, as far as this machine remembers what it put."""
    remembered = _remembered(directory)
    if remembered is None or remembered.where != destination.where:
        return
    named = whole_keys(destination)
    fulls = {key.stamp for key in named if key.what == "full"}
    since = [key for key in named if key.what == "delta" and remembered.full < key.stamp <= remembered.newest]
    if remembered.full not in fulls or len(since) != remembered.deltas:
        yield (
            f"copies of the keys that follow on {remembered.full} are missing, and no later one can be read without them: run "
            '"evenhand backup --keys", which copies all of them'
        )


def newest_keys(destination: Destination, identity: Identity, public_key: bytes, scratch: Path) -> tuple[str, KeyRows]:
    """The keys as the newest copy has them, and its stamp. Raises RestoreRefused where one that it follows on is missing."""
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
            break
        deltas.append(read_record(KeysDelta, path, content, public_key))
        stamp = deltas[-1].after
    wrapped = {(who, what): box for who, what, box in full.wrapped}
    for delta in reversed(deltas):
        wrapped.update({(who, what): box for who, what, box in delta.changes})
    return newest, KeyRows(full.pair, full.canary, {owner: box for owner, box in wrapped.items() if box})


def _is_due(before: _Remembered, stamp: str) -> bool:
    """Also where the copy before it bears a later stamp, as after a clock that was ahead: nothing follows on that one."""
    return (
        before.deltas >= DELTAS_MAX
        or before.newest >= stamp
        or instant_of(stamp) - instant_of(before.full) >= FULL_EVERY_US
    )


def _put(source: Source, record: Record, stamp: str, what: str, scratch: Path) -> None:
    sealed = _sealed(source, record)
    put_bytes(source.destination, sealed, f"{KEYS}/{KeysName(stamp, what, len(sealed)).name}", scratch)


def _sealed(source: Source, record: Record) -> bytes:
    return source.recipient.seal(bytes_of(record, source.signer))


def _remembered(directory: Path) -> _Remembered | None:
    try:
        return msgspec.json.decode((directory / REMEMBERED).read_bytes(), type=_Remembered)
    except (FileNotFoundError, msgspec.DecodeError):
        return None  # then all keys are copied, and who lost theirs meanwhile is not known


def _remember(directory: Path, what: _Remembered) -> None:
    replace_file(directory / REMEMBERED, msgspec.json.encode(what))
