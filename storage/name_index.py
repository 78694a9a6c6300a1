"""Name index: beginnings of words of names, in memory alone, so that somebody is found by a part of their name.

A file of names, or of keyed hashes of their beginnings, would be one more place to forget people in; what is here ends with the process.
Two spellings are the same where they differ by case or accents.
"""

import unicodedata
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import chain, islice
from typing import NamedTuple

LETTERS_MIN = 2  # of the longest word that is looked for: one letter is no name
WORDS_MAX = 12  # of a name, and of what is looked for
WORD_LENGTH_MAX = 32  # what is longer is known by its beginning
NAMES_MAX = 100_000
LOOKED_AT_MAX = 3_000  # by one search; of a beginning that more have, only so many are found
_BEHIND_ALL = "\U0010ffff"  # no letter

# Letters that Unicode takes for letters of their own, as a keyboard without them has them.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"})
_WITHIN_WORDS = "'’ʼ`´"  # O'Brien is looked for as obrien, and as brien
_TOGETHER = str.maketrans("", "", _WITHIN_WORDS)


def folded(text: str) -> str:
    """The form in which spellings are compared: no case, no accents, letters and digits, one space between words."""
    plain = text.casefold()
    if not plain.isascii():
        apart = unicodedata.normalize("NFKD", plain).casefold()
        plain = "".join(letter for letter in apart if not unicodedata.combining(letter)).translate(_PLAIN)
    return " ".join("".join(letter if letter.isalnum() else " " for letter in plain).split())


def words_of(name: str) -> tuple[str, ...]:
    """The words that somebody of this name is found by."""
    parted = folded(name).split() if any(each in name for each in _WITHIN_WORDS) else ()
    return _bounded(chain(words_sought(name), parted))


def words_sought(text: str) -> tuple[str, ...]:
    """The words of what was typed, each of which some word of a name has to begin with."""
    together = text.translate(_TOGETHER)
    return _bounded(folded(together).split())


def is_enough(text: str) -> bool:
    """Whether it can be looked for."""
    return max(map(len, words_sought(text)), default=0) >= LETTERS_MIN


class Matches(NamedTuple):
    """Who was found, by the words that they were found by. `is_all` False: there were too many to look at each of them."""

    people: tuple[int, ...]
    is_all: bool


class NameIndex:
    """Who has a word of which beginning. For one thread at a time.

    Words lie in drawers by their first two letters, sorted, each beside who has it: nobody is put in or taken out at a cost that grows with
    all names.
    """

    def __init__(self) -> None:
        self._drawers: dict[str, tuple[list[str], array[int]]] = {}
        self._words: dict[int, tuple[str, ...]] = {}

    def __len__(self) -> int:
        return len(self._words)

    def __contains__(self, person: int) -> bool:
        return person in self._words

    def put(self, person: int, name: str) -> bool:
        """Find this person by this name, and by none of before. False: there are as many as may be."""
        self.drop(person)
        if len(self._words) >= NAMES_MAX:
            return False
        self._words[person] = tuple(self._kept(word, person) for word in words_of(name))
        return True

    def drop(self, person: int) -> None:
        """Nothing of this person stays. Harmless where there is nothing."""
        for word in self._words.pop(person, ()):
            words, people = self._drawers[word[:2]]
            at = people.index(person, bisect_left(words, word), bisect_right(words, word))
            del words[at], people[at]
            if not words:
                del self._drawers[word[:2]]

    def matches(self, text: str) -> Matches:
        """Who has, for each word that was typed, one that begins so."""
        if not is_enough(text):
            return Matches((), is_all=True)
        sought = words_sought(text)
        places = (self._beginning(word) for word in sought if len(word) >= LETTERS_MIN)
        people, first, end = min(places, key=lambda place: place[2] - place[1])
        looked_at = dict.fromkeys(people[first : min(end, first + LOOKED_AT_MAX)])
        found = tuple(each for each in looked_at if self._begin_so(each, sought))
        return Matches(found, is_all=end - first <= LOOKED_AT_MAX)

    def _kept(self, word: str, person: int) -> str:
        """One copy of a word serves all who have it."""
        words, people = self._drawers.setdefault(word[:2], ([], array("q")))
        at = bisect_right(words, word)
        kept = words[at - 1] if at and words[at - 1] == word else word
        words.insert(at, kept)
        people.insert(at, person)
        return kept

    def _beginning(self, start: str) -> "tuple[array[int], int, int]":
        """The drawer's people, and from where to where in it their words begin so."""
        words, people = self._drawers.get(start[:2], ([], array("q")))
        return people, bisect_left(words, start), bisect_left(words, start + _BEHIND_ALL)

    def _begin_so(self, person: int, sought: tuple[str, ...]) -> bool:
        theirs = self._words[person]
        return all(any(word.startswith(start) for word in theirs) for start in sought)


def _bounded(words: Iterable[str]) -> tuple[str, ...]:
    """So many words, cut, each once."""
    return tuple(islice(dict.fromkeys(word[:WORD_LENGTH_MAX] for word in words), WORDS_MAX))
