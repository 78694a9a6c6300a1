"""Shipping: what the ledger committed goes to the destination within seconds, as numbered, signed, sealed tail files.

A process of its own, which reads the ledger as any reader does: a slow network, a full destination or a fault in here cannot
hold the firm up, and it needs neither the engine's memory nor its rights. Where to go on is read from what lies whole at the
destination: there is no state that could disagree with it. After a gap everything is shipped again, from the gap on.

Each round reads rows, then sealed values, then keys, and puts keys, then segments, then rows: whatever a tail file refers to
lies there before it does.
"""

from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple, Self

import msgspec

from backups.destination import put_bytes
from backups.errors import BackupRefused
from backups.keys import copy_keys_out
from backups.left import left_in
from backups.names import NEWEST, TAIL, TailName, next_stamp, wall_us
from backups.newer import require_newest
from backups.notes import known_notes
from backups.records import Tail, bytes_of
from backups.snapshot import put_segments
from backups.source import Source
from backups.tails import contiguous, tails_at
from backups.whole import Line, lying_snapshots
from storage.checkpoint import sign_note
from storage.copies import (
    PersonRow,
    Stretch,
    commitments_in,
    open_keys_to_copy,
    open_vault_to_copy,
    read_people,
    read_stretch,
    read_values,
    segment_of,
    version_of,
)
from storage.files import FirmDirectory
from storage.reader import LedgerReader

ROWS_MAX = 2_000  # in a tail file
BYTES_MAX = 16 * 2**20
READINGS_MAX = 3  # of one round, where keys change meanwhile
NO_VERSION = -1  # of a file that nobody looked at yet


class Shipped(NamedTuple):
    """A tail file that is in place: rows `first` to `last`."""

    first: int
    last: int
    sealed_bytes: int


class NoSnapshotYet(BackupRefused):
    """A tail follows on a snapshot, and the destination has none of this lineage: take one first."""


class Shipper:
    """Goes on from the last row that lies at the destination: `begin`, then `round` until it gives None, wait, and again."""

    def __init__(self, source: Source, scratch: Path) -> None:
        self._source, self._scratch = source, scratch
        self._files = FirmDirectory(source.directory)
        self._inode = self._files.ledger_db.stat().st_ino
        self._people: dict[str, PersonRow] = {}
        self._people_shipped: dict[str, PersonRow] = {}
        self._vault_version = self._keys_version = NO_VERSION
        self._keys = ""
        self.after = 0
        with ExitStack() as opening:
            self._reader = opening.enter_context(LedgerReader(source.directory, secret=source.secrets.ledger_secret))
            self._lineage = self._reader.lineages().newest.hex()
            self._vault_db, self._keys_db = open_vault_to_copy(source.directory), open_keys_to_copy(source.directory)
            opening.callback(self._vault_db.close)
            opening.callback(self._keys_db.close)
            self._open = opening.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def begin(self) -> int:
        """Find the row to go on after. Raises NoSnapshotYet, and OlderThanKnown where rows lie there that this ledger lacks."""
        destination = self._source.destination
        require_newest(self._reader, known_notes(destination, self._scratch), left_in(self._source.directory))
        line = Line.of(self._reader)
        good = line.good(lying_snapshots(destination, line.public_key, self._scratch), wall_us())
        # Nothing of ours follows on a snapshot of the lineage before, nor on one that is not whole.
        sizes = [lying.name.size for lying in good if lying.manifest and lying.manifest.lineage == self._lineage]
        if not sizes:
            raise NoSnapshotYet(f"{destination.where} has no whole snapshot of lineage {self._lineage} yet")
        reached = contiguous(max(sizes), tails_at(destination, self._lineage).whole, self._reader.size())
        self.after = reached[-1].last if reached else max(sizes)
        return self.after

    def round(self) -> Shipped | None:
        """Ship the next rows; None where there are none. New keys are shipped in any case."""
        self._require_same_ledger()
        for _ in range(READINGS_MAX):
            self._ship_keys()
            tail, stretch = self._read()
            if version_of(self._keys_db) == self._keys_version:
                break  # else somebody's key came or went while values were read: they are read again, to be of one moment
        self._ship_keys()
        if tail is None:
            return None
        sealed = [said for row in stretch.rows if (said := segment_of(row)) is not None]
        if sealed:
            put_segments(self._source, sealed, self._scratch, lambda _: None)
        return self._put(tail, stretch)

    @property
    def _folder(self) -> str:
        return f"{TAIL}/{self._lineage}"

    def _read(self) -> tuple[Tail | None, Stretch]:
        with next_stamp(self._source.directory) as read_at:
            pass  # older than anything read here, so that erasures that are told later are applied to it
        with self._reader.connection() as connection:
            stretch = read_stretch(connection, self._files.segments, self.after, ROWS_MAX, BYTES_MAX)
        return (self._tail(stretch, read_at) if stretch.rows else None), stretch

    def _tail(self, stretch: Stretch, read_at: str) -> Tail:
        last = stretch.rows[-1].seq
        self._read_people()
        head = sign_note(self._reader.origin(last), last, self._reader.root(last), self._source.signer)
        return Tail(
            lineage=self._lineage,
            rows=stretch.rows,
            frames=stretch.frames,
            checkpoints=stretch.checkpoints,
            states=stretch.states,
            values=read_values(self._vault_db, commitments_in(stretch.rows)),
            people=self._people_changed(),
            head=head,
            read_at=read_at,
            keys="",
        )

    def _read_people(self) -> None:
        """Only when the vault changed. Passwords change without a row of the ledger."""
        version = version_of(self._vault_db)
        if version != self._vault_version:
            self._people = read_people(self._vault_db)
            self._vault_version = version

    def _people_changed(self) -> list[PersonRow]:
        """Since the last tail file; everybody in the first one."""
        if self._people is self._people_shipped:
            return []
        gone = [PersonRow(person, b"", b"", b"") for person in self._people_shipped if person not in self._people]
        return [*gone, *(row for row in self._people.values() if self._people_shipped.get(row.person) != row)]

    def _ship_keys(self) -> None:
        version = version_of(self._keys_db)
        if version != self._keys_version:
            with next_stamp(self._source.directory) as stamp:
                self._keys = copy_keys_out(self._source, stamp, self._scratch)
            self._keys_version = version

    def _put(self, tail: Tail, stretch: Stretch) -> Shipped:
        told = msgspec.structs.replace(tail, keys=self._keys)
        sealed = self._source.recipient.seal(bytes_of(told, self._source.signer))
        with next_stamp(self._source.directory) as stamp:
            name = TailName(stretch.rows[0].seq, stretch.rows[-1].seq, stamp, len(sealed))
        put_bytes(self._source.destination, sealed, f"{self._folder}/{name.name}", self._scratch)
        put_bytes(self._source.destination, tail.head.encode(), NEWEST, self._scratch)
        self.after, self._people_shipped = name.last, self._people
        return Shipped(name.first, name.last, len(sealed))

    def _require_same_ledger(self) -> None:
        """What is open here may have been moved aside by a restore: then another file has its name."""
        try:
            inode = self._files.ledger_db.stat().st_ino
        except FileNotFoundError:
            inode = 0
        if inode != self._inode:
            raise BackupRefused(f"{self._files.ledger_db} is another file than it was: start the shipping again")
