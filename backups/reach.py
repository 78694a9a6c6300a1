"""Reach: which moments can be restored from what lies at a destination, and what is said of one that cannot."""

from collections.abc import Collection

from backups.destination import Destination
from backups.errors import RestoreRefused
from backups.names import SNAPSHOTS, wall_us
from backups.tails import tails_at
from backups.wanted import Until
from backups.whole import Lying
from firm.instant import utc_text


def no_snapshot(
    origin: Destination, found: Collection[Lying], until: Until, passed_over: Collection[str]
) -> RestoreRefused:
    """Where none is whole, or none as early as what was asked for."""
    first = f"; {next(iter(passed_over))}" if passed_over else f", {len(found)} lie there in all"
    return RestoreRefused(f"{origin.where} has no whole snapshot {until.words()}{first}: {_way_out(origin, found)}")


def _way_out(origin: Destination, found: Collection[Lying]) -> str:
    whole = [lying.manifest for lying in found if lying.manifest is not None and not lying.lacks]
    if not whole:
        return f"name another destination with --from, or put back what {SNAPSHOTS}/ lacks"
    first, last = min(whole, key=lambda each: each.size), max(whole, key=lambda each: each.size)
    shipped = max((tail.last for tail in tails_at(origin, last.lineage).whole), default=0)
    after = f", and what was shipped after it, up to row {shipped}" if shipped > last.size else ""
    return (
        f"in reach is from {utc_text(first.last_us)} (row {first.size}) to {utc_text(last.last_us)} (row {last.size}), UTC{after}; "
        "name a moment in it, or another destination"
    )


def beyond_reach(until: Until, rows: int) -> str:
    """What whoever asked for rows that no copy has is told; "" where all that was asked for is there."""
    if until.seq is not None and until.seq > rows:
        return f"the copies end at row {rows}, and rows up to {until.seq} were asked for"
    if until.instant_us is not None and until.instant_us > wall_us():
        return f"the copies end at row {rows}, and what comes up to {utc_text(until.instant_us)}, in the future, was asked for"
    return ""
