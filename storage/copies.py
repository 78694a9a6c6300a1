"""Copies: what leaves the book for a copy, and how it comes back: whole files, stretches of rows, sealed values, keys.

A whole file is written by VACUUM INTO: one moment of it, without what was deleted, in one step that no writer can hold up.
Nothing here opens a sealed value: boxes and wrapped keys are carried as they lie.
"""

from collections.abc import Collection, Iterable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

import apsw
import msgspec

from firm.facts import DocumentKept
from firm.inputs import SegmentSealed, SnapshotWritten
from firm.kinds import body_of
from storage import keys, vault_places
from storage.columns import unwatched
from storage.commitment import bytes_of
from storage.files import FirmDirectory
from storage.people import CREDENTIALS, FACTORS, IDENTITY
from storage.quotes import Frames
from storage.readmodels.seals import seals_of
from storage.retention import segments_sealed
from storage.rewrapping import digest_of
from storage.rows import StoredRow, stored_rows
from storage.schema import one_value, open_for_reading
from storage.sealing import SealBroken
from storage.sqlite_file import one_row
from storage.tiles import COLUMNS
from storage.vault_boxes import leave_no_traces, put_box, whole_box
from storage.vault_file import open_vault_file, read_vault_file

_ROWS = f"SELECT {COLUMNS} FROM ledger WHERE seq > ? ORDER BY seq LIMIT ?"  # noqa: S608  (constant columns)

Owner = tuple[str, str]
"""A person's pseudonym and a class of values."""


class SealedValue(NamedTuple):
    """A row of sealed_values."""

    commitment: bytes
    person: str
    klass: str
    box: bytes


class PersonRow(NamedTuple):
    """A row of the vault's people. Empty bytes throughout: the person is no more. `factors`: empty where there are none."""

    person: str
    mail_index: bytes
    identity: bytes
    credentials: bytes
    factors: bytes = b""


class CheckpointRow(NamedTuple):
    """What a checkpoint needs to be signed again, and the note that must come out."""

    size: int
    at_us: int
    note: str


class Stretch(NamedTuple):
    """Rows that follow each other, whole inputs only, with everything that lies beside them."""

    rows: list[StoredRow]
    frames: list[tuple[int, bytes]]
    checkpoints: list[CheckpointRow]
    states: list[tuple[str, int, bytes]]


class KeyRows(NamedTuple):
    """Everything in keys.db. `first`: a short hash of how a key was first wrapped, where the master was renewed since."""

    pair: bytes
    canary: bytes
    wrapped: dict[Owner, bytes]
    first: dict[Owner, str] = {}  # noqa: RUF012  (never changed)


# --- whole files ---


def copy_ledger(directory: Path, target: Path) -> None:
    """One moment of ledger.db as a file of its own."""
    _copy(open_for_reading(directory), target)


def copy_vault(directory: Path, target: Path) -> None:
    """One moment of vault.db. To be taken after the ledger's, so that it holds whatever that refers to."""
    _copy(open_vault_to_copy(directory), target)


def copy_keys(directory: Path, target: Path) -> None:
    """One moment of keys.db. To be taken after the vault's, so that it holds each key that seals there."""
    _copy(open_keys_to_copy(directory), target)


def _copy(connection: apsw.Connection, target: Path) -> None:
    with closing(connection):
        connection.pragma("query_only", False)  # it is opened read-only anyway; this would forbid to write the copy too
        connection.execute("VACUUM INTO ?", (str(target),))


def open_vault_to_copy(directory: Path) -> apsw.Connection:
    return read_vault_file(FirmDirectory(directory))


def open_keys_to_copy(directory: Path) -> apsw.Connection:
    return keys.read_keys_file(FirmDirectory(directory).keys_db)


def sealed_segments(directory: Path) -> list[SegmentSealed]:
    """What the ledger in `directory` says of each segment, oldest first."""
    with closing(open_for_reading(directory)) as connection:
        return segments_sealed(connection)


# --- a stretch of the ledger ---


def read_stretch(connection: apsw.Connection, segments: Path, after: int, rows_max: int, bytes_max: int) -> Stretch:
    """The next rows after `after`, about `rows_max` and `bytes_max` of them but at least one whole input; empty at the end.

    May raise PrunedByPolicy for a frame whose segment left this machine.
    """
    with connection:
        stretch = _read_stretch(connection, segments, after, rows_max, bytes_max)
    return stretch  # noqa: RET504  (a return inside "with" is no return to mypy: apsw types its exit as swallowing)


def _read_stretch(connection: apsw.Connection, segments: Path, after: int, rows_max: int, bytes_max: int) -> Stretch:
    rows = _whole_inputs(connection, after, rows_max, bytes_max)
    if not rows:
        return Stretch([], [], [], [])
    frames = Frames(segments)
    first, last = rows[0].seq, rows[-1].seq
    sql = "SELECT size, at_us, note FROM checkpoints WHERE size BETWEEN ? AND ? ORDER BY size"
    return Stretch(
        rows,
        [(row.seq, frames.read(connection, row.seq)) for row in rows if row.kind == "QuoteFrame"],
        [CheckpointRow(*found) for found in connection.execute(sql, (first, last))],
        [state for row in rows if row.kind == "SnapshotWritten" for state in _states(connection, row)],
    )


