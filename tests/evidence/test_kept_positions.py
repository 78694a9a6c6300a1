"""Words of positions that were kept for a stopped desk: taken in their order when it goes on, each that changes something booked."""

from types import ModuleType
from typing import Any

import pytest

from firm.facts import MessageParked, SwapPosted
from firm.inputs import DealEntry, DealReported, PositionReported, Side
from firm.kinds import payload_of
from tests.evidence.test_without_a_deal import MISSED, holding, proven, refused, restated, told_of_position


def kept(story: Any, report: PositionReported | DealReported) -> None:
    """It was told just now, while the account's desk is stopped."""
    name, kind, message = f"account/{story.ada}", type(report).__name__, payload_of(report).decode()
    story.add(MessageParked(desk=name, message_kind=kind, message=message, happened_us=story.at_us), story.ada)


def kept_swap(story: Any, minor: int) -> PositionReported:
    report = told_of_position(story, swap=story.states[story.ada].money(minor))
    kept(story, report)
    return report


def posted(story: Any, report: PositionReported) -> None:
    story.add(SwapPosted(position_id="p1", swap=report.swap), story.ada)


def fallen(story: Any) -> int:
    story.price("EURUSD", 134_000, 134_002)
    decision: int = story.judge(story.ada, "daily")
    return decision


def test_of_what_was_kept_each_that_changes_the_position_is_booked(story: Any, verifier: ModuleType) -> None:
    """The first has the swap of before: it changes nothing at its turn, and would only once the next is booked."""
    holding(story)
    _, second, third = kept_swap(story, 0), kept_swap(story, -700), kept_swap(story, -900)
    story.clock()  # in the place of the person who let the desk go on
    posted(story, second)
    posted(story, third)
    assert proven(story, verifier, fallen(story)).count("NOT") == 1  # whether it was corrected since


def test_a_word_of_a_volume_that_is_no_more_restates_nothing(story: Any, verifier: ModuleType) -> None:
    """A price was told of half of what she holds, then one of all of it."""
    holding(story)
    nothing = story.states[story.ada].money(0)
    kept(story, told_of_position(story, price_open=138_600, lots_e8=100_000_000, swap=nothing))
    now = told_of_position(story, price_open=138_650)
    kept(story, now)
    story.clock()
    restated(story, now)
    assert proven(story, verifier, fallen(story))


def test_what_was_kept_once_is_no_word_of_the_next_time(story: Any, verifier: ModuleType) -> None:
    """Nothing changed when the desk went on; by the next time that it is stopped the very same word would be another swap."""
    holding(story)
    kept_swap(story, 0)
    story.swap(story.ada, "p1", "-7.00")
    again = kept_swap(story, -900)
    story.clock()
    posted(story, again)
    assert proven(story, verifier, fallen(story))


@pytest.mark.parametrize("written", [-700, -90_000])
def test_a_kept_swap_is_not_passed_over_in_favour_of_the_next(story: Any, verifier: ModuleType, written: int) -> None:
    """Booked is the later word alone; or the first, and the second is left out before another deal."""
    holding(story)
    first, second = kept_swap(story, -90_000), kept_swap(story, -700)
    deal = story.deal("p2", "EURUSD", DealEntry.IN, Side.BUY, 100_000_000, 138_702, "0.00", story.ada)
    story.report(deal, story.ada)
    kept(story, deal)
    story.clock()
    posted(story, next(one for one in (first, second) if one.swap.minor == written))
    story.book(deal, story.ada)
    why = MISSED if written == first.swap.minor else "posts a swap of -700, the platform reported -90000"
    refused(story, verifier, fallen(story), why)
