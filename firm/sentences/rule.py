"""Rule: a term of a ruleset as a trader reads it: a short title, and what is required with the term's own numbers."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from firm.ruleset import AnyRuleset, Rule
from firm.sentences import conduct, exposure, lifecycle, losses, objectives, payouts
from firm.sentences.catalog import catalog_of
from firm.sentences.figures import Figures
from firm.sentences.languages import Language
from firm.sentences.speaker import Speaker
from firm.terms.union import KINDS

_NO_TITLES: Mapping[str, str] = MappingProxyType({})
_FAMILIES = (losses, objectives, exposure, conduct, payouts, lifecycle)

SENTENCES: Mapping[str, Callable[[Any, Speaker], Iterator[str]]] = {
    tag: next(getattr(family, tag) for family in _FAMILIES if hasattr(family, tag)) for tag in KINDS
}
"""Who words a term, by its tag: a function of that name in its family's file."""

TITLED_BY: Mapping[str, str] = {
    "loss_limit": "scope",
    "exposure_limit": "quantity",
    "holding_limit": "over",
    "across_accounts": "measured",
    "bonus": "earned_by",
}
"""The field by which terms of one kind are called differently."""


class Sentence(msgspec.Struct, frozen=True):
    """A rule in words. `text`: one or more sentences, without line breaks."""

    title: str
    text: str


def ruleset_sentences(ruleset: AnyRuleset, language: Language, figures: Figures) -> tuple[Sentence, ...]:
    """All rules in their order; where one names another it does so by its title."""
    titles = titles_of(ruleset, language)
    return tuple(rule_sentence(rule, language, figures, titles) for rule in ruleset.rules)


def titles_of(ruleset: AnyRuleset, language: Language = Language.ENGLISH) -> dict[str, str]:
    """What each of its rules is called, by its id."""
    return {rule.id: title_of(rule, language) for rule in ruleset.rules}


def rule_sentence(rule: Rule, language: Language, figures: Figures, titles: Mapping[str, str] = _NO_TITLES) -> Sentence:
    """What a rule requires and what follows when it is broken. `titles`: of the ruleset's terms by id, for those that name others."""
    say = Speaker(catalog_of(language), figures, titles)
    sentences = SENTENCES[tag_of(rule)](rule.terms, say)
    return Sentence(title_of(rule, language), " ".join(map(upper_first, sentences)))


def title_of(rule: Rule, language: Language) -> str:
    """The short name of a rule: "Daily loss"."""
    tag = tag_of(rule)
    return catalog_of(language).messages[
        _title_key(tag, getattr(rule.terms, TITLED_BY[tag]) if tag in TITLED_BY else "")
    ]


def title_known(tag: str, titled_by: str, language: Language) -> str:
    """The same of a rule of which no more is known than its kind and that field; "" where that is no kind, or no word of it."""
    return catalog_of(language).messages.get(_title_key(tag, titled_by), "")


def _title_key(tag: str, titled_by: str) -> str:
    return f"title.{tag}.{titled_by}" if tag in TITLED_BY else f"title.{tag}"


def tag_of(rule: Rule) -> str:
    return str(rule.terms.__struct_config__.tag)


def upper_first(text: str) -> str:
    return text[:1].upper() + text[1:]
