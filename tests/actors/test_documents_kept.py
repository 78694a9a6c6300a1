"""Documents: a trader's desk keeps as many as there may be, says who opened which and who may delete it, and forgets with its trader."""

import pytest
from msgspec.structs import replace

from actors.states import readable_states, state_bytes
from firm.bounds import DOCUMENT_BYTES_MAX, DOCUMENT_WORDS_MAX, DOCUMENTS_BYTES_MAX, DOCUMENTS_MAX
from firm.commands import (
    AddStaff,
    DeleteDocument,
    EraseTrader,
    KeepDocument,
    NoteDocumentRefused,
    OpenDocument,
    RegisterTrader,
)
from firm.documents import DocumentFault, DocumentForm, DocumentKind
from firm.facts import DocumentDeleted, DocumentKept, DocumentOpened, DocumentRefused, ErasureOrdered, Refusal
from firm.ids import id_text
from firm.inputs import ErasureReported, PolicyAdopted
from firm.instant import DAY_US
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
DELETE = DeleteDocument(by=KEEP.by, trader=ADA, document=1)
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


def test_who_hands_in_in_a_traders_name_says_why_and_is_named(desk, stage):
    stage.put(AddStaff(by="console", staff=50, role="compliance", sealed=""))
    for_her = replace(KEEP, by="staff:50")
    assert desk(for_her).refusal is Refusal.REASON_MISSING
    kept = desk(replace(for_her, why="sent by mail on 3 May"))
    assert (kept.by, kept.why) == ("staff:50", "sent by mail on 3 May")
    assert desk(replace(for_her, document=2, why="x" * (DOCUMENT_WORDS_MAX + 1))).refusal is Refusal.REASON_MISSING
    stage.put(AddStaff(by="console", staff=51, role="risk", sealed=""))
    assert desk(replace(for_her, document=2, by="staff:51", why="y")).refusal is Refusal.NOT_PERMITTED


def test_a_trader_takes_back_what_nobody_has_looked_at_and_makes_room(desk):
    for number in range(DOCUMENTS_MAX):
        desk(replace(KEEP, document=number))
    assert desk(DELETE) == DocumentDeleted(trader=ADA, document=1, by=KEEP.by)
    for again in (DELETE, OPEN):
        assert desk(again).refusal is Refusal.UNKNOWN_DOCUMENT
    assert isinstance(desk(replace(KEEP, document=99)), DocumentKept)


def test_what_the_firm_has_looked_at_is_the_firms_to_delete_with_a_reason(desk, stage):
    desk(KEEP)
    desk(OPEN)
    assert desk(DELETE).refusal is Refusal.DOCUMENT_RELIED_ON
    for role, staff in (("risk", 50), ("compliance", 51)):
        stage.put(AddStaff(by="console", staff=staff, role=role, sealed=""))
    assert desk(replace(DELETE, by="staff:50", why="hers by mistake")).refusal is Refusal.NOT_PERMITTED
    assert desk(replace(DELETE, by="staff:51", why=" ")).refusal is Refusal.REASON_MISSING
    deleted = desk(replace(DELETE, by="staff:51", why="another person's passport"))
    assert (deleted.by, deleted.why) == ("staff:51", "another person's passport")


def test_another_trader_deletes_nothing_of_hers(desk, stage):
    desk(KEEP)
    stage.put(RegisterTrader(by="console", trader=72, sealed=""))
    assert desk(replace(DELETE, by="trader:72")).refusal is Refusal.UNKNOWN_STAFF
    assert desk(replace(DELETE, by="trader:72", trader=72)).refusal is Refusal.UNKNOWN_DOCUMENT


@pytest.mark.parametrize("by", [KEEP.by, "console"])
@pytest.mark.parametrize(
    ("kind", "days", "refusal"),
    [
        pytest.param(DocumentKind.IDENTITY, 9, Refusal.DOCUMENT_RETAINED, id="identity, a day before"),
        pytest.param(DocumentKind.ADDRESS, 9, Refusal.DOCUMENT_RETAINED, id="address, a day before"),
        pytest.param(DocumentKind.IDENTITY, 10, None, id="identity, on the day"),
        pytest.param(DocumentKind.EVIDENCE, 0, None, id="evidence, at once"),
    ],
)
def test_proof_is_kept_for_as_long_as_a_law_wants(desk, stage, kind, days, refusal, by):
    stage.put(PolicyAdopted(policy=replace(stage.engine.policy, documents_retained_us=10 * DAY_US)))
    desk(replace(KEEP, document_kind=kind))
    stage.now_us += days * DAY_US
    told = desk(replace(DELETE, by=by, why="asked by mail"))
    assert (getattr(told, "refusal", None), isinstance(told, DocumentDeleted)) == (refusal, refusal is None)


