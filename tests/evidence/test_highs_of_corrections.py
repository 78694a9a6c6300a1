"""Highs of closed trades that corrected deals raise, lower or leave are worked out again."""

from types import ModuleType
from typing import Any

import pytest
from msgspec.structs import replace

from firm.facts import HighMoved
from firm.inputs import Side
from firm.terms.losses import Trail
from firm.terms.words import Anchor
from tests.evidence.checking import judged, judged_in_vain
from tests.evidence.limits_of_today import PHASE, floor_now, sold
from tests.evidence.test_corrected_deals import corrected, newest_deal, told_of_change

ON_CLOSE = replace(PHASE, trail=Trail.ON_CLOSE, high=Anchor.BALANCE)


def changed(story: Any, deal: Any, profit: int, *, moves: int | None = None) -> int:
    """The platform has another profit of a deal. `moves`: by how much the firm moves its high."""
    state = story.states[story.ada]
    corrected(story, told_of_change(story, deal, profit=state.money(profit)), lots_e8=0, side=Side.BUY)
    row: int = story.ledger.size
    if moves is not None:
        move(story, state.track.highs[0].minor + moves)
    return row


def move(story: Any, minor: int) -> None:
    state = story.states[story.ada]
    key = state.track.highs[0].key
    story.add(HighMoved(of=key.of, scope=key.scope, on_payout=key.on_payout, high=state.money(minor)), story.ada)


def earned(story: Any, net: str) -> Any:
    """A trade with this result; the deal that closed it."""
    position = f"p{story.ledger.size}"
    story.trade(story.ada, position, "EURUSD", Side.BUY, 100_000_000, 138_702, net="0")
    story.trade(story.ada, position, "EURUSD", Side.BUY, 0, 138_702, net=net)
    return newest_deal(story)


def test_a_correction_that_leaves_more_than_ever_is_cited_as_the_high(story: Any, verifier: ModuleType) -> None:
    sold(story, ON_CLOSE)
    deal = earned(story, "-1_000.00")
    row = changed(story, deal, 2_000_00)
    story.earn(story.ada, "-30_000.00")
    assert f"highest mark = 10200000 minor (given by {row}/balance/minor)" in judged(story, verifier)
    assert floor_now(story) == 97_000_00


def test_a_high_that_the_deal_itself_made_comes_down_with_it(story: Any, verifier: ModuleType) -> None:
    sold(story, ON_CLOSE)
    deal = earned(story, "3_000.00")
    changed(story, deal, 1_000_00, moves=-2_000_00)
    story.earn(story.ada, "-30_000.00")
    assert judged(story, verifier)
    assert floor_now(story) == 96_000_00


def test_a_high_of_before_the_deal_stays(story: Any, verifier: ModuleType) -> None:
    sold(story, ON_CLOSE)
    earned(story, "3_000.00")
    deal = earned(story, "-2_000.00")
    changed(story, deal, -1_000_00)
    story.earn(story.ada, "-30_000.00")
    assert judged(story, verifier)
    assert floor_now(story) == 98_000_00


def test_a_raised_high_moves_with_the_next_correction(story: Any, verifier: ModuleType) -> None:
    sold(story, ON_CLOSE)
    first, second = earned(story, "-1_000.00"), earned(story, "-1_000.00")
    changed(story, first, 4_000_00)
    changed(story, second, -500_00, moves=500_00)
    story.earn(story.ada, "-30_000.00")
    assert judged(story, verifier)
    assert floor_now(story) == 98_500_00


def test_a_high_of_before_the_file_may_have_moved_or_not(story: Any, verifier: ModuleType) -> None:
    """The file begins with the day: whether the high had the deal in it nobody can tell from it."""
    sold(story, ON_CLOSE)
    deal = earned(story, "3_000.00")
    story.next_day()
    story.open_day(story.ada)
    second = earned(story, "-1_000.00")
    changed(story, second, 500_00)
    story.earn(story.ada, "-30_000.00")
    assert deal
    assert judged(story, verifier)
    assert floor_now(story) == 98_500_00


# --- another firm ---


def test_a_high_that_a_correction_should_have_moved_is_missed(
    story: Any, verifier: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    sold(story, ON_CLOSE)
    deal = earned(story, "3_000.00")
    changed(story, deal, 1_000_00)
    story.earn(story.ada, "-30_000.00")
    judged_in_vain(story, verifier, "is no HighMoved of closed of the phase", monkeypatch)


def test_a_high_that_a_correction_leaves_is_moved_by_nobody(
    story: Any, verifier: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    sold(story, ON_CLOSE)
    earned(story, "3_000.00")
    deal = earned(story, "-2_000.00")
    changed(story, deal, -1_000_00, moves=1_000_00)
    story.earn(story.ada, "-30_000.00")
    judged_in_vain(story, verifier, "moves a mark, and no deposit, withdrawal or correction caused it", monkeypatch)


def test_a_correction_raises_a_high_to_what_it_leaves(
    story: Any, verifier: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A firm that goes on citing the high of before."""
    sold(story, ON_CLOSE)
    before = story.states[story.ada].track.highs
    deal = earned(story, "-1_000.00")
    changed(story, deal, 2_000_00)
    state = story.states[story.ada]
    story.states[story.ada] = replace(state, track=replace(state.track, highs=before))
    story.trade(story.ada, "p9", "EURUSD", Side.BUY, 100_000_000, 138_702, net="-30_000.00")
    story.price("EURUSD", 138_700, 138_702)
    judged_in_vain(story, verifier, "by the rows and the rules it is highest mark = 10200000", monkeypatch)
