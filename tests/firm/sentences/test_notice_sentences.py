"""Notice sentences: a limit that was neared, and a rule that was broken: by what, by how much, and what follows."""

import pytest

from firm.rules.judged import Judged, Unit, Verdict
from firm.sentences.languages import Language
from firm.sentences.notices import broken_sentences, neared_sentence
from firm.terms.words import Action, Consequence, ToGroup
from tests.firm.sentences.plain_figures import PLAIN_FIGURES
from tests.firm.sentences.term_variants import VARIANTS, rule_of


def broken(tag: str, judged: Judged, does: Consequence | None, *, dismissed: bool = False) -> str:
    return broken_sentences(
        rule_of(VARIANTS[tag][0]), judged, does, Language.ENGLISH, PLAIN_FIGURES, dismissed=dismissed
    )


def of(observed: int, limit: int, unit: Unit, subject: str = "") -> Judged:
    return Judged(Verdict.BROKEN, observed, limit, unit, subject)


@pytest.mark.parametrize(("observed", "left"), [(9_600_000, "1,000.00"), (9_500_001, "0.01"), (9_400_000, "0.00")])
def test_a_limit_that_is_neared_says_what_is_left(observed: int, left: str) -> None:
    rule = rule_of(VARIANTS["loss_limit"][0])
    said = neared_sentence(rule, 8_000, 9_500_000, observed, Language.ENGLISH, PLAIN_FIGURES)
    assert said.startswith("80 % of the limit is used up: ")
    assert said.endswith(f"the floor at 95,000.00 USD; {left} USD are left.")


@pytest.mark.parametrize(
    ("tag", "judged", "does", "told"),
    [
        (
            "hedging",
            of(10**8, 0, Unit.LOTS_E8, "EURUSD"),
            Action.RESTRICT,
            (
                "EURUSD: The rule is broken. Measured: 1 lots; the limit is 0 lots. What follows: no position may be opened "
                "until the next trading day."
            ),
        ),
        (
            "news_window",
            of(30, 120, Unit.SECONDS, "P1 payrolls"),
            Action.WARN,
            "Position P1, release payrolls: The rule is broken. What follows: you are warned.",
        ),
        (
            "high_frequency",
            of(9, 5, Unit.COUNT),
            ToGroup(group="slow"),
            "The rule is broken. Measured: 9; the limit is 5. What follows: the account is moved to the group “slow”.",
        ),
        (
            "idea_risk",
            of(0, 50_000, Unit.MINOR, "P1"),
            Action.WARN,
            "Trade idea that began with position P1: The rule is broken. What follows: you are warned.",
        ),
        ("high_frequency", of(9, 5, Unit.COUNT), None, "The rule is broken. Measured: 9; the limit is 5."),
    ],
)
def test_a_broken_rule_says_by_what_and_what_follows(tag: str, judged: Judged, does: Consequence, told: str) -> None:
    assert broken(tag, judged, does) == told


def test_a_loss_limit_says_its_floor() -> None:
    said = broken("loss_limit", of(9_400_000, 9_500_000, Unit.MINOR), Action.PAUSE)
    assert " at 94,000.00 USD; the floor is 95,000.00 USD. What follows: all positions are closed" in said


def test_what_was_dismissed_has_no_consequence() -> None:
    said = broken("high_frequency", of(9, 5, Unit.COUNT), Action.FAIL, dismissed=True)
    assert said.endswith("A person has dismissed this since: it was no breach.")
    assert "What follows" not in said
