"""A small firm's book in a fresh directory, and rows as an engine would append them: Ada and Ben trade, the clock ticks."""

import hashlib
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import apsw
import pytest

from firm.commands import BridgeMode
from firm.facts import BridgeEnrolled, CashBooked
from firm.inputs import (
    CashKind,
    CashReported,
    ClockTicked,
    EpochOpened,
    QuoteFrame,
    SegmentSealed,
    SnapshotWritten,
)
from firm.kinds import Body, payload_of
from firm.money import Money
from storage.files import create_firm_directory
from storage.ledger import Ledger
from storage.reader import LedgerReader
from storage.readmodels import ReadModel
from storage.rows import Row
from storage.segments import seal
from storage.snapshots import state_hash
from storage.verify import Report, verify

ADA, BEN = 1_000_000_000_001, 1_000_000_000_002
T0 = 1_398_974_400_000_000  # 2014-05-01T20:00:00Z
LINEAGE, SECRET, SEED = bytes(range(16)), bytes(range(32)), bytes(range(32, 64))
FIRM = "ruths-funding"


class Balances:
    """A read model of the tests: each account's last balance."""

    name = "balances"
    version = 1
    schema = (
        "CREATE TABLE rm_balance (account INTEGER PRIMARY KEY, minor INTEGER NOT NULL, rows INTEGER NOT NULL) STRICT;"
    )
    kinds = frozenset({"CashBooked"})

    def project(self, connection: apsw.Connection, rows: Sequence[tuple[Row, Body]]) -> None:
        told = [(row.account, body.balance.minor) for row, body in rows if isinstance(body, CashBooked)]
        connection.executemany(
            "INSERT INTO rm_balance (account, minor, rows) VALUES (?, ?, 1) ON CONFLICT (account)"
            " DO UPDATE SET minor = excluded.minor, rows = rows + 1",
            told,
        )


