"""Sentences: the few of the portal's that a firm may say in its own words, in each language that pages are read in.

The list is closed: what decides, explains or refuses is said in the same words at every firm.
"""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from firm.sentences.languages import Language
from web.brand.faults import BrandFault
from web.brand.toml import read_toml
from web.shell.words import shell_catalog

BYTES_MAX = 64 * 1024
LENGTH_MAX = 300
FIRM, SUPPORT = "{firm}", "{support}"
SENTENCES = (
    "sign_in_title",
    "sign_in_lead",
    "legal_notice",
    "footer",
    "support",
    "support_label",
    "terms_label",
    "privacy_label",
    "imprint_label",
    "risk_label",
)
"""Ours are `brand.NAME` in the shell's catalog. {firm} is the firm's name; {support} the contact, in `support` alone, and once."""
_MARK = re.compile(r"[{}]")


@dataclass(frozen=True)
class Said:
    """A sentence as it is shown, and the language that it is in."""

    text: str
    language: Language


@dataclass(frozen=True)
class Sentences:
    """`own`: what replaces ours, by language, then by name."""

    own: Mapping[Language, Mapping[str, str]] = field(default_factory=dict)

    def say(self, name: str, language: Language) -> Said:
        """The firm's own words: in the reader's language, else in English; ours in the reader's where it has none."""
        for spoken in (language, Language.ENGLISH):
            if name in self.own.get(spoken, {}):
                return Said(self.own[spoken][name], spoken)
        return Said(shell_catalog(language).messages[f"brand.{name}"], language)


def read_sentences(content: bytes) -> Sentences:
    """A file with a [section] for each language. Raises BrandFault; an unknown name comes with the nearest that is known."""
    raw = read_toml(content, BYTES_MAX, "sentences")
    return Sentences({_language(code): _section(code, told) for code, told in raw.items()})


def _language(code: str) -> Language:
    if code not in set(Language):
        raise BrandFault(
            f"has a section [{code[:40]}]: sections are {', '.join(f'[{each.value}]' for each in Language)}"
        )
    return Language(code)


def _section(code: str, told: Any) -> Mapping[str, str]:
    if not isinstance(told, dict):
        raise BrandFault(f"has {code} as a value: write it as a section, [{code}]")
    for name, text in told.items():
        if name not in SENTENCES:
            close = difflib.get_close_matches(name, SENTENCES, n=1, cutoff=0.4)
            hint = f' (did you mean "{close[0]}"?)' if close else ""
            raise BrandFault(f'has no sentence "{name[:40]}"{hint} in [{code}]: those are {", ".join(SENTENCES)}')
        _require_sayable(f"{code}.{name}", text, with_support=name == "support")
    return told


def _require_sayable(where: str, text: Any, *, with_support: bool) -> None:
    if not isinstance(text, str) or len(text) > LENGTH_MAX or not text.isprintable():
        raise BrandFault(f"has {where}, which must be one line of at most {LENGTH_MAX} letters")
    if text.count(SUPPORT) != with_support:
        told = "must name {support} once" if with_support else "may not name {support}"
        raise BrandFault(f"has {where}, which {told}")
    if _MARK.search(text.replace(FIRM, "").replace(SUPPORT, "")):
        raise BrandFault(f"has {where} with a brace of its own: only {FIRM} and {SUPPORT} are filled in")
