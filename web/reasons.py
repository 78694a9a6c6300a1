"""Reasons: why something was closed, corrected, doubted, not taken or stands as it does, in the words that a page has room for."""

from firm.facts import Doubt
from firm.permissions import CONSOLE, STAFF
from web.shell.speech import ENGLISH, Speech
from web.words import upper_first

BY_THE_FIRM = frozenset({"dealer", "command"})


def reason(name: str, speech: Speech = ENGLISH) -> str:
    """Why a trade was closed, from the platform's word for it; a word that we do not know stays as it is."""
    key = f"reason.{name}"
    return speech(key) if speech.knows(key) else name.replace("_", " ")


def because(text: str) -> tuple[str, str]:
    """Why a verdict was corrected, as (author, what was said): "staff:12: looked at it" has an author, and "console: ..." has."""
    author, colon, said = text.partition(": ")
    return (
        (author, said) if colon and (author == CONSOLE or author.startswith(STAFF)) else ("", f"{upper_first(text)}.")
    )


def quoted(text: str, speech: Speech = ENGLISH) -> str:
    """What a person wrote, as a sentence in quotes: with one full stop, theirs or ours."""
    said = text.strip()
    return speech.quoted(said) if said.endswith((".", "!", "?", "…")) else f"{speech.quoted(said)}."


# A doubt in a list, where its whole sentence has no room.
DOUBT_NAMES: dict[Doubt, str] = {why: ENGLISH(f"doubt_name.{why.value}") for why in Doubt}


def doubt_list(doubts: str) -> str:
    """The short names of doubts, as a list keeps them."""
    return ", ".join(DOUBT_NAMES[Doubt(name)] for name in doubts.split())


_REASONS_TO_STAND: dict[str, str] = {
    "platform_opened": "the platform opened it",
    "rollover": "a new trading day began",
    "objectives_met": "all objectives are met",
    "exonerated": "a suspected breach was none",
    "dismissed": "a person dismissed a suspected breach",
    "reinstated": "a person reinstated it",
}


def because_of_standing(because: str) -> str:
    """Why an account stands where it does: from a doubt, a rule, or what happened to it."""
    if because in set(Doubt):
        return DOUBT_NAMES[Doubt(because)]
    return _REASONS_TO_STAND.get(because, because.replace("_", " ").replace("-", " "))
