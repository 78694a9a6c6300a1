"""Rule words: the figures of a rule's sentence as the reader's locale writes them, from integers, by what Babel knows of it."""

import re
from datetime import date
from functools import cached_property
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_skeleton
from babel.numbers import get_decimal_symbol, get_group_symbol

from firm.instant import datetime_of
from firm.money import EXPONENT_READ_MAX, MINUS, Money
from firm.price import LOTS_SCALE
from firm.sentences.languages import Language
from firm.sentences.speaker import POP_ISOLATE

LEFT_TO_RIGHT = "\u2066"  # isolate, and its end is that of the others: a sign alone does not say which way it runs
_JOINED = "\u00a0"  # between a number and its unit: never broken
_LOTS_DIGITS = len(str(LOTS_SCALE)) - 1
_LOCALES = {Language.ENGLISH: Locale("en", "GB")}
# Our English pages set the sign of percent off, as those of most other languages do.
_FRENCH_FIRST = re.compile(r"\b1(?= \D)")
_PERCENTS = {Language.ENGLISH: f"{_JOINED}%"}


class RuleFigures:
    """An account’s figures in a language. What Babel knows of a locale is asked once: it reads its patterns anew for every figure."""

    def __init__(self, language: Language, currency: str, exponent: int) -> None:
        self._locale = _LOCALES.get(language) or Locale(language.value)
        self._percent = _PERCENTS.get(language) or self._locale.percent_formats[None].suffix[0]
        self._isolates = language is Language.ARABIC
        self._comma = "،" if language is Language.ARABIC else ","
        self._currency = currency
        self._exponent = exponent

    def money(self, minor: int) -> str:
        """95.000,00 USD: the currency's code in every language, for it is what the platform shows."""
        return f"{self._decimal(minor, self._exponent, self._exponent)}{_JOINED}{self._currency}"

    def percent(self, bp: int) -> str:
        return f"{self._decimal(bp, 2, 0)}{self._percent}"

    def multiple(self, bp: int) -> str:
        return self._decimal(bp, 4, 0)

    def lots(self, lots_e8: int) -> str:
        return self._decimal(lots_e8, _LOTS_DIGITS, 2)

    def count(self, number: int) -> str:
        return self._decimal(number, 0, 0)

    def tenths(self, number: int) -> str:
        return self._decimal(number, 1, 1)

    def units(self, amount_e8: int) -> str:
        """A contract's size: 100.000, or with the decimals it has."""
        return self._decimal(amount_e8, _LOTS_DIGITS, 0)

    def decimal(self, units: int, exponent: int) -> str:
        """`units` of 10^-`exponent`, with every decimal."""
        return self._decimal(units, exponent, exponent)

    def apart(self, text: str) -> str:
        """A figure that is kept in its own order among words that are read from right to left."""
        return f"{LEFT_TO_RIGHT}{text}{POP_ISOLATE}" if self._isolates else text

    def moment(self, instant_us: int, zone: str) -> str:
        """2 May 2014, 14:30:00 CEST: never without its zone."""
        local = datetime_of(instant_us).astimezone(ZoneInfo(zone))
        told = f"{day_as('yMMMd', local, self._locale)}{self._comma} {local:%H:%M:%S}"
        return f"{told}{_JOINED}{local.tzname() or zone}"

    def _decimal(self, units: int, exponent: int, digits_min: int) -> str:
        """`units` of 10^-`exponent`, exactly. `digits_min`: how many decimals are written even where they are noughts."""
        if not 0 <= exponent <= EXPONENT_READ_MAX:
            return Money(units, "", exponent).decimal()
        whole, part = divmod(abs(units), 10**exponent)
        text = f"{whole:,}".replace(",", self._group)
        decimals = f"{part:0{exponent}d}".rstrip("0").ljust(digits_min, "0") if exponent else ""
        if decimals:
            text = f"{text}{self._point}{decimals}"
        return MINUS + text if units < 0 else text

    @cached_property
    def _group(self) -> str:
        return get_group_symbol(self._locale)

    @cached_property
    def _point(self) -> str:
        return get_decimal_symbol(self._locale)


def day_as(skeleton: str, day: date, locale: Locale) -> str:
    """A date by Babel's pattern. In French the first of a month is the 1er, which CLDR's patterns cannot say."""
    told = format_skeleton(skeleton, day, locale=locale)
    return _FRENCH_FIRST.sub("1er", told) if locale.language == "fr" and day.day == 1 else told
