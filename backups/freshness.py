"""Freshness: how old the newest copies are, from their names alone: no key is needed to see that shipping has stopped."""

from typing import NamedTuple

from backups.destination import Destination
from backups.names import KEYS, TAIL, instant_of, keys_named, tail_named
from backups.pruning import whole_snapshots
from firm.instant import HOUR_US, SECOND_US

SNAPSHOT_AGE_MAX_US = 26 * HOUR_US  # a night and two hours
KEYS_AGE_MAX_US = 26 * HOUR_US
ROWS_BEHIND_SECONDS_MAX = 60


class Fresh(NamedTuple):
    """Ages in seconds; None where there is none at all. `behind_rows`: rows of the ledger that are not at the destination."""

    snapshot_age_s: int | None
    keys_age_s: int | None
    tail_age_s: int | None
    snapshots: int
    shipped_through: int
    behind_rows: int
    problems: tuple[str, ...]


def freshness(destination: Destination, lineage: str, size: int, now_us: int) -> Fresh:
    """`lineage`, `size`: of the ledger as it is now."""
    snapshots = [name for name, whole in whole_snapshots(destination).items() if whole]
    keys = [key.stamp for name in destination.names(KEYS) if (key := keys_named(name)) is not None]
    tails = [tail for name in destination.names(f"{TAIL}/{lineage}") if (tail := tail_named(name)) is not None]
    snapshot_us = max((instant_of(name.stamp) for name in snapshots), default=None)
    keys_us = max(map(instant_of, keys), default=None)
    tail_us = max((instant_of(tail.stamp) for tail in tails), default=None)
    through = max([*(tail.last for tail in tails), *(name.size for name in snapshots)], default=0)
    problems: list[str] = []
    if snapshot_us is None or now_us - snapshot_us > SNAPSHOT_AGE_MAX_US:
        problems.append('no whole snapshot of the last 26 hours: run "evenhand backup" and see what it says')
    if keys_us is None or now_us - keys_us > KEYS_AGE_MAX_US:
        problems.append('no copy of the keys of the last 26 hours: run "evenhand backup --keys"')
    shipped_us = max(tail_us or 0, snapshot_us or 0)
    if through < size and now_us - shipped_us > ROWS_BEHIND_SECONDS_MAX * SECOND_US:
        problems.append(
            f'{size - through} rows are not shipped: see that "evenhand backup --ship" runs, and what it says'
        )
    return Fresh(
        snapshot_age_s=_age_s(snapshot_us, now_us),
        keys_age_s=_age_s(keys_us, now_us),
        tail_age_s=_age_s(tail_us, now_us),
        snapshots=len(snapshots),
        shipped_through=through,
        behind_rows=max(0, size - through),
        problems=tuple(problems),
    )


def _age_s(then_us: int | None, now_us: int) -> int | None:
    return None if then_us is None else max(0, now_us - then_us) // SECOND_US
