"""Reach: which moments can be restored from what lies at a destination, and what is said of one that cannot."""

from collections.abc import Collection, Sequence

from backups.destination import Destination
from backups.errors import RestoreRefused
from backups.names import SNAPSHOTS, wall_us
from backups.records import Manifest
from backups.tails import tails_at
from backups.wanted import Until
from backups.whole import Lying
from firm.instant import utc_text


def newest_line(found: Sequence[Lying]) -> Manifest | None:
    """The manifest that bears the latest stamp, whole or not: it says which lineage the firm is in, and where others were left."""
    return next((each.manifest for each in reversed(found) if each.manifest is not None), None)


def within(until: Until, manifest: Manifest, line: Manifest) -> Until | None:
    """Up to where a restore may go from a snapshot, so that what comes back is of the line that the firm is in; None: not at all.

    Rows behind a fork were left by a person's decision. They lie there still, and hash and fold as well as any.
    """
    if manifest.lineage != line.lineage:
        fork = line.forks.get(manifest.lineage)
        if fork is None or (until.seq or 0) > fork.size or (until.instant_us or 0) >= fork.next_us:
            return None
        until = until._replace(seq=until.seq or fork.size)
    return until if until.allows(manifest.size, manifest.last_us) else None


def no_snapshot(
    origin: Destination, found: Sequence[Lying], until: Until, passed_over: Collection[str]
) -> RestoreRefused:
    """Where none is whole, or none as early as what was asked for."""
    whole = [lying for lying in found if lying.manifest is not None and not lying.lacks]
    first = (
        f"; {next(iter(passed_over))}"
        if passed_over
        else f", {len(found)} {'lies' if len(found) == 1 else 'lie'} there in all"
    )
    line = newest_line(found)
    for lying in reversed(whole):
        if lying.manifest and line and _is_left(until, lying.manifest, line):
            return _left(origin, until, lying, line, whole, first)
    return RestoreRefused(
        f"{origin.where} has no whole snapshot {until.words()}{first}: {_way_out(origin, whole, line)}"
    )


def _is_left(until: Until, manifest: Manifest, line: Manifest) -> bool:
    return within(until, manifest, line) is None and until.allows(manifest.size, manifest.last_us)


def _left(
    origin: Destination, until: Until, lying: Lying, line: Manifest, whole: Sequence[Lying], first: str
) -> RestoreRefused:
    """A snapshot as early lies there, of a lineage that was left before that moment."""
    assert lying.manifest is not None
    lineage = lying.manifest.lineage
    fork = line.forks.get(lineage)
    left = "was left" if fork is None else f"was left at row {fork.size}"
    upto = "" if fork is None else f"up to row {fork.size}, or "
    own = [each.manifest for each in whole if each.manifest is not None and each.manifest.lineage == line.lineage]
    earliest = min(own, key=lambda each: each.size, default=line)
    return RestoreRefused(
        f"{origin.where} has no whole snapshot {until.words()} of lineage {line.lineage}, in which the firm went on{first}: that moment "
        f"lies in lineage {lineage}, which {left}; name one {upto}from row {earliest.size} ({utc_text(earliest.last_us)}, UTC) on; or, "
        f"where what was left is wanted, begin from it with --snapshot {lying.name.entry}"
    )


def _way_out(origin: Destination, found: Sequence[Lying], line: Manifest | None) -> str:
    manifests = [lying.manifest for lying in found if lying.manifest is not None]
    whole = [each for each in manifests if line is not None and within(Until(), each, line) is not None]
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
