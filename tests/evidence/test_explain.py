"""A decision read aloud: the rule with the account's numbers, each input with its source, the arithmetic in people's units."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from firm.explain import percent, position_in_words, rule_in_words
from firm.facts import Doubt
from firm.terms.first import FirstInactivity, FirstMaximumDuration, FirstTerm, as_now
from firm.terms.losses import Trail
from firm.terms.words import Anchor
from storage.afterwards import explain_decision

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
    assert "  profit to make = 100,000.00 USD × 8 %, rounded up = 8,000.00 USD" in words[-1]
    assert "  Is 1 day at or above 1 day (trading days needed)? Yes." in words[-1]


@pytest.mark.parametrize(("bp", "text"), [(500, "5 %"), (1_000, "10 %"), (125, "1.25 %"), (50, "0.5 %"), (1, "0.01 %")])
def test_basis_points_are_told_as_people_say_them(bp: int, text: str) -> None:
    assert percent(bp) == text


def test_every_kind_of_rule_has_a_sentence(story: Any) -> None:
    rules = story.rules

    def in_words(term: FirstTerm) -> str:
        return rule_in_words(as_now(term)[0], rules)

    daily, overall, target, days = (rule_in_words(rule.terms, rules) for rule in rules.rules)
    assert daily.startswith("equity may not fall more than 5 %")
    assert "below the initial balance; the floor never moves. Touching the floor is allowed" in overall
    assert target == "the phase is won when the balance has grown by 8 % of the initial balance with no position open."
    assert days.startswith("positions must have been opened on at least 1 trading day.")
    trailing = replace(rules.terms[1], trail=Trail.END_OF_DAY, trails_on=Anchor.HIGHER, lock_at_bp=0)
    words = in_words(trailing)
    assert "below the highest balance or equity, whichever was higher at any day's start" in words
    assert "; the floor rises no further than the initial balance." in words
    ticking = replace(rules.terms[1], trail=Trail.EVERY_TICK, lock_at_bp=100)
    assert "the highest equity ever reached; the floor rises no further than 1 % above the initial balance" in in_words(
        ticking
    )
    assert "30 calendar days after its first trade" in in_words(FirstMaximumDuration(id="d", days_max=30))
    assert "without a deal for 14 calendar days" in in_words(FirstInactivity(id="i", days_max=14))


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
