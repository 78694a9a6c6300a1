"""Catalogs: the same messages in every language, nouns with the forms that their language has, and nothing that is never said."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from babel import Locale
from msgspec.structs import replace

from firm.deed import PlacedBy
from firm.money import Money
from firm.rules import lifecycle, payout_amounts, payout_extras
from firm.rules.judged import Judged, Unit, Verdict
from firm.rules.payout_eligibility import Condition
from firm.ruleset import LateBreach
from firm.sentences.at_large import accounts_own_sentence, accounts_sentence, at_large
from firm.sentences.catalog import NUMBER, SLOT, catalog_of
from firm.sentences.languages import PLURALS, Language, Plural, plural_of
from firm.sentences.live import live_sentence
from firm.sentences.notices import broken_sentences, neared_sentence
from firm.sentences.rule import rule_sentence
from firm.sentences.speaker import Speaker
from firm.sentences.worked_example import worked_example
from firm.templates import template
from firm.terms.objectives import MinimumTrades
from firm.terms.words import Action, Scope
from tests.firm.ruleset_examples import ruleset as whole_ruleset
from tests.firm.sentences.examples import EXAMPLES, ruleset_of
from tests.firm.sentences.plain_figures import PLAIN_FIGURES
from tests.firm.sentences.term_variants import VARIANTS, rule_of

ENGLISH = catalog_of(Language.ENGLISH)
# What judges call the conditions that they answer for.
NAMED = [
    value for room in (lifecycle, payout_amounts, payout_extras) for name, value in vars(room).items() if name.isupper()
]
CONDITIONS = [
    *Condition,
    *(one for one in PlacedBy if one not in (PlacedBy.FIRM, PlacedBy.UNKNOWN)),  # of these two nobody judges
    *(value for value in NAMED if isinstance(value, str)),
]
SUBJECTS = [
    "EURUSD",
    "EURUSD buy",
    "EURUSD sell",
    "7",
    "7 expert",
    "7 usd-payrolls",
    "2025-06-02",
    "days",
    "7 2025-06-04T20:00Z",
    "7 2025-06-04T20:00:01.250000Z",
]
# International words, and what has no letters of its own.
SAME_AS_ENGLISH = {
    "word.lots",
    "word.quoted",
    "word.count",
    "list.comma",
    "list.semicolon",
    "live.subject",
    "live.side.buy",
    "live.side.sell",
    "live.about.placed",
    "live.about.position",
}


@pytest.mark.parametrize("language", Language)
def test_every_language_has_the_same_messages_with_the_same_slots(language: Language) -> None:
    messages = catalog_of(language).messages
    assert messages.keys() == ENGLISH.messages.keys()
    for key, message in messages.items():
        assert {name for name, _ in SLOT.findall(message)} == {
            name for name, _ in SLOT.findall(ENGLISH.messages[key])
        }, key
        assert not re.search(r"[{}]", SLOT.sub("", message)), key


@pytest.mark.parametrize("language", [language for language in Language if language is not Language.ENGLISH])
def test_no_message_was_left_in_english(language: Language) -> None:
    messages = catalog_of(language).messages
    same = {
        key
        for key, message in messages.items()
        if re.search("[a-z]{2}", SLOT.sub("", message)) and message == ENGLISH.messages[key]
    }
    allowed = SAME_AS_ENGLISH | {
        key for key in same if key.startswith("title.") and messages[key] in {"Hedging", "Martingale", "Extension"}
    }
    assert same <= allowed, {key: messages[key] for key in same - allowed}


@pytest.mark.parametrize("language", Language)
def test_nouns_have_all_their_forms_and_each_is_used(language: Language) -> None:
    catalog = catalog_of(language)
    used = {noun for message in catalog.messages.values() for _, noun in SLOT.findall(message) if noun}
    assert catalog.nouns.keys() == used
    for noun, forms in catalog.nouns.items():
        assert forms.keys() == PLURALS[language], noun
        assert all(NUMBER in form for category, form in forms.items() if category not in {Plural.ONE, Plural.TWO}), noun


@pytest.mark.parametrize("language", Language)
def test_every_message_is_said_somewhere(language: Language) -> None:
    """A message that nothing says is a rule that somebody has stopped to explain."""
    unsaid = {key: SLOT.split(message.lower())[::3] for key, message in catalog_of(language).messages.items()}
    for told in _everything_said(language):
        spoken = {text.lower() for text in told}
        unsaid = {key: parts for key, parts in unsaid.items() if not any(_are_in(parts, text) for text in spoken)}
        if not unsaid:
            return
    raise AssertionError(f"{language}: never said: {unsaid}")


def _are_in(parts: list[str], text: str) -> bool:
    """One after the other."""
    place = 0
    for part in parts:
        found = text.find(part, place)
        if found < 0:
            return False
        place = found + len(part)
    return True


def _everything_said(language: Language) -> Iterator[set[str]]:
    """In parts, and what is most likely to be the last of it first: who has nothing left to look for goes no further."""
    yield {
        text
        for terms in VARIANTS.values()
        for sentence in (rule_sentence(rule_of(term), language, PLAIN_FIGURES) for term in terms)
        for text in (sentence.title, sentence.text)
    }
    yield _examples_told(language) | _notices_told(language) | _told_at_large(language)
    yield {text for tag, terms in VARIANTS.items() for text in _answers_told(tag, terms[0], language)}
    for tag, terms in VARIANTS.items():
        for term in terms[1:]:
            yield _answers_told(tag, term, language)


def _answers_told(tag: str, term: Any, language: Language) -> set[str]:
    rule = rule_of(term)
    return {
        live_sentence(rule, Judged(verdict, 137, 149, unit, subject), language, PLAIN_FIGURES, questioned=questioned)
        for verdict in Verdict
        for questioned in (False, True)
        for unit in (Unit.DAYS, Unit.COUNT, Unit.BP)
        for subject in (*SUBJECTS, *(CONDITIONS if tag == "payout_conditions" else ()))
    }


def _notices_told(language: Language) -> set[str]:
    limit, hedging = (rule_of(VARIANTS[tag][0]) for tag in ("loss_limit", "hedging"))
    judged = Judged(Verdict.BROKEN, 137, 149, Unit.MINOR, "")
    return {
        neared_sentence(limit, 8_000, 95, 137, language, PLAIN_FIGURES),
        *(
            broken_sentences(rule, judged, Action.WARN, language, PLAIN_FIGURES, dismissed=dismissed)
            for rule in (limit, hedging)
            for dismissed in (True, False)
        ),
    }


def _told_at_large(language: Language) -> set[str]:
    """What goes for all rules, whichever way it is said."""
    either = [
        replace(EXAMPLES["two_step"], late_breach=late, await_swap=so, failures_reviewed=so, overrides_by_two=so)
        for late, so in ((LateBreach.ENFORCE, True), (LateBreach.REVIEW, False))
    ]
    either.append(ruleset_of("counted", MinimumTrades(id="trades", trades_min=2, per=Scope.PHASE)))
    said = {sentence for ruleset in either for sentence in at_large(ruleset, language, PLAIN_FIGURES)}
    said.add(accounts_own_sentence(2, language, PLAIN_FIGURES))
    return said | {accounts_sentence(template("two_step_static").program, language, PLAIN_FIGURES)}


def _examples_told(language: Language) -> set[str]:
    weekly = replace(EXAMPLES["two_step"].rules[0].terms, scope=Scope.WEEK)
    alone = [ruleset_of("alone", term) for tag, terms in VARIANTS.items() for term in terms if _can_be_sold(tag, term)]
    every_kind = (whole_ruleset(), whole_ruleset({"amount.buffer.minor": 10**9}), ruleset_of("weekly", weekly))
    return {
        worked_example(ruleset, rule, Money(10_000_000, "USD", 2), language, PLAIN_FIGURES)
        for ruleset in (EXAMPLES["intraday"], EXAMPLES["end_of_day"], *every_kind, *alone)
        for rule in ruleset.rules
    }


def _can_be_sold(tag: str, term: Any) -> bool:
    """Variants hold what `firm/checks` refuses: limits that trail what makes no high, and a last tier with an end."""
    return tag != "loss_limit" and not (tag == "profit_split" and term.tiers[-1].up_to_minor is not None)


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_condition_is_called_by_a_name_of_the_language(condition: str) -> None:
    """A judge that answers for another condition gives it a name here, or a trader of another language reads ours."""
    judged = Judged(Verdict.PENDING, 1, 2, Unit.COUNT, condition)
    for language in Language:
        if language is not Language.ENGLISH:
            said = live_sentence(rule_of(VARIANTS["payout_conditions"][0]), judged, language, PLAIN_FIGURES)
            assert condition not in said


PLURAL_TABLE = [
    (Language.ENGLISH, {0: "other", 1: "one", 2: "other", 11: "other", 101: "other"}),
    (Language.GERMAN, {0: "other", 1: "one", 2: "other", 21: "other"}),
    (Language.SPANISH, {0: "other", 1: "one", 2: "other", 1_000_000: "many", 1_000_001: "other"}),
    (Language.FRENCH, {0: "one", 1: "one", 2: "other", 1_000_000: "many", 3_000_000: "many"}),
    (Language.PORTUGUESE, {0: "one", 1: "one", 2: "other", 1_000_000: "many"}),
    (
        Language.ARABIC,
        {
            0: "zero",
            1: "one",
            2: "two",
            3: "few",
            10: "few",
            11: "many",
            99: "many",
            100: "other",
            101: "other",
            102: "other",
        }
        | {103: "few", 110: "few", 111: "many", 199: "many", 200: "other", 1_003: "few"},
    ),
]


@pytest.mark.parametrize(("language", "table"), PLURAL_TABLE)
def test_the_form_of_a_noun_beside_a_number(language: Language, table: dict[int, str]) -> None:
    assert {number: plural_of(language, number).value for number in table} == table


@pytest.mark.parametrize("language", Language)
def test_the_forms_are_those_of_the_unicode_consortium(language: Language) -> None:
    locale = Locale(language.value)
    for number in [*range(1_300), 99_999, 100_000, 999_999, 1_000_000, 1_000_001, 2_000_000, 2_000_003]:
        assert plural_of(language, number) == locale.plural_form(number), number
    assert {plural.value for plural in PLURALS[language]} == set(locale.plural_form.tags) | {"other"}


@pytest.mark.parametrize(
    ("number", "days"),
    [(0, "0 يوم"), (1, "يوم واحد"), (2, "يومين"), (3, "3 أيام"), (10, "10 أيام"), (11, "11 يومًا"), (100, "100 يوم")],
)
def test_arabic_days(number: int, days: str) -> None:
    say = Speaker(catalog_of(Language.ARABIC), PLAIN_FIGURES, {})
    assert say("time.days", number=number) == days


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 seconds"),
        (1, "1 second"),
        (59, "59 seconds"),
        (60, "1 minute"),
        (90, "90 seconds"),
        (3_540, "59 minutes"),
        (3_600, "1 hour"),
        (5_400, "90 minutes"),
        (18_000, "5 hours"),
    ],
)
def test_a_time_is_said_in_its_largest_whole_unit(seconds: int, text: str) -> None:
    assert Speaker(ENGLISH, PLAIN_FIGURES, {}).seconds(seconds) == text


def test_a_message_says_all_that_it_is_given() -> None:
    with pytest.raises(AssertionError, match="leaves \\['size'\\] unsaid"):
        Speaker(ENGLISH, PLAIN_FIGURES, {})("word.lots", lots="1", size="2")


@pytest.mark.parametrize(("words", "listed"), [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")])
def test_a_list_ends_with_and(words: list[str], listed: str) -> None:
    assert Speaker(ENGLISH, PLAIN_FIGURES, {}).listed(words, "and") == listed


@pytest.mark.parametrize(
    ("figure", "isolated"),
    [
        ("12", False),
        ("1,000.50", False),
        ("22:00", False),
        ("5 %", True),
        ("−5", True),
        ("95.00 USD", True),
        ("EURUSD", True),
    ],
)
def test_what_arabic_would_reorder_is_kept_apart(figure: str, isolated: bool) -> None:
    arabic, english = (Speaker(catalog_of(one), PLAIN_FIGURES, {}) for one in (Language.ARABIC, Language.ENGLISH))
    assert arabic.name(figure) == (f"\u2068{figure}\u2069" if isolated else figure)
    assert english.name(figure) == figure
