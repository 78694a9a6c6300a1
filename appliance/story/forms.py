"""Forms: the shapes that a line may have, such as "WHO closes POSITION[ at PRICE]", and which of them a misread line was meant to have."""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple

from appliance.story.clock import TIME

_NUMBER = r"\d[\d,]*(?:\.\d+)?"
Blanks = Mapping[str, str]
"""What stood in the blanks of a line, by their names in small letters."""
BLANKS: dict[str, str] = {
    "WHO": r"[A-Za-z][\w-]*",
    "NAME": r"[A-Za-z][\w-]*",
    "POSITION": r"[A-Za-z][\w.-]*",
    "SIDE": r"buys|sells",
    "WORD": r"confirms|dismisses",
    "WAY": r"buy|sell",
    "LEG": r"stop|target",
    "MARK": r"balance|equity",
    "IMPACT": r"high|medium|low",
    "CODE": r"[A-Z]{3}|all",
    "EVENT": r"[A-Za-z].*?",
    "CLOCK": rf"{TIME}(?: the next day)?",
    "DAYS": r"\d{1,4}",
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
    "COUNT": r"\d{1,9}",
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
    """The form whose words are most like the text's, its verb above all, as one would write it."""
    words = _NAMES.sub(" ", text).split()
    return max(forms, key=lambda form: _likeness(words, form.shape)).shape


def _likeness(words: list[str], shape: str) -> float:
    """How well each of the words is found in the shape, and each of the words that it must have among them; the first counts twice."""
    must, may = _words_of(shape)
    known = [one for each in (*must, *may) for one in each]
    found = [max((_ratio(word, one) for one in known), default=0.0) for word in words]
    needed = [max((_ratio(word, one) for word in words for one in each), default=0.0) for each in must]
    return _mean([*found[:1], *found]) + _mean([*needed[:1], *needed])


def _mean(parts: list[float]) -> float:
    return sum(parts) / len(parts) if parts else 0.0


def _ratio(word: str, own: str) -> float:
    return difflib.SequenceMatcher(None, word, own).ratio()


@cache
def _words_of(shape: str) -> tuple[tuple[tuple[str, ...], ...], tuple[tuple[str, ...], ...]]:
    """The words that a line of this shape must have, and those that it may; of a blank that takes a few words alone, all of them."""
    whole = shape.replace("[s]", "")
    must = re.sub(r"\[[^\]]*\]", " ", whole)
    may = " ".join(re.findall(r"\[([^\]]*)\]", whole))
    return _alternatives(must), _alternatives(may)


def _alternatives(text: str) -> tuple[tuple[str, ...], ...]:
    words = re.findall(r"[\w']+", text)
    choices = [tuple(BLANKS[word].split("|")) if word in BLANKS else (word,) for word in words]
    return tuple(each for each in choices if all(re.fullmatch(r"[a-z']+", one) for one in each))


@cache
def _compiled(shape: str) -> re.Pattern[str]:
    literal = re.escape(shape).replace(r"\[", "(?:").replace(r"\]", ")?").replace(r"\ ", r"\s+")
    return re.compile(_BLANK.sub(lambda blank: f"(?P<{blank[0]}>{BLANKS[blank[0]]})", literal))
