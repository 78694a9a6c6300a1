"""Passwords: which ones nobody may choose. Length is all that is asked of their making; no letters of some kind, no change by date."""

from firm.sentences.languages import Language
from web.bounds import PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN
from web.breached_list import BreachedList
from web.shell.speech import Speech, speech_of

WORD_LENGTH_MIN = 3  # a shorter name says nothing of a password


def why_refused(
    password: str, breached: BreachedList, own_words: tuple[str, ...], speak: Speech | None = None
) -> str | None:
    """A sentence; None: it is good. `own_words`: mail address, name, the firm's name: what a stranger would try first.

    `speak`: in which language; None on the console, which is in English.
    """
    speak = speak or speech_of(Language.ENGLISH)
    if len(password) < PASSWORD_LENGTH_MIN:
        return speak("password.too_short", least=PASSWORD_LENGTH_MIN)
    if len(password) > PASSWORD_LENGTH_MAX:
        return speak("password.too_long", most=PASSWORD_LENGTH_MAX)
    if _letters(password) in _forms(own_words):
        return speak("password.own_words")
    if breached.has(password):
        return speak("password.leaked")
    return None


def _forms(own_words: tuple[str, ...]) -> set[str]:
    """Each as a whole, and its parts, such as a mail address before its @ and a first name; bare letters, as they are compared."""
    parts = {part for word in own_words for part in (word, *word.replace("@", " ").replace(".", " ").split())}
    whole = {word.partition("@")[0] for word in own_words}
    return {bare for each in parts | whole if len(bare := _letters(each)) >= WORD_LENGTH_MIN}


def _letters(text: str) -> str:
    return "".join(each for each in text.casefold() if each.isalpha())
