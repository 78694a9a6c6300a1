"""A decision read aloud: the rule with the account's numbers, each input with its source, the arithmetic in people's units."""

from pathlib import Path
from typing import Any

import pytest

from firm.explain import percent, position_in_words, rule_in_words
from firm.facts import Doubt
from firm.money import Money
from storage.afterwards import explain_decision

USD = Money(0, "USD", 2)
BREACH = (Path(__file__).parent / "breach_in_words.txt").read_text(encoding="utf-8")


def told(story: Any, decision: int) -> list[str]:
    with story.reader() as reader:
        return explain_decision(reader, decision)


def test_a_breach_is_told_so_that_an_angry_trader_can_follow_it(story: Any) -> None:
    words = told(story, story.ada_breaks_her_daily_loss(noise=0))
    assert "\n".join(words) + "\n" == BREACH


def test_a_suspicion_says_why_it_is_not_final(story: Any) -> None:
    words = told(story, story.ada_breaks_her_daily_loss(doubts=(Doubt.STALE_QUOTE, Doubt.DRIFT)))
    assert "looks broken, but this is not final" in words[0]
    assert words[-1] == (
        "It is not final because a price it rests on was older than its symbol allows; and because the equity that we compute "
        "and the one that the platform reports differ by more than the tolerance. Until it is settled, positions can be closed "
        "but not opened."
    )


def test_a_pass_is_told_with_its_target(story: Any) -> None:
    words = told(story, story.ada_reaches_her_target())
    assert words[0] == (
        "The phase is passed: the balance of 108,096.50 USD reached the target of 108,000.00 USD, with 1 trading day."
    )
    assert "  profit to make = 100,000.00 USD × 8 %, rounded up = 8,000.00 USD" in words[-2]
    assert "  Is 1 day at or above 1 day (trading days needed)? Yes." in words[-2]
    assert words[2].startswith("When: 2014-05-0")
    assert words[2].endswith(" in Prague.")
    assert words[-1] == (
        "Nothing was open, as the target asks. What follows: trading on this account ends; where the program has another "
        "phase, its account is opened."
    )


@pytest.mark.parametrize(("bp", "text"), [(500, "5 %"), (1_000, "10 %"), (125, "1.25 %"), (50, "0.5 %"), (1, "0.01 %")])
def test_basis_points_are_told_as_people_say_them(bp: int, text: str) -> None:
    assert percent(bp) == text


def test_a_rule_is_told_as_its_trader_was_told_it_with_when_the_day_begins(story: Any) -> None:
    rules = story.rules
    daily, overall, target, days = (rule_in_words(rule, rules, USD) for rule in rules.rules)
    assert daily.startswith("In one trading day the account may lose at most 5 % of the initial balance.")
    assert daily.endswith("The trading day begins at 00:00 in Europe/Prague.")
    assert days.endswith("The trading day begins at 00:00 in Europe/Prague.")
    assert "begins at" not in overall + target


def test_a_rule_of_another_account_cannot_explain_a_decision(story: Any) -> None:
    story.alter = lambda fact: fact.update(rule="none")
    decision = story.ada_is_flat_below_her_floor()
    with pytest.raises(ValueError, match="explain with the account's own ruleset"):
        told(story, decision)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("EURUSD position 126 lots", "lots of position 126 (EURUSD)"),
        ("US 500 position 126", "position 126 (US 500)"),
        ("USDJPY bid for USDJPY position p2", "USDJPY bid for position p2 (USDJPY)"),
        ("balance and profit up to US 500 position 7", "balance and profit up to position 7 (US 500)"),
        ("floor", "floor"),
    ],
)
def test_a_position_is_told_by_its_number_with_its_symbol_behind_it(name: str, said: str) -> None:
    assert position_in_words(name) == said
