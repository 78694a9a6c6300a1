"""A book that lost its end: its log damaged or gone between a kill and the next start. What is left is sound; it is not all."""

import shutil
from pathlib import Path
from random import Random

import pytest

from storage.acknowledged import Acknowledged
from storage.errors import LedgerDamaged
from storage.files import FirmDirectory

HEADER, FRAME_HEADER, PAGE = 32, 24, 4_096


@pytest.fixture
def killed(book, tmp_path):
    """What a kill leaves: the newest hundred rows are in the log alone."""
    ledger = book.open()
    book.write(ledger, 300, batch=50)
    book.close()
    ledger = book.open()
    book.write(ledger, 100, batch=10)
    shutil.copytree(book.path, tmp_path / "killed", ignore=shutil.ignore_patterns("*-shm"))
    book.close()
    book.path = tmp_path / "killed"
    return book


def frames(log: Path) -> range:
    """Where each frame of the log begins."""
    return range(HEADER, log.stat().st_size, FRAME_HEADER + PAGE)


def test_what_a_kill_leaves_is_all_there(killed):
    assert killed.open().size == 400
    killed.close()
    assert killed.verify().is_sound


def test_a_bit_that_turned_anywhere_in_the_log_is_told_of(killed):
    """In each frame once, in its header or in its page: SQLite ends the log there, and says nothing."""
    log, dice = killed.path / "ledger.db-wal", Random(7)
    whole = log.read_bytes()
    assert len(frames(log)) > 30
    for first in frames(log):
        byte = first + dice.choice((dice.randrange(FRAME_HEADER), FRAME_HEADER + dice.randrange(PAGE)))
        log.write_bytes(whole[:byte] + bytes([whole[byte] ^ 1 << dice.randrange(8)]) + whole[byte + 1 :])
        report = killed.verify()
        assert any("its last rows are gone" in finding.what for finding in report.findings), f"byte {byte}"
        with pytest.raises(LedgerDamaged, match=r"row 400 .* was acknowledged, but"):
            killed.open()
        (killed.path / "ledger.db-shm").unlink(missing_ok=True)


def test_a_log_that_was_removed_is_told_of(killed):
    (killed.path / "ledger.db-wal").unlink()
    with pytest.raises(LedgerDamaged, match=r"row 400 .* ends at row 300 .*remove .*acknowledged"):
        killed.open()


def test_an_older_file_in_its_place_is_told_of(book, tmp_path):
    book.write(book.open(), 100)
    book.close()
    shutil.copy(book.path / "ledger.db", tmp_path / "yesterday")
    book.write(book.open(), 100)
    book.close()
    shutil.copy(tmp_path / "yesterday", book.path / "ledger.db")
    with pytest.raises(LedgerDamaged, match=r"row 200 .* ends at row 100"):
        book.open()


def test_another_line_of_the_firm_in_its_place_is_told_of(killed):
    """A fork that was acknowledged and is gone with the log: the rows may even be more than the mark says."""
    files = FirmDirectory(killed.path)
    noted = Acknowledged(files)
    noted.note(bytes(16), 1)
    noted.close()
    with pytest.raises(LedgerDamaged, match=r"row 1 of lineage 0000"):
        killed.open()


def test_whoever_accepts_the_loss_may_go_on(killed):
    (killed.path / "ledger.db-wal").unlink()
    (killed.path / "acknowledged").unlink()
    ledger = killed.open()
    assert ledger.size == 300
    killed.write(ledger, 10)
    killed.close()
    assert killed.verify().is_sound
    assert killed.open().size == 310


@pytest.mark.parametrize("spoil", [lambda raw: b"", lambda raw: raw[:-1], lambda raw: bytes(len(raw))])
def test_a_mark_that_is_not_as_it_was_written_holds_nobody_up(killed, spoil):
    mark = killed.path / "acknowledged"
    mark.write_bytes(spoil(mark.read_bytes()))
    ledger = killed.open()
    assert ledger.size == 400
    killed.write(ledger, 10)
    assert len(mark.read_bytes()) == 32


def test_a_mark_that_cannot_be_written_stops_nobody(killed, monkeypatch):
    ledger = killed.open()
    before = (killed.path / "acknowledged").read_bytes()

    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("storage.acknowledged.os.pwrite", refuse)
    killed.write(ledger, 10)
    assert ledger.size == 410
    assert (killed.path / "acknowledged").read_bytes() == before


def test_a_batch_that_failed_is_not_noted(book, monkeypatch):
    ledger = book.open()
    book.write(ledger, 20)
    before = (book.path / "acknowledged").read_bytes()

    def refuse(*_):
        raise KeyError("a read model that raised")

    monkeypatch.setattr(ledger._interest, "project", refuse)
    with pytest.raises(KeyError):
        book.write(ledger, 10)
    assert (book.path / "acknowledged").read_bytes() == before
