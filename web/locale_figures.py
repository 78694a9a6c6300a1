"""Locale figures: numbers, days and times as Babel's locale writes them, from integers.

What Babel knows of the locale is taken out of it once: it reads its patterns anew for every figure, and a page that is watched has
forty of them. tests/web/test_locale_figures.py holds what is written here to what Babel writes.
"""

from datetime import date, datetime
from functools import cache

from babel import Locale
from babel.numbers import get_decimal_symbol, get_group_symbol

from firm.money import EXPONENT_READ_MAX, MINUS, Money
from firm.price import TEN_TO
from firm.sentences.languages import Language
from storage.name_index import folded

LOCALE = Locale("en", "GB")
CODE_LENGTH = 2
_NO_COUNTRIES = frozenset({"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"})
# Sark: Babel has its name in English alone, which other languages of Latin letters call it by too.
_NOT_OF_BABEL = {(Language.ARABIC, "CQ"): "سارك"}
_GROUP, _POINT = get_group_symbol(LOCALE), get_decimal_symbol(LOCALE)
_MONTHS: tuple[str, ...] = tuple(LOCALE.months["format"]["abbreviated"][number] for number in range(1, 13))
_WEEKDAYS: tuple[str, ...] = tuple(LOCALE.days["format"]["abbreviated"][number] for number in range(7))


@cache
def countries(language: Language = Language.ENGLISH) -> tuple[tuple[str, str], ...]:
    """ISO 3166-1 codes of countries and territories with their names, by name: what CLDR knows, without regions and what is made up.

    They are the same codes in every language, each in its place of the alphabet, whatever its accents. What a language has no name for is
    called as in English.
    """
    codes = {
        code for code in map(str, LOCALE.territories) if len(code) == CODE_LENGTH and code.isalpha()
    } - _NO_COUNTRIES
    told = (LOCALE if language is Language.ENGLISH else Locale(language.value)).territories
    names = {code: _NOT_OF_BABEL.get((language, code)) or told.get(code) or LOCALE.territories[code] for code in codes}
    return tuple(sorted(names.items(), key=lambda one: folded(one[1])))


def decimal(minor: int, exponent: int, digits: int | None = None) -> str:
    """`minor` units of 10^-`exponent`, grouped by threes. `digits`: how many decimals are written, where the others are noughts."""
    if not 0 <= exponent <= EXPONENT_READ_MAX:
        return Money(minor, "", exponent).decimal()
    if digits is not None and digits != exponent:
        assert 0 <= digits < exponent, f"{digits} decimals are more than 10^-{exponent} has, or none at all"
        minor, lost = divmod(minor, TEN_TO[exponent - digits])
        assert not lost, f"{lost} would be left out: round it by name first"
        exponent = digits
    whole, part = divmod(abs(minor), TEN_TO[exponent])
    text = f"{whole:,}".replace(",", _GROUP)
    if exponent:
        text = f"{text}{_POINT}{part:0{exponent}d}"
    return MINUS + text if minor < 0 else text


def hour_minute(local: datetime) -> str:
    return f"{local.hour:02d}:{local.minute:02d}"


def day_month(local: date) -> str:
    """2 May."""
    return f"{local.day} {_MONTHS[local.month - 1]}"


def weekday(local: date) -> str:
    return _WEEKDAYS[local.weekday()]
