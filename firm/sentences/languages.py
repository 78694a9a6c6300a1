"""Languages: in which ones rules are spoken, and the form that a noun takes beside a number in each (CLDR's plural rules for integers)."""

from enum import StrEnum
from typing import assert_never

_MILLION = 1_000_000


class Language(StrEnum):
    """By its ISO 639 code."""

    ENGLISH = "en"
    GERMAN = "de"
    SPANISH = "es"
    FRENCH = "fr"
    PORTUGUESE = "pt"
    ARABIC = "ar"


class Plural(StrEnum):
    """CLDR's categories."""

    ZERO = "zero"
    ONE = "one"
    TWO = "two"
    FEW = "few"
    MANY = "many"
    OTHER = "other"


_TWO_FORMS = frozenset({Plural.ONE, Plural.OTHER})
_WITH_MILLIONS = _TWO_FORMS | {Plural.MANY}

PLURALS: dict[Language, frozenset[Plural]] = {
    Language.ENGLISH: _TWO_FORMS,
    Language.GERMAN: _TWO_FORMS,
    Language.SPANISH: _WITH_MILLIONS,
    Language.FRENCH: _WITH_MILLIONS,
    Language.PORTUGUESE: _WITH_MILLIONS,
    Language.ARABIC: frozenset(Plural),
}
"""The forms that a noun has in each language."""


def plural_of(language: Language, number: int) -> Plural:
    """The form of a noun beside `number`, 0 or more, written in digits."""
    match language:
        case Language.ENGLISH | Language.GERMAN:
            return Plural.ONE if number == 1 else Plural.OTHER
        case Language.SPANISH:
            return Plural.ONE if number == 1 else _many_or_other(number)
        case Language.FRENCH | Language.PORTUGUESE:
            return Plural.ONE if number in (0, 1) else _many_or_other(number)
        case Language.ARABIC:
            return _arabic(number)
        case unknown:
            assert_never(unknown)


def _many_or_other(number: int) -> Plural:
    """Whole millions take a preposition: 2.000.000 de días."""
    return Plural.MANY if number and number % _MILLION == 0 else Plural.OTHER


def _arabic(number: int) -> Plural:
    by_itself = {0: Plural.ZERO, 1: Plural.ONE, 2: Plural.TWO}
    if number in by_itself:
        return by_itself[number]
    match number % 100:
        case 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10:
            return Plural.FEW
        case 0 | 1 | 2:
            return Plural.OTHER
        case _:
            return Plural.MANY
