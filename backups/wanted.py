"""Wanted: what a person asks of a restore: which copies, up to which moment, to where, and what may be missing."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from backups.destination import Destination
from backups.envelope import Identity
from firm.instant import utc_text
from storage.readmodels import ReadModel


class Until(NamedTuple):
    """The last moment that is wanted: a row's seq, or an instant of firm time in microseconds. None: everything."""

    seq: int | None = None
    instant_us: int | None = None

    def allows(self, seq: int, received_us: int) -> bool:
        return (self.seq is None or seq <= self.seq) and (self.instant_us is None or received_us <= self.instant_us)

    def words(self) -> str:
        if self.seq is not None:
            return f"up to row {self.seq}"
        return "in it" if self.instant_us is None else f"up to {utc_text(self.instant_us)}"


class Wanted(NamedTuple):
    """What a person asked for.

    `snapshot`: the name of the one to begin from, in place of the newest. `notes`: checkpoints known from elsewhere.
    `accept_older`: rows that are known to be missing may be. `erase_keyless`: sealed values that no key opens any more are
    removed, where no erasure file says why. `segments_keep_days`: the setting of that name, of the firm in a directory. `keep`
    False: only see that it could be done.
    """

    origin: Destination
    identity: Identity
    secrets: Path
    target: Path
    read_models: Sequence[ReadModel]
    until: Until = Until()
    snapshot: str = ""
    notes: tuple[str, ...] = ()
    accept_older: bool = False
    erase_keyless: bool = False
    segments_keep_days: Callable[[Path], int] = lambda _: 0
    keep: bool = True