def _whole_inputs(connection: apsw.Connection, after: int, rows_max: int, bytes_max: int) -> list[StoredRow]:
    """A commit holds whole inputs, so only a cut made here can fall into one: then the last input waits for the next stretch."""
    rows = stored_rows(unwatched(connection).execute(_ROWS, (after, rows_max)), after)
    sizes = [len(row.payload) + _bytes_beside(connection, row) for row in rows]
    fits = len(rows)
    while fits > 1 and sum(sizes[:fits]) > bytes_max:
        fits = max(1, fits // 2)
    if fits == len(rows) < rows_max:
        return rows
    following = one_value(connection, "SELECT cause FROM ledger WHERE seq = ?", (after + fits + 1,))
    end = fits if following in (None, 0) else _before_last_input(rows[:fits])
    if end:
        return rows[:end]
    return _whole_inputs(connection, after, rows_max * 2, bytes_max * 2)  # one input with more facts than that


def _before_last_input(rows: Sequence[StoredRow]) -> int:
    return max((number for number, row in enumerate(rows) if row.cause == 0), default=0)


def _bytes_beside(connection: apsw.Connection, row: StoredRow) -> int:
    """What goes along with a row and may be large: its prices, or the document that it says is kept."""
    if row.kind == "DocumentKept":
        kept = body_of(row.kind, row.payload)
        assert isinstance(kept, DocumentKept)
        return kept.size_bytes
    if row.kind != "QuoteFrame":
        return 0
    return int(one_value(connection, "SELECT length(frame) FROM quote_frames WHERE seq = ?", (row.seq,)) or 0)


def _states(connection: apsw.Connection, row: StoredRow) -> Iterable[tuple[str, int, bytes]]:
    said = body_of(row.kind, row.payload)
    assert isinstance(said, SnapshotWritten)
    return connection.execute(
        "SELECT desk, of_seq, state FROM snapshot_states WHERE of_seq = ? ORDER BY desk", (said.of_seq,)
    )


def commitments_in(rows: Iterable[StoredRow]) -> list[bytes]:
    """Commitments of the sealed values that these rows refer to."""
    found: list[bytes] = []
    for row in rows:
        found += [bytes_of(seal.commitment) for seal in seals_of(body_of(row.kind, row.payload))]
    return found


# --- vault and keys ---


def read_values(connection: apsw.Connection, commitments: Iterable[bytes]) -> list[SealedValue]:
    """Those of them that are there: what was erased is not."""
    sql = "SELECT commitment, person, class, box FROM sealed_values WHERE commitment = ?"
    found = (one_row(connection, sql, (commitment,)) for commitment in commitments)
    rows = [SealedValue(*row) for row in found if row is not None]
    return [row._replace(box=whole_box(connection, row.commitment, row.box)) for row in rows]


def read_people(connection: apsw.Connection) -> dict[str, PersonRow]:
    """Everybody who can sign in."""
    sql = "SELECT person, mail_index, identity, credentials, coalesce(box, x'') FROM people LEFT JOIN factors USING (person)"
    return {row[0]: PersonRow(*row) for row in connection.execute(sql)}


def read_keys(connection: apsw.Connection) -> KeyRows:
    with connection:
        ((pair, canary),) = connection.execute("SELECT pair, canary FROM origin")
        sql = "SELECT person, class, wrapped FROM wrapped_keys"
        wrapped = {(person, klass): box for person, klass, box in connection.execute(sql)}
        first: dict[Owner, str] = {}
        if connection.pragma("user_version") > 1:
            sql = "SELECT person, class, digest FROM first_wrapped"
            first = {(person, klass): digest for person, klass, digest in connection.execute(sql)}
    return KeyRows(pair, canary, wrapped, first)


def version_of(connection: apsw.Connection) -> int:
    """Changes when another connection has committed to the file."""
    return int(connection.pragma("data_version"))


def digests_of(found: KeyRows) -> dict[Owner, str]:
    """A short hash of each key as it was first wrapped: enough to see that one went or was drawn anew, whichever master wraps it."""
    return {owner: found.first.get(owner) or digest_of(box) for owner, box in found.wrapped.items()}


# --- the way back ---


class RestoredVault:
    """vault.db and keys.db of a copy while they are brought up to the moment that is restored. Nobody else has them open."""

    def __init__(self, directory: Path) -> None:
        files = FirmDirectory(directory)
        self._connection = open_vault_file(files)
        self._keys_db = files.keys_db

    def put(self, values: Sequence[SealedValue], people: Sequence[PersonRow]) -> None:
        """What was sealed, and who came, changed or went."""
        with self._connection:
            for value in values:
                put_box(self._connection, *value)
            self._connection.executemany("DELETE FROM factors WHERE person = ?", [(row.person,) for row in people])
            self._connection.executemany(
                "INSERT INTO factors (person, box) VALUES (?, ?)",
                [(row.person, row.factors) for row in people if row.factors],
            )
            gone = [(row.person,) for row in people if not row.identity]
            self._connection.executemany("DELETE FROM people WHERE person = ?", gone)
            self._connection.executemany(
                "INSERT OR REPLACE INTO people (person, mail_index, identity, credentials) VALUES (?, ?, ?, ?)",
                [row[:4] for row in people if row.identity],
            )

    def forget(self, owners: Collection[Owner], master: bytes) -> int:
        """Remove what is sealed for these and the keys of now do not open; how many values that were. Where a key was drawn anew
        since, what it opens stays.
        """
        if not owners:
            return 0
        erased = 0
        with closing(keys.KeyRing.open_for_reading(self._keys_db, master)) as ring, self._connection:
            for owner in sorted(owners):
                # A key that is damaged says nothing of an erasure; whoever verifies tells it.
                with suppress(SealBroken):
                    erased += self._forget(owner, ring.key(*owner))
        return erased

    def let_go(self, commitments: Sequence[str]) -> int:
        """Remove single values whose keys others need, of which rows say that they were forgotten; how many that were."""
        before = self._connection.total_changes()
        with self._connection:
            self._connection.executemany(
                "DELETE FROM sealed_values WHERE commitment = ?", [(bytes_of(each),) for each in commitments]
            )
        return self._connection.total_changes() - before

    def _forget(self, owner: Owner, key: bytes | None) -> int:
        person, klass = owner
        sql = "SELECT commitment, box FROM sealed_values WHERE person = ? AND class = ?"
        sealed = [(said, bytes(box)) for said, box in self._connection.execute(sql, owner)]
        closed = [
            (said,)
            for said, box in sealed
            if key is None or not vault_places.opens(key, (person, klass, said), whole_box(self._connection, said, box))
        ]
        self._connection.executemany("DELETE FROM sealed_values WHERE commitment = ?", closed)
        if klass == FACTORS and (key is None or not self._proves(person, key)):
            self._connection.execute("DELETE FROM factors WHERE person = ?", (person,))
        if klass in (IDENTITY, CREDENTIALS) and (key is None or not self._signs_in(owner, key)):
            self._connection.execute("DELETE FROM people WHERE person = ?", (person,))
            self._connection.execute("DELETE FROM factors WHERE person = ?", (person,))
        return len(closed)

    def _proves(self, person: str, key: bytes) -> bool:
        """Whether what the person proves who they are with is of this key."""
        row = one_row(self._connection, "SELECT box FROM factors WHERE person = ?", (person,))
        return row is not None and vault_places.opens_factors(key, person, bytes(row[0]))

    def _signs_in(self, owner: Owner, key: bytes) -> bool:
        """Whether what the person signs in with is of this key."""
        person, klass = owner
        sql = "SELECT identity, credentials FROM people WHERE person = ?"
        if klass == IDENTITY:
            sql = (
                "SELECT commitment, box FROM people JOIN sealed_values ON commitment = identity WHERE people.person = ?"
            )
        row = one_row(self._connection, sql, (person,))
        if row is None:
            return False
        box = whole_box(self._connection, row[0], row[1]) if klass == IDENTITY else row[1]
        return vault_places.opens(key, (person, klass, row[0]), box)

    def keyless(self) -> list[Owner]:
        """Owners of sealed values that no key opens any more."""
        with closing(keys.read_keys_file(self._keys_db)) as connection:
            held = set(read_keys(connection).wrapped)
        sealed = self._connection.execute("SELECT DISTINCT person, class FROM sealed_values")
        factors = self._connection.execute("SELECT person FROM factors")
        return sorted(({(person, klass) for person, klass in sealed} | {(one, FACTORS) for (one,) in factors}) - held)

    def close(self) -> None:
        """Leave no trace of what was removed."""
        leave_no_traces(self._connection)
        self._connection.close()


def write_keys(directory: Path, held: KeyRows) -> None:
    """Make a firm's keys.db anew with these in it."""
    rows = [(person, klass, wrapped) for (person, klass), wrapped in held.wrapped.items()]
    with closing(keys.new_file(FirmDirectory(directory).keys_db)) as connection, connection:
        connection.execute("INSERT INTO origin (pair, canary) VALUES (?, ?)", (held.pair, held.canary))
        connection.executemany("INSERT INTO wrapped_keys (person, class, wrapped) VALUES (?, ?, ?)", rows)


def segment_of(row: StoredRow) -> SegmentSealed | None:
    """What a row says of a segment, if it is one that does."""
    if row.kind != "SegmentSealed":
        return None
    return msgspec.json.decode(row.payload, type=SegmentSealed)
