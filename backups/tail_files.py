"""Tail files: read in order, opened and held against their names. One that is none of ours, or is damaged, is passed over where
another holds its rows: stretches are shipped again after a gap, and a name is anybody's to give.
"""

from collections import deque
from itertools import takewhile
from pathlib import Path

from backups.destination import READ_BYTES_MAX, first_lot, read_all
from backups.errors import RestoreRefused, WrongIdentity
from backups.names import TAIL, TailName
from backups.records import Manifest, Tail, read_record
from backups.tails import TailsThere, to_replay
from backups.wanted import Wanted
from storage.checkpoint import parse_note

_KEYS_TOGETHER = (
    "where backups.recipient was changed, name a file with the keys, old and new, a line each, with --identity; else "
)


class TailFiles:
    """What follows on a snapshot. `there`: what was listed before the keys were read, `keys` their stamp: so that no file needs later
    ones. `stamp`: the newest that any file bore.
    """

    def __init__(
        self, asked: Wanted, manifest: Manifest, there: TailsThere, *, public_key: bytes, keys: str, scratch: Path
    ) -> None:
        self._asked, self._manifest = asked, manifest
        self._public_key, self._keys, self._scratch = public_key, keys, scratch
        self._whole = set(there.whole)
        self._planned = deque(to_replay(manifest.size, self._whole))
        self._fetched: dict[str, bytes] = {}
        self.cut = there.cut
        self.passed_over: list[str] = []
        self.stamp = manifest.read_at

    def following(self, end: int) -> Tail | None:
        """The next file for whoever has the rows up to `end`; None where there is none, or nothing of it is wanted."""
        while self._planned and (self._asked.until.seq is None or self._asked.until.seq > end):
            name = self._planned.popleft()
            try:
                tail = self._opened(name)
            except RestoreRefused as unfit:
                self._pass_over(name, end, unfit)
                continue
            self._require_keys(name, tail, end)
            self.stamp = max(self.stamp, name.stamp)
            return tail
        return None

    def _pass_over(self, name: TailName, end: int, why: RestoreRefused) -> None:
        """Raise RestoreRefused where no other file holds the next row."""
        self._whole.remove(name)
        self._planned = deque(to_replay(end, self._whole))
        if not self._planned or self._planned[0].first > end + 1:
            is_strange = isinstance(why, WrongIdentity)
            raise (WrongIdentity if is_strange else RestoreRefused)(
                f"{str(why).partition(': ')[0]}, and no other file in {self._asked.origin.where} holds row {end + 1}: "
                f"{_KEYS_TOGETHER if is_strange else ''}put it back from where that is copied to, or restore what comes before it with "
                f"--until-seq {end}"
            )
        self.passed_over.append(f"{TAIL}/…/{why}")

    def _opened(self, name: TailName) -> Tail:
        if name.size_bytes > READ_BYTES_MAX:
            raise RestoreRefused(f"{name.name} is longer than any of ours")
        if name.name not in self._fetched:
            self._fetch(name)
        sealed = self._fetched.pop(name.name, None)
        if sealed is None:
            raise RestoreRefused(f"{name.name} cannot be fetched")
        try:
            content = self._asked.identity.open(name.name, sealed)
        except WrongIdentity as strange:
            # A changed byte of the header reads like another key, and anybody may encrypt to one: neither tells that ours is wrong.
            raise WrongIdentity(
                f"{name.name} does not open though the snapshot does, so it is damaged or encrypted to another key"
            ) from strange
        except RestoreRefused as damaged:
            raise RestoreRefused(f"{name.name} does not open, though the snapshot does: it is damaged") from damaged
        tail = read_record(Tail, name.name, content, self._public_key)
        self._require_named(name, tail)
        return tail

    def _fetch(self, name: TailName) -> None:
        """With those that are read after it, as many as are held at a time."""
        following = takewhile(lambda each: each.name not in self._fetched, self._planned)
        lot, largest = first_lot((each.name, each.size_bytes) for each in (name, *following))
        folder = f"{TAIL}/{self._manifest.lineage}"
        self._fetched |= read_all(self._asked.origin, folder, lot, self._scratch, largest)

    def _require_named(self, name: TailName, tail: Tail) -> None:
        head = parse_note(tail.head)
        origin = f"evenhand/{self._manifest.firm}/{self._manifest.lineage}"
        if tail.lineage != self._manifest.lineage or head.origin != origin:
            raise RestoreRefused(
                f"{name.name} is of lineage {tail.lineage}, the snapshot of {self._manifest.lineage}: it was moved here; take it away"
            )
        if (tail.rows[0].seq, tail.rows[-1].seq, head.size) != (name.first, name.last, name.last):
            raise RestoreRefused(f"{name.name} holds other rows than its name says: it was renamed")

    def _require_keys(self, name: TailName, tail: Tail, end: int) -> None:
        """Never passed over: an older file with the same rows would hide that keys were taken away."""
        if tail.keys > self._keys:
            raise RestoreRefused(
                f"the newest copy of the keys is of {self._keys}, {name.name} needs that of {tail.keys}: put back what was "
                f"removed from keys/ in {self._asked.origin.where}, or restore an earlier moment with --until-seq {end}"
            )
