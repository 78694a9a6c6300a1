"""What a machine is given once: random enough, found by scanners, and refused where a letter is wrong."""

import re

import pytest

from web.api_secret import MARK, digest_of, new_word, spelled

KEY = 0x1_2345_6789_ABCD


def test_a_word_tells_its_key_and_no_two_are_alike():
    words = {new_word(KEY) for _ in range(100)}
    assert len(words) == len({spelled(word).digest for word in words}) == 100
    assert {spelled(word).key for word in words} == {KEY}
    assert all(re.fullmatch(r"evh_[0-9A-HJKMNP-TV-Z]{69}", word) for word in words)


def test_the_hash_is_of_the_secret_under_its_own_id():
    word = new_word(KEY)
    assert digest_of(word) == spelled(word).digest
    assert digest_of(word).hex().upper() not in word
    assert len(digest_of(word)) == 32


@pytest.mark.parametrize("at", [len(MARK), len(MARK) + 9, len(MARK) + 10, 40, -8, -1])
def test_one_wrong_letter_is_noticed_without_asking_anybody(at):
    word = new_word(KEY)
    other = "0" if word[at] != "0" else "1"
    letters = [*word]
    letters[at] = other
    assert spelled("".join(letters)) is None


@pytest.mark.parametrize(
    "word",
    ["", "evh_", "evh_" + "0" * 69, "x" * 10_000, new_word(1).lower(), new_word(1) + "\n"],
    ids=["nothing", "the mark alone", "zeros", "long", "in small letters", "with a line's end"],
)
def test_what_is_no_word_of_ours_is_none(word):
    assert spelled(word) is None
