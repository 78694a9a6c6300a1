"""A suspicion that is settled is worked out again: the equity that was seen, what belongs into it, and the floor that counts."""

from types import ModuleType
from typing import Any

import pytest
from msgspec.structs import replace

from firm.facts import Doubt
from firm.terms.losses import Checked
from tests.evidence.limits_of_today import LIMIT, end_day_with, judge_rollover, sold

AT_ROLLOVER = replace(LIMIT, checked=Checked.AT_ROLLOVER)
UNCONFIRMED = (Doubt.BOOK_UNCONFIRMED,)


def told(story: Any, verifier: ModuleType, decision: int) -> str:
    said = "\n".join(verifier.verify(story.bundle(decision)))
    assert "built once more from the rows and the rules alone: the same" in said
    return said


@pytest.mark.parametrize("cash", ["", "5_000.00"])
def test_the_end_of_a_day_is_confirmed_against_the_floor_with_which_it_ended(
    story: Any, verifier: ModuleType, cash: str
) -> None:
    """Cash of the new day moves the new day's floor, and is none of the old one's."""
    sold(story, AT_ROLLOVER)
    story.earn(story.ada, "-6_000.00")
    end_day_with(story, asked=95_000_00)
    suspicion = judge_rollover(story, UNCONFIRMED)
    assert told(story, verifier, suspicion)
    if cash:
        story.deposit(story.ada, cash)
    said = told(story, verifier, story.confirm(story.ada))
    assert f"floor when the breach was suspected = 9500000 minor (given by {suspicion}/floor/minor)" in said
    assert "deposit or withdrawal" not in said.partition("In the firm's words")[0]
