"""Forms: the shapes that a line may have, such as "WHO closes POSITION[ at PRICE]", and which of them a misread line was meant to have."""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple

_NUMBER = r"\d[\d,]*(?:\.\d+)?"
BLANKS: dict[str, str] = {
    "WHO": r"[A-Za-z][\w-]*",
    "NAME": r"[A-Za-z][\w-]*",
    "POSITION": r"[A-Za-z][\w.-]*",
    "SIDE": r"buys|sells",
    "WORD": r"confirms|dismisses",
    "LOTS": _NUMBER,
    "MORE": _NUMBER,
    "SYMBOL": r"[A-Z][A-Z0-9._]*",
    "PRICE": _NUMBER,
    "BID": _NUMBER,
    "ASK": _NUMBER,
    "STOP": _NUMBER,
    "TARGET": _NUMBER,
    "MONEY": rf"[-+−]?{_NUMBER}(?: [A-Z]{{3}})?",
    "EQUITY": rf"[-+−]?{_NUMBER}(?: [A-Z]{{3}})?",
    "FLOOR": rf"[-+−]?{_NUMBER}(?: [A-Z]{{3}})?",
    "COST": rf"{_NUMBER}(?: [A-Z]{{3}})?",
    "RULE": r"[A-Za-z0-9_-]+",
    "PERCENT": r"\d+(?:\.\d{1,2})?",
    "COUNT": r"\d+",
    "TITLE": r"[A-Z][\w-]*",
    "CURRENCY": r"[A-Z]{3}",
    "SCORE": r"\d[\d,]*",
    "BOARD": r".+?",
    "STANDING": r"[a-z_ ]+?",
    "VERDICT": r"[a-z]+",
    "KIND": r"[A-Za-z]+",
    "FINAL": r"final|provisional",
    "REASONS": r".+",
    "WHY": r".+",
    "TEMPLATE": r"[a-z0-9_]+",
    "FILE": r"\S+",
    "ZONE": r"\S+",
}
"""What may stand in each blank of a form."""

_BLANK = re.compile(r"[A-Z]{3,}")
_NAMES = re.compile(r"\b(?:[A-Z]\w*|\S*\d\S*)|[^\w\s]")


class Form(NamedTuple):
    """`shape`: literal words, blanks in capitals, what may be left out in brackets. `read`: from what stood in the blanks."""

    shape: str
    read: Callable[..., Any]


def filled(form: Form, text: str) -> Mapping[str, str] | None:
    """What stands in the blanks, by their names in small letters; "" for what was left out. None: the text has another shape."""
    found = _compiled(form.shape).fullmatch(text)
    if found is None:
        return None
    return {name.lower(): value or "" for name, value in found.groupdict().items()}


def nearest(text: str, forms: Iterable[Form]) -> str:
    """The form whose words are most like the text's, as one would write it."""
    words = _NAMES.sub(" ", text).split()
    return max(forms, key=lambda form: _likeness(words, form.shape)).shape


def _likeness(words: list[str], shape: str) -> float:
    """How much the words are those of the shape, with all that may be left out or with none of it."""
    own = _BLANK.sub(" ", re.sub(r"[\[\],:/%]", " ", shape)).split()
    required = _BLANK.sub(" ", re.sub(r"\[[^\]]*\]|[,:/%]", " ", shape)).split()
    return max(_ratio(words, own), _ratio(words, required))


def _ratio(words: list[str], own: list[str]) -> float:
    return difflib.SequenceMatcher(None, " ".join(words), " ".join(own)).ratio()


@cache
def _compiled(shape: str) -> re.Pattern[str]:
    literal = re.escape(shape).replace(r"\[", "(?:").replace(r"\]", ")?").replace(r"\ ", r"\s+")
    return re.compile(_BLANK.sub(lambda blank: f"(?P<{blank[0]}>{BLANKS[blank[0]]})", literal))
