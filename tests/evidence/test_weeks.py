"""A week's start moves with cash, and with a deal of before it that is corrected: by a row that says which one it was until then."""

from types import ModuleType
from typing import Any

import pytest
from msgspec.structs import replace

from firm.facts import DayAnchored, WeekStartMoved
from firm.inputs import Side
from firm.instant import DAY_US
from firm.terms.losses import Trail
from firm.terms.words import Anchor, Scope
from tests.evidence.checking import judged, judged_in_vain
from tests.evidence.limits_of_today import LIMIT, TODAY, a_week, floor_now, moved_week, sold
from tests.evidence.test_corrected_deals import corrected, newest_deal, told_of_change

WEEKLY = replace(LIMIT, scope=Scope.WEEK)


def saturday(story: Any, *, before: str = "") -> None:
    """The day after the account's first. `before`: what was deposited on Friday."""
    sold(story, WEEKLY)
    if before:
        story.deposit(story.ada, before)
    story.next_day()
    story.open_day(story.ada)


# --- an honest firm ---


@pytest.mark.parametrize("anchor", [anchor for anchor in Anchor if anchor is not Anchor.INITIAL])
def test_cash_on_a_later_day_moves_what_the_week_is_measured_from(
    story: Any, verifier: ModuleType, anchor: Anchor
) -> None:
    """The week began on Monday at 104 000 with an equity of 106 000; on Tuesday 700 are paid in."""
    a_week(story, replace(WEEKLY, anchor=anchor), result="-1.00")
    story.deposit(story.ada, "700.00")
    story.earn(story.ada, "-30_000.00")
    said = judged(story, verifier)
    floors = {Anchor.BALANCE: 99_700_00, Anchor.LOWER: 99_700_00, Anchor.EQUITY: 101_700_00, Anchor.HIGHER: 101_700_00}
    assert floor_now(story) == floors[anchor]
    row = story.states[story.ada].track.week.seq
    assert f"the week's start in row {row}" in said
    assert f"NOT shown: that row {row} begins the week" in said


def test_each_deposit_of_the_week_moves_it_from_where_the_last_one_left_it(story: Any, verifier: ModuleType) -> None:
    """The file begins on Sunday; that the first one is of Saturday is in it because the second one says so."""
    saturday(story)
    story.deposit(story.ada, "700.00")
    story.next_day()
    story.open_day(story.ada)
    story.deposit(story.ada, "-200.00")
    story.deposit(story.ada, "50.00")
    story.earn(story.ada, "-6_000.00")
    assert judged(story, verifier)
    assert floor_now(story) == 95_550_00


def test_a_start_that_moved_on_an_earlier_day_is_cited_from_there(story: Any, verifier: ModuleType) -> None:
    saturday(story)
    story.deposit(story.ada, "700.00")
    row = story.states[story.ada].track.week.seq
    story.next_day()
    story.open_day(story.ada)
    story.earn(story.ada, "-6_000.00")
    assert f"balance at week start = 10070000 minor (given by {row}/balance/minor)" in judged(story, verifier)


def test_cash_before_the_week_s_first_day_is_final_moves_both_starts(story: Any, verifier: ModuleType) -> None:
    story.both_open(replace(TODAY, terms=(WEEKLY,)), provisional=True)
    story.deposit(story.ada, "700.00")
    story.earn(story.ada, "-6_000.00")
    assert judged(story, verifier)
    assert floor_now(story) == 95_700_00


def test_the_final_start_of_the_first_day_is_the_week_s_again(story: Any, verifier: ModuleType) -> None:
    story.both_open(replace(TODAY, terms=(WEEKLY,)), provisional=True)
    story.deposit(story.ada, "700.00")
    row = story.anchor_day(story.ada)
    story.earn(story.ada, "-6_000.00")
    assert f"balance at week start = 10070000 minor (given by {row}/balance/minor)" in judged(story, verifier)


def test_highs_of_the_week_and_its_start_move_by_the_same_cash(story: Any, verifier: ModuleType) -> None:
    a_week(story, replace(WEEKLY, trail=Trail.ON_CLOSE, high=Anchor.BALANCE), result="-1.00")
    story.deposit(story.ada, "700.00")
    story.earn(story.ada, "-30_000.00")
    assert judged(story, verifier)
    assert floor_now(story) == 101_700_00


