"""Limits of a payout cycle are worked out again: from the initial balance, or from the balance that the newest payout left."""

from types import ModuleType
from typing import Any

import pytest
from msgspec.structs import replace

from firm.facts import DayAnchored
from firm.inputs import Side
from firm.terms.losses import OnPayout
from firm.terms.words import Anchor, Scope
from tests.evidence.checking import judged, judged_in_vain
from tests.evidence.limits_of_today import LIMIT, floor_now, moved_cycle, pay_out, sold
from tests.evidence.test_corrected_deals import corrected, told_of_change
from tests.evidence.test_highs_of_corrections import earned

CYCLE = replace(LIMIT, scope=Scope.CYCLE, anchor=Anchor.BALANCE, on_payout=OnPayout.NONE)


def paid(story: Any, *, later: bool = False) -> int:
    """6 000 are made and 4 000 paid out; the row of the payout. `later`: it was on the day before."""
    sold(story, CYCLE)
    story.earn(story.ada, "6_000.00")
    row = pay_out(story, 4_000_00)
    if later:
        story.next_day()
        story.open_day(story.ada)
    return row


def test_the_first_cycle_begins_with_the_account(story: Any, verifier: ModuleType) -> None:
    sold(story, CYCLE)
    story.deposit(story.ada, "700.00")
    story.earn(story.ada, "-30_000.00")
    assert judged(story, verifier)
    assert floor_now(story) == 95_700_00


@pytest.mark.parametrize("later", [False, True])
def test_a_payout_begins_it_anew(story: Any, verifier: ModuleType, later: bool) -> None:
    row = paid(story, later=later)
    story.earn(story.ada, "-30_000.00")
    said = judged(story, verifier)
    assert f"balance at cycle start = 10200000 minor (given by {row}/balance/minor)" in said
    assert f"the payout cycle's start in row {row}" in said
    assert ("NOT shown: payouts before row" in said) == later
    assert floor_now(story) == 97_000_00


@pytest.mark.parametrize("later", [False, True])
def test_cash_moves_where_it_began(story: Any, verifier: ModuleType, later: bool) -> None:
    paid(story, later=later)
    story.deposit(story.ada, "700.00")
    story.deposit(story.ada, "-200.00")
    story.earn(story.ada, "-30_000.00")
    assert judged(story, verifier)
    assert floor_now(story) == 97_500_00


def test_a_start_that_moved_on_an_earlier_day_is_cited_from_there(story: Any, verifier: ModuleType) -> None:
    paid(story)
    story.deposit(story.ada, "700.00")
    story.next_day()
    story.open_day(story.ada)
    story.earn(story.ada, "-30_000.00")
    assert judged(story, verifier)
    story.deposit(story.ada, "5.00")


def a_corrected_deal(story: Any, *, moves: bool) -> None:
    """What was made before the payout is 500 less."""
    sold(story, CYCLE)
    deal = earned(story, "6_000.00")
    pay_out(story, 4_000_00)
    state = story.states[story.ada]
    corrected(story, told_of_change(story, deal, profit=state.money(5_500_00)), lots_e8=0, side=Side.BUY)
    for moved in moved_cycle(state, -500_00) if moves else ():
        story.add(moved, story.ada)
    story.earn(story.ada, "-30_000.00")


def test_a_corrected_deal_of_before_the_payout_moves_where_it_began(story: Any, verifier: ModuleType) -> None:
    a_corrected_deal(story, moves=True)
    assert judged(story, verifier)
    assert floor_now(story) == 96_500_00


# --- another firm ---


def test_a_corrected_deal_that_leaves_it_is_refused(
    story: Any, verifier: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_corrected_deal(story, moves=False)
    judged_in_vain(story, verifier, "is no CycleStartMoved", monkeypatch)


def deposited(story: Any, *, later: bool = False, **told: Any) -> None:
    """A deposit of 300, with another row of the cycle than it should have, or none."""
    paid(story, later=later)
    story.deposit(story.ada, "300.00", moves=False)
    state = story.states[story.ada]
    marks = {name: state.money(getattr(state.day, name) + 300_00) for name in ("balance", "equity")}
    story.add(DayAnchored(day=state.day.day, **marks, changed=True, priced=True), story.ada)
    [moved] = moved_cycle(state, 300_00)
    if told.pop("moves", True):
        story.add(replace(moved, **told), story.ada)
    story.earn(story.ada, "-30_000.00")


WRONG = [
    ({"moves": False}, "is no CycleStartMoved, with which cash must move the marks"),
    ({"was": 4}, "moves the cycle's start from row 4"),
    ({"number": 2}, "is no start of the payout cycle of row"),
]


@pytest.mark.parametrize(("told", "why"), WRONG)
def test_cash_that_moves_it_otherwise_is_refused(
    story: Any, verifier: ModuleType, told: dict[str, Any], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    deposited(story, **told)
    judged_in_vain(story, verifier, why, monkeypatch)


@pytest.mark.parametrize("later", [False, True])
def test_it_moves_by_what_was_deposited(
    story: Any, verifier: ModuleType, later: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    deposited(story, later=later, balance=story.initial.with_minor(102_300_01))
    judged_in_vain(story, verifier, "moves the cycle's start to 10230001, it was 10230000", monkeypatch)


def test_a_cycle_that_is_measured_from_elsewhere_is_refused(
    story: Any, verifier: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a day's start of before the file, where the newest payout left less."""
    paid(story, later=True)
    state = story.states[story.ada]
    other = replace(state.track.cycle, source="5/balance/minor")
    story.states[story.ada] = replace(state, track=replace(state.track, cycle=other))
    story.earn(story.ada, "-30_000.00")
    judged_in_vain(story, verifier, "is no start of a payout cycle", monkeypatch)
