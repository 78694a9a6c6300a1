"""Quote frames: kept beside the ledger, sealed into segments, deleted only then, and found wherever they lie."""

import errno

import apsw
import pytest

from storage.errors import LedgerDamaged, PrunedByPolicy
from storage.files import FirmDirectory
from storage.segments import NoRoom, read_segment, seal


@pytest.fixture
def ledger(book):
    ledger = book.open()
    book.write(ledger, 500)
    return ledger


def frames_of(book, first, last):
    return [(seq, book.frame(seq)) for seq in range(first, last + 1) if seq % 5 == 4]


def test_a_segment_holds_every_frame_up_to_its_end(book, ledger):
    said = seal(book.path, upto_seq=300)
    assert (said.first_seq, said.last_seq, said.frames) == (4, 299, 60)
    path = book.path / "segments" / said.name
    assert path.stat().st_size == said.size_bytes
    assert list(read_segment(path)) == frames_of(book, 1, 300)


def test_a_segment_that_would_leave_too_little_room_is_not_begun(book, ledger):
    with pytest.raises(NoRoom, match="no room for a segment of 1 MB beside the 1000000000 MB that must stay free"):
        seal(book.path, upto_seq=300, leave_bytes=10**15)
    assert list(FirmDirectory(book.path).segments.iterdir()) == []


def test_a_sealing_that_the_disk_refuses_leaves_nothing_behind(book, ledger, monkeypatch):
    with monkeypatch.context() as full:
        full.setattr("storage.segments.os.fsync", refused)
        with pytest.raises(OSError, match="No space left"):
            seal(book.path, upto_seq=300)
    assert list(FirmDirectory(book.path).segments.iterdir()) == []
    assert seal(book.path, upto_seq=300) is not None


def refused(_descriptor):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_frames_are_deleted_only_after_the_ledger_says_they_are_sealed(book, ledger):
    said = seal(book.path, upto_seq=300)
    assert ledger.drop_sealed_frames() == 0
    with pytest.raises(apsw.ConstraintError, match="in no sealed segment"):
        book.raw().execute("DELETE FROM quote_frames WHERE seq = 4")
    book.sealed(ledger, said)
    assert ledger.drop_sealed_frames() == 60
    assert ledger.drop_sealed_frames() == 0
    reader = book.reader()
    assert list(reader.frames(seq for seq, _ in frames_of(book, 1, 500))) == frames_of(book, 1, 500)
    assert reader.frame(4) == book.frame(4)
    assert reader.sealed_through() == 299
    assert book.verify().is_sound


def test_segments_follow_one_another_without_gap_or_overlap(book, ledger):
    first = seal(book.path, upto_seq=300)
    book.sealed(ledger, first)
    second = seal(book.path, upto_seq=500)
    assert (second.first_seq, second.last_seq) == (304, 499)
    book.sealed(ledger, second)
    assert seal(book.path, upto_seq=500) is None
    while ledger.drop_sealed_frames():
        pass
    report = book.verify()
    assert (report.is_sound, report.segments, report.frames) == (True, 2, 100)


def test_a_crash_before_the_row_leaves_a_file_that_is_simply_written_again(book, ledger):
    first = seal(book.path, upto_seq=300)
    (book.path / "segments" / f".{first.name}.new").write_bytes(b"half")
    assert seal(book.path, upto_seq=300) == first


def test_a_segment_that_is_lost_is_told_wherever_its_prices_are_wanted(book, ledger):
    said = seal(book.path, upto_seq=300)
    book.sealed(ledger, said)
    ledger.drop_sealed_frames()
    (book.path / "segments" / said.name).rename(book.path / "archived")
    reader = book.reader()
    with pytest.raises(PrunedByPolicy, match="put it back"):
        reader.frame(4)
    assert reader.frame(304) == book.frame(304)
    [lost] = book.verify().findings
    assert "is missing, and the setting ledger.segments_keep_days, 0, does not let it leave" in lost.what
    assert lost.next == "put the segment back from the archive"


def test_frames_stay_where_their_segment_is_gone(book, ledger):
    said = seal(book.path, upto_seq=300)
    book.sealed(ledger, said)
    (book.path / "segments" / said.name).unlink()
    with pytest.raises(LedgerDamaged, match="put it back, or seal again"):
        ledger.drop_sealed_frames()
    book.write(ledger, 5)
    assert book.reader().frame(4) == book.frame(4)


def test_a_damaged_frame_is_not_sealed(book, ledger):
    raw = book.raw()
    raw.execute("DROP TRIGGER quote_frames_keep; UPDATE quote_frames SET frame = x'00' WHERE seq = 9")
    with pytest.raises(LedgerDamaged, match="row 9"):
        seal(book.path, upto_seq=300)
    assert list((book.path / "segments").glob("*.quotes")) == []
