"""Rule texts: an account's rules in its reader's language, each with its title, what it requires and an example in numbers.

They never change while the account lives: they are worded once for all who read the same, and kept while they are asked for.
"""

from collections.abc import Mapping
from functools import lru_cache

import msgspec

from firm.explain import looks_at_days, rule_in_words
from firm.money import Money
from firm.ruleset import AnyRuleset, Rule, rule_named
from firm.sentences.languages import Language
from firm.sentences.rule import ruleset_sentences, title_of
from firm.sentences.worked_example import worked_example
from web import words
from web.bounds import RULE_TEXTS_KEPT
from web.shell.speech import ENGLISH, Speech, speech_of


class RuleText(msgspec.Struct, frozen=True):
    """`sentence`: as it was sold; `example`: empty where the rule has no edge to show."""

    title: str
    sentence: str
    example: str


@lru_cache(maxsize=RULE_TEXTS_KEPT)
def texts_of(ruleset: AnyRuleset, size: Money, language: Language) -> Mapping[str, RuleText]:
    """By the id of the rule. `size`: the initial balance."""
    figures = speech_of(language).figures(size.currency, size.exponent)
    said = ruleset_sentences(ruleset, language, figures)
    return {
        rule.id: RuleText(each.title, each.text, worked_example(ruleset, rule, size, language, figures))
        for rule, each in zip(ruleset.rules, said, strict=True)
    }


def rule_text(rule: Rule, ruleset: AnyRuleset, size: Money, speech: Speech) -> str:
    """One rule as it was sold, and when its days begin where it looks at them."""
    if speech.is_english:
        return rule_in_words(rule, ruleset, size)
    text = texts_of(ruleset, size, speech.language)[rule.id].sentence
    if not looks_at_days(rule):
        return text
    calendar, name = ruleset.calendar, speech.of_rules.name
    begins = speech("objectives.day_begins", rollover=name(calendar.rollover), zone=name(calendar.zone))
    return f"{text} {begins}"


def rule_title(rule: str, kind: str, ruleset: AnyRuleset, speech: Speech = ENGLISH) -> str:
    """What a rule is called of which a decision says no more than its id and kind."""
    if speech.is_english:
        return words.rule_kind(kind)
    found = rule_named(ruleset, rule)
    return words.rule_kind(kind) if found is None else title_of(found, speech.language)
