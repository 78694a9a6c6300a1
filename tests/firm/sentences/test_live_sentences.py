"""Live sentences: how an account stands under a rule: the floor and what is left, days that are done, shares against their cap."""

import re
from typing import Any

import pytest
from msgspec.structs import replace

from firm.rules.judged import SILENT, Judged, Unit, Verdict, kept, met
from firm.rules.payout_eligibility import Condition
from firm.sentences.catalog import catalog_of
from firm.sentences.languages import Language
from firm.sentences.live import live_sentence
from firm.sentences.speaker import Speaker
from firm.sentences.subjects import subject_in_words
from firm.terms.losses import Measured
from firm.terms.union import KINDS
from firm.terms.words import Boundary, Scope
from tests.firm.sentences.examples import EXAMPLES
from tests.firm.sentences.plain_figures import PLAIN_FIGURES
from tests.firm.sentences.term_variants import VARIANTS, rule_of
from web.rule_words import RuleFigures

DAILY = EXAMPLES["two_step"].rules[0].terms


def english(term: Any, judged: Judged) -> str:
    return live_sentence(rule_of(term), judged, Language.ENGLISH, PLAIN_FIGURES)


def rule_term(example: str, name: str) -> Any:
    return next(rule.terms for rule in EXAMPLES[example].rules if rule.id == name)


@pytest.mark.parametrize(
    ("boundary", "equity", "broken", "text"),
    [
        (Boundary.CROSSES, 9_920_000, False, "Today equity must not fall below 95,000.00 USD; 4,200.00 USD are left."),
        (Boundary.CROSSES, 9_500_000, False, "Today equity must not fall below 95,000.00 USD; 0.00 USD are left."),
        (Boundary.TOUCHES, 9_500_001, False, "Today equity must stay above 95,000.00 USD; 0.01 USD are left."),
        (
            Boundary.TOUCHES,
            9_500_000,
            True,
            "The rule is broken: equity is at 95,000.00 USD, the floor at 95,000.00 USD.",
        ),
        (Boundary.CROSSES, -1, True, "The rule is broken: equity is at -0.01 USD, the floor at 95,000.00 USD."),
    ],
)
def test_the_floor_and_what_is_left(boundary: Boundary, equity: int, broken: bool, text: str) -> None:
    assert english(replace(DAILY, boundary=boundary), kept(equity, 9_500_000, Unit.MINOR, broken=broken)) == text


@pytest.mark.parametrize(
    ("term", "judged", "text"),
    [
        (
            DAILY,
            kept(9_500_000, 9_500_000, Unit.MINOR, broken=True),
            "Whether the rule is broken is in question: equity is at 95,000.00 USD, the floor at 95,000.00 USD.",
        ),
        (
            VARIANTS["hedging"][0],
            kept(1, 0, Unit.COUNT, "EURUSD", broken=True),
            "EURUSD: Now 1; the limit is 0. Whether the rule is broken is in question.",
        ),
        (VARIANTS["news_window"][0], kept(1, 0, Unit.COUNT, broken=True), "Whether the rule is broken is in question."),
        (VARIANTS["news_window"][0], kept(0, 0, Unit.COUNT, broken=False), "The rule is kept."),
    ],
)
def test_what_is_in_question_is_not_told_as_broken(term: Any, judged: Judged, text: str) -> None:
    assert live_sentence(rule_of(term), judged, Language.ENGLISH, PLAIN_FIGURES, questioned=True) == text


@pytest.mark.parametrize(
    ("scope", "measured", "start"),
    [
        (Scope.WEEK, Measured.BALANCE, "This week the balance must not fall below"),
        (Scope.CYCLE, Measured.EITHER, "In this payout cycle the lower of balance and equity must not fall below"),
        (Scope.PHASE, Measured.BOTH, "In this phase the higher of balance and equity must not fall below"),
    ],
)
def test_when_and_what_is_measured(scope: Scope, measured: Measured, start: str) -> None:
    term = replace(DAILY, scope=scope, measured=measured)
    assert english(term, kept(9_920_000, 9_500_000, Unit.MINOR, broken=False)).startswith(start)


