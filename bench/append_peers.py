"""Durable append against peers: 1 to 1,000 producers that each wait until their row is on disk.

    python -m bench.append_peers [--json]

Ours (chain, leaf, tree and read models) and raw SQLite commit what waits: a row of each producer. So does every peer that is
told to batch; `each` commits every row by itself, as its users mostly do. All sync before they answer, all take the same bytes
in one run on one disk in turns, and PostgreSQL's producers share a hundred connections, so that it can sync for many at once.
"""

import statistics
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import apsw

from bench import peers, postgres
from bench.append import DEMO, Batch, batch_of, kinds_in_turn, new_ledger, open_accounts
from bench.ground import disk, ground
from bench.telling import parser_of, tell
from storage.ledger import Ledger
from storage.readmodels.registry import READ_MODELS

PRODUCERS = (1, 10, 100, 1_000)
ROWS = {1: 300, 10: 2_000, 100: 10_000, 1_000: 20_000}
ROWS_EACH = 1_000  # a round of those that sync for every row
ROUNDS = 7
CONNECTIONS = 100


class Sent(NamedTuple):
    """A row as peers take it. `content`: the payload, and of a quote frame its bytes behind it."""

    seq: int
    account: int
    kind: str
    content: bytes


class Contender(Protocol):
    """One way of making rows durable. `syncs_each`: commits row by row, however many producers there are."""

    name: str
    syncs_each: bool

    def append(self, batches: Sequence[Batch], sent: Sequence[Sequence[Sent]], producers: int) -> None:
        """Make them durable, a row of each producer at a time."""
        ...


class _Ours:
    name, syncs_each = "ours", False

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def append(self, batches: Sequence[Batch], sent: Sequence[Sequence[Sent]], producers: int) -> None:  # noqa: ARG002
        for rows, frames in batches:
            self._ledger.append(rows, frames=frames)


class _Raw:
    """SQLite with nothing around it."""

    name, syncs_each = "apsw", False

    def __init__(self, folder: Path) -> None:
        self._connection = apsw.Connection(str(folder / "raw.db"))
        self._connection.pragma("journal_mode", "WAL")
        self._connection.pragma("synchronous", "FULL")
        self._connection.execute("CREATE TABLE events (seq INTEGER PRIMARY KEY, content BLOB NOT NULL) STRICT")

    def append(self, batches: Sequence[Batch], sent: Sequence[Sequence[Sent]], producers: int) -> None:  # noqa: ARG002
        for part in sent:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany("INSERT INTO events VALUES (?, ?)", [(row.seq, row.content) for row in part])
            self._connection.execute("COMMIT")


class _EventSourcing:
    """The `eventsourcing` library on SQLite: an aggregate for each account, stored by the recorder that its applications use."""

    def __init__(self, folder: Path, *, each: bool) -> None:
        from eventsourcing.persistence import StoredEvent
        from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteDatastore

        self.name, self.syncs_each = "eventsourcing " + ("each" if each else "batched"), each
        self._stored_event = StoredEvent
        store = SQLiteDatastore(str(folder / f"eventsourcing-{each}.db"))
        self._recorder = SQLiteApplicationRecorder(store)
        self._recorder.create_table()
        with store.transaction(commit=True) as cursor:
            cursor.execute("PRAGMA synchronous")
            assert cursor.fetchone()[0] == 2, "the peer would not sync each commit"

    def append(self, batches: Sequence[Batch], sent: Sequence[Sequence[Sent]], producers: int) -> None:  # noqa: ARG002
        for part in sent:
            for rows in ([row] for row in part) if self.syncs_each else [part]:
                # The library numbers the events of an aggregate; the ledger's own numbers rise within each account too.
                self._recorder.insert_events(
                    [self._stored_event(UUID(int=row.account), row.seq, row.kind, row.content) for row in rows]
                )