class Book:
    """One firm's directory, with what opens it and what is written into it."""

    Balances = Balances
    ada, ben, firm, lineage, secret, seed = ADA, BEN, FIRM, LINEAGE, SECRET, SEED

    def __init__(self, path: Path) -> None:
        self.path = path
        create_firm_directory(path)
        Ledger.create(path, firm_slug=FIRM, lineage=LINEAGE, secret=SECRET, signing_seed=SEED)
        self._open: list[Ledger | LedgerReader] = []

    def open(self, *models: ReadModel) -> Ledger:
        self._open.append(ledger := Ledger.open(self.path, secret=SECRET, signing_seed=SEED, read_models=models))
        return ledger

    def reader(self, *, with_secret: bool = True) -> LedgerReader:
        self._open.append(reader := LedgerReader(self.path, secret=SECRET if with_secret else None))
        return reader

    def verify(self, *models: ReadModel, segments_keep_days: int = 0) -> Report:
        return verify(self.path, secret=SECRET, read_models=models, segments_keep_days=segments_keep_days)

    def close(self) -> None:
        for one in self._open:
            one.close()
        self._open.clear()

    def raw(self) -> apsw.Connection:
        """The file as a program sees it that knows nothing of us."""
        self._open.append(connection := apsw.Connection(str(self.path / "ledger.db")))  # type: ignore[arg-type]
        return connection

    @staticmethod
    def row(seq: int, body: Body, *, cause: int = 0, account: int = 0) -> tuple[Row, Body]:
        at = T0 + seq * 1_000
        return Row(seq, type(body).__name__, at, at + 7, cause, account, payload_of(body)), body

    @staticmethod
    def frame(seq: int) -> bytes:
        return b"frame of row %d;" % seq * (1 + seq % 50)

    def stream(self, first: int, count: int) -> tuple[list[tuple[Row, Body]], list[tuple[int, bytes]]]:
        """`count` rows from seq `first` on that are the same however they are cut: (rows, their frames)."""
        rows = [self._nth(seq) for seq in range(first, first + count)]
        return rows, [(row.seq, self.frame(row.seq)) for row, _ in rows if row.kind == "QuoteFrame"]

    def _nth(self, seq: int) -> tuple[Row, Body]:
        account = BEN if seq % 10 < 5 else ADA + seq // 5 % 40 * 10
        amount = Money(minor=seq * 100, currency="EUR", exponent=2)
        match seq % 5:
            case _ if seq == 1:
                return self.row(seq, EpochOpened(engine="e" * 64, release="0.1.0", state_hash=""))
            case 1:
                return self.row(seq, ClockTicked(at_us=T0 + seq))
            case 2:
                cash = CashReported(
                    bridge="demo", seq=seq, cash_id=f"c{seq}", cash_kind=CashKind.DEPOSIT, amount=amount,
                    balance_after=amount, t_us=T0,
                )  # fmt: skip
                return self.row(seq, cash, account=account)
            case 3:
                return self.row(
                    seq,
                    CashBooked(cash_id=f"c{seq - 1}", amount=amount, balance=amount, net=amount),
                    cause=seq - 1,
                    account=account,
                )
            case 4:
                sha256 = hashlib.sha256(self.frame(seq)).hexdigest()
                quote = QuoteFrame(
                    bridge="demo", qseq=seq, after_seq=0, n=1, first_us=T0, last_us=T0, conflated=False, sha256=sha256
                )
                return self.row(seq, quote)
            case _:
                fact = BridgeEnrolled(bridge=f"b{seq}", public_key="k" * 40, mode=BridgeMode.OBSERVE)
                return self.row(seq, fact, cause=seq - 1 if seq > 1 else 0)

    def write(self, ledger: Ledger, count: int, *, batch: int = 100, checkpoint_every: int = 70) -> None:
        """Append the next rows of the stream, with a checkpoint at each multiple of `checkpoint_every`."""
        goal = ledger.size + count
        while ledger.size < goal:
            rows, frames = self.stream(ledger.size + 1, min(batch, goal - ledger.size))
            due = [(row.seq, row.received_us) for row, _ in rows if row.seq % checkpoint_every == 0]
            ledger.append(rows, frames=frames, checkpoints=due)

    def snapshot(self, ledger: Ledger, states: dict[str, bytes], whole: dict[str, bytes] | None = None) -> int:
        """Write a snapshot of the last row; `states`: the dirty desks, `whole`: all of them. Returns the row it is of."""
        of_seq = ledger.size
        whole = states if whole is None else whole
        said = SnapshotWritten(of_seq=of_seq, states=len(whole), state_hash=state_hash(sorted(whole.items())))
        parts = [(desk, of_seq, state) for desk, state in states.items()]
        ledger.append([], snapshot=parts[:1])
        ledger.append([self.row(ledger.size + 1, said)], snapshot=parts[1:])
        return of_seq

    def sealed(self, ledger: Ledger, said: SegmentSealed) -> None:
        ledger.append([self.row(ledger.size + 1, said)])

    def tables(self) -> dict[str, list[tuple[object, ...]]]:
        """Everything in the file, table by table."""
        connection = apsw.Connection(str(self.path / "ledger.db"), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            names = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
            return {name: _all(connection.execute(f'SELECT * FROM "{name}"')) for name in names}
        finally:
            connection.close()


def _all(rows: Iterable[tuple[object, ...]]) -> list[tuple[object, ...]]:
    return sorted(rows, key=repr)


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    one = Book(tmp_path / "firm")
    yield one
    one.close()


@pytest.fixture
def book_in(tmp_path: Path) -> Iterator[object]:
    """Makes further books."""
    made: list[Book] = []

    def make(name: str) -> Book:
        made.append(Book(tmp_path / name))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture(scope="module")
def short_stretches() -> Iterator[None]:
    """Heads are written every 256 rows, so that a small book has everything that a large one has."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("storage.continuation.HEADS_EVERY", 256)
        yield


@pytest.fixture(scope="module")
def whole_path(tmp_path_factory: pytest.TempPathFactory, short_stretches: None) -> Path:
    """A closed book with one of everything: tiles, checkpoints, frames, a sealed segment, snapshots, heads, a read model.

    Made once and copied: building it for each test would take longer than the tests.
    """
    book = Book(tmp_path_factory.mktemp("whole") / "firm")
    with book.open(Balances()) as ledger:
        book.write(ledger, 560)
        book.snapshot(ledger, {"account/1": b"one", "orders": b"open"})
        said = seal(book.path, upto_seq=200)
        assert said is not None
        book.sealed(ledger, said)
        while ledger.drop_sealed_frames():
            pass
        book.write(ledger, 20)
        book.snapshot(ledger, {"orders": b"paid"}, {"account/1": b"one", "orders": b"paid"})
        book.write(ledger, 10)
    return book.path


@pytest.fixture
def whole(book: Book, whole_path: Path) -> Book:
    shutil.rmtree(book.path)
    shutil.copytree(whole_path, book.path)
    return book
