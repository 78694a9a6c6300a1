"""Names are found by the beginnings of their words, whatever their case and accents; nothing stays of who is forgotten."""

import gc
import random
import sys
from time import thread_time

import pytest

from storage import name_index
from storage.name_index import NAMES_MAX, WORD_LENGTH_MAX, WORDS_MAX, NameIndex, is_enough, words_of

ADA, BEN, CLEO, ZOE, JO = range(1, 6)
PEOPLE = {ADA: "Ada Lovelace", BEN: "Ben O’Brien", CLEO: "Cléo DU BOIS-Lovell", ZOE: "Zoë Straße", JO: "Ｊø Łukasz"}


@pytest.fixture
def index() -> NameIndex:
    index = NameIndex()
    for person, name in PEOPLE.items():
        assert index.put(person, name)
    return index


@pytest.mark.parametrize(("typed", "found"), [
    pytest.param("ad", {ADA}, id="the beginning of a word"),
    pytest.param("LOVE", {ADA, CLEO}, id="of any word, in any case"),
    pytest.param("lovel ad", {ADA}, id="each word, in any order"),
    pytest.param("l ada", {ADA}, id="one letter beside a word"),
    pytest.param("ove", set(), id="no middle of a word"),
    pytest.param("cleo", {CLEO}, id="without its accent"),
    pytest.param("CLÉO", {CLEO}, id="with it"),
    pytest.param("cle\u0301o", {CLEO}, id="with the accent as a sign of its own"),
    pytest.param("zoe strasse", {ZOE}, id="a sharp s is two"),
    pytest.param("jo lukasz", {JO}, id="a letter with a stroke, and a wide one"),
    pytest.param("o'brien", {BEN}, id="another apostrophe"),
    pytest.param("brien", {BEN}, id="behind the apostrophe"),
    pytest.param("bois-lov", {CLEO}, id="a hyphen parts words"),
    pytest.param("ada ada", {ADA}, id="a word twice is the word"),
    pytest.param("ada ben", set(), id="of two people"),
    pytest.param("a", set(), id="one letter"),
    pytest.param("a l", set(), id="single letters"),
    pytest.param("%_", set(), id="signs"),
    pytest.param("", set(), id="nothing"),
])  # fmt: skip
def test_who_is_found(index: NameIndex, typed: str, found: set[int]) -> None:
    assert set(index.matches(typed).people) == found
    assert is_enough(typed) or not found


def test_another_name_takes_the_place_of_the_one_before(index: NameIndex) -> None:
    index.put(ADA, "Ada King")
    assert index.matches("lovelace").people == ()
    assert index.matches("ada ki").people == (ADA,)
    assert len(index) == len(PEOPLE)


def strings_behind(thing: object) -> set[str]:
    """Each string that can be reached from something."""
    held, found = [thing], set()
    while held:
        for each in gc.get_referents(held.pop()):
            if isinstance(each, str):
                found.add(each)
            elif isinstance(each, dict | list | tuple):
                held.append(each)
    return found


def test_nothing_of_who_is_dropped_stays_in_memory(index: NameIndex) -> None:
    mine = {"ada", "lovelace"}
    assert mine <= strings_behind(vars(index))
    index.drop(ADA)
    index.drop(99)
    assert not mine & strings_behind(vars(index))
    assert {"cleo", "lovell"} <= strings_behind(vars(index))
    for person in PEOPLE:
        index.drop(person)
    assert vars(index) == {"_drawers": {}, "_words": {}}


def test_a_name_of_many_or_endless_words_is_bounded() -> None:
    assert len(words_of(" ".join(f"word{at}" for at in range(90)))) == WORDS_MAX
    index = NameIndex()
    index.put(ADA, "x" * 5_000)
    assert index.matches("x" * 4_000).people == (ADA,)
    assert max(map(len, strings_behind(vars(index)))) == WORD_LENGTH_MAX


def test_more_names_than_may_be_are_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(name_index, "NAMES_MAX", 2)
    index = NameIndex()
    assert [index.put(person, "Ada") for person in (ADA, BEN, CLEO)] == [True, True, False]
    assert index.put(BEN, "Benedict"), "whoever is there already may change"
    assert index.matches("ad").people == (ADA,)


def test_of_a_beginning_that_very_many_have_so_many_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(name_index, "LOOKED_AT_MAX", 3)
    index = NameIndex()
    for person in range(5):
        index.put(person, f"Maria M{person}")
    assert (len(index.matches("ma").people), index.matches("ma").is_all) == (3, False)
    assert index.matches("maria m4") == ((4,), True), "the rarer word is looked at first"


def test_a_hundred_thousand_names_take_little_room_and_are_found_quickly() -> None:
    drawn, index = random.Random(7), NameIndex()
    first, last = (["".join(drawn.choices("abdeiklmnorstuz", k=8)) for _ in range(many)] for many in (800, 30_000))
    for person in range(NAMES_MAX):
        index.put(person, f"{'Ma' if person % 3 else ''}{drawn.choice(first)} {last[person % len(last)]}")
    for typed in ("ma", "ma a", f"ma {last[1][:2]}", last[0], f"m {last[2]}", "ma ab de"):
        assert min(seconds_of(index, typed) for _ in range(3)) <= 0.02, typed
    assert len(index.matches(last[0]).people) >= NAMES_MAX // len(last)
    drawers = sum(sys.getsizeof(words) + sys.getsizeof(people) for words, people in index._drawers.values())
    once = {id(word): sys.getsizeof(word) for words in index._words.values() for word in words}
    people = sys.getsizeof(index._words) + sum(sys.getsizeof(words) + 32 for words in index._words.values())
    assert drawers + sum(once.values()) + people <= 32 * 2**20


def seconds_of(index: NameIndex, typed: str) -> float:
    began = thread_time()
    index.matches(typed)
    return thread_time() - began
