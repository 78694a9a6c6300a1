"""Documents are copied with the rows that name them, a few megabytes of them in one piece, and come back with a restore."""

from typing import Any

import pytest

from firm.commands import KeepDocument
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