@pytest.mark.parametrize(
    ("by", "why", "refusal"),
    [("console", "a blank page", None), ("console", " ", Refusal.REASON_MISSING), (KEEP.by, "", Refusal.DOCUMENT_RETAINED)],
)  # fmt: skip
def test_what_was_called_a_proof_and_is_none_goes_by_the_firms_word_alone_and_with_its_reason(
    desk, stage, by, why, refusal
):
    stage.put(PolicyAdopted(policy=replace(stage.engine.policy, documents_retained_us=10 * DAY_US)))
    desk(KEEP)
    told = desk(replace(DELETE, by=by, why=why, no_proof=True))
    assert getattr(told, "refusal", None) is refusal
    if refusal is None:
        assert (told.by, told.why, told.no_proof) == (by, why, True)


def test_who_is_to_be_forgotten_leaves_the_proof_that_a_law_wants_until_its_time(desk, stage):
    stage.put(PolicyAdopted(policy=replace(stage.engine.policy, documents_retained_us=10 * DAY_US)))
    desk(KEEP)
    kept_us = stage.engine.desk(f"trader/{id_text(ADA)}").state.documents[0].kept_us
    ordered = desk(EraseTrader(by=KEEP.by, trader=ADA, why="asked", classes=destructions(0)))
    assert isinstance(ordered, ErasureOrdered)
    later = {each.klass: each.from_us for each in ordered.classes if each.from_us}
    assert later == {"documents": kept_us + 10 * DAY_US}


def test_beside_the_proof_that_a_law_wants_an_erasure_lets_everything_go_at_once(desk, stage):
    stage.put(PolicyAdopted(policy=replace(stage.engine.policy, documents_retained_us=10 * DAY_US)))
    desk(replace(KEEP, document=1, document_kind=DocumentKind.ADDRESS))
    stage.now_us += 10 * DAY_US
    desk(replace(KEEP, document=2))
    desk(replace(KEEP, document=3, document_kind=DocumentKind.EVIDENCE))
    asked = EraseTrader(by="console", trader=ADA, why="asked by mail", classes=destructions(0))
    ordered, *gone = [fact for _, fact in stage.put(asked).facts]
    assert isinstance(ordered, ErasureOrdered)
    assert gone == [DocumentDeleted(trader=ADA, document=each, by="console", why="asked by mail") for each in (1, 3)]
    assert [one.document for one in stage.engine.desk(f"trader/{id_text(ADA)}").state.documents] == [2]


def test_where_no_law_keeps_anything_the_erasure_is_the_only_row(desk, stage):
    desk(KEEP)
    asked = EraseTrader(by=KEEP.by, trader=ADA, why="asked", classes=destructions(0))
    assert [type(fact) for _, fact in stage.put(asked).facts] == [ErasureOrdered]


def test_what_is_still_kept_of_who_is_forgotten_is_the_firms_to_delete(desk, stage):
    stage.put(PolicyAdopted(policy=replace(stage.engine.policy, documents_retained_us=10 * DAY_US)))
    desk(KEEP)
    stage.now_us += DAY_US
    desk(replace(KEEP, document=2))
    desk(EraseTrader(by=KEEP.by, trader=ADA, why="asked", classes=destructions(0)))
    console = replace(DELETE, by="console", why="its time is over")
    assert desk(console).refusal is Refusal.DOCUMENT_RETAINED
    stage.now_us += 9 * DAY_US
    assert desk(console) == DocumentDeleted(trader=ADA, document=1, by="console", why="its time is over")
    assert desk(replace(console, document=2)).refusal is Refusal.DOCUMENT_RETAINED
    assert isinstance(desk(replace(console, document=2, no_proof=True)), DocumentDeleted)


def test_the_rows_alone_lead_to_the_same_state_and_it_reads_back(desk, stage):
    for number in range(3):
        desk(replace(KEEP, document=number))
    desk(OPEN)
    desk(replace(DELETE, document=2))
    states = {name: state_bytes(state) for name, state in stage.engine.capture().states.items()}
    assert {name: state_bytes(state) for name, state in stage.refolded().capture().states.items()} == states
    [name] = [each for each in states if each.startswith("trader/")]
    held = readable_states(states)[name].documents
    assert [(one.document, one.opened) for one in held] == [(0, False), (1, True)]
