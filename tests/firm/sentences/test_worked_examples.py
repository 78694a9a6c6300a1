"""Worked examples: a rule's story stands at its edge, in every language, for every variant of the rules that have one."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from firm.money import Money
from firm.ruleset import FirstRuleset, LateBreach
from firm.sentences.languages import Language
from firm.sentences.rule import ruleset_sentences
from firm.sentences.worked_example import worked_example
from firm.templates import templates
from firm.terms.first import AmountBase, DailyLoss, FirstAnchor, OnDailyLoss
from firm.terms.objectives import Consistency, ConsistencyEffect, DayBasis, Denominator, Numerator
from firm.terms.words import Anchor, Boundary, Scope
from firm.trading_day import TradingCalendar
from tests.firm.sentences.examples import EXAMPLES, percent, ruleset_of
from tests.firm.sentences.plain_figures import PLAIN_FIGURES

SIZE = Money(10_000_000, "USD", 2)


def example(term: Any, language: Language = Language.ENGLISH, size: Money = SIZE) -> str:
    ruleset = ruleset_of("example", term)
    return worked_example(ruleset, ruleset.rules[0], size, language, PLAIN_FIGURES)


def term_of(ruleset: str, name: str) -> Any:
    return next(rule.terms for rule in EXAMPLES[ruleset].rules if rule.id == name)


@pytest.mark.parametrize(
    ("anchor", "boundary", "text"),
    [
        (
            Anchor.HIGHER,
            Boundary.CROSSES,
            "The floor is then 98,000.00 USD. If equity is at 98,000.00 USD, the rule is kept; at 97,999.99 USD it is broken.",
        ),
        (
            Anchor.BALANCE,
            Boundary.TOUCHES,
            "The floor is then 97,000.00 USD. If equity is at 97,000.01 USD, the rule is kept; at 97,000.00 USD it is broken.",
        ),
        (
            Anchor.INITIAL,
            Boundary.CROSSES,
            "The floor is then 95,000.00 USD. If equity is at 95,000.00 USD, the rule is kept; at 94,999.99 USD it is broken.",
        ),
    ],
)
def test_one_percentage_makes_another_floor_from_each_anchor(anchor: Anchor, boundary: Boundary, text: str) -> None:
    begins = (
        "Example: an account of 100,000.00 USD. "
        "The day begins with a balance of 102,000.00 USD and an equity of 103,000.00 USD. "
    )
    assert example(replace(term_of("two_step", "daily_loss"), anchor=anchor, boundary=boundary)) == begins + text


@pytest.mark.parametrize(
    ("ruleset", "name", "parts"),
    [
        ("two_step", "maximum_loss", ["The floor is then 90,000.00 USD."]),
        ("end_of_day", "maximum_loss", ["an equity of 103,000.00 USD", "The floor is then 97,000.00 USD."]),
        # The balance has made too little for the lock, and equity 4,000.00 at its highest.
        ("intraday", "maximum_loss", ["at 104,000.00 USD at its highest", "The floor is then 101,500.00 USD."]),
        ("instant", "maximum_loss", ["a balance of 102,000.00 USD", "The floor is then 95,880.00 USD."]),
        ("two_step", "target", ["With 110,000.00 USD the target is reached, with 109,999.99 USD not yet."]),
        ("end_of_day", "days", ["A day with a profit of 500.00 USD counts, one with 499.99 USD does not."]),
        ("two_step", "days", ["days that count: with 4 days it is enough, with 3 days it is not."]),
        (
            "two_step",
            "inactivity",
            ["days without activity: with 29 days the rule is kept, with 30 days it is broken."],
        ),
    ],
)
def test_the_story_of_a_rule(ruleset: str, name: str, parts: list[str]) -> None:
    text = example(term_of(ruleset, name))
    assert all(part in text for part in parts), text
    assert bool(text) == bool(parts)


@pytest.mark.parametrize(
    ("effect", "follows"),
    [
        (
            ConsistencyEffect.DELAY,
            "With 6,666.67 USD, passing or payout waits until this profit has grown to 16,666.68 USD.",
        ),
        (ConsistencyEffect.RAISE_TARGET, "With 6,666.67 USD, the profit target is at least 16,666.68 USD."),
        (ConsistencyEffect.DISCARD_EXCESS, "With 6,666.67 USD, 0.01 USD of it does not count."),
        (ConsistencyEffect.FAIL, "With 6,666.67 USD, the account ends."),
    ],
)
def test_the_best_day_may_be_so_large_and_no_cent_larger(effect: ConsistencyEffect, follows: str) -> None:
    """40 % of a whole of which the others made 10,000.00: 6,666.66 and two thirds of a cent."""
    term = replace(term_of("futures", "consistency"), boundary=Boundary.CROSSES, effect=effect)
    begins = (
        "Example: the other days have made a profit of 10,000.00 USD together. "
        "The best trading day may then have made at most 6,666.66 USD. "
    )
    assert example(term) == begins + follows


@given(
    size=st.integers(1, 10**12),
    cap=st.integers(100, 10_000),
    best=st.sampled_from(Numerator),
    of=st.sampled_from(Denominator),
    basis=st.sampled_from(DayBasis),
    boundary=st.sampled_from(Boundary),
    effect=st.sampled_from(ConsistencyEffect),
)
def test_the_edge_of_consistency_is_the_judge_s_for_any_figures(
    size: int,
    cap: int,
    best: Numerator,
    of: Denominator,
    basis: DayBasis,
    boundary: Boundary,
    effect: ConsistencyEffect,
) -> None:
    """The example asserts of itself that its two figures are the last that is small enough and the first that is not."""
    term = Consistency(
        id="consistency",
        best=best,
        of=of,
        day_basis=basis,
        caps_bp=(cap,),
        boundary=boundary,
        effect=effect,
        per=Scope.PHASE,
    )
    text = example(term, size=Money(size, "USD", 2))
    is_free = cap == 10_000 and of is not Denominator.TARGET
    assert bool(text) is not is_free


@given(bp=st.integers(1, 9_999), size=st.integers(10_000, 10**12), boundary=st.sampled_from(Boundary))
def test_the_edge_of_a_limit_and_a_target_is_one_unit_wide(bp: int, size: int, boundary: Boundary) -> None:
    limit = replace(term_of("two_step", "daily_loss"), amount=percent(bp), boundary=boundary)
    for term in (limit, replace(term_of("two_step", "target"), amount=percent(bp))):
        good, bad = (
            int(re.sub("[,.]", "", one))
            for one in re.findall(r"([\d,.]+) USD", example(term, size=Money(size, "USD", 2)))[-2:]
        )
        assert good == bad + 1


@pytest.mark.parametrize("language", Language)
def test_the_templates_have_their_examples_in_every_language(language: Language) -> None:
    told = 0
    for template in templates():
        for phase in template.program.phases:
            for rule in phase.ruleset.rules:
                text = worked_example(phase.ruleset, rule, template.program.size, language, PLAIN_FIGURES)
                told += bool(text)
                assert not re.search(r"[{}|#]|  ", text)
                assert not text or text.endswith(".")
    assert told > 100


def test_a_rule_in_the_first_words_is_told_in_those_of_today() -> None:
    sold = DailyLoss(
        id="daily_loss",
        loss_max_bp=500,
        anchor=FirstAnchor.HIGHER,
        base=AmountBase.INITIAL,
        boundary=Boundary.TOUCHES,
        on_breach=OnDailyLoss.FAIL,
    )
    calendar = TradingCalendar("UTC", "00:00")
    ruleset = FirstRuleset(
        name="first", calendar=calendar, late_breach=LateBreach.REVIEW, await_swap=False, terms=(sold,)
    )
    (sentence,) = ruleset_sentences(ruleset, Language.ENGLISH, PLAIN_FIGURES)
    assert sentence.text.startswith("In one trading day the account may lose at most 5 % of the initial balance.")
    text = worked_example(ruleset, ruleset.rules[0], SIZE, Language.ENGLISH, PLAIN_FIGURES)
    assert "The floor is then 98,000.00 USD." in text
