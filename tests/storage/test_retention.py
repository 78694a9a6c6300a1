"""Retention: sealed prices leave this machine after so many days, never the newest, never what a start may need, and verify knows."""

import pytest

from firm.inputs import ClockTicked, EpochOpened
from firm.instant import DAY_US
from firm.kinds import payload_of
from storage.retention import let_segments_go, may_leave, quotes_kept_from
from storage.rows import Row
from storage.schema import open_for_reading
from storage.segments import seal

KEEP_DAYS = 30


def days_pass(book, ledger, days):
    """The clock ticks so many days after the row before."""
    before = book.reader().row(ledger.size).received_us
    at_us = before + days * DAY_US
    tick = ClockTicked(at_us=at_us)
    ledger.append([(Row(ledger.size + 1, "ClockTicked", at_us, at_us, 0, 0, payload_of(tick)), tick)])


def sealed(book, ledger):
    said = seal(book.path, upto_seq=ledger.size)
    book.sealed(ledger, said)
    while ledger.drop_sealed_frames():
        pass
    return said


def snapshots(book, ledger, count=3):
    for _ in range(count):
        book.write(ledger, 5)
        book.snapshot(ledger, {"orders": b"o"})


@pytest.fixture
def ledger(book):
    """Two sealed days, then what a start may need of a third."""
    ledger = book.open()
    for _ in range(2):
        book.write(ledger, 60)
        sealed(book, ledger)
    snapshots(book, ledger)
    return ledger


def names(book):
    return sorted(path.name for path in (book.path / "segments").iterdir())


def test_a_segment_leaves_once_its_newest_row_is_older_than_the_firm_keeps_prices(book, ledger):
    first, newest = names(book)
    days_pass(book, ledger, KEEP_DAYS)
    with open_for_reading(book.path) as connection:
        [leaving] = may_leave(connection, KEEP_DAYS)
        assert may_leave(connection, KEEP_DAYS + 1) == []
    assert let_segments_go(book.path, KEEP_DAYS + 1) == []
    assert let_segments_go(book.path, KEEP_DAYS) == [first] == [leaving.name]
    assert let_segments_go(book.path, KEEP_DAYS) == []
    assert names(book) == [newest]
    with open_for_reading(book.path) as connection:
        assert quotes_kept_from(connection, KEEP_DAYS) == leaving.last_seq + 1
        assert quotes_kept_from(connection, 0) == 1


def test_prices_are_kept_for_ever_where_no_days_are_set(book, ledger):
    days_pass(book, ledger, 36_500)
    assert let_segments_go(book.path, 0) == []
    assert len(names(book)) == 2


def test_the_newest_segment_stays_however_old_it_is(book, ledger):
    days_pass(book, ledger, 36_500)
    assert len(let_segments_go(book.path, KEEP_DAYS)) == 1


def test_what_a_start_may_have_to_fold_again_stays(book):
    ledger = book.open()
    snapshots(book, ledger, count=2)
    for _ in range(2):
        book.write(ledger, 60)
        sealed(book, ledger)
    snapshots(book, ledger, count=2)
    days_pass(book, ledger, 36_500)
    assert let_segments_go(book.path, KEEP_DAYS) == []
    snapshots(book, ledger, count=1)
    days_pass(book, ledger, 36_500)
    assert len(let_segments_go(book.path, KEEP_DAYS)) == 1


def test_a_segment_stays_while_its_frames_still_lie_beside_the_ledger(book):
    ledger = book.open()
    for _ in range(2):
        book.write(ledger, 60)
        book.sealed(ledger, seal(book.path, upto_seq=ledger.size))
    snapshots(book, ledger)
    days_pass(book, ledger, 36_500)
    assert let_segments_go(book.path, KEEP_DAYS) == []
    while ledger.drop_sealed_frames():
        pass
    assert len(let_segments_go(book.path, KEEP_DAYS)) == 1


def test_verify_takes_for_pruned_only_what_the_setting_lets_go(book, ledger):
    first, newest = names(book)
    days_pass(book, ledger, KEEP_DAYS)
    (book.path / "segments" / first).unlink()
    report = book.verify(segments_keep_days=KEEP_DAYS)
    assert report.is_sound
    assert [note for note in report.notes if f"segment {first}" in note and "pruned by policy" in note]
    [lost] = book.verify(segments_keep_days=KEEP_DAYS + 1).findings
    assert f"segment {first}" in lost.what
    (book.path / "segments" / newest).unlink()
    [lost] = book.verify(segments_keep_days=KEEP_DAYS).findings
    assert f"segment {newest}" in lost.what


def test_a_stray_file_among_the_segments_is_a_note(book, ledger):
    (book.path / "segments" / "0000000000000001-0000000000000002.quotes").write_bytes(b"x")
    report = book.verify()
    assert report.is_sound
    assert ["0000000000000001-0000000000000002.quotes" in note for note in report.notes] == [True]


def test_a_snapshot_that_an_epoch_opened_with_is_missed_while_its_quotes_are_kept(book, ledger):
    opened = ledger.size
    ledger.append([book.row(ledger.size + 1, EpochOpened(engine="f" * 64, release="0.2.0", state_hash=""))])
    snapshots(book, ledger, count=5)
    while ledger.prune_snapshots():
        pass
    assert book.verify().is_sound
    raw = book.raw()
    [guard] = [
        sql for (sql,) in raw.execute("SELECT sql FROM sqlite_schema WHERE name = 'snapshots_held_stay_while_newest'")
    ]
    raw.execute("DROP TRIGGER snapshots_held_stay_while_newest")
    raw.execute(
        "DELETE FROM snapshots_held WHERE of_seq = (SELECT min(of_seq) FROM snapshots_held WHERE of_seq > ?)", (opened,)
    )
    raw.execute(guard)
    raw.close()
    [gone] = book.verify().findings
    assert gone.what.startswith("the snapshot that row ")
    assert gone.what.endswith(" completed is gone")


def test_the_opening_snapshot_of_an_epoch_leaves_with_its_quotes(book, ledger):
    ledger.append([book.row(ledger.size + 1, EpochOpened(engine="f" * 64, release="0.2.0", state_hash=""))])
    snapshots(book, ledger, count=1)
    book.write(ledger, 60)
    sealed(book, ledger)
    snapshots(book, ledger, count=4)
    days_pass(book, ledger, KEEP_DAYS)
    assert len(let_segments_go(book.path, KEEP_DAYS)) == 2
    with open_for_reading(book.path) as connection:
        kept_from = quotes_kept_from(connection, KEEP_DAYS)
    while ledger.prune_snapshots(epochs_from=kept_from):
        pass
    assert book.verify(segments_keep_days=KEEP_DAYS).is_sound
