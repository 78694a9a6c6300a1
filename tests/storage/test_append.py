"""Append: one durable transaction or nothing; whatever the batches, the same bytes."""

from contextlib import suppress

import apsw
import pytest

from firm.facts import CashBooked
from firm.inputs import ClockTicked
from firm.money import Money
from storage.errors import CommitFailed, LedgerDamaged, LedgerInUse, LedgerRefused, SequenceBroken
from storage.ledger import Ledger


def test_batches_of_1_7_and_1000_leave_identical_tables(book_in, short_stretches):
    tables = []
    for batch in (1, 7, 1000):
        book = book_in(f"batch-{batch}")
        with book.open(book.Balances()) as ledger:
            book.write(ledger, 1_100, batch=batch)
        tables.append(book.tables())
    assert tables[0] == tables[1] == tables[2]
    assert len(tables[0]["ledger"]) == 1_100
    assert len(tables[0]["tiles"]) == 4
    assert len(tables[0]["account_heads"]) == 21


def test_a_reopened_ledger_continues_as_if_it_had_stayed_open(book_in):
    steady, restarted = book_in("steady"), book_in("restarted")
    with steady.open() as ledger:
        steady.write(ledger, 4_400)
        root = ledger.root()
    for rows in (255, 1, 1, 3_839, 4, 300):
        with restarted.open() as ledger:
            restarted.write(ledger, rows)
    with restarted.open() as ledger:
        assert (ledger.size, ledger.root()) == (4_400, root)
    assert restarted.tables() == steady.tables()


def test_a_gap_in_the_sequence_is_refused_before_anything_is_written(book):
    ledger = book.open()
    book.write(ledger, 5)
    rows, _ = book.stream(6, 3)
    for wrong in ([rows[0], rows[2]], rows[1:], [rows[0], rows[0]]):
        with pytest.raises(SequenceBroken, match="must follow row 5"):
            ledger.append(wrong)
    assert ledger.size == 5
    book.write(ledger, 5)
    assert book.verify().is_sound


def test_a_cause_that_is_not_earlier_is_refused_and_the_chains_forget_the_batch(book):
    ledger = book.open()
    book.write(ledger, 5)
    euro = Money(minor=1, currency="EUR", exponent=2)
    good = book.row(6, ClockTicked(at_us=1), account=book.ada)
    bad = book.row(7, CashBooked(cash_id="c", amount=euro, balance=euro, net=euro), cause=7, account=book.ada)
    with pytest.raises(SequenceBroken, match="cause"):
        ledger.append([good, bad])
    book.write(ledger, 20)
    assert book.verify().is_sound


def test_a_frame_must_be_the_bytes_that_its_row_names(book):
    ledger = book.open()
    rows, frames = book.stream(1, 5)
    [(seq, frame)] = frames
    for wrong in ([], [(seq, frame + b"x")], [(seq + 1, frame)], [*frames, (seq + 1, frame)]):
        with pytest.raises(SequenceBroken, match="frame of row"):
            ledger.append(rows, frames=wrong)
    ledger.append(rows, frames=frames)
    assert book.reader().frame(seq) == frame


def test_checkpoints_must_rise_within_the_batch(book):
    ledger = book.open()
    rows, frames = book.stream(1, 5)
    for wrong in ([(6, 1)], [(0, 1)], [(3, 1), (2, 1)], [(2, 1), (2, 1)]):
        with pytest.raises(SequenceBroken, match="checkpoints"):
            ledger.append(rows, frames=frames, checkpoints=wrong)
    signed = ledger.append(rows, frames=frames, checkpoints=[(2, 11), (5, 12)])
    assert [(one.size, one.at_us) for one in signed] == [(2, 11), (5, 12)]
    assert signed[1].root == ledger.root()
    assert book.reader().checkpoints() == signed


def test_a_read_model_that_raises_takes_the_batch_back_and_nothing_else(book):
    class Stumbling(book.Balances):
        stumbles = False

        def project(self, connection, rows):
            super().project(connection, rows)
            if self.stumbles:
                raise LookupError("no such account")

    model = Stumbling()
    ledger = book.open(model)
    book.write(ledger, 300)
    model.stumbles = True
    with pytest.raises(LookupError):
        book.write(ledger, 100)
    assert ledger.size == 300
    model.stumbles = False
    book.write(ledger, 100)
    assert book.verify(model).is_sound