@pytest.mark.parametrize(
    ("example", "name", "judged", "text"),
    [
        ("two_step", "days", met(2, 4, Unit.DAYS, is_met=False), "2 of 4 trading days."),
        ("two_step", "days", met(4, 4, Unit.DAYS, is_met=True), "4 of 4 trading days. The condition is met."),
        ("two_step", "target", met(250_000, 1_000_000, Unit.MINOR, is_met=False), "2,500.00 USD of 10,000.00 USD."),
        ("two_step", "duration", kept(12, 60, Unit.DAYS, broken=False), "12 of 60 calendar days are over."),
        (
            "two_step",
            "inactivity",
            kept(1, 30, Unit.DAYS, broken=False),
            "1 of 30 days without activity are over.",
        ),
        (
            "futures",
            "consistency",
            met(5_500, 4_000, Unit.BP, is_met=False),
            "The best trading day: 55 % of the total profit after losses; allowed is less than 40 %.",
        ),
        ("futures", "consistency", met(100, 90, Unit.MINOR, is_met=False), "Now 1.00 USD; the limit is 0.90 USD."),
        (
            "futures",
            "contracts",
            kept(150_000_000, 200_000_000, Unit.LOTS_E8, broken=False),
            "Now 1.5 lots; the limit is 2 lots.",
        ),
        (
            "news",
            "idea",
            kept(200_000, 200_000, Unit.MINOR, "7001", broken=True),
            "Trade idea that began with position 7001: Now 2,000.00 USD; the limit is 2,000.00 USD. The rule is broken.",
        ),
        ("news", "scalping", kept(120, 90, Unit.SECONDS, broken=False), "Now 2 minutes; the limit is 90 seconds."),
        (
            "instant",
            "schedule",
            met(3, 14, Unit.DAYS, Condition.WAIT, is_met=False),
            "Waiting time: 3 days of 14 days. The condition is not yet met.",
        ),
        (
            "instant",
            "conditions",
            met(2, 0, Unit.COUNT, Condition.POSITIONS, is_met=False),
            "Open positions: Now 2; the limit is 0. The condition is not yet met.",
        ),
        (
            "instant",
            "conditions",
            met(0, 1, Unit.COUNT, Condition.IDENTITY, is_met=False),
            "Verified identity: The condition is not yet met.",
        ),
        (
            "news",
            "metals",
            kept(300_000_000, 200_000_000, Unit.LOTS_E8, "7001", broken=True),
            "Position 7001: Now 3 lots; the limit is 2 lots. The rule is broken.",
        ),
        ("news", "news", kept(30, 120, Unit.SECONDS, broken=True), "The rule is broken."),
        ("news", "weekend", kept(0, 0, Unit.COUNT, broken=False), "The rule is kept."),
        ("futures", "consistency", SILENT, "The rule does not apply at present."),
    ],
)
def test_how_an_account_stands(example: str, name: str, judged: Judged, text: str) -> None:
    assert english(rule_term(example, name), judged) == text


SUBJECTS = [
    ("adverse_excursion", "7001", "Position 7001"),
    ("automation_use", "7001 expert", "Position 7001, placed by a program"),
    ("automation_use", "7001 copier", "Position 7001, placed by copying"),
    ("news_window", "7001 usd payrolls 6 june", "Position 7001, release usd payrolls 6 june"),
    ("consistency", "2025-06-02", "Day 2025-06-02"),
    ("consistency", "7001", "Position 7001"),
    ("exposure_limit", "7001", "Position 7001"),
    ("exposure_limit", "", ""),
    ("holding_limit", "7001", "Position or order 7001"),
    ("idea_risk", "7001", "Trade idea that began with position 7001"),
    ("lot_consistency", "7001", "Position 7001"),
    ("martingale", "7001", "Position 7001"),
    ("merge", "7K2MQ-9XW3F", "Account 7K2MQ-9XW3F"),
    ("payout_conditions", "days", "Rule “days”"),
    ("risk_reward", "7001", "Position 7001"),
    ("stop_loss_required", "7001", "Position 7001"),
    ("trade_duration", "7001", "Position 7001"),
    ("trading_hours", "7001", "Position 7001"),
    ("across_accounts", "EURUSD buy", "EURUSD long"),
    ("across_accounts", "XAUUSD", "XAUUSD"),
    ("grid", "EURUSD sell", "EURUSD short"),
    ("hedging", "EURUSD", "EURUSD"),
    ("one_sided", "EURUSD sell", "EURUSD short"),
]


