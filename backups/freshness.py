"""Freshness: how old the newest copies are and what is missing or cut, from names, sizes and signed manifests: the offline key is
not needed to see that shipping has stopped.
"""

from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from backups.destination import Destination
from backups.errors import BackupRefused
from backups.keys import broken_chain, whole_keys
from backups.left import left_in
from backups.names import (
    AHEAD_MAX_US,
    ERASURES,
    KEYS,
    SEGMENTS,
    TAIL,
    TailName,
    erasure_named,
    instant_of,
    keys_named,
    segment_named,
    tail_named,
)
from backups.newer import STOP_IT, OlderThanKnown, gone_on, require_newest
from backups.notes import known_notes
from backups.shipped_on import named_beyond
from backups.snapshot import segments_at
from backups.source import Source
from backups.tails import contiguous, tails_at
from backups.whole import Line, Lying, lying_snapshots
from firm.instant import HOUR_US, SECOND_US
from storage.reader import LedgerReader

SNAPSHOT_AGE_MAX_US = 26 * HOUR_US  # a night and two hours
KEYS_AGE_MAX_US = 26 * HOUR_US
ROWS_BEHIND_SECONDS_MAX = 60
NAMED_MAX = 5  # files that one problem names; how many there are in all it says


class Fresh(NamedTuple):
    """Ages in seconds; None where there is none at all. `shipped_through`: the last row up to which a restore could come without a
    gap. `behind_rows`: rows of the ledger after that one.
    """

    snapshot_age_s: int | None
    keys_age_s: int | None
    tail_age_s: int | None
    snapshots: int
    shipped_through: int
    behind_rows: int
    problems: tuple[str, ...]


def freshness(source: Source, reader: LedgerReader, now_us: int, scratch: Path) -> Fresh:
    """`reader`: of the ledger as it is now, with its secret."""
    destination = source.destination
    line = Line.of(reader)
    lying = lying_snapshots(destination, line.public_key, scratch)
    ours = line.good(lying, now_us)
    good = [each for each in ours if each.manifest and each.manifest.lineage == line.newest]
    cut = _cut_snapshots(line, lying, good, now_us)
    tails = [tail for tail in tails_at(destination, line.newest).whole if not _is_ahead(tail.stamp, now_us)]
    size = reader.size()  # after the names were read: what was shipped meanwhile is in it
    keys = [key.stamp for key in whole_keys(destination) if not _is_ahead(key.stamp, now_us)]
    snapshot_us = max((instant_of(each.name.stamp) for each in good), default=None)
    keys_us = max(map(instant_of, keys), default=None)
    start = max((each.name.size for each in good), default=0)
    reached = contiguous(start, tails, size) if good else []
    through = reached[-1].last if reached else start
    tail_us = max((instant_of(tail.stamp) for tail in reached), default=None)
    # A snapshot that was cut is one cause: that nothing follows on an older one, or on none, is no second one.
    told_us = max((instant_of(each.name.stamp) for each in cut), default=0)
    told_start = max((each.name.size for each in cut), default=0)
    told_through = max([through, told_start, *(tail.last for tail in contiguous(told_start, tails, size) if cut)])
    problems = [
        *_another(source, reader, scratch),
        *_old_snapshot(snapshot_us, lying, cut, now_us),
        *_old_keys(keys_us, now_us),
        *broken_chain(source.directory, destination, now_us),
        *_missing_rows(tails, told_through, size),
        *_beyond(tails, size),
        *_rows_behind(reader, told_through, size, max(tail_us or 0, snapshot_us or 0, told_us), now_us),
        *_cut(destination, line.newest),
        *_missing_segments(destination, ours),
        *_ahead(destination, line.newest, lying, now_us),
    ]
    return Fresh(
        snapshot_age_s=_age_s(snapshot_us, now_us),
        keys_age_s=_age_s(keys_us, now_us),
        tail_age_s=_age_s(tail_us, now_us),
        snapshots=len(good),
        shipped_through=through,
        behind_rows=max(0, size - through),
        problems=tuple(problems),
    )


def _cut_snapshots(line: Line, lying: list[Lying], good: list[Lying], now_us: int) -> list[Lying]:
    """Those of the ledger's lineage that lack something and that no whole one followed."""
    newest = max((each.name for each in good), default=None)
    return [
        each
        for each in lying
        if each.lacks and each.manifest is not None and line.owns(each) and each.manifest.lineage == line.newest
        if (newest is None or each.name > newest) and not _is_ahead(each.name.stamp, now_us)
    ]


def _another(source: Source, reader: LedgerReader, scratch: Path) -> Iterable[str]:
    try:
        require_newest(reader, known_notes(source.destination, scratch), left_in(source.directory))
    except (OlderThanKnown, BackupRefused) as refused:
        yield str(refused)
        return
    left, newest = left_in(source.directory), reader.lineages().newest.hex()
    for lineage, tail in islice(named_beyond(source.destination, left, newest), 1):
        yield f"{gone_on(lineage, tail.last, left[lineage])}, as {TAIL}/{lineage}/{tail.name} says; {STOP_IT}"


