"""Tails: which tail files lie there whole, how far they reach without a gap, and which of them a restore reads."""

from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
from typing import NamedTuple

from backups.destination import Destination
from backups.names import TAIL, TailName, instant_of, tail_named


class TailsThere(NamedTuple):
    """Tail files of one lineage: those as long as their names say, and those that were cut: they count for nothing, and what was in
    them is shipped again.
    """

    whole: list[TailName]
    cut: list[TailName]


def tails_at(destination: Destination, lineage: str) -> TailsThere:
    found = destination.sizes(f"{TAIL}/{lineage}")
    named = [(tail, size) for name, size in found.items() if (tail := tail_named(name)) is not None]
    return TailsThere(
        [tail for tail, size in named if tail.size_bytes == size],
        [tail for tail, size in named if tail.size_bytes != size],
    )


def contiguous(after: int, tails: Iterable[TailName], size: int) -> list[TailName]:
    """Those that follow each other from the row after `after`, none missing in between.

    `size`: of the ledger. A name that says more than it has was given by nobody of ours.
    """
    found: list[TailName] = []
    end = after
    for tail in sorted(tails):
        if end < tail.last <= size and tail.first <= end + 1:
            found.append(tail)
            end = tail.last
    return found


def to_replay(after: int, tails: Iterable[TailName]) -> Iterator[TailName]:
    """What to read, in order. Of those that hold the next row the one that was shipped last: where a stretch was shipped again,
    because a file of it was gone, the later file knows what was erased and who changed since.

    After a gap it goes on with the next that there is: whoever reads it sees that rows are missing.
    """
    waiting = sorted((tail for tail in tails if tail.last > after), reverse=True)
    ready: list[tuple[int, TailName]] = []  # a heap, the newest stamp first
    while waiting or ready:
        while waiting and waiting[-1].first <= after + 1:
            heappush(ready, (-instant_of(waiting[-1].stamp), waiting.pop()))
        if not ready:
            heappush(ready, (-instant_of(waiting[-1].stamp), waiting.pop()))
        _, chosen = heappop(ready)
        if chosen.last > after:
            yield chosen
            after = chosen.last
