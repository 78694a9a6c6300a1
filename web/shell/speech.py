"""Speech: the shell's words in the reader's language, with numbers and times as that language writes them."""

from functools import cache
from typing import Any

from litestar.connection import ASGIConnection
from markupsafe import Markup, escape

from firm.sentences.languages import Language
from firm.sentences.speaker import Speaker
from web.languages import RIGHT_TO_LEFT, language_of
from web.rule_words import RuleFigures
from web.shell.words import shell_catalog

ZONE = "UTC"


class Speech:
    """Calling it says a message: `speak("nav.home")`. A number bends its noun; a word that no slot takes is a fault."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.direction = "rtl" if language in RIGHT_TO_LEFT else "ltr"
        self._figures = RuleFigures(language, "", 0)
        self._catalog = shell_catalog(language)
        self._say = Speaker(self._catalog, self._figures, {})

    def __call__(self, key: str, **words: str | int) -> str:
        return self._say(key, **words)

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


@cache
def speech_of(language: Language) -> Speech:
    return Speech(language)


def spoken(connection: ASGIConnection[Any, Any, Any, Any]) -> Speech:
    """The speech of whoever asks."""
    return speech_of(language_of(connection))