def a_corrected_deal_of_the_week_before(story: Any, *, moves: int) -> None:
    """A deal of Friday costs 1 000 more than it did; its account has been through a Monday and a Tuesday since."""
    sold(story, WEEKLY)
    story.trade(story.ada, "p1", "EURUSD", Side.BUY, 100_000_000, 138_702, net="-3_000.00")
    deal = newest_deal(story)
    story.price("EURUSD", 138_702, 138_704)
    for days in (3, 1):
        story.at_us += days * DAY_US
        story.open_day(story.ada)
    state = story.states[story.ada]
    corrected(story, told_of_change(story, deal, profit=state.money(-4_000_00)))
    start = state.day
    marks = {"balance": state.money(start.balance - 1_000_00), "equity": state.money(start.equity - 1_000_00)}
    story.add(DayAnchored(day=start.day, **marks, changed=True, priced=True), story.ada)
    [moved] = moved_week(state, -moves)
    if moves:
        story.add(moved, story.ada)
    story.earn(story.ada, "-30_000.00")


def test_a_corrected_deal_of_the_week_before_moves_the_week_s_start(story: Any, verifier: ModuleType) -> None:
    a_corrected_deal_of_the_week_before(story, moves=1_000_00)
    assert judged(story, verifier)
    assert floor_now(story) == 91_000_00


# --- another one ---


def moved_otherwise(story: Any, **told: Any) -> None:
    """A deposit of 300 on Saturday, with another row of the week than it should have."""
    saturday(story)
    story.deposit(story.ada, "300.00", moves=False)
    state = story.states[story.ada]
    marks = {name: state.money(getattr(state.day, name) + 300_00) for name in ("balance", "equity")}
    story.add(DayAnchored(day=state.day.day, **marks, changed=True, priced=True), story.ada)
    [moved] = moved_week(state, 300_00)
    if told.pop("moves", True):
        story.add(replace(moved, **told), story.ada)
    story.earn(story.ada, "-30_000.00")


def test_cash_that_leaves_the_week_is_refused(
    story: Any, verifier: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved_otherwise(story, moves=False)
    judged_in_vain(story, verifier, "is no WeekStartMoved, with which cash must move the marks", monkeypatch)


@pytest.mark.parametrize("mark", ["balance", "equity"])
def test_a_week_moves_by_what_was_deposited(
    story: Any, verifier: ModuleType, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved_otherwise(story, **{mark: story.initial.with_minor(100_300_01)})
    judged_in_vain(story, verifier, r"moves the week's start to .*, it was \[10030000, 10030000\]", monkeypatch)


def test_a_week_moves_from_where_it_began(story: Any, verifier: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not from a day's start of the firm's choice."""
    saturday(story)
    began = story.states[story.ada].day
    story.deposit(story.ada, "300.00", moves=False)
    state = story.states[story.ada]
    marks = {name: state.money(getattr(state.day, name) + 300_00) for name in ("balance", "equity")}
    story.add(DayAnchored(day=state.day.day, **marks, changed=True, priced=True), story.ada)
    wrong = WeekStartMoved(day=state.day.day, **marks, priced=True, was=began.seq)
    story.add(wrong, story.ada)
    story.earn(story.ada, "-30_000.00")
    judged_in_vain(story, verifier, "is no start of the week of row", monkeypatch)


def test_a_week_moves_by_a_row_that_it_is_told_in(
    story: Any, verifier: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved_otherwise(story, was=4)
    judged_in_vain(story, verifier, "row 4 is no start of the week of row", monkeypatch)


def test_a_second_move_starts_from_the_first(story: Any, verifier: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    saturday(story)
    first = story.states[story.ada].track.week
    story.deposit(story.ada, "300.00")
    state = story.states[story.ada]
    story.states[story.ada] = replace(state, track=replace(state.track, week=replace(state.track.week, seq=first.seq)))
    story.deposit(story.ada, "200.00")
    story.earn(story.ada, "-30_000.00")
    judged_in_vain(story, verifier, f"from row {first.seq}, it was in row", monkeypatch)


def test_a_week_that_no_cash_moved_stays(story: Any, verifier: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    saturday(story)
    [moved] = moved_week(story.states[story.ada], 300_00)
    story.clock()
    story.add(moved, story.ada)
    story.earn(story.ada, "-30_000.00")
    judged_in_vain(story, verifier, "no deposit, withdrawal or correction caused it", monkeypatch)


def test_a_corrected_deal_that_leaves_the_week_is_refused(
    story: Any, verifier: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_corrected_deal_of_the_week_before(story, moves=0)
    judged_in_vain(story, verifier, "is no WeekStartMoved", monkeypatch)