@pytest.mark.parametrize("tag", ["martingale", "trading_hours"])
def test_what_was_added_to_a_position_is_told_with_its_time(tag: str) -> None:
    subject = "7001 2014-05-02T12:00:01.250000Z"
    judged = Judged(Verdict.BROKEN, 137, 149, Unit.COUNT, subject)
    told = english(VARIANTS[tag][0], judged)
    assert told.startswith("Position 7001, what was added to it on 2014-05-02 12:00:01 UTC: ")
    for language in Language:
        said = subject_in_words(tag, subject, Speaker(catalog_of(language), RuleFigures(language, "USD", 2), {}))
        assert all(part in said for part in ("7001", "2014-05-02 12:00:01 UTC"))


@pytest.mark.parametrize(("tag", "subject", "told"), SUBJECTS)
def test_what_a_rule_is_about_is_told_in_words(tag: str, subject: str, told: str) -> None:
    judged = Judged(Verdict.BROKEN, 137, 149, Unit.COUNT, subject)
    text = english(VARIANTS[tag][0], judged)
    assert text.startswith(f"{told}: " if told else "Now ")
    for language in Language:
        figures = RuleFigures(language, "USD", 2)
        said = subject_in_words(tag, subject, Speaker(catalog_of(language), figures, {}))
        assert all(part in said for part in re.findall(r"[A-Z0-9-]{4,}", subject))
        if told != subject:
            assert said != subject
        words = set(re.findall("[a-z]{3,}", told.lower())) - set(re.findall("[a-z]{3,}", subject.lower()))
        assert language is not Language.ARABIC or not words.intersection(re.findall("[a-z]{3,}", said.lower()))


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("tag", KINDS)
def test_every_rule_can_say_how_it_stands(tag: str, language: Language) -> None:
    texts = {
        live_sentence(rule_of(VARIANTS[tag][0]), Judged(verdict, 137, 149, unit, subject), language, PLAIN_FIGURES)
        for verdict in Verdict
        for unit in Unit
        for subject in ("", "EURUSD")
    }
    for text in texts:
        assert text.endswith(".")
        assert not re.search(r"[{}|#]|  ", text)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        (Language.GERMAN, "Heute darf die Equity nicht unter 95.000,00 USD fallen; es verbleiben 4.200,00 USD."),
        (Language.SPANISH, "Hoy la equity no debe caer por debajo de 95.000,00 USD; quedan 4.200,00 USD."),
        (Language.FRENCH, "Aujourd’hui, l’equity ne doit pas descendre sous 95 000,00 USD ; il reste 4 200,00 USD."),
        (Language.PORTUGUESE, "Hoje a equity não deve cair abaixo de 95.000,00 USD; restam 4.200,00 USD."),
        (
            Language.ARABIC,
            "اليوم يجب ألا يهبط مستوى حقوق الملكية تحت \u206895,000.00 USD\u2069؛ المتبقي \u20684,200.00 USD\u2069.",
        ),
    ],
)
def test_the_floor_in_the_trader_s_language(language: Language, text: str) -> None:
    judged = kept(9_920_000, 9_500_000, Unit.MINOR, broken=False)
    said = live_sentence(rule_of(DAILY), judged, language, RuleFigures(language, "USD", 2))
    assert re.sub("[\u00a0\u202f]", " ", said) == text


@pytest.mark.parametrize(
    ("language", "text"),
    [
        (Language.ENGLISH, "Position or order a 1, held over the closure that ends 2025-06-04 20:00 UTC: The rule is broken."),
        (
            Language.GERMAN,
            (
                "Position oder Order a 1, gehalten über die Marktschließung, die 2025-06-04 20:00 UTC endet: "
                "Die Regel ist verletzt."
            ),
        ),
    ],
)  # fmt: skip
def test_what_is_held_over_a_closure_names_it(language: Language, text: str) -> None:
    judged = kept(60, 0, Unit.SECONDS, "a 1 2025-06-04T20:00Z", broken=True)
    assert live_sentence(rule_of(VARIANTS["holding_limit"][0]), judged, language, PLAIN_FIGURES) == text
