"""Speech: the shell's words in the reader's language, with numbers and times as that language writes them."""

from functools import cache
from typing import Any

from litestar.connection import ASGIConnection

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

    def knows(self, key: str) -> bool:
        return key in self._catalog.messages

    def count(self, number: int) -> str:
        return self._figures.count(number)

    def moment(self, instant_us: int) -> str:
        """An instant with its zone, UTC; it may be broken between them, as other instants of our pages may."""
        return self._figures.moment(instant_us, ZONE).replace("\u00a0", " ")


@cache
def speech_of(language: Language) -> Speech:
    return Speech(language)


def spoken(connection: ASGIConnection[Any, Any, Any, Any]) -> Speech:
    """The speech of whoever asks."""
    return speech_of(language_of(connection))
