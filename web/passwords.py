"""Passwords: which ones nobody may choose. Length is all that is asked of their making; no letters of some kind, no change by date."""

from web.bounds import PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN
from web.breached_list import BreachedList

WORD_LENGTH_MIN = 3  # a shorter name says nothing of a password


def why_refused(password: str, breached: BreachedList, own_words: tuple[str, ...]) -> str | None:
    """A sentence; None: it is good. `own_words`: mail address, name, the firm's name: what a stranger would try first."""
    if len(password) < PASSWORD_LENGTH_MIN:
        return f"Use at least {PASSWORD_LENGTH_MIN} characters: a few words together are easy to keep."
    if len(password) > PASSWORD_LENGTH_MAX:
        return f"Use at most {PASSWORD_LENGTH_MAX} characters."
    if _letters(password) in _forms(own_words):
        return "This is your name, your mail address or the firm’s name: strangers try it first."
    if breached.has(password):
        return "This password is in lists of passwords that have leaked: whoever guesses tries those first. Choose another."
    return None


def _forms(own_words: tuple[str, ...]) -> set[str]:
    """Each as a whole, and its parts, such as a mail address before its @ and a first name; bare letters, as they are compared."""
    parts = {part for word in own_words for part in (word, *word.replace("@", " ").replace(".", " ").split())}
    whole = {word.partition("@")[0] for word in own_words}
    return {bare for each in parts | whole if len(bare := _letters(each)) >= WORD_LENGTH_MIN}


def _letters(text: str) -> str:
    return "".join(each for each in text.casefold() if each.isalpha())
