"""A document that was taken back or deleted is in no file of the firm afterwards, whenever the firm died, and whatever copy comes back."""

import secrets
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest

from appliance.assembly import Machine
from appliance.console import open_machine
from appliance.erasing import forget_documents, forget_once
from appliance.founding import found
from firm.bounds import DOCUMENT_BYTES_MAX
from firm.commands import DeleteDocument, EraseTrader, KeepDocument, RegisterTrader
from firm.documents import DocumentForm, DocumentKind
from firm.facts import DocumentDeleted, DocumentKept, ValuesForgotten
from firm.inputs import DeletionReported, EventRefused
from firm.kinds import Body
from firm.personal import destructions
from storage.documents import open_document, packed
from storage.people import DOCUMENTS, SESSION, reference
from storage.readmodels.documents import document_line, documents_of, documents_to_destroy
from storage.readmodels.registry import READ_MODELS
from storage.readmodels.seals import SEALED_EVENT, Seals, all_seals, seals_forgotten
from storage.rows import Row
from storage.secret_files import read_secrets
from storage.vault import Vault
from storage.verify import verify

ADA = 1001
SIZES = [40, 3_900, 4_096, 60_000, 700_000]  # within a row, about as much as one may be, and large ones
PIECE = 16


@pytest.fixture
def machine(tmp_path: Path, settings: Any) -> Iterator[Machine]:
    """Ada handed in two of each size, each of bytes that are nowhere else: documents 2n and 2n + 1."""
    with closing(found(tmp_path / "firm", settings())) as opened:
        sealed = opened.vault.add_person("trader", ADA, "ada@example.org", "Ada", "no hash")
        assert sealed is not None
        opened.decide_now([RegisterTrader(by="console", trader=ADA, sealed=sealed)])
        for number in range(2 * len(SIZES)):
            keep(opened, number, secrets.token_bytes(SIZES[number // 2]))
        yield opened


def keep(machine: Machine, number: int, content: bytes) -> str:
    sealed = machine.vault.seal(reference("trader", ADA), DOCUMENTS, packed(f"canary-{number}.pdf", content))
    kept = KeepDocument(
        by=f"trader:{ADA}", trader=ADA, document=number, document_kind=DocumentKind.EVIDENCE, form=DocumentForm.PDF,
        size_bytes=len(content), sealed=sealed,
    )  # fmt: skip
    machine.decide_now([kept])
    return sealed


def delete(machine: Machine, number: int) -> None:
    [decided] = machine.decide_now([DeleteDocument(by=f"trader:{ADA}", trader=ADA, document=number)])
    assert [type(fact) for _, fact in decided.facts] == [DocumentDeleted]


def sealed_of(machine: Machine, number: int) -> str:
    with machine.reader.connection() as book:
        line = document_line(book, number)
    assert line is not None
    return line.sealed


def pieces_of(directory: Path, sealed: str) -> list[bytes]:
    """Of the box as it lies in vault.db: its beginning, its end, and one of each half kilobyte between them."""
    with closing(apsw.Connection(str(directory / "vault.db"), flags=apsw.SQLITE_OPEN_READONLY)) as connection:
        (small,), *_ = connection.execute(
            "SELECT box FROM sealed_values WHERE commitment = ?", (bytes.fromhex(sealed),)
        )
        large = list(connection.execute("SELECT box FROM large_boxes WHERE commitment = ?", (bytes.fromhex(sealed),)))
    box = small or large[0][0]
    return [box[at : at + PIECE] for at in (*range(0, len(box) - PIECE, 512), len(box) - PIECE)]


def findings_in(directory: Path) -> list[str]:
    kept = read_secrets(directory)
    report = verify(directory, secret=kept.ledger_secret, vault_master=kept.vault_master, read_models=READ_MODELS)
    return [finding.what for finding in report.findings]


def found_in(directory: Path, pieces: list[bytes]) -> int:
    """How many of them are in any file of the firm."""
    whole = b"\0".join(path.read_bytes() for path in sorted(directory.rglob("*")) if path.is_file())
    return sum(piece in whole for piece in pieces)


def test_a_deleted_document_is_in_no_file_and_those_beside_it_are_whole(machine: Machine) -> None:
    numbers = range(2 * len(SIZES))
    pieces = {number: pieces_of(machine.directory, sealed_of(machine, number)) for number in numbers}
    gone, stays = [number for number in numbers if number % 2], [number for number in numbers if not number % 2]
    commitments = {number: sealed_of(machine, number) for number in numbers}
    before = {number: found_in(machine.directory, pieces[number]) for number in numbers}
    assert all(before[number] > len(pieces[number]) * 9 // 10 for number in numbers)  # some lie across two pages
    for number in gone:
        delete(machine, number)
    machine.decide_now(forget_documents(machine))
    assert forget_documents(machine) == []
    assert [open_document(machine.vault, commitments[number]) for number in gone] == [None] * len(gone)
    for number in stays:
        document = open_document(machine.vault, commitments[number])
        assert document is not None
        assert (document.name, len(document.content)) == (f"canary-{number}.pdf", SIZES[number // 2])
    with machine.reader.connection() as book:
        assert {seal.commitment for seal in all_seals(book) if seal.erased} == {commitments[number] for number in gone}
        assert {line.document for line in documents_of(book, ADA) if line.gone_us is not None} == set(gone)
    assert findings_in(machine.directory) == []
    machine.close()
    assert {number: found_in(machine.directory, pieces[number]) for number in gone} == dict.fromkeys(gone, 0)
    assert {number: found_in(machine.directory, pieces[number]) for number in stays} == {
        each: before[each] for each in stays
    }


def test_a_firm_that_died_after_the_row_or_after_the_vault_goes_on_where_it_was(machine: Machine) -> None:
    directory, sealed = machine.directory, sealed_of(machine, 9)
    delete(machine, 9)
    machine.close()
    with closing(open_machine(directory)) as second:  # which did not know of it yet
        assert second.vault.open_value(sealed) is not None
        [lost] = forget_documents(second)
    with closing(open_machine(directory)) as third:  # nor did the second live to tell
        assert forget_documents(third) == [lost] == [DeletionReported(trader=ADA, document=9, sealed=sealed)]
        third.decide_now([lost, lost])
        with third.reader.connection() as book:
            assert documents_to_destroy(book, 9) == []


def test_what_she_hands_in_after_one_was_destroyed_is_kept_through_a_restart(machine: Machine) -> None:
    directory = machine.directory
    delete(machine, 9)
    machine.decide_now(forget_documents(machine))
    later = keep(machine, 77, b"the right one")
    assert findings_in(directory) == []
    machine.close()
    with closing(open_machine(directory)) as again:
        again.tidy()
        document = open_document(again.vault, later)
        assert document is not None
        assert document.content == b"the right one"
    assert findings_in(directory) == []


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["the document first", "the trader first"])
def test_what_comes_of_somebody_who_was_forgotten_may_lie_nowhere_whatever_else_went(order: tuple[int, int]) -> None:
    told = (
        DeletionReported(trader=ADA, document=9, sealed="09"),
        ValuesForgotten(trader=ADA, klass=DOCUMENTS, values=1, pooled=(), finished=True),
    )
    kept = [
        DocumentKept(
            trader=ADA, document=number, document_kind=DocumentKind.EVIDENCE, form=DocumentForm.PDF, size_bytes=1,
            sealed=f"{number:02}",
        )
        for number in (9, 77)
    ]  # fmt: skip
    assert forgotten_after(kept[0], told[order[0]], told[order[1]], kept[1]) == ["09", "77"]


def test_a_login_that_went_alone_takes_nothing_with_it_that_lies_under_the_key_of_all() -> None:
    told = ValuesForgotten(trader=ADA, klass=SESSION, values=1, pooled=("aa",), finished=False)
    assert forgotten_after(refused_login("aa"), told, refused_login("bb")) == ["aa"]


def refused_login(sealed: str) -> EventRefused:
    return EventRefused(bridge="sim", seq=1, reason="odd", raw_hex=f"{SEALED_EVENT}{sealed}")


def forgotten_after(*bodies: Body) -> list[str]:
    """What may not lie in the vault any more, by a book that was told this."""
    model, row = Seals(), Row(1, "", 0, 0, 0, 0, b"")  # of which it reads nothing
    with closing(apsw.Connection(":memory:")) as book:
        book.execute(model.schema)
        model.project(book, [(row, body) for body in bodies])
        return seals_forgotten(book)


async def test_the_courier_of_erasures_destroys_it(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask(told: Any) -> Any:
        return machine.decide_now([told])

    monkeypatch.setattr(machine, "ask", ask)
    delete(machine, 9)
    assert await forget_once(machine) == ""
    assert machine.vault.open_value(sealed_of(machine, 9)) is None


async def test_whoever_is_due_is_forgotten_though_traces_of_a_document_remain(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ask(told: Any) -> Any:
        return machine.decide_now([told])

    monkeypatch.setattr(machine, "ask", ask)
    delete(machine, 9)
    machine.decide_now([EraseTrader(by="console", trader=ADA, why="asked", classes=destructions(0))])
    machine.vault._connection.set_busy_timeout(1)
    with closing(apsw.Connection(str(machine.directory / "vault.db"))) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM sealed_values").fetchone()
        assert "traces remain in the file" in await forget_once(machine)
        assert machine.vault.person("trader", ADA) is None
    assert await forget_once(machine) == ""


def test_what_an_older_vault_brings_back_is_told_and_destroyed_at_the_next_start(machine: Machine) -> None:
    directory, sealed = machine.directory, sealed_of(machine, 9)
    machine.vault.close()
    before = (directory / "vault.db").read_bytes()
    machine.vault = Vault.open(directory, machine.secrets.vault_master)
    delete(machine, 9)
    machine.decide_now(forget_documents(machine))
    machine.close()
    (directory / "vault.db").write_bytes(before)
    [told] = findings_in(directory)
    assert "was forgotten by a row of the ledger, and lies in the vault" in told
    with closing(open_machine(directory)) as again:
        assert again.vault.open_value(sealed) is not None
        again.tidy()
        assert again.vault.open_value(sealed) is None
    assert findings_in(directory) == []


def test_one_that_was_just_deleted_is_listed_once_and_as_gone(machine: Machine) -> None:
    delete(machine, 9)
    with machine.reader.connection() as book:
        lines = documents_of(book, ADA)
    assert [(line.document, line.is_kept) for line in lines] == [
        (each, each != 9) for each in range(2 * len(SIZES))[::-1]
    ]


def test_a_trader_who_hands_in_and_takes_back_all_day_leaves_room_and_a_short_list(machine: Machine) -> None:
    for number in range(100, 180):
        keep(machine, number, b"%PDF")
        delete(machine, number)
    machine.decide_now(forget_documents(machine))
    with machine.reader.connection() as book:
        lines = documents_of(book, ADA)
    assert [line.document for line in lines if line.is_kept] == list(range(2 * len(SIZES)))[::-1]
    assert [line.document for line in lines if not line.is_kept] == list(range(179, 129, -1))
    assert sum(SIZES) * 2 < DOCUMENT_BYTES_MAX
