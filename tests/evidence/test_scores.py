"""A pass by a published score: whoever holds its file works it out again from the row that published it."""

from types import ModuleType
from typing import Any

import pytest
from msgspec.structs import replace

from firm.commands import PublishScore
from firm.facts import ScoreMet, ScorePublished
from firm.terms.objectives import ScoreTarget
from storage.grounds import Grounds
from tests.evidence.limits_of_today import LIMIT, sold
from tests.evidence.test_rules_done_again import DAYS, TARGET, TRADES, told

CUP = ScoreTarget(id="score", board="Spring cup", score_min=10)


def publish(story: Any, score: int) -> int:
    """The firm's word on Ada's score; the row that holds it."""
    told = {"board": CUP.board, "score": score, "by": "console", "why": "the cup"}
    story.add(PublishScore(account=story.ada, **told), story.ada)
    row: int = story.add(ScorePublished(**told), story.ada)
    return row


def test_a_pass_by_a_score_is_worked_out_again(story: Any, verifier: ModuleType) -> None:
    sold(story, LIMIT, CUP)
    publish(story, 4)
    row = publish(story, 12)
    said = told(story, verifier, story.win(story.ada))
    assert f"the score on 'Spring cup', as the firm published it in row {row}" in said
    assert "score at or above what is asked" in said
    assert "no other score" not in said


def test_a_score_and_a_target_of_money_are_both_worked_out_again(story: Any, verifier: ModuleType) -> None:
    sold(story, LIMIT, CUP, TARGET, DAYS)
    story.earn(story.ada, "8_000.00")
    publish(story, 10)
    said = told(story, verifier, story.win(story.ada))
    assert "target balance = 10800000 minor" in said
    assert "published score = 10" in said


def test_a_score_of_an_earlier_day_is_in_the_file(story: Any, verifier: ModuleType) -> None:
    sold(story, LIMIT, CUP)
    row = publish(story, 12)
    story.next_day()
    anchor = story.open_day(story.ada)
    said = told(story, verifier, story.win(story.ada))
    assert f"NOT shown: that no other score on 'Spring cup' was published between rows {row} and {anchor}" in said


@pytest.mark.parametrize(
    ("published", "asked", "why"),
    [(11, 10, "says score .*11.*give .*12"), (12, 9, "says score .*9.*give .*10")],
)
def test_a_pass_says_the_score_that_was_published(
    story: Any, verifier: ModuleType, published: int, asked: int, why: str
) -> None:
    sold(story, LIMIT, CUP)
    publish(story, 12)
    forged = ScoreMet(rule="score", board="Spring cup", published=published, asked=asked)
    story.alter = lambda fact: fact.update(score=forged)
    with pytest.raises(verifier.Refused, match=why):
        verifier.verify(story.bundle(story.win(story.ada)))


def test_a_score_that_was_corrected_since_wins_nothing(
    story: Any, verifier: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Grounds, "words", lambda _: ["Trust us."])
    sold(story, LIMIT, CUP)
    publish(story, 12)
    before = story.states[story.ada]
    publish(story, 3)
    corrected = story.states[story.ada]
    story.states[story.ada] = replace(corrected, track=replace(corrected.track, scores=before.track.scores))
    with pytest.raises(verifier.Refused, match="'score' is not met: a score of 3, 10 is asked"):
        verifier.verify(story.bundle(story.win(story.ada)))


def test_beside_a_rule_that_is_not_worked_out_the_score_is_held_against_its_row(
    story: Any, verifier: ModuleType
) -> None:
    sold(story, LIMIT, CUP, TRADES)
    story.earn(story.ada, "1.00")
    publish(story, 12)
    story.alter = lambda fact: fact.update(score=ScoreMet(rule="score", board="Spring cup", published=99, asked=10))
    with pytest.raises(verifier.Refused, match="says score"):
        verifier.verify(story.bundle(story.win(story.ada)))
