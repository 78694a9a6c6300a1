"""Documents: a trader's desk keeps as many as there may be, says who opened which, and keeps nothing of who is forgotten."""

import pytest
from msgspec.structs import replace

from actors.states import readable_states, state_bytes
from firm.bounds import DOCUMENT_BYTES_MAX, DOCUMENTS_BYTES_MAX, DOCUMENTS_MAX
from firm.commands import EraseTrader, KeepDocument, NoteDocumentRefused, OpenDocument, RegisterTrader
from firm.documents import DocumentFault, DocumentForm, DocumentKind
from firm.facts import DocumentKept, DocumentOpened, DocumentRefused, Refusal
from firm.inputs import ErasureReported
from firm.personal import destructions

ADA = 71
KEEP = KeepDocument(
    by=f"trader:{ADA}",
    trader=ADA,
    document=1,
    document_kind=DocumentKind.IDENTITY,
    form=DocumentForm.PDF,
    size_bytes=9,
    sealed="c0ffee",
)
OPEN = OpenDocument(by="console", trader=ADA, document=1)
NOTE = NoteDocumentRefused(by=KEEP.by, trader=ADA, document_kind=DocumentKind.ADDRESS, fault=DocumentFault.ACTIVE)


@pytest.fixture
def desk(stage):
    """Puts commands to the firm in which Ada is registered, and says what came of each."""
    stage.put(RegisterTrader(by="console", trader=ADA, sealed=""))
    return lambda command: stage.put(command).facts[0][1]


def test_what_is_kept_is_said_with_its_commitment_and_opened_under_a_name(desk):
    kept = desk(KEEP)
    assert kept == DocumentKept(
        trader=ADA,
        document=1,
        document_kind=DocumentKind.IDENTITY,
        form=DocumentForm.PDF,
        size_bytes=9,
        sealed="c0ffee",
    )
    assert desk(OPEN) == DocumentOpened(trader=ADA, document=1, by="console")
    assert desk(NOTE) == DocumentRefused(trader=ADA, document_kind=DocumentKind.ADDRESS, fault=DocumentFault.ACTIVE)


@pytest.mark.parametrize(
    ("command", "refusal"),
    [
        (KEEP, Refusal.ID_TAKEN),
        (replace(KEEP, document=2, size_bytes=0), Refusal.OUT_OF_BOUNDS),
        (replace(KEEP, document=2, size_bytes=DOCUMENT_BYTES_MAX + 1), Refusal.OUT_OF_BOUNDS),
        (replace(KEEP, trader=72, by="console"), Refusal.UNKNOWN_TRADER),
        (replace(KEEP, trader=72), Refusal.UNKNOWN_STAFF),
        (replace(OPEN, document=3), Refusal.UNKNOWN_DOCUMENT),
        (replace(OPEN, by=f"trader:{ADA}"), Refusal.UNKNOWN_STAFF),
    ],
)
def test_what_the_desk_does_not_keep_or_know(desk, command, refusal):
    desk(KEEP)
    assert desk(command).refusal is refusal


def test_neither_more_documents_nor_more_bytes_than_there_may_be(desk, stage):
    for number in range(DOCUMENTS_MAX):
        assert isinstance(desk(replace(KEEP, document=number)), DocumentKept)
    assert desk(replace(KEEP, document=99)).refusal is Refusal.TOO_MANY_DOCUMENTS
    stage.put(RegisterTrader(by="console", trader=72, sealed=""))
    theirs = replace(KEEP, by="trader:72", trader=72, size_bytes=DOCUMENT_BYTES_MAX)
    for number in range(DOCUMENTS_BYTES_MAX // DOCUMENT_BYTES_MAX):
        assert isinstance(desk(replace(theirs, document=number)), DocumentKept)
    assert desk(replace(theirs, document=99, size_bytes=1)).refusal is Refusal.TOO_MANY_DOCUMENTS


def test_of_who_is_forgotten_none_is_kept_and_none_is_opened_once_they_are_gone(desk):
    desk(KEEP)
    desk(EraseTrader(by=KEEP.by, trader=ADA, why="asked", classes=destructions(0)))
    assert desk(replace(KEEP, document=2)).refusal is Refusal.TRADER_FORGOTTEN
    assert desk(NOTE).refusal is Refusal.TRADER_FORGOTTEN
    assert isinstance(desk(OPEN), DocumentOpened)
    desk(ErasureReported(trader=ADA, klass="documents", values=1, pooled=(), finished=True))
    assert desk(OPEN).refusal is Refusal.UNKNOWN_DOCUMENT


def test_the_rows_alone_lead_to_the_same_state_and_it_reads_back(desk, stage):
    for number in range(3):
        desk(replace(KEEP, document=number))
    states = {name: state_bytes(state) for name, state in stage.engine.capture().states.items()}
    assert {name: state_bytes(state) for name, state in stage.refolded().capture().states.items()} == states
    [name] = [each for each in states if each.startswith("trader/")]
    assert [one.document for one in readable_states(states)[name].documents] == [0, 1, 2]