class _Postgres:
    """Each: an INSERT that commits itself, from up to a hundred connections. Batched: all that wait in one statement."""

    def __init__(self, conninfo: str, *, each: bool) -> None:
        import psycopg

        self.name, self.syncs_each = "PostgreSQL " + ("each" if each else "batched"), each
        self._table = f"events_{'each' if each else 'batched'}"
        count = CONNECTIONS if each else 1
        self._connections = [psycopg.connect(conninfo, autocommit=True) for _ in range(count)]
        first = self._connections[0]
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            assert first.execute(f"SHOW {setting}").fetchone() == ("on",), f"{setting} is off: it would not be durable"
        first.execute(f"CREATE TABLE {self._table} (seq bigint PRIMARY KEY, content bytea NOT NULL)")
        self._threads = ThreadPoolExecutor(count)

    def close(self) -> None:
        self._threads.shutdown()
        for connection in self._connections:
            connection.close()

    def append(self, batches: Sequence[Batch], sent: Sequence[Sequence[Sent]], producers: int) -> None:  # noqa: ARG002
        if self.syncs_each:
            rows = [row for part in sent for row in part]
            busy = self._connections[: min(producers, len(self._connections))]
            list(self._threads.map(self._insert, busy, (rows[place :: len(busy)] for place in range(len(busy)))))
            return
        sql = f"INSERT INTO {self._table} SELECT * FROM unnest(%b::bigint[], %b::bytea[])"
        for part in sent:
            self._connections[0].execute(sql, ([row.seq for row in part], [row.content for row in part]), prepare=True)

    def _insert(self, connection: Any, rows: Sequence[Sent]) -> None:
        sql = f"INSERT INTO {self._table} VALUES (%b, %b)"
        for row in rows:
            connection.execute(sql, (row.seq, row.content), prepare=True)


def as_peers_take(batch: Batch) -> list[Sent]:
    """The same bytes as our ledger is given, a frame's behind the payload of its row."""
    rows, frames = batch
    of_frames = dict(frames)
    return [Sent(row.seq, row.account, row.kind, row.payload + of_frames.get(row.seq, b"")) for row, _ in rows]


def run(producers: Sequence[int] = PRODUCERS, rows: dict[int, int] = ROWS, rounds: int = ROUNDS) -> dict[str, Any]:
    """Measure; rows a second by contender and number of producers, and what could not be measured."""
    skipped: list[str] = []
    with (
        ground() as folder,
        _contenders(Path(folder), disk(), skipped) as (ledger, all_of),
    ):
        lines = [_measure(ledger, all_of, count, rows[count], rounds) for count in producers]
    return {"bench": "append-peers", "lines": lines, "skipped": skipped, "goals_met": True}


@contextmanager
def _contenders(folder: Path, parent: str | None, skipped: list[str]) -> Iterator[tuple[Ledger, list[Contender]]]:
    with ExitStack() as held:
        ledger = held.enter_context(new_ledger(folder / "firm", READ_MODELS))
        open_accounts(ledger)
        chosen: list[Contender] = [_Ours(ledger), _Raw(folder)]
        if why := peers.missing("eventsourcing"):
            skipped.append(why)
        else:
            chosen += [_EventSourcing(folder, each=each) for each in (True, False)]
        if why := postgres.missing() or peers.missing("psycopg"):
            skipped.append(why)
        else:
            conninfo = held.enter_context(postgres.serving(parent))
            databases = [_Postgres(conninfo, each=each) for each in (True, False)]
            for database in databases:
                held.callback(database.close)
            chosen += databases
        yield ledger, chosen


def _measure(ledger: Ledger, contenders: list[Contender], producers: int, rows: int, rounds: int) -> dict[str, Any]:
    """The median of rounds; in each, all take their turn, so that what the machine does besides is shared."""
    kinds = kinds_in_turn(DEMO)
    speeds: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    for _ in range(rounds):
        first = ledger.size + 1
        batches = [batch_of(kinds, start, producers) for start in range(first, first + rows, producers)]
        sent = [as_peers_take(batch) for batch in batches]
        for contender in contenders:
            chosen = sent[: max(1, ROWS_EACH // producers)] if contender.syncs_each else sent
            began = time.perf_counter()
            contender.append(batches, chosen, producers)
            speeds[contender.name].append(sum(map(len, chosen)) / (time.perf_counter() - began))
    return {
        "producers": producers,
        "rows_per_s": {name: statistics.median(found) for name, found in speeds.items()},
        # Round by round, and only then the median: a slow disk slows both.
        "times_ours": {
            name: statistics.median(ours / theirs for ours, theirs in zip(speeds["ours"], found, strict=True))
            for name, found in speeds.items()
            if name != "ours"
        },
    }


def text_of(result: dict[str, Any]) -> str:
    """For people."""
    lines = ["producers   contender                 rows/s   ours is so many times as fast"]
    for line in result["lines"]:
        for name, speed in line["rows_per_s"].items():
            times = line["times_ours"].get(name)
            lines.append(f"{line['producers']:>9,}   {name:<22} {speed:>9,.0f}" + (f"   {times:.2f}" if times else ""))
    return "\n".join([*lines, *(f"skipped: {why}" for why in result["skipped"])])


def main() -> int:
    parser = parser_of(__doc__)
    options = parser.parse_args()
    result = run()
    tell(result, options, text_of)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
