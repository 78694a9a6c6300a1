"""Reader: rows, chains, proofs and checkpoints as any thread may ask for them."""

import hashlib
import threading

import pytest

from firm.inputs import LedgerForked
from storage.checkpoint import check_note
from storage.errors import LedgerRefused, SequenceBroken
from storage.leaf import BODY, LEAF, header
from storage.tree import is_consistent, is_included


@pytest.fixture
def reader(book):
    with book.open() as ledger:
        book.write(ledger, 4_600)
        book.end_root = ledger.root()
    return book.reader()


def test_rows_come_back_as_they_were_appended(book, reader):
    rows, _ = book.stream(1, 4_600)
    found = reader.rows(0, 10_000)
    assert [(row[:6], row.payload) for row in found] == [(tuple(row[:6]), row.payload) for row, _ in rows]
    assert reader.row(7) == found[6]
    assert reader.row(4_601) is None
    assert reader.size() == 4_600


@pytest.mark.parametrize("from_seq", [None, 4_043, 88])
def test_an_accounts_rows_are_walked_back_along_its_chain(book, reader, from_seq):
    every = [row for row in reader.rows(0, 10_000) if row.account == book.ben]
    wanted = [row for row in every if from_seq is None or row.seq <= from_seq][::-1]
    if from_seq is not None:
        from_seq = wanted[0].seq
    assert reader.account_rows(book.ben, from_seq=from_seq, limit=10_000) == wanted
    assert reader.account_rows(book.ben, from_seq=from_seq, limit=3) == wanted[:3]
    assert [row.account_seq for row in wanted] == list(range(len(wanted), 0, -1))


def test_nobody_is_shown_another_accounts_rows(book, reader):
    seq = reader.account_rows(book.ada + 10, limit=1)[0].seq
    assert reader.account_rows(book.ben, from_seq=seq, limit=10) == []
    assert reader.account_rows(77, limit=10) == []


def test_a_leaf_is_made_of_header_salt_and_payload(book, reader):
    for seq in (1, 300, 4_599):
        row = reader.row(seq)
        body = hashlib.sha256(BODY + reader.salt(seq) + row.payload).digest()
        leaf = hashlib.sha256(LEAF + header(book.lineage, row) + body).digest()
        assert leaf == leaf_of(reader, seq)


def leaf_of(reader, seq):
    with reader.tree(reader.size()) as tree:
        return tree.leaf(seq - 1)


@pytest.mark.parametrize("size", [1, 255, 256, 257, 4_096, 4_350, 4_600])
def test_inclusion_proofs_hold_at_any_size(reader, size):
    for seq in {1, size // 2 + 1, size}:
        proof = reader.inclusion_proof(seq, size)
        assert is_included(leaf_of(reader, seq), seq - 1, size, proof, reader.root(size))


def test_consistency_proofs_lead_from_each_checkpoint_to_the_end(book, reader):
    notes = reader.checkpoints(limit=10_000)
    assert [note.size for note in notes] == list(range(70, 4_600, 70))
    for old in notes[::9]:
        proof = reader.consistency_proof(old.size, 4_600)
        assert is_consistent((old.size, old.root), (4_600, book.end_root), proof)


def test_checkpoints_are_found_by_what_they_cover(book, reader):
    assert reader.checkpoint().size == 4_550
    assert reader.checkpoint(100).size == 70
    assert reader.checkpoint(69) is None
    note = reader.checkpoint()
    said = check_note(note.note, reader.origin(note.size), reader.identity().public_key)
    assert (said.size, said.root) == (note.size, note.root) == (4_550, reader.root(4_550))


def test_without_the_secret_full_tiles_can_be_proven_and_nothing_can_be_opened(book, reader):
    outsider = book.reader(with_secret=False)
    assert outsider.inclusion_proof(5, 4_352) == reader.inclusion_proof(5, 4_352)
    with pytest.raises(LedgerRefused, match="ledger secret"):
        outsider.salt(5)


def test_a_size_beyond_the_end_is_refused(reader):
    with pytest.raises(ValueError, match="4600 rows, not 4601"):
        reader.inclusion_proof(1, 4_601)


def test_threads_read_while_the_writer_appends(book):
    ledger, reader = book.open(), book.reader()
    book.write(ledger, 100)
    done, wrong = threading.Event(), []

    def read():
        while not done.is_set():
            size = reader.size()
            rows = reader.rows(max(0, size - 50), 50)
            if [row.seq for row in rows[:1]] != [max(0, size - 50) + 1]:
                wrong.append(rows)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    book.write(ledger, 2_000, batch=20)
    done.set()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_restore_begins_a_lineage_that_proofs_cross(book):
    ledger = book.open()
    book.write(ledger, 300)
    old = (300, ledger.root())
    fork = book.row(301, LedgerForked(from_lineage=book.lineage.hex(), size=300, root=old[1].hex()))
    with pytest.raises(SequenceBroken, match="call begin_lineage"):
        ledger.append([fork])
    ledger.begin_lineage(b"\x99" * 16)
    with pytest.raises(SequenceBroken, match="LedgerForked with size 300"):
        book.write(ledger, 5)
    ledger.append([fork], checkpoints=[(301, 5)])
    assert ledger.lineage == b"\x99" * 16
    book.write(ledger, 300)
    ledger.close()
    book.write(book.open(), 10)
    reader = book.reader()
    assert reader.lineages().stretches == ((1, book.lineage), (301, b"\x99" * 16))
    assert is_consistent(old, (611, reader.root()), reader.consistency_proof(300, 611))
    assert book.verify().is_sound
