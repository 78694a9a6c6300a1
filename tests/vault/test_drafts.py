"""Drafts in front.db: one person's each, never written over unseen, bounded, and lost alone where a bit turns."""

import pytest

import storage.drafts
from firm.instant import SECOND_US
from storage.drafts import DRAFT_KEPT_BYTES_MAX, DRAFT_NAME_MAX, DRAFT_PHASES_MAX, DraftLine, DraftStore, NotKept
from storage.front import FrontFile

NOW_US = 1_800_000_000 * SECOND_US
RUTH, OMAR = "staff:1", "staff:2"
NEW = DraftLine("", RUTH, "Autumn", "text", '["Phase 1", "Funded"]', "f" * 64, 0, NOW_US)


@pytest.fixture
def drafts(front: FrontFile) -> DraftStore:
    return DraftStore(front)


def test_a_draft_is_there_as_it_was_kept(drafts: DraftStore) -> None:
    kept = drafts.keep(NEW, b"said", drawn="d1")
    assert kept == NEW._replace(draft="d1", edition=1)
    assert drafts.lines() == [kept]
    found = drafts.draft("d1")
    assert found is not None
    assert (found.line, found.said) == (kept, b"said")
    assert found.line.phase_names == ("Phase 1", "Funded")
    assert drafts.draft("d2") is None


def test_kept_again_it_is_the_same_draft_and_the_newest_comes_first(drafts: DraftStore) -> None:
    first = drafts.keep(NEW, b"one", drawn="d1")
    drafts.keep(NEW._replace(kept_us=NOW_US + 1), b"other", drawn="d2")
    assert isinstance(first, DraftLine)
    again = drafts.keep(first._replace(kept_us=NOW_US + 2), b"two", drawn="d3")
    assert again == first._replace(kept_us=NOW_US + 2, edition=2)
    assert [line.draft for line in drafts.lines()] == ["d1", "d2"]
    assert drafts.draft("d1").said == b"two"


@pytest.mark.parametrize(
    "change", [{"person": OMAR}, {"edition": 7}, {"draft": "gone"}], ids=["another person's", "kept since", "deleted"]
)
def test_what_is_not_the_senders_newest_is_not_written_over(drafts: DraftStore, change: dict[str, object]) -> None:
    first = drafts.keep(NEW, b"one", drawn="d1")
    assert isinstance(first, DraftLine)
    other = drafts.keep(first._replace(**change), b"two", drawn="d2")
    assert isinstance(other, DraftLine)
    assert (other.draft, other.edition) == ("d2", 1)
    assert drafts.draft("d1").said == b"one"
    assert drafts.draft("d2").said == b"two"


def test_a_person_and_the_firm_have_so_much_room_and_what_is_deleted_makes_some(
    drafts: DraftStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage.drafts, "DRAFTS_PER_PERSON_MAX", 2)
    monkeypatch.setattr(storage.drafts, "DRAFTS_MAX", 3)
    kept = [drafts.keep(NEW, b"", drawn=f"r{number}") for number in range(3)]
    assert kept[2] is NotKept.PERSON_FULL
    assert isinstance(drafts.keep(kept[0], b"over it", drawn="r9"), DraftLine)
    of_omar = [drafts.keep(NEW._replace(person=OMAR), b"", drawn=f"o{number}") for number in range(2)]
    assert of_omar[1] is NotKept.FIRM_FULL
    drafts.delete("r0")
    assert isinstance(drafts.keep(NEW, b"", drawn="r4"), DraftLine)


def test_what_is_too_large_is_not_kept(drafts: DraftStore) -> None:
    assert drafts.keep(NEW, bytes(DRAFT_KEPT_BYTES_MAX + 1), drawn="d1") is NotKept.TOO_LARGE
    assert isinstance(drafts.keep(NEW, bytes(DRAFT_KEPT_BYTES_MAX), drawn="d1"), DraftLine)


@pytest.mark.parametrize(
    "change",
    [
        {"begun_from": "f" * 63},
        {"begun_from": "F" * 64},
        {"begun_from": "f" * 64 + "\n"},
        {"begun_from": "f" * 500_000},
        {"name": "n" * (DRAFT_NAME_MAX + 1)},
        {"phases": "[" + " " * DRAFT_PHASES_MAX + "]"},
        {"person": "staff:" + "1" * 100},
        {"written_as": "verse"},
    ],
)
def test_what_is_kept_beside_a_draft_is_bounded_too(drafts: DraftStore, change: dict[str, str]) -> None:
    assert drafts.keep(NEW._replace(**change), b"said", drawn="d1") is NotKept.MISDESCRIBED
    kept = drafts.keep(NEW._replace(begun_from="", name="n" * DRAFT_NAME_MAX), b"said", drawn="d1")
    assert isinstance(kept, DraftLine)
    assert drafts.keep(kept._replace(**change), b"over it", drawn="d2") is NotKept.MISDESCRIBED
    assert drafts.lines() == [kept]


@pytest.mark.parametrize(
    "change",
    [
        "person = 'staff:3'",
        "name = 'Winter'",
        "begun_from = ''",
        "edition = 9",
        "digest = zeroblob(32)",
        "said = zeroblob(4)",
    ],
)
def test_a_row_that_is_not_as_it_was_written_is_lost_and_takes_no_room(
    drafts: DraftStore, front: FrontFile, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    drafts.keep(NEW, b"said", drawn="d1")
    front.do(lambda file: file.execute(f"UPDATE drafts SET {change}"))
    assert drafts.draft("d1") is None
    monkeypatch.setattr(storage.drafts, "DRAFTS_MAX", 1)
    if not change.startswith("said"):  # of a draft whose text alone is lost the line is still there, to be deleted
        assert drafts.lines() == []
        assert isinstance(drafts.keep(NEW, b"", drawn="d2"), DraftLine)
        assert front.do(lambda file: file.execute("SELECT draft FROM drafts").fetchall()) == [("d2",)]
