"""Rule sentences: every term, with every value that a field may take, is said in every language, with all its numbers."""

import re
from dataclasses import dataclass
from functools import cache

import pytest
from msgspec.structs import replace

from firm.sentences.languages import Language
from firm.sentences.rule import Sentence, rule_sentence, ruleset_sentences
from firm.sentences.speaker import ISOLATE, POP_ISOLATE
from firm.terms.losses import LossLimit
from firm.terms.union import KINDS
from firm.terms.words import Action, DeductProfit, RuleTerm, Scope, ToGroup
from tests.firm.sentences.examples import EXAMPLES
from tests.firm.sentences.plain_figures import PLAIN_FIGURES
from tests.firm.sentences.term_meaning import meaning_of, numbers_of
from tests.firm.sentences.term_variants import VARIANTS, rule_of

FOREIGN = [language for language in Language if language is not Language.ENGLISH]
ENGLISH_WORDS = re.compile(r"\b(the|of|and|with|is|are|must|may|by|from|when|which|account|day|loss)\b", re.IGNORECASE)
HARD_SPACES = re.compile("[\u00a0\u202f]")


@cache
def said(tag: str, language: Language) -> tuple[tuple[RuleTerm, Sentence], ...]:
    return tuple((term, rule_sentence(rule_of(term), language, PLAIN_FIGURES)) for term in VARIANTS[tag])


def bare(text: str) -> str:
    return HARD_SPACES.sub(" ", text.replace(ISOLATE, "").replace(POP_ISOLATE, ""))


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("tag", KINDS)
def test_every_number_of_a_term_is_in_its_sentence(tag: str, language: Language) -> None:
    for term, sentence in said(tag, language):
        text = bare(sentence.text)
        for number in numbers_of(term):
            assert re.search(rf"(?<![\d.,]){re.escape(number)}(?![\d])", text), f"{number} of {term} is not in: {text}"


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("tag", KINDS)
def test_a_sentence_is_whole(tag: str, language: Language) -> None:
    for _, sentence in said(tag, language):
        for text in (sentence.title, sentence.text):
            assert text == text.strip()
            assert not re.search(r"[{}|#_]|  |None|\.\.|:\.|\( | \)", re.sub("[A-Z_]+-X", "X", text)), text
        assert sentence.text.endswith(".")
        assert not sentence.title.endswith(".")


@pytest.mark.parametrize("language", FOREIGN)
@pytest.mark.parametrize("tag", KINDS)
def test_no_english_is_left_in_another_language(tag: str, language: Language) -> None:
    for (_, english), (_, sentence) in zip(said(tag, Language.ENGLISH), said(tag, language), strict=True):
        assert not set(english.text.split(". ")) & set(sentence.text.split(". "))
        found = ENGLISH_WORDS.search(re.sub("[Ss]top[ -][Ll]oss|«[^»]*»|“[^”]*”|„[^“]*“|[A-Z_]+-X", "", sentence.text))
        assert found is None, sentence.text


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("tag", KINDS)
def test_terms_that_differ_are_said_differently(tag: str, language: Language) -> None:
    """One sentence for two meanings would be a rule that nobody can rely on."""
    meanings: dict[Sentence, object] = {}
    for term, sentence in said(tag, language):
        assert meanings.setdefault(sentence, meaning_of(term)) == meaning_of(term), sentence.text


@pytest.mark.parametrize("tag", KINDS)
def test_a_term_is_said_in_one_way(tag: str) -> None:
    """Terms that mean the same are said alike, so that a trader who compares two programs finds no difference where there is none."""
    texts: dict[object, str] = {}
    for term, sentence in said(tag, Language.ENGLISH):
        assert texts.setdefault(meaning_of(term), sentence.text) == sentence.text


@dataclass
class Strikes:
    consequences: tuple[object, ...]
    parts: tuple[str, ...]


@pytest.mark.parametrize(
    "case",
    [
        Strikes((Action.FAIL,), ("If the rule is broken, the account ends.",)),
        Strikes(
            (Action.WARN, Action.WARN, Action.FAIL),
            (
                "What follows: breach 1: you are warned; breach 2: you are warned; from breach 3 on: the account ends.",
                "Breaches are counted within one payout cycle.",
            ),
        ),
        Strikes(
            (DeductProfit(share_bp=10_000), ToGroup(group="slow")),
            (
                "breach 1: 100 % of the profit made by it is deducted; from breach 2 on: the account is moved to the group “slow”.",
            ),
        ),
    ],
)
def test_strikes_are_told_one_by_one(case: Strikes) -> None:
    limit = next(term for term in VARIANTS["loss_limit"] if isinstance(term, LossLimit))
    term = replace(limit, on_breach=case.consequences, strikes_within=Scope.CYCLE)
    text = rule_sentence(rule_of(term), Language.ENGLISH, PLAIN_FIGURES).text
    assert all(part in text for part in case.parts), text
    assert ("Breaches are counted" in text) == (len(case.consequences) > 1)


def test_a_rule_names_another_by_its_title_where_it_is_known() -> None:
    ruleset = EXAMPLES["futures"]
    conditions = next(rule for rule in ruleset.rules if rule.terms.__struct_config__.tag == "payout_conditions")
    alone = rule_sentence(conditions, Language.ENGLISH, PLAIN_FIGURES)
    together = ruleset_sentences(ruleset, Language.ENGLISH, PLAIN_FIGURES)[conditions.place]
    assert "“winning_days”" in alone.text
    assert "“Minimum trading days”" in together.text
