"""Speech: the words of pages in a language, with numbers and times as that language writes them."""

from functools import cache
from typing import Any, Protocol

from litestar.connection import ASGIConnection
from markupsafe import Markup, escape

from firm.money import Money
from firm.sentences.catalog import catalog_of
from firm.sentences.languages import Language
from firm.sentences.speaker import Speaker
from firm.trading_day import TradingCalendar
from web import words
from web.languages import RIGHT_TO_LEFT, language_of
from web.locale_words import LocaleWords
from web.rule_words import RuleFigures
from web.shell.words import shell_catalog

ZONE = "UTC"


class Words(Protocol):
    """How a language writes figures and times: what `web/words.py` is to English pages."""

    def money(self, amount: Money) -> str: ...
    def figure(self, amount: Money) -> str: ...
    def change(self, amount: Money) -> str: ...
    def change_figure(self, amount: Money) -> str: ...
    def tone_of(self, amount: Money) -> str: ...
    def percent(self, basis_points: int) -> str: ...
    def price(self, points: int, digits: int) -> str: ...
    def lots(self, lots_e8: int) -> str: ...
    def count(self, number: int) -> str: ...
    def units(self, amount_e8: int) -> str: ...
    def clock(self, instant_us: int, zone: str = ...) -> str: ...
    def clock_short(self, instant_us: int, zone: str = ...) -> str: ...
    def precise(self, instant_us: int, zone: str = ...) -> str: ...
    def hour(self, instant_us: int, zone: str = ...) -> str: ...
    def day(self, instant_us: int, zone: str = ...) -> str: ...
    def moment(self, instant_us: int, zone: str = ...) -> str: ...
    def moment_precise(self, instant_us: int, zone: str = ...) -> str: ...
    def other_day(self, instant_us: int, calendar: TradingCalendar) -> str: ...
    def span(self, length_us: int) -> str: ...
    def pause(self, length_us: int) -> str: ...
    def iso(self, instant_us: int) -> str: ...
    def moment_field(self, instant_us: int) -> str: ...
    def upper_first(self, text: str) -> str: ...


class Speech:
    """Calling it says a message: `speak("nav.home")`. A number bends its noun; a word that no slot takes is a fault."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.direction = "rtl" if language in RIGHT_TO_LEFT else "ltr"
        self.is_english = language is Language.ENGLISH
        self._figures = RuleFigures(language, "", 0)
        self._catalog = shell_catalog(language)
        self._say = Speaker(self._catalog, self._figures, {})
        self.texts = (
            self._catalog.messages
        )  # by key: heads of tables stand in every row, and to look one up costs a fifth of a call
        self.words: Words = words if self.is_english else LocaleWords(language, self._figures, self._unit)
        self.of_rules = Speaker(
            catalog_of(language), self._figures, {}
        )  # of names and counts alone: it knows no currency

    def __call__(self, key: str, **words: str | int) -> str:
        return self._say(key, **words) if words else self._catalog.messages[key]

    def marked(self, key: str, **words: str | int) -> Markup:
        """The same with markup in its words, such as a link or a time; words that are none are escaped."""
        said = {name: word if isinstance(word, int) else escape(word) for name, word in words.items()}
        return Markup(self._say(key, **said))  # noqa: S704  (a message is ours, and its words are escaped above)

    def name(self, text: str) -> str:
        """A word that is nobody's language, such as a firm's name: it keeps its own order among Arabic ones."""
        return self._say.name(text)

    def knows(self, key: str) -> bool:
        return key in self._catalog.messages

    def count(self, number: int) -> str:
        return self._figures.count(number)

    def tenths(self, number: int) -> str:
        """3.2, of 32."""
        return self._figures.tenths(number)

    def moment(self, instant_us: int) -> str:
        """An instant with its zone, UTC; it may be broken between them, as other instants of our pages may."""
        return self._figures.moment(instant_us, ZONE).replace("\u00a0", " ")

    def lowered(self, title: str) -> str:
        """A title inside a sentence: English writes it small there, the others set it apart."""
        return title.lower() if self.is_english else title

    def quoted(self, text: str) -> str:
        """What somebody wrote, or a name that somebody gave, in the language's quotation marks."""
        return self.of_rules.quoted(text)

    def figures(self, currency: str, exponent: int) -> RuleFigures:
        """Those of an account's rules."""
        return RuleFigures(self.language, currency, exponent)

    def _unit(self, name: str) -> str:
        return self._catalog.messages[f"unit.{name}"]


@cache
def speech_of(language: Language) -> Speech:
    return Speech(language)


ENGLISH = speech_of(Language.ENGLISH)
"""What staff's pages speak, and what is made once for many."""


def spoken(connection: ASGIConnection[Any, Any, Any, Any]) -> Speech:
    """The speech of whoever asks."""
    return speech_of(language_of(connection))