def test_a_second_writer_is_refused_with_the_first_ones_pid_while_readers_read(book):
    import os

    ledger = book.open()
    book.write(ledger, 5)
    with pytest.raises(LedgerInUse, match=f"process {os.getpid()}: stop that one first"):
        book.open()
    assert book.reader().size() == 5
    ledger.close()
    assert book.open().size == 5


def test_a_wrong_secret_key_or_directory_is_refused_with_what_to_do(book, tmp_path):
    with pytest.raises(LedgerRefused, match="secret does not fit"):
        Ledger.open(book.path, secret=bytes(32), signing_seed=book.seed, read_models=())
    with pytest.raises(LedgerRefused, match="signing key"):
        Ledger.open(book.path, secret=book.secret, signing_seed=bytes(32), read_models=())
    with pytest.raises(LedgerRefused, match="evenhand init"):
        Ledger.open(tmp_path, secret=book.secret, signing_seed=book.seed, read_models=())
    with pytest.raises(LedgerRefused, match="exists already"):
        Ledger.create(book.path, firm_slug="x", lineage=bytes(16), secret=book.secret, signing_seed=book.seed)
    with pytest.raises(ValueError, match="no name for a ledger"):
        Ledger.create(tmp_path, firm_slug="Ruth's", lineage=bytes(16), secret=book.secret, signing_seed=book.seed)
    book.open()  # each refusal let go of the lock


def test_rows_lost_from_the_end_are_noticed_when_the_ledger_is_opened(book):
    with book.open() as ledger:
        book.write(ledger, 20, checkpoint_every=1_000)
    raw = book.raw()
    [(guard,)] = raw.execute("SELECT sql FROM sqlite_schema WHERE name = 'ledger_stays'").fetchall()
    raw.execute("DROP TRIGGER ledger_stays; DELETE FROM ledger WHERE seq = 20")
    raw.execute(guard)
    raw.close()
    with pytest.raises(LedgerDamaged, match="does not end as it was left"):
        book.open()


def test_after_a_failed_commit_nothing_more_is_appended(book):
    ledger = book.open()
    book.write(ledger, 50)
    with FaultyDisk() as disk:
        ledger.close()
        ledger = book.open()
        disk.broken = True
        with pytest.raises(CommitFailed, match="end this process"):
            book.write(ledger, 10)
        disk.broken = False
        with pytest.raises(CommitFailed, match="stopped earlier"):
            book.write(ledger, 10)
        ledger.close()
    ledger = book.open()
    assert ledger.size in (50, 60)
    book.write(ledger, 10)
    assert book.verify().is_sound


@pytest.mark.parametrize("after", range(12))
def test_whichever_write_or_sync_fails_the_batch_is_whole_or_absent(book, after):
    with FaultyDisk() as disk:
        ledger = book.open()
        book.write(ledger, 50)
        disk.operations_left = after
        with suppress(CommitFailed):
            book.write(ledger, 300, batch=300)
        disk.operations_left = None
        ledger.close()
    ledger = book.open()
    assert ledger.size in (50, 350)
    ledger.close()
    assert book.verify().is_sound


class FaultyDisk(apsw.VFS):
    """A file system whose writes and syncs fail while it is broken, or once so many operations were done."""

    def __init__(self):
        self.broken = False
        self.operations_left = None
        super().__init__("faulty", "unix", makedefault=True)

    def xOpen(self, name, flags):  # noqa: N802  (SQLite's own names)
        return _FaultyFile(self, name, flags)

    def fails(self):
        if self.operations_left is not None:
            self.operations_left -= 1
            return self.operations_left < 0
        return self.broken

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.unregister()


class _FaultyFile(apsw.VFSFile):
    def __init__(self, disk, name, flags):
        self._disk = disk
        super().__init__("unix", name, flags)

    def xWrite(self, data, offset):  # noqa: N802
        if self._disk.fails():
            raise apsw.FullError("disk full, says the test")
        super().xWrite(data, offset)

    def xSync(self, flags):  # noqa: N802
        if self._disk.fails():
            raise apsw.IOError("sync failed, says the test")
        super().xSync(flags)
