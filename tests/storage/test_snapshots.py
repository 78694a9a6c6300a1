"""Snapshots: written in parts, whole only when a row says so, passed over when damaged, pruned when superseded."""

import apsw
import pytest

from firm.inputs import EpochOpened
from storage.snapshots import NEWEST_KEPT, state_hash


@pytest.fixture
def ledger(book):
    ledger = book.open()
    book.write(ledger, 100)
    return ledger


def test_only_desks_that_changed_are_written_again(book, ledger):
    first = {"account/1": b"a1", "account/2": b"b1", "orders": b"o1"}
    of_first = book.snapshot(ledger, first)
    book.write(ledger, 10)
    of_second = book.snapshot(ledger, {"account/2": b"b2"}, {**first, "account/2": b"b2"})
    reader = book.reader()
    assert reader.newest_snapshot(ledger.size).states == {**first, "account/2": b"b2"}
    assert reader.newest_snapshot(ledger.size).of_seq == of_second
    assert reader.newest_snapshot(of_second - 1).states == first
    assert reader.newest_snapshot(of_second - 1).of_seq == of_first
    assert reader.newest_snapshot(of_first - 1) is None


def test_a_desk_that_is_no_more_is_written_empty(book, ledger):
    book.snapshot(ledger, {"account/1": b"a", "orders": b"o"})
    book.write(ledger, 5)
    book.snapshot(ledger, {"account/1": b""}, {"orders": b"o"})
    assert book.reader().newest_snapshot(ledger.size).states == {"orders": b"o"}


def test_parts_without_their_row_are_no_snapshot(book, ledger):
    book.snapshot(ledger, {"orders": b"o"})
    book.write(ledger, 5)
    ledger.append([], snapshot=[("orders", ledger.size, b"newer")])
    assert book.reader().newest_snapshot(ledger.size).states == {"orders": b"o"}


def test_a_damaged_snapshot_is_passed_over_and_logged(book, ledger, caplog):
    book.snapshot(ledger, {"orders": b"first"})
    book.write(ledger, 5)
    of_second = book.snapshot(ledger, {"orders": b"second"})
    raw = book.raw()
    raw.execute("DROP TRIGGER snapshot_states_keep")
    raw.execute("UPDATE snapshot_states SET state = ? WHERE of_seq = ?", (b"forged", of_second))
    assert book.reader().newest_snapshot(ledger.size).states == {"orders": b"first"}
    assert "trying the one before" in caplog.text
    assert any("states that hash to" in finding.what for finding in book.verify().findings)


def test_old_snapshots_go_and_the_openings_of_kept_epochs_stay(book, ledger):
    whole, of_seqs = {}, []
    for number in range(8):
        book.write(ledger, 10)
        if number == 4:
            ledger.append([book.row(ledger.size + 1, EpochOpened(engine="f" * 64, release="0.2.0", state_hash=""))])
        changed = {"orders": b"o%d" % number, f"account/{number}": b"a"}
        whole |= changed
        of_seqs.append(book.snapshot(ledger, changed, dict(whole)))
    while ledger.prune_snapshots():
        pass
    reader = book.reader()
    held = [row[0] for row in book.tables()["snapshots_held"]]
    # Either side of row 1 (nothing before it) and of the second epoch's opening, and the newest.
    assert sorted(held) == sorted({of_seqs[0], of_seqs[3], of_seqs[4], *of_seqs[-NEWEST_KEPT:]})
    assert [reader.newest_snapshot(seq).of_seq for seq in held] == held
    assert book.verify().is_sound
    opened = reader.landmarks("EpochOpened")[-1]
    while ledger.prune_snapshots(epochs_from=opened):
        pass
    assert of_seqs[0] not in [row[0] for row in book.tables()["snapshots_held"]]
    assert reader.newest_snapshot(ledger.size).states == whole


def test_the_newest_state_of_a_desk_cannot_be_deleted(book, ledger):
    book.snapshot(ledger, {"orders": b"o"})
    with pytest.raises(apsw.ConstraintError, match="newest state"):
        book.raw().execute("DELETE FROM snapshot_states")


def test_the_hash_covers_names_order_and_states():
    whole = [("a", b"1"), ("b", b"2")]
    others = [
        whole[::-1],
        whole[:1],
        [("a", b"1"), ("c", b"2")],
        [("a", b"1"), ("b", b"3")],
        [("ab", b"1"), ("", b"2")],
    ]
    assert state_hash(whole) not in [state_hash(other) for other in others]
