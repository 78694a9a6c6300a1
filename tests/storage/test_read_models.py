"""Read models: projected with the rows, and dropped and folded again at any time with the same result."""

import threading

import pytest

from storage.readmodels.registry import READ_MODELS


def balances(book):
    return book.tables()["rm_balance"]


def test_a_model_that_is_new_or_of_another_version_is_folded_when_the_ledger_opens(book):
    class Newer(book.Balances):
        version = 2

    with book.open() as ledger:
        book.write(ledger, 500)
    with book.open(book.Balances()):
        first = balances(book)
        assert len(first) == 21
    book.raw().execute("UPDATE rm_balance SET minor = 0")
    with book.open(book.Balances()):
        assert balances(book) != first
    with book.open(Newer()):
        assert balances(book) == first
    assert book.verify(Newer()).is_sound


def test_a_model_that_nobody_keeps_up_is_dropped_rather_than_left_to_lie(book):
    with book.open(book.Balances()) as ledger:
        book.write(ledger, 100)
    with book.open() as ledger:
        assert "rm_balance" not in book.tables()
        book.write(ledger, 100)
    with book.open(book.Balances()):
        assert book.verify(book.Balances()).is_sound


def test_a_model_is_folded_in_another_thread_while_rows_arrive_and_then_put_in_place(book):
    ledger, reader = book.open(book.Balances()), book.reader()
    book.write(ledger, 2_000)
    book.raw().execute("UPDATE rm_balance SET rows = 0")
    refold = ledger.refold(["balances"])

    def fold():
        while refold.advance(reader.rows, 100):
            pass

    thread = threading.Thread(target=fold)
    thread.start()
    book.write(ledger, 1_000)
    thread.join()
    book.write(ledger, 50)
    assert not book.verify(book.Balances()).is_sound
    ledger.adopt(refold, ["balances"])
    assert book.verify(book.Balances()).is_sound
    book.write(ledger, 50)
    assert book.verify(book.Balances()).is_sound


def test_models_see_only_the_kinds_they_ask_for(book):
    seen = []

    class Watching(book.Balances):
        def project(self, connection, rows):
            seen.extend(row.kind for row, _ in rows)
            super().project(connection, rows)

    book.write(book.open(Watching()), 50)
    assert set(seen) == {"CashBooked"}


def test_an_unknown_model_is_told(book):
    with pytest.raises(KeyError, match="no read model is named sums"):
        book.open(book.Balances()).rebuild(["sums"])


def test_the_firms_own_models_stand_in_the_ledger_and_rebuild_to_the_same(book):
    ledger = book.open(*READ_MODELS)
    book.write(ledger, 300)
    before = book.tables()
    ledger.rebuild()
    after = book.tables()
    assert after == before
    assert book.verify(*READ_MODELS).is_sound
