"""Catalog: how a language says it: messages with slots, and nouns with their plural forms, read once from `catalog/LANGUAGE.toml`.

A slot is `{name}`, or `{name|noun}` for a number with its noun. Keys are the same in all languages; nouns are a language's own affair, for
cases and genders differ.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any

import msgspec

from firm.sentences.languages import Language, Plural

SLOT = re.compile(r"\{(\w+)(?:\|(\w+))?\}")
NUMBER = "#"
"""Where the number stands in a noun's form. Arabic's dual, and its one, do without it."""


class Catalog(msgspec.Struct, frozen=True):
    """`messages`: by their key, "loss_limit.title.day". `nouns`: by their name, the forms that they take."""

    language: Language
    messages: Mapping[str, str]
    nouns: Mapping[str, Mapping[Plural, str]]


@cache
def catalog_of(language: Language) -> Catalog:
    """The catalog of a language."""
    text = resources.files(__package__).joinpath("catalog", f"{language}.toml").read_text(encoding="utf-8")
    return read_catalog(language, text)


def read_catalog(language: Language, text: str) -> Catalog:
    """A catalog from its TOML, ours of rules or another that is written like it."""
    told = tomllib.loads(text)
    nouns = {
        noun: {Plural(category): form for category, form in forms.items()}
        for noun, forms in told.pop("noun", {}).items()
    }
    return Catalog(language, dict(_flat(told, "")), nouns)


def _flat(tree: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    for name, value in tree.items():
        if isinstance(value, str):
            yield f"{path}{name}", value
        else:
            yield from _flat(value, f"{path}{name}.")
