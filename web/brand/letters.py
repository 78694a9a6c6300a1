"""Letters: the words of the mails that people get, in each language that pages are read in, and an operator's own in their place.

Nothing that somebody typed stands in a mail: who signs up with another's address must not be able to write to them through us.
"""

import difflib
import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Any, NamedTuple

from markupsafe import Markup

from firm.letters import Letter
from firm.sentences.languages import Language
from web.brand.faults import BrandFault
from web.brand.toml import read_toml

BYTES_MAX = 256 * 1024
SUBJECT_LENGTH_MAX = 150
BODY_LENGTH_MAX = 4_000
FIRM, LINK, SUPPORT, HOURS, MINUTES, WHEN = "{firm}", "{link}", "{support}", "{hours}", "{minutes}", "{when}"
KEYS = frozenset({"subject", "body"})
BESIDE: Mapping[Letter, str] = MappingProxyType(
    {
        Letter.CONFIRM_ADDRESS: HOURS,
        Letter.ADDRESS_KNOWN: "",
        Letter.NEW_PASSWORD: MINUTES,
        Letter.CONFIRM_NEW_ADDRESS: HOURS,
        Letter.ADDRESS_CHANGE_ASKED: WHEN,
        Letter.PASSWORD_CHANGED: WHEN,
        Letter.FACTORS_CHANGED: WHEN,
        Letter.DEVICE_NEW: WHEN,
        Letter.LINK_MADE: WHEN,
    }
)
"""What is filled in beside {firm}, {link} and {support}, in each."""
_MARK = re.compile(r"\{[^{}]*\}|[{}]")
_RIGHT_TO_LEFT = frozenset({Language.ARABIC})
_STYLE = "font:16px/1.5 system-ui,sans-serif;color:#1c1c1c;max-width:36em;margin:0 auto;padding:1.5em"


class Words(NamedTuple):
    """A letter before anything is filled in."""

    subject: str
    body: str


class Written(NamedTuple):
    """A letter as it is sent: one line, text, and the same as a page."""

    subject: str
    text: str
    html: str


OwnLetters = Mapping[Language, Mapping[Letter, Words]]
NO_OWN: OwnLetters = MappingProxyType({})


class Letters:
    """`own`: what replaces ours, by language, then by letter."""

    def __init__(self, own: OwnLetters = NO_OWN) -> None:
        self._own = own

    def write(self, letter: Letter, language: Language, fills: Mapping[str, str]) -> Written:
        """`fills`: by mark, such as {firm}; {support} may be "", and then its paragraph is left out."""
        words = self._own.get(language, {}).get(letter) or our_letters(language)[letter]
        paragraphs = [
            each.strip() for each in words.body.strip().split("\n\n") if fills[SUPPORT] or SUPPORT not in each
        ]
        text = "\n\n".join(_filled(each, fills) for each in paragraphs)
        return Written(_filled(words.subject, fills), f"{text}\n", _page(paragraphs, language, fills))


@lru_cache(maxsize=len(Language))
def our_letters(language: Language) -> Mapping[Letter, Words]:
    """Those that come along."""
    content = resources.files("web").joinpath("letters", f"{language}.toml").read_text(encoding="utf-8")
    return _section(language, tomllib.loads(content))


def read_letters(content: bytes) -> OwnLetters:
    """A file with a section [LANGUAGE.LETTER] for each that is replaced. Raises BrandFault."""
    raw = read_toml(content, BYTES_MAX, "letters")
    for code, told in raw.items():
        if code not in set(Language) or not isinstance(told, dict):
            raise BrandFault(
                f"has [{code[:40]}]: sections are [LANGUAGE.LETTER], as [{Language.ENGLISH}.{Letter.NEW_PASSWORD}]"
            )
    return {Language(code): _section(code, told) for code, told in raw.items()}


def _section(code: str, told: Mapping[str, Any]) -> dict[Letter, Words]:
    for name, words in told.items():
        if name not in set(Letter):
            close = difflib.get_close_matches(name, list(Letter), n=1, cutoff=0.4)
            hint = f' (did you mean "{close[0]}"?)' if close else ""
            raise BrandFault(f'has no letter "{name[:40]}"{hint} in [{code}]: those are {", ".join(Letter)}')
        if not isinstance(words, dict) or set(words) != KEYS:
            raise BrandFault(f"has [{code}.{name}] with other keys than subject and body: write those two")
    return {Letter(name): _words(f"{code}.{name}", Letter(name), words) for name, words in told.items()}


def _words(where: str, letter: Letter, words: Mapping[str, Any]) -> Words:
    subject, body = words["subject"], words["body"]
    if not isinstance(subject, str) or not 0 < len(subject) <= SUBJECT_LENGTH_MAX or not subject.isprintable():
        raise BrandFault(f"has {where}.subject, which must be one line of at most {SUBJECT_LENGTH_MAX} letters")
    if not isinstance(body, str) or not 0 < len(body) <= BODY_LENGTH_MAX or not body.replace("\n", "").isprintable():
        raise BrandFault(f"has {where}.body, which must be text of at most {BODY_LENGTH_MAX} letters")
    _require_marks(f"{where}.subject", subject, {FIRM})
    _require_marks(f"{where}.body", body, {FIRM, LINK, SUPPORT, BESIDE[letter]} - {""})
    if not any(line.strip() == LINK for line in body.split("\n")) or body.count(LINK) != 1:
        raise BrandFault(
            f"has {where}.body, which must name {LINK} once, in a line of its own: it is what the mail is for"
        )
    return Words(subject, body)


def _require_marks(where: str, text: str, known: set[str]) -> None:
    for mark in _MARK.findall(text):
        if mark not in known:
            raise BrandFault(f"has {where} with {mark[:40]}: what is filled in there is {', '.join(sorted(known))}")


def _filled(text: str, fills: Mapping[str, str]) -> str:
    """Each mark once: what was filled in is not looked at again."""
    return _MARK.sub(lambda found: fills[found[0]], text)


def _page(paragraphs: list[str], language: Language, fills: Mapping[str, str]) -> str:
    way = "rtl" if language in _RIGHT_TO_LEFT else "ltr"
    link = Markup('<a href="{0}">{0}</a>').format(fills[LINK])
    marked = {mark: link if mark == LINK else Markup.escape(text) for mark, text in fills.items()}
    told = Markup("\n").join(Markup("<p>{}</p>").format(_marked(each, marked)) for each in paragraphs)
    head = Markup('<!doctype html>\n<html lang="{}" dir="{}"><head><meta charset="utf-8"></head>').format(
        language.value, way
    )
    return f'{head}<body style="{_STYLE}">\n{told}\n</body></html>\n'


def _marked(paragraph: str, marked: Mapping[str, Markup]) -> Markup:
    text = Markup.escape(paragraph)
    return Markup(_MARK.sub(lambda found: marked[found[0]], text))  # noqa: S704  (both are escaped by now)