def _old_snapshot(snapshot_us: int | None, lying: list[Lying], cut: list[Lying], now_us: int) -> Iterable[str]:
    if snapshot_us is None or now_us - snapshot_us > SNAPSHOT_AGE_MAX_US:
        newest = f" (the newest that lies there: {lying[-1].lacks})" if lying and lying[-1].lacks else ""
        yield f'no whole snapshot of the last 26 hours{newest}: run "evenhand backup" and see what it says'
    elif cut:
        yield f'{cut[-1].lacks}: this snapshot counts for nothing; run "evenhand backup"'


def _old_keys(keys_us: int | None, now_us: int) -> Iterable[str]:
    if keys_us is None or now_us - keys_us > KEYS_AGE_MAX_US:
        yield 'no copy of the keys of the last 26 hours: run "evenhand backup --keys"'


def _missing_rows(tails: list[TailName], through: int, size: int) -> Iterable[str]:
    beyond = [tail.first for tail in tails if through + 1 < tail.first and tail.last <= size]
    if beyond:
        yield (
            f"rows {through + 1} to {min(beyond) - 1} are missing among the tail files, and later ones lie there: start "
            '"evenhand backup --ship" again, it ships them anew'
        )


def _beyond(tails: list[TailName], size: int) -> Iterable[str]:
    beyond = [f"{TAIL}/…/{tail.name}" for tail in tails if tail.last > size]
    if beyond:
        yield f"{_named(beyond)}: of rows that the ledger does not have; see who wrote there, and remove it: a restore would stop at it"


def _rows_behind(reader: LedgerReader, through: int, size: int, shipped_us: int, now_us: int) -> Iterable[str]:
    """From when the first of them came, so that a firm in which nothing happened for hours is not late with its next row."""
    first = reader.row(through + 1) if through < size else None
    if first is not None and now_us - max(first.received_us, shipped_us) > ROWS_BEHIND_SECONDS_MAX * SECOND_US:
        yield f'{size - through:,} rows are not shipped: see that "evenhand backup --ship" runs, and what it says'


def _cut(destination: Destination, lineage: str) -> Iterable[str]:
    cut = [
        f"{folder}/{name}"
        for folder, named in ((KEYS, keys_named), (ERASURES, erasure_named), (f"{TAIL}/{lineage}", tail_named))
        for name, size in destination.sizes(folder).items()
        if (said := named(name)) is not None and said.size_bytes != size
    ]
    whole, parts = segments_at(destination)
    cut += [f"{SEGMENTS}/{part.name}" for part in parts if (part.segment, part.sha256) not in whole]
    if cut:
        yield (
            f"{_named(cut)}: not as long as when it was sent: put it back from where this destination is copied to, or remove it; "
            'then "evenhand backup", and start "evenhand backup --ship" again'
        )


def _missing_segments(destination: Destination, good: list[Lying]) -> Iterable[str]:
    """Where prices leave this machine after `segments_keep_days` the copy is the last one, and no later snapshot names what is gone."""
    named = {name for each in good if each.manifest for name in each.manifest.segments}
    whole, parts = segments_at(destination)
    missing = [
        f"{SEGMENTS}/{said.name}"
        for name in sorted(named)
        if (said := segment_named(name)) is not None and (said.segment, said.sha256) not in whole and said not in parts
    ]
    if missing:
        yield (
            f"{len(missing)} of {len(named)} sealed segments {'is' if len(missing) == 1 else 'are'} missing ({_named(missing)}): run "
            '"evenhand backup", which sends again what is still on this machine; put the others back from where this destination is '
            "copied to; it is told for as long as a snapshot names them"
        )


def _ahead(destination: Destination, lineage: str, lying: list[Lying], now_us: int) -> Iterable[str]:
    stamped = [(each.name.folder, each.name.stamp) for each in lying]
    for folder, named in ((KEYS, keys_named), (f"{TAIL}/{lineage}", tail_named)):  # by erasures no age is told
        found = ((name, named(name)) for name in destination.names(folder))
        stamped += [(f"{folder}/{name}", said.stamp) for name, said in found if said is not None]
    ahead = [path for path, stamp in stamped if _is_ahead(stamp, now_us)]
    if ahead:
        yield (
            f'{_named(ahead)}: of later than this machine\'s clock, so that no age can be told from it: see "A clock that was ahead" '
            "in docs/operating/backups.md"
        )


def _is_ahead(stamp: str, now_us: int) -> bool:
    return instant_of(stamp) > now_us + AHEAD_MAX_US


def _named(paths: list[str]) -> str:
    more = f" and {len(paths) - NAMED_MAX} more" if len(paths) > NAMED_MAX else ""
    return ", ".join(paths[:NAMED_MAX]) + more


def _age_s(then_us: int | None, now_us: int) -> int | None:
    return None if then_us is None else max(0, now_us - then_us) // SECOND_US
