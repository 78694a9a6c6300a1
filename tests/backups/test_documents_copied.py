"""Documents are copied with the rows that name them, a few megabytes in one piece, and come back with a restore; deleted ones do not."""

from typing import Any

import pytest

from appliance.erasing import forget_documents
from firm.commands import DeleteDocument, KeepDocument
from firm.documents import DocumentForm, DocumentKind
from storage.documents import open_document, packed
from storage.people import DOCUMENTS
from storage.readmodels.documents import documents_of
from storage.secret_files import read_secrets
from storage.vault import Vault

ADA = 1001
PIECE, LARGE = 2**20, 700_000  # as much smaller as they are made more quickly


def hand_in(house: Any, document: int, content: bytes) -> str:
    sealed = house.machine.vault.seal(f"trader:{ADA}", DOCUMENTS, packed(f"{document}.pdf", content))
    house.put(
        KeepDocument(
            by=f"trader:{ADA}", trader=ADA, document=document, document_kind=DocumentKind.IDENTITY, form=DocumentForm.PDF,
            size_bytes=len(content), sealed=sealed,
        )
    )  # fmt: skip
    return sealed


def test_what_was_handed_in_comes_back_and_no_piece_of_a_copy_holds_more_than_one_that_is_large(
    house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backups.shipping.BYTES_MAX", PIECE)
    hand_in(house, 1, b"before the snapshot")
    house.snapshot()
    large = [hand_in(house, number, bytes(LARGE)) for number in (2, 3)]
    shipped = house.ship()
    assert len(shipped) >= 2
    assert all(each.sealed_bytes <= PIECE + 2**17 for each in shipped)
    restored, _ = house.restore()
    vault = Vault.open_for_reading(restored, read_secrets(restored).vault_master)
    try:
        with house.machine.reader.connection() as book:
            kept = {line.document: line.sealed for line in documents_of(book, ADA)}
        assert open_document(vault, kept[1]).content == b"before the snapshot"
        assert [len(open_document(vault, sealed).content) for sealed in large] == [LARGE] * 2
    finally:
        vault.close()


def delete(house: Any, document: int) -> None:
    house.put(DeleteDocument(by=f"trader:{ADA}", trader=ADA, document=document))


def destroy(house: Any) -> None:
    for told in forget_documents(house.machine):
        house.put(told)


def kept_after(house: Any, sealed: str) -> tuple[bool, bool]:
    """Whether a document lies in the restored vault, and whether it does once the courier has been over it."""
    restored, _ = house.restore()
    house.go_on_with(restored)
    is_back = house.machine.vault.open_value(sealed) is not None
    destroy(house)
    return is_back, house.machine.vault.open_value(sealed) is not None


def test_a_document_that_was_deleted_after_a_snapshot_does_not_come_back_with_it(house: Any) -> None:
    sealed, stays = hand_in(house, 1, bytes(LARGE)), hand_in(house, 2, b"another")
    house.snapshot()
    delete(house, 1)
    destroy(house)
    house.ship()
    assert kept_after(house, sealed) == (False, False)
    assert open_document(house.machine.vault, stays).content == b"another"


def test_where_the_copies_end_before_the_vault_was_told_the_courier_destroys_it_again(house: Any) -> None:
    sealed = hand_in(house, 1, bytes(LARGE))
    house.snapshot()
    delete(house, 1)
    house.ship()
    destroy(house)
    assert kept_after(house, sealed) == (True, False)


def test_what_was_handed_in_and_deleted_between_two_copies_is_in_neither_and_misses_nowhere(house: Any) -> None:
    house.snapshot()
    sealed = hand_in(house, 1, bytes(LARGE))
    delete(house, 1)
    destroy(house)
    house.ship()
    assert house.fresh().problems == ()
    assert kept_after(house, sealed) == (False, False)


@pytest.mark.parametrize("in_snapshot", [True, False], ids=["in a snapshot", "in what follows one"])
def test_what_was_handed_in_after_one_was_destroyed_is_copied_and_comes_back(house: Any, in_snapshot: bool) -> None:
    house.snapshot()
    hand_in(house, 1, b"the wrong one")
    delete(house, 1)
    destroy(house)
    sealed = hand_in(house, 2, b"the right one")
    if in_snapshot:
        house.snapshot()
    else:
        house.ship()
    restored, _ = house.restore()
    house.go_on_with(restored)
    assert open_document(house.machine.vault, sealed).content == b"the right one"
